//! Taking single requests out of packs: a pack is written anew without them, the catalog names the new one, the old one goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use schema::Mentions;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

use crate::catalog::{signed, unsigned};
use crate::erase::{KeptReader, Selector, json_list};
use crate::kept::{self, Indexed};
use crate::segment::blocking;
use crate::{Error, Result, Store};

/// A pack and which of its requests go.
#[derive(Debug)]
pub(crate) struct Thinned {
    pub(crate) pack: String,
    /// All of them, by their place in the pack.
    pub(crate) requests: Vec<Indexed>,
    /// Log positions of those that go.
    pub(crate) gone: BTreeSet<u64>,
}

impl Thinned {
    pub(crate) fn taken(&self) -> usize {
        self.gone.len()
    }
}

/// What takes a pack's place.
#[derive(Debug)]
pub(crate) struct NewPack {
    pub(crate) old: String,
    /// Path and requests; nothing when none stays.
    new: Option<(String, Vec<Indexed>)>,
}

impl NewPack {
    /// Writes the change into the catalog.
    pub(crate) async fn note(&self, transaction: &mut Transaction<'_, Sqlite>) -> Result<()> {
        let stay = self.new.as_ref().map_or(&[][..], |(_, requests)| requests);
        let positions: Vec<u64> = stay.iter().map(|request| request.log_position).collect();
        let positions = serde_json::to_string(&positions).expect("numbers have a JSON form");
        sqlx::query(
            "DELETE FROM kept_request WHERE pack = ? AND log_position NOT IN (SELECT value FROM json_each(?))",
        )
        .bind(&self.old)
        .bind(positions)
        .execute(&mut **transaction)
        .await
        .map_err(Error::catalog("remove kept requests"))?;
        let Some((path, requests)) = &self.new else {
            return Ok(());
        };
        for request in requests {
            sqlx::query("UPDATE kept_request SET pack = ?, pack_offset = ? WHERE log_position = ?")
                .bind(path)
                .bind(signed(request.offset))
                .bind(signed(request.log_position))
                .execute(&mut **transaction)
                .await
                .map_err(Error::catalog("move a kept request"))?;
        }
        Ok(())
    }
}

impl Store {
    /// Packs with requests of the application, or of none that is known, that mention one of the ids.
    pub(crate) async fn find_kept(
        &self,
        selector: &Selector,
        mentions: &Mentions,
        reader: &KeptReader,
    ) -> Result<Vec<Thinned>> {
        let packs: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT pack FROM kept_request WHERE app_id IS NULL OR app_id IN (SELECT value FROM json_each(?))",
        )
        .bind(json_list(&selector.app_ids))
        .fetch_all(&self.inner.pool)
        .await
        .map_err(Error::catalog("read kept requests"))?;
        let mut found = Vec::new();
        for (pack, requests) in self.requests_of(&packs).await? {
            let path = self.files().local(&pack);
            let (reader, mentions) = (Arc::clone(reader), mentions.clone());
            let app_ids = selector.app_ids.clone();
            let thinned = blocking(move || {
                let bytes = std::fs::read(&path).map_err(Error::file("read pack", &path))?;
                let bytes = Bytes::from(bytes);
                let is_theirs = |request: &&Indexed| {
                    let is_of_app = request
                        .app_id
                        .as_ref()
                        .is_none_or(|app| app_ids.contains(app));
                    is_of_app
                        && payload(&bytes, request)
                            .is_some_and(|payload| reader(&payload, &mentions))
                };
                let gone = requests.iter().filter(is_theirs);
                let gone = gone.map(|request| request.log_position).collect();
                Ok::<_, Error>(Thinned {
                    pack,
                    requests,
                    gone,
                })
            })
            .await?;
            if thinned.taken() > 0 {
                found.push(thinned);
            }
        }
        Ok(found)
    }

    /// The requests of these packs, in their places.
    pub(crate) async fn requests_of(
        &self,
        packs: &[String],
    ) -> Result<BTreeMap<String, Vec<Indexed>>> {
        let rows = sqlx::query(
            "SELECT * FROM kept_request WHERE pack IN (SELECT value FROM json_each(?)) ORDER BY pack, pack_offset",
        )
        .bind(json_list(packs))
        .fetch_all(&self.inner.pool)
        .await
        .map_err(Error::catalog("read kept requests"))?;
        let mut requests: BTreeMap<String, Vec<Indexed>> = BTreeMap::new();
        for row in &rows {
            let of_pack = requests.entry(row.get("pack")).or_default();
            of_pack.push(indexed(row)?);
        }
        Ok(requests)
    }

    /// Writes what stays of each pack. The catalog does not name the new packs yet.
    pub(crate) async fn write_thinned(&self, thinned: Vec<Thinned>) -> Result<Vec<NewPack>> {
        let mut written = Vec::new();
        for thinned in thinned {
            let new = self.write_rest(&thinned).await?;
            written.push(NewPack {
                old: thinned.pack,
                new,
            });
        }
        Ok(written)
    }

    async fn write_rest(&self, thinned: &Thinned) -> Result<Option<(String, Vec<Indexed>)>> {
        let stays = |request: &&Indexed| !thinned.gone.contains(&request.log_position);
        let stay: Vec<Indexed> = thinned.requests.iter().filter(stays).cloned().collect();
        if stay.is_empty() {
            return Ok(None);
        }
        let old = self.files().local(&thinned.pack);
        let (bytes, requests) = blocking(move || {
            let old_bytes = std::fs::read(&old).map_err(Error::file("read pack", &old))?;
            let old_bytes = Bytes::from(old_bytes);
            let (mut bytes, mut requests) = (Vec::new(), Vec::new());
            for request in stay {
                // A pack that was cut short has lost the request already.
                let Some(payload) = payload(&old_bytes, &request) else {
                    continue;
                };
                let offset = bytes.len() as u64;
                bytes.extend_from_slice(&payload);
                requests.push(Indexed { offset, ..request });
            }
            bytes.extend_from_slice(&kept::index_of(requests.iter().cloned()));
            Ok::<_, Error>((bytes, requests))
        })
        .await?;
        let folder = thinned
            .pack
            .rsplit_once('/')
            .map_or("kept", |(folder, _)| folder);
        let path = format!("{folder}/{}.pack", uuid::Uuid::new_v4());
        self.files().put(&path, bytes).await?;
        Ok(Some((path, requests)))
    }

    /// Puts what stays of a pack in its place. The caller excludes all other writers.
    pub(crate) async fn replace_pack(&self, thinned: Thinned) -> Result<()> {
        self.settle().await?;
        let replaced = self.replace_settled(thinned).await;
        replaced.inspect_err(|_| self.note_unsettled())
    }

    async fn replace_settled(&self, thinned: Thinned) -> Result<()> {
        let packs = self.write_thinned(vec![thinned]).await?;
        let pool = &self.inner.pool;
        let mut transaction = pool.begin().await.map_err(Error::catalog("begin"))?;
        for pack in &packs {
            pack.note(&mut transaction).await?;
        }
        let committed = transaction.commit().await;
        committed.map_err(Error::catalog("commit"))?;
        self.delete_packs(packs.into_iter().map(|pack| pack.old).collect())
            .await
    }

    /// Deletes packs that the catalog does not name any more. What is left of a failed attempt goes at the next start.
    pub(crate) async fn delete_packs(&self, packs: Vec<String>) -> Result<()> {
        let paths: Vec<_> = packs.iter().map(|pack| self.files().local(pack)).collect();
        blocking(move || {
            paths
                .iter()
                .try_for_each(|path| match std::fs::remove_file(path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        Err(Error::file("delete pack", path)(error))
                    }
                    _ => Ok(()),
                })
        })
        .await
    }
}

fn payload(pack: &Bytes, request: &Indexed) -> Option<Bytes> {
    let from = usize::try_from(request.offset).ok()?;
    let to = from.checked_add(usize::try_from(request.size_bytes).ok()?)?;
    (to <= pack.len()).then(|| pack.slice(from..to))
}

fn indexed(row: &SqliteRow) -> Result<Indexed> {
    Ok(Indexed {
        log_position: unsigned(row.get("log_position"))?,
        kind: row.get("kind"),
        app_id: row.get("app_id"),
        received_at_us: row.get("received_at_us"),
        offset: unsigned(row.get("pack_offset"))?,
        size_bytes: unsigned(row.get("size_bytes"))?,
    })
}
