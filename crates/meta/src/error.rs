//! What can go wrong with the metadata database.

use std::fmt;
use std::path::PathBuf;

use schema::AppId;

/// Error of this crate. The first group is trouble with the database, the second is a request that cannot be granted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot create the metadata database {path}", path = path.display())]
    CreateFile {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot open the metadata database {path}", path = path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("cannot begin a transaction on the metadata database")]
    Begin { source: sqlx::Error },
    #[error("cannot commit to the metadata database")]
    Commit { source: sqlx::Error },
    #[error("cannot read {what} from the metadata database")]
    Read {
        what: &'static str,
        source: sqlx::Error,
    },
    #[error("cannot write {what} to the metadata database")]
    Write {
        what: &'static str,
        source: sqlx::Error,
    },
    #[error("cannot apply migration {version} of {owner} to the metadata database")]
    Migrate {
        owner: &'static str,
        version: u32,
        source: sqlx::Error,
    },
    #[error(
        "the metadata database was written by a newer release: {owner} is at version {found}, this binary knows {known}"
    )]
    Newer {
        owner: &'static str,
        found: i64,
        known: u32,
    },
    #[error("migration {version} of {owner} is not the one that made this metadata database")]
    ChangedMigration { owner: &'static str, version: u32 },
    #[error("the metadata database holds {text:?}, which is no {what}")]
    Stored { what: &'static str, text: String },
    #[error("the change of {what} stopped before its end")]
    Stopped {
        what: &'static str,
        source: tokio::task::JoinError,
    },
    #[error("a reader still uses the journal of the metadata database")]
    Busy,
    #[error("cannot compute the hash of a password")]
    Hash { source: argon2::Error },

    #[error("the application {app_id} exists already")]
    AppIdTaken { app_id: AppId },
    #[error("the application id {app_id} is an earlier id of the application {owner}")]
    AppIdReserved { app_id: AppId, owner: AppId },
    #[error("the application {app_id} was deleted, and its id cannot be used again")]
    AppIdDeleted { app_id: AppId },
    #[error("there is no application {app_id}")]
    NoApplication { app_id: AppId },
    #[error("the application {app_id} has no live client token {id:?}")]
    NoToken { app_id: AppId, id: String },
    #[error("there is no API key {id:?}")]
    NoApiKey { id: String },
    #[error("this API key is given by the setting api_key (FOOTFALL_API_KEY)")]
    EnvironmentApiKey,
    #[error("the API key of the setting api_key has {len} characters, it needs {min} or more")]
    ShortApiKey { len: usize, min: usize },
    #[error("{limit}")]
    Limit { limit: Limit },
    #[error("a retention is {min} to {max} days, not {days}")]
    Retention { days: i64, min: u16, max: u16 },
    #[error("a name has 1 to {max} characters, this one has {len}")]
    NameLength { len: usize, max: usize },
    #[error("a name has no control characters, this one has {found:?}")]
    NameCharacter { found: char },

    #[error("{text:?} is no e-mail address")]
    Email { text: String },
    #[error("a password has {min} to {max} characters, this one has {len}")]
    PasswordLength { len: usize, min: usize, max: usize },
    #[error("this password is one of those that are tried first")]
    PasswordKnown,
    #[error("too many passwords are being checked")]
    HashingBusy,
    #[error("the e-mail or the password is wrong")]
    WrongCredentials,
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("there were too many wrong passwords; the next try is possible in {retry_after_s} s")]
    TooManyAttempts { retry_after_s: u64 },
    #[error("this server has its first administrator already")]
    SetUpAlready,
    #[error("this link is not valid: it was used, has expired, or was replaced by a newer one")]
    Link,
    #[error("there is no member {id:?}")]
    NoMember { id: String },
    #[error("there is no member with the e-mail {email}")]
    NoMemberOfEmail { email: String },
    #[error("{email} is a member already")]
    MemberExists { email: String },
    #[error("the workspace needs an owner, and this is the last one")]
    LastOwner,
    #[error("only an owner can make, change or remove an owner")]
    OwnersOnly,
    #[error("a {role} cannot change who has access")]
    MayNotManage { role: &'static str },
    #[error("there is no session {id:?} of yours")]
    NoSession { id: String },
    #[error("there is no open invitation {id:?}")]
    NoInvitation { id: String },
    #[error("there is no erasure {id:?}")]
    NoErasure { id: String },
}

impl Error {
    /// Whether the database's file is damaged or no database.
    #[must_use]
    pub fn is_damaged_database(&self) -> bool {
        matches!(self.sqlite_code(), Some(11 | 26)) || matches!(self, Self::Stored { .. })
    }

    /// The primary result code of SQLite, if this came from there.
    fn sqlite_code(&self) -> Option<u32> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(sqlx::Error::Database(error)) = error.downcast_ref::<sqlx::Error>() {
                let code: u32 = error.code()?.parse().ok()?;
                // Extended codes hold the primary one in their low byte.
                return Some(code & 0xff);
            }
            cause = error.source();
        }
        None
    }
}

impl Error {
    /// Whether the disk has no room for the change; reading still works.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        const SQLITE_FULL: &str = "13";
        let (Self::Begin { source } | Self::Commit { source } | Self::Write { source, .. }) = self
        else {
            return false;
        };
        let database = source.as_database_error();
        database
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| code == SQLITE_FULL)
    }
}

/// A bound on how many of a thing there may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// What is counted, in the plural.
    pub what: &'static str,
    /// The most there may be.
    pub max: usize,
}

impl Limit {
    pub(crate) fn check(self, count: usize) -> Result<(), Error> {
        if count > self.max {
            Err(Error::Limit { limit: self })
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "there can be {} {} at most", self.max, self.what)
    }
}
