//! The manifest: which files hold the live rows, for readers outside this process.
//!
//! `manifest/files.parquet`, replaced whole by a rename after each change of the catalog. One row a live segment:
//!
//! | column | type | meaning |
//! | --- | --- | --- |
//! | `catalog_version` | integer | the same in every row; grows with each change, across restarts |
//! | `written_at` | time | when this manifest was written |
//! | `table_name` | text | |
//! | `path` | text | from the data folder: `segments/view/2026-11-21/….parquet` |
//! | `row_count` | integer | rows of the file, dead ones among them |
//! | `dead_rows` | list of integers | rows to leave out, counted from 0 in the file's order, ascending |
//! | `min_time`, `max_time` | time | of all rows, dead ones among them |
//! | `app_ids` | list of text | applications that have rows in it |
//! | `size_bytes` | integer | |
//! | `format_version` | integer | format of the file |
//!
//! Files and dead rows stand in one file because they are true only together: a row that is dead at one version was the newest at the
//! version before. A file that a manifest names stays for `replaced_keep` after the first manifest without it.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{
    ArrayRef, Int64Array, Int64Builder, ListBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use roaring::RoaringBitmap;

use crate::catalog::Catalog;
use crate::segment::{FORMAT_VERSION, blocking};
use crate::{Error, Result, Segment, Store};

/// Where it stands in the data folder.
pub const PATH: &str = "manifest/files.parquet";
/// A folder with one file is a table to Spark and Trino; names that begin with a dot are none to them.
const BEING_WRITTEN: &str = "manifest/.files.parquet";
const ZSTD: i32 = 1;

/// The live files at one version of the catalog.
#[derive(Clone, Debug)]
pub struct Manifest {
    pub catalog_version: u64,
    /// By table and time.
    pub files: Vec<ManifestFile>,
}

/// One live file.
#[derive(Clone, Debug)]
pub struct ManifestFile {
    pub segment: Arc<Segment>,
    pub dead: Option<Arc<RoaringBitmap>>,
}

impl ManifestFile {
    /// Rows to leave out, counted from 0, ascending.
    pub fn dead_rows(&self) -> impl Iterator<Item = u32> {
        self.dead.iter().flat_map(|dead| dead.iter())
    }
}

impl Store {
    /// The live files now.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        manifest_of(&self.state().catalog)
    }

    /// Writes the manifest if the catalog has changed since it was last written.
    pub(crate) async fn publish(&self) -> Result<()> {
        let mut published = self.inner.published.lock().await;
        let catalog = Arc::clone(&self.state().catalog);
        let version = catalog.version;
        if *published == Some(version) {
            return Ok(());
        }
        let files = self.files().clone();
        blocking(move || {
            let bytes = encode(&manifest_of(&catalog), now_us())
                .map_err(|source| Error::WriteManifest { source })?;
            let (aside, path) = (files.local(BEING_WRITTEN), files.local(PATH));
            replace(&aside, &path, &bytes)?;
            files.sync(PATH)
        })
        .await?;
        *published = Some(version);
        self.unlisted(version, Instant::now());
        Ok(())
    }
}

/// Written aside and renamed, so that a reader sees the old manifest or the new one.
fn replace(aside: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::file("create folder", folder))?;
    }
    std::fs::write(aside, bytes).map_err(Error::file("write", aside))?;
    // A rename that is durable before its contents would leave an empty manifest after power loss.
    std::fs::File::open(aside)
        .and_then(|file| file.sync_all())
        .map_err(Error::file("sync", aside))?;
    std::fs::rename(aside, path).map_err(Error::file("rename", aside))
}

fn manifest_of(catalog: &Catalog) -> Manifest {
    let live = catalog
        .entries
        .values()
        .filter(|entry| entry.live_rows() > 0);
    let mut files: Vec<ManifestFile> = live
        .map(|entry| ManifestFile {
            segment: Arc::clone(&entry.segment),
            dead: entry.dead.clone(),
        })
        .collect();
    files.sort_by_key(|file| {
        let segment = &file.segment;
        (segment.table as usize, segment.min_time_us, segment.id)
    });
    Manifest {
        catalog_version: catalog.version,
        files,
    }
}

fn now_us() -> i64 {
    chrono::Utc::now().timestamp_micros()
}

fn encode(manifest: &Manifest, now_us: i64) -> std::result::Result<Vec<u8>, ParquetError> {
    let batch = batch_of(manifest, now_us)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD)?))
        .set_created_by("footfall".to_owned())
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.into_inner()
}

fn batch_of(
    manifest: &Manifest,
    now_us: i64,
) -> std::result::Result<RecordBatch, arrow::error::ArrowError> {
    let segments = || manifest.files.iter().map(|file| &*file.segment);
    let count = manifest.files.len();
    let same = |value: i64| Int64Array::from_value(value, count);
    let integers = |of: fn(&Segment) -> u64| {
        Int64Array::from_iter_values(segments().map(|segment| signed(of(segment))))
    };
    let texts = |of: fn(&Segment) -> &str| StringArray::from_iter_values(segments().map(of));
    let times = |values: Vec<i64>| TimestampMicrosecondArray::from(values).with_timezone("UTC");
    let mut dead = ListBuilder::new(Int64Builder::new());
    let mut app_ids = ListBuilder::new(StringBuilder::new());
    for file in &manifest.files {
        dead.values()
            .extend(file.dead_rows().map(|row| Some(i64::from(row))));
        dead.append(true);
        app_ids
            .values()
            .extend(file.segment.app_ids.iter().map(Some));
        app_ids.append(true);
    }
    let columns: [(&str, ArrayRef); 11] = [
        (
            "catalog_version",
            Arc::new(same(signed(manifest.catalog_version))),
        ),
        ("written_at", Arc::new(times(vec![now_us; count]))),
        (
            "table_name",
            Arc::new(texts(|segment| segment.table.name())),
        ),
        ("path", Arc::new(texts(|segment| &segment.path))),
        (
            "row_count",
            Arc::new(integers(|segment| u64::from(segment.rows))),
        ),
        ("dead_rows", Arc::new(dead.finish())),
        (
            "min_time",
            Arc::new(times(
                segments().map(|segment| segment.min_time_us).collect(),
            )),
        ),
        (
            "max_time",
            Arc::new(times(
                segments().map(|segment| segment.max_time_us).collect(),
            )),
        ),
        ("app_ids", Arc::new(app_ids.finish())),
        (
            "size_bytes",
            Arc::new(integers(|segment| segment.size_bytes)),
        ),
        ("format_version", Arc::new(same(FORMAT_VERSION))),
    ];
    RecordBatch::try_from_iter(columns)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).expect("versions, rows and sizes stay below 2^63")
}
