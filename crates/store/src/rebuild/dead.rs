//! Which rows of the segments are dead, found without delete vectors; the rule stands in `rebuild.rs`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use foldhash::fast::RandomState;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use roaring::RoaringBitmap;
use schema::{Identity, TableId};

use crate::keys::KEY;
use crate::{Error, Result, Segment, SegmentId};

/// Keys that are read of a segment at once.
const STRETCH: u64 = 4096;

pub(super) type Dead = BTreeMap<SegmentId, RoaringBitmap>;

/// Where a merge stands in one segment's keys.
struct Cursor<'a> {
    segment: &'a Segment,
    next: u64,
    stretch: std::vec::IntoIter<([u8; KEY], u32)>,
}

impl Cursor<'_> {
    fn next(&mut self) -> Result<Option<([u8; KEY], u32)>> {
        if let Some(key) = self.stretch.next() {
            return Ok(Some(key));
        }
        let keys = self
            .segment
            .keys
            .get()
            .expect("keys are opened with the segment");
        if self.next >= keys.count() {
            return Ok(None);
        }
        self.stretch = keys.stretch(self.next, STRETCH)?.into_iter();
        self.next += STRETCH;
        Ok(self.stretch.next())
    }
}

/// The rows of each segment that are not the last of their identity. Segments come in their order.
pub(super) fn dead_rows(segments: &[Segment]) -> Result<Dead> {
    let mut dead = Dead::new();
    for table in TableId::ALL {
        let mut cursors: Vec<Cursor> = segments
            .iter()
            .filter(|segment| segment.table == table)
            .map(|segment| Cursor {
                segment,
                next: 0,
                stretch: Vec::new().into_iter(),
            })
            .collect();
        let mut heap = BinaryHeap::new();
        for (index, cursor) in cursors.iter_mut().enumerate() {
            heap.extend(cursor.next()?.map(|(key, row)| Reverse((key, index, row))));
        }
        // Equal keys come out by segment, the last one last: each is dead once another of its identity follows.
        let mut before: Option<([u8; KEY], usize, u32)> = None;
        while let Some(Reverse((key, index, row))) = heap.pop() {
            if let Some((same, earlier, dead_row)) = before
                && same == key
            {
                let id = cursors[earlier].segment.id;
                dead.entry(id).or_default().insert(dead_row);
            }
            before = Some((key, index, row));
            heap.extend(
                cursors[index]
                    .next()?
                    .map(|(key, row)| Reverse((key, index, row))),
            );
        }
    }
    Ok(dead)
}

/// Adds the sessions that no living row of another table names.
pub(super) fn add_empty_sessions(root: &Path, segments: &[Segment], dead: &mut Dead) -> Result<()> {
    let mut named: HashSet<Identity, RandomState> = HashSet::default();
    for segment in segments
        .iter()
        .filter(|segment| segment.table.is_in_session())
    {
        let dead = dead.get(&segment.id);
        each_session(root, segment, "session_id", |row, session| {
            if dead.is_none_or(|dead| !dead.contains(row)) {
                named.insert(session);
            }
        })?;
    }
    let is_session = |segment: &&Segment| segment.table == TableId::Session;
    for segment in segments.iter().filter(is_session) {
        let mut empty = RoaringBitmap::new();
        each_session(root, segment, "event_id", |row, session| {
            if !named.contains(&session) {
                empty.insert(row);
            }
        })?;
        if !empty.is_empty() {
            *dead.entry(segment.id).or_default() |= empty;
        }
    }
    Ok(())
}

/// Calls `note` with the session that each row names in a column; a segment without the column names none.
fn each_session(
    root: &Path,
    segment: &Segment,
    column: &str,
    mut note: impl FnMut(u32, Identity),
) -> Result<()> {
    let path = root.join(&segment.path);
    let read_error = |source| Error::ReadSegment {
        id: segment.id,
        source,
    };
    let file = std::fs::File::open(&path).map_err(Error::file("open", &path))?;
    let mut first = 0;
    for batch in batches(file, column).map_err(read_error)? {
        let texts = ["app_id", column].map(|name| batch.column_by_name(name));
        let [Some(apps), Some(sessions)] = texts else {
            return Ok(());
        };
        let (apps, sessions) = (apps.as_string_view(), sessions.as_string_view());
        for row in (0..batch.num_rows()).filter(|row| sessions.is_valid(*row)) {
            let session = Identity::new(apps.value(row), TableId::Session, sessions.value(row));
            note(
                first + u32::try_from(row).expect("a batch is small"),
                session,
            );
        }
        first += u32::try_from(batch.num_rows()).expect("a batch is small");
    }
    Ok(())
}

fn batches(
    file: std::fs::File,
    column: &str,
) -> std::result::Result<Vec<RecordBatch>, ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["app_id", column]);
    let reader = builder.with_projection(mask).build()?;
    Ok(reader.collect::<std::result::Result<_, _>>()?)
}
