//! Hot tables: what the log says and no segment has yet, plus the open views and sessions whose next version is expected.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use foldhash::fast::RandomState;
use schema::arrow::{batch_of, joined};
use schema::merge::Versioned;
use schema::{Identity, Row, TableId};

use crate::changed::Changed;
use crate::session::Session;
use crate::{KeptRequest, QuarantineEntry, SegmentId};

/// Rows that make a batch without a query asking: as rows they take several times the memory, and each table has so many of them. Such
/// batches are not joined: each copy of a row costs a tenth of what decoding it did.
const BATCH_ROWS: usize = 1024;

/// Where a row is stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Position {
    pub(crate) segment: SegmentId,
    pub(crate) row: u32,
}

/// Rows that never change, waiting for the next flush.
#[derive(Debug, Default)]
pub(crate) struct Appended {
    /// Rows not yet in a batch.
    rows: Vec<Arc<Row>>,
    batches: Vec<RecordBatch>,
    /// Memory of both.
    bytes: usize,
    /// Content hash of every row, batches first.
    pub(crate) contents: Vec<u32>,
}

impl Appended {
    pub(crate) fn push(&mut self, table: TableId, row: Arc<Row>, content: u32) {
        self.bytes += row.memory_bytes();
        self.rows.push(row);
        self.contents.push(content);
        if self.rows.len() >= BATCH_ROWS {
            self.close_batch(table);
        }
    }

    /// Makes a batch of the waiting rows, and joins batches while the newest is at least half of the one before: a row is copied
    /// a few times, and a query never meets hundreds of tiny batches.
    fn close_batch(&mut self, table: TableId) {
        self.batches
            .push(batch_of(table, self.rows.iter().map(AsRef::as_ref)));
        self.rows.clear();
        self.rows.shrink_to(BATCH_ROWS / 8);
        while let [.., older, newer] = &self.batches[..]
            && newer.num_rows() * 2 >= older.num_rows()
            && older.num_rows() < BATCH_ROWS
        {
            let both = joined(table, &[older.clone(), newer.clone()]);
            self.batches.truncate(self.batches.len() - 2);
            self.batches.push(both);
        }
        self.bytes = self.batches.iter().map(bytes_of).sum();
    }

    /// All rows as batches; waiting rows become one first.
    pub(crate) fn batches(&mut self, table: TableId) -> Vec<RecordBatch> {
        if !self.rows.is_empty() {
            self.close_batch(table);
        }
        self.batches.clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.contents.len()
    }
}

/// Memory of a batch. Columns of NULLs share one buffer, which every one of them would count.
fn bytes_of(batch: &RecordBatch) -> usize {
    let filled = batch
        .columns()
        .iter()
        .filter(|column| column.null_count() < column.len());
    filled.map(|column| column.get_array_memory_size()).sum()
}

/// A row that can change: in memory while it is open.
#[derive(Debug)]
pub(crate) struct Keyed<T> {
    pub(crate) state: T,
    /// Where its newest flushed form is.
    pub(crate) stored: Option<Position>,
    /// Changed since the last flush began.
    pub(crate) is_dirty: bool,
    /// Being written by the flush that runs.
    pub(crate) is_flushing: bool,
    /// Arrival of the last row that touched it, µs.
    pub(crate) touched_us: i64,
    /// About how many bytes it takes in memory, as of its last change.
    pub(crate) bytes: u32,
    /// Number of its last change, of all changes of its table.
    pub(crate) change: u64,
    /// The session a view counts in.
    pub(crate) session: Option<Identity>,
}

impl<T> Keyed<T> {
    pub(crate) fn new(state: T, stored: Option<Position>) -> Self {
        Self {
            state,
            stored,
            is_dirty: false,
            is_flushing: false,
            touched_us: 0,
            bytes: 0,
            change: 0,
            session: None,
        }
    }

    /// Shown from memory; its stored form, if any, is hidden.
    pub(crate) fn is_shown(&self) -> bool {
        self.is_dirty || self.is_flushing
    }
}

pub(crate) type KeyedRows<T> = HashMap<Identity, Keyed<T>, RandomState>;

/// Everything since the last flush.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) tables: [Appended; 11],
    /// Content hash by identity of the appended rows.
    pub(crate) identities: HashMap<Identity, u32, RandomState>,
    pub(crate) quarantine: Vec<QuarantineEntry>,
    pub(crate) kept: Vec<KeptRequest>,
    /// Memory of the kept requests.
    pub(crate) kept_bytes: usize,
}

impl Pending {
    pub(crate) fn table(&mut self, table: TableId) -> &mut Appended {
        &mut self.tables[table as usize - 1]
    }

    pub(crate) fn rows(&self) -> usize {
        self.tables.iter().map(Appended::len).sum()
    }

    /// Memory of the rows and kept requests.
    pub(crate) fn bytes(&self) -> usize {
        self.kept_bytes + self.tables.iter().map(|table| table.bytes).sum::<usize>()
    }

    /// Appends what came later.
    pub(crate) fn absorb(&mut self, mut newer: Self) {
        for table in TableId::ALL {
            let batches = newer.table(table).batches(table);
            let own = self.table(table);
            // Waiting rows of the older part become a batch first, so that batches and content hashes stay aligned.
            own.batches(table);
            own.batches.extend(batches);
            own.bytes += newer.table(table).bytes;
            own.contents.append(&mut newer.table(table).contents);
        }
        self.identities.extend(newer.identities);
        self.quarantine.extend(newer.quarantine);
        self.kept.extend(newer.kept);
        self.kept_bytes += newer.kept_bytes;
    }
}

/// The hot tables.
#[derive(Debug, Default)]
pub(crate) struct Hot {
    pub(crate) pending: Pending,
    /// What the running flush writes; still shown until it commits.
    pub(crate) flushing: Option<Pending>,
    pub(crate) views: KeyedRows<Versioned>,
    pub(crate) sessions: KeyedRows<Session>,
    pub(crate) changed_views: Changed,
    pub(crate) changed_sessions: Changed,
    /// Everything in the log before this is applied.
    pub(crate) log_position: u64,
}

impl Hot {
    /// The content hash of an unflushed appended row.
    pub(crate) fn content_of(&self, identity: Identity) -> Option<u32> {
        let flushing = self
            .flushing
            .as_ref()
            .and_then(|flushing| flushing.identities.get(&identity));
        self.pending.identities.get(&identity).or(flushing).copied()
    }

    /// Batches of a table's unflushed rows: appended ones, or the changed views or sessions.
    pub(crate) fn batches(&mut self, table: TableId) -> Vec<RecordBatch> {
        match table {
            TableId::View => {
                let row = |view: &Versioned| Some(view.row());
                self.changed_views.batches(table, &self.views, row)
            }
            TableId::Session => {
                let row = |session: &Session| (!session.is_empty()).then(|| session.row());
                self.changed_sessions.batches(table, &self.sessions, row)
            }
            _ => {
                let mut batches = self.pending.table(table).batches(table);
                if let Some(flushing) = &mut self.flushing {
                    batches.extend(flushing.table(table).batches(table));
                }
                batches
            }
        }
    }

    /// Stored positions that the hot rows of a table replace, as of its last [`Hot::batches`].
    pub(crate) fn hidden(&self, table: TableId) -> Vec<Position> {
        match table {
            TableId::View => hidden(&self.changed_views, &self.views),
            TableId::Session => hidden(&self.changed_sessions, &self.sessions),
            _ => Vec::new(),
        }
    }

    /// Forgets views and sessions that are stored and no longer expected to change, and of the others those untouched for longest
    /// that do not fit into what may stay.
    pub(crate) fn evict(&mut self, now_us: i64, staying: Staying) {
        let half = staying.bytes / 2;
        let oldest_us = now_us.saturating_sub(staying.view_us);
        self.changed_views.evict(&mut self.views, oldest_us, half);
        let oldest_us = now_us.saturating_sub(staying.session_us);
        self.changed_sessions
            .evict(&mut self.sessions, oldest_us, half);
    }

    /// About how many bytes everything takes.
    pub(crate) fn bytes(&self) -> usize {
        let flushing = self.flushing.as_ref().map_or(0, Pending::bytes);
        self.pending.bytes() + flushing + self.changed_views.bytes() + self.changed_sessions.bytes()
    }
}

/// Which views and sessions stay in memory when they are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Staying {
    /// How long untouched, µs.
    pub(crate) view_us: i64,
    pub(crate) session_us: i64,
    /// How many bytes at most, half for each.
    pub(crate) bytes: usize,
}

fn hidden<T>(changed: &Changed, rows: &KeyedRows<T>) -> Vec<Position> {
    let shown = changed.identities();
    shown
        .filter_map(|identity| rows.get(&identity)?.stored)
        .collect()
}
