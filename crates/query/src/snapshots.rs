//! Snapshots by name, so that several requests of one screen see the same rows while events arrive.
//!
//! A snapshot pins the files of its segments and the batches of hot rows. So there are few, they live for minutes, and the memory of
//! their batches is counted: what two of them share, once. Who holds a name may lose it at any time and gets a new one.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow::array::{Array, RecordBatch};
use schema::TableId;
use store::Snapshot;
use uuid::Uuid;

/// Bounds of a [`Snapshots`].
#[derive(Clone, Copy, Debug)]
pub struct SnapshotOptions {
    pub count_max: usize,
    /// From being taken, however often it is used.
    pub age_us_max: i64,
    /// Memory of hot rows that live snapshots hold together. The newest is kept whatever it holds.
    pub bytes_max: usize,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self {
            count_max: 64,
            age_us_max: 600_000_000,
            bytes_max: 512 << 20,
        }
    }
}

/// How long the name of an unchanged state is given again.
const SHARED_US: i64 = 10_000_000;

/// Figures for metrics and the status page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotGauges {
    pub live: usize,
    /// Memory of the hot rows they hold.
    pub bytes: usize,
    /// Taken since the start.
    pub taken: u64,
    /// Given up before their time, for lack of room.
    pub evicted: u64,
    /// Asked for by a name that is not known any more.
    pub missed: u64,
}

/// A snapshot and its name.
#[derive(Clone, Debug)]
pub struct NamedSnapshot {
    pub id: String,
    /// When it was named. Its queries take this for `now()`: which sessions are active is part of what they agree about.
    pub taken_us: i64,
    pub snapshot: Snapshot,
}

/// Keeps snapshots by name. One a process; shared by an `Arc`.
#[derive(Debug, Default)]
pub struct Snapshots {
    options: SnapshotOptions,
    /// Oldest first.
    kept: Mutex<VecDeque<Kept>>,
    taken: AtomicU64,
    evicted: AtomicU64,
    missed: AtomicU64,
}

#[derive(Debug)]
struct Kept {
    /// Which workspace may use it.
    owner: i64,
    named: NamedSnapshot,
    /// Address and size of each column of hot rows: the same array in two snapshots is the same memory.
    arrays: Vec<(usize, usize)>,
}

impl Snapshots {
    #[must_use]
    pub fn new(options: SnapshotOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// The snapshot of that name, if it is the owner's and still there.
    #[must_use]
    pub fn get(&self, owner: i64, id: &str, now_us: i64) -> Option<NamedSnapshot> {
        let mut kept = self.kept();
        self.drop_old(&mut kept, now_us);
        let found = kept
            .iter()
            .find(|kept| kept.owner == owner && kept.named.id == id)
            .map(|kept| kept.named.clone());
        if found.is_none() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
        found
    }

    /// Keeps a snapshot and names it. Of a state that is kept already the name is given again.
    #[must_use]
    pub fn keep(&self, owner: i64, snapshot: Snapshot, now_us: i64) -> NamedSnapshot {
        let mut kept = self.kept();
        self.drop_old(&mut kept, now_us);
        // Not older than that: sharing must neither end a name early nor stop the clock of a quiet server.
        let is_same = |kept: &&Kept| {
            let other = &kept.named.snapshot;
            kept.owner == owner
                && other.catalog_version == snapshot.catalog_version
                && other.log_position == snapshot.log_position
                && now_us.saturating_sub(kept.named.taken_us) < SHARED_US
        };
        if let Some(same) = kept.iter().find(is_same) {
            return same.named.clone();
        }
        let named = NamedSnapshot {
            id: Uuid::new_v4().simple().to_string(),
            taken_us: now_us,
            snapshot,
        };
        self.taken.fetch_add(1, Ordering::Relaxed);
        kept.push_back(Kept {
            owner,
            arrays: hot_arrays(&named.snapshot),
            named: named.clone(),
        });
        while kept.len() > 1
            && (kept.len() > self.options.count_max || bytes(&kept) > self.options.bytes_max)
        {
            kept.pop_front();
            self.evicted.fetch_add(1, Ordering::Relaxed);
        }
        named
    }

    /// Gives up what is too old; called now and then, so that a screen left open pins nothing.
    pub fn expire(&self, now_us: i64) {
        self.drop_old(&mut self.kept(), now_us);
    }

    /// Gives up all, so that no file is pinned.
    pub fn clear(&self) {
        self.kept().clear();
    }

    /// Figures of now.
    #[must_use]
    pub fn gauges(&self) -> SnapshotGauges {
        let kept = self.kept();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SnapshotGauges {
            live: kept.len(),
            bytes: bytes(&kept),
            taken: count(&self.taken),
            evicted: count(&self.evicted),
            missed: count(&self.missed),
        }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        // Nothing here panics with the lock held but by lack of memory, and each change is one step.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drop_old(&self, kept: &mut VecDeque<Kept>, now_us: i64) {
        kept.retain(|kept| now_us.saturating_sub(kept.named.taken_us) < self.options.age_us_max);
    }
}

fn hot_arrays(snapshot: &Snapshot) -> Vec<(usize, usize)> {
    let batches = TableId::ALL
        .into_iter()
        .flat_map(|table| &snapshot.table(table).batches);
    let columns = batches.flat_map(RecordBatch::columns);
    columns
        .map(|column| {
            let address = std::sync::Arc::as_ptr(column).cast::<()>() as usize;
            (address, column.get_array_memory_size())
        })
        .collect()
}

fn bytes(kept: &VecDeque<Kept>) -> usize {
    let distinct: HashMap<usize, usize> = kept
        .iter()
        .flat_map(|kept| kept.arrays.iter().copied())
        .collect();
    distinct.values().sum()
}
