//! The API as its users see it: requests in, answers out.
#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod browser;
mod events;
mod explorers;
mod export;
mod intake;
mod management;
mod members;
mod openapi;
mod overview;
mod problems;
mod sign_in;
mod summaries;
mod surroundings;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use features::State;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use meta::{Meta, Name, NewApiKey, RetentionDays, Rights};
use serde_json::Value;
use store::Store;
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

use surroundings::Around;

const KEY: &str = "the key of the tests";

struct Api {
    router: Router,
    meta: Meta,
    surroundings: Arc<Around>,
    store: Store,
    state: State,
    folder: TempDir,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// Null when the body is empty.
    body: Value,
}

impl Api {
    async fn new() -> Self {
        Self::at(meta::system_clock()).await
    }

    async fn at(clock: meta::Clock) -> Self {
        let meta = Meta::temporary_at(clock).await.unwrap();
        meta.ensure_environment_key(Some(KEY)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let surroundings = Arc::new(Around::default());
        let options = store::Options::new(folder.path().to_owned());
        let store = Store::open(options, meta.pool().clone()).await.unwrap();
        let state = State {
            meta: meta.clone(),
            default_retention: RetentionDays::parse(30).unwrap(),
            store: store.clone(),
            engine: Arc::new(query::Engine::new(query::Options::default()).unwrap()),
            query_limits: query::Limits::default(),
            snapshots: Arc::new(query::Snapshots::default()),
            // The tests' segments are small.
            summaries: Arc::new(features::summaries(query::summary::Options {
                rows_min: 1,
                spared_min: 1,
                size_percent_max: 10_000,
                ..Default::default()
            })),
            is_ready: watch::channel(true).1,
            surroundings: surroundings.clone(),
            stored_arrivals: Arc::default(),
        };
        Self {
            router: features::router(state.clone()),
            state,
            meta,
            surroundings,
            store,
            folder,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        Self::answer_of(&self.router, request).await
    }

    /// Every file of the store.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path)
                } else {
                    files.push(path)
                }
            }
        }
        files
    }

    async fn answer_of(router: &Router, request: Request<Body>) -> Answer {
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// `"GET /path"`, with the full key and, unless it is null, a JSON body.
    async fn call(&self, request: &str, body: Value) -> Answer {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(request_of(request, Some(KEY), text)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(&format!("GET {path}"), Value::Null).await
    }

    async fn read_key(&self) -> String {
        let name = Name::parse("reader").unwrap();
        self.meta
            .create_api_key(NewApiKey {
                name,
                rights: Rights::Read,
            })
            .await
            .unwrap()
            .secret
    }
}

impl Answer {
    #[track_caller]
    fn json(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Checks that it is a whole problem document of this code, and gives its detail.
    #[track_caller]
    fn problem(&self, code: &str) -> String {
        assert_eq!(self.body["code"], code, "{self:?}");
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert_eq!(self.body["status"], self.status.as_u16());
        assert_eq!(self.body["type"], format!("urn:footfall:problem:{code}"));
        assert_eq!(
            self.body["request_id"],
            self.headers["x-request-id"].to_str().unwrap()
        );
        for name in ["title", "help"] {
            assert!(
                self.body[name]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{name}: {}",
                self.body
            );
        }
        let kind = features::api::problems::ALL
            .iter()
            .find(|kind| kind.code == code)
            .unwrap();
        assert_eq!(kind.status, self.status);
        self.body["detail"].as_str().unwrap().to_owned()
    }
}

fn request_of(request: &str, key: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let (method, path) = request.split_once(' ').unwrap();
    let mut builder = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        builder = builder.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    builder.body(body.into()).unwrap()
}
