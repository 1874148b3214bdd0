//! Set-up, sign-in, cookies and sessions, each rule by trying.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use http::{StatusCode, header};
use schema::EventTime;
use serde_json::{Value, json};

use crate::browser::{Browser, PASSWORD, owner, setup_token};
use crate::{Answer, Api};

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
        .problem("sign_in_not_found");
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
