//! Segments: immutable Parquet files of one table and one day, sorted by (app_id, time).
//!
//! Path: `segments/<table>/<yyyy-mm-dd>/<uuid>.parquet`, the day that of `time` in UTC. Columns that are NULL in every row are
//! left out of the file (a reader takes a missing column for NULL), all others stand under their dictionary names. Strings
//! are plain UTF-8, times microseconds UTC. The footer's key `footfall.format` holds the format version, `footfall.log_position` and
//! `footfall.level` what the catalog says of the segment under these names, so that the catalog can be made anew (`rebuild.rs`).

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use object_store::{ObjectStore, ObjectStoreExt, path::Path as ObjectPath};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use schema::{Identity, TableId};

use crate::keys::{self, Key, Keys};
use crate::{Error, Result};

/// Format of segments, keys and catalog rows that this binary writes.
pub const FORMAT_VERSION: i64 = 1;
pub(crate) const FORMAT_KEY: &str = "footfall.format";
pub(crate) const POSITION_KEY: &str = "footfall.log_position";
pub(crate) const LEVEL_KEY: &str = "footfall.level";
/// Columns that every segment has.
pub(crate) const IDENTITY_COLUMNS: [&str; 3] = ["app_id", "event_id", "time"];
const ROW_GROUP_ROWS: usize = 128 * 1024;
const PAGE_ROWS: usize = 20_000;
const DAY_US: i64 = 86_400_000_000;

/// Number of a segment in the catalog, growing, never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SegmentId(pub u64);

impl fmt::Display for SegmentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// One segment as the catalog knows it.
#[derive(Debug)]
pub struct Segment {
    pub id: SegmentId,
    pub table: TableId,
    /// Key in the object store.
    pub path: String,
    pub rows: u32,
    pub size_bytes: u64,
    /// CRC-32C of the file.
    pub checksum: u32,
    /// Earliest and latest `time`, µs.
    pub min_time_us: i64,
    pub max_time_us: i64,
    /// Applications that have rows in it.
    pub app_ids: Vec<String>,
    /// How often its rows were compacted.
    pub level: u32,
    /// Its newest rows come from the log before this: the order of arrival, which compaction does not change.
    pub log_position: u64,
    pub(crate) keys: OnceLock<Keys>,
}

impl Segment {
    /// First microsecond of the segment's day.
    #[must_use]
    pub fn day_us(&self) -> i64 {
        day_us(self.min_time_us)
    }
}

/// Where segments are written: the object store and, for keys and syncing, its local folder.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) root: PathBuf,
}

impl Files {
    pub(crate) fn local(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Writes an object; durable when this returns.
    pub(crate) async fn put(&self, path: &str, bytes: Vec<u8>) -> Result<()> {
        self.put_unsynced(path, bytes).await?;
        let (files, path) = (self.clone(), path.to_owned());
        blocking(move || files.sync(&path)).await
    }

    async fn put_unsynced(&self, path: &str, bytes: Vec<u8>) -> Result<()> {
        let object = ObjectPath::from(path);
        let put = self.objects.put(&object, bytes.into()).await;
        put.map(drop).map_err(Error::object(&object))
    }

    /// Makes a file and the chain of folders that names it durable.
    pub(crate) fn sync(&self, path: &str) -> Result<()> {
        let file = self.local(path);
        let open =
            |path: &std::path::Path| std::fs::File::open(path).and_then(|file| file.sync_all());
        open(&file).map_err(Error::file("sync", &file))?;
        // A name is durable only once its folder is; a new day's folder is itself a name in the one above.
        for folder in file
            .ancestors()
            .skip(1)
            .take_while(|folder| folder.starts_with(&self.root))
        {
            open(folder).map_err(Error::file("sync folder", folder))?;
        }
        Ok(())
    }
}

pub(crate) fn day_us(time_us: i64) -> i64 {
    time_us.div_euclid(DAY_US) * DAY_US
}

/// Rows of one table in any order.
pub(crate) struct Rows {
    pub(crate) table: TableId,
    /// In the table's stored schema.
    pub(crate) batches: Vec<RecordBatch>,
    /// Content hash of each row; 0 when unknown.
    pub(crate) contents: Vec<u32>,
}

/// Sorted rows of one day and where each came from.
pub(crate) struct DayRows {
    pub(crate) table: TableId,
    pub(crate) batch: RecordBatch,
    /// Content hash of each row; 0 when unknown.
    pub(crate) contents: Vec<u32>,
    /// Index in the unsorted input of each sorted row.
    pub(crate) origins: Vec<u32>,
}

/// Where a row is sorted to: day, application, time, then as it came.
type Place = (i64, u32, i64, u32);

/// Sorts rows by (app_id, time) and splits them by day. Each value is copied once.
pub(crate) fn sort_into_days(rows: &Rows) -> Result<Vec<DayRows>> {
    let sort_error = |source| Error::SortRows {
        table: rows.table.name(),
        source,
    };
    let filled = without_empty_columns(&rows.batches).map_err(sort_error)?;
    let filled: Vec<&RecordBatch> = filled.iter().collect();
    let places = places_of(&rows.batches);
    let begins: Vec<u32> = rows
        .batches
        .iter()
        .scan(0, |end, batch| {
            let begin = *end;
            *end += u32::try_from(batch.num_rows()).expect("a flush has fewer than 2^32 rows");
            Some(begin)
        })
        .collect();
    let of_day = |places: &[Place]| {
        let origins: Vec<u32> = places.iter().map(|(.., index)| *index).collect();
        let indices: Vec<(usize, usize)> = origins
            .iter()
            .map(|index| {
                let batch = begins.partition_point(|begin| begin <= index) - 1;
                (batch, (index - begins[batch]) as usize)
            })
            .collect();
        let contents = origins.iter().map(|index| rows.contents[*index as usize]);
        Ok(DayRows {
            table: rows.table,
            batch: interleave_record_batch(&filled, &indices).map_err(sort_error)?,
            contents: contents.collect(),
            origins,
        })
    };
    places.chunk_by(|a, b| a.0 == b.0).map(of_day).collect()
}

fn places_of(batches: &[RecordBatch]) -> Vec<Place> {
    let names = |batch: &RecordBatch| {
        batch
            .column_by_name("app_id")?
            .as_string_view_opt()
            .cloned()
    };
    let names: Vec<Option<StringViewArray>> = batches.iter().map(names).collect();
    let mut apps: BTreeMap<&str, u32> = BTreeMap::new();
    for app in names
        .iter()
        .flatten()
        .flat_map(|names| names.iter().flatten())
    {
        apps.insert(app, 0);
    }
    for (rank, place) in (1_u32..).zip(apps.values_mut()) {
        *place = rank;
    }
    let mut places = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for (batch, names) in batches.iter().zip(&names) {
        let times = times_of(batch);
        let mut known = ("", 0);
        for row in 0..batch.num_rows() {
            let app = names.as_ref().map_or("", |names| names.value(row));
            if app != known.0 {
                known = (app, apps.get(app).copied().unwrap_or(0));
            }
            let index = u32::try_from(places.len()).expect("a flush has fewer than 2^32 rows");
            places.push((day_us(times(row)), known.1, times(row), index));
        }
    }
    places.sort_unstable();
    places
}

pub(crate) fn times_of(batch: &RecordBatch) -> impl Fn(usize) -> i64 + '_ {
    let times = batch
        .column_by_name("time")
        .and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>());
    move |index| {
        times
            .filter(|times| !times.is_null(index))
            .map_or(0, |times| times.value(index))
    }
}

/// Where the rows of a new segment come from.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) level: u32,
    pub(crate) log_position: u64,
}

/// Writes a segment with its keys, both durable when this returns. `zstd` is the compression level.
pub(crate) async fn write(
    files: &Files,
    id: SegmentId,
    day: DayRows,
    origin: Origin,
    zstd: i32,
) -> Result<Segment> {
    let table = day.table;
    let encode = move || {
        let mut encoder = Encoder::new(table, &day.batch.schema(), origin, zstd)?;
        encoder.push(&day.batch, &day.contents)?;
        encoder.finish()
    };
    let encode_error = |source| Error::EncodeSegment {
        table: table.name(),
        source,
    };
    let encoded = blocking(encode).await.map_err(encode_error)?;
    store(files, id, encoded, origin).await
}

/// A segment's file and keys in memory.
pub(crate) struct Encoded {
    table: TableId,
    pub(crate) bytes: Vec<u8>,
    pub(crate) keys: Vec<Key>,
    min_time_us: i64,
    max_time_us: i64,
    app_ids: Vec<String>,
}

/// A segment being encoded, sorted batch by sorted batch.
pub(crate) struct Encoder {
    writer: ArrowWriter<Vec<u8>>,
    encoded: Encoded,
}

impl Encoder {
    pub(crate) fn new(
        table: TableId,
        schema: &SchemaRef,
        origin: Origin,
        zstd: i32,
    ) -> parquet::errors::Result<Self> {
        let properties = properties(schema, origin, zstd)?;
        Ok(Self {
            writer: ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties))?,
            encoded: Encoded {
                table,
                bytes: Vec::new(),
                keys: Vec::new(),
                min_time_us: i64::MAX,
                max_time_us: i64::MIN,
                app_ids: Vec::new(),
            },
        })
    }

    /// Adds rows that belong after those before them.
    pub(crate) fn push(
        &mut self,
        batch: &RecordBatch,
        contents: &[u32],
    ) -> parquet::errors::Result<()> {
        let encoded = &mut self.encoded;
        let times = times_of(batch);
        for time_us in (0..batch.num_rows()).map(times) {
            encoded.min_time_us = encoded.min_time_us.min(time_us);
            encoded.max_time_us = encoded.max_time_us.max(time_us);
        }
        for app in app_ids_of(batch) {
            if encoded.app_ids.last() != Some(&app) {
                encoded.app_ids.push(app);
            }
        }
        let first = u32::try_from(encoded.keys.len()).expect("a segment has fewer than 2^32 rows");
        let keys = keys_of(encoded.table, batch, contents).into_iter();
        encoded.keys.extend(keys.map(|key| Key {
            row: first + key.row,
            ..key
        }));
        self.writer.write(batch)
    }

    pub(crate) fn finish(self) -> parquet::errors::Result<Encoded> {
        Ok(Encoded {
            bytes: self.writer.into_inner()?,
            ..self.encoded
        })
    }
}

/// Stores an encoded segment with its keys, both durable when this returns.
pub(crate) async fn store(
    files: &Files,
    id: SegmentId,
    encoded: Encoded,
    origin: Origin,
) -> Result<Segment> {
    let Encoded {
        table,
        bytes,
        keys,
        min_time_us,
        max_time_us,
        app_ids,
    } = encoded;
    let path = path_of(table, min_time_us);
    let count = keys.len();
    let size_bytes = bytes.len() as u64;
    let checksum = crc32c::crc32c(&bytes);
    files.put_unsynced(&path, bytes).await?;
    let keys_path = keys::path_of(&files.local(&path));
    let files = files.clone();
    let sync_path = path.clone();
    let keys = blocking(move || {
        keys::write(&keys_path, keys)?;
        files.sync(&sync_path)?;
        Keys::open(id, &keys_path)
    })
    .await?;
    let rows = u32::try_from(count).expect("a segment is bounded far below 2^32 rows");
    Ok(Segment {
        id,
        table,
        path,
        rows,
        size_bytes,
        checksum,
        min_time_us,
        max_time_us,
        app_ids,
        level: origin.level,
        log_position: origin.log_position,
        keys: OnceLock::from(keys),
    })
}

/// Runs CPU-bound or blocking work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn path_of(table: TableId, time_us: i64) -> String {
    let day = chrono::DateTime::from_timestamp_micros(day_us(time_us)).unwrap_or_default();
    format!(
        "segments/{}/{}/{}.parquet",
        table.name(),
        day.format("%Y-%m-%d"),
        uuid::Uuid::new_v4()
    )
}

pub(crate) fn app_ids_of(batch: &RecordBatch) -> Vec<String> {
    let apps = batch
        .column_by_name("app_id")
        .expect("every table has app_id")
        .as_string_view();
    let mut ids: Vec<String> = Vec::new();
    for app in apps.iter().flatten() {
        // Rows are sorted by application, so an application already seen is the last one.
        if ids.last().map(String::as_str) != Some(app) {
            ids.push(app.to_owned());
        }
    }
    ids
}

/// The identities of a batch's rows, from the columns every segment has.
pub(crate) fn identities_of(table: TableId, batch: &RecordBatch) -> Vec<Identity> {
    let text = |name: &str| {
        batch
            .column_by_name(name)
            .expect("every segment has its identity columns")
            .as_string_view()
    };
    let (apps, events) = (text("app_id"), text("event_id"));
    (0..batch.num_rows())
        .map(|row| Identity::new(apps.value(row), table, events.value(row)))
        .collect()
}

pub(crate) fn keys_of(table: TableId, batch: &RecordBatch, contents: &[u32]) -> Vec<Key> {
    let identities = identities_of(table, batch);
    let rows = (0_u32..).zip(identities);
    rows.map(|(row, identity)| Key {
        identity,
        row,
        content: contents.get(row as usize).copied().unwrap_or(0),
    })
    .collect()
}

fn properties(
    schema: &SchemaRef,
    origin: Origin,
    zstd: i32,
) -> parquet::errors::Result<WriterProperties> {
    let sorting = ["app_id", "time"].map(|name| SortingColumn {
        column_idx: i32::try_from(schema.index_of(name).expect("identity columns are kept"))
            .expect("few columns"),
        descending: false,
        nulls_first: true,
    });
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(zstd)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(Some(64))
        .set_sorting_columns(Some(sorting.to_vec()))
        .set_created_by("footfall".to_owned())
        .set_key_value_metadata(Some(vec![
            KeyValue::new(FORMAT_KEY.to_owned(), FORMAT_VERSION.to_string()),
            KeyValue::new(POSITION_KEY.to_owned(), origin.log_position.to_string()),
            KeyValue::new(LEVEL_KEY.to_owned(), origin.level.to_string()),
        ]))
        .build())
}

/// Most of a table's columns are empty in a given file; each would cost about 150 bytes of footer a row group, and as much work to
/// reorder as a full one.
fn without_empty_columns(
    batches: &[RecordBatch],
) -> std::result::Result<Vec<RecordBatch>, ArrowError> {
    let Some(first) = batches.first() else {
        return Ok(Vec::new());
    };
    let schema = first.schema();
    let is_filled = |index: &usize| {
        IDENTITY_COLUMNS.contains(&schema.field(*index).name().as_str())
            || batches
                .iter()
                .any(|batch| batch.column(*index).null_count() < batch.num_rows())
    };
    let filled: Vec<usize> = (0..schema.fields().len()).filter(is_filled).collect();
    batches.iter().map(|batch| batch.project(&filled)).collect()
}
