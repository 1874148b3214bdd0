//! `/api/v1/deletions`: what was deleted, and whether its data is gone.

use axum::Json;
use axum::extract;
use serde::Serialize;
use utoipa::ToSchema;

use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::body::Query;
use crate::api::page::{Page, PageKey, PageQuery};
use crate::api::problems::Problem;
use crate::api::wire::Time;

/// A deleted application id.
#[derive(Serialize, ToSchema)]
pub(crate) struct Deletion {
    app_id: String,
    requested_at: Time,
    /// When nothing of it was left; null while its data goes.
    #[schema(required)]
    completed_at: Option<Time>,
}

/// List the deletions
#[utoipa::path(get, path = "/api/v1/deletions", params(PageQuery), responses((status = OK, body = Page<Deletion>)))]
pub(crate) async fn list(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Deletion>>, Problem> {
    Page::cut(state.meta.deletions().await?, &query, Deletion::from).map(Json)
}

impl From<meta::Deletion> for Deletion {
    fn from(deletion: meta::Deletion) -> Self {
        Self {
            app_id: deletion.app_id.to_string(),
            requested_at: Time(deletion.requested_at),
            completed_at: deletion.completed_at.map(Time),
        }
    }
}

impl PageKey for meta::Deletion {
    fn page_key(&self) -> (i64, &str) {
        (self.requested_at.0, self.app_id.as_str())
    }
}
