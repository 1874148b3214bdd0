//! Links that work once: the set-up of the first administrator, and the reset of a password by who can run commands on the server.
//!
//! The link carries a secret of 256 random bits; the database holds its hash. A newer link of the same kind ends the older one.

use schema::EventTime;
use sqlx::{Row, SqliteConnection};

use crate::application::Name;
use crate::audit::{self, Actor, AuditAction, AuditNote};
use crate::database::Meta;
use crate::email::Email;
use crate::error::Error;
use crate::member::{self, Member, MemberId, NewMember, Role};
use crate::member_session::{self, Device, SignedIn};
use crate::password::Password;
use crate::rows::{random_hex, secret_hash};
use crate::sign_in;
use crate::workspace::WorkspaceId;

const RESET_LIFE_MICROS: i64 = 3_600 * 1_000_000;
/// A server that is set up on Friday is opened on Monday; each start makes a new link anyway.
const SETUP_LIFE_MICROS: i64 = 7 * 86_400 * 1_000_000;

/// What a link is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    Setup,
    Reset,
}

impl Purpose {
    /// Its name in the database and in the link's path.
    fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Reset => "reset",
        }
    }
}

/// A link just made.
#[derive(Clone, PartialEq, Eq)]
pub struct CreatedLink {
    /// Path and query of the console's page, with the secret.
    pub path: String,
    pub expires_at: EventTime,
}

/// Somebody who becomes a member.
#[derive(Clone)]
pub struct Newcomer {
    pub name: Name,
    pub password: Password,
}

impl Meta {
    /// A link that makes the first administrator; nothing when there are members already. Older ones are void from now on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn create_setup_link(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Option<CreatedLink>, Error> {
        self.write("a one-time link", move |tx, now| {
            Box::pin(async move {
                if member::any(tx, workspace).await? {
                    return Ok(None);
                }
                let link = insert(tx, workspace, Purpose::Setup, None, now).await?;
                Ok(Some(link))
            })
        })
        .await
    }

    /// A link by which a member sets a new password within an hour. Older ones of that member are void from now on.
    ///
    /// # Errors
    /// [`Error::NoMemberOfEmail`].
    pub async fn create_reset_link(
        &self,
        workspace: WorkspaceId,
        email: Email,
    ) -> Result<CreatedLink, Error> {
        self.write("a one-time link", move |tx, now| {
            Box::pin(async move {
                let found = member::by_email(tx, workspace, &email).await?;
                let (member, _) = found.ok_or_else(|| Error::NoMemberOfEmail {
                    email: email.to_string(),
                })?;
                let operator = Actor::system(workspace, "command line");
                let note = AuditNote::new(operator, AuditAction::LinkCreated).on(email.as_str());
                audit::insert(tx, now, &note).await?;
                insert(tx, workspace, Purpose::Reset, Some(&member.id), now).await
            })
        })
        .await
    }

    /// Makes the first administrator, an owner, and signs them in.
    ///
    /// # Errors
    /// [`Error::Link`], [`Error::SetUpAlready`], [`Error::PasswordKnown`], [`Error::HashingBusy`].
    pub async fn set_up(
        &self,
        workspace: WorkspaceId,
        secret: &str,
        email: Email,
        newcomer: Newcomer,
        device: Device,
    ) -> Result<SignedIn, Error> {
        newcomer.password.check_is_not(&email)?;
        // Before the hash, which a stranger without a link must not be able to ask for.
        if self.has_members(workspace).await? {
            return Err(Error::SetUpAlready);
        }
        self.check_link(workspace, Purpose::Setup, secret).await?;
        let place = self.hasher().place()?;
        let password_hash = self.hasher().hash(place, newcomer.password).await?;
        let secret = secret.to_owned();
        self.write("the first administrator", move |tx, now| {
            Box::pin(async move {
                if member::any(tx, workspace).await? {
                    return Err(Error::SetUpAlready);
                }
                take(tx, workspace, Purpose::Setup, &secret, now).await?;
                let new = NewMember {
                    workspace,
                    email,
                    name: newcomer.name,
                    role: Role::Owner,
                    password_hash,
                };
                let member = member::insert(tx, new, now).await?;
                let note = AuditNote::new(member.actor(), AuditAction::WorkspaceSetUp)
                    .on(member.email.as_str());
                audit::insert(tx, now, &sign_in::from(note, &device)).await?;
                member_session::open(tx, member, &device, now).await
            })
        })
        .await
    }

    /// Sets a member's password by a link, ends their sessions and signs them in.
    ///
    /// # Errors
    /// [`Error::Link`], [`Error::PasswordKnown`], [`Error::HashingBusy`].
    pub async fn reset_password(
        &self,
        workspace: WorkspaceId,
        secret: &str,
        password: Password,
        device: Device,
    ) -> Result<SignedIn, Error> {
        let member = self.check_link(workspace, Purpose::Reset, secret).await?;
        let member = member.ok_or(Error::Link)?;
        password.check_is_not(&member.email)?;
        let place = self.hasher().place()?;
        let hash = self.hasher().hash(place, password).await?;
        let secret = secret.to_owned();
        self.write("a password", move |tx, now| {
            Box::pin(async move {
                let id = take(tx, workspace, Purpose::Reset, &secret, now).await?;
                let member = member::find(tx, workspace, &id.ok_or(Error::Link)?).await?;
                sign_in::reset(tx, &member, hash).await?;
                let note = AuditNote::new(member.actor(), AuditAction::PasswordReset)
                    .on(member.email.as_str());
                audit::insert(tx, now, &sign_in::from(note, &device)).await?;
                member_session::open(tx, member, &device, now).await
            })
        })
        .await
    }

    /// Whether a link is still good, and for whom.
    async fn check_link(
        &self,
        workspace: WorkspaceId,
        purpose: Purpose,
        secret: &str,
    ) -> Result<Option<Member>, Error> {
        let mut connection = self.readers().acquire().await.map_err(reading)?;
        let id = find(&mut connection, workspace, purpose, secret, self.now()).await?;
        match id {
            Some(id) => member::find(&mut connection, workspace, &id)
                .await
                .map(Some),
            None => Ok(None),
        }
    }
}

async fn insert(
    tx: &mut SqliteConnection,
    workspace: WorkspaceId,
    purpose: Purpose,
    member: Option<&MemberId>,
    now: EventTime,
) -> Result<CreatedLink, Error> {
    let member = member.map(|id| id.0.as_str());
    let older = "DELETE FROM one_time_link WHERE expires_at <= $1 \
                 OR (workspace_id = $2 AND purpose = $3 AND coalesce(member_id, '') = coalesce($4, ''))";
    sqlx::query(older)
        .bind(now.0)
        .bind(workspace.0)
        .bind(purpose.as_str())
        .bind(member)
        .execute(&mut *tx)
        .await
        .map_err(writing)?;
    let secret = random_hex::<32>();
    let life = match purpose {
        Purpose::Setup => SETUP_LIFE_MICROS,
        Purpose::Reset => RESET_LIFE_MICROS,
    };
    let insert = "INSERT INTO one_time_link (hash, workspace_id, purpose, member_id, created_at, expires_at) \
                  VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(insert)
        .bind(secret_hash(&secret))
        .bind(workspace.0)
        .bind(purpose.as_str())
        .bind(member)
        .bind(now.0)
        .bind(now.0 + life)
        .execute(tx)
        .await
        .map_err(writing)?;
    Ok(CreatedLink {
        path: format!("/{}?token={secret}", purpose.as_str()),
        expires_at: EventTime(now.0 + life),
    })
}

/// Uses a link up; the member it is for, if it is for one.
async fn take(
    tx: &mut SqliteConnection,
    workspace: WorkspaceId,
    purpose: Purpose,
    secret: &str,
    now: EventTime,
) -> Result<Option<MemberId>, Error> {
    let member = find(tx, workspace, purpose, secret, now).await?;
    sqlx::query("DELETE FROM one_time_link WHERE hash = $1")
        .bind(secret_hash(secret))
        .execute(tx)
        .await
        .map_err(writing)?;
    Ok(member)
}

async fn find(
    connection: &mut SqliteConnection,
    workspace: WorkspaceId,
    purpose: Purpose,
    secret: &str,
    now: EventTime,
) -> Result<Option<MemberId>, Error> {
    let select = "SELECT member_id FROM one_time_link WHERE hash = $1 AND workspace_id = $2 AND purpose = $3 AND expires_at > $4";
    let row = sqlx::query(select)
        .bind(secret_hash(secret))
        .bind(workspace.0)
        .bind(purpose.as_str())
        .bind(now.0)
        .fetch_optional(connection)
        .await
        .map_err(reading)?;
    let row = row.ok_or(Error::Link)?;
    Ok(row.get::<Option<String>, _>("member_id").map(MemberId))
}

fn reading(source: sqlx::Error) -> Error {
    Error::Read {
        what: "a one-time link",
        source,
    }
}

fn writing(source: sqlx::Error) -> Error {
    Error::Write {
        what: "a one-time link",
        source,
    }
}
