//! Changed rows as batches: what a query reads of open views and sessions, built once a change and not once a query.
//!
//! Rebuilding every changed row for each query cost 37 µs a row under the lock that applying takes too: half a second a
//! query at 500,000 views an hour. So rows that changed since the last query become a new chunk, and rows of older chunks that changed
//! again, or were flushed, are filtered out of theirs.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use schema::arrow::{batch_of, joined};
use schema::{Identity, Row, TableId};

use crate::hot::{Keyed, KeyedRows};

/// More chunks than this are joined, so that a query never meets hundreds of tiny ones.
const CHUNKS_MAX: usize = 8;

/// The changed rows of one table.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Changed since the newest chunk was built.
    fresh: Vec<Identity>,
    chunks: Vec<Chunk>,
    /// Changed to nothing: shown by hiding what is stored.
    gone: Vec<Owner>,
    changes: u64,
    /// About how many bytes all rows in memory take, changed or not.
    bytes: usize,
}

/// Rows with whose they are.
#[derive(Debug)]
struct Chunk {
    batch: RecordBatch,
    owners: Vec<Owner>,
}

/// A row as of one change.
#[derive(Clone, Copy, Debug)]
struct Owner {
    identity: Identity,
    change: u64,
}

impl Owner {
    fn is_current<T>(&self, rows: &KeyedRows<T>) -> bool {
        let keyed = rows.get(&self.identity);
        keyed.is_some_and(|keyed| keyed.is_shown() && keyed.change == self.change)
    }
}

impl Changed {
    /// Notes that a row changed, and about how many bytes it takes now.
    pub(crate) fn note<T>(
        &mut self,
        identity: Identity,
        keyed: &mut Keyed<T>,
        arrival_us: i64,
        bytes: usize,
    ) {
        let before = std::mem::replace(&mut keyed.bytes, u32::try_from(bytes).unwrap_or(u32::MAX));
        self.bytes = self.bytes - before as usize + keyed.bytes as usize;
        self.changes += 1;
        self.fresh.push(identity);
        keyed.change = self.changes;
        keyed.is_dirty = true;
        keyed.touched_us = arrival_us.max(keyed.touched_us);
    }

    /// The rows that are not flushed, each in its newest form. A row of nothing is not shown.
    pub(crate) fn batches<T>(
        &mut self,
        table: TableId,
        rows: &KeyedRows<T>,
        row: impl Fn(&T) -> Option<Row>,
    ) -> Vec<RecordBatch> {
        self.forget_old(rows);
        let mut owners = Vec::new();
        let mut built = Vec::new();
        for identity in std::mem::take(&mut self.fresh) {
            let keyed = &rows[&identity];
            let owner = Owner {
                identity,
                change: keyed.change,
            };
            match row(&keyed.state) {
                Some(row) => {
                    owners.push(owner);
                    built.push(row);
                }
                None => self.gone.push(owner),
            }
        }
        if !built.is_empty() {
            let batch = batch_of(table, built.iter());
            self.chunks.push(Chunk { batch, owners });
        }
        if self.chunks.len() > CHUNKS_MAX {
            let batches: Vec<RecordBatch> = self.batches_now();
            let owners = self.chunks.drain(..).flat_map(|chunk| chunk.owners);
            let owners = owners.collect();
            self.chunks.push(Chunk {
                batch: joined(table, &batches),
                owners,
            });
        }
        self.batches_now()
    }

    /// Drops rows that are stored and were last touched before a time, and of the others the oldest that do not fit.
    pub(crate) fn evict<T>(&mut self, rows: &mut KeyedRows<T>, oldest_us: i64, bytes_max: usize) {
        let mut unchanged: Vec<(i64, usize)> = rows
            .values()
            .filter(|keyed| !keyed.is_shown())
            .map(|keyed| (keyed.touched_us, keyed.bytes as usize))
            .collect();
        unchanged.sort_unstable_by(|a, b| b.cmp(a));
        let mut room = bytes_max;
        let fits = |(touched_us, bytes): &(i64, usize)| match room.checked_sub(*bytes) {
            Some(left) => {
                room = left;
                *touched_us > oldest_us
            }
            None => false,
        };
        let kept_from_us = unchanged
            .into_iter()
            .take_while(fits)
            .last()
            .map(|(at, _)| at);
        self.drop_unless(rows, |keyed| {
            kept_from_us.is_some_and(|from| keyed.touched_us >= from)
        });
        if rows.len() * 4 < rows.capacity() {
            rows.shrink_to_fit();
        }
    }

    /// Drops unchanged rows that are not to be kept.
    pub(crate) fn drop_unless<T>(
        &mut self,
        rows: &mut KeyedRows<T>,
        is_kept: impl Fn(&Keyed<T>) -> bool,
    ) {
        rows.retain(|_, keyed| {
            let stays = keyed.is_shown() || is_kept(keyed);
            self.bytes -= if stays { 0 } else { keyed.bytes as usize };
            stays
        });
    }

    /// About how many bytes all rows in memory take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn batches_now(&self) -> Vec<RecordBatch> {
        self.chunks
            .iter()
            .map(|chunk| chunk.batch.clone())
            .collect()
    }

    /// Whose rows the batches show or hide.
    pub(crate) fn identities(&self) -> impl Iterator<Item = Identity> {
        let owners = self.chunks.iter().flat_map(|chunk| &chunk.owners);
        owners.chain(&self.gone).map(|owner| owner.identity)
    }

    /// Forgets rows that changed again or were flushed.
    pub(crate) fn forget_old<T>(&mut self, rows: &KeyedRows<T>) {
        self.fresh.sort_unstable();
        self.fresh.dedup();
        let is_shown = |identity: &Identity| rows.get(identity).is_some_and(Keyed::is_shown);
        self.fresh.retain(is_shown);
        self.gone.retain(|owner| owner.is_current(rows));
        for chunk in &mut self.chunks {
            let current: Vec<bool> = chunk
                .owners
                .iter()
                .map(|owner| owner.is_current(rows))
                .collect();
            if current.contains(&false) {
                let mut kept = current.iter();
                chunk.owners.retain(|_| kept.next() == Some(&true));
                chunk.batch = filter_record_batch(&chunk.batch, &BooleanArray::from(current))
                    .expect("the mask is as long as the batch");
            }
        }
        self.chunks.retain(|chunk| !chunk.owners.is_empty());
    }
}
