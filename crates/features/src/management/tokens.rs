//! `/api/v1/applications/{app_id}/tokens`.

use std::time::Duration;

use axum::Json;
use axum::extract;
use http::StatusCode;
use meta::{AuditAction, AuditNote, ClientToken, TokenId};
use schema::EventTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::applications::known_form;
use crate::State;
use crate::api::auth::FullAccess;
use crate::api::body::{Body, Path, Query};
use crate::api::page::{Page, PageKey, PageQuery};
use crate::api::problems::{self, Problem};
use crate::api::wire::Time;

const OVERLAP_SECONDS_MAX: u64 = 90 * 86_400;

/// A client token: what an SDK names to write into an application. It stands in the page and is no secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    id: String,
    /// What to configure in the SDK.
    token: String,
    /// Whether it opens its application now.
    live: bool,
    created_at: Time,
    /// From when it is refused, after a rotation.
    #[schema(required)]
    expires_at: Option<Time>,
    #[schema(required)]
    revoked_at: Option<Time>,
}

/// How to rotate a token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRotate {
    /// How long the old token lives on, so that pages in the field can be changed without loss: 0 to 7776000 (90 days).
    #[schema(minimum = 0, maximum = 7_776_000)]
    overlap_seconds: u64,
}

/// List the client tokens of an application
#[utoipa::path(
    get, path = "/api/v1/applications/{app_id}/tokens", params(("app_id" = String, Path), PageQuery),
    responses((status = OK, body = Page<Token>))
)]
pub(crate) async fn list(
    _: FullAccess,
    extract::State(state): extract::State<State>,
    Path(app_id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Token>>, Problem> {
    let tokens = state.meta.tokens(&known_form(&app_id)?).await?;
    let now = state.meta.now();
    Page::cut(tokens, &query, |token| Token::at(token, now)).map(Json)
}

/// Create a client token
#[utoipa::path(
    post, path = "/api/v1/applications/{app_id}/tokens", params(("app_id" = String, Path)),
    responses((status = CREATED, body = Token))
)]
pub(crate) async fn create(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path(app_id): Path<String>,
) -> Result<(StatusCode, Json<Token>), Problem> {
    let note = AuditNote::new(principal.actor(), AuditAction::TokenCreated).on(app_id.as_str());
    let meta = state.meta.noting(note);
    let token = meta.create_token(&known_form(&app_id)?).await?;
    Ok((
        StatusCode::CREATED,
        Json(Token::at(token, state.meta.now())),
    ))
}

/// Replace a client token by a new one; both work until the overlap ends
#[utoipa::path(
    post, path = "/api/v1/applications/{app_id}/tokens/{id}/rotate",
    params(("app_id" = String, Path), ("id" = String, Path)), request_body = TokenRotate,
    responses((status = CREATED, body = Token, description = "The new token"))
)]
pub(crate) async fn rotate(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path((app_id, id)): Path<(String, String)>,
    Body(body): Body<TokenRotate>,
) -> Result<(StatusCode, Json<Token>), Problem> {
    if body.overlap_seconds > OVERLAP_SECONDS_MAX {
        let detail = format!(
            "an overlap is 0 to {OVERLAP_SECONDS_MAX} seconds, not {}",
            body.overlap_seconds
        );
        return Err(problems::INVALID_VALUE
            .because(detail)
            .pointing("/overlap_seconds"));
    }
    let overlap = Duration::from_secs(body.overlap_seconds);
    let note = AuditNote::new(principal.actor(), AuditAction::TokenRotated)
        .on(app_id.as_str())
        .detail(format!("{id}, overlap {} s", body.overlap_seconds));
    let token = state
        .meta
        .noting(note)
        .rotate_token(&known_form(&app_id)?, &TokenId(id), overlap)
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(Token::at(token, state.meta.now())),
    ))
}

/// Revoke a client token at once
#[utoipa::path(
    delete, path = "/api/v1/applications/{app_id}/tokens/{id}",
    params(("app_id" = String, Path), ("id" = String, Path)), responses((status = NO_CONTENT))
)]
pub(crate) async fn revoke(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path((app_id, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let note = AuditNote::new(principal.actor(), AuditAction::TokenRevoked)
        .on(app_id.as_str())
        .detail(id.as_str());
    state
        .meta
        .noting(note)
        .revoke_token(&known_form(&app_id)?, &TokenId(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Token {
    fn at(token: ClientToken, now: EventTime) -> Self {
        Self {
            live: token.is_live(now),
            id: token.id.0,
            token: token.token,
            created_at: Time(token.created_at),
            expires_at: token.expires_at.map(Time),
            revoked_at: token.revoked_at.map(Time),
        }
    }
}

impl PageKey for ClientToken {
    fn page_key(&self) -> (i64, &str) {
        (self.created_at.0, &self.id.0)
    }
}
