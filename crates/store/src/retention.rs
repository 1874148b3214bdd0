//! Retention: segments whose last event is older than every application in them keeps are deleted whole; the rows of a deleted
//! application are marked dead at once.

use std::sync::Arc;

use arrow::array::AsArray;
use roaring::RoaringBitmap;

use crate::catalog::{self, Change};
use crate::metrics::add;
use crate::open::to_its_end;
use crate::reader::{Columns, Which, read};
use crate::{Result, Store};

impl Store {
    /// Deletes segments that are past what `keep_us` says of each of their applications (µs; nothing for an application that no
    /// longer exists). Returns how many.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn expire(
        &self,
        now_us: i64,
        keep_us: impl Fn(&str) -> Option<i64>,
    ) -> Result<usize> {
        let maintenance = Arc::clone(&self.inner.maintenance).lock_owned().await;
        let catalog = Arc::clone(&self.state().catalog);
        let is_expired = |app_ids: &[String], max_time_us: i64| {
            let keep = app_ids
                .iter()
                .map(|app| keep_us(app).unwrap_or(0))
                .max()
                .unwrap_or(0);
            max_time_us.saturating_add(keep) < now_us
        };
        let expired: Vec<_> = catalog
            .entries
            .values()
            .filter(|entry| is_expired(&entry.segment.app_ids, entry.segment.max_time_us))
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
        let store = self.clone();
        let remove = async move {
            let _maintenance = maintenance;
            store.commit_removal(change).await?;
            add(&store.inner.metrics.segments_expired, expired.len());
            store.retire(expired);
            store.delete_retired().await
        };
        to_its_end(remove).await?;
        Ok(count)
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
        let _maintenance = self.inner.maintenance.lock().await;
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
