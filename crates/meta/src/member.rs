//! Members: the people of a workspace and what each may do.
//!
//! Roles are read at each request and again inside each change, so that a member who was demoted or removed a moment ago can do
//! nothing more. A workspace that has an owner never loses its last one.

use schema::EventTime;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::application::Name;
use crate::audit::{self, Actor, ActorKind, AuditAction, AuditNote};
use crate::database::Meta;
use crate::email::Email;
use crate::error::{Error, Limit};
use crate::names::{Names, names};
use crate::rows::{random_hex, stored_name};
use crate::workspace::WorkspaceId;

const MEMBERS: Limit = Limit {
    what: "members",
    max: 1000,
};

names! {
    /// What a member may do.
    Role, "role":
    /// Everything.
    Owner = "owner",
    /// Everything but to make, change or remove owners.
    Admin = "admin",
    /// Read, and keep things of their own.
    Member = "member",
    /// Read.
    Viewer = "viewer",
}

impl Role {
    /// Whether applications, keys and members can be changed by this role.
    #[must_use]
    pub fn may_manage(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }
}

/// Names a member in the API.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MemberId(pub String);

/// A member as they stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    pub id: MemberId,
    pub workspace: WorkspaceId,
    pub email: Email,
    pub name: Name,
    pub role: Role,
    pub created_at: EventTime,
    /// To within some minutes.
    pub last_seen_at: Option<EventTime>,
}

impl Member {
    /// The member as the one who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            workspace: self.workspace,
            kind: ActorKind::Member,
            id: self.id.0.clone(),
            name: self.name.to_string(),
        }
    }
}

/// A member to be made.
pub(crate) struct NewMember {
    pub(crate) workspace: WorkspaceId,
    pub(crate) email: Email,
    pub(crate) name: Name,
    pub(crate) role: Role,
    pub(crate) password_hash: String,
}

macro_rules! select_members {
    ($rest:literal) => {
        concat!(
            "SELECT member.id, member.workspace_id, member.email, member.name, member.role, member.created_at, \
             member.last_seen_at, member.password_hash FROM member ",
            $rest
        )
    };
}

impl Meta {
    /// The members of a workspace in the order they came.
    ///
    /// # Errors
    /// What the database says.
    pub async fn members(&self, workspace: WorkspaceId) -> Result<Vec<Member>, Error> {
        let rows = sqlx::query(select_members!(
            "WHERE workspace_id = $1 ORDER BY created_at, id"
        ))
        .bind(workspace.0)
        .fetch_all(self.readers())
        .await
        .map_err(reading)?;
        rows.iter().map(from_row).collect()
    }

    /// Whether a workspace has members; before its set-up it has none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn has_members(&self, workspace: WorkspaceId) -> Result<bool, Error> {
        let mut connection = self.readers().acquire().await.map_err(reading)?;
        any(&mut connection, workspace).await
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// [`Error::NoMember`], [`Error::MayNotManage`], [`Error::OwnersOnly`], [`Error::LastOwner`].
    pub async fn set_role(&self, actor: Actor, id: MemberId, role: Role) -> Result<Member, Error> {
        self.write("a member", move |tx, now| {
            Box::pin(async move {
                let authority = authority(tx, &actor).await?;
                let before = find(tx, actor.workspace, &id).await?;
                check_owners(authority, before.role, role)?;
                if before.role == role {
                    return Ok(before);
                }
                if before.role == Role::Owner {
                    check_not_last(tx, actor.workspace).await?;
                }
                sqlx::query("UPDATE member SET role = $3 WHERE workspace_id = $1 AND id = $2")
                    .bind(actor.workspace.0)
                    .bind(&id.0)
                    .bind(role.as_str())
                    .execute(&mut *tx)
                    .await
                    .map_err(writing)?;
                if !role.may_manage() {
                    // Or a link in their hands would still bring in whom they may no longer invite.
                    end_invitations(tx, actor.workspace, &id).await?;
                }
                let note = AuditNote::new(actor, AuditAction::MemberRoleChanged)
                    .on(before.email.as_str())
                    .detail(format!("{} → {}", before.role.as_str(), role.as_str()));
                audit::insert(tx, now, &note).await?;
                Ok(Member { role, ..before })
            })
        })
        .await
    }

    /// Removes a member with their sessions and the invitations they made.
    ///
    /// # Errors
    /// [`Error::NoMember`], [`Error::MayNotManage`], [`Error::OwnersOnly`], [`Error::LastOwner`].
    pub async fn remove_member(&self, actor: Actor, id: MemberId) -> Result<(), Error> {
        self.write("a member", move |tx, now| {
            Box::pin(async move {
                let authority = authority(tx, &actor).await?;
                let member = find(tx, actor.workspace, &id).await?;
                check_owners(authority, member.role, member.role)?;
                if member.role == Role::Owner {
                    check_not_last(tx, actor.workspace).await?;
                }
                sqlx::query("DELETE FROM member WHERE workspace_id = $1 AND id = $2")
                    .bind(actor.workspace.0)
                    .bind(&id.0)
                    .execute(&mut *tx)
                    .await
                    .map_err(writing)?;
                let note = AuditNote::new(actor, AuditAction::MemberRemoved)
                    .on(member.email.as_str())
                    .detail(member.role.as_str());
                audit::insert(tx, now, &note).await
            })
        })
        .await
    }

    /// Gives a member another name.
    ///
    /// # Errors
    /// [`Error::NoMember`].
    pub async fn rename_member(&self, member: &Member, name: Name) -> Result<Member, Error> {
        let (workspace, id, actor) = (member.workspace, member.id.clone(), member.actor());
        self.write("a member", move |tx, now| {
            Box::pin(async move {
                let before = find(tx, workspace, &id).await?;
                sqlx::query("UPDATE member SET name = $3 WHERE workspace_id = $1 AND id = $2")
                    .bind(workspace.0)
                    .bind(&id.0)
                    .bind(name.as_str())
                    .execute(&mut *tx)
                    .await
                    .map_err(writing)?;
                let note = AuditNote::new(actor, AuditAction::MemberRenamed)
                    .on(before.email.as_str())
                    .detail(format!("{} → {name}", before.name));
                audit::insert(tx, now, &note).await?;
                Ok(Member { name, ..before })
            })
        })
        .await
    }
}

/// What an actor may do to members now, by the roles of this moment. A key is made by an admin and so can do what an admin can.
pub(crate) async fn authority(tx: &mut SqliteConnection, actor: &Actor) -> Result<Role, Error> {
    let role = match actor.kind {
        ActorKind::System => Role::Owner,
        ActorKind::ApiKey => Role::Admin,
        ActorKind::Member => {
            find(tx, actor.workspace, &MemberId(actor.id.clone()))
                .await?
                .role
        }
    };
    if role.may_manage() {
        Ok(role)
    } else {
        Err(Error::MayNotManage {
            role: role.as_str(),
        })
    }
}

/// An admin neither touches an owner nor makes one.
pub(crate) fn check_owners(authority: Role, before: Role, after: Role) -> Result<(), Error> {
    let owners = before == Role::Owner || after == Role::Owner;
    if owners && authority != Role::Owner {
        Err(Error::OwnersOnly)
    } else {
        Ok(())
    }
}

pub(crate) async fn insert(
    tx: &mut SqliteConnection,
    new: NewMember,
    now: EventTime,
) -> Result<Member, Error> {
    if by_email(tx, new.workspace, &new.email).await?.is_some() {
        return Err(Error::MemberExists {
            email: new.email.to_string(),
        });
    }
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM member")
        .fetch_one(&mut *tx)
        .await
        .map_err(reading)?;
    MEMBERS.check(usize::try_from(count + 1).unwrap_or(usize::MAX))?;
    let member = Member {
        id: MemberId(format!("mem_{}", random_hex::<8>())),
        workspace: new.workspace,
        email: new.email,
        name: new.name,
        role: new.role,
        created_at: now,
        last_seen_at: Some(now),
    };
    let insert = "INSERT INTO member (id, workspace_id, email, name, role, password_hash, created_at, last_seen_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
    sqlx::query(insert)
        .bind(&member.id.0)
        .bind(member.workspace.0)
        .bind(member.email.as_str())
        .bind(member.name.as_str())
        .bind(member.role.as_str())
        .bind(new.password_hash)
        .bind(now.0)
        .execute(tx)
        .await
        .map_err(writing)?;
    Ok(member)
}

pub(crate) async fn any(
    connection: &mut SqliteConnection,
    workspace: WorkspaceId,
) -> Result<bool, Error> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM member WHERE workspace_id = $1")
        .bind(workspace.0)
        .fetch_one(connection)
        .await
        .map_err(reading)?;
    Ok(count > 0)
}

pub(crate) async fn find(
    tx: &mut SqliteConnection,
    workspace: WorkspaceId,
    id: &MemberId,
) -> Result<Member, Error> {
    let row = sqlx::query(select_members!("WHERE workspace_id = $1 AND id = $2"))
        .bind(workspace.0)
        .bind(&id.0)
        .fetch_optional(tx)
        .await
        .map_err(reading)?;
    match row {
        Some(row) => from_row(&row),
        None => Err(Error::NoMember { id: id.0.clone() }),
    }
}

/// The member of an e-mail with the hash of their password.
pub(crate) async fn by_email(
    connection: &mut SqliteConnection,
    workspace: WorkspaceId,
    email: &Email,
) -> Result<Option<(Member, String)>, Error> {
    let row = sqlx::query(select_members!("WHERE workspace_id = $1 AND email = $2"))
        .bind(workspace.0)
        .bind(email.as_str())
        .fetch_optional(connection)
        .await
        .map_err(reading)?;
    row.map(|row| Ok((from_row(&row)?, row.get("password_hash"))))
        .transpose()
}

pub(crate) fn from_row(row: &SqliteRow) -> Result<Member, Error> {
    Ok(Member {
        id: MemberId(row.get("id")),
        workspace: WorkspaceId(row.get("workspace_id")),
        email: Email::parse(row.get("email"))?,
        name: Name::parse(row.get("name"))?,
        role: stored_name(row.get("role"))?,
        created_at: EventTime(row.get("created_at")),
        last_seen_at: row.get::<Option<i64>, _>("last_seen_at").map(EventTime),
    })
}

async fn check_not_last(tx: &mut SqliteConnection, workspace: WorkspaceId) -> Result<(), Error> {
    let count = "SELECT count(*) FROM member WHERE workspace_id = $1 AND role = $2";
    let owners: i64 = sqlx::query_scalar(count)
        .bind(workspace.0)
        .bind(Role::Owner.as_str())
        .fetch_one(tx)
        .await
        .map_err(reading)?;
    if owners > 1 {
        Ok(())
    } else {
        Err(Error::LastOwner)
    }
}

async fn end_invitations(
    tx: &mut SqliteConnection,
    workspace: WorkspaceId,
    by: &MemberId,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM invitation WHERE workspace_id = $1 AND invited_by = $2")
        .bind(workspace.0)
        .bind(&by.0)
        .execute(tx)
        .await
        .map_err(writing)?;
    Ok(())
}

fn reading(source: sqlx::Error) -> Error {
    Error::Read {
        what: "the members",
        source,
    }
}

pub(crate) fn writing(source: sqlx::Error) -> Error {
    Error::Write {
        what: "a member",
        source,
    }
}
