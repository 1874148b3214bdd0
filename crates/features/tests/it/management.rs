use http::StatusCode;
use serde_json::{Value, json};

use crate::Api;

#[tokio::test]
async fn an_application_is_made_shown_changed_and_deleted() {
    let api = Api::new().await;
    let new = json!({
        "app_id": "shop-1", "name": " Shop ", "type": "miniapp", "allowed_origins": ["https://Shop.example:443"],
        "privacy": { "ip": "truncate", "scrub_keys": ["card"] },
    });
    let answer = api.call("POST /api/v1/applications", new).await;
    assert_eq!(answer.headers["location"], "/api/v1/applications/shop-1");
    let made = answer.json(StatusCode::CREATED);
    let mut expected = json!({
        "app_id": "shop-1", "number": 1, "name": "Shop", "type": "miniapp", "access": "token",
        "allowed_origins": ["https://shop.example"], "require_origin": false,
        "privacy": { "ip": "truncate", "scrub_keys": ["card"] }, "retention_days": 30,
        "replay_retention_days": 30,
    });
    expected["created_at"] = made["created_at"].clone();
    expected["earlier_app_ids"] = json!([]);
    assert_eq!(made, expected);
    assert_eq!(
        api.get("/api/v1/applications/shop-1")
            .await
            .json(StatusCode::OK),
        expected
    );

    let update = json!({ "access": "open", "privacy": { "ip": "drop" }, "retention_days": 90,
        "replay_retention_days": 7 });
    let changed = api
        .call("PATCH /api/v1/applications/shop-1", update)
        .await
        .json(StatusCode::OK);
    expected["access"] = json!("open");
    expected["privacy"]["ip"] = json!("drop");
    expected["retention_days"] = json!(90);
    expected["replay_retention_days"] = json!(7);
    assert_eq!(changed, expected);

    let deleted = api
        .call("DELETE /api/v1/applications/shop-1", Value::Null)
        .await;
    let receipt = deleted.json(StatusCode::OK);
    let expected = json!({
        "app_id": "shop-1", "name": "Shop", "requested_at": receipt["requested_at"], "tokens_revoked": 0,
    });
    assert_eq!(receipt, expected);
    let deletions = api.get("/api/v1/deletions").await.json(StatusCode::OK);
    let expected = json!({
        "items": [{ "app_id": "shop-1", "requested_at": receipt["requested_at"], "completed_at": null }],
        "next_cursor": null,
    });
    assert_eq!(deletions, expected);
    let detail = api
        .get("/api/v1/applications/shop-1")
        .await
        .problem("application_not_found");
    assert_eq!(detail, "there is no application shop-1");
    let again = api
        .call(
            "POST /api/v1/applications",
            json!({ "app_id": "shop-1", "name": "x" }),
        )
        .await;
    again.problem("app_id_deleted");
}

#[tokio::test]
async fn times_are_rfc_3339_in_utc_with_microseconds() {
    let api = Api::new().await;
    let made = api
        .call("POST /api/v1/applications", json!({ "name": "a" }))
        .await
        .json(StatusCode::CREATED);
    let time = made["created_at"].as_str().unwrap();
    assert_eq!(time.len(), "2026-01-01T00:00:00.000000Z".len(), "{time}");
    let micros = chrono::DateTime::parse_from_rfc3339(time)
        .unwrap()
        .timestamp_micros();
    assert_eq!(micros, api.meta.applications()[0].created_at.0);
    assert!(time.ends_with('Z'));
}

#[tokio::test]
async fn an_application_without_an_id_gets_one_that_every_client_can_send() {
    let api = Api::new().await;
    let make = async || {
        let made = api
            .call("POST /api/v1/applications", json!({ "name": "a" }))
            .await
            .json(StatusCode::CREATED);
        made["app_id"].as_str().unwrap().to_owned()
    };
    let (one, two) = (make().await, make().await);
    assert_ne!(one, two);
    assert!(
        one.len() <= 48 && one.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
        "{one}"
    );
}

#[tokio::test]
async fn an_id_that_is_taken_is_a_conflict() {
    let api = Api::new().await;
    let make = async || {
        api.call(
            "POST /api/v1/applications",
            json!({ "app_id": "a", "name": "a" }),
        )
        .await
    };
    assert_eq!(make().await.status, StatusCode::CREATED);
    assert_eq!(
        make().await.problem("application_exists"),
        "the application a exists already"
    );
}

#[tokio::test]
async fn a_list_is_read_in_parts() {
    let api = Api::new().await;
    for id in ["c", "a", "b"] {
        api.call(
            "POST /api/v1/applications",
            json!({ "app_id": id, "name": id }),
        )
        .await
        .json(StatusCode::CREATED);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..2 {
        let part = api
            .get(&format!("/api/v1/applications?limit=2{cursor}"))
            .await
            .json(StatusCode::OK);
        let items = part["items"].as_array().unwrap().clone();
        seen.extend(
            items
                .iter()
                .map(|item| item["app_id"].as_str().unwrap().to_owned()),
        );
        cursor = part["next_cursor"]
            .as_str()
            .map(|next| format!("&cursor={next}"))
            .unwrap_or_default();
    }
    assert_eq!(seen, ["c", "a", "b"]);
    assert_eq!(cursor, "");
}

#[tokio::test]
async fn a_token_is_made_rotated_with_overlap_and_revoked() {
    let api = Api::new().await;
    api.call(
        "POST /api/v1/applications",
        json!({ "app_id": "a", "name": "a" }),
    )
    .await
    .json(StatusCode::CREATED);
    let old = api
        .call("POST /api/v1/applications/a/tokens", Value::Null)
        .await
        .json(StatusCode::CREATED);
    let opens = |token: &Value| {
        let directory = api.meta.directory();
        directory
            .by_token(token["token"].as_str().unwrap(), api.meta.now())
            .is_ok()
    };
    assert!(opens(&old));
    let rotate = format!(
        "POST /api/v1/applications/a/tokens/{}/rotate",
        old["id"].as_str().unwrap()
    );
    let too_long = api
        .call(&rotate, json!({ "overlap_seconds": 7_776_001 }))
        .await;
    assert_eq!(
        too_long.problem("invalid_value"),
        "an overlap is 0 to 7776000 seconds, not 7776001"
    );
    let new = api
        .call(&rotate, json!({ "overlap_seconds": 3600 }))
        .await
        .json(StatusCode::CREATED);
    assert!(opens(&old) && opens(&new));

    let revoke = format!(
        "DELETE /api/v1/applications/a/tokens/{}",
        old["id"].as_str().unwrap()
    );
    assert_eq!(
        api.call(&revoke, Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert!(!opens(&old) && opens(&new));
    api.call(&revoke, Value::Null)
        .await
        .problem("token_not_found");

    let list = api
        .get("/api/v1/applications/a/tokens")
        .await
        .json(StatusCode::OK);
    let mut live: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["id"].clone(), item["live"].clone()))
        .collect();
    live.sort_by_key(|(_, live)| live == &json!(true));
    assert_eq!(
        live,
        [
            (old["id"].clone(), json!(false)),
            (new["id"].clone(), json!(true))
        ]
    );
    api.get("/api/v1/applications/nobody/tokens")
        .await
        .problem("application_not_found");
}

#[tokio::test]
async fn an_api_key_shows_its_secret_once_and_opens_until_it_is_deleted() {
    let api = Api::new().await;
    let new = json!({ "name": "deploy", "rights": "full" });
    let made = api
        .call("POST /api/v1/api_keys", new)
        .await
        .json(StatusCode::CREATED);
    let secret = made["secret"].as_str().unwrap();
    assert!(api.meta.authenticate(secret).is_some());
    let list = api.get("/api/v1/api_keys").await.json(StatusCode::OK);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert!(!list.to_string().contains(secret));

    let delete = format!("DELETE /api/v1/api_keys/{}", made["id"].as_str().unwrap());
    assert_eq!(
        api.call(&delete, Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert!(api.meta.authenticate(secret).is_none());
    api.call(&delete, Value::Null)
        .await
        .problem("api_key_not_found");
    api.call("DELETE /api/v1/api_keys/environment", Value::Null)
        .await
        .problem("api_key_of_environment");
}

#[tokio::test]
async fn an_erasure_is_asked_for_once_and_says_nothing_of_whose_data_it_is() {
    let api = Api::new().await;
    let new = json!({ "app_id": "shop", "name": "Shop" });
    api.call("POST /api/v1/applications", new)
        .await
        .json(StatusCode::CREATED);
    let body = json!({ "app_id": "shop", "by": "user_email", "value": " Ann@Shop.example " });
    let ask = async |body: &Value| api.call("POST /api/v1/erasures", body.clone()).await;
    let asked = ask(&body).await.json(StatusCode::CREATED);
    assert_eq!(asked["state"], "requested");
    assert_eq!(asked["by"], "user_email");
    let same = json!({ "app_id": "shop", "by": "user_email", "value": "ann@shop.example" });
    assert_eq!(ask(&same).await.json(StatusCode::CREATED), asked);
    let other = json!({ "app_id": "shop", "by": "user_id", "value": "ann@shop.example" });
    let other = ask(&other).await.json(StatusCode::CREATED);
    assert_ne!(other["value_hash"], asked["value_hash"]);
    let list = api.get("/api/v1/erasures").await.json(StatusCode::OK);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let path = format!("/api/v1/erasures/{}", asked["id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.json(StatusCode::OK), asked);
    let audit = api.get("/api/v1/audit_entries").await;
    let audit = audit.json(StatusCode::OK).to_string();
    assert!(audit.contains("erasure.requested"), "{audit}");
    assert!(!(list.to_string() + &audit).to_lowercase().contains("ann"));

    let missing = json!({ "app_id": "blog", "by": "user_id", "value": "u1" });
    ask(&missing).await.problem("application_not_found");
    let detail = ask(&json!({ "app_id": "shop", "by": "name", "value": "u1" })).await;
    assert!(detail.problem("invalid_value").contains("user_email"));
    api.get("/api/v1/erasures/x")
        .await
        .problem("erasure_not_found");
}
