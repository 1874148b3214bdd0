//! Retention: segments whose last event is older than every application in them keeps are deleted whole, single rows of others are
//! marked dead, and so are the rows of a deleted application.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;
use roaring::RoaringBitmap;
use schema::TableId;

use crate::catalog::{self, Change};
use crate::kept::Indexed;
use crate::metrics::add;
use crate::open::to_its_end;
use crate::packs::Thinned;
use crate::reader::{Columns, Which, read};
use crate::{Result, Segment, Store};

impl Store {
    /// Deletes segments that are past what `keep_us` says of each of their applications and their table (µs; nothing for an application
    /// that no longer exists). Returns how many. Segments of sessions wait for [`Store::expire_rows`]: a session that began in them may go on.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn expire(
        &self,
        now_us: i64,
        keep_us: impl Fn(&str, TableId) -> Option<i64>,
    ) -> Result<usize> {
        let excluding = self.exclude_writers().await;
        let catalog = Arc::clone(&self.state().catalog);
        let is_expired = |segment: &Segment| {
            let is_past =
                |app: &String| is_past(segment.max_time_us, keep_us(app, segment.table), now_us);
            segment.table != TableId::Session && segment.app_ids.iter().all(is_past)
        };
        let expired: Vec<_> = catalog
            .entries
            .values()
            .filter(|entry| is_expired(&entry.segment))
            .map(|entry| Arc::clone(&entry.segment))
            .collect();
        if expired.is_empty() {
            return Ok(0);
        }
        let change = Change {
            now_us,
            removed: expired.iter().map(|segment| segment.id).collect(),
            ..Change::default()
        };
        let count = expired.len();
        // It holds the segments too, whose files go once nobody does.
        drop(catalog);
        let store = self.clone();
        let remove = async move {
            let _excluding = excluding;
            store.commit_removal(change).await?;
            add(&store.inner.metrics.segments_expired, expired.len());
            store.retire(expired);
            store.delete_retired().await
        };
        to_its_end(remove).await?;
        Ok(count)
    }

    /// Marks single rows dead that are past what `keep_us` says of their application, in segments where others are not: several
    /// applications, or the day at the border. A session counts from its end, so that its row stays as long as the last of its events.
    /// Returns how many rows went; compaction frees their space.
    ///
    /// # Errors
    /// When a segment cannot be read or the catalog cannot be written.
    pub async fn expire_rows(
        &self,
        now_us: i64,
        keep_us: impl Fn(&str, TableId) -> Option<i64>,
    ) -> Result<u64> {
        let excluding = self.exclude_writers().await;
        let catalog = Arc::clone(&self.state().catalog);
        let mut change = Change {
            now_us,
            ..Change::default()
        };
        let (mut gone, mut rows) = (Vec::new(), 0);
        for entry in catalog.entries.values() {
            let segment = &entry.segment;
            let is_past =
                |app: &String| is_past(segment.min_time_us, keep_us(app, segment.table), now_us);
            if !segment.app_ids.iter().any(is_past) {
                continue;
            }
            let dead = match self.expired_rows(segment, now_us, &keep_us).await {
                Ok(dead) => dead,
                Err(error) => {
                    self.note_damage(error)?;
                    continue;
                }
            };
            let fresh = entry
                .dead
                .as_ref()
                .map_or(dead.len(), |known| dead.difference_len(known));
            rows += fresh;
            if dead.len() == u64::from(segment.rows) {
                change.removed.push(segment.id);
                gone.push(Arc::clone(segment));
            } else if fresh > 0 {
                change.dead.insert(segment.id, dead);
            }
        }
        if gone.is_empty() && change.dead.is_empty() {
            return Ok(0);
        }
        drop(catalog);
        let store = self.clone();
        let remove = async move {
            let _excluding = excluding;
            store.commit_removal(change).await?;
            add(&store.inner.metrics.segments_expired, gone.len());
            add(
                &store.inner.metrics.rows_expired,
                usize::try_from(rows).unwrap_or(usize::MAX),
            );
            store.retire(gone);
            store.delete_retired().await
        };
        to_its_end(remove).await?;
        Ok(rows)
    }

    async fn expired_rows(
        &self,
        segment: &Segment,
        now_us: i64,
        keep_us: &impl Fn(&str, TableId) -> Option<i64>,
    ) -> Result<RoaringBitmap> {
        let columns = Columns::named(&["app_id", "time", "session_end"]);
        let batches = read(&self.files().objects, segment, columns, Which::All).await?;
        let mut dead = RoaringBitmap::new();
        let mut row = 0;
        for batch in batches {
            let apps = batch
                .column_by_name("app_id")
                .expect("every segment has its application")
                .as_string_view();
            let times = ["time", "session_end"].map(|name| {
                let column = batch.column_by_name(name)?;
                column.as_primitive_opt::<TimestampMicrosecondType>()
            });
            for index in 0..batch.num_rows() {
                let time = |column: &Option<&TimestampMicrosecondArray>| {
                    let column = column.filter(|column| column.is_valid(index))?;
                    Some(column.value(index))
                };
                let latest_us = times.iter().filter_map(time).max().unwrap_or(0);
                let keep_us = keep_us(apps.value(index), segment.table);
                if is_past(latest_us, keep_us, now_us) {
                    dead.insert(row);
                }
                row += 1;
            }
        }
        Ok(dead)
    }

    /// Deletes requests kept whole that are past what `keep_us` says of their application and kind; of a request whose application is not
    /// known it says what is longest. A pack goes once all of its requests are past, and is written anew once all of one application and
    /// kind are. Returns how many went whole.
    ///
    /// # Errors
    /// When a file or the catalog cannot be written or a file cannot be deleted; the next start removes such a file.
    pub async fn expire_kept(
        &self,
        now_us: i64,
        keep_us: impl Fn(Option<&str>, &str) -> Option<i64>,
    ) -> Result<usize> {
        let excluding = self.exclude_writers().await;
        let mut packs: BTreeMap<String, Past> = BTreeMap::new();
        for kept in catalog::newest_kept(&self.inner.pool).await? {
            let keep_us = keep_us(kept.app_id.as_deref(), &kept.kind);
            let of_pack = packs.entry(kept.pack).or_default();
            if is_past(kept.received_at_us, keep_us, now_us) {
                of_pack.groups.insert((kept.app_id, kept.kind));
            } else {
                of_pack.has_others = true;
            }
        }
        packs.retain(|_, past| !past.groups.is_empty());
        let store = self.clone();
        let remove = async move {
            let _excluding = excluding;
            store.remove_past(packs).await
        };
        to_its_end(remove).await
    }

    async fn remove_past(&self, packs: BTreeMap<String, Past>) -> Result<usize> {
        let mut whole = 0;
        for (pack, past) in packs {
            let requests = self.requests_of(std::slice::from_ref(&pack)).await?;
            let requests = requests.into_values().next().unwrap_or_default();
            let is_gone = |request: &&Indexed| {
                let group = (request.app_id.clone(), request.kind.clone());
                past.groups.contains(&group)
            };
            let gone = requests.iter().filter(is_gone);
            let thinned = Thinned {
                gone: gone.map(|request| request.log_position).collect(),
                pack: pack.clone(),
                requests,
            };
            self.replace_pack(thinned).await?;
            if !past.has_others {
                whole += 1;
                add(&self.inner.metrics.packs_expired, 1);
            }
        }
        Ok(whole)
    }

    /// What retention last took for the time, in this or an earlier process; nothing before its first run.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn retention_time(&self) -> Result<Option<i64>> {
        catalog::retention_time(&self.inner.pool).await
    }

    /// Notes what retention takes for the time.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn set_retention_time(&self, time_us: i64) -> Result<()> {
        catalog::set_retention_time(&self.inner.pool, time_us).await
    }

    /// Flushes, then marks every row of an application dead and drops segments that held only it. Returns how many rows went.
    ///
    /// # Errors
    /// When a segment cannot be read or the catalog cannot be written.
    pub async fn forget_application(&self, app_id: &str, now_us: i64) -> Result<u64> {
        let (store, app_id) = (self.clone(), app_id.to_owned());
        to_its_end(async move { store.forget_to_its_end(&app_id, now_us).await }).await
    }

    async fn forget_to_its_end(&self, app_id: &str, now_us: i64) -> Result<u64> {
        self.flush(now_us).await?;
        let _excluding = self.exclude_writers().await;
        let catalog = Arc::clone(&self.state().catalog);
        let mut change = Change {
            now_us,
            ..Change::default()
        };
        let mut dropped = Vec::new();
        let mut rows = 0;
        for entry in catalog
            .entries
            .values()
            .filter(|entry| entry.segment.app_ids.iter().any(|app| app == app_id))
        {
            let segment = &entry.segment;
            if segment.app_ids.len() == 1 {
                rows += entry.live_rows();
                change.removed.push(segment.id);
                dropped.push(Arc::clone(segment));
                continue;
            }
            let mut dead = RoaringBitmap::new();
            let mut first = 0;
            for batch in read(
                &self.files().objects,
                segment,
                Columns::named(&["app_id"]),
                Which::All,
            )
            .await?
            {
                let apps = batch.column(0).as_string_view();
                dead.extend(
                    (first..)
                        .zip(apps)
                        .filter(|(_, app)| *app == Some(app_id))
                        .map(|(row, _)| row),
                );
                first +=
                    u32::try_from(batch.num_rows()).expect("a segment has fewer than 2^32 rows");
            }
            rows += entry
                .dead
                .as_ref()
                .map_or(dead.len(), |known| dead.difference_len(known));
            change.dead.insert(segment.id, dead);
        }
        self.commit_removal(change).await?;
        self.retire_deleted(dropped);
        self.delete_retired().await?;
        Ok(rows)
    }

    /// Waits until nothing else writes segments, and keeps it so.
    pub(crate) async fn exclude_writers(&self) -> [tokio::sync::OwnedMutexGuard<()>; 2] {
        let rewriting = Arc::clone(&self.inner.rewriting).lock_owned().await;
        [
            rewriting,
            Arc::clone(&self.inner.maintenance).lock_owned().await,
        ]
    }

    /// Commits a change that only takes rows away. Views and sessions in memory forget positions that are gone.
    async fn commit_removal(&self, change: Change) -> Result<()> {
        let _positions = self.inner.positions.write().await;
        let catalog = Arc::clone(&self.state().catalog);
        let next = catalog::commit(&self.inner.pool, &catalog, change).await?;
        let mut state = self.state();
        state.catalog = Arc::new(next);
        let state = &mut *state;
        let catalog = &state.catalog;
        let is_gone = |position: crate::hot::Position| {
            catalog
                .entries
                .get(&position.segment)
                .is_none_or(|entry| entry.is_dead(position.row))
        };
        let hot = &mut state.hot;
        hot.changed_views
            .drop_unless(&mut hot.views, |view| !view.stored.is_some_and(is_gone));
        hot.changed_sessions
            .drop_unless(&mut hot.sessions, |session| {
                !session.stored.is_some_and(is_gone)
            });
        Ok(())
    }
}

/// What of a pack is past its retention.
#[derive(Default)]
struct Past {
    /// Application and kind.
    groups: BTreeSet<(Option<String>, String)>,
    /// Whether requests of others are not.
    has_others: bool,
}

/// Whether a time is past what is kept; everything is past where nothing is kept.
fn is_past(time_us: i64, keep_us: Option<i64>, now_us: i64) -> bool {
    time_us.saturating_add(keep_us.unwrap_or(0)) < now_us
}
