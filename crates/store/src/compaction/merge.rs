//! Sorted segments → one, a batch of each in memory at a time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use arrow::array::{
    AsArray, RecordBatch, RecordBatchReader, StringViewArray, TimestampMicrosecondArray,
};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::errors::ParquetError;
use schema::TableId;
use schema::arrow::{aligned, stored_schema};

use super::Pace;
use crate::segment::{Encoded, Encoder, IDENTITY_COLUMNS, Origin};
use crate::{Error, Result, SegmentId};

/// Rows that are put in order and written at once.
const CHUNK_ROWS: usize = 8192;

/// The live rows of one segment, in its order.
pub(crate) struct Input {
    pub(crate) id: SegmentId,
    pub(crate) rows: ParquetRecordBatchReader,
    /// Content hash of each of them.
    pub(crate) contents: Vec<u32>,
    pub(crate) app_ids: Vec<String>,
}

/// The merged segment, not stored yet, and the row that each live row of each input became.
pub(crate) struct Merged {
    pub(crate) encoded: Encoded,
    pub(crate) places: Vec<Vec<u32>>,
}

/// Merges segments of one table and day. Nothing when the pace was ended meanwhile, or when no row lives.
///
/// # Errors
/// When a segment cannot be decoded or the file cannot be encoded.
pub(crate) fn merge(
    table: TableId,
    inputs: Vec<Input>,
    origin: Origin,
    zstd: i32,
    pace: &Pace,
) -> Result<Option<Merged>> {
    let failed = |source| Error::EncodeSegment {
        table: table.name(),
        source,
    };
    let mut merge = Merge::begin(table, inputs)?;
    let mut encoder = Encoder::new(table, &merge.schema, origin, zstd).map_err(failed)?;
    let mut begun = Instant::now();
    while let Some((batch, contents)) = merge.next_chunk()? {
        encoder.push(&batch, &contents).map_err(failed)?;
        if !pace.rest(begun.elapsed()) {
            return Ok(None);
        }
        begun = Instant::now();
    }
    if merge.count == 0 {
        return Ok(None);
    }
    let places = merge.sources.into_iter().map(|source| source.places);
    Ok(Some(Merged {
        places: places.collect(),
        encoded: encoder.finish().map_err(failed)?,
    }))
}

/// Where the next row of a source belongs: application, time, then the order of the sources.
type Next = Reverse<(u32, i64, usize)>;

struct Merge {
    table: TableId,
    schema: SchemaRef,
    /// Columns of the table's schema that one of the sources has.
    filled: Vec<usize>,
    ranks: BTreeMap<String, u32>,
    sources: Vec<Source>,
    heap: BinaryHeap<Next>,
    /// Batches that rows of the present chunk are in.
    batches: Vec<RecordBatch>,
    count: u32,
}

struct Source {
    id: SegmentId,
    rows: ParquetRecordBatchReader,
    contents: std::vec::IntoIter<u32>,
    places: Vec<u32>,
    batch: Option<Head>,
}

/// The batch that a source is at.
struct Head {
    batch: RecordBatch,
    /// Its place among the batches of the chunk.
    number: usize,
    row: usize,
    apps: StringViewArray,
    times: TimestampMicrosecondArray,
    /// First row and rank of the run of rows of one application.
    rank: Option<(usize, u32)>,
}

impl Merge {
    fn begin(table: TableId, inputs: Vec<Input>) -> Result<Self> {
        let whole = stored_schema(table);
        let schemas: Vec<SchemaRef> = inputs.iter().map(|input| input.rows.schema()).collect();
        let is_filled = |name: &String| {
            IDENTITY_COLUMNS.contains(&name.as_str())
                || schemas
                    .iter()
                    .any(|schema| schema.column_with_name(name).is_some())
        };
        let filled: Vec<usize> = (0..whole.fields().len())
            .filter(|index| is_filled(whole.field(*index).name()))
            .collect();
        let names = inputs
            .iter()
            .flat_map(|input| input.app_ids.iter().cloned());
        let mut ranks: BTreeMap<String, u32> = names.map(|app| (app, 0)).collect();
        for (rank, place) in (1..).zip(ranks.values_mut()) {
            *place = rank;
        }
        let source = |input: Input| Source {
            id: input.id,
            rows: input.rows,
            places: Vec::with_capacity(input.contents.len()),
            contents: input.contents.into_iter(),
            batch: None,
        };
        let mut merge = Self {
            table,
            schema: std::sync::Arc::new(
                whole
                    .project(&filled)
                    .expect("each index is one of a column"),
            ),
            filled,
            ranks,
            sources: inputs.into_iter().map(source).collect(),
            heap: BinaryHeap::new(),
            batches: Vec::new(),
            count: 0,
        };
        for index in 0..merge.sources.len() {
            merge.load(index)?;
        }
        Ok(merge)
    }

    /// Reads the next batch of a source and puts its first row on the heap.
    fn load(&mut self, index: usize) -> Result<()> {
        let source = &mut self.sources[index];
        source.batch = None;
        while let Some(batch) = source.read()? {
            if batch.num_rows() == 0 {
                continue;
            }
            let batch = aligned(self.table, &batch)
                .project(&self.filled)
                .expect("each index is one of a column");
            source.batch = Some(Head::new(batch.clone(), self.batches.len()));
            self.batches.push(batch);
            self.push(index);
            return Ok(());
        }
        Ok(())
    }

    fn push(&mut self, index: usize) {
        if let Some(head) = &mut self.sources[index].batch {
            let rank = head.rank_of(&self.ranks);
            self.heap
                .push(Reverse((rank, head.times.value(head.row), index)));
        }
    }

    /// The next rows in order, and their content hashes.
    fn next_chunk(&mut self) -> Result<Option<(RecordBatch, Vec<u32>)>> {
        self.forget_read_batches();
        let mut picks = Vec::with_capacity(CHUNK_ROWS);
        let mut contents = Vec::with_capacity(CHUNK_ROWS);
        while picks.len() < CHUNK_ROWS
            && let Some(Reverse((.., index))) = self.heap.pop()
        {
            let source = &mut self.sources[index];
            let Some(head) = &mut source.batch else {
                continue;
            };
            picks.push((head.number, head.row));
            contents.push(source.contents.next().unwrap_or(0));
            source.places.push(self.count);
            self.count += 1;
            head.row += 1;
            if head.row < head.batch.num_rows() {
                self.push(index);
            } else {
                self.load(index)?;
            }
        }
        if picks.is_empty() {
            return Ok(None);
        }
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let sort_error = |source| Error::SortRows {
            table: self.table.name(),
            source,
        };
        let batch = interleave_record_batch(&batches, &picks).map_err(sort_error)?;
        Ok(Some((batch, contents)))
    }

    fn forget_read_batches(&mut self) {
        self.batches.clear();
        for head in self.sources.iter_mut().flat_map(|source| &mut source.batch) {
            head.number = self.batches.len();
            self.batches.push(head.batch.clone());
        }
    }
}

impl Source {
    /// The decoder panics on some damaged files, which is that file's fault and nobody else's.
    fn read(&mut self) -> Result<Option<RecordBatch>> {
        let failed = |source| Error::ReadSegment {
            id: self.id,
            source,
        };
        match catch_unwind(AssertUnwindSafe(|| self.rows.next())) {
            Ok(None) => Ok(None),
            Ok(Some(Ok(batch))) => Ok(Some(batch)),
            Ok(Some(Err(error))) => Err(failed(ParquetError::General(error.to_string()))),
            Err(_) => Err(failed(ParquetError::General(
                "the file is damaged: its decoder panicked".to_owned(),
            ))),
        }
    }
}

impl Head {
    fn new(batch: RecordBatch, number: usize) -> Self {
        let column = |name| {
            batch
                .column_by_name(name)
                .expect("identity columns are kept")
        };
        Self {
            apps: column("app_id").as_string_view().clone(),
            times: column("time")
                .as_primitive::<TimestampMicrosecondType>()
                .clone(),
            batch,
            number,
            row: 0,
            rank: None,
        }
    }

    /// The rank of the present row's application. Rows come in runs of one.
    fn rank_of(&mut self, ranks: &BTreeMap<String, u32>) -> u32 {
        let app = |row| self.apps.value(row);
        match self.rank {
            Some((row, rank)) if app(row) == app(self.row) => rank,
            _ => {
                let rank = ranks.get(app(self.row)).copied().unwrap_or(0);
                self.rank = Some((self.row, rank));
                rank
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use schema::arrow::batch_of;
    use schema::tables::common;
    use schema::{Row, Value};

    use arrow::array::Array;

    use super::*;

    const INPUTS: usize = 3;
    /// More than one batch of a reader, so that each source loads in the middle of chunks.
    const ROWS: usize = 9_000;
    const TABLE: TableId = TableId::Action;
    const ORIGIN: Origin = Origin {
        level: 1,
        log_position: 7,
    };

    fn app(row: usize) -> &'static str {
        if row < ROWS / 2 { "blog" } else { "shop" }
    }

    /// Rows of the inputs alternate; every tenth has the time of the one before.
    fn time_us(input: usize, row: usize) -> i64 {
        let place = row % (ROWS / 2) * INPUTS + input;
        i64::try_from(place - usize::from(place % 10 == 9)).unwrap()
    }

    fn content(input: usize, row: usize) -> u32 {
        u32::try_from(1 + input * ROWS + row).unwrap()
    }

    fn reader(bytes: Vec<u8>) -> ParquetRecordBatchReader {
        let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
        builder.with_batch_size(CHUNK_ROWS).build().unwrap()
    }

    fn input(number: usize) -> Input {
        let row = |row: usize| {
            let mut made = Row::new();
            made.set(common::app_id, app(row));
            made.set(common::event_id, format!("{number} {row}"));
            made.set(common::time, Value::Int(time_us(number, row)));
            // Each input has a column that the others lack.
            let own = [common::env, common::service, common::version][number];
            made.set(own, format!("a text longer than a view holds, {row}"));
            made
        };
        let rows: Vec<Row> = (0..ROWS).map(row).collect();
        let contents: Vec<u32> = (0..ROWS).map(|row| content(number, row)).collect();
        let batch = batch_of(TABLE, rows.iter());
        let mut encoder = Encoder::new(TABLE, &batch.schema(), ORIGIN, 1).unwrap();
        encoder.push(&batch, &contents).unwrap();
        Input {
            id: SegmentId(number as u64),
            rows: reader(encoder.finish().unwrap().bytes),
            contents,
            app_ids: vec!["blog".to_owned(), "shop".to_owned()],
        }
    }

    #[test]
    fn rows_of_several_batches_stay_whole_and_come_in_order() {
        let inputs = (0..INPUTS).map(input).collect();
        let merged = merge(TABLE, inputs, ORIGIN, 1, &Pace::unbounded()).unwrap();
        let Merged { encoded, places } = merged.unwrap();
        let mut before = ("", i64::MIN);
        let mut count = 0;
        for batch in reader(encoded.bytes) {
            let batch = batch.unwrap();
            let text = |name, row| {
                let column = batch.column_by_name(name).unwrap().as_string_view();
                column.is_valid(row).then(|| column.value(row).to_owned())
            };
            let times = batch.column_by_name("time").unwrap();
            let times = times.as_primitive::<TimestampMicrosecondType>();
            for row in 0..batch.num_rows() {
                let id = text("event_id", row).unwrap();
                let (number, origin) = id.split_once(' ').unwrap();
                let (number, origin): (usize, usize) =
                    (number.parse().unwrap(), origin.parse().unwrap());
                let place = (app(origin), time_us(number, origin));
                assert_eq!(text("app_id", row).as_deref(), Some(place.0), "{id}");
                assert_eq!(times.value(row), place.1, "{id}");
                assert!(before <= place, "{id}");
                before = place;
                for (other, name) in ["env", "service", "version"].into_iter().enumerate() {
                    let own = format!("a text longer than a view holds, {origin}");
                    let expected = (other == number).then_some(own);
                    assert_eq!(text(name, row), expected, "{id}: {name}");
                }
                assert_eq!(encoded.keys[count].content, content(number, origin), "{id}");
                assert_eq!(places[number][origin] as usize, count, "{id}");
                count += 1;
            }
        }
        assert_eq!(count, INPUTS * ROWS);
    }

    #[test]
    fn an_ended_pace_ends_the_merge_without_a_file() {
        let pace = Pace::half();
        pace.end();
        let merged = merge(TABLE, vec![input(0)], ORIGIN, 1, &pace).unwrap();
        assert!(merged.is_none());
    }
}
