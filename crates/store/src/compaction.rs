//! Compaction: segments of one table and day that are about as large as each other become one, without their dead rows.
//!
//! Size tiers: four segments of one tier (each tier four times the one before, from 1 MiB) are joined; a segment of which a
//! quarter is dead is written anew alone.
//!
//! **Budget.** Inputs are merged batch by batch, so that memory holds their files and not their rows; after each chunk the thread
//! rests as long as it worked, so that it takes half a core at most. Flushes go on meanwhile: only the commit excludes them.

mod merge;
mod pace;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use roaring::RoaringBitmap;
use schema::{Identity, TableId};

use crate::catalog::{self, Catalog, Change, Entry};
use crate::failpoint;
use crate::hot::{KeyedRows, Position};
use crate::metrics::add;
use crate::open::to_its_end;
use crate::reader::open_checked;
use crate::segment::{self, Origin, blocking};
use crate::{Result, Segment, SegmentId, Store};
use merge::{Input, Merged, merge};
pub(crate) use pace::Pace;

const TIER_SEGMENTS: usize = 4;
const SMALLEST_TIER_BYTES: u64 = 1024 * 1024;
/// Of each input a page of every column is decoded at a time, some 30 MB.
const INPUTS_MAX: usize = 6;
/// The files are in memory while they are merged.
const INPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Of each row, where it comes from and its key are in memory, some 100 bytes.
const INPUT_ROWS_MAX: u64 = 600_000;
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
            let _rewriting = self.inner.rewriting.lock().await;
            let pace = &self.inner.pace;
            let catalog = Arc::clone(&self.state().catalog);
            let inputs = choose(&catalog, &self.damaged()).filter(|_| !pace.is_ended());
            drop(catalog);
            let Some(inputs) = inputs else { break };
            match self.rewrite(inputs, now_us, pace).await {
                Ok(()) => runs += 1,
                Err(error) => self.note_damage(error)?,
            }
        }
        self.delete_retired().await?;
        Ok(runs)
    }

    /// Ends a [`Store::compact`] that runs at its next chunk, and keeps others from beginning: the process stops.
    pub fn end_compaction(&self) {
        self.inner.pace.end();
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
            let _rewriting = self.inner.rewriting.lock().await;
            let groups = by_table_and_day(&self.state().catalog);
            for inputs in groups
                .into_values()
                .filter(|inputs| inputs.len() > 1 || inputs[0].dead.is_some())
            {
                self.rewrite(inputs, now_us, &Arc::new(Pace::unbounded()))
                    .await?;
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
            let _rewriting = self.inner.rewriting.lock().await;
            let mut marked = with_dead_rows(&self.state().catalog, &self.damaged());
            let Some(smallest) = marked.pop() else {
                return Ok(0);
            };
            let (start, expected) = (Instant::now(), expected(&smallest));
            // A rewrite that the end of the process cuts off would leave its rows twice.
            if until.is_some_and(|until| start + expected.mul_f64(slowness) > until) {
                return Ok(marked.len() + 1);
            }
            let pace = Arc::new(Pace::unbounded());
            match self.rewrite(vec![smallest], now_us, &pace).await {
                Ok(()) => slowness = start.elapsed().div_duration_f64(expected).max(0.25),
                Err(error) => self.note_damage(error)?,
            }
        }
    }

    /// Writes the live rows of segments of one table anew. The caller holds the lock `rewriting`.
    pub(crate) async fn rewrite(
        &self,
        inputs: Vec<Entry>,
        now_us: i64,
        pace: &Arc<Pace>,
    ) -> Result<()> {
        {
            // A flush that runs may have written files that the catalog does not name yet.
            let _maintenance = self.inner.maintenance.lock().await;
            self.settle().await?;
        }
        let result = self.rewrite_settled(inputs, now_us, pace).await;
        if result.is_err() {
            self.inner.is_unsettled.store(true, Ordering::Relaxed);
        }
        result
    }

    async fn rewrite_settled(
        &self,
        inputs: Vec<Entry>,
        now_us: i64,
        pace: &Arc<Pace>,
    ) -> Result<()> {
        let table = inputs[0].segment.table;
        let segments = || inputs.iter().map(|entry| &entry.segment);
        let origin = Origin {
            level: segments().map(|segment| segment.level).max().unwrap_or(0) + 1,
            log_position: segments()
                .map(|segment| segment.log_position)
                .max()
                .unwrap_or(0),
        };
        let mut opened = Vec::with_capacity(inputs.len());
        for entry in &inputs {
            opened.push(self.input(entry).await?);
        }
        let has_rows = inputs.iter().any(|entry| entry.live_rows() > 0);
        let pace = Arc::clone(pace);
        let merged = blocking(move || merge(table, opened, origin, ZSTD, &pace)).await?;
        if merged.is_none() && has_rows {
            // The server stops; the next one begins anew.
            return Ok(());
        }
        let mut written = None;
        if let Some(Merged { encoded, places }) = merged {
            add(&self.inner.metrics.rows_compacted, encoded.keys.len());
            let identities: Vec<Identity> = match table.is_versioned() {
                true => encoded.keys.iter().map(|key| key.identity).collect(),
                false => Vec::new(),
            };
            let id = self.new_segment_id();
            let segment = segment::store(self.files(), id, encoded, origin).await?;
            written = Some(Written {
                segment,
                identities,
                places,
            });
        }
        failpoint::pass("compaction_files_written");
        self.commit_rewrite(table, &inputs, written, now_us).await?;
        self.retire(inputs.into_iter().map(|entry| entry.segment));
        add(&self.inner.metrics.compactions, 1);
        Ok(())
    }

    async fn input(&self, entry: &Entry) -> Result<Input> {
        let segment = &entry.segment;
        let rows = open_checked(&self.files().objects, segment, entry.dead.as_deref()).await?;
        let contents = self.keys_of(segment).await?.contents(segment.rows)?;
        let live = (0..segment.rows).zip(contents);
        let live = live.filter(|(row, _)| !entry.is_dead(*row));
        Ok(Input {
            id: segment.id,
            rows,
            contents: live.map(|(_, content)| content).collect(),
            app_ids: segment.app_ids.clone(),
        })
    }

    /// Puts the written segment into the place of the inputs. A flush may have marked rows of theirs dead meanwhile.
    async fn commit_rewrite(
        &self,
        table: TableId,
        inputs: &[Entry],
        written: Option<Written>,
        now_us: i64,
    ) -> Result<()> {
        let _maintenance = self.inner.maintenance.lock().await;
        let _positions = self.inner.positions.write().await;
        let catalog = Arc::clone(&self.state().catalog);
        let mut change = Change {
            now_us,
            removed: inputs.iter().map(|entry| entry.segment.id).collect(),
            ..Change::default()
        };
        let removed = change.removed.clone();
        let mut moved: HashMap<Identity, Position, RandomState> = HashMap::default();
        if let Some(written) = written {
            let segment = written.segment.id;
            let positions = (0_u32..).zip(&written.identities);
            let position = |row| Position { segment, row };
            moved.extend(positions.map(|(row, identity)| (*identity, position(row))));
            let dead = died_meanwhile(&catalog, inputs, &written.places);
            if !dead.is_empty() {
                change.dead.insert(segment, dead);
            }
            change.added.push(written.segment);
        }
        let next = catalog::commit(&self.inner.pool, &catalog, change).await?;
        failpoint::pass("compaction_committed");
        let mut state = self.state();
        match table {
            TableId::View => relocate(&mut state.hot.views, &removed, &moved),
            TableId::Session => relocate(&mut state.hot.sessions, &removed, &moved),
            _ => {}
        }
        state.catalog = Arc::new(next);
        Ok(())
    }
}

/// A written segment, the identities of its rows, and the row that each live row of each input became.
struct Written {
    segment: Segment,
    identities: Vec<Identity>,
    places: Vec<Vec<u32>>,
}

/// Rows of the output that were rows of the inputs marked dead after these were read.
fn died_meanwhile(catalog: &Catalog, inputs: &[Entry], places: &[Vec<u32>]) -> RoaringBitmap {
    let mut dead = RoaringBitmap::new();
    for (input, places) in inputs.iter().zip(places) {
        let now = catalog.entries.get(&input.segment.id);
        let Some(now) = now.and_then(|entry| entry.dead.as_deref()) else {
            continue;
        };
        let before = input.dead.as_deref().cloned().unwrap_or_default();
        for row in now - &before {
            // Rows that were dead before have no place.
            let place = u64::from(row) - before.rank(row);
            let place = usize::try_from(place)
                .ok()
                .and_then(|place| places.get(place));
            dead.extend(place.copied());
        }
    }
    dead
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
    entries
        .into_iter()
        .take_while(fits)
        .take(INPUTS_MAX)
        .collect()
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

    fn entry(id: u64, rows: u32, dead: impl IntoIterator<Item = u32>) -> Entry {
        let segment = Segment {
            id: SegmentId(id),
            table: TableId::View,
            path: String::new(),
            rows,
            size_bytes: 0,
            checksum: 0,
            min_time_us: 0,
            max_time_us: 0,
            app_ids: Vec::new(),
            level: 0,
            log_position: 0,
            keys: std::sync::OnceLock::new(),
        };
        let dead: RoaringBitmap = dead.into_iter().collect();
        Entry {
            segment: Arc::new(segment),
            dead: (!dead.is_empty()).then(|| Arc::new(dead)),
        }
    }

    #[test]
    fn rows_that_die_while_their_segment_is_merged_are_dead_in_the_output() {
        let inputs = [entry(1, 5, [1]), entry(2, 3, [])];
        // Live rows 0, 2, 3, 4 of the first and 0, 1, 2 of the second became these.
        let places = [vec![0, 2, 4, 6], vec![1, 3, 5]];
        let mut catalog = Catalog::default();
        let now = [entry(1, 5, [0, 1, 4]), entry(2, 3, [1])];
        catalog
            .entries
            .extend(now.map(|entry| (entry.segment.id, entry)));
        let dead = died_meanwhile(&catalog, &inputs, &places);
        assert_eq!(dead, [0, 3, 6].into_iter().collect());
        assert!(died_meanwhile(&Catalog::default(), &inputs, &places).is_empty());
    }
}
