//! Sessions of members: a browser that is signed in. (The sessions of visitors are events and have nothing to do with these.)
//!
//! The browser holds a secret of 256 random bits; the database holds its hash. A session ends 30 days after its last use, when
//! its member signs out or is removed, when the password changes, or when the member revokes it.

use std::net::IpAddr;

use schema::EventTime;
use sqlx::{Row, SqliteConnection};

use crate::audit::{self, AuditAction, AuditNote};
use crate::database::Meta;
use crate::error::Error;
use crate::member::{self, Member, MemberId};
use crate::rows::{random_hex, secret_hash};
use crate::workspace::WorkspaceId;

const LIFE_MICROS: i64 = 30 * 86_400 * 1_000_000;
/// Uses closer together than this are one: a polling screen must not write to the database each second.
const USE_MICROS: i64 = 5 * 60 * 1_000_000;
/// Of one member; a further sign-in ends the one that was unused for longest.
const OF_MEMBER_MAX: i64 = 50;
const USER_AGENT_CHARACTERS_MAX: usize = 300;

/// Names a session in the API.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(pub String);

/// What is known of the browser that signs in.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Device {
    pub user_agent: String,
    pub ip: Option<IpAddr>,
}

/// A session as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberSession {
    pub id: SessionId,
    pub user_agent: String,
    pub ip: Option<String>,
    pub created_at: EventTime,
    /// To within some minutes.
    pub last_used_at: EventTime,
}

/// A member who has just signed in, with the secret for the cookie, which is shown this once.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub member: Member,
    pub session: SessionId,
    pub secret: String,
}

impl Meta {
    /// Whose session this secret opens, if it is one. Moves the session's end, and notes the device's address.
    ///
    /// # Errors
    /// What the database says. A use that cannot be noted (a full disk) is no error.
    pub async fn session(
        &self,
        secret: &str,
        ip: Option<IpAddr>,
    ) -> Result<Option<(SessionId, Member)>, Error> {
        let reading = |source| Error::Read {
            what: "a session",
            source,
        };
        let hash = secret_hash(secret);
        let select = "SELECT id, last_used_at, member_id, workspace_id FROM member_session \
                      WHERE workspace_id = $1 AND hash = $2 AND expires_at > $3";
        let mut connection = self.readers().acquire().await.map_err(reading)?;
        let row = sqlx::query(select)
            .bind(WorkspaceId::FIRST.0)
            .bind(&hash)
            .bind(self.now().0)
            .fetch_optional(&mut *connection)
            .await
            .map_err(reading)?;
        let Some(row) = row else { return Ok(None) };
        let workspace = WorkspaceId(row.get("workspace_id"));
        let member =
            member::find(&mut connection, workspace, &MemberId(row.get("member_id"))).await;
        let member = match member {
            // Removed between the two statements.
            Err(Error::NoMember { .. }) => return Ok(None),
            member => member?,
        };
        // Given back before the write, which may wait: readers are few.
        drop(connection);
        let last_used_at: i64 = row.get("last_used_at");
        if self.now().0 >= last_used_at + USE_MICROS
            && let Err(error) = self.note_use(hash, member.id.clone(), ip).await
        {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "cannot note when a session was last used");
        }
        Ok(Some((SessionId(row.get("id")), member)))
    }

    /// The sessions of a member, the one used last first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sessions(&self, member: &Member) -> Result<Vec<MemberSession>, Error> {
        let select = "SELECT id, user_agent, ip, created_at, last_used_at FROM member_session \
                      WHERE workspace_id = $1 AND member_id = $2 AND expires_at > $3 ORDER BY last_used_at DESC, id";
        let rows = sqlx::query(select)
            .bind(member.workspace.0)
            .bind(&member.id.0)
            .bind(self.now().0)
            .fetch_all(self.readers())
            .await
            .map_err(|source| Error::Read {
                what: "the sessions",
                source,
            })?;
        let session = |row: &sqlx::sqlite::SqliteRow| MemberSession {
            id: SessionId(row.get("id")),
            user_agent: row.get("user_agent"),
            ip: row.get("ip"),
            created_at: EventTime(row.get("created_at")),
            last_used_at: EventTime(row.get("last_used_at")),
        };
        Ok(rows.iter().map(session).collect())
    }

    /// Ends a session of a member; `current` is the one that asks, which makes it a sign-out.
    ///
    /// # Errors
    /// [`Error::NoSession`], also for a session of somebody else.
    pub async fn end_session(
        &self,
        member: &Member,
        id: SessionId,
        current: &SessionId,
    ) -> Result<(), Error> {
        let action = if id == *current {
            AuditAction::SessionEnded
        } else {
            AuditAction::SessionRevoked
        };
        let note = AuditNote::new(member.actor(), action).on(member.email.as_str());
        let (workspace, member) = (member.workspace, member.id.clone());
        self.write("a session", move |tx, now| {
            Box::pin(async move {
                let delete = "DELETE FROM member_session WHERE workspace_id = $1 AND member_id = $2 AND id = $3";
                let done = sqlx::query(delete)
                    .bind(workspace.0)
                    .bind(&member.0)
                    .bind(&id.0)
                    .execute(&mut *tx)
                    .await
                    .map_err(writing)?;
                if done.rows_affected() == 0 {
                    return Err(Error::NoSession { id: id.0 });
                }
                audit::insert(tx, now, &note).await
            })
        })
        .await
    }

    async fn note_use(
        &self,
        hash: String,
        member: MemberId,
        ip: Option<IpAddr>,
    ) -> Result<(), Error> {
        self.write("a session", move |tx, now| {
            Box::pin(async move {
                let update = "UPDATE member_session SET last_used_at = $2, expires_at = $3, ip = coalesce($4, ip) \
                              WHERE hash = $1 AND last_used_at < $2";
                sqlx::query(update)
                    .bind(hash)
                    .bind(now.0)
                    .bind(now.0 + LIFE_MICROS)
                    .bind(ip.map(|ip| ip.to_string()))
                    .execute(&mut *tx)
                    .await
                    .map_err(writing)?;
                seen(tx, &member, now).await
            })
        })
        .await
    }
}

/// Makes a session for a member who has shown who they are.
pub(crate) async fn open(
    tx: &mut SqliteConnection,
    member: Member,
    device: &Device,
    now: EventTime,
) -> Result<SignedIn, Error> {
    let secret = random_hex::<32>();
    let session = SessionId(format!("ses_{}", random_hex::<8>()));
    let user_agent: String = device
        .user_agent
        .chars()
        .take(USER_AGENT_CHARACTERS_MAX)
        .collect();
    sqlx::query("DELETE FROM member_session WHERE expires_at <= $1")
        .bind(now.0)
        .execute(&mut *tx)
        .await
        .map_err(writing)?;
    let insert = "INSERT INTO member_session (id, workspace_id, member_id, hash, user_agent, ip, created_at, last_used_at, expires_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)";
    sqlx::query(insert)
        .bind(&session.0)
        .bind(member.workspace.0)
        .bind(&member.id.0)
        .bind(secret_hash(&secret))
        .bind(user_agent)
        .bind(device.ip.map(|ip| ip.to_string()))
        .bind(now.0)
        .bind(now.0 + LIFE_MICROS)
        .execute(&mut *tx)
        .await
        .map_err(writing)?;
    let prune = "DELETE FROM member_session WHERE member_id = $1 AND id <> $2 AND id IN ( \
                 SELECT id FROM member_session WHERE member_id = $1 AND id <> $2 \
                 ORDER BY last_used_at DESC, id LIMIT 1000 OFFSET $3)";
    sqlx::query(prune)
        .bind(&member.id.0)
        .bind(&session.0)
        .bind(OF_MEMBER_MAX - 1)
        .execute(&mut *tx)
        .await
        .map_err(writing)?;
    seen(tx, &member.id, now).await?;
    Ok(SignedIn {
        member: Member {
            last_seen_at: Some(now),
            ..member
        },
        session,
        secret,
    })
}

/// Ends all sessions of a member but one.
pub(crate) async fn end_others(
    tx: &mut SqliteConnection,
    member: &MemberId,
    kept: Option<&SessionId>,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM member_session WHERE member_id = $1 AND id <> $2")
        .bind(&member.0)
        .bind(kept.map_or("", |kept| kept.0.as_str()))
        .execute(tx)
        .await
        .map_err(writing)?;
    Ok(())
}

async fn seen(tx: &mut SqliteConnection, member: &MemberId, now: EventTime) -> Result<(), Error> {
    sqlx::query("UPDATE member SET last_seen_at = $2 WHERE id = $1")
        .bind(&member.0)
        .bind(now.0)
        .execute(tx)
        .await
        .map_err(member::writing)?;
    Ok(())
}

fn writing(source: sqlx::Error) -> Error {
    Error::Write {
        what: "a session",
        source,
    }
}
