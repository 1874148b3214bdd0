//! `/api/v1/audit_entries`.

use axum::Json;
use axum::extract;
use meta::{ActorKind, AuditAction};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::State;
use crate::api::auth::FullAccess;
use crate::api::body::Query;
use crate::api::page::Page;
use crate::api::problems::{self, Problem};
use crate::api::wire::{Named, Time};

type ActorKindName = Named<ActorKind>;
type ActionName = Named<AuditAction>;

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;

/// Where the list goes on, and how long it may be.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<i64>,
    /// 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000, nullable = false)]
    limit: Option<usize>,
}

/// Who changed what, and when.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    id: String,
    at: Time,
    actor: AuditActor,
    action: ActionName,
    /// What it was done to, as it was called then: an e-mail, an app_id, the name of a key.
    #[schema(required)]
    target: Option<String>,
    /// What exactly, where action and target do not say it.
    #[schema(required)]
    detail: Option<String>,
}

/// Who acted, as they were called then.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditActor {
    kind: ActorKindName,
    /// Of the member or the key; empty for the system.
    id: String,
    name: String,
}

/// List the audit entries, newest first
///
/// The newest 100,000 are kept.
#[utoipa::path(get, path = "/api/v1/audit_entries", params(AuditQuery), responses((status = OK, body = Page<AuditEntry>)))]
pub(crate) async fn list(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("a limit is 1 to {LIMIT_MAX}, not {limit}");
        return Err(problems::INVALID_VALUE.because(detail));
    }
    let workspace = principal.workspace();
    let mut entries = state
        .meta
        .audit_entries(workspace, query.cursor, limit + 1)
        .await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let last = entries.last().filter(|_| more);
    Ok(Json(Page {
        next_cursor: last.map(|last| last.id.to_string()),
        items: entries.into_iter().map(AuditEntry::from).collect(),
    }))
}

impl From<meta::AuditEntry> for AuditEntry {
    fn from(entry: meta::AuditEntry) -> Self {
        let note = entry.note;
        Self {
            id: entry.id.to_string(),
            at: Time(entry.at),
            actor: AuditActor {
                kind: Named(note.actor.kind),
                id: note.actor.id,
                name: note.actor.name,
            },
            action: Named(note.action),
            target: note.target,
            detail: note.detail,
        }
    }
}
