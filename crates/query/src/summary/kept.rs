//! A segment's summary as it is kept: in memory, and as a small Parquet file.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray, Int64Array, Int64Builder,
    ListBuilder, RecordBatch, StringArray,
};
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::WriterProperties;
use store::SegmentView;
use xxhash_rust::xxh3::xxh3_64;

use super::cells::Cell;
use super::statement::Cube;
use crate::Error;

const DEFINITION_KEY: &str = "footfall.summary";
const STATE_KEY: &str = "footfall.summary_of";
/// Raised when the form of the file changes.
const FORM: u32 = 1;

/// A summary of a segment.
#[derive(Debug)]
pub(super) struct Kept {
    /// What it was made of, see [`definition_of`].
    pub(super) definition: u64,
    /// Of which state of the segment it is, see [`state_of`].
    pub(super) state: Option<u64>,
    pub(super) memory_bytes: usize,
    parts: Vec<Part>,
}

/// The cells of one cube.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) cube: String,
    pub(super) width_us: i64,
    pub(super) cells: Vec<Cell>,
}

/// Tells apart summaries of different cubes.
pub(super) fn definition_of(cubes: &[Cube]) -> u64 {
    xxh3_64(format!("{FORM} {} {cubes:?}", crate::RELATIVE_ERROR).as_bytes())
}

/// Tells apart the states of a segment: which of its rows are hidden.
pub(super) fn state_of(view: &SegmentView) -> Option<u64> {
    let hidden = view.hidden.as_ref().filter(|hidden| !hidden.is_empty())?;
    let mut bytes = Vec::with_capacity(hidden.serialized_size());
    hidden
        .serialize_into(&mut bytes)
        .expect("writing into memory does not fail");
    Some(xxh3_64(&bytes))
}

impl Kept {
    pub(super) fn new(definition: u64, view: &SegmentView, parts: Vec<Part>) -> Self {
        Self::of(definition, state_of(view), parts)
    }

    fn of(definition: u64, state: Option<u64>, parts: Vec<Part>) -> Self {
        let cells = parts.iter().flat_map(|part| &part.cells);
        Self {
            definition,
            state,
            memory_bytes: cells.map(Cell::memory_bytes).sum(),
            parts,
        }
    }

    pub(super) fn cube(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.cube == name)
    }

    /// The file.
    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let batch = self.batch().map_err(Error::summary)?;
        let entry = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
        let state = self.state.map_or(String::new(), |state| state.to_string());
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(vec![
                entry(DEFINITION_KEY, self.definition.to_string()),
                entry(STATE_KEY, state),
            ]))
            .build();
        let written = || {
            let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))?;
            writer.write(&batch)?;
            writer.into_inner()
        };
        written().map_err(Error::summary)
    }

    fn batch(&self) -> Result<RecordBatch, arrow::error::ArrowError> {
        let all = || {
            let cells = |part: &'_ Part| part.cells.len();
            self.parts
                .iter()
                .flat_map(move |part| (0..cells(part)).map(move |cell| (part, &part.cells[cell])))
        };
        let mut counts = ListBuilder::new(Int64Builder::new());
        let mut sketches = ListBuilder::new(BinaryBuilder::new());
        let mut hashes = BinaryBuilder::new();
        for (_, cell) in all() {
            counts.append_value(cell.counts.iter().copied().map(Some));
            sketches.append_value(cell.sketches.iter().map(Option::as_deref));
            let bytes: Vec<u8> = cell
                .hashes
                .iter()
                .flat_map(|hash| hash.to_le_bytes())
                .collect();
            hashes.append_value(bytes);
        }
        let text = |of: fn(&Cell) -> Option<&str>| -> ArrayRef {
            Arc::new(all().map(|(_, cell)| of(cell)).collect::<StringArray>())
        };
        let columns: [(&str, ArrayRef); 11] = [
            (
                "cube",
                Arc::new(
                    all()
                        .map(|(part, _)| Some(part.cube.as_str()))
                        .collect::<StringArray>(),
                ),
            ),
            (
                "width_us",
                Arc::new(all().map(|(part, _)| part.width_us).collect::<Int64Array>()),
            ),
            ("app_id", text(|cell| Some(&cell.app_id))),
            ("env", text(|cell| cell.env.as_deref())),
            (
                "is_person",
                Arc::new(
                    all()
                        .map(|(_, cell)| Some(cell.is_person))
                        .collect::<BooleanArray>(),
                ),
            ),
            (
                "begin_us",
                Arc::new(all().map(|(_, cell)| cell.begin_us).collect::<Int64Array>()),
            ),
            ("value", text(|cell| cell.value.as_deref())),
            ("label", text(|cell| cell.label.as_deref())),
            ("counts", Arc::new(counts.finish())),
            ("sketches", Arc::new(sketches.finish())),
            ("hashes", Arc::new(hashes.finish())),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
    }

    /// Reads a file; nothing if it is damaged or of another form, for it can be made anew.
    pub(super) fn decode(bytes: Vec<u8>) -> Option<Self> {
        undamaged(|| Self::read(Bytes::from(bytes)))
    }

    fn read(bytes: Bytes) -> Option<Self> {
        let (definition, state) = label_of(&bytes)?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).ok()?;
        let mut parts: Vec<Part> = Vec::new();
        for batch in reader.build().ok()? {
            let batch = batch.ok()?;
            let cubes = column(&batch, "cube")?.as_string_opt::<i32>()?.clone();
            let widths = column(&batch, "width_us")?
                .as_primitive_opt::<Int64Type>()?
                .clone();
            let cells = Cells::of(&batch)?;
            for row in 0..batch.num_rows() {
                let (cube, width_us) = (cubes.value(row), widths.value(row));
                if parts.last().is_none_or(|part| part.cube != cube) {
                    parts.push(Part {
                        cube: cube.to_owned(),
                        width_us,
                        cells: Vec::new(),
                    });
                }
                parts.last_mut()?.cells.push(cells.at(row)?);
            }
        }
        Some(Self::of(definition, state, parts))
    }
}

/// What a file says it is made of: definition and state.
pub(super) fn label(bytes: Vec<u8>) -> Option<(u64, Option<u64>)> {
    undamaged(|| label_of(&Bytes::from(bytes)))
}

fn label_of(bytes: &Bytes) -> Option<(u64, Option<u64>)> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(bytes).ok()?;
    let pairs = metadata.file_metadata().key_value_metadata()?;
    let value = |key: &str| pairs.iter().find(|pair| pair.key == key)?.value.as_deref();
    let definition = value(DEFINITION_KEY)?.parse().ok()?;
    let state = match value(STATE_KEY)? {
        "" => None,
        state => Some(state.parse().ok()?),
    };
    Some((definition, state))
}

/// The decoder panics on some damaged files.
fn undamaged<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .ok()
        .flatten()
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a ArrayRef> {
    batch.column_by_name(name)
}

/// The columns of a file's cells.
struct Cells<'a> {
    texts: [&'a StringArray; 4],
    is_person: &'a BooleanArray,
    begin_us: &'a Int64Array,
    counts: &'a arrow::array::ListArray,
    sketches: &'a arrow::array::ListArray,
    hashes: &'a BinaryArray,
}

impl<'a> Cells<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let text = |name| column(batch, name)?.as_string_opt::<i32>();
        Some(Self {
            texts: [
                text("app_id")?,
                text("env")?,
                text("value")?,
                text("label")?,
            ],
            is_person: column(batch, "is_person")?.as_boolean_opt()?,
            begin_us: column(batch, "begin_us")?.as_primitive_opt::<Int64Type>()?,
            counts: column(batch, "counts")?.as_list_opt::<i32>()?,
            sketches: column(batch, "sketches")?.as_list_opt::<i32>()?,
            hashes: column(batch, "hashes")?.as_binary_opt::<i32>()?,
        })
    }

    fn at(&self, row: usize) -> Option<Cell> {
        let [app_id, env, value, label] = self.texts.map(|texts| {
            texts
                .is_valid(row)
                .then(|| Arc::<str>::from(texts.value(row)))
        });
        let counts = self.counts.value(row);
        let sketches = self.sketches.value(row);
        let sketches = sketches.as_binary_opt::<i32>()?;
        let hashes = self.hashes.value(row).chunks_exact(8);
        Some(Cell {
            app_id: app_id?,
            env,
            is_person: self.is_person.value(row),
            begin_us: self.begin_us.value(row),
            value,
            label,
            counts: counts
                .as_primitive_opt::<Int64Type>()?
                .values()
                .as_ref()
                .into(),
            sketches: sketches.iter().map(|bytes| bytes.map(Box::from)).collect(),
            hashes: hashes
                .map(|bytes| i64::from_le_bytes(bytes.try_into().expect("eight bytes")))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(begin_us: i64, value: Option<&str>) -> Cell {
        Cell {
            app_id: "shop".into(),
            env: None,
            is_person: begin_us % 2 == 0,
            begin_us,
            value: value.map(Into::into),
            label: value.map(|value| value.to_uppercase().into()),
            counts: [3, begin_us].into(),
            sketches: [None, Some(Box::from([1, 2, 3].as_slice()))].into(),
            hashes: [i64::MIN, -1, 0, begin_us].into(),
        }
    }

    fn kept() -> Kept {
        let part = |cube: &str, width_us, cells| Part {
            cube: cube.to_owned(),
            width_us,
            cells,
        };
        let parts = vec![
            part("whole", 1, vec![cell(1, None), cell(2, None)]),
            part("page", 4, vec![cell(3, Some("/")), cell(4, None)]),
        ];
        Kept::of(7, Some(u64::MAX), parts)
    }

    #[test]
    fn a_summary_is_read_as_it_was_written() {
        let (written, bytes) = (kept(), kept().encode().unwrap());
        assert_eq!(label(bytes.clone()), Some((7, Some(u64::MAX))));
        let read = Kept::decode(bytes).unwrap();
        assert_eq!((read.definition, read.state), (7, Some(u64::MAX)));
        assert_eq!(read.parts, written.parts);
        assert_eq!(read.memory_bytes, written.memory_bytes);
    }

    #[test]
    fn a_damaged_summary_is_none() {
        let bytes = kept().encode().unwrap();
        for length in 0..bytes.len() {
            assert!(
                Kept::decode(bytes[..length].to_vec()).is_none(),
                "cut at {length}"
            );
        }
    }
}
