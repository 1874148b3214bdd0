//! Tokens, origins, applications.

use serde_json::json;

use crate::world::{World, action};

const CLOSED: &[(&str, &str)] = &[("FOOTFALL_CREATE_APPLICATIONS", "false")];

fn with_application(settings: &serde_json::Value) -> (World, String) {
    let world = World::new(CLOSED);
    let created = world.server.api("/api/v1/applications", settings).unwrap();
    assert_eq!(created.status, 201, "{}", created.body);
    let token = world
        .server
        .api("/api/v1/applications/shop/tokens", &json!({}))
        .unwrap();
    assert_eq!(token.status, 201, "{}", token.body);
    let token = token.json()["token"].as_str().unwrap().to_owned();
    (world, token)
}

fn send(world: &World, token: &str, headers: &[(&str, &str)]) -> u16 {
    let body = action("s", "v", "a1").to_string();
    world
        .send_to(
            &format!("/api/v2/rum?dd-api-key={token}"),
            headers,
            body.as_bytes(),
        )
        .status
}

#[test]
fn only_a_known_token_may_write() {
    let (world, token) =
        with_application(&json!({ "name": "Shop", "app_id": "shop", "type": "web" }));
    assert_eq!(send(&world, "pubwrong", &[]), 403);
    assert_eq!(send(&world, "", &[]), 401);
    assert_eq!(send(&world, &token, &[]), 202);
    world.wait_for("SELECT count(*) FROM action", 1);
}

#[test]
fn an_origin_that_is_not_allowed_is_refused_and_can_read_the_answer() {
    let settings = json!({ "name": "Shop", "app_id": "shop", "type": "web", "allowed_origins": ["https://shop.example"] });
    let (world, token) = with_application(&settings);
    assert_eq!(
        send(&world, &token, &[("origin", "https://evil.example")]),
        403
    );
    assert_eq!(
        send(&world, &token, &[("origin", "https://shop.example")]),
        202
    );
    assert_eq!(
        send(&world, &token, &[]),
        202,
        "a request without Origin passes unless one is required"
    );
    world.wait_for("SELECT count(*) FROM action", 1);
}

#[test]
fn a_token_does_not_write_to_another_application() {
    let (world, token) =
        with_application(&json!({ "name": "Shop", "app_id": "shop", "type": "web" }));
    let other = world.server.api(
        "/api/v1/applications",
        &json!({ "name": "Other", "app_id": "other", "type": "web" }),
    );
    assert_eq!(other.unwrap().status, 201);
    let mut foreign = action("s", "v", "foreign");
    foreign["application"]["id"] = json!("other");
    let body = format!("{foreign}\n{}", action("s", "v", "own"));
    let answer = world.send_to(
        &format!("/api/v2/rum?dd-api-key={token}"),
        &[],
        body.as_bytes(),
    );
    assert_eq!(answer.status, 202, "a good line beside a bad one is kept");
    world.wait_for("SELECT count(*) FROM action", 1);
    assert_eq!(
        world.server.rows("SELECT app_id, event_id FROM action"),
        [[json!("shop"), json!("own")]]
    );
    let metrics = world.server.get("/metrics").unwrap().body;
    assert!(
        metrics.contains("footfall_pipeline_rejects_total{reason=\"application_not_allowed\"} 1"),
        "{metrics}"
    );
}

#[test]
fn the_query_api_wants_a_key() {
    let world = World::new(&[]);
    let ask = |key: &str| {
        let body = br#"{"sql":"SELECT 1"}"#;
        world
            .server
            .post(
                "/api/v1/query",
                "application/json",
                &[("authorization", key)],
                body,
            )
            .unwrap()
    };
    let refused = ask("Bearer nonsense-nonsense");
    assert_eq!(refused.status, 401);
    assert!(refused.json()["code"].is_string(), "{}", refused.body);
    assert_eq!(
        ask(&format!("Bearer {}", testkit::server::API_KEY)).status,
        200
    );
}

#[test]
fn a_deleted_application_takes_its_rows_along() {
    let (world, token) =
        with_application(&json!({ "name": "Shop", "app_id": "shop", "type": "web" }));
    assert_eq!(send(&world, &token, &[]), 202);
    world.wait_for("SELECT count(*) FROM action", 1);
    let key = format!("Bearer {}", testkit::server::API_KEY);
    let client: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let url = format!("{}/api/v1/applications/shop", world.server.url());
    let deleted = client
        .delete(&url)
        .header("authorization", &key)
        .call()
        .unwrap();
    assert!(deleted.status().is_success(), "{}", deleted.status());
    world.wait_for("SELECT count(*) FROM action", 0);
    assert_eq!(send(&world, &token, &[]), 403, "its token is gone");
}

/// The rightmost address that is not a trusted proxy's; what a client puts further left is forged.
#[test]
fn the_country_is_right_through_a_trusted_proxy() {
    let world = World::new(&[]);
    let body = action("s", "v", "a1").to_string();
    let forwarded = [("x-forwarded-for", "1.2.3.4, 8.8.8.8, 10.0.0.7")];
    assert_eq!(
        world
            .send_to("/api/v2/rum?dd-api-key=x", &forwarded, body.as_bytes())
            .status,
        202
    );
    world.wait_for("SELECT count(*) FROM action", 1);
    assert_eq!(
        world.server.rows("SELECT ip, country_code FROM action"),
        [[json!("8.8.8.8"), json!("US")]]
    );
}
