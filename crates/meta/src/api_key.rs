//! API keys: what a program names to read and to manage. Only their hashes are kept.
//!
//! A key that we make is `ffk_` and 64 hex digits (256 random bits), so a plain SHA-256 is enough: there is nothing to guess. The
//! one key an operator chooses (`FOOTFALL_API_KEY`) has 16 characters at least and is a secret of the same machine.

use std::sync::atomic::{AtomicI64, Ordering};

use schema::EventTime;
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection};
use subtle::ConstantTimeEq;

use crate::application::Name;
use crate::audit::{Actor, ActorKind};
use crate::database::Meta;
use crate::error::{Error, Limit};
use crate::names::{Names, names};
use crate::rows::{random_hex, stored_name};
use crate::workspace::WorkspaceId;

const API_KEYS: Limit = Limit {
    what: "API keys",
    max: 1000,
};
/// `ffk_` and 8 digits: enough to recognise a key, 224 bits from guessing it.
const PREFIX_CHARACTERS: usize = 12;
const ENVIRONMENT_ID: &str = "environment";
const ENVIRONMENT_CHARACTERS_MIN: usize = 16;

names! {
    /// What a key allows.
    Rights, "rights":
    /// Read and change everything.
    Full = "full",
    /// Read only.
    Read = "read",
}

/// Names a key in the API.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ApiKeyId(pub String);

/// A key to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewApiKey {
    pub name: Name,
    pub rights: Rights,
}

/// What is known of a key; its secret is not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: Name,
    /// How the secret begins; empty for the key of the environment, whose beginning could help to guess it.
    pub prefix: String,
    pub rights: Rights,
    pub created_at: EventTime,
    pub last_used_at: Option<EventTime>,
}

/// A key just made, with the secret that is shown this once.
#[derive(Clone, PartialEq, Eq)]
pub struct CreatedApiKey {
    pub key: ApiKey,
    pub secret: String,
}

/// Who calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Principal {
    pub workspace: WorkspaceId,
    pub key_id: ApiKeyId,
    pub name: Name,
    pub rights: Rights,
}

/// All keys in memory, so that a request costs no look-up in the database.
#[derive(Default)]
pub(crate) struct Keys(Vec<Entry>);

struct Entry {
    key: ApiKey,
    hash: [u8; 32],
    /// Microseconds; 0: never. Written to the database now and then, not at each request.
    last_used: AtomicI64,
}

impl Principal {
    /// The key as the one who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor {
            workspace: self.workspace,
            kind: ActorKind::ApiKey,
            id: self.key_id.0.clone(),
            name: self.name.to_string(),
        }
    }
}

impl Meta {
    /// Makes a key.
    ///
    /// # Errors
    /// [`Error::Limit`], or what the database says.
    pub async fn create_api_key(&self, new: NewApiKey) -> Result<CreatedApiKey, Error> {
        let secret = format!("ffk_{}", random_hex::<32>());
        let hash = hash(&secret);
        let prefix = secret[..PREFIX_CHARACTERS].to_owned();
        let id = ApiKeyId(format!("key_{}", random_hex::<8>()));
        let key = self
            .change("an API key", move |tx, now| {
                let NewApiKey { name, rights } = new;
                let key = ApiKey {
                    id,
                    name,
                    prefix,
                    rights,
                    created_at: now,
                    last_used_at: None,
                };
                Box::pin(insert(tx, key, hash))
            })
            .await?;
        Ok(CreatedApiKey { key, secret })
    }

    /// All keys of the server's workspace in the order they were made.
    #[must_use]
    pub fn api_keys(&self) -> Vec<ApiKey> {
        self.keys().0.iter().map(Entry::current).collect()
    }

    /// Deletes a key; it opens nothing from the moment this returns.
    ///
    /// # Errors
    /// [`Error::NoApiKey`], [`Error::EnvironmentApiKey`] for the key of the environment, which the next start would bring back.
    pub async fn delete_api_key(&self, id: &ApiKeyId) -> Result<(), Error> {
        if id.0 == ENVIRONMENT_ID && self.keys().0.iter().any(|entry| entry.key.id == *id) {
            return Err(Error::EnvironmentApiKey);
        }
        let id = id.clone();
        self.change("an API key", move |tx, _| {
            Box::pin(async move {
                if delete(tx, &id).await? == 0 {
                    Err(Error::NoApiKey { id: id.0 })
                } else {
                    Ok(())
                }
            })
        })
        .await
    }

    /// Who presents this key, if it is one. Never touches the database.
    #[must_use]
    pub fn authenticate(&self, secret: &str) -> Option<Principal> {
        let hash = hash(secret);
        let keys = self.keys();
        let mut found = None;
        // All are compared, in constant time each, so that the answer's time says nothing about a hash.
        for entry in &keys.0 {
            if bool::from(entry.hash.ct_eq(&hash)) {
                found = Some(entry);
            }
        }
        let entry = found?;
        entry.last_used.fetch_max(self.now().0, Ordering::Relaxed);
        let ApiKey {
            id, name, rights, ..
        } = entry.key.clone();
        Some(Principal {
            workspace: WorkspaceId::FIRST,
            key_id: id,
            name,
            rights,
        })
    }

    /// Makes the text of `FOOTFALL_API_KEY` a key with full rights, in place of the text it had before; without a text takes it away.
    ///
    /// # Errors
    /// [`Error::ShortApiKey`] below 16 characters.
    pub async fn ensure_environment_key(&self, text: Option<&str>) -> Result<(), Error> {
        let len = text.map_or(ENVIRONMENT_CHARACTERS_MIN, |text| text.chars().count());
        if len < ENVIRONMENT_CHARACTERS_MIN {
            return Err(Error::ShortApiKey {
                len,
                min: ENVIRONMENT_CHARACTERS_MIN,
            });
        }
        let name = Name::parse("FOOTFALL_API_KEY")?;
        let id = ApiKeyId(ENVIRONMENT_ID.to_owned());
        let hash = text.map(hash);
        let keys = self.keys();
        let there = keys.0.iter().find(|entry| entry.key.id == id);
        if there.map(|entry| entry.hash) == hash {
            return Ok(());
        }
        self.change("the API key of the environment", move |tx, now| {
            Box::pin(async move {
                delete(tx, &id).await?;
                let Some(hash) = hash else { return Ok(()) };
                let rights = Rights::Full;
                let key = ApiKey {
                    id,
                    name,
                    prefix: String::new(),
                    rights,
                    created_at: now,
                    last_used_at: None,
                };
                insert(tx, key, hash).await?;
                Ok(())
            })
        })
        .await
    }

    /// Writes down when keys were last used; [`Meta::close`] does it too. For a job that runs every few minutes.
    ///
    /// # Errors
    /// What the database says.
    pub async fn save_key_use(&self) -> Result<(), Error> {
        let keys = self.keys();
        let changed: Vec<ApiKey> = keys
            .0
            .iter()
            .map(|entry| (entry, entry.current()))
            .filter(|(e, now)| e.key != *now)
            .map(|(_, now)| now)
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        for key in changed {
            let update = "UPDATE api_key SET last_used_at = $2 WHERE id = $1 AND coalesce(last_used_at, 0) < $2";
            sqlx::query(update)
                .bind(key.id.0)
                .bind(key.last_used_at.map(|time| time.0))
                .execute(&mut *tx)
                .await
                .map_err(|source| Error::Write {
                    what: "when an API key was last used",
                    source,
                })?;
        }
        tx.commit().await.map_err(|source| Error::Commit { source })
    }
}

impl Keys {
    pub(crate) async fn load(tx: &mut SqliteConnection) -> Result<Self, Error> {
        let select = "SELECT id, name, hash, prefix, rights, created_at, last_used_at FROM api_key \
                      WHERE workspace_id = $1 ORDER BY created_at, id";
        let rows = sqlx::query(select)
            .bind(WorkspaceId::FIRST.0)
            .fetch_all(tx)
            .await
            .map_err(|source| Error::Read {
                what: "the API keys",
                source,
            })?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut hash = [0; 32];
            let text: String = row.get("hash");
            hex::decode_to_slice(&text, &mut hash).map_err(|_| Error::Stored {
                what: "hash of an API key",
                text: "(not shown)".to_owned(),
            })?;
            let last_used: Option<i64> = row.get("last_used_at");
            let key = ApiKey {
                id: ApiKeyId(row.get("id")),
                name: Name::parse(row.get("name"))?,
                prefix: row.get("prefix"),
                rights: stored_name(row.get("rights"))?,
                created_at: EventTime(row.get("created_at")),
                last_used_at: last_used.map(EventTime),
            };
            entries.push(Entry {
                key,
                hash,
                last_used: AtomicI64::new(last_used.unwrap_or(0)),
            });
        }
        Ok(Self(entries))
    }

    /// Carries over uses that are not written down yet.
    pub(crate) fn take_over_use(&mut self, before: &Self) {
        for entry in &mut self.0 {
            if let Some(old) = before
                .0
                .iter()
                .find(|old| old.key.id == entry.key.id && old.hash == entry.hash)
            {
                entry
                    .last_used
                    .fetch_max(old.last_used.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        }
    }
}

impl Entry {
    fn current(&self) -> ApiKey {
        let last_used = self.last_used.load(Ordering::Relaxed);
        ApiKey {
            last_used_at: (last_used > 0).then_some(EventTime(last_used)),
            ..self.key.clone()
        }
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

async fn insert(tx: &mut SqliteConnection, key: ApiKey, hash: [u8; 32]) -> Result<ApiKey, Error> {
    let failed = |source| Error::Write {
        what: "an API key",
        source,
    };
    sqlx::query(
        "INSERT INTO api_key (id, workspace_id, name, hash, prefix, rights, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&key.id.0)
    .bind(WorkspaceId::FIRST.0)
    .bind(key.name.as_str())
    .bind(hex::encode(hash))
    .bind(&key.prefix)
    .bind(key.rights.as_str())
    .bind(key.created_at.0)
    .execute(&mut *tx)
    .await
    .map_err(failed)?;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM api_key")
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
    API_KEYS.check(usize::try_from(count).unwrap_or(usize::MAX))?;
    Ok(key)
}

async fn delete(tx: &mut SqliteConnection, id: &ApiKeyId) -> Result<u64, Error> {
    let done = sqlx::query("DELETE FROM api_key WHERE workspace_id = $1 AND id = $2")
        .bind(WorkspaceId::FIRST.0)
        .bind(&id.0)
        .execute(tx)
        .await
        .map_err(|source| Error::Write {
            what: "an API key",
            source,
        })?;
    Ok(done.rows_affected())
}
