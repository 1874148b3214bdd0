//! What intake and pipeline look up for each request, in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use schema::{AppId, EventTime};
use sqlx::SqliteConnection;

use crate::application::{self, Access, AppNumber, Application};
use crate::error::Error;
use crate::rows::stored_app_id;
use crate::token::{self, ClientToken};

/// A snapshot of applications and tokens. It never changes; a change makes a new one with a higher version.
#[derive(Default, Debug)]
pub struct Directory {
    version: u64,
    by_number: BTreeMap<AppNumber, Arc<Application>>,
    by_app_id: HashMap<AppId, Arc<Application>>,
    by_token: HashMap<String, (ClientToken, Arc<Application>)>,
    deleted: HashSet<AppId>,
    any_open: bool,
}

/// Why a token opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenRefusal {
    #[error("the client token is unknown")]
    Unknown,
    #[error("the client token has expired")]
    Expired,
    #[error("the client token was revoked")]
    Revoked,
}

impl Directory {
    /// Grows with each change, also across restarts. Log records carry it as the version of the settings.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The application that a token opens at this time.
    ///
    /// # Errors
    /// When the token is unknown, expired or revoked.
    pub fn by_token(&self, token: &str, now: EventTime) -> Result<&Arc<Application>, TokenRefusal> {
        match self.by_token.get(token) {
            None => Err(TokenRefusal::Unknown),
            Some((token, application)) if token.is_live(now) => Ok(application),
            Some((token, _)) if token.revoked_at.is_some() => Err(TokenRefusal::Revoked),
            Some(_) => Err(TokenRefusal::Expired),
        }
    }

    /// The application of this id, or of this earlier id.
    #[must_use]
    pub fn by_app_id(&self, app_id: &AppId) -> Option<&Arc<Application>> {
        self.by_app_id.get(app_id)
    }

    #[must_use]
    pub fn by_number(&self, number: AppNumber) -> Option<&Arc<Application>> {
        self.by_number.get(&number)
    }

    /// Every id that is in use, earlier ones too, with its application.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = (&AppId, &Arc<Application>)> {
        self.by_app_id.iter()
    }

    /// All applications in the order they were made.
    pub fn applications(&self) -> impl ExactSizeIterator<Item = &Arc<Application>> {
        self.by_number.values()
    }

    /// Whether an application of this id was deleted: its events are refused, also with `--create-applications`.
    #[must_use]
    pub fn is_deleted(&self, app_id: &AppId) -> bool {
        self.deleted.contains(app_id)
    }

    /// Whether some application takes events without a token. If not, intake need not read a body to refuse it.
    #[must_use]
    pub fn any_open(&self) -> bool {
        self.any_open
    }
}

/// Reads the snapshot that will hold once `tx` commits, under the next version.
pub(crate) async fn load_next(tx: &mut SqliteConnection) -> Result<Directory, Error> {
    let next =
        "UPDATE counter SET value = value + 1 WHERE name = 'directory_version' RETURNING value";
    let version: i64 = sqlx::query_scalar(next)
        .fetch_one(&mut *tx)
        .await
        .map_err(|source| Error::Write {
            what: "the version of the directory",
            source,
        })?;
    let bad_version = |_| Error::Stored {
        what: "version",
        text: version.to_string(),
    };
    let mut directory = Directory {
        version: u64::try_from(version).map_err(bad_version)?,
        ..Directory::default()
    };

    for application in application::load_all(tx).await? {
        let application = Arc::new(application);
        directory.any_open |= application.settings.access == Access::Open;
        let ids = application.earlier_app_ids.iter();
        for app_id in ids.chain([&application.app_id]) {
            directory
                .by_app_id
                .insert(app_id.clone(), application.clone());
        }
        directory.by_number.insert(application.number, application);
    }
    for token in token::load_all(tx).await? {
        if let Some(application) = directory.by_number.get(&token.application) {
            directory
                .by_token
                .insert(token.token.clone(), (token, application.clone()));
        }
    }
    let deleted: Vec<String> = sqlx::query_scalar("SELECT app_id FROM deletion")
        .fetch_all(&mut *tx)
        .await
        .map_err(|source| Error::Read {
            what: "the deletions",
            source,
        })?;
    directory.deleted = deleted
        .into_iter()
        .map(stored_app_id)
        .collect::<Result<_, _>>()?;
    Ok(directory)
}
