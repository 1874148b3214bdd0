//! Compaction: segments of one table and day that are about as large as each other become one, without their dead rows.
//!
//! Size tiers: four segments of one tier (each tier four times the one before, from 1 MiB) are joined; a segment of which a
//! quarter is dead is written anew alone. Inputs are bounded, so that a run stays short and its memory small.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use schema::arrow::aligned;
use schema::{Identity, TableId};

use crate::catalog::{self, Catalog, Change, Entry};
use crate::failpoint;
use crate::hot::{KeyedRows, Position};
use crate::metrics::add;
use crate::open::to_its_end;
use crate::reader::read_checked;
use crate::segment::{self, Origin, Rows, blocking, identities_of};
use crate::{Result, SegmentId, Store};

const TIER_SEGMENTS: usize = 4;
const SMALLEST_TIER_BYTES: u64 = 1024 * 1024;
/// Rows are joined and sorted in memory, where one takes about ten times its bytes on disk, twice.
const INPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;
const INPUT_ROWS_MAX: u64 = 400_000;
const ZSTD: i32 = 3;
/// What a rewrite is counted on to take, before others have shown how fast this machine is: so much, and so many rows a second.
const REWRITE: Duration = Duration::from_millis(50);
const REWRITE_ROWS_PER_SECOND: f64 = 30_000.0;

impl Store {
    /// Runs compactions until none is worth it. Returns how many ran. Damaged segments are left as they are.
    ///
    /// # Errors
    /// When a segment cannot be read or written; nothing has changed then but finished runs.
    pub async fn compact(&self, now_us: i64) -> Result<usize> {
        let store = self.clone();
        to_its_end(async move { store.compact_tiers(now_us).await }).await
    }

    async fn compact_tiers(&self, now_us: i64) -> Result<usize> {
        let mut runs = 0;
        loop {
            let _maintenance = self.inner.maintenance.lock().await;
            let catalog = Arc::clone(&self.state().catalog);
            let inputs = choose(&catalog, &self.damaged());
            let Some(inputs) = inputs else { break };
            match self.rewrite(inputs, now_us).await {
                Ok(()) => runs += 1,
                Err(error) => self.note_damage(error)?,
            }
        }
        self.delete_retired().await?;
        Ok(runs)
    }

    /// Joins every segment of each table and day into one, whatever its size. For tests and tools.
    ///
    /// # Errors
    /// As [`Store::compact`].
    pub async fn compact_fully(&self, now_us: i64) -> Result<()> {
        let store = self.clone();
        to_its_end(async move { store.compact_days(now_us).await }).await
    }

    async fn compact_days(&self, now_us: i64) -> Result<()> {
        {
            let _maintenance = self.inner.maintenance.lock().await;
            let groups = by_table_and_day(&self.state().catalog);
            for inputs in groups
                .into_values()
                .filter(|inputs| inputs.len() > 1 || inputs[0].dead.is_some())
            {
                self.rewrite(inputs, now_us).await?;
            }
        }
        self.delete_retired().await
    }

    /// Writes segments that have dead rows anew without them, the smallest first, as long as the next is likely to be done by `until`.
    /// Afterwards a plain glob over the files counts right. Returns how many segments still have dead rows.
    ///
    /// # Errors
    /// As [`Store::compact`].
    pub async fn drop_dead_rows(&self, now_us: i64, until: Option<Instant>) -> Result<usize> {
        let store = self.clone();
        to_its_end(async move { store.drop_dead_rows_until(now_us, until).await }).await
    }

    async fn drop_dead_rows_until(&self, now_us: i64, until: Option<Instant>) -> Result<usize> {
        let mut slowness = 1.0;
        loop {
            let _maintenance = self.inner.maintenance.lock().await;
            let mut marked = with_dead_rows(&self.state().catalog, &self.damaged());
            let Some(smallest) = marked.pop() else {
                return Ok(0);
            };
            let (start, expected) = (Instant::now(), expected(&smallest));
            // A rewrite that the end of the process cuts off would leave its rows twice.
            if until.is_some_and(|until| start + expected.mul_f64(slowness) > until) {
                return Ok(marked.len() + 1);
            }
            match self.rewrite(vec![smallest], now_us).await {
                Ok(()) => slowness = start.elapsed().div_duration_f64(expected).max(0.25),
                Err(error) => self.note_damage(error)?,
            }
        }
    }

    async fn rewrite(&self, inputs: Vec<Entry>, now_us: i64) -> Result<()> {
        self.settle().await?;
        let result = self.rewrite_settled(inputs, now_us).await;
        if result.is_err() {
            self.inner.is_unsettled.store(true, Ordering::Relaxed);
        }
        result
    }

    async fn rewrite_settled(&self, inputs: Vec<Entry>, now_us: i64) -> Result<()> {
        let table = inputs[0].segment.table;
        let level = inputs
            .iter()
            .map(|entry| entry.segment.level)
            .max()
            .unwrap_or(0)
            + 1;
        let log_position = inputs
            .iter()
            .map(|entry| entry.segment.log_position)
            .max()
            .unwrap_or(0);
        let live = self.live_rows(table, &inputs).await?;
        let mut change = Change {
            now_us,
            removed: inputs.iter().map(|entry| entry.segment.id).collect(),
            ..Change::default()
        };
        let mut moved: HashMap<Identity, Position, RandomState> = HashMap::default();
        if live.batches.iter().any(|batch| batch.num_rows() > 0) {
            let days = blocking(move || segment::sort_into_days(&live)).await?;
            for day in days {
                add(&self.inner.metrics.rows_compacted, day.batch.num_rows());
                let identities = if table.is_versioned() {
                    identities_of(table, &day.batch)
                } else {
                    Vec::new()
                };
                let segment = segment::write(
                    self.files(),
                    self.new_segment_id(),
                    day,
                    Origin {
                        level,
                        log_position,
                    },
                    ZSTD,
                )
                .await?;
                let positions = (0_u32..).zip(identities);
                moved.extend(positions.map(|(row, identity)| {
                    (
                        identity,
                        Position {
                            segment: segment.id,
                            row,
                        },
                    )
                }));
                change.added.push(segment);
            }
        }
        failpoint::pass("compaction_files_written");
        self.commit_rewrite(change, table, &moved).await?;
        self.retire(inputs.into_iter().map(|entry| entry.segment));
        add(&self.inner.metrics.compactions, 1);
        Ok(())
    }

    async fn live_rows(&self, table: TableId, inputs: &[Entry]) -> Result<Rows> {
        let mut batches = Vec::new();
        let mut contents = Vec::new();
        for entry in inputs {
            let dead = entry.dead.as_deref();
            let read = read_checked(&self.files().objects, &entry.segment, dead).await?;
            batches.extend(read.iter().map(|batch| aligned(table, batch)));
            let of_rows = self
                .keys_of(&entry.segment)
                .await?
                .contents(entry.segment.rows)?;
            contents.extend(
                (0..entry.segment.rows)
                    .zip(of_rows)
                    .filter(|(row, _)| !entry.is_dead(*row))
                    .map(|(_, c)| c),
            );
        }
        Ok(Rows {
            table,
            batches,
            contents,
        })
    }

    async fn commit_rewrite(
        &self,
        change: Change,
        table: TableId,
        moved: &HashMap<Identity, Position, RandomState>,
    ) -> Result<()> {
        let _positions = self.inner.positions.write().await;
        let catalog = Arc::clone(&self.state().catalog);
        let removed = change.removed.clone();
        let next = catalog::commit(&self.inner.pool, &catalog, change).await?;
        failpoint::pass("compaction_committed");
        let mut state = self.state();
        match table {
            TableId::View => relocate(&mut state.hot.views, &removed, moved),
            TableId::Session => relocate(&mut state.hot.sessions, &removed, moved),
            _ => {}
        }
        state.catalog = Arc::new(next);
        Ok(())
    }
}

fn relocate<T>(
    rows: &mut KeyedRows<T>,
    removed: &[SegmentId],
    moved: &HashMap<Identity, Position, RandomState>,
) {
    for (identity, keyed) in rows.iter_mut() {
        if keyed
            .stored
            .is_some_and(|position| removed.contains(&position.segment))
        {
            keyed.stored = moved.get(identity).copied();
        }
    }
}

fn by_table_and_day(catalog: &Catalog) -> BTreeMap<(TableId, i64), Vec<Entry>> {
    let mut groups: BTreeMap<(TableId, i64), Vec<Entry>> = BTreeMap::new();
    for entry in catalog.entries.values() {
        groups
            .entry((entry.segment.table, entry.segment.day_us()))
            .or_default()
            .push(entry.clone());
    }
    groups
}

/// Segments with dead rows, the smallest last.
fn with_dead_rows(catalog: &Catalog, damaged: &HashSet<SegmentId>) -> Vec<Entry> {
    let is_marked = |entry: &&Entry| {
        entry.live_rows() < u64::from(entry.segment.rows) && !damaged.contains(&entry.segment.id)
    };
    let mut marked: Vec<Entry> = catalog
        .entries
        .values()
        .filter(is_marked)
        .cloned()
        .collect();
    marked.sort_by_key(|entry| std::cmp::Reverse(entry.live_rows()));
    marked
}

fn expected(entry: &Entry) -> Duration {
    let rows = u32::try_from(entry.live_rows()).unwrap_or(u32::MAX);
    REWRITE + Duration::from_secs_f64(f64::from(rows) / REWRITE_ROWS_PER_SECOND)
}

fn choose(catalog: &Catalog, damaged: &HashSet<SegmentId>) -> Option<Vec<Entry>> {
    for entries in by_table_and_day(catalog).into_values() {
        let mut tiers: BTreeMap<u32, Vec<Entry>> = BTreeMap::new();
        let is_whole = |entry: &Entry| !damaged.contains(&entry.segment.id);
        for entry in entries.into_iter().filter(is_whole) {
            let rows = u64::from(entry.segment.rows);
            if (rows - entry.live_rows()) * 4 >= rows {
                return Some(vec![entry]);
            }
            tiers
                .entry(tier(entry.segment.size_bytes))
                .or_default()
                .push(entry);
        }
        let full = tiers
            .into_values()
            .map(bounded)
            .find(|tier| tier.len() >= TIER_SEGMENTS);
        if full.is_some() {
            return full;
        }
    }
    None
}

fn tier(size_bytes: u64) -> u32 {
    (size_bytes / SMALLEST_TIER_BYTES)
        .checked_ilog(4)
        .map_or(0, |tier| tier + 1)
}

fn bounded(entries: Vec<Entry>) -> Vec<Entry> {
    let (mut bytes, mut rows) = (0, 0);
    let fits = |entry: &Entry| {
        bytes += entry.segment.size_bytes;
        rows += entry.live_rows();
        bytes <= INPUT_BYTES_MAX && rows <= INPUT_ROWS_MAX
    };
    entries.into_iter().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_grow_by_four() {
        const MIB: u64 = SMALLEST_TIER_BYTES;
        let tiers = [0, MIB - 1, MIB, 4 * MIB - 1, 4 * MIB, 16 * MIB].map(tier);
        assert_eq!(tiers, [0, 0, 1, 1, 2, 3]);
    }
}
