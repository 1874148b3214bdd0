//! Making the catalog anew from the files alone.
//!
//! **Which segments**: those whose footer's log position is at most what the file `flushed` says (`flushed.rs`); later ones are the half of
//! an interrupted flush, go, and their events are read from the log again. A file that is damaged is put into `lost/`.
//!
//! **Which rows are dead**, without delete vectors: of an identity's rows the one in the segment with the highest log position lives. A row's
//! newer version comes from later in the log than everything in segments by then; compaction gives its output the highest position of its
//! inputs, and drops rows that are dead by then. So whatever was compacted, the live row's segment has the highest position of all that
//! hold the identity. Only the inputs and the output of an interrupted compaction can tie: their rows are the same, the higher level stays.
//! Segments of before the footer told the position go by their file's time, which has the same order, and count as older than all others.
//!
//! A session that lost its last row to another session has no newer row; so sessions are dead too that no living row of another table names.
//! Any other row whose identity occurs once stays: what was deleted by vector and not yet compacted comes back. Keys files hold
//! an identity's first twelve bytes in order, so this is a merge that reads them once (`rebuild/dead.rs`).

mod dead;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use arrow::array::{RecordBatch, RecordBatchReader as _};
use arrow::compute::concat_batches;
use arrow::datatypes::Schema;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use roaring::RoaringBitmap;
use schema::TableId;
use schema::arrow::stored_schema;
use sqlx::SqlitePool;

use crate::catalog::{self, Rebuild};
use crate::kept::{self, Indexed};
use crate::keys::{self, Keys};
use crate::segment::{
    FORMAT_KEY, FORMAT_VERSION, LEVEL_KEY, POSITION_KEY, app_ids_of, blocking, keys_of, times_of,
};
use crate::{Error, Result, Segment, SegmentId, flushed};

/// What is read of a segment.
const COLUMNS: [&str; 3] = ["app_id", "event_id", "time"];

/// What was found and done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    pub segments: usize,
    pub rows: u64,
    /// Rows that a newer version replaced.
    pub dead_rows: u64,
    /// Requests kept whole that packs name.
    pub kept_requests: usize,
    /// Files of an interrupted flush, removed: the log has their events.
    pub incomplete: Vec<String>,
    /// Damaged files, now in `lost/`, with what is wrong.
    pub damaged: Vec<(String, String)>,
    /// Applications that have rows.
    pub app_ids: BTreeSet<String>,
    /// Where reading the log goes on.
    pub log_position: u64,
}

/// A segment as its file tells it.
struct Found {
    segment: Segment,
    /// Whether the footer tells the log position; else the file's time counts.
    is_placed: bool,
    written: SystemTime,
}

/// Makes the catalog in `pool` anew from the files under `dir`. The database's own tables of kept requests and quarantine stay as they are,
/// but for packs that are gone. Nothing has changed in the database when this fails.
///
/// # Errors
/// When files cannot be read or moved, or the database cannot be written.
pub async fn rebuild(dir: &Path, pool: &SqlitePool, now_us: i64) -> Result<Rebuilt> {
    catalog::migrate(pool).await?;
    let known = catalog::packs(pool).await?;
    let root = dir.to_owned();
    let (mut rebuilt, rebuild) = blocking(move || from_files(&root, &known)).await?;
    rebuilt.kept_requests = rebuild.packed.len();
    catalog::replace(pool, rebuild, now_us).await?;
    Ok(rebuilt)
}

fn from_files(root: &Path, known_packs: &[String]) -> Result<(Rebuilt, Rebuild)> {
    let mut rebuilt = Rebuilt::default();
    let mut found = Vec::new();
    for path in files(&root.join("segments"), Some("parquet"))? {
        match read_segment(root, &path) {
            Ok(segment) => found.push(segment),
            Err(why) => set_aside(root, &path, why.to_string(), &mut rebuilt)?,
        }
    }
    let highest = found.iter().map(|found| found.segment.log_position).max();
    rebuilt.log_position = flushed::read(root).or(highest).unwrap_or(0);
    let (mut complete, incomplete): (Vec<Found>, Vec<Found>) = found
        .into_iter()
        .partition(|found| found.segment.log_position <= rebuilt.log_position);
    for found in incomplete {
        remove(&keys::path_of(&root.join(&found.segment.path)))?;
        remove(&root.join(&found.segment.path))?;
        rebuilt.incomplete.push(found.segment.path);
    }
    complete.sort_by(|a, b| {
        let place = |found: &Found| {
            let written = (!found.is_placed).then_some(found.written);
            (
                found.is_placed,
                found.segment.log_position,
                written,
                found.segment.level,
            )
        };
        place(a)
            .cmp(&place(b))
            .then_with(|| a.segment.path.cmp(&b.segment.path))
    });
    let mut segments = Vec::with_capacity(complete.len());
    for (number, found) in (1..).zip(complete) {
        let mut segment = found.segment;
        segment.id = SegmentId(number);
        rebuilt.rows += u64::from(segment.rows);
        rebuilt.app_ids.extend(segment.app_ids.iter().cloned());
        segments.push(segment);
    }
    rebuilt.segments = segments.len();
    let mut dead = dead::dead_rows(&segments)?;
    if rebuilt.damaged.is_empty() {
        dead::add_empty_sessions(root, &segments, &mut dead)?;
    }
    rebuilt.dead_rows = dead.values().map(RoaringBitmap::len).sum();
    let (packs, packed) = read_packs(root, known_packs, &mut rebuilt)?;
    let rebuild = Rebuild {
        segments,
        dead,
        packs,
        packed,
        log_position: rebuilt.log_position,
    };
    Ok((rebuilt, rebuild))
}

/// Reads a segment whole: its checksum, what the catalog says of it, and its keys, which are made anew when they cannot be read.
fn read_segment(
    root: &Path,
    path: &Path,
) -> std::result::Result<Found, Box<dyn std::error::Error>> {
    let relative = relative(root, path);
    let table = path
        .parent()
        .and_then(|day| {
            day.parent()?
                .file_name()?
                .to_str()
                .and_then(TableId::from_name)
        })
        .ok_or("it lies in the folder of no table")?;
    let written = std::fs::metadata(path)?.modified()?;
    let bytes = Bytes::from(std::fs::read(path)?);
    let (size_bytes, checksum) = (bytes.len() as u64, crc32c::crc32c(&bytes));
    // The decoder panics on some damaged files.
    let decoded = std::panic::catch_unwind(AssertUnwindSafe(|| decode(table, bytes)));
    let (batch, notes) = decoded.map_err(|_| "its decoder panicked")??;
    if notes.format > FORMAT_VERSION {
        return Err(format!("it has format {} of a newer version", notes.format).into());
    }
    let rows = u32::try_from(batch.num_rows())?;
    if rows == 0 {
        return Err("it has no rows".into());
    }
    let times = times_of(&batch);
    let times = (0..batch.num_rows()).map(&times);
    let (min_time_us, max_time_us) = times.fold((i64::MAX, i64::MIN), |(min, max), time| {
        (min.min(time), max.max(time))
    });
    let keys_path = keys::path_of(path);
    let keys = match Keys::open(SegmentId(0), &keys_path) {
        Ok(keys) if keys.count() == u64::from(rows) => keys,
        _ => {
            keys::write(&keys_path, keys_of(table, &batch, &[]))?;
            Keys::open(SegmentId(0), &keys_path)?
        }
    };
    let segment = Segment {
        id: SegmentId(0),
        table,
        path: relative,
        rows,
        size_bytes,
        checksum,
        min_time_us,
        max_time_us,
        app_ids: app_ids_of(&batch),
        level: notes.level,
        log_position: notes.log_position.unwrap_or(0),
        keys: OnceLock::from(keys),
    };
    Ok(Found {
        segment,
        is_placed: notes.log_position.is_some(),
        written,
    })
}

/// What the footer's keys say.
struct Notes {
    format: i64,
    level: u32,
    log_position: Option<u64>,
}

/// The columns that every segment has, and the footer's notes.
fn decode(table: TableId, bytes: Bytes) -> std::result::Result<(RecordBatch, Notes), ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let metadata = builder.metadata().file_metadata();
    let note = |key: &str| {
        let notes = metadata.key_value_metadata()?;
        notes.iter().find(|note| note.key == key)?.value.clone()
    };
    let number = |key: &str| note(key).and_then(|text| text.parse::<u64>().ok());
    let notes = Notes {
        format: number(FORMAT_KEY)
            .and_then(|format| i64::try_from(format).ok())
            .unwrap_or(FORMAT_VERSION),
        level: number(LEVEL_KEY)
            .and_then(|level| u32::try_from(level).ok())
            .unwrap_or(0),
        log_position: number(POSITION_KEY),
    };
    let stored = stored_schema(table);
    for column in COLUMNS {
        let kind = |schema: &Schema| {
            let field = schema.field_with_name(column).ok()?;
            Some(field.data_type().clone())
        };
        if kind(builder.schema()) != kind(&stored) {
            let what = format!("the column {column} is missing or of another type");
            return Err(ParquetError::General(what));
        }
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
    let reader = builder.with_projection(mask).build()?;
    let schema = reader.schema();
    let batches: Vec<RecordBatch> = reader.collect::<std::result::Result<_, _>>()?;
    Ok((concat_batches(&schema, &batches)?, notes))
}

type Packs = (BTreeSet<String>, Vec<(Indexed, String)>);

/// The packs that are there, and the requests of those that the database does not name.
fn read_packs(root: &Path, known: &[String], rebuilt: &mut Rebuilt) -> Result<Packs> {
    let (mut packs, mut packed) = (BTreeSet::new(), Vec::new());
    for path in files(&root.join("kept"), Some("pack"))? {
        let name = relative(root, &path);
        if !known.contains(&name) {
            let bytes = std::fs::read(&path).map_err(Error::file("read pack", &path))?;
            let Some(index) = kept::read_index(&bytes) else {
                let why = "it has no index that can be read".to_owned();
                set_aside(root, &path, why, rebuilt)?;
                continue;
            };
            packed.extend(index.into_iter().map(|request| (request, name.clone())));
        }
        packs.insert(name);
    }
    Ok((packs, packed))
}

fn set_aside(root: &Path, path: &Path, why: String, rebuilt: &mut Rebuilt) -> Result<()> {
    let name = relative(root, path);
    let aside = root.join("lost").join(&name);
    let folder = aside.parent().unwrap_or(root);
    std::fs::create_dir_all(folder).map_err(Error::file("create folder", folder))?;
    std::fs::rename(path, &aside).map_err(Error::file("set aside", path))?;
    rebuilt.damaged.push((name, why));
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn relative(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    relative.to_string_lossy().into_owned()
}

/// Files below a folder, those with this ending or all, in the order of their paths.
pub(crate) fn files(folder: &Path, ending: Option<&str>) -> Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.map_err(Error::file("list folder", &folder))?,
        };
        for entry in entries {
            let path = entry.map_err(Error::file("list folder", &folder))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if ending
                .is_none_or(|ending| path.extension().is_some_and(|found| found == ending))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
