//! Columns of segments kept in memory, so that the screens' small tables are decoded once and not for every figure.
//!
//! A column is read whole when a query first needs it, and the one longest unused goes when the budget is full. Segments never
//! change, so nothing here goes stale; delete vectors are laid over the columns at each query. Segments are sorted by (app_id,
//! time), so a query gets the slice that its filters can match without a copy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array,
};
use arrow::compute::{cast, concat, filter_record_batch};
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result};
use futures::{StreamExt, TryStreamExt};
use store::{SegmentId, SegmentView, Snapshot};

use crate::range::Sorted;

/// Rows of one batch: large enough that operators do not feel it, small enough to share out.
const BATCH_ROWS: usize = 16 * 1024;
/// Segments that one query reads at once.
const READS: usize = 4;
/// Two queries that need the same column of a segment wait for one read. Segments share these locks.
const LOCKS: usize = 64;

/// Figures for metrics and the status page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResidentGauges {
    pub bytes: usize,
    pub columns: usize,
    /// Columns that were read, and those that were there, since the start.
    pub misses: u64,
    pub hits: u64,
}

/// The columns in memory.
pub(crate) struct Resident {
    bytes_max: usize,
    kept: Mutex<Kept>,
    reading: [tokio::sync::Mutex<()>; LOCKS],
}

#[derive(Default)]
struct Kept {
    columns: HashMap<Key, Column>,
    bytes: usize,
    uses: u64,
    hits: u64,
    misses: u64,
}

/// Segment and index of the column in its table's stored schema.
type Key = (SegmentId, usize);

struct Column {
    array: ArrayRef,
    bytes: usize,
    last_use: u64,
}

impl Resident {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            kept: Mutex::default(),
            reading: std::array::from_fn(|_| tokio::sync::Mutex::default()),
        }
    }

    /// Whether so many values are worth keeping: a scan that would drive out most of what is there is not.
    pub(crate) fn has_room_for(&self, values: u64) -> bool {
        // A view of text is the widest value.
        values.saturating_mul(16) <= self.bytes_max as u64 / 2
    }

    pub(crate) fn gauges(&self) -> ResidentGauges {
        let kept = self.kept();
        ResidentGauges {
            bytes: kept.bytes,
            columns: kept.columns.len(),
            misses: kept.misses,
            hits: kept.hits,
        }
    }

    /// The visible rows of segments that filters can match, these columns of them.
    pub(crate) async fn batches(
        &self,
        snapshot: &Snapshot,
        segments: &[&SegmentView],
        schema: &SchemaRef,
        columns: &[usize],
        sorted: &Sorted,
    ) -> Result<Vec<RecordBatch>> {
        let (app, time) = (schema.index_of("app_id")?, schema.index_of("time")?);
        let mut wanted = columns.to_vec();
        wanted.extend([app, time]);
        let wanted = &wanted;
        let output = &Arc::new(schema.project(columns)?);
        let read = |view: SegmentView| async move {
            let arrays = self.columns(snapshot, &view, schema, wanted).await?;
            let rows = slice(&view, &arrays, sorted);
            let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
            let arrays = arrays[..columns.len()]
                .iter()
                .map(|array| array.slice(rows.start, rows.len()))
                .collect();
            let batch = RecordBatch::try_new_with_options(Arc::clone(output), arrays, &options)?;
            Ok::<_, DataFusionError>(visible(&view, rows.start, batch)?)
        };
        let views: Vec<SegmentView> = segments.iter().copied().cloned().collect();
        let whole: Vec<RecordBatch> = futures::stream::iter(views)
            .map(read)
            .buffered(READS)
            .try_collect()
            .await?;
        Ok(whole.iter().flat_map(chunks).collect())
    }

    async fn columns(
        &self,
        snapshot: &Snapshot,
        view: &SegmentView,
        schema: &SchemaRef,
        wanted: &[usize],
    ) -> Result<Vec<ArrayRef>> {
        let id = view.segment.id;
        let found = self.present(id, wanted);
        if let Some(arrays) = found.into_iter().collect() {
            return Ok(arrays);
        }
        let lock = usize::try_from(id.0).unwrap_or(0) % LOCKS;
        let _reading = self.reading[lock].lock().await;
        // What the query before has read meanwhile is there now.
        let mut arrays = self.present(id, wanted);
        let mut missing: Vec<usize> = std::iter::zip(wanted, &arrays)
            .filter_map(|(index, array)| array.is_none().then_some(*index))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        let names = missing.iter().map(|index| name_of(view, *index)).collect();
        let batches = snapshot
            .read_segment(&view.segment, names)
            .await
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let rows = view.segment.rows as usize;
        for index in missing {
            let array = column_of(schema, index, &batches, rows)?;
            let places = std::iter::zip(wanted, &mut arrays).filter(|(other, _)| **other == index);
            places.for_each(|(_, place)| *place = Some(Arc::clone(&array)));
            self.kept().insert((id, index), array);
        }
        self.kept().shrink(self.bytes_max);
        Ok(arrays.into_iter().flatten().collect())
    }

    /// Those of these columns that are in memory.
    fn present(&self, id: SegmentId, wanted: &[usize]) -> Vec<Option<ArrayRef>> {
        let mut kept = self.kept();
        kept.uses += 1;
        let now = kept.uses;
        let mut hits = 0;
        let arrays = wanted.iter().map(|index| {
            let column = kept.columns.get_mut(&(id, *index))?;
            column.last_use = now;
            hits += 1;
            Some(Arc::clone(&column.array))
        });
        let arrays = arrays.collect();
        kept.hits += hits;
        arrays
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic with the lock held leaves at most a column that is counted and not there.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn insert(&mut self, key: Key, array: ArrayRef) {
        self.misses += 1;
        let bytes = bytes_of(&array);
        let last_use = self.uses;
        self.bytes += bytes;
        if let Some(old) = self.columns.insert(
            key,
            Column {
                array,
                bytes,
                last_use,
            },
        ) {
            self.bytes -= old.bytes;
        }
    }

    /// Lets columns go, longest unused first. Down to nine tenths, so that this is not done at each insertion.
    fn shrink(&mut self, bytes_max: usize) {
        if self.bytes <= bytes_max {
            return;
        }
        let mut by_use: Vec<(u64, Key)> = self
            .columns
            .iter()
            .map(|(key, column)| (column.last_use, *key))
            .collect();
        by_use.sort_unstable();
        for (_, key) in by_use {
            if self.bytes <= bytes_max / 10 * 9 {
                return;
            }
            if let Some(column) = self.columns.remove(&key) {
                self.bytes -= column.bytes;
            }
        }
    }
}

fn name_of(view: &SegmentView, index: usize) -> &'static str {
    let table = view.segment.table.table();
    let mut stored = table.columns().iter().filter(|column| !column.computed);
    stored.nth(index).map_or("", |column| column.name)
}

/// One column of a segment as one array of its table's type.
fn column_of(
    schema: &SchemaRef,
    index: usize,
    batches: &[RecordBatch],
    rows: usize,
) -> std::result::Result<ArrayRef, ArrowError> {
    let field = schema.field(index);
    let parts: Vec<ArrayRef> = batches
        .iter()
        .filter_map(|batch| batch.column_by_name(field.name()))
        .map(|array| cast(array, field.data_type()))
        .collect::<std::result::Result<_, _>>()?;
    if parts.iter().map(|part| part.len()).sum::<usize>() != rows {
        return Ok(new_null_array(field.data_type(), rows));
    }
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    concat(&parts)
}

/// Memory of an array. Parts of a text column share the dictionary of their row group, which is counted once.
fn bytes_of(array: &ArrayRef) -> usize {
    let Some(texts) = array.as_string_view_opt() else {
        return array.get_array_memory_size();
    };
    let buffers: HashMap<*const u8, usize> = texts
        .data_buffers()
        .iter()
        .map(|buffer| (buffer.as_ptr(), buffer.capacity()))
        .collect();
    texts.len() * 16 + buffers.values().sum::<usize>()
}

/// The rows that filters can match. The last two arrays are application and time.
fn slice(view: &SegmentView, arrays: &[ArrayRef], sorted: &Sorted) -> std::ops::Range<usize> {
    let only = match view.segment.app_ids.as_slice() {
        [only] => Some(only.as_str()),
        _ => None,
    };
    let [.., apps, times] = arrays else {
        return 0..0;
    };
    sorted.rows(
        apps.as_string_view(),
        times.as_primitive::<TimestampMicrosecondType>(),
        only,
    )
}

/// Takes hidden rows out of a slice that begins at row `first` of its segment.
fn visible(
    view: &SegmentView,
    first: usize,
    batch: RecordBatch,
) -> std::result::Result<RecordBatch, ArrowError> {
    let Some(hidden) = &view.hidden else {
        return Ok(batch);
    };
    let row = |index: usize| u32::try_from(first + index).unwrap_or(u32::MAX);
    let end = row(batch.num_rows());
    if hidden.range_cardinality(row(0)..end) == 0 {
        return Ok(batch);
    }
    let mut mask = vec![true; batch.num_rows()];
    for dead in hidden.range(row(0)..end) {
        mask[dead as usize - first] = false;
    }
    filter_record_batch(&batch, &BooleanArray::from(mask))
}

fn chunks(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> + use<'_> {
    let starts = (0..batch.num_rows()).step_by(BATCH_ROWS);
    starts.map(|start| batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start)))
}
