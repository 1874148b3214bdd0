use std::net::IpAddr;

use features::surroundings::{Activity, Counts, Health, Preflight, Refusal, Sdk};
use http::StatusCode;
use serde_json::{Value, json};

use crate::{Api, KEY, request_of};

async fn with_applications(ids: &[&str]) -> Api {
    let api = Api::new().await;
    for id in ids {
        let new = json!({ "app_id": id, "name": id });
        api.call("POST /api/v1/applications", new)
            .await
            .json(StatusCode::CREATED);
    }
    api
}

fn refusal(code: &'static str, named_app: Option<&str>, token_app: Option<&str>) -> Refusal {
    Refusal {
        code,
        origin: Some("https://shop.example".to_owned()),
        token_hint: Some("pub0…cdef".to_owned()),
        token_app: token_app.map(str::to_owned),
        named_app: named_app.map(str::to_owned),
        sdk: Sdk {
            family: "datadog".to_owned(),
            version: Some("6.2.0".to_owned()),
        },
        is_yours: true,
        count: 3,
        last_us: 2_000_000,
    }
}

fn preflight(app_id: Option<&str>, last_us: i64) -> Preflight {
    Preflight {
        origin: Some("https://shop.example".to_owned()),
        app_id: app_id.map(str::to_owned),
        has_token: true,
        count: 2,
        last_us,
    }
}

#[tokio::test]
async fn refusals_of_other_applications_are_left_out_and_nameless_ones_are_not() {
    let api = with_applications(&["shop", "other"]).await;
    *api.surroundings.refusals.lock().unwrap() = vec![
        refusal("wrong_token", Some("shop"), None),
        refusal("wrong_token", Some("other"), None),
        refusal("wrong_token", None, None),
        refusal("wrong_token", Some("nobody"), None),
        refusal("wrong_origin", None, Some("other")),
        refusal("wrong_application", Some("shop"), Some("other")),
    ];
    let answer = api
        .get("/api/v1/onboarding/shop")
        .await
        .json(StatusCode::OK);
    let refusals = answer["steps"]["refusals"].as_array().unwrap();
    let shown: Vec<_> = refusals
        .iter()
        .map(|refusal| (&refusal["code"], &refusal["app_id"]))
        .collect();
    let wrong_token = json!("wrong_token");
    assert_eq!(
        shown,
        [
            (&wrong_token, &json!("shop")),
            (&wrong_token, &Value::Null),
            (&wrong_token, &json!("nobody")),
            (&json!("wrong_application"), &json!("shop"))
        ]
    );
    let expected = json!({
        "code": "wrong_token", "origin": "https://shop.example", "token_hint": "pub0…cdef", "app_id": "shop",
        "sdk": { "name": "datadog", "version": "6.2.0" }, "count": 3, "last_at": "1970-01-01T00:00:02.000000Z", "is_yours": true,
        "help": refusals[0]["help"],
    });
    assert_eq!(refusals[0], expected);
    let later = "/api/v1/onboarding/shop?since=1970-01-01T00:00:03Z";
    let answer = api.get(later).await.json(StatusCode::OK);
    assert_eq!(answer["steps"]["refusals"], json!([]));
}

#[tokio::test]
async fn each_refusal_says_what_to_do_with_the_values_at_hand() {
    let api = with_applications(&["shop"]).await;
    for (code, word) in [
        ("wrong_token", "pub0…cdef"),
        ("expired_token", "shop"),
        ("revoked_token", "shop"),
        ("missing_token", "access: open"),
        ("wrong_origin", "Add https://shop.example"),
        ("unknown_application", "shopp"),
        ("wrong_application", "another application"),
        ("missing_application", "shop"),
        ("invalid_app_id", "1 to 64"),
        ("body_too_large", "event_body_bytes_max"),
        ("disk_full", "retention"),
        ("overloaded", "Status"),
        ("not_ready", "by themselves"),
        ("bad_request", "proxy"),
    ] {
        *api.surroundings.refusals.lock().unwrap() = vec![refusal(code, Some("shopp"), None)];
        let answer = api
            .get("/api/v1/onboarding/shop")
            .await
            .json(StatusCode::OK);
        let help = answer["steps"]["refusals"][0]["help"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            help.contains(word) && help.ends_with(['.', ')']),
            "{code}: {help}"
        );
    }
}

#[tokio::test]
async fn preflights_of_the_application_and_of_unknown_tokens_are_one_step() {
    let api = with_applications(&["shop", "other"]).await;
    *api.surroundings.preflights.lock().unwrap() = vec![
        preflight(Some("other"), 9_000_000),
        preflight(None, 5_000_000),
        preflight(Some("shop"), 4_000_000),
    ];
    let step =
        async |path: &str| api.get(path).await.json(StatusCode::OK)["steps"]["preflight"].clone();
    let expected = json!({ "count": 4, "last_at": "1970-01-01T00:00:05.000000Z", "origin": "https://shop.example" });
    assert_eq!(step("/api/v1/onboarding/shop").await, expected);
    assert_eq!(
        step("/api/v1/onboarding/shop?since=1970-01-01T00:00:06Z").await,
        Value::Null
    );
}

#[tokio::test]
async fn onboarding_wants_a_known_application_and_a_time() {
    let api = with_applications(&["shop"]).await;
    api.get("/api/v1/onboarding/nobody")
        .await
        .problem("application_not_found");
    let detail = api
        .get("/api/v1/onboarding/shop?since=soon")
        .await
        .problem("invalid_value");
    assert!(detail.contains("soon"), "{detail}");
    let empty = api
        .get("/api/v1/onboarding/shop")
        .await
        .json(StatusCode::OK);
    let steps =
        json!({ "preflight": null, "refusals": [], "first_event_at": null, "accepted_events": 0 });
    assert_eq!((&empty["steps"], &empty["views"]), (&steps, &json!([])));
}

#[tokio::test]
async fn activity_is_waiting_live_or_quiet() {
    let api = with_applications(&["shop", "empty"]).await;
    let state = async |ago_us: i64| {
        let activity = Activity {
            last_event_us: api.meta.now().0 - ago_us,
            events_per_minute: 12,
            sdks: vec![(
                Sdk {
                    family: "datadog".to_owned(),
                    version: None,
                },
                1_000_000,
            )],
        };
        *api.surroundings.activity.lock().unwrap() = Some(("shop", activity));
        let answer = api
            .get("/api/v1/applications/activity")
            .await
            .json(StatusCode::OK);
        answer["items"].clone()
    };
    let live = state(1_000_000).await;
    assert_eq!(
        (&live[0]["state"], &live[0]["events_per_minute"]),
        (&json!("live"), &json!(12))
    );
    let sdk = json!({ "name": "datadog", "version": null, "last_event_at": "1970-01-01T00:00:01.000000Z" });
    assert_eq!(live[0]["sdks"], json!([sdk]));
    let waiting = json!({ "app_id": "empty", "last_event_at": null, "events_per_minute": 0, "sdks": [], "state": "waiting" });
    assert_eq!(live[1], waiting);
    assert_eq!(state(3_600_000_000).await[0]["state"], "quiet");
}

#[tokio::test]
async fn addresses_are_for_administrators_only() {
    let api = Api::new().await;
    *api.surroundings.health.lock().unwrap() = Health {
        one_address: Some((IpAddr::from([8, 8, 8, 8]), 0.98)),
        ..Health::default()
    };
    let ask = async |key: &str| {
        let answer = api
            .send(request_of("GET /api/v1/intake/health", Some(key), ""))
            .await;
        answer.json(StatusCode::OK)["one_address"].clone()
    };
    assert_eq!(
        ask(KEY).await,
        json!({ "share": 0.98, "address": "8.8.8.8" })
    );
    let reader = api.read_key().await;
    assert_eq!(
        ask(&reader).await,
        json!({ "share": 0.98, "address": null })
    );
    let status = api
        .send(request_of("GET /api/v1/status", Some(&reader), ""))
        .await;
    status.problem("forbidden");
}

#[tokio::test]
async fn intake_health_shows_the_account_and_the_disk() {
    let api = Api::new().await;
    let counts = Counts {
        received: 5,
        decoded: 4,
        stored: 3,
        duplicates: 1,
        rejected: 1,
        refused: 2,
    };
    *api.surroundings.health.lock().unwrap() = Health {
        totals: counts,
        by_sdk: vec![(
            Sdk {
                family: "openobserve".to_owned(),
                version: Some("0.3.2".to_owned()),
            },
            counts,
            2_000_000,
        )],
        minutes: vec![(60_000_000, counts)],
        rejects: vec![("too_late", 1, 3_000_000)],
        one_address: None,
    };
    let health = api.get("/api/v1/intake/health").await.json(StatusCode::OK);
    let totals = json!({ "received": 5, "decoded": 4, "stored": 3, "duplicates": 1, "rejected": 1, "refused": 2 });
    assert_eq!(health["totals"], totals);
    let sdk = &health["by_sdk"][0];
    assert_eq!(
        (&sdk["family"], &sdk["version"], &sdk["stored"]),
        (&json!("openobserve"), &json!("0.3.2"), &json!(3))
    );
    assert_eq!(health["minutes"][0]["at"], "1970-01-01T00:01:00.000000Z");
    let reject =
        json!({ "reason": "too_late", "count": 1, "last_at": "1970-01-01T00:00:03.000000Z" });
    assert_eq!(health["rejects"], json!([reject]));
    let disk = json!({ "free_bytes": 1000, "reserve_bytes": 400, "used_bytes": 0, "bytes_per_day": 0, "days_left": null });
    assert_eq!(health["disk"], disk);
    assert_eq!(health["lag"], json!({ "bytes": 7, "seconds": 1.5 }));
}

#[tokio::test]
async fn status_lists_every_table() {
    let api = Api::new().await;
    let status = api.get("/api/v1/status").await.json(StatusCode::OK);
    let tables = status["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 11);
    let empty = json!({ "table": "view", "rows": 0, "bytes": 0, "segments": 0 });
    assert!(tables.contains(&empty), "{tables:?}");
    assert_eq!(status["queries"]["running"], 0);
}

#[tokio::test]
async fn an_application_takes_another_id_and_answers_to_both() {
    let api = with_applications(&["shop", "other"]).await;
    let renamed = api
        .call(
            "POST /api/v1/applications/shop/rename",
            json!({ "app_id": "store" }),
        )
        .await;
    let renamed = renamed.json(StatusCode::OK);
    assert_eq!(
        (&renamed["app_id"], &renamed["earlier_app_ids"]),
        (&json!("store"), &json!(["shop"]))
    );
    assert_eq!(
        api.get("/api/v1/applications/shop")
            .await
            .json(StatusCode::OK),
        renamed
    );
    let stolen = api
        .call(
            "POST /api/v1/applications/other/rename",
            json!({ "app_id": "shop" }),
        )
        .await;
    stolen.problem("app_id_reserved");
    let bad = api
        .call(
            "POST /api/v1/applications/other/rename",
            json!({ "app_id": "a b" }),
        )
        .await;
    bad.problem("invalid_value");
}
