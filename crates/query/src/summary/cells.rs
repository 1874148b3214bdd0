//! Cells: what is known of the views of one application, environment, kind of visitor, bin of time and value.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use arrow::error::ArrowError;

use super::statement::GROUPS;
use crate::Answer;
use crate::sketch::Sketch;

/// One cell. Counts and sketches stand in the order of its cube.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub app_id: Arc<str>,
    pub env: Option<Arc<str>>,
    pub is_person: bool,
    /// Begin of its bin, µs.
    pub begin_us: i64,
    /// Value of the cube's dimension.
    pub value: Option<Arc<str>>,
    pub label: Option<Arc<str>>,
    pub counts: Arc<[i64]>,
    /// Bytes of each sketch; nothing where no row had a number.
    pub sketches: Arc<[Option<Box<[u8]>>]>,
    /// Hashes of the distinct texts, ascending.
    pub hashes: Arc<[i64]>,
}

impl Cell {
    pub(super) fn rows(&self) -> u64 {
        self.counts.first().copied().unwrap_or(0).unsigned_abs()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let sketches: usize = self
            .sketches
            .iter()
            .flatten()
            .map(|bytes| bytes.len())
            .sum();
        size_of::<Self>()
            + 8 * (self.counts.len() + self.hashes.len())
            + sketches
            + 24 * self.sketches.len()
            + 64
    }
}

/// Cells put together.
#[derive(Debug, Default)]
pub struct Totals {
    pub label: Option<Arc<str>>,
    counts: Vec<i64>,
    sketches: Vec<Sketch>,
    hashes: HashSet<i64, foldhash::fast::FixedState>,
}

impl Totals {
    /// Adds a cell of the same cube.
    ///
    /// # Errors
    /// When a sketch of it is none.
    pub fn add(&mut self, cell: &Cell) -> Result<(), String> {
        self.label = self.label.take().max(cell.label.clone());
        self.counts
            .resize(self.counts.len().max(cell.counts.len()), 0);
        for (total, count) in self.counts.iter_mut().zip(&*cell.counts) {
            *total += count;
        }
        let sketches = self.sketches.len().max(cell.sketches.len());
        self.sketches.resize_with(sketches, Sketch::default);
        for (total, bytes) in self.sketches.iter_mut().zip(&*cell.sketches) {
            bytes.as_ref().map_or(Ok(()), |bytes| total.merge(bytes))?;
        }
        self.hashes.extend(&*cell.hashes);
        Ok(())
    }

    /// A count by its place; 0 of nothing.
    #[must_use]
    pub fn count(&self, place: usize) -> u64 {
        self.counts
            .get(place)
            .map_or(0, |count| count.unsigned_abs())
    }

    /// The numbers at a place.
    #[must_use]
    pub fn sketch(&self, place: usize) -> Option<&Sketch> {
        self.sketches.get(place)
    }

    /// How many distinct texts there are.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.hashes.len() as u64
    }
}

/// A group of the statements.
type Group = (Arc<str>, Option<Arc<str>>, bool, i64, Option<Arc<str>>);

/// The cells of two answers: counts and sketches, and hashes.
pub(super) fn of_answers(measured: &Answer, hashed: &Answer) -> Result<Vec<Cell>, ArrowError> {
    let mut hashes: HashMap<Group, Vec<i64>> = HashMap::new();
    for batch in &hashed.batches {
        let columns = Columns::of(batch)?;
        let hash = cast(&batch.columns()[GROUPS.len()], &DataType::Int64)?;
        let hash = hash.as_primitive::<Int64Type>();
        for row in (0..batch.num_rows()).filter(|row| hash.is_valid(*row)) {
            hashes
                .entry(columns.group(row))
                .or_default()
                .push(hash.value(row));
        }
    }
    let mut cells = Vec::new();
    for batch in &measured.batches {
        let columns = Columns::of(batch)?;
        let label = text(batch, GROUPS.len())?;
        let names = batch.schema_ref().fields().iter();
        let places = |kind: &str| -> Vec<usize> {
            let named = names.clone().enumerate();
            named
                .filter(|(_, field)| field.name().starts_with(kind))
                .map(|(place, _)| place)
                .collect()
        };
        let counts: Result<Vec<_>, ArrowError> = places("count_")
            .into_iter()
            .map(|place| cast(&batch.columns()[place], &DataType::Int64))
            .collect();
        let sketches: Result<Vec<_>, ArrowError> = places("sketch_")
            .into_iter()
            .map(|place| cast(&batch.columns()[place], &DataType::Binary))
            .collect();
        let (counts, sketches) = (counts?, sketches?);
        for row in 0..batch.num_rows() {
            let group = columns.group(row);
            let mut hashes = hashes.remove(&group).unwrap_or_default();
            hashes.sort_unstable();
            let (app_id, env, is_person, begin_us, value) = group;
            let count = |array: &Arc<dyn Array>| array.as_primitive::<Int64Type>().value(row);
            let sketch = |array: &Arc<dyn Array>| {
                let bytes = array.as_binary::<i32>();
                bytes.is_valid(row).then(|| bytes.value(row).into())
            };
            cells.push(Cell {
                app_id,
                env,
                is_person,
                begin_us,
                value,
                label: at(&label, row),
                counts: counts.iter().map(count).collect(),
                sketches: sketches.iter().map(sketch).collect(),
                hashes: hashes.into(),
            });
        }
    }
    Ok(cells)
}

/// The columns of a group.
struct Columns {
    texts: [Arc<dyn Array>; 3],
    is_person: Arc<dyn Array>,
    begin_us: Arc<dyn Array>,
}

impl Columns {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        Ok(Self {
            texts: [text(batch, 0)?, text(batch, 1)?, text(batch, 4)?],
            is_person: cast(&batch.columns()[2], &DataType::Boolean)?,
            begin_us: microseconds(&batch.columns()[3])?,
        })
    }

    fn group(&self, row: usize) -> Group {
        let [app_id, env, value] = &self.texts;
        (
            at(app_id, row).unwrap_or_default(),
            at(env, row),
            self.is_person.as_boolean().value(row),
            self.begin_us.as_primitive::<Int64Type>().value(row),
            at(value, row),
        )
    }
}

/// Times in µs; numbers as they are.
fn microseconds(times: &Arc<dyn Array>) -> Result<Arc<dyn Array>, ArrowError> {
    let times = match times.data_type() {
        DataType::Timestamp(_, zone) => cast(
            times,
            &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        )?,
        _ => Arc::clone(times),
    };
    cast(&times, &DataType::Int64)
}

fn text(batch: &RecordBatch, place: usize) -> Result<Arc<dyn Array>, ArrowError> {
    cast(&batch.columns()[place], &DataType::Utf8View)
}

fn at(texts: &Arc<dyn Array>, row: usize) -> Option<Arc<str>> {
    let texts = texts.as_string_view();
    texts.is_valid(row).then(|| texts.value(row).into())
}
