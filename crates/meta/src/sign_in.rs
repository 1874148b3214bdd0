//! Signing in by password, and changing it.
//!
//! A wrong e-mail and a wrong password are one answer after the same work: the same rows are written, and an Argon2id hash is
//! computed either way.

use crate::attempt::{self, Attempt};
use crate::audit::{self, Actor, AuditAction, AuditNote};
use crate::database::Meta;
use crate::email::Email;
use crate::error::Error;
use crate::member::{self, Member, MemberId};
use crate::member_session::{self, Device, SessionId, SignedIn};
use crate::password::Password;
use crate::workspace::WorkspaceId;
use sqlx::SqliteConnection;

/// Failed sign-ins that are noted within an hour: a guesser must not push everything else out of the audit entries.
const NOTED_FAILURES_MAX: i64 = 60;
const HOUR_MICROS: i64 = 3_600_000_000;

impl Meta {
    /// Opens a session for who knows the password of this e-mail.
    ///
    /// # Errors
    /// [`Error::WrongCredentials`], [`Error::TooManyAttempts`], [`Error::HashingBusy`].
    pub async fn sign_in(
        &self,
        workspace: WorkspaceId,
        email: &str,
        password: &str,
        device: Device,
    ) -> Result<SignedIn, Error> {
        let place = self.hasher().place()?;
        let attempt = self.begin_attempt(workspace, email, &device).await?;
        let member = self.member_of(workspace, email).await?;
        let stored = member.as_ref().map(|(_, stored)| stored.clone());
        let is_right = self
            .hasher()
            .verify(place, password.to_owned(), stored)
            .await?;
        let (Some((member, stored)), true) = (member.clone(), is_right) else {
            self.note_failure(
                workspace,
                member.map(|(member, _)| member),
                &attempt,
                &device,
            )
            .await?;
            return Err(Error::WrongCredentials);
        };
        self.write("a sign-in", move |tx, now| {
            Box::pin(async move {
                // The password may have changed, or the member gone, while it was checked.
                let current = member::by_email(tx, workspace, &member.email).await?;
                let current = current.filter(|(_, hash)| *hash == stored);
                let (member, _) = current.ok_or(Error::WrongCredentials)?;
                attempt.succeeded(tx).await?;
                let note = AuditNote::new(member.actor(), AuditAction::SessionCreated)
                    .on(member.email.as_str());
                audit::insert(tx, now, &from(note, &device)).await?;
                member_session::open(tx, member, &device, now).await
            })
        })
        .await
    }

    /// Changes the password of a signed-in member; their other sessions end.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], [`Error::TooManyAttempts`], [`Error::PasswordKnown`], [`Error::HashingBusy`].
    pub async fn change_password(
        &self,
        member: &Member,
        session: SessionId,
        current: &str,
        new: Password,
        device: Device,
    ) -> Result<(), Error> {
        new.check_is_not(&member.email)?;
        let place = self.hasher().place()?;
        // Counted like a sign-in: a stolen session must not be a place to guess the password at leisure.
        let email = member.email.as_str();
        let attempt = self.begin_attempt(member.workspace, email, &device).await?;
        let stored = self.member_of(member.workspace, email).await?;
        let stored = stored.map(|(_, stored)| stored);
        let typed = current.to_owned();
        let is_right = self
            .hasher()
            .verify(place.clone(), typed, stored.clone())
            .await?;
        if !is_right {
            self.note_failure(member.workspace, Some(member.clone()), &attempt, &device)
                .await?;
            return Err(Error::WrongPassword);
        }
        let hash = self.hasher().hash(place, new).await?;
        let member = member.clone();
        self.write("a password", move |tx, now| {
            Box::pin(async move {
                // A reset that came between must not be undone.
                let now_stored = member::by_email(tx, member.workspace, &member.email).await?;
                if now_stored.map(|(_, stored)| stored) != stored {
                    return Err(Error::WrongPassword);
                }
                attempt.succeeded(tx).await?;
                store_hash(tx, member.workspace, &member.id, hash).await?;
                member_session::end_others(tx, &member.id, Some(&session)).await?;
                let note = AuditNote::new(member.actor(), AuditAction::PasswordChanged)
                    .on(member.email.as_str());
                audit::insert(tx, now, &from(note, &device)).await
            })
        })
        .await
    }

    async fn begin_attempt(
        &self,
        workspace: WorkspaceId,
        email: &str,
        device: &Device,
    ) -> Result<Attempt, Error> {
        let attempt = Attempt::new(workspace, email, device.ip);
        let begun = self
            .write("a sign-in attempt", move |tx, now| {
                Box::pin(attempt.begin(tx, now))
            })
            .await?;
        begun.map_err(|retry_after_s| Error::TooManyAttempts { retry_after_s })
    }

    async fn member_of(
        &self,
        workspace: WorkspaceId,
        email: &str,
    ) -> Result<Option<(Member, String)>, Error> {
        // What is no e-mail is nobody's, and costs the same work.
        let Ok(email) = Email::parse(email) else {
            return Ok(None);
        };
        let mut connection = self
            .readers()
            .acquire()
            .await
            .map_err(|source| Error::Read {
                what: "the members",
                source,
            })?;
        member::by_email(&mut connection, workspace, &email).await
    }

    /// Notes a wrong password. What was typed for an e-mail that nobody has is not kept: it may be a password.
    async fn note_failure(
        &self,
        workspace: WorkspaceId,
        member: Option<Member>,
        attempt: &Attempt,
        device: &Device,
    ) -> Result<(), Error> {
        let actor = Actor::system(workspace, "sign-in");
        let mut note = AuditNote::new(actor, AuditAction::SessionFailed);
        note.target = member.map(|member| member.email.to_string());
        note = from(note, device);
        if let Some(lock_s) = attempt.lock_s(self.now()) {
            let place = note.detail.take().map(|place| format!("{place}, "));
            let place = place.unwrap_or_default();
            note = note.detail(format!("{place}locked for {lock_s} s"));
        }
        self.write("an audit entry", move |tx, now| {
            Box::pin(async move {
                let since = schema::EventTime(now.0 - HOUR_MICROS);
                let noted =
                    audit::count_since(tx, workspace, AuditAction::SessionFailed, since).await?;
                if noted >= NOTED_FAILURES_MAX {
                    return Ok(());
                }
                audit::insert(tx, now, &note).await
            })
        })
        .await
    }
}

/// Gives a member the password of this hash, and forgets the wrong ones.
pub(crate) async fn reset(
    tx: &mut SqliteConnection,
    member: &Member,
    hash: String,
) -> Result<(), Error> {
    store_hash(tx, member.workspace, &member.id, hash).await?;
    member_session::end_others(tx, &member.id, None).await?;
    attempt::forgive(tx, member.workspace, member.email.as_str()).await
}

/// With the address that the request came from.
pub(crate) fn from(note: AuditNote, device: &Device) -> AuditNote {
    match device.ip {
        Some(ip) => note.detail(format!("from {ip}")),
        None => note,
    }
}

async fn store_hash(
    tx: &mut SqliteConnection,
    workspace: WorkspaceId,
    id: &MemberId,
    hash: String,
) -> Result<(), Error> {
    sqlx::query("UPDATE member SET password_hash = $3 WHERE workspace_id = $1 AND id = $2")
        .bind(workspace.0)
        .bind(&id.0)
        .bind(hash)
        .execute(tx)
        .await
        .map_err(member::writing)?;
    Ok(())
}
