//! Slice `rejects`: the quarantine, what clients sent that could not be stored.

use axum::Json;
use axum::extract;
use serde::{Deserialize, Serialize};
use store::Quarantined;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::api::auth::ReadAccess;
use crate::api::body::Query;
use crate::api::problems::{self, Problem};
use crate::api::wire::Time;
use crate::{Slice, State};

pub(crate) const SLICE: Slice = Slice {
    name: "rejects",
    about: "What clients sent that could not be stored",
    routes: || vec![routes!(list)],
};

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 1_000;

/// Where the list goes on, and how long it may be.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RejectsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<i64>,
    /// 1 to 1,000; 100 by default.
    limit: Option<u32>,
}

/// One refused event.
#[derive(Serialize, ToSchema)]
pub(crate) struct RejectEntry {
    received_at: Time,
    /// Stable code: `malformed_json`, `too_late`, `unknown_application` and so on.
    reason: String,
    /// What exactly was wrong.
    detail: String,
    /// Line of the request, from 1; 0 for the whole.
    place: usize,
    sdk_family: String,
    #[schema(required)]
    app_id: Option<String>,
    /// Scrubbed, at most 4 KiB.
    sample: String,
}

/// Refused events, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Rejects {
    items: Vec<RejectEntry>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List what was refused
///
/// Kept for 7 days. What was refused since the last flush, at most a minute ago, is not in the list yet.
#[utoipa::path(get, path = "/api/v1/rejects", params(RejectsQuery), responses((status = OK, body = Rejects)))]
pub(crate) async fn list(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Query(query): Query<RejectsQuery>,
) -> Result<Json<Rejects>, Problem> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if limit == 0 || limit > LIMIT_MAX {
        return Err(problems::INVALID_VALUE
            .because(format!("`limit` is {limit}, it must be 1 to {LIMIT_MAX}")));
    }
    let entries = state.store.quarantined(None, query.cursor, limit).await;
    let entries = entries.map_err(|error| {
        problems::INTERNAL
            .because("the quarantine could not be read")
            .caused_by(error)
    })?;
    let is_full = entries.len() == limit as usize;
    let next_cursor = entries
        .last()
        .filter(|_| is_full)
        .map(|last| last.id.to_string());
    Ok(Json(Rejects {
        items: entries.into_iter().map(RejectEntry::from).collect(),
        next_cursor,
    }))
}

impl From<Quarantined> for RejectEntry {
    fn from(Quarantined { entry, .. }: Quarantined) -> Self {
        Self {
            received_at: Time(schema::EventTime(entry.received_at_us)),
            reason: entry.reason.into(),
            detail: entry.detail,
            place: entry.place,
            sdk_family: entry.sdk_family.into(),
            app_id: entry.app_id.map(String::from),
            sample: entry.sample,
        }
    }
}
