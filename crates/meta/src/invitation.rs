//! Invitations: links by which somebody becomes a member.

use schema::EventTime;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::audit::{self, Actor, ActorKind, AuditAction, AuditNote};
use crate::database::Meta;
use crate::email::Email;
use crate::error::{Error, Limit};
use crate::member::{self, NewMember, Role};
use crate::member_session::{self, Device, SignedIn};
use crate::names::Names;
use crate::one_time_link::Newcomer;
use crate::rows::{random_hex, secret_hash, stored_name};
use crate::sign_in;
use crate::workspace::WorkspaceId;

const LIFE_MICROS: i64 = 7 * 86_400 * 1_000_000;
const OPEN: Limit = Limit {
    what: "open invitations",
    max: 200,
};

/// Names an invitation in the API.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct InvitationId(pub String);

/// An invitation to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewInvitation {
    pub email: Email,
    pub role: Role,
}

/// An open invitation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: Email,
    pub role: Role,
    pub created_at: EventTime,
    pub expires_at: EventTime,
}

/// An invitation just made, with the link that is shown this once.
#[derive(Clone, PartialEq, Eq)]
pub struct CreatedInvitation {
    pub invitation: Invitation,
    /// Path and query of the console's page, with the secret.
    pub path: String,
}

impl Meta {
    /// Invites somebody for 7 days. An earlier invitation of the same e-mail is void from now on.
    ///
    /// # Errors
    /// [`Error::MemberExists`], [`Error::MayNotManage`], [`Error::OwnersOnly`], [`Error::Limit`].
    pub async fn create_invitation(
        &self,
        actor: Actor,
        new: NewInvitation,
    ) -> Result<CreatedInvitation, Error> {
        let secret = random_hex::<32>();
        let path = format!("/invite?token={secret}");
        let invitation = self
            .write("an invitation", move |tx, now| {
                Box::pin(async move {
                    let authority = member::authority(tx, &actor).await?;
                    member::check_owners(authority, new.role, new.role)?;
                    insert(tx, actor, new, &secret, now).await
                })
            })
            .await?;
        Ok(CreatedInvitation { invitation, path })
    }

    /// The open invitations of a workspace in the order they were made.
    ///
    /// # Errors
    /// What the database says.
    pub async fn invitations(&self, workspace: WorkspaceId) -> Result<Vec<Invitation>, Error> {
        let select = "SELECT id, email, role, created_at, expires_at FROM invitation \
                      WHERE workspace_id = $1 AND expires_at > $2 ORDER BY created_at, id";
        let rows = sqlx::query(select)
            .bind(workspace.0)
            .bind(self.now().0)
            .fetch_all(self.readers())
            .await
            .map_err(reading)?;
        rows.iter().map(from_row).collect()
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`Error::NoInvitation`], [`Error::MayNotManage`], [`Error::OwnersOnly`].
    pub async fn delete_invitation(&self, actor: Actor, id: InvitationId) -> Result<(), Error> {
        self.write("an invitation", move |tx, now| {
            Box::pin(async move {
                let authority = member::authority(tx, &actor).await?;
                let select = "SELECT id, email, role, created_at, expires_at FROM invitation \
                              WHERE workspace_id = $1 AND id = $2 AND expires_at > $3";
                let row = sqlx::query(select)
                    .bind(actor.workspace.0)
                    .bind(&id.0)
                    .bind(now.0)
                    .fetch_optional(&mut *tx)
                    .await
                    .map_err(reading)?;
                let row = row.ok_or(Error::NoInvitation { id: id.0 })?;
                let invitation = from_row(&row)?;
                member::check_owners(authority, invitation.role, invitation.role)?;
                delete(tx, &invitation.id).await?;
                let note = AuditNote::new(actor, AuditAction::InvitationDeleted)
                    .on(invitation.email.as_str())
                    .detail(invitation.role.as_str());
                audit::insert(tx, now, &note).await
            })
        })
        .await
    }

    /// The invitation that a link carries.
    ///
    /// # Errors
    /// [`Error::Link`].
    pub async fn invitation_of(
        &self,
        workspace: WorkspaceId,
        secret: &str,
    ) -> Result<Invitation, Error> {
        let mut connection = self.readers().acquire().await.map_err(reading)?;
        by_secret(&mut connection, workspace, secret, self.now()).await
    }

    /// Makes the invited a member and signs them in.
    ///
    /// # Errors
    /// [`Error::Link`], [`Error::MemberExists`], [`Error::PasswordKnown`], [`Error::HashingBusy`].
    pub async fn accept_invitation(
        &self,
        workspace: WorkspaceId,
        secret: &str,
        newcomer: Newcomer,
        device: Device,
    ) -> Result<SignedIn, Error> {
        // Before the hash, which a stranger without a link must not be able to ask for.
        let invitation = self.invitation_of(workspace, secret).await?;
        newcomer.password.check_is_not(&invitation.email)?;
        let place = self.hasher().place()?;
        let password_hash = self.hasher().hash(place, newcomer.password).await?;
        let secret = secret.to_owned();
        self.write("a member", move |tx, now| {
            Box::pin(async move {
                let invitation = by_secret(tx, workspace, &secret, now).await?;
                delete(tx, &invitation.id).await?;
                let new = NewMember {
                    workspace,
                    email: invitation.email,
                    name: newcomer.name,
                    role: invitation.role,
                    password_hash,
                };
                let member = member::insert(tx, new, now).await?;
                let note = AuditNote::new(member.actor(), AuditAction::InvitationAccepted)
                    .on(member.email.as_str());
                audit::insert(tx, now, &sign_in::from(note, &device)).await?;
                member_session::open(tx, member, &device, now).await
            })
        })
        .await
    }
}

async fn insert(
    tx: &mut SqliteConnection,
    actor: Actor,
    new: NewInvitation,
    secret: &str,
    now: EventTime,
) -> Result<Invitation, Error> {
    let workspace = actor.workspace;
    if member::by_email(tx, workspace, &new.email).await?.is_some() {
        return Err(Error::MemberExists {
            email: new.email.to_string(),
        });
    }
    let older =
        "DELETE FROM invitation WHERE expires_at <= $1 OR (workspace_id = $2 AND email = $3)";
    sqlx::query(older)
        .bind(now.0)
        .bind(workspace.0)
        .bind(new.email.as_str())
        .execute(&mut *tx)
        .await
        .map_err(writing)?;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM invitation WHERE workspace_id = $1")
        .bind(workspace.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(reading)?;
    OPEN.check(usize::try_from(count + 1).unwrap_or(usize::MAX))?;
    let invitation = Invitation {
        id: InvitationId(format!("inv_{}", random_hex::<8>())),
        email: new.email,
        role: new.role,
        created_at: now,
        expires_at: EventTime(now.0 + LIFE_MICROS),
    };
    let invited_by = (actor.kind == ActorKind::Member).then(|| actor.id.clone());
    let insert = "INSERT INTO invitation (id, workspace_id, email, role, hash, invited_by, created_at, expires_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(insert)
        .bind(&invitation.id.0)
        .bind(workspace.0)
        .bind(invitation.email.as_str())
        .bind(invitation.role.as_str())
        .bind(secret_hash(secret))
        .bind(invited_by)
        .bind(now.0)
        .bind(invitation.expires_at.0)
        .execute(&mut *tx)
        .await
        .map_err(writing)?;
    let note = AuditNote::new(actor, AuditAction::InvitationCreated)
        .on(invitation.email.as_str())
        .detail(invitation.role.as_str());
    audit::insert(tx, now, &note).await?;
    Ok(invitation)
}

async fn by_secret(
    connection: &mut SqliteConnection,
    workspace: WorkspaceId,
    secret: &str,
    now: EventTime,
) -> Result<Invitation, Error> {
    let select = "SELECT id, email, role, created_at, expires_at FROM invitation \
                  WHERE workspace_id = $1 AND hash = $2 AND expires_at > $3";
    let row = sqlx::query(select)
        .bind(workspace.0)
        .bind(secret_hash(secret))
        .bind(now.0)
        .fetch_optional(connection)
        .await
        .map_err(reading)?;
    from_row(&row.ok_or(Error::Link)?)
}

async fn delete(tx: &mut SqliteConnection, id: &InvitationId) -> Result<(), Error> {
    sqlx::query("DELETE FROM invitation WHERE id = $1")
        .bind(&id.0)
        .execute(tx)
        .await
        .map_err(writing)?;
    Ok(())
}

fn from_row(row: &SqliteRow) -> Result<Invitation, Error> {
    Ok(Invitation {
        id: InvitationId(row.get("id")),
        email: Email::parse(row.get("email"))?,
        role: stored_name(row.get("role"))?,
        created_at: EventTime(row.get("created_at")),
        expires_at: EventTime(row.get("expires_at")),
    })
}

fn reading(source: sqlx::Error) -> Error {
    Error::Read {
        what: "the invitations",
        source,
    }
}

fn writing(source: sqlx::Error) -> Error {
    Error::Write {
        what: "an invitation",
        source,
    }
}
