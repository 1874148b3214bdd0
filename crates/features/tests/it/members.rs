//! Rights, members, invitations and audit entries, each rule by trying.

use http::StatusCode;
use serde_json::{Value, json};

use crate::Api;
use crate::browser::{Browser, PASSWORD, owner};
use crate::openapi::example;

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
    const HIDDEN: [&str; 6] = [
        "GET /api/v1/applications/{app_id}/tokens",
        "GET /api/v1/api_keys",
        "GET /api/v1/invitations",
        "GET /api/v1/audit_entries",
        "GET /api/v1/erasures",
        "GET /api/v1/erasures/{id}",
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
