//! Sign-in, members and rights, each rule by trying.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use features::api::client::Client;
use http::{Request, StatusCode, header};
use schema::EventTime;
use serde_json::{Value, json};

use crate::openapi::example;
use crate::{Answer, Api, request_of};

const PASSWORD: &str = "a plain sentence";
const HOST: &str = "rum.example.com";

/// A browser with the cookie that it was given last.
#[derive(Clone)]
struct Browser<'a> {
    api: &'a Api,
    client: Client,
    cookie: Option<String>,
    user_agent: &'static str,
}

impl<'a> Browser<'a> {
    fn new(api: &'a Api, ip: &str) -> Self {
        let client = Client {
            ip: Some(ip.parse().unwrap()),
            is_https: false,
            hosts: vec![HOST.to_owned()],
        };
        Self {
            api,
            client,
            cookie: None,
            user_agent: "Firefox",
        }
    }

    /// As the console sends it.
    fn request(&self, request: &str, body: &Value) -> Request<Body> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut request = request_of(request, None, body);
        request.extensions_mut().insert(self.client.clone());
        let headers = request.headers_mut();
        headers.insert("x-footfall-console", "1".parse().unwrap());
        headers.insert(header::USER_AGENT, self.user_agent.parse().unwrap());
        if let Some(cookie) = &self.cookie {
            let text = format!("theme=dark; footfall_session={cookie}");
            headers.insert(header::COOKIE, text.parse().unwrap());
        }
        request
    }

    async fn call(&mut self, request: &str, body: Value) -> Answer {
        let answer = self.api.send(self.request(request, &body)).await;
        if let Some(set) = answer.headers.get(header::SET_COOKIE) {
            let value = set.to_str().unwrap().split(';').next().unwrap();
            let value = value.strip_prefix("footfall_session=").unwrap();
            self.cookie = Some(value.to_owned()).filter(|value| !value.is_empty());
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Value {
        self.call(&format!("GET {path}"), Value::Null)
            .await
            .json(StatusCode::OK)
    }

    async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.call("POST /api/v1/session", body).await
    }

    /// Invites somebody and accepts as them.
    async fn invite(&mut self, email: &str, role: &str) -> Self {
        let body = json!({ "email": email, "role": role });
        let made = self
            .call("POST /api/v1/invitations", body)
            .await
            .json(StatusCode::CREATED);
        let path = made["path"].as_str().unwrap();
        let token = path.strip_prefix("/invite?token=").unwrap();
        let mut browser = Browser {
            cookie: None,
            ..self.clone()
        };
        let body = json!({ "token": token, "name": email, "password": PASSWORD });
        let joined = browser
            .call("POST /api/v1/invitations/accept", body)
            .await
            .json(StatusCode::OK);
        assert_eq!(joined["member"]["role"], role);
        browser
    }
}

async fn setup_token(api: &Api) -> String {
    let link = api.meta.create_setup_link(meta::WorkspaceId::FIRST).await;
    let path = link.unwrap().unwrap().path;
    path.strip_prefix("/setup?token=").unwrap().to_owned()
}

/// The first administrator in their browser.
async fn owner(api: &Api) -> Browser<'_> {
    let mut browser = Browser::new(api, "192.0.2.1");
    let token = setup_token(api).await;
    let body =
        json!({ "token": token, "email": "Ada@Example.com", "name": "Ada", "password": PASSWORD });
    browser
        .call("POST /api/v1/setup", body)
        .await
        .json(StatusCode::OK);
    browser
}

#[tokio::test]
async fn from_the_setup_link_to_the_sign_out() {
    let api = Api::new().await;
    let mut browser = Browser::new(&api, "192.0.2.1");
    let version = env!("CARGO_PKG_VERSION");
    let nobody = |state: &str| json!({ "state": state, "workspace": null, "member": null, "version": version });
    assert_eq!(browser.get("/api/v1/session").await, nobody("setup"));
    let token = setup_token(&api).await;
    let body = |token: &str, password: &str| json!({ "token": token, "email": "Ada@Example.com", "name": "Ada", "password": password });
    let answer = browser
        .call("POST /api/v1/setup", body("foreign", PASSWORD))
        .await;
    answer.problem("link_invalid");
    let answer = browser
        .call("POST /api/v1/setup", body(&token, "too short"))
        .await;
    answer.problem("invalid_value");
    assert_eq!(answer.body["pointer"], "/password");
    let answer = browser
        .call("POST /api/v1/setup", body(&token, "Password123"))
        .await;
    answer.problem("invalid_value");
    assert_eq!(browser.get("/api/v1/session").await["state"], "setup");

    let made = browser
        .call("POST /api/v1/setup", body(&token, PASSWORD))
        .await
        .json(StatusCode::OK);
    let expected = json!({
        "state": "signed_in", "workspace": { "id": 1, "name": "Default" }, "version": version,
        "member": { "id": made["member"]["id"], "email": "ada@example.com", "name": "Ada", "role": "owner" },
    });
    assert_eq!(made, expected);
    assert_eq!(browser.get("/api/v1/session").await, expected);
    let mut other = Browser::new(&api, "192.0.2.2");
    other
        .call("POST /api/v1/setup", body(&token, PASSWORD))
        .await
        .problem("already_set_up");
    assert_eq!(other.get("/api/v1/session").await, nobody("signed_out"));

    let old = browser.clone();
    let out = browser.call("DELETE /api/v1/session", Value::Null).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.cookie, None);
    let answer = old
        .clone()
        .call("GET /api/v1/applications", Value::Null)
        .await;
    assert_eq!(answer.problem("unauthorized"), "this session has ended");
    assert_eq!(
        old.clone().get("/api/v1/session").await,
        nobody("signed_out")
    );

    browser
        .sign_in("ada@example.com", "wrong")
        .await
        .problem("wrong_credentials");
    browser
        .sign_in("bob@example.com", PASSWORD)
        .await
        .problem("wrong_credentials");
    assert_eq!(
        browser.sign_in(" ADA@example.com", PASSWORD).await.status,
        StatusCode::OK
    );
    assert_eq!(
        browser.get("/api/v1/applications").await["items"],
        json!([])
    );
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_lines() {
    let api = Api::new().await;
    let mut browser = owner(&api).await;
    let cookie = |answer: &Answer| {
        answer.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .to_owned()
    };
    let answer = browser.sign_in("ada@example.com", PASSWORD).await;
    let secret = browser.cookie.clone().unwrap();
    assert_eq!(secret.len(), 64);
    let plain =
        format!("footfall_session={secret}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
    assert_eq!(cookie(&answer), plain);
    browser.client.is_https = true;
    let answer = browser.call("GET /api/v1/session", Value::Null).await;
    assert_eq!(
        cookie(&answer),
        format!("{plain}; Secure"),
        "each load renews it"
    );
    let answer = browser.call("DELETE /api/v1/session", Value::Null).await;
    let cleared = "footfall_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure";
    assert_eq!(cookie(&answer), cleared);
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let api = Api::new().await;
    let browser = owner(&api).await;
    let send = async |header: Option<&str>, origin: Option<&str>| {
        let mut request = browser.request("POST /api/v1/applications", &json!({ "name": "a" }));
        let headers = request.headers_mut();
        headers.remove("x-footfall-console");
        if let Some(header) = header {
            headers.insert("x-footfall-console", header.parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        api.send(request).await
    };
    send(None, None).await.problem("cross_site");
    send(None, Some("https://rum.example.com"))
        .await
        .problem("cross_site");
    for origin in [
        "https://evil.example",
        "null",
        "https://rum.example.com:8443",
        "https://x.rum.example.com",
    ] {
        send(Some("1"), Some(origin)).await.problem("cross_site");
    }
    assert!(api.meta.applications().is_empty());
    assert_eq!(send(Some("1"), None).await.status, StatusCode::CREATED);
    assert_eq!(
        send(Some("1"), Some("https://rum.example.com"))
            .await
            .status,
        StatusCode::CREATED
    );

    // Reading needs neither, and no answer invites other sites in.
    let mut request = browser.request("GET /api/v1/applications", &Value::Null);
    request.headers_mut().remove("x-footfall-console");
    request
        .headers_mut()
        .insert(header::ORIGIN, "https://evil.example".parse().unwrap());
    let answer = api.send(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        !answer
            .headers
            .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    );

    let mut request = browser.request(
        "POST /api/v1/session",
        &json!({ "email": "ada@example.com", "password": PASSWORD }),
    );
    request.headers_mut().remove(header::COOKIE);
    request
        .headers_mut()
        .insert(header::ORIGIN, "https://evil.example".parse().unwrap());
    api.send(request).await.problem("cross_site");
}

#[tokio::test]
async fn a_key_needs_no_header_and_wins_over_a_cookie() {
    let api = Api::new().await;
    let browser = owner(&api).await;
    let mut request = browser.request("POST /api/v1/applications", &json!({ "name": "a" }));
    request.headers_mut().remove("x-footfall-console");
    let bearer = format!("Bearer {}", api.read_key().await);
    request
        .headers_mut()
        .insert(header::AUTHORIZATION, bearer.parse().unwrap());
    assert_eq!(
        api.send(request).await.problem("forbidden"),
        "this API key may only read"
    );
    // The password of a proxy before us is no business of ours.
    let mut request = browser.request("GET /api/v1/applications", &Value::Null);
    request
        .headers_mut()
        .insert(header::AUTHORIZATION, "Basic dXNlcjpwYXNz".parse().unwrap());
    assert_eq!(api.send(request).await.status, StatusCode::OK);
    let answer = api.get("/api/v1/me/sessions").await;
    answer.problem("members_only");
}

#[tokio::test]
async fn ten_wrong_passwords_lock_for_a_growing_time() {
    let now = Arc::new(AtomicI64::new(1_767_225_600_000_000));
    let clock = Arc::clone(&now);
    let api = Api::at(Arc::new(move || EventTime(clock.load(Ordering::Relaxed)))).await;
    owner(&api).await;
    let mut browser = Browser::new(&api, "198.51.100.7");
    for _ in 0..10 {
        browser
            .sign_in("ada@example.com", "wrong")
            .await
            .problem("wrong_credentials");
    }
    for lock_s in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
        let answer = browser.sign_in("ada@example.com", PASSWORD).await;
        answer.problem("too_many_attempts");
        assert_eq!(
            answer.headers[header::RETRY_AFTER],
            lock_s.to_string().as_str()
        );
        assert_eq!(answer.body["retry_after_s"], lock_s);
        now.fetch_add((lock_s - 1) * 1_000_000, Ordering::Relaxed);
        browser
            .sign_in("ada@example.com", PASSWORD)
            .await
            .problem("too_many_attempts");
        now.fetch_add(1_000_000, Ordering::Relaxed);
        browser
            .sign_in("ada@example.com", "wrong")
            .await
            .problem("wrong_credentials");
    }
    now.fetch_add(3_600_000_000, Ordering::Relaxed);
    assert_eq!(
        browser.sign_in("ada@example.com", PASSWORD).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_viewer_changes_nothing_by_any_operation_of_the_document() {
    // What belongs to the member, what needs no right, and what only asks.
    const OWN: [&str; 9] = [
        "POST /api/v1/session",
        "DELETE /api/v1/session",
        "POST /api/v1/setup",
        "POST /api/v1/password_reset",
        "POST /api/v1/invitations/accept",
        "PATCH /api/v1/me",
        "POST /api/v1/me/password",
        "DELETE /api/v1/me/sessions/{id}",
        "POST /api/v1/query",
    ];
    const HIDDEN: [&str; 4] = [
        "GET /api/v1/applications/{app_id}/tokens",
        "GET /api/v1/api_keys",
        "GET /api/v1/invitations",
        "GET /api/v1/audit_entries",
    ];
    let api = Api::new().await;
    let mut admin = owner(&api).await;
    let document = api.document().await;
    for role in ["viewer", "member"] {
        let mut browser = admin.invite(&format!("{role}@example.com"), role).await;
        let mut refused = 0;
        for (template, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                let operation = format!("{} {template}", method.to_uppercase());
                let is_closed = HIDDEN.contains(&operation.as_str())
                    || (method != "get" && !OWN.contains(&operation.as_str()));
                if !is_closed {
                    continue;
                }
                let request = format!("{} {}", method.to_uppercase(), example(template));
                let answer = browser.call(&request, json!({})).await;
                let detail = answer.problem("forbidden");
                assert_eq!(detail, format!("a {role} may not do this"), "{operation}");
                refused += 1;
            }
        }
        assert!(refused >= 14, "{refused}");
        for path in [
            "/api/v1/applications",
            "/api/v1/members",
            "/api/v1/rejects",
            "/api/v1/me/sessions",
        ] {
            browser.get(path).await;
        }
    }
}

#[tokio::test]
async fn roles_hold_from_the_moment_they_change() {
    let api = Api::new().await;
    let mut owner = owner(&api).await;
    let mut bob = owner.invite("bob@example.com", "viewer").await;
    let id = bob.get("/api/v1/session").await["member"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/members/{id}");
    let create = json!({ "name": "a" });
    bob.call("POST /api/v1/applications", create.clone())
        .await
        .problem("forbidden");
    let changed = owner
        .call(&format!("PATCH {path}"), json!({ "role": "admin" }))
        .await
        .json(StatusCode::OK);
    assert_eq!(
        (&changed["role"], &changed["email"]),
        (&json!("admin"), &json!("bob@example.com"))
    );
    assert_eq!(
        bob.call("POST /api/v1/applications", create.clone())
            .await
            .status,
        StatusCode::CREATED
    );
    owner
        .call(&format!("PATCH {path}"), json!({ "role": "viewer" }))
        .await
        .json(StatusCode::OK);
    bob.call("POST /api/v1/applications", create)
        .await
        .problem("forbidden");
    owner
        .call(&format!("DELETE {path}"), Value::Null)
        .await
        .json(StatusCode::NO_CONTENT);
    bob.call("GET /api/v1/applications", Value::Null)
        .await
        .problem("unauthorized");
    bob.sign_in("bob@example.com", PASSWORD)
        .await
        .problem("wrong_credentials");
    owner
        .call(&format!("DELETE {path}"), Value::Null)
        .await
        .problem("member_not_found");
}

#[tokio::test]
async fn an_admin_makes_no_owner_and_the_last_owner_stays() {
    let api = Api::new().await;
    let mut owner = owner(&api).await;
    let mut admin = owner.invite("bob@example.com", "admin").await;
    let members = owner.get("/api/v1/members").await["items"].clone();
    let path = |at: usize| format!("/api/v1/members/{}", members[at]["id"].as_str().unwrap());
    let (ada, bob) = (path(0), path(1));
    let role = |role: &str| json!({ "role": role });
    owner
        .call(&format!("PATCH {ada}"), role("admin"))
        .await
        .problem("last_owner");
    owner
        .call(&format!("DELETE {ada}"), Value::Null)
        .await
        .problem("last_owner");
    admin
        .call(&format!("PATCH {bob}"), role("owner"))
        .await
        .problem("owners_only");
    admin
        .call(&format!("PATCH {ada}"), role("viewer"))
        .await
        .problem("owners_only");
    admin
        .call(&format!("DELETE {ada}"), Value::Null)
        .await
        .problem("owners_only");
    let invitation = json!({ "email": "x@example.com", "role": "owner" });
    admin
        .call("POST /api/v1/invitations", invitation.clone())
        .await
        .problem("owners_only");
    // Nor does a key, which an admin can make.
    api.call("POST /api/v1/invitations", invitation)
        .await
        .problem("owners_only");
    api.call(&format!("DELETE {ada}"), Value::Null)
        .await
        .problem("owners_only");
    owner
        .call(&format!("PATCH {bob}"), role("owner"))
        .await
        .json(StatusCode::OK);
    admin
        .call(&format!("PATCH {ada}"), role("viewer"))
        .await
        .json(StatusCode::OK);
    let answer = admin.call(&format!("PATCH {ada}"), role("chief")).await;
    answer.problem("invalid_value");
}

#[tokio::test]
async fn an_invitation_is_listed_shown_taken_back_and_used_once() {
    let api = Api::new().await;
    let mut owner = owner(&api).await;
    let body = json!({ "email": " Bob@Example.com", "role": "viewer" });
    let made = owner
        .call("POST /api/v1/invitations", body.clone())
        .await
        .json(StatusCode::CREATED);
    let token = |made: &Value| {
        made["path"]
            .as_str()
            .unwrap()
            .strip_prefix("/invite?token=")
            .unwrap()
            .to_owned()
    };
    let first = token(&made);
    let mut listed = made.clone();
    listed.as_object_mut().unwrap().remove("path");
    assert_eq!(
        owner.get("/api/v1/invitations").await["items"],
        json!([listed])
    );
    let mut bob = Browser::new(&api, "192.0.2.9");
    let show = |token: &str| format!("/api/v1/invitations/accept?token={token}");
    let shown = json!({ "email": "bob@example.com", "role": "viewer", "workspace": "Default" });
    assert_eq!(bob.get(&show(&first)).await, shown);
    bob.call(&format!("GET {}", show("foreign")), Value::Null)
        .await
        .problem("link_invalid");

    let path = format!(
        "DELETE /api/v1/invitations/{}",
        made["id"].as_str().unwrap()
    );
    owner
        .call(&path, Value::Null)
        .await
        .json(StatusCode::NO_CONTENT);
    owner
        .call(&path, Value::Null)
        .await
        .problem("invitation_not_found");
    bob.call(&format!("GET {}", show(&first)), Value::Null)
        .await
        .problem("link_invalid");
    let accept = |token: &str| json!({ "token": token, "name": "Bob", "password": PASSWORD });
    bob.call("POST /api/v1/invitations/accept", accept(&first))
        .await
        .problem("link_invalid");

    let second = token(
        &owner
            .call("POST /api/v1/invitations", body.clone())
            .await
            .json(StatusCode::CREATED),
    );
    let joined = bob
        .call("POST /api/v1/invitations/accept", accept(&second))
        .await
        .json(StatusCode::OK);
    assert_eq!(joined["state"], "signed_in");
    bob.call("POST /api/v1/invitations/accept", accept(&second))
        .await
        .problem("link_invalid");
    owner
        .call("POST /api/v1/invitations", body)
        .await
        .problem("member_exists");
    let wrong = json!({ "email": "bob", "role": "viewer" });
    let answer = owner.call("POST /api/v1/invitations", wrong).await;
    answer.problem("invalid_value");
    assert_eq!(answer.body["pointer"], "/email");
}

#[tokio::test]
async fn a_member_sees_and_ends_their_own_sessions_only() {
    let api = Api::new().await;
    let mut here = owner(&api).await;
    let mut there = Browser {
        user_agent: "Safari",
        ..Browser::new(&api, "192.0.2.77")
    };
    there
        .sign_in("ada@example.com", PASSWORD)
        .await
        .json(StatusCode::OK);
    let mut bob = here.invite("bob@example.com", "admin").await;
    let items = here.get("/api/v1/me/sessions").await["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 2);
    let other = items
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["is_current"] == false)
        .unwrap();
    assert_eq!(
        (&other["user_agent"], &other["ip"]),
        (&json!("Safari"), &json!("192.0.2.77"))
    );
    let path = format!(
        "DELETE /api/v1/me/sessions/{}",
        other["id"].as_str().unwrap()
    );
    bob.call(&path, Value::Null)
        .await
        .problem("session_not_found");
    there.get("/api/v1/me/sessions").await;
    here.call(&path, Value::Null)
        .await
        .json(StatusCode::NO_CONTENT);
    there
        .call("GET /api/v1/me/sessions", Value::Null)
        .await
        .problem("unauthorized");
    here.get("/api/v1/me/sessions").await;
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let api = Api::new().await;
    let mut here = owner(&api).await;
    let mut there = Browser::new(&api, "192.0.2.77");
    there
        .sign_in("ada@example.com", PASSWORD)
        .await
        .json(StatusCode::OK);
    let change =
        |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let answer = here
        .call("POST /api/v1/me/password", change(PASSWORD, "short"))
        .await;
    answer.problem("invalid_value");
    assert_eq!(answer.body["pointer"], "/new_password");
    here.call(
        "POST /api/v1/me/password",
        change("wrong", "another sentence"),
    )
    .await
    .problem("wrong_password");
    here.call(
        "POST /api/v1/me/password",
        change(PASSWORD, "another sentence"),
    )
    .await
    .json(StatusCode::NO_CONTENT);
    there
        .call("GET /api/v1/me/sessions", Value::Null)
        .await
        .problem("unauthorized");
    there
        .sign_in("ada@example.com", PASSWORD)
        .await
        .problem("wrong_credentials");
    there
        .sign_in("ada@example.com", "another sentence")
        .await
        .json(StatusCode::OK);
    let renamed = here
        .call("PATCH /api/v1/me", json!({ "name": " Ada L. " }))
        .await
        .json(StatusCode::OK);
    assert_eq!(renamed["name"], "Ada L.");
}

#[tokio::test]
async fn a_reset_link_opens_the_account_once() {
    let api = Api::new().await;
    let mut here = owner(&api).await;
    let email = meta::Email::parse("ada@example.com").unwrap();
    let link = api
        .meta
        .create_reset_link(meta::WorkspaceId::FIRST, email)
        .await
        .unwrap();
    let token = link.path.strip_prefix("/reset?token=").unwrap();
    let body = |token: &str| json!({ "token": token, "password": "another sentence" });
    let mut there = Browser::new(&api, "192.0.2.77");
    there
        .call("POST /api/v1/password_reset", body("foreign"))
        .await
        .problem("link_invalid");
    let setup = json!({ "token": token, "email": "x@y", "name": "X", "password": PASSWORD });
    there
        .call("POST /api/v1/setup", setup)
        .await
        .problem("already_set_up");
    let session = there
        .call("POST /api/v1/password_reset", body(token))
        .await
        .json(StatusCode::OK);
    assert_eq!(session["member"]["email"], "ada@example.com");
    there
        .call("POST /api/v1/password_reset", body(token))
        .await
        .problem("link_invalid");
    here.call("GET /api/v1/applications", Value::Null)
        .await
        .problem("unauthorized");
    there.get("/api/v1/applications").await;
}

#[tokio::test]
async fn every_change_has_its_audit_entry_with_who_did_it() {
    let api = Api::new().await;
    let mut ada = owner(&api).await;
    ada.sign_in("ada@example.com", "wrong")
        .await
        .problem("wrong_credentials");
    ada.sign_in("ada@example.com", PASSWORD)
        .await
        .json(StatusCode::OK);
    let shop = "/api/v1/applications/shop";
    ada.call(
        "POST /api/v1/applications",
        json!({ "app_id": "shop", "name": "Shop" }),
    )
    .await
    .json(StatusCode::CREATED);
    api.call(
        &format!("PATCH {shop}"),
        json!({ "retention_days": 7, "name": "S" }),
    )
    .await
    .json(StatusCode::OK);
    ada.call(&format!("PATCH {shop}"), json!({ "retention_days": 0 }))
        .await
        .problem("invalid_value");
    let token = ada
        .call(&format!("POST {shop}/tokens"), Value::Null)
        .await
        .json(StatusCode::CREATED);
    let id = token["id"].as_str().unwrap();
    let newer = ada
        .call(
            &format!("POST {shop}/tokens/{id}/rotate"),
            json!({ "overlap_seconds": 60 }),
        )
        .await
        .json(StatusCode::CREATED);
    let newer = newer["id"].as_str().unwrap();
    ada.call(&format!("DELETE {shop}/tokens/{newer}"), Value::Null)
        .await
        .json(StatusCode::NO_CONTENT);
    let key = ada
        .call(
            "POST /api/v1/api_keys",
            json!({ "name": "deploy", "rights": "full" }),
        )
        .await
        .json(StatusCode::CREATED);
    ada.call(
        &format!("DELETE /api/v1/api_keys/{}", key["id"].as_str().unwrap()),
        Value::Null,
    )
    .await
    .json(StatusCode::NO_CONTENT);
    ada.call(&format!("DELETE {shop}"), Value::Null).await;
    ada.call(&format!("DELETE {shop}"), Value::Null)
        .await
        .problem("application_not_found");

    let whole = ada.get("/api/v1/audit_entries").await;
    assert_eq!(whole["next_cursor"], Value::Null);
    let items = whole["items"].as_array().unwrap();
    let line = |item: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {} {}",
            text(&item["actor"]["name"]),
            text(&item["action"]),
            text(&item["target"]),
            text(&item["detail"])
        )
    };
    let lines: Vec<String> = items.iter().rev().map(line).collect();
    let expected = [
        "Ada workspace.set_up ada@example.com from 192.0.2.1".to_owned(),
        "sign-in session.failed ada@example.com from 192.0.2.1".to_owned(),
        "Ada session.created ada@example.com from 192.0.2.1".to_owned(),
        "Ada application.created shop -".to_owned(),
        "FOOTFALL_API_KEY application.updated shop name, retention_days".to_owned(),
        "Ada token.created shop -".to_owned(),
        format!("Ada token.rotated shop {id}, overlap 60 s"),
        format!("Ada token.revoked shop {newer}"),
        "Ada api_key.created deploy full".to_owned(),
        "Ada api_key.deleted deploy -".to_owned(),
        "Ada application.deleted shop -".to_owned(),
    ];
    assert_eq!(lines, expected);
    assert_eq!(items[0]["actor"]["kind"], "member");
    let text = whole.to_string();
    for secret in [
        PASSWORD,
        token["token"].as_str().unwrap(),
        key["secret"].as_str().unwrap(),
        &ada.cookie.clone().unwrap(),
    ] {
        assert!(!text.contains(secret));
    }

    let page = ada.get("/api/v1/audit_entries?limit=4").await;
    assert_eq!(page["items"].as_array().unwrap()[..], items[..4]);
    let next = format!(
        "/api/v1/audit_entries?limit=100&cursor={}",
        page["next_cursor"].as_str().unwrap()
    );
    assert_eq!(
        ada.get(&next).await["items"].as_array().unwrap()[..],
        items[4..]
    );
}

#[tokio::test]
async fn a_member_of_another_workspace_sees_and_changes_nothing_here() {
    let api = Api::new().await;
    let mut ada = owner(&api).await;
    let mut stranger = ada.invite("eve@example.com", "admin").await;
    let eve = stranger.get("/api/v1/session").await["member"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let statements = [
        "INSERT INTO workspace (id, name, created_at) VALUES (2, 'Other', 0)",
        "UPDATE member SET workspace_id = 2 WHERE email = 'eve@example.com'",
        "UPDATE member_session SET workspace_id = 2 WHERE member_id IN (SELECT id FROM member WHERE workspace_id = 2)",
    ];
    for statement in statements {
        let done = sqlx::query(statement).execute(api.meta.pool()).await;
        done.unwrap();
    }
    for path in [
        "/api/v1/applications",
        "/api/v1/members",
        "/api/v1/audit_entries",
        "/api/v1/me/sessions",
    ] {
        stranger
            .call(&format!("GET {path}"), Value::Null)
            .await
            .problem("unauthorized");
    }
    stranger
        .call("POST /api/v1/applications", json!({ "name": "a" }))
        .await
        .problem("unauthorized");
    stranger
        .sign_in("eve@example.com", PASSWORD)
        .await
        .problem("wrong_credentials");
    let members = ada.get("/api/v1/members").await;
    assert_eq!(members["items"].as_array().unwrap().len(), 1);
    ada.call(
        &format!("PATCH /api/v1/members/{eve}"),
        json!({ "role": "viewer" }),
    )
    .await
    .problem("member_not_found");
    ada.call(&format!("DELETE /api/v1/members/{eve}"), Value::Null)
        .await
        .problem("member_not_found");
}
