//! What users do with their data, as vertical slices over one API.
//!
//! **Job**: `/api/v1`: each slice declares its routes once, and from the same handlers and types come the router and the OpenAPI
//! document (`/api/v1/openapi.json`). `api` holds what slices share: problem documents, authentication, request bodies, lists.
//!
//! **Invariant**: every answer under `/api` that is not a success is a problem document (RFC 9457) with a request id, also for
//! wrong paths, methods, bodies and panics. A slice never imports another slice.
//!
//! **Reading order**: this file, `api/problems.rs`, `api/body.rs`, `management.rs`.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")
)]

mod access;
pub mod api;
mod dictionary;
mod explorers;
mod export;
mod intake;
mod management;
mod manifest;
mod overview;
mod rejects;
mod sql;
pub mod surroundings;

use std::sync::Arc;

use axum::Router;
use meta::{Meta, RetentionDays};
use query::summary::Summaries;
use store::Store;
use tokio::sync::watch;
use utoipa_axum::router::UtoipaMethodRouter;

/// What handlers work with. Built in `footfall/src/serve.rs`; cheap to clone.
#[derive(Clone)]
pub struct State {
    pub meta: Meta,
    /// How long a new application keeps its events when the request does not say.
    pub default_retention: RetentionDays,
    pub store: Store,
    pub engine: Arc<query::Engine>,
    pub query_limits: query::Limits,
    pub snapshots: Arc<query::Snapshots>,
    pub summaries: Arc<Summaries>,
    /// Turns true once every acknowledged event can be queried.
    pub is_ready: watch::Receiver<bool>,
    /// Intake, log and disk.
    pub surroundings: Arc<dyn surroundings::Surroundings>,
    pub stored_arrivals: Arc<api::stored::StoredArrivals>,
}

/// The summaries that Overview answers long ranges from.
#[must_use]
pub fn summaries(options: query::summary::Options) -> Summaries {
    Summaries::new(overview::cubes(), options)
}

impl State {
    /// Makes the summaries that are missing, of segments that look as they did at the call before. Returns how many were made.
    ///
    /// # Errors
    /// See [`Summaries::keep_up`]; what failed is tried again at the next call.
    pub async fn keep_summaries(&self) -> Result<usize, query::Error> {
        let store = self.store.clone();
        let now = tokio::task::spawn_blocking(move || store.snapshot()).await;
        let now = now.map_err(|_| query::Error::ShutDown)?;
        self.summaries
            .keep_up(&self.engine, &self.store, &now)
            .await
    }
}

/// One feature: its name (the tag in the OpenAPI document), what it is for, and its routes.
pub struct Slice {
    pub name: &'static str,
    pub about: &'static str,
    /// Made by `utoipa_axum::routes!`, so that a route without documentation cannot be written.
    pub routes: fn() -> Vec<UtoipaMethodRouter<State>>,
}

/// All slices; a new one is a line here.
pub const SLICES: &[Slice] = &[
    api::openapi::SLICE,
    access::SLICE,
    management::SLICE,
    sql::SLICE,
    rejects::SLICE,
    intake::SLICE,
    dictionary::SLICE,
    manifest::SLICE,
    export::SLICE,
    overview::SLICE,
    explorers::SLICE,
];

/// The whole API. It answers every path under `/api` that no other route takes, unknown ones with a problem document.
pub fn router(state: State) -> Router {
    api::router(SLICES).with_state(state)
}
