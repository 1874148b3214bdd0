//! Reading rows back from segments: a few columns of all rows, or all columns of a few rows.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt, path::Path as ObjectPath};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
    RowSelector,
};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use roaring::RoaringBitmap;
use schema::TableId;
use schema::arrow::stored_schema;
use tokio::runtime::Handle;

use crate::{Error, Segment, SegmentId};

const BATCH_ROWS: usize = 8192;
/// Read from a file's end at once: footer and page index of most segments, and the whole of small ones.
const FOOTER_BYTES: usize = 64 * 1024;

/// Which columns to read.
pub(crate) enum Columns {
    All,
    /// Those of these that the segment has.
    Named(Vec<&'static str>),
}

impl Columns {
    pub(crate) fn named(names: &[&'static str]) -> Self {
        Self::Named(names.to_vec())
    }
}

/// Which rows to read.
pub(crate) enum Which<'a> {
    All,
    /// All but these.
    Without(&'a RoaringBitmap),
    Only(&'a RoaringBitmap),
}

/// Reads rows of a segment in their order, with as little of the file as that takes.
pub(crate) async fn read(
    objects: &Arc<dyn ObjectStore>,
    segment: &Segment,
    columns: Columns,
    which: Which<'_>,
) -> crate::Result<Vec<RecordBatch>> {
    let about = About::of(segment);
    let reader = ObjectReader {
        objects: Arc::clone(objects),
        path: ObjectPath::from(segment.path.as_str()),
        size_bytes: segment.size_bytes,
    };
    // The page index costs a read of its own, and spares most pages when few rows are wanted.
    let (selection, index) = match which {
        Which::All => (None, PageIndexPolicy::Skip),
        Which::Without(dead) => (
            Some(selection(dead, segment.rows, false)),
            PageIndexPolicy::Skip,
        ),
        Which::Only(rows) => (
            Some(selection(rows, segment.rows, true)),
            PageIndexPolicy::Optional,
        ),
    };
    let rows = async move {
        let options = ArrowReaderOptions::new().with_page_index_policy(index);
        let mut builder =
            ParquetRecordBatchStreamBuilder::new_with_options(reader, options).await?;
        about.check(builder.schema(), builder.metadata())?;
        if let Columns::Named(names) = columns {
            let schema = builder.schema();
            let present = names
                .iter()
                .copied()
                .filter(|name| schema.index_of(name).is_ok());
            let mask = ProjectionMask::columns(builder.parquet_schema(), present);
            builder = builder.with_projection(mask);
        }
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        builder
            .with_batch_size(BATCH_ROWS)
            .build()?
            .try_collect()
            .await
    };
    let runtime = Handle::current();
    let result = decode(segment.id, move || runtime.block_on(rows)).await;
    match result {
        Err(Error::ReadSegment {
            id,
            source: ParquetError::External(source),
        }) => {
            let source = told_from_damage(objects, segment, source).await;
            Err(Error::ReadSegment { id, source })
        }
        result => result,
    }
}

/// A read that failed in the object store may work the next time, unless the file is gone or has another length.
async fn told_from_damage(
    objects: &Arc<dyn ObjectStore>,
    segment: &Segment,
    error: Box<dyn std::error::Error + Send + Sync>,
) -> ParquetError {
    if !error.is::<object_store::Error>() {
        // The decoder's own: text that is no UTF-8.
        return ParquetError::General(error.to_string());
    }
    match objects.head(&ObjectPath::from(segment.path.as_str())).await {
        Err(object_store::Error::NotFound { .. }) => {
            ParquetError::General("the file is missing".to_owned())
        }
        Ok(found) if found.size != segment.size_bytes => ParquetError::General(format!(
            "the file has {} bytes and was written with {}",
            found.size, segment.size_bytes
        )),
        _ => ParquetError::External(error),
    }
}

/// Opens a segment for its live rows in their order, after checking that the file is what was written: compaction must not pass
/// damage on under a new checksum. The file is in memory then, its rows are decoded as they are asked for.
pub(crate) async fn open_checked(
    objects: &Arc<dyn ObjectStore>,
    segment: &Segment,
    dead: Option<&RoaringBitmap>,
) -> crate::Result<ParquetRecordBatchReader> {
    let about = About::of(segment);
    let checksum = segment.checksum;
    let selection = dead.map(|dead| selection(dead, segment.rows, false));
    let path = ObjectPath::from(segment.path.as_str());
    let get = async || objects.get(&path).await?.bytes().await;
    let bytes = match get().await {
        Ok(bytes) => bytes,
        Err(error) => {
            return Err(Error::ReadSegment {
                id: segment.id,
                source: told_from_damage(objects, segment, Box::new(error)).await,
            });
        }
    };
    let open = move || {
        let found = crc32c::crc32c(&bytes);
        if found != checksum {
            return Err(ParquetError::General(format!(
                "the file is damaged: its checksum is {found:08x} and was {checksum:08x}"
            )));
        }
        let mut builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
        about.check(builder.schema(), builder.metadata())?;
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        builder.with_batch_size(BATCH_ROWS).build()
    };
    decode(segment.id, open).await
}

/// Decodes off the async threads. The decoder panics on some damaged files, which is that file's fault and nobody else's.
async fn decode<T: Send + 'static>(
    id: SegmentId,
    work: impl FnOnce() -> Result<T, ParquetError> + Send + 'static,
) -> crate::Result<T> {
    let read_error = |source| Error::ReadSegment { id, source };
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(read_error),
        Err(error) if error.is_panic() => Err(read_error(ParquetError::General(
            "the file is damaged: its decoder panicked".to_owned(),
        ))),
        // The runtime is going down, and this caller with it.
        Err(_) => std::future::pending().await,
    }
}

/// What the catalog says of a segment.
struct About {
    table: TableId,
    rows: u32,
}

impl About {
    fn of(segment: &Segment) -> Self {
        Self {
            table: segment.table,
            rows: segment.rows,
        }
    }

    /// Refuses a file that is whole Parquet but not what the catalog says, before row numbers are taken for granted.
    fn check(&self, schema: &Schema, metadata: &ParquetMetaData) -> Result<(), ParquetError> {
        let rows = metadata.file_metadata().num_rows();
        if rows != i64::from(self.rows) {
            return Err(ParquetError::General(format!(
                "the file has {rows} rows, the catalog says {}",
                self.rows
            )));
        }
        let stored = stored_schema(self.table);
        for name in ["app_id", "event_id", "time"] {
            let kind = |schema: &Schema| {
                let field = schema.field_with_name(name).ok()?;
                Some(field.data_type().clone())
            };
            if kind(schema) != kind(&stored) {
                return Err(ParquetError::General(format!(
                    "the column {name} is missing or of another type"
                )));
            }
        }
        Ok(())
    }
}

/// Reads ranges of one object of known size.
struct ObjectReader {
    objects: Arc<dyn ObjectStore>,
    path: ObjectPath,
    size_bytes: u64,
}

impl ObjectReader {
    /// A damaged footer names places that the file does not have: the file's fault, not the object store's.
    fn check(&self, range: &std::ops::Range<u64>) -> Result<(), ParquetError> {
        if range.start < range.end && range.end <= self.size_bytes {
            return Ok(());
        }
        Err(ParquetError::General(format!(
            "the file is damaged: it names bytes {} to {} of {}",
            range.start, range.end, self.size_bytes
        )))
    }
}

impl AsyncFileReader for ObjectReader {
    fn get_bytes(
        &mut self,
        range: std::ops::Range<u64>,
    ) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        let read = async move {
            self.check(&range)?;
            let bytes = self.objects.get_range(&self.path, range).await;
            bytes.map_err(|error| ParquetError::External(Box::new(error)))
        };
        read.boxed()
    }

    /// All columns of a few rows are a hundred small ranges: one open file, not a hundred.
    fn get_byte_ranges(
        &mut self,
        ranges: Vec<std::ops::Range<u64>>,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        let read = async move {
            ranges.iter().try_for_each(|range| self.check(range))?;
            let bytes = self.objects.get_ranges(&self.path, &ranges).await;
            bytes.map_err(|error| ParquetError::External(Box::new(error)))
        };
        read.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let size_bytes = self.size_bytes;
        let read = async move {
            let reader = ParquetMetaDataReader::new()
                .with_arrow_reader_options(options)
                .with_prefetch_hint(Some(FOOTER_BYTES));
            Ok(Arc::new(reader.load_and_finish(self, size_bytes).await?))
        };
        read.boxed()
    }
}

/// The rows of a bitmap as alternating runs: selected where membership equals `members`.
#[must_use]
pub(crate) fn selection(rows: &RoaringBitmap, count: u32, members: bool) -> RowSelection {
    let mut selectors = Vec::new();
    let mut push = |rows: u32, is_member: bool| {
        if rows > 0 {
            let rows = rows as usize;
            selectors.push(if is_member == members {
                RowSelector::select(rows)
            } else {
                RowSelector::skip(rows)
            });
        }
    };
    let mut next = 0;
    for range in runs(rows, count) {
        push(range.start - next, false);
        push(range.end - range.start, true);
        next = range.end;
    }
    push(count - next, false);
    RowSelection::from(selectors)
}

fn runs(rows: &RoaringBitmap, count: u32) -> Vec<std::ops::Range<u32>> {
    let mut runs: Vec<std::ops::Range<u32>> = Vec::new();
    for row in rows.iter().take_while(|row| *row < count) {
        match runs.last_mut() {
            Some(run) if run.end == row => run.end += 1,
            _ => runs.push(row..row + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_outside_of_the_file_is_damage_and_no_failure_of_the_object_store() {
        let path = ObjectPath::from("one");
        let objects: Arc<dyn ObjectStore> = Arc::new(object_store::memory::InMemory::new());
        objects.put(&path, "0123456789".into()).await.unwrap();
        let mut reader = ObjectReader {
            objects,
            path,
            size_bytes: 10,
        };
        assert_eq!(reader.get_bytes(8..10).await.unwrap(), "89");
        for (start, end) in [(8, 11), (237_159, 237_200), (5, 5), (6, 5)] {
            let one = reader.get_bytes(start..end).await.unwrap_err();
            let several = reader.get_byte_ranges(vec![0..1, start..end]).await;
            for error in [one, several.unwrap_err()] {
                assert!(matches!(error, ParquetError::General(_)), "{error}");
            }
        }
    }

    #[test]
    fn a_bitmap_becomes_alternating_runs() {
        let rows: RoaringBitmap = [0, 1, 5, 9, 40].into_iter().collect();
        let dead = selection(&rows, 10, false);
        let live: Vec<RowSelector> = dead.into();
        let expected = [(true, 2), (false, 3), (true, 1), (false, 3), (true, 1)];
        assert_eq!(
            live.iter()
                .map(|run| (run.skip, run.row_count))
                .collect::<Vec<_>>(),
            expected
        );
        assert_eq!(selection(&rows, 10, true).row_count(), 4);
    }
}
