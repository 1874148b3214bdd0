//! Hot tables: what the log says and no segment has yet, plus the open views and sessions whose next version is expected.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use foldhash::fast::RandomState;
use schema::arrow::{batch_of, stored_schema};
use schema::merge::Versioned;
use schema::{Identity, Row, TableId};

use crate::changed::Changed;
use crate::session::Session;
use crate::{KeptRequest, QuarantineEntry, SegmentId};

/// Batches of one table above this number are joined, so that a query never meets hundreds of tiny ones.
const BATCHES_MAX: usize = 8;

/// Where a row is stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Position {
    pub(crate) segment: SegmentId,
    pub(crate) row: u32,
}

/// Rows that never change, waiting for the next flush.
#[derive(Debug, Default)]
pub(crate) struct Appended {
    /// Rows not yet in a batch, with the content hash of each.
    rows: Vec<Row>,
    batches: Vec<RecordBatch>,
    /// Content hash of every row, batches first.
    pub(crate) contents: Vec<u32>,
}

impl Appended {
    pub(crate) fn push(&mut self, row: Row, content: u32) {
        self.rows.push(row);
        self.contents.push(content);
    }

    /// All rows as batches; waiting rows become one first.
    pub(crate) fn batches(&mut self, table: TableId) -> Vec<RecordBatch> {
        if !self.rows.is_empty() {
            self.batches.push(batch_of(table, self.rows.iter()));
            self.rows.clear();
            if self.batches.len() > BATCHES_MAX {
                self.batches = vec![joined(table, &self.batches)];
            }
        }
        self.batches.clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.contents.len()
    }
}

/// One batch of several.
pub(crate) fn joined(table: TableId, batches: &[RecordBatch]) -> RecordBatch {
    concat_batches(&stored_schema(table), batches).expect("batches of one table have one schema")
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
    /// About how many bytes the rows take.
    pub(crate) bytes: usize,
}

impl Pending {
    pub(crate) fn table(&mut self, table: TableId) -> &mut Appended {
        &mut self.tables[table as usize - 1]
    }

    pub(crate) fn rows(&self) -> usize {
        self.tables.iter().map(Appended::len).sum()
    }

    /// Appends what came later.
    pub(crate) fn absorb(&mut self, mut newer: Self) {
        for table in TableId::ALL {
            let batches = newer.table(table).batches(table);
            let own = self.table(table);
            // Waiting rows of the older part become a batch first, so that batches and content hashes stay aligned.
            own.batches(table);
            own.batches.extend(batches);
            own.contents.append(&mut newer.table(table).contents);
        }
        self.identities.extend(newer.identities);
        self.quarantine.extend(newer.quarantine);
        self.kept.extend(newer.kept);
        self.bytes += newer.bytes;
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

    /// Forgets views and sessions that are stored and no longer expected to change.
    pub(crate) fn evict(&mut self, now_us: i64, idle: Idle) {
        let is_kept = |shown: bool, touched_us: i64, idle_us: i64| {
            shown || now_us.saturating_sub(touched_us) < idle_us
        };
        self.views
            .retain(|_, view| is_kept(view.is_shown(), view.touched_us, idle.view_us));
        self.sessions
            .retain(|_, session| is_kept(session.is_shown(), session.touched_us, idle.session_us));
    }
}

/// How long views and sessions stay in memory untouched, µs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle {
    pub(crate) view_us: i64,
    pub(crate) session_us: i64,
}

fn hidden<T>(changed: &Changed, rows: &KeyedRows<T>) -> Vec<Position> {
    let shown = changed.identities();
    shown
        .filter_map(|identity| rows.get(&identity)?.stored)
        .collect()
}

/// A batch of nothing, for a table without hot rows.
pub(crate) fn empty_batch(table: TableId) -> RecordBatch {
    RecordBatch::new_empty(Arc::clone(&stored_schema(table)))
}
