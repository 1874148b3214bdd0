//! Audit entries: who changed what, and when. Each is written in the transaction of its change.
//!
//! Entries name things as people know them (an e-mail, an app_id, the name of a key), since the things may be gone when they are
//! read. The newest [`KEPT_MAX`] are kept.

use schema::EventTime;
use sqlx::{Row, SqliteConnection};

use crate::database::Meta;
use crate::error::Error;
use crate::names::{Names, names};
use crate::rows::stored_name;
use crate::workspace::WorkspaceId;

const KEPT_MAX: i64 = 100_000;

names! {
    /// What kind of somebody acted.
    ActorKind, "actor kind":
    Member = "member",
    ApiKey = "api_key",
    /// The server itself, or its operator at the command line.
    System = "system",
}

names! {
    /// What was done.
    AuditAction, "audit action":
    WorkspaceSetUp = "workspace.set_up",
    SessionCreated = "session.created",
    SessionFailed = "session.failed",
    SessionEnded = "session.ended",
    SessionRevoked = "session.revoked",
    PasswordChanged = "member.password_changed",
    PasswordReset = "member.password_reset",
    MemberRenamed = "member.renamed",
    MemberRoleChanged = "member.role_changed",
    MemberRemoved = "member.removed",
    InvitationCreated = "invitation.created",
    InvitationDeleted = "invitation.deleted",
    InvitationAccepted = "invitation.accepted",
    LinkCreated = "one_time_link.created",
    ApiKeyCreated = "api_key.created",
    ApiKeyDeleted = "api_key.deleted",
    ApplicationCreated = "application.created",
    ApplicationUpdated = "application.updated",
    ApplicationRenamed = "application.renamed",
    ApplicationDeleted = "application.deleted",
    ErasureRequested = "erasure.requested",
    TokenCreated = "token.created",
    TokenRotated = "token.rotated",
    TokenRevoked = "token.revoked",
}

/// Who acted, as they were called then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    pub workspace: WorkspaceId,
    pub kind: ActorKind,
    /// Id of the member or the key; empty for the system.
    pub id: String,
    pub name: String,
}

impl Actor {
    /// The server itself, or its operator at the command line.
    #[must_use]
    pub fn system(workspace: WorkspaceId, name: &str) -> Self {
        Self {
            workspace,
            kind: ActorKind::System,
            id: String::new(),
            name: name.to_owned(),
        }
    }
}

/// An entry to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditNote {
    pub actor: Actor,
    pub action: AuditAction,
    /// What it was done to.
    pub target: Option<String>,
    /// What exactly, where action and target do not say it.
    pub detail: Option<String>,
}

impl AuditNote {
    /// A note that somebody did something.
    #[must_use]
    pub fn new(actor: Actor, action: AuditAction) -> Self {
        Self {
            actor,
            action,
            target: None,
            detail: None,
        }
    }

    /// With what it was done to.
    #[must_use]
    pub fn on(self, target: impl Into<String>) -> Self {
        Self {
            target: Some(target.into()),
            ..self
        }
    }

    /// With what exactly was done.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }
}

/// An entry as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Grows: a later entry has a higher one.
    pub id: i64,
    pub at: EventTime,
    pub note: AuditNote,
}

impl Meta {
    /// Entries of a workspace, newest first: at most `limit`, older than the entry `before` when one is given.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit_entries(
        &self,
        workspace: WorkspaceId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, Error> {
        let select = "SELECT id, at, actor_kind, actor_id, actor_name, action, target, detail FROM audit_entry \
                      WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
        let rows = sqlx::query(select)
            .bind(workspace.0)
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.readers())
            .await
            .map_err(|source| Error::Read {
                what: "the audit entries",
                source,
            })?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            let actor = Actor {
                workspace,
                kind: stored_name(row.get("actor_kind"))?,
                id: row.get("actor_id"),
                name: row.get("actor_name"),
            };
            let note = AuditNote {
                actor,
                action: stored_name(row.get("action"))?,
                target: row.get("target"),
                detail: row.get("detail"),
            };
            entries.push(AuditEntry {
                id: row.get("id"),
                at: EventTime(row.get("at")),
                note,
            });
        }
        Ok(entries)
    }
}

pub(crate) async fn insert(
    tx: &mut SqliteConnection,
    now: EventTime,
    note: &AuditNote,
) -> Result<(), Error> {
    let failed = |source| Error::Write {
        what: "an audit entry",
        source,
    };
    let next = "UPDATE counter SET value = value + 1 WHERE name = 'audit_entry' RETURNING value";
    let id: i64 = sqlx::query_scalar(next)
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
    let insert = "INSERT INTO audit_entry (id, workspace_id, at, actor_kind, actor_id, actor_name, action, target, detail) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    sqlx::query(insert)
        .bind(id)
        .bind(note.actor.workspace.0)
        .bind(now.0)
        .bind(note.actor.kind.as_str())
        .bind(&note.actor.id)
        .bind(&note.actor.name)
        .bind(note.action.as_str())
        .bind(&note.target)
        .bind(&note.detail)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
    sqlx::query("DELETE FROM audit_entry WHERE id <= $1")
        .bind(id - KEPT_MAX)
        .execute(tx)
        .await
        .map_err(failed)?;
    Ok(())
}

/// How many entries of an action a workspace has since a time.
pub(crate) async fn count_since(
    tx: &mut SqliteConnection,
    workspace: WorkspaceId,
    action: AuditAction,
    since: EventTime,
) -> Result<i64, Error> {
    let count =
        "SELECT count(*) FROM audit_entry WHERE workspace_id = $1 AND action = $2 AND at >= $3";
    sqlx::query_scalar(count)
        .bind(workspace.0)
        .bind(action.as_str())
        .bind(since.0)
        .fetch_one(tx)
        .await
        .map_err(|source| Error::Read {
            what: "the audit entries",
            source,
        })
}
