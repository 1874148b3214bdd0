//! What a newcomer sees while the first event is on its way, and afterwards.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::server::Answer;

use crate::world::{World, action, event};

const CLOSED: &[(&str, &str)] = &[("FOOTFALL_CREATE_APPLICATIONS", "false")];
/// What has not come by then never comes.
const GIVE_UP_AFTER: Duration = Duration::from_secs(60);
const PAGE: &str = "https://shop.example";
const RUM: &str = "/api/v2/rum?ddsource=browser&dd-evp-origin-version=6.2.0&dd-api-key=";

/// A server that makes no applications by itself, with the application `shop`.
struct Shop {
    world: World,
    token: String,
}

impl Shop {
    fn new(settings: &Value) -> Self {
        let world = World::new(CLOSED);
        let mut new = json!({ "name": "Shop", "app_id": "shop" });
        for (name, value) in settings.as_object().unwrap() {
            new[name] = value.clone();
        }
        assert_eq!(post(&world, "/api/v1/applications", &new).status, 201);
        let token = post(&world, "/api/v1/applications/shop/tokens", &json!({}));
        let token = token.json()["token"].as_str().unwrap().to_owned();
        Self { world, token }
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.world.server.get(path).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    fn onboarding(&self) -> Value {
        self.get("/api/v1/onboarding/shop")
    }

    fn activity(&self) -> Value {
        self.get("/api/v1/applications/activity")["items"][0].clone()
    }

    /// Sends as a page of `PAGE` does, with the user agent of this test's client.
    fn send(&self, token: &str, events: &[Value]) -> u16 {
        let lines: Vec<String> = events.iter().map(Value::to_string).collect();
        let body = lines.join("\n");
        self.world
            .send_to(
                &format!("{RUM}{token}"),
                &[("origin", PAGE)],
                body.as_bytes(),
            )
            .status
    }

    /// Polls until the answer has what is looked for. An answer from memory comes in a fraction of a millisecond, so that a number of
    /// polls would say nothing of how long a busy machine needs to apply the log.
    fn wait<T>(&self, ask: impl Fn(&Self) -> Value, found: impl Fn(&Value) -> Option<T>) -> T {
        let start = Instant::now();
        let mut answer = Value::Null;
        while start.elapsed() < GIVE_UP_AFTER {
            answer = ask(self);
            if let Some(found) = found(&answer) {
                return found;
            }
            std::thread::yield_now();
        }
        let log = self.world.start.data_dir.with_extension("stderr");
        let log = std::fs::read_to_string(log).unwrap_or_default();
        panic!("never came: {answer}\nthe server said:\n{log}");
    }

    #[track_caller]
    fn check_refusal(&self, code: &str, fields: &[(&str, Value)], help: &str) {
        let refusal = self.wait(Self::onboarding, |answer| {
            let refusals = answer["steps"]["refusals"].as_array()?;
            refusals
                .iter()
                .find(|refusal| refusal["code"] == code)
                .cloned()
        });
        for (name, value) in fields {
            assert_eq!(&refusal[name], value, "{name}: {refusal}");
        }
        assert_eq!(refusal["is_yours"], true, "{refusal}");
        assert_eq!(
            refusal["sdk"],
            json!({ "name": "datadog", "version": "6.2.0" })
        );
        let said = refusal["help"].as_str().unwrap();
        assert!(said.contains(help), "{said}");
    }
}

fn post(world: &World, path: &str, body: &Value) -> Answer {
    world.server.api(path, body).unwrap()
}

fn view() -> Value {
    let mut view = event("view", "session-1", "view-1");
    view["_dd"] = json!({ "document_version": 1 });
    view["view"]["loading_time"] = json!(1_500_000_000_i64);
    view["view"]["largest_contentful_paint"] = json!(1_200_000_000_i64);
    view["view"]["error"] = json!({ "count": 2 });
    view
}

fn client() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.build().into()
}

fn preflight(shop: &Shop, token: &str) {
    let url = format!("{}{RUM}{token}", shop.world.server.url());
    let request = ureq::http::Request::builder()
        .method("OPTIONS")
        .uri(url)
        .header("origin", PAGE)
        .header("access-control-request-method", "POST")
        .body(())
        .unwrap();
    assert_eq!(client().run(request).unwrap().status(), 204);
}

#[test]
fn a_preflight_alone_is_a_step_of_its_application_only() {
    let shop = Shop::new(&json!({}));
    let other = json!({ "name": "Other", "app_id": "other" });
    assert_eq!(
        post(&shop.world, "/api/v1/applications", &other).status,
        201
    );
    preflight(&shop, &shop.token);
    preflight(&shop, &shop.token);
    let answer = shop.onboarding();
    let step = &answer["steps"]["preflight"];
    assert_eq!((&step["count"], &step["origin"]), (&json!(2), &json!(PAGE)));
    assert_eq!(answer["steps"]["first_event_at"], Value::Null);
    assert_eq!(answer["server"]["origin"], shop.world.server.url());
    let other = shop.get("/api/v1/onboarding/other");
    assert_eq!(other["steps"]["preflight"], Value::Null);
}

#[test]
fn a_wrong_token_is_shown_by_a_hint_where_its_events_belong() {
    let shop = Shop::new(&json!({}));
    assert_eq!(
        shop.send("pub0123456789abcdef", &[action("s", "v", "a")]),
        403
    );
    let fields = [
        ("app_id", json!("shop")),
        ("origin", json!(PAGE)),
        ("token_hint", json!("pub0…cdef")),
        ("count", json!(1)),
    ];
    shop.check_refusal("wrong_token", &fields, "Copy a client token of shop");
    let health = shop.get("/api/v1/intake/health");
    assert_eq!(health["totals"]["refused"], 1);
    assert_eq!(health["refusals"][0]["code"], "wrong_token");
    assert!(!health.to_string().contains("pub0123456789abcdef"));
    let metrics = shop.world.server.get("/metrics").unwrap().body;
    assert!(!metrics.contains("pub0") && !metrics.contains("shop.example"));
}

#[test]
fn a_revoked_token_and_a_missing_one_say_so() {
    let shop = Shop::new(&json!({}));
    let tokens = shop.get("/api/v1/applications/shop/tokens");
    let id = tokens["items"][0]["id"].as_str().unwrap();
    let url = format!(
        "{}/api/v1/applications/shop/tokens/{id}",
        shop.world.server.url()
    );
    let key = format!("Bearer {}", testkit::server::API_KEY);
    let revoked = client().delete(&url).header("authorization", &key).call();
    assert_eq!(revoked.unwrap().status(), 204);
    assert_eq!(shop.send(&shop.token, &[action("s", "v", "a")]), 403);
    shop.check_refusal(
        "revoked_token",
        &[("app_id", json!("shop"))],
        "live token of shop",
    );
    assert_eq!(shop.send("", &[action("s", "v", "a")]), 401);
    shop.check_refusal(
        "missing_token",
        &[("token_hint", Value::Null)],
        "no client token",
    );
}

#[test]
fn a_wrong_origin_names_the_origin_to_add() {
    let shop = Shop::new(&json!({ "allowed_origins": ["https://www.shop.example"] }));
    assert_eq!(shop.send(&shop.token, &[action("s", "v", "a")]), 403);
    let fields = [("app_id", json!("shop")), ("origin", json!(PAGE))];
    shop.check_refusal(
        "wrong_origin",
        &fields,
        "Add https://shop.example to the allowed origins",
    );
}

#[test]
fn an_unknown_application_is_shown_to_the_owner_of_the_token() {
    let shop = Shop::new(&json!({}));
    let mut event = action("s", "v", "a");
    event["application"]["id"] = json!("shopp");
    assert_eq!(shop.send(&shop.token, &[event]), 202);
    let fields = [("app_id", json!("shopp")), ("origin", json!(PAGE))];
    shop.check_refusal(
        "unknown_application",
        &fields,
        "Set its application id to shop",
    );
    let health = shop.get("/api/v1/intake/health");
    let counts = ["received", "decoded", "stored", "rejected", "refused"]
        .map(|name| &health["totals"][name]);
    assert_eq!(
        counts,
        [&json!(1), &json!(0), &json!(0), &json!(1), &json!(0)]
    );
    assert_eq!(health["rejects"][0]["reason"], "unknown_application");
}

#[test]
fn an_unknown_application_of_an_open_server_is_told_from_a_wrong_token() {
    let shop = Shop::new(&json!({ "access": "open" }));
    let mut event = action("s", "v", "a");
    event["application"]["id"] = json!("shopp");
    assert_eq!(shop.send("any", &[event]), 403);
    shop.check_refusal(
        "unknown_application",
        &[("app_id", json!("shopp"))],
        "names the application shopp",
    );
}

#[test]
fn the_first_event_ends_the_wait_and_the_own_view_is_known() {
    let shop = Shop::new(&json!({}));
    assert_eq!(shop.activity()["state"], "waiting");
    let since = shop.onboarding()["now"].as_str().unwrap().to_owned();
    let onboarding = |shop: &Shop| shop.get(&format!("/api/v1/onboarding/shop?since={since}"));
    assert_eq!(
        shop.send(&shop.token, &[view(), action("session-1", "view-1", "a")]),
        202
    );
    let answer = shop.wait(onboarding, |answer| {
        let views = answer["views"].as_array()?;
        (!views.is_empty() && !answer["steps"]["first_event_at"].is_null()).then(|| answer.clone())
    });
    assert_eq!(answer["steps"]["accepted_events"], 2);
    let mut shown = answer["views"][0].clone();
    assert!(shown["time"].as_str().unwrap().ends_with('Z'));
    shown["time"] = Value::Null;
    let expected = json!({
        "view_id": "view-1", "session_id": "session-1", "time": null, "url_path": "/cart", "view_name": null,
        "loading_time": 1_500_000_000, "lcp": 1_200_000_000, "inp": null, "cls": null, "error_count": 2,
        "browser": shown["browser"], "os": shown["os"], "country_code": null, "is_yours": true,
    });
    assert_eq!(shown, expected);

    let stranger = client().get(format!(
        "{}/api/v1/onboarding/shop",
        shop.world.server.url()
    ));
    let key = format!("Bearer {}", testkit::server::API_KEY);
    let mut other = stranger
        .header("authorization", &key)
        .header("user-agent", "another browser")
        .call()
        .unwrap();
    let other: Value = serde_json::from_str(&other.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!(other["views"][0]["is_yours"], false);

    let activity = shop.activity();
    assert_eq!(
        (&activity["state"], &activity["events_per_minute"]),
        (&json!("live"), &json!(2))
    );
    let sdk = &activity["sdks"][0];
    assert_eq!(
        (&sdk["name"], &sdk["version"]),
        (&json!("datadog"), &json!("6.2.0"))
    );
    let later = "/api/v1/onboarding/shop?since=2100-01-01T00:00:00Z";
    let later = shop.get(later);
    assert_eq!(
        (&later["views"], &later["steps"]["first_event_at"]),
        (&json!([]), &Value::Null)
    );
}

#[test]
fn events_are_counted_once_from_receipt_to_store() {
    let shop = Shop::new(&json!({}));
    let sent = [view(), action("session-1", "view-1", "a")];
    assert_eq!(shop.send(&shop.token, &sent), 202);
    let mut body = sent.map(|event| event.to_string()).join("\n");
    body.push_str("\n{\"type\":");
    let again = shop
        .world
        .send_to(&format!("{RUM}{}", shop.token), &[], body.as_bytes());
    assert_eq!(again.status, 202);
    let health = shop.wait(
        |shop| shop.get("/api/v1/intake/health"),
        |health| (health["totals"]["received"] == 5).then(|| health.clone()),
    );
    // The view's second coming is one more version of it, the action's a repeat.
    let totals = json!({ "received": 5, "decoded": 4, "stored": 3, "duplicates": 1, "rejected": 1, "refused": 0 });
    assert_eq!(health["totals"], totals);
    let sdk = &health["by_sdk"][0];
    assert_eq!(
        (&sdk["family"], &sdk["version"], &sdk["stored"]),
        (&json!("datadog"), &json!("6.2.0"), &json!(3))
    );
    let minutes = health["minutes"].as_array().unwrap();
    let received: i64 = minutes
        .iter()
        .map(|minute| minute["received"].as_i64().unwrap())
        .sum();
    assert_eq!((minutes.len(), received), (60, 5));
    assert_eq!(health["lag"]["bytes"], 0);
    assert!(health["disk"]["free_bytes"].as_u64().unwrap() > 0);
    assert_eq!(health["one_address"], Value::Null);
}

/// After the restart memory is empty; what the store has is still there, and nothing is counted twice.
#[test]
fn a_restart_keeps_when_the_last_event_came() {
    for is_clean in [true, false] {
        let mut shop = Shop::new(&json!({}));
        assert_eq!(shop.send(&shop.token, &[view()]), 202);
        let last = |answer: &Value| answer["last_event_at"].as_str().map(str::to_owned);
        let before = shop.wait(Shop::activity, last);
        if is_clean {
            shop.world.restart();
        } else {
            shop.world.server.kill();
            shop.world.server = shop.world.start.ready();
        }
        assert_eq!(
            last(&shop.activity()),
            Some(before.clone()),
            "clean: {is_clean}"
        );
        assert_eq!(shop.onboarding()["steps"]["first_event_at"], before);
        let health = shop.get("/api/v1/intake/health");
        assert_eq!(
            health["totals"]["received"], 0,
            "what was read again was counted before"
        );
        assert!(health["since"].as_str().unwrap() > before.as_str());
    }
}

#[test]
fn a_deletion_gives_a_receipt_and_says_when_the_data_is_gone() {
    let shop = Shop::new(&json!({}));
    assert_eq!(shop.send(&shop.token, &[view()]), 202);
    shop.world.wait_for("SELECT count(*) FROM view", 1);
    let url = format!("{}/api/v1/applications/shop", shop.world.server.url());
    let key = format!("Bearer {}", testkit::server::API_KEY);
    let mut deleted = client()
        .delete(&url)
        .header("authorization", &key)
        .call()
        .unwrap();
    assert_eq!(deleted.status(), 200);
    let receipt: Value =
        serde_json::from_str(&deleted.body_mut().read_to_string().unwrap()).unwrap();
    let expected = json!({ "app_id": "shop", "name": "Shop", "requested_at": receipt["requested_at"], "tokens_revoked": 1 });
    assert_eq!(receipt, expected);
    let deletion = shop.wait(
        |shop| shop.get("/api/v1/deletions")["items"][0].clone(),
        |deletion| (!deletion["completed_at"].is_null()).then(|| deletion.clone()),
    );
    assert_eq!(deletion["requested_at"], receipt["requested_at"]);
    assert_eq!(shop.world.server.number("SELECT count(*) FROM view"), 0);
    assert_eq!(shop.send(&shop.token, &[view()]), 403);
}

/// Also what came before the rename and is decoded again after a crash, and what was stored under the old id.
#[test]
fn a_renamed_application_keeps_its_events_and_takes_those_that_name_the_old_id() {
    let mut shop = Shop::new(&json!({}));
    assert_eq!(shop.send(&shop.token, &[action("s", "v", "before")]), 202);
    shop.world
        .wait_for("SELECT count(*) FROM action WHERE app_id = 'shop'", 1);
    shop.world.restart();
    let rename = json!({ "app_id": "store" });
    let renamed = post(&shop.world, "/api/v1/applications/shop/rename", &rename);
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    assert_eq!(renamed.json()["earlier_app_ids"], json!(["shop"]));

    assert_eq!(shop.send(&shop.token, &[action("s", "v", "old name")]), 202);
    let mut new = action("s", "v", "new name");
    new["application"]["id"] = json!("store");
    assert_eq!(shop.send(&shop.token, &[new]), 202);
    shop.world
        .wait_for("SELECT count(*) FROM action WHERE app_id = 'store'", 2);
    assert_eq!(shop.activity()["app_id"], "store");

    let again = json!({ "app_id": "market" });
    assert_eq!(
        post(&shop.world, "/api/v1/applications/store/rename", &again).status,
        200
    );
    shop.world.server.kill();
    shop.world.server = shop.world.start.ready();
    let rows = shop
        .world
        .server
        .rows("SELECT app_id, event_id FROM action ORDER BY event_id");
    let expected = [
        ("shop", "before"),
        ("market", "new name"),
        ("market", "old name"),
    ];
    assert_eq!(
        rows,
        expected.map(|(app_id, id)| [json!(app_id), json!(id)])
    );
    let metrics = shop.world.server.get("/metrics").unwrap().body;
    assert!(!metrics.contains("application_not_allowed"), "{metrics}");
    assert!(!shop.activity()["last_event_at"].is_null());
}

#[test]
fn status_shows_what_the_server_holds() {
    let shop = Shop::new(&json!({}));
    assert_eq!(
        shop.send(&shop.token, &[view(), action("session-1", "view-1", "a")]),
        202
    );
    shop.world.wait_for("SELECT count(*) FROM action", 1);
    let status = shop.get("/api/v1/status");
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert!(status["data_dir_free_bytes"].as_u64().unwrap() > 0);
    let rows = |name: &str| {
        let tables = status["tables"].as_array().unwrap();
        tables.iter().find(|table| table["table"] == name).unwrap()["rows"].clone()
    };
    assert_eq!(
        [rows("view"), rows("action"), rows("session")],
        [1, 1, 1].map(Value::from)
    );
    assert_eq!(
        (&status["log"]["records"], &status["store"]["open_views"]),
        (&json!(1), &json!(1))
    );
}
