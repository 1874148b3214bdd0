//! Summaries of views: counts, sketches and hashes per hours and dimension, so that a long range is not read row by row.
//!
//! A [`Cube`] says what is summarised; [`Summaries::keep_up`] computes the cells of each large segment once and leaves them beside the segment's
//! file; [`Summaries::gather`] answers a range from cells, and from rows where there are none: rows in memory, segments that are small
//! or have changed since, and the hours that the range cuts. Cells and rows go through the same statement, so that they count
//! the same things.
//!
//! A summary is of a segment and of its delete vector. While a later version of a view marks a row dead, the segment is read row by row
//! until its summary is made anew.
//!
//! Counts that add up and distinct values (by 64-bit hashes, see `distinct`) are exact; percentiles are within [`crate::RELATIVE_ERROR`].

mod cells;
mod kept;
mod statement;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::try_join_all;
use schema::TableId;
use store::{SegmentId, SegmentView, Snapshot, Store};

pub use cells::{Cell, Totals};
use kept::Kept;
pub use statement::Cube;
use statement::{Bins, distinct, measures};

use crate::{Engine, Error, Filter, Limits, Request, Scope};

const HOUR_US: i64 = 3_600_000_000;
/// Hours of one cell of the undivided cube and of the others: the first that fit into the share of the segment's size are taken, or else the last.
const WIDTHS: [(i64, i64); 3] = [(1, 4), (4, 24), (24, 24)];
/// Of a segment's size, in percent, how much its summary may take.
const SIZE_PERCENT: u64 = 5;
/// Rows that are read faster than a summary is worth.
const ROWS_MIN: u64 = 20_000;
const SPARED_MIN: u64 = 100_000;
/// Summaries of one call: making them must not take the processor from intake for long.
const MADE_AT_ONCE: usize = 4;
/// Rows of the statements here: cells are bounded by values, hashes by rows of a segment.
const ROWS_MAX: usize = 50_000_000;

/// How summaries are kept.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Memory for cells.
    pub memory_bytes: usize,
    /// Smaller segments have no summary.
    pub rows_min: u64,
    /// Rows that cells have to stand for in a range: fewer are read as fast, and exactly.
    pub spared_min: u64,
    /// How large a summary may be, in percent of its segment, before its bins are made longer.
    pub size_percent_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_bytes: 128 << 20,
            rows_min: ROWS_MIN,
            spared_min: SPARED_MIN,
            size_percent_max: SIZE_PERCENT,
        }
    }
}

/// The summaries of one store. One a process.
#[derive(Debug)]
pub struct Summaries {
    options: Options,
    cubes: Vec<Cube>,
    definition: u64,
    kept: Mutex<Memory>,
}

/// Summaries in memory, of whatever state; nothing for segments that are known to have none.
#[derive(Debug, Default)]
struct Memory {
    /// Of all segments at the last call of [`Summaries::keep_up`].
    states: States,
    /// With the number of their last use.
    segments: HashMap<SegmentId, (Option<Arc<Kept>>, u64)>,
    uses: u64,
    /// Of which state the summary beside a segment is; nothing if there is none.
    made_of: HashMap<SegmentId, Option<Option<u64>>>,
}

/// What tells apart the states of segments, see `kept::state_of`.
type States = HashMap<SegmentId, Option<u64>>;

/// What a range holds, and how it was found.
#[derive(Debug, Default)]
pub struct Gathered {
    pub cells: Vec<Cell>,
    /// Rows that did not have to be read, because cells stand for them.
    pub rows_spared: u64,
}

impl Summaries {
    /// Summaries of these cubes.
    #[must_use]
    pub fn new(cubes: Vec<Cube>, options: Options) -> Self {
        Self {
            options,
            definition: kept::definition_of(&cubes),
            cubes,
            kept: Mutex::default(),
        }
    }

    /// Makes the summaries that are missing or outdated, one segment after another. A segment counts as outdated only when it looks as it did at
    /// the call before: views of the last minutes change all the time. Returns how many were made.
    ///
    /// # Errors
    /// The first failure. A segment that failed is tried again when it has changed, or by the next process.
    pub async fn keep_up(
        &self,
        engine: &Engine,
        store: &Store,
        now: &Snapshot,
    ) -> Result<usize, Error> {
        let segments = &now.table(TableId::View).segments;
        let states: States = segments
            .iter()
            .map(|view| (view.segment.id, kept::state_of(view)))
            .collect();
        let earlier = std::mem::replace(&mut self.memory().states, states);
        self.forget_all_but(segments);
        let (mut made, mut failure) = (0, None);
        for view in segments.iter().filter(|view| self.is_worth_it(view)) {
            let (id, state) = (view.segment.id, kept::state_of(view));
            let has_settled = earlier.get(&id) == Some(&state);
            if !has_settled || self.made_of(store, view).await == Some(state) {
                continue;
            }
            let result = match self.make(engine, now, view).await {
                Ok(bytes) => store
                    .put_summary(&view.segment, bytes)
                    .await
                    .map_err(Error::summary),
                Err(error) => Err(error),
            };
            self.memory().forget(id);
            if let Err(error) = result {
                // A damaged segment would fail each time, and what comes after it would never have its turn.
                self.memory().made_of.insert(id, Some(state));
                failure = failure.or(Some(error));
                continue;
            }
            made += 1;
            if made == MADE_AT_ONCE {
                break;
            }
        }
        failure.map_or(Ok(made), Err)
    }

    /// The cube of that name.
    #[must_use]
    pub fn cube(&self, name: &str) -> Option<&Cube> {
        self.cubes.iter().find(|cube| cube.name == name)
    }

    /// The cells of a cube over a range; nothing where they would spare too few rows to be worth it.
    ///
    /// # Errors
    /// As any query's.
    pub async fn gather(
        &self,
        engine: &Engine,
        store: &Store,
        snapshot: &Snapshot,
        asked: &Asked<'_>,
        limits: &Limits,
    ) -> Result<Option<Gathered>, Error> {
        let mut gathered = Gathered::default();
        // Width of the cells of each segment that they stand for.
        let mut covered: HashMap<SegmentId, i64> = HashMap::new();
        for view in &snapshot.table(TableId::View).segments {
            if !overlaps(view, &(asked.from_us..asked.to_us)) || !self.is_worth_it(view) {
                continue;
            }
            let Some(kept) = self.load(store, view).await else {
                continue;
            };
            let Some(part) = kept
                .cube(asked.cube.name)
                .filter(|_| kept.state == kept::state_of(view))
            else {
                continue;
            };
            let width_us = part.width_us;
            let inner = asked.whole_bins(width_us);
            if inner.is_empty() {
                continue;
            }
            covered.insert(view.segment.id, width_us);
            for cell in part
                .cells
                .iter()
                .filter(|cell| inner.contains(&cell.begin_us))
            {
                if asked.takes(cell) {
                    gathered.rows_spared += cell.rows();
                    gathered.cells.push(cell.clone());
                }
            }
        }
        if asked.is_optional && gathered.rows_spared < self.options.spared_min {
            return Ok(None);
        }
        let rest = snapshot.narrowed(
            TableId::View,
            |view| !covered.contains_key(&view.segment.id),
            true,
        );
        let whole = asked.from_us..asked.to_us;
        let mut reads = vec![self.rows(engine, rest, asked, whole, limits)];
        // What the range cuts off of covered segments at both of its ends, for each width.
        let widths: BTreeSet<i64> = covered.values().copied().collect();
        for width_us in widths {
            let inner = asked.whole_bins(width_us);
            for end in [asked.from_us..inner.start, inner.end..asked.to_us] {
                let is_cut = |view: &SegmentView| {
                    covered.get(&view.segment.id) == Some(&width_us) && overlaps(view, &end)
                };
                let part = snapshot.narrowed(TableId::View, is_cut, false);
                if !end.is_empty() && !part.table(TableId::View).segments.is_empty() {
                    reads.push(self.rows(engine, part, asked, end, limits));
                }
            }
        }
        for cells in try_join_all(reads).await? {
            gathered.cells.extend(cells);
        }
        Ok(Some(gathered))
    }

    /// Cells of a snapshot's rows, one bin for the whole time.
    async fn rows(
        &self,
        engine: &Engine,
        snapshot: Snapshot,
        asked: &Asked<'_>,
        time_us: Range<i64>,
        limits: &Limits,
    ) -> Result<Vec<Cell>, Error> {
        let conditions = asked.conditions(&time_us)?;
        compute(
            engine,
            &snapshot,
            asked.cube,
            Bins::One,
            &conditions,
            limits,
        )
        .await
    }

    async fn make(
        &self,
        engine: &Engine,
        now: &Snapshot,
        view: &SegmentView,
    ) -> Result<Vec<u8>, Error> {
        let id = view.segment.id;
        let only = now.narrowed(TableId::View, |other| other.segment.id == id, false);
        let limits = Limits {
            rows_default: ROWS_MAX,
            rows_max: ROWS_MAX,
            ..Limits::default()
        };
        let mut last = None;
        for (whole, divided) in WIDTHS {
            let mut cubes = Vec::new();
            for cube in &self.cubes {
                let hours = cube.dimension.map_or(whole, |_| divided);
                let width_us = hours * HOUR_US;
                let cells = compute(engine, &only, cube, Bins::Of(width_us), &[], &limits).await?;
                cubes.push(kept::Part {
                    cube: cube.name.to_owned(),
                    width_us,
                    cells,
                });
            }
            let bytes = Kept::new(self.definition, view, cubes).encode()?;
            let percent = (bytes.len() as u64).saturating_mul(100) / view.segment.size_bytes.max(1);
            let is_small = percent < self.options.size_percent_max;
            last = Some(bytes);
            if is_small {
                break;
            }
        }
        last.ok_or_else(|| Error::summary("no width of cells is known"))
    }

    /// Of which state of the segment there is a summary of these cubes. Only its label is read: cells that nobody asks for take no memory.
    async fn made_of(&self, store: &Store, view: &SegmentView) -> Option<Option<u64>> {
        let id = view.segment.id;
        if let Some(known) = self.memory().made_of.get(&id) {
            return *known;
        }
        let label = self.read(store, view).await.and_then(kept::label);
        let made_of = label.filter(|(definition, _)| *definition == self.definition);
        let made_of = made_of.map(|(_, state)| state);
        self.memory().made_of.insert(id, made_of);
        made_of
    }

    /// The summary of a segment as it was last made, if it is of these cubes.
    async fn load(&self, store: &Store, view: &SegmentView) -> Option<Arc<Kept>> {
        let id = view.segment.id;
        if let Some(known) = self.memory().of(id) {
            return known;
        }
        let kept = self.read(store, view).await.and_then(Kept::decode);
        let kept = kept.filter(|kept| kept.definition == self.definition);
        let kept = kept.map(Arc::new);
        let mut memory = self.memory();
        memory
            .made_of
            .insert(id, kept.as_ref().map(|kept| kept.state));
        memory.insert(id, kept.clone(), self.options.memory_bytes);
        kept
    }

    async fn read(&self, store: &Store, view: &SegmentView) -> Option<Vec<u8>> {
        let read = store.summary(&view.segment).await;
        read.unwrap_or_else(|error| {
            tracing::warn!(%error, "a summary could not be read: its segment is read row by row");
            None
        })
    }

    fn forget_all_but(&self, segments: &[SegmentView]) {
        let ids: HashSet<SegmentId> = segments.iter().map(|view| view.segment.id).collect();
        let mut memory = self.memory();
        memory.segments.retain(|id, _| ids.contains(id));
        memory.made_of.retain(|id, _| ids.contains(id));
    }

    fn is_worth_it(&self, view: &SegmentView) -> bool {
        view.rows() >= self.options.rows_min
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn of(&mut self, id: SegmentId) -> Option<Option<Arc<Kept>>> {
        self.uses += 1;
        let uses = self.uses;
        self.segments.get_mut(&id).map(|(kept, used)| {
            *used = uses;
            kept.clone()
        })
    }

    fn forget(&mut self, id: SegmentId) {
        self.segments.remove(&id);
        self.made_of.remove(&id);
    }

    fn insert(&mut self, id: SegmentId, kept: Option<Arc<Kept>>, bytes_max: usize) {
        self.uses += 1;
        self.segments.insert(id, (kept, self.uses));
        let size = |kept: &Option<Arc<Kept>>| kept.as_ref().map_or(0, |kept| kept.memory_bytes);
        let mut bytes: usize = self.segments.values().map(|(kept, _)| size(kept)).sum();
        while bytes > bytes_max && self.segments.len() > 1 {
            let oldest = self
                .segments
                .iter()
                .filter(|(_, (kept, _))| kept.is_some())
                .min_by_key(|(_, (_, used))| *used)
                .map(|(id, _)| *id);
            let Some((kept, _)) = oldest.and_then(|oldest| self.segments.remove(&oldest)) else {
                break;
            };
            bytes -= size(&kept);
        }
    }
}

/// What is asked of a cube.
#[derive(Debug)]
pub struct Asked<'a> {
    pub cube: &'a Cube,
    pub from_us: i64,
    pub to_us: i64,
    pub app_id: Option<&'a str>,
    pub env: Option<&'a str>,
    /// Only people, as the cube's condition says.
    pub only_people: bool,
    /// Whether nothing is gathered where cells would spare few rows.
    pub is_optional: bool,
}

impl Asked<'_> {
    /// The bins of that width that lie in the range as a whole.
    fn whole_bins(&self, width_us: i64) -> Range<i64> {
        let end = self.to_us.div_euclid(width_us) * width_us;
        let start = self
            .from_us
            .saturating_add(width_us - 1)
            .div_euclid(width_us)
            * width_us;
        start..end.max(start)
    }

    fn takes(&self, cell: &Cell) -> bool {
        self.app_id.is_none_or(|app| *app == *cell.app_id)
            && self.env.is_none_or(|env| cell.env.as_deref() == Some(env))
            && (cell.is_person || !self.only_people)
    }

    /// The conditions over the rows of a time.
    fn conditions(&self, time_us: &Range<i64>) -> Result<Vec<String>, Error> {
        let filter = Filter {
            app_id: self.app_id.map(str::to_owned),
            env: self.env.map(str::to_owned),
            from_us: Some(time_us.start),
            to_us: Some(time_us.end),
            ..Filter::default()
        };
        let mut conditions = filter.conditions(TableId::View).map_err(Error::summary)?;
        if self.only_people {
            conditions.push(format!("({})", self.cube.is_person));
        }
        Ok(conditions)
    }
}

fn overlaps(view: &SegmentView, time_us: &Range<i64>) -> bool {
    view.segment.max_time_us >= time_us.start && view.segment.min_time_us < time_us.end
}

/// Computes cells of a snapshot's rows.
async fn compute(
    engine: &Engine,
    snapshot: &Snapshot,
    cube: &Cube,
    bins: Bins,
    conditions: &[String],
    limits: &Limits,
) -> Result<Vec<Cell>, Error> {
    let table = snapshot.table(TableId::View);
    if table.segments.is_empty() && table.batches.is_empty() {
        return Ok(Vec::new());
    }
    let limits = Limits {
        rows_default: ROWS_MAX,
        rows_max: ROWS_MAX,
        ..*limits
    };
    let run = async |sql: String| {
        let request = Request {
            sql,
            is_summary: true,
            ..Request::default()
        };
        engine
            .run(request, &Scope::workspace(), &limits, snapshot.clone())
            .await
    };
    let (measured, hashed) = futures::future::try_join(
        run(measures(cube, bins, conditions)),
        run(distinct(cube, bins, conditions)),
    )
    .await?;
    cells::of_answers(&measured, &hashed).map_err(Error::summary)
}
