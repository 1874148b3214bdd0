//! `/api/v1/api_keys`. A key with read rights does not see the other keys.

use axum::Json;
use axum::extract;
use http::StatusCode;
use meta::{ApiKeyId, AuditAction, AuditNote, Name, Names, NewApiKey, Rights};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::State;
use crate::api::auth::FullAccess;
use crate::api::body::{Body, Path, Query, field};
use crate::api::page::{Page, PageKey, PageQuery};
use crate::api::problems::Problem;
use crate::api::wire::{Named, Time};

type RightsName = Named<Rights>;

/// What is known of an API key; its secret is not.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKey {
    id: String,
    name: String,
    /// How the key begins; empty for the key of the server's settings.
    prefix: String,
    rights: RightsName,
    created_at: Time,
    #[schema(required)]
    last_used_at: Option<Time>,
}

/// A new API key with its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeyCreated {
    #[serde(flatten)]
    key: ApiKey,
    /// The key itself. It is shown only here: only its hash is kept.
    secret: String,
}

/// An API key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKeyCreate {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    rights: RightsName,
}

/// List the API keys
#[utoipa::path(get, path = "/api/v1/api_keys", params(PageQuery), responses((status = OK, body = Page<ApiKey>)))]
pub(crate) async fn list(
    _: FullAccess,
    extract::State(state): extract::State<State>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ApiKey>>, Problem> {
    Page::cut(state.meta.api_keys(), &query, ApiKey::from).map(Json)
}

/// Create an API key
#[utoipa::path(
    post, path = "/api/v1/api_keys", request_body = ApiKeyCreate,
    responses((status = CREATED, body = ApiKeyCreated))
)]
pub(crate) async fn create(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Body(body): Body<ApiKeyCreate>,
) -> Result<(StatusCode, Json<ApiKeyCreated>), Problem> {
    let name = field("/name", Name::parse(&body.name))?;
    let note = AuditNote::new(principal.actor(), AuditAction::ApiKeyCreated)
        .on(name.as_str())
        .detail(body.rights.0.as_str());
    let created = state
        .meta
        .noting(note)
        .create_api_key(NewApiKey {
            name,
            rights: body.rights.0,
        })
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(ApiKeyCreated {
            key: created.key.into(),
            secret: created.secret,
        }),
    ))
}

/// Delete an API key; it opens nothing from that moment
#[utoipa::path(
    delete, path = "/api/v1/api_keys/{id}", params(("id" = String, Path)), responses((status = NO_CONTENT))
)]
pub(crate) async fn delete(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let keys = state.meta.api_keys();
    let name = keys.iter().find(|key| key.id.0 == id);
    let name = name.map_or(id.as_str(), |key| key.name.as_str());
    let note = AuditNote::new(principal.actor(), AuditAction::ApiKeyDeleted).on(name);
    let meta = state.meta.noting(note);
    meta.delete_api_key(&ApiKeyId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<meta::ApiKey> for ApiKey {
    fn from(key: meta::ApiKey) -> Self {
        Self {
            id: key.id.0,
            name: key.name.to_string(),
            prefix: key.prefix,
            rights: Named(key.rights),
            created_at: Time(key.created_at),
            last_used_at: key.last_used_at.map(Time),
        }
    }
}

impl PageKey for meta::ApiKey {
    fn page_key(&self) -> (i64, &str) {
        (self.created_at.0, &self.id.0)
    }
}
