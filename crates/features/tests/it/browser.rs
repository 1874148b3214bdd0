//! A member's browser: it keeps its cookie and sends what the console sends.

use axum::body::Body;
use features::api::client::Client;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{Answer, Api, request_of};

pub(crate) const PASSWORD: &str = "a plain sentence";
const HOST: &str = "rum.example.com";

/// A browser with the cookie that it was given last.
#[derive(Clone)]
pub(crate) struct Browser<'a> {
    pub(crate) api: &'a Api,
    pub(crate) client: Client,
    pub(crate) cookie: Option<String>,
    pub(crate) user_agent: &'static str,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(api: &'a Api, ip: &str) -> Self {
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
    pub(crate) fn request(&self, request: &str, body: &Value) -> Request<Body> {
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

    pub(crate) async fn call(&mut self, request: &str, body: Value) -> Answer {
        let answer = self.api.send(self.request(request, &body)).await;
        if let Some(set) = answer.headers.get(header::SET_COOKIE) {
            let value = set.to_str().unwrap().split(';').next().unwrap();
            let value = value.strip_prefix("footfall_session=").unwrap();
            self.cookie = Some(value.to_owned()).filter(|value| !value.is_empty());
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Value {
        self.call(&format!("GET {path}"), Value::Null)
            .await
            .json(StatusCode::OK)
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.call("POST /api/v1/session", body).await
    }

    /// Invites somebody and accepts as them.
    pub(crate) async fn invite(&mut self, email: &str, role: &str) -> Self {
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

pub(crate) async fn setup_token(api: &Api) -> String {
    let link = api.meta.create_setup_link(meta::WorkspaceId::FIRST).await;
    let path = link.unwrap().unwrap().path;
    path.strip_prefix("/setup?token=").unwrap().to_owned()
}

/// The first administrator in their browser.
pub(crate) async fn owner(api: &Api) -> Browser<'_> {
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
