use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{Api, KEY, request_of};

const CREATE: &str = "POST /api/v1/applications";

#[tokio::test]
async fn wrong_paths_and_methods_under_api_are_problems() {
    let api = Api::new().await;
    for path in [
        "/api",
        "/api/v1",
        "/api/v1/aplications",
        "/api/v9/x/y/z",
        "/api/v1/applications/a/b",
    ] {
        let detail = api.get(path).await.problem("unknown_path");
        assert_eq!(detail, format!("there is nothing at {path}"));
    }
    let answer = api.call("PUT /api/v1/applications", Value::Null).await;
    answer.problem("method_not_allowed");
    assert_eq!(answer.headers[header::ALLOW], "GET,HEAD,POST");
}

#[tokio::test]
async fn request_ids_differ_and_stand_on_success_too() {
    let api = Api::new().await;
    let (one, two) = (
        api.get("/api/v1/applications").await,
        api.get("/api/v1/applications").await,
    );
    assert_eq!(one.status, StatusCode::OK);
    assert_ne!(one.headers["x-request-id"], two.headers["x-request-id"]);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let api = Api::new().await;
    for wrong in [
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer the key of the test",
        "the key of the tests",
    ] {
        let mut request = request_of("GET /api/v1/applications", None, "");
        request
            .headers_mut()
            .insert(header::AUTHORIZATION, wrong.parse().unwrap());
        let detail = api.send(request).await.problem("unauthorized");
        assert!(!detail.contains("the key of"), "{detail}");
    }
    let mut request = request_of("GET /api/v1/applications", None, "");
    request.headers_mut().insert(
        header::AUTHORIZATION,
        format!("bearer  {KEY}").parse().unwrap(),
    );
    assert_eq!(api.send(request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_for_reading_reads_and_changes_nothing() {
    let api = Api::new().await;
    let key = api.read_key().await;
    let send = async |request: &str| {
        api.send(request_of(request, Some(&key), r#"{"name":"x"}"#))
            .await
    };
    assert_eq!(
        send("GET /api/v1/applications").await.status,
        StatusCode::OK
    );
    send(CREATE).await.problem("forbidden");
    send("DELETE /api/v1/applications/a")
        .await
        .problem("forbidden");
    send("POST /api/v1/api_keys").await.problem("forbidden");
    send("GET /api/v1/api_keys").await.problem("forbidden");
    assert!(api.meta.applications().is_empty());
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_with_the_place() {
    let api = Api::new().await;
    let answer = api
        .send(request_of(
            CREATE,
            Some(KEY),
            "{\"name\": \"a\",\n \"type\" \"web\"}",
        ))
        .await;
    assert_eq!(answer.problem("body_syntax"), "expected `:`");
    assert_eq!(answer.body["position"], json!({ "line": 2, "column": 9 }));
    for body in [
        "",
        "{\"name\": \"a\"",
        "{\"name\":\"\u{0}\"}",
        "{\"name\":\"a\"} {}",
        "not json",
    ] {
        api.send(request_of(CREATE, Some(KEY), body))
            .await
            .problem("body_syntax");
    }
    let deep = "[".repeat(100_000);
    api.send(request_of(
        CREATE,
        Some(KEY),
        format!("{{\"allowed_origins\":{deep}"),
    ))
    .await
    .problem("invalid_value");
    api.send(request_of(CREATE, Some(KEY), deep))
        .await
        .problem("invalid_value");
    let invalid_utf8 = Body::from(b"{\"name\":\"\xff\"}".to_vec());
    api.send(request_of(CREATE, Some(KEY), invalid_utf8))
        .await
        .problem("body_syntax");
}

#[tokio::test]
async fn an_unknown_field_is_refused_with_the_nearest_name() {
    let api = Api::new().await;
    let answer = api
        .call(CREATE, json!({ "name": "a", "retention": 7 }))
        .await;
    assert!(
        answer
            .problem("unknown_field")
            .starts_with("unknown field `retention`")
    );
    assert_eq!(answer.body["help"], "Did you mean `retention_days`?");
    let answer = api
        .call(CREATE, json!({ "name": "a", "privacy": { "scrub": [] } }))
        .await;
    answer.problem("unknown_field");
    assert_eq!(answer.body["help"], "Did you mean `scrub_keys`?");
    let answer = api
        .call(CREATE, json!({ "name": "a", "type": "andriod" }))
        .await;
    assert!(
        answer
            .problem("invalid_value")
            .starts_with("unknown application type `andriod`, expected one of `web`")
    );
    assert_eq!(answer.body["help"], "Did you mean `android`?");
    let answer = api.get("/api/v1/applications?limt=5").await;
    answer.problem("unknown_field");
    assert_eq!(answer.body["help"], "Did you mean `limit`?");
    let answer = api.get("/api/v1/applications?limit=many").await;
    assert_eq!(
        answer.problem("invalid_value"),
        "limit: invalid digit found in string"
    );
    assert!(api.meta.applications().is_empty());
}

#[tokio::test]
async fn a_wrong_value_is_refused_and_pointed_at() {
    let api = Api::new().await;
    let check = async |field: &str, value: Value, pointer: &str, detail: &str| {
        let mut body = json!({ "name": "a" });
        body[field] = value;
        let answer = api.call(CREATE, body).await;
        assert_eq!(answer.problem("invalid_value"), detail);
        assert_eq!(answer.body["pointer"].as_str().unwrap_or_default(), pointer);
    };
    check(
        "name",
        json!(" "),
        "/name",
        "a name has 1 to 200 characters, this one has 0",
    )
    .await;
    check(
        "retention_days",
        json!(3651),
        "/retention_days",
        "a retention is 1 to 3650 days, not 3651",
    )
    .await;
    let detail = "an application id has only letters, digits, `_`, `-` and `.`, this one has '/'";
    check("app_id", json!("a/b"), "/app_id", detail).await;
    let detail = "an origin has no path, \"https://a.example/x\" has one";
    check(
        "allowed_origins",
        json!(["null", "https://a.example/x"]),
        "/allowed_origins/1",
        detail,
    )
    .await;
    let long = json!({ "scrub_keys": ["k".repeat(201)] });
    check(
        "privacy",
        long,
        "/privacy/scrub_keys/0",
        "a name has 1 to 200 characters, this one has 201",
    )
    .await;
    check(
        "type",
        Value::Null,
        "",
        "invalid type: null, expected a string",
    )
    .await;
    check(
        "require_origin",
        json!("yes"),
        "",
        "invalid type: string \"yes\", expected a boolean",
    )
    .await;
    let answer = api.call(CREATE, json!({ "app_id": "a" })).await;
    assert_eq!(answer.problem("invalid_value"), "missing field `name`");
    let answer = api.get("/api/v1/applications?limit=0").await;
    assert_eq!(
        answer.problem("invalid_value"),
        "a limit is 1 to 1000, not 0"
    );
    api.get("/api/v1/applications?cursor=x")
        .await
        .problem("invalid_cursor");
}

#[tokio::test]
async fn a_body_is_announced_as_json_and_has_a_megabyte_at_most() {
    let api = Api::new().await;
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/jsonp"),
        Some("multipart/form-data; boundary=x"),
    ] {
        let mut request = request_of(CREATE, Some(KEY), r#"{"name":"a"}"#);
        request.headers_mut().remove(header::CONTENT_TYPE);
        if let Some(content_type) = content_type {
            request
                .headers_mut()
                .insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        api.send(request).await.problem("unsupported_media_type");
    }
    let mut request = request_of(CREATE, Some(KEY), r#"{"name":"a"}"#);
    request.headers_mut().insert(
        header::CONTENT_TYPE,
        "Application/JSON; charset=utf-8".parse().unwrap(),
    );
    assert_eq!(api.send(request).await.status, StatusCode::CREATED);

    let large = |bytes: usize| format!(r#"{{"name":"b"{}}}"#, " ".repeat(bytes - 12));
    let fits = api
        .send(request_of(CREATE, Some(KEY), large(1024 * 1024)))
        .await;
    assert_eq!(fits.status, StatusCode::CREATED);
    let answer = api
        .send(request_of(CREATE, Some(KEY), large(1024 * 1024 + 1)))
        .await;
    assert_eq!(
        answer.problem("body_too_large"),
        "the body is larger than 1048576 bytes"
    );
}

#[tokio::test]
async fn nothing_is_read_of_a_body_whose_sender_may_not_change_anything() {
    let api = Api::new().await;
    let request = Request::builder()
        .method("POST")
        .uri("/api/v1/applications")
        .body(Body::from("not json"))
        .unwrap();
    api.send(request).await.problem("unauthorized");
}

#[tokio::test]
async fn trouble_with_the_database_is_a_problem_that_shows_no_cause() {
    let api = Api::new().await;
    api.meta.close().await;
    let answer = api.call(CREATE, json!({ "name": "a" })).await;
    assert_eq!(answer.problem("internal"), "the metadata database failed");
}
