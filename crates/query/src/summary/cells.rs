//! Cells: what is known of the views of one application, environment, kind of visitor, bin of time and value.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
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

/// The cells of two answers: counts and sketches, and hashes.
pub(super) fn of_answers(measured: &Answer, hashed: &Answer) -> Result<Vec<Cell>, ArrowError> {
    let (mut cells, mut names) = (Vec::new(), Names::default());
    let mut places: HashMap<Group, usize> = HashMap::new();
    for batch in &measured.batches {
        let groups = Groups::of(batch)?;
        let label = text(batch, GROUPS.len())?;
        let counts = columns(batch, "count_", &DataType::Int64)?;
        let sketches = columns(batch, "sketch_", &DataType::Binary)?;
        for row in 0..batch.num_rows() {
            let group = groups.at(row, &mut names);
            places.insert(group, cells.len());
            let count = |array: &ArrayRef| array.as_primitive::<Int64Type>().value(row);
            let sketch = |array: &ArrayRef| {
                let bytes = array.as_binary::<i32>();
                bytes.is_valid(row).then(|| bytes.value(row).into())
            };
            cells.push(Cell {
                app_id: names.of(group.app_id).unwrap_or_default(),
                env: names.of(group.env),
                is_person: group.is_person,
                begin_us: group.begin_us,
                value: names.of(group.value),
                label: label
                    .is_valid(row)
                    .then(|| label.as_string_view().value(row).into()),
                counts: counts.iter().map(count).collect(),
                sketches: sketches.iter().map(sketch).collect(),
                hashes: Arc::new([]),
            });
        }
    }
    let mut hashes: Vec<Vec<i64>> = vec![Vec::new(); cells.len()];
    for batch in &hashed.batches {
        let groups = Groups::of(batch)?;
        let hash = cast(&batch.columns()[GROUPS.len()], &DataType::Int64)?;
        let hash = hash.as_primitive::<Int64Type>();
        for row in (0..batch.num_rows()).filter(|row| hash.is_valid(*row)) {
            if let Some(place) = places.get(&groups.at(row, &mut names)) {
                hashes[*place].push(hash.value(row));
            }
        }
    }
    for (cell, mut hashes) in cells.iter_mut().zip(hashes) {
        hashes.sort_unstable();
        cell.hashes = hashes.into();
    }
    Ok(cells)
}

/// A group of the statements, texts by their place in [`Names`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Group {
    app_id: u32,
    env: u32,
    is_person: bool,
    begin_us: i64,
    value: u32,
}

/// Each text once; 0 is NULL.
#[derive(Default)]
struct Names {
    places: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

impl Names {
    fn place(&mut self, name: Option<&str>) -> u32 {
        let Some(name) = name else { return 0 };
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        let place = u32::try_from(self.names.len()).expect("an answer has fewer than 2^32 texts");
        self.places.insert(name, place);
        place
    }

    fn of(&self, place: u32) -> Option<Arc<str>> {
        let index = (place as usize).checked_sub(1)?;
        Some(Arc::clone(&self.names[index]))
    }
}

/// The columns of groups.
struct Groups {
    app_id: ArrayRef,
    env: ArrayRef,
    value: ArrayRef,
    is_person: ArrayRef,
    begin_us: ArrayRef,
}

impl Groups {
    /// In the order of [`GROUPS`].
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        Ok(Self {
            app_id: text(batch, 0)?,
            env: text(batch, 1)?,
            is_person: cast(&batch.columns()[2], &DataType::Boolean)?,
            begin_us: microseconds(&batch.columns()[3])?,
            value: text(batch, 4)?,
        })
    }

    fn at(&self, row: usize, names: &mut Names) -> Group {
        let mut place = |texts: &ArrayRef| {
            let texts = texts.as_string_view();
            names.place(texts.is_valid(row).then(|| texts.value(row)))
        };
        Group {
            app_id: place(&self.app_id),
            env: place(&self.env),
            is_person: self.is_person.as_boolean().value(row),
            begin_us: self.begin_us.as_primitive::<Int64Type>().value(row),
            value: place(&self.value),
        }
    }
}

/// The columns whose names begin so.
fn columns(batch: &RecordBatch, kind: &str, of: &DataType) -> Result<Vec<ArrayRef>, ArrowError> {
    let schema = batch.schema_ref();
    let named = schema.fields().iter().zip(batch.columns());
    named
        .filter(|(field, _)| field.name().starts_with(kind))
        .map(|(_, array)| cast(array, of))
        .collect()
}

/// Times in µs; numbers as they are.
fn microseconds(times: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let times = match times.data_type() {
        DataType::Timestamp(_, zone) => cast(
            times,
            &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        )?,
        _ => Arc::clone(times),
    };
    cast(&times, &DataType::Int64)
}

fn text(batch: &RecordBatch, place: usize) -> Result<ArrayRef, ArrowError> {
    cast(&batch.columns()[place], &DataType::Utf8View)
}
