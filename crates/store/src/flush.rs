//! Flush: the hot rows become segments, and one transaction makes that and the log position true together.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::RecordBatch;
use foldhash::fast::RandomState;
use roaring::RoaringBitmap;
use schema::arrow::batch_of;
use schema::{Identity, Row, TableId};

use crate::catalog::{self, Change};
use crate::hot::{Hot, KeyedRows, Position};
use crate::metrics::add;
use crate::open::to_its_end;
use crate::segment::{self, Origin, Rows, blocking};
use crate::{KeptRequest, QuarantineEntry, Result, Segment, Store};
use crate::{failpoint, flushed, kept};

/// Level 1 is as small as level 3 here and half the work: random ids dominate.
const FLUSH_ZSTD: i32 = 1;
/// Changed rows that are built under one hold of the lock.
const CHUNK_ROWS: usize = 512;

/// What a flush wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    pub rows: u64,
    pub bytes: u64,
    pub segments: usize,
    /// The log before this is no longer needed for recovery.
    pub log_position: u64,
}

/// What a flush took out of the hot tables.
struct Frozen {
    /// The appended rows of each table, with their content hashes.
    tables: Vec<(TableId, Vec<RecordBatch>, Vec<u32>)>,
    views: FrozenRows,
    sessions: FrozenRows,
    kept: Vec<KeptRequest>,
    quarantine: Vec<QuarantineEntry>,
    log_position: u64,
}

/// Changed rows of one table as they are stored.
struct FrozenRows {
    batches: Vec<RecordBatch>,
    /// Whose row each is.
    identities: Vec<Identity>,
    /// Changed to nothing.
    gone: Vec<Identity>,
}

/// New positions of rows that can change; none for a session that lost its last row.
#[derive(Default)]
struct Moved {
    views: Positions,
    sessions: Positions,
}

type Positions = HashMap<Identity, Option<Position>, RandomState>;

impl Store {
    /// Writes everything that is not in segments. `now_us` is the wall clock, for eviction and the catalog. Once begun it runs to
    /// its end, even if the caller leaves.
    ///
    /// # Errors
    /// When a file or the catalog cannot be written; the rows stay in memory and the next flush tries again.
    pub async fn flush(&self, now_us: i64) -> Result<Flushed> {
        let store = self.clone();
        to_its_end(async move {
            let flushed = store.flush_to_its_end(now_us).await;
            // The rows are safe without it, and the next run of maintenance tries again.
            if let Err(error) = store.publish().await {
                tracing::error!(%error, "the manifest could not be written");
            }
            flushed
        })
        .await
    }

    async fn flush_to_its_end(&self, now_us: i64) -> Result<Flushed> {
        let _maintenance = self.inner.maintenance.lock().await;
        if let Err(error) = self.settle_unless_rewriting().await {
            add(&self.inner.metrics.flush_failures, 1);
            return Err(error);
        }
        let frozen = {
            // Applying waits, so that what is frozen is the state at one log position.
            let _positions = self.inner.positions.write().await;
            let store = self.clone();
            blocking(move || store.freeze()).await
        };
        let Some(frozen) = frozen else {
            self.evict(now_us).await;
            return Ok(Flushed {
                log_position: self.flushed_position(),
                ..Flushed::default()
            });
        };
        match self.write_frozen(frozen, now_us).await {
            Ok(flushed) => {
                let metrics = &self.inner.metrics;
                add(&metrics.flushes, 1);
                add(
                    &metrics.rows_flushed,
                    usize::try_from(flushed.rows).unwrap_or(usize::MAX),
                );
                add(
                    &metrics.bytes_flushed,
                    usize::try_from(flushed.bytes).unwrap_or(usize::MAX),
                );
                self.evict(now_us).await;
                Ok(flushed)
            }
            Err(error) => {
                self.state().hot.thaw();
                self.inner.is_unsettled.store(true, Ordering::Relaxed);
                add(&self.inner.metrics.flush_failures, 1);
                Err(error)
            }
        }
    }

    /// A compaction that runs has files that the catalog does not name yet; it ends sooner or later, and the next flush settles.
    async fn settle_unless_rewriting(&self) -> Result<()> {
        match self.inner.rewriting.try_lock() {
            Ok(_rewriting) => self.settle().await,
            Err(_) => Ok(()),
        }
    }

    /// Waits for a batch that is being applied: it counts on what it found in memory.
    async fn evict(&self, now_us: i64) {
        let _positions = self.inner.positions.write().await;
        self.state().hot.evict(now_us, self.staying());
        self.inner.room.notify_waiters();
    }

    /// Takes out what the flush writes. Queries wait no longer than for a chunk of rows.
    fn freeze(&self) -> Option<Frozen> {
        let (tables, kept, quarantine, views, sessions, log_position) = {
            let mut state = self.state();
            let flushed_position = state.catalog.log_position;
            let hot = &mut state.hot;
            if hot.log_position == flushed_position {
                return None;
            }
            let mut pending = std::mem::take(&mut hot.pending);
            let appended = TableId::ALL
                .into_iter()
                .filter(|table| !table.is_versioned());
            let taken = |table: TableId| {
                let appended = pending.table(table);
                (table, appended.batches(table), appended.contents.clone())
            };
            let tables: Vec<_> = appended.map(taken).collect();
            let kept = pending.kept.clone();
            let quarantine = pending.quarantine.clone();
            hot.flushing = Some(pending);
            (
                tables,
                kept,
                quarantine,
                take_dirty(&mut hot.views),
                take_dirty(&mut hot.sessions),
                hot.log_position,
            )
        };
        let views = self.freeze_rows(TableId::View, &views, |hot, identity| {
            Some(hot.views.get(&identity)?.state.stored_row())
        });
        let sessions = self.freeze_rows(TableId::Session, &sessions, |hot, identity| {
            let session = &hot.sessions.get(&identity)?.state;
            (!session.is_empty()).then(|| session.row())
        });
        Some(Frozen {
            tables,
            views,
            sessions,
            kept,
            quarantine,
            log_position,
        })
    }

    fn freeze_rows(
        &self,
        table: TableId,
        taken: &[Identity],
        row: impl Fn(&Hot, Identity) -> Option<Row>,
    ) -> FrozenRows {
        let (mut batches, mut identities, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for chunk in taken.chunks(CHUNK_ROWS) {
            let rows: Vec<Option<Row>> = {
                let hot = &self.state().hot;
                chunk.iter().map(|identity| row(hot, *identity)).collect()
            };
            let mut there = Vec::with_capacity(rows.len());
            for (identity, row) in chunk.iter().zip(rows) {
                match row {
                    Some(row) => {
                        identities.push(*identity);
                        there.push(row);
                    }
                    None => gone.push(*identity),
                }
            }
            if !there.is_empty() {
                batches.push(batch_of(table, there.iter()));
            }
        }
        FrozenRows {
            batches,
            identities,
            gone,
        }
    }

    async fn write_frozen(&self, frozen: Frozen, now_us: i64) -> Result<Flushed> {
        let mut change = Change {
            log_position: Some(frozen.log_position),
            now_us,
            ..Change::default()
        };
        let log_position = frozen.log_position;
        let mut moved = Moved::default();
        for (table, batches, contents) in frozen.tables {
            if batches.is_empty() {
                continue;
            }
            let rows = Rows {
                table,
                batches,
                contents,
            };
            for (segment, _) in self.write_days(rows, log_position).await? {
                change.added.push(segment);
            }
        }
        for (table, taken, positions) in [
            (TableId::View, frozen.views, &mut moved.views),
            (TableId::Session, frozen.sessions, &mut moved.sessions),
        ] {
            positions.extend(taken.gone.into_iter().map(|identity| (identity, None)));
            let identities = taken.identities;
            if identities.is_empty() {
                continue;
            }
            let rows = Rows {
                table,
                batches: taken.batches,
                contents: vec![0; identities.len()],
            };
            for (segment, origins) in self.write_days(rows, log_position).await? {
                for (row, origin) in (0_u32..).zip(origins) {
                    let position = Position {
                        segment: segment.id,
                        row,
                    };
                    positions.insert(identities[origin as usize], Some(position));
                }
                change.added.push(segment);
            }
        }
        change.kept = self.write_pack(frozen.kept, now_us).await?;
        change.quarantine = frozen.quarantine;
        failpoint::pass("flush_files_written");
        let root = self.files().root.clone();
        blocking(move || flushed::write(&root, log_position)).await?;
        failpoint::pass("flush_marked");
        self.commit_flush(change, &moved).await
    }

    async fn write_days(&self, rows: Rows, log_position: u64) -> Result<Vec<(Segment, Vec<u32>)>> {
        let origin = Origin {
            level: 0,
            log_position,
        };
        let days = blocking(move || segment::sort_into_days(&rows)).await?;
        let mut written = Vec::new();
        for mut day in days {
            let origins = std::mem::take(&mut day.origins);
            let segment =
                segment::write(self.files(), self.new_segment_id(), day, origin, FLUSH_ZSTD)
                    .await?;
            failpoint::pass("flush_segment_written");
            written.push((segment, origins));
        }
        Ok(written)
    }

    async fn write_pack(
        &self,
        kept: Vec<KeptRequest>,
        now_us: i64,
    ) -> Result<Vec<(KeptRequest, String, u64)>> {
        if kept.is_empty() {
            return Ok(Vec::new());
        }
        let day = chrono::DateTime::from_timestamp_micros(now_us).unwrap_or_default();
        let path = format!(
            "kept/{}/{}.pack",
            day.format("%Y-%m-%d"),
            uuid::Uuid::new_v4()
        );
        let mut bytes = Vec::new();
        let mut rows = Vec::new();
        for request in kept {
            let offset = bytes.len() as u64;
            bytes.extend_from_slice(&request.payload);
            rows.push((request, path.clone(), offset));
        }
        bytes.extend_from_slice(&kept::index(&rows));
        self.files().put(&path, bytes).await?;
        Ok(rows)
    }

    async fn commit_flush(&self, mut change: Change, moved: &Moved) -> Result<Flushed> {
        let _positions = self.inner.positions.write().await;
        let catalog = {
            let state = self.state();
            mark_replaced(&mut change.dead, &state.hot.views, &moved.views);
            mark_replaced(&mut change.dead, &state.hot.sessions, &moved.sessions);
            Arc::clone(&state.catalog)
        };
        let flushed = Flushed {
            rows: change
                .added
                .iter()
                .map(|segment| u64::from(segment.rows))
                .sum(),
            bytes: change.added.iter().map(|segment| segment.size_bytes).sum(),
            segments: change.added.len(),
            log_position: change.log_position.unwrap_or(catalog.log_position),
        };
        let next = catalog::commit(&self.inner.pool, &catalog, change).await?;
        failpoint::pass("flush_committed");
        let mut state = self.state();
        let hot = &mut state.hot;
        settle(&mut hot.views, &moved.views);
        settle(&mut hot.sessions, &moved.sessions);
        hot.changed_views.forget_old(&hot.views);
        hot.changed_sessions.forget_old(&hot.sessions);
        hot.flushing = None;
        state.catalog = Arc::new(next);
        Ok(flushed)
    }
}

fn take_dirty<T>(rows: &mut KeyedRows<T>) -> Vec<Identity> {
    let mut taken = Vec::new();
    for (identity, keyed) in rows.iter_mut().filter(|(_, keyed)| keyed.is_dirty) {
        keyed.is_dirty = false;
        keyed.is_flushing = true;
        taken.push(*identity);
    }
    taken
}

fn mark_replaced<T>(
    dead: &mut BTreeMap<crate::SegmentId, RoaringBitmap>,
    rows: &KeyedRows<T>,
    moved: &Positions,
) {
    for old in moved
        .keys()
        .filter_map(|identity| rows.get(identity)?.stored)
    {
        dead.entry(old.segment).or_default().insert(old.row);
    }
}

fn settle<T>(rows: &mut KeyedRows<T>, moved: &Positions) {
    for (identity, position) in moved {
        if let Some(keyed) = rows.get_mut(identity) {
            keyed.stored = *position;
            keyed.is_flushing = false;
        }
    }
}

impl Hot {
    /// Takes back what a failed flush had taken out.
    fn thaw(&mut self) {
        if let Some(mut flushing) = self.flushing.take() {
            let newer = std::mem::take(&mut self.pending);
            flushing.absorb(newer);
            self.pending = flushing;
        }
        for (_, keyed) in self.views.iter_mut().filter(|(_, keyed)| keyed.is_flushing) {
            (keyed.is_flushing, keyed.is_dirty) = (false, true);
        }
        for (_, keyed) in self
            .sessions
            .iter_mut()
            .filter(|(_, keyed)| keyed.is_flushing)
        {
            (keyed.is_flushing, keyed.is_dirty) = (false, true);
        }
    }
}
