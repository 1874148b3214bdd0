//! What is summarised of views for long ranges, and how figures are made of it.

use std::collections::BTreeMap;

use query::summary::{Asked, Cell, Cube, Totals};
use query::{Filter, Sketch};
use schema::TableId;

use super::breakdown::By;
use super::terms::{CLS, INP, LCP, PAGE_VIEWS, SESSION, VISITOR, Vital, count};
use super::{Include, PEOPLE, fixed};
use crate::api::explore::Reading;
use crate::api::problems::{self, Problem};

/// Cells of all views, undivided.
pub(super) const WHOLE: &str = "whole";
/// Cells by page.
pub(super) const PAGE: &str = "page";

pub(super) const ROWS: &str = "rows";
pub(super) const VIEWS: &str = "page_views";
pub(super) const ERRORS: &str = "errors";
pub(super) const ERROR_VIEWS: &str = "error_views";
pub(super) const SATISFIED: &str = "satisfied";
pub(super) const TOLERATING: &str = "tolerating";
pub(super) const LOADING_TIME: &str = "view_loading_time";

/// The cubes of Overview.
pub(crate) fn cubes() -> Vec<Cube> {
    let condition = |search: &str| {
        let condition = fixed(search).condition(TableId::View);
        let condition = condition.expect("searches in the code are tested");
        condition.expect("they are not empty")
    };
    let page_views = condition(PAGE_VIEWS);
    let cube = |name, dimension, distinct: &str| Cube {
        name,
        is_person: condition(PEOPLE),
        dimension,
        counts: vec![
            (ROWS, count(None)),
            (VIEWS, count(Some(&page_views))),
            (ERRORS, "coalesce(sum(view_error_count), 0)".to_owned()),
            (ERROR_VIEWS, count(Some("view_error_count > 0"))),
        ],
        sketches: vec![(LCP.column, LCP.column)],
        distinct: (distinct.to_owned(), None),
    };
    let all = [LCP.column, INP.column, CLS.column, LOADING_TIME].map(|column| (column, column));
    let mut whole = cube(WHOLE, None, VISITOR);
    whole.sketches = all.to_vec();
    whole.distinct.1 = Some(page_views.clone());
    for vital in [&LCP, &INP, &CLS] {
        let Vital {
            column,
            good_max,
            poor_above,
            ..
        } = vital;
        let good = count(Some(&format!("{column} <= {good_max}")));
        let poor = count(Some(&format!("{column} > {poor_above}")));
        whole
            .counts
            .extend([(vital.good, good), (vital.poor, poor)]);
    }
    let satisfied = count(Some(&format!("{LOADING_TIME} <= 2000000000")));
    let tolerating = count(Some(&format!(
        "{LOADING_TIME} > 2000000000 AND {LOADING_TIME} <= 8000000000"
    )));
    whole
        .counts
        .extend([(SATISFIED, satisfied), (TOLERATING, tolerating)]);
    let group = "view_url_path_group";
    let mut page = cube(PAGE, Some((group, group)), VISITOR);
    page.sketches = all.to_vec();
    let divided = By::OF_VIEWS.map(|by| cube(by.columns().0, Some(by.columns()), SESSION));
    [whole, page].into_iter().chain(divided).collect()
}

/// Whether cells can answer a filter: they know applications, environments and people, nothing else.
pub(super) fn is_answered(own_search: &query::Search) -> bool {
    own_search.is_empty()
}

/// The cells of a cube over a filter's time; with `is_optional` nothing where reading the rows is as good.
pub(super) async fn gather(
    reading: &Reading<'_>,
    cube: &str,
    filter: &Filter,
    include: Option<Include>,
    is_optional: bool,
) -> Result<Option<Vec<Cell>>, Problem> {
    let cube = reading.cube(cube);
    let cube = cube.ok_or_else(|| problems::INTERNAL.because("no such cube"))?;
    let gathered = reading
        .cells(&Asked {
            cube,
            from_us: filter.from_us.unwrap_or(i64::MIN),
            to_us: filter.to_us.unwrap_or(i64::MAX),
            app_id: filter.app_id.as_deref(),
            env: filter.env.as_deref(),
            only_people: include.is_none(),
            is_optional,
        })
        .await?;
    Ok(gathered.map(|gathered| gathered.cells))
}

/// Cells put together.
pub(super) fn sum<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Result<Totals, Problem> {
    let mut totals = Totals::default();
    for cell in cells {
        totals.add(cell).map_err(|error| {
            problems::INTERNAL.because(format!("a summary is damaged: {error}"))
        })?;
    }
    Ok(totals)
}

/// Cells put together by the value of their dimension.
pub(super) fn by_value(cells: &[Cell]) -> Result<BTreeMap<Option<&str>, Totals>, Problem> {
    let mut parts: BTreeMap<Option<&str>, Vec<&Cell>> = BTreeMap::new();
    for cell in cells {
        parts.entry(cell.value.as_deref()).or_default().push(cell);
    }
    let summed = |(value, cells): (_, Vec<&Cell>)| Ok((value, sum(cells)?));
    parts.into_iter().map(summed).collect()
}

/// Totals of a cube by the names of its counts and sketches.
pub(super) struct Named<'a> {
    pub(super) cube: &'a Cube,
    pub(super) totals: &'a Totals,
}

impl Named<'_> {
    pub(super) fn count(&self, name: &str) -> u64 {
        self.cube
            .count(name)
            .map_or(0, |place| self.totals.count(place))
    }

    /// How many rows have a number.
    pub(super) fn n(&self, column: &str) -> u64 {
        self.sketch(column).map_or(0, Sketch::count)
    }

    /// The 75th percentile, within [`query::RELATIVE_ERROR`].
    pub(super) fn p75(&self, column: &str) -> Option<f64> {
        self.sketch(column)?.percentile(0.75)
    }

    /// As [`Named::p75`], in whole ns.
    pub(super) fn p75_ns(&self, column: &str) -> Option<f64> {
        self.p75(column).map(f64::round)
    }

    fn sketch(&self, column: &str) -> Option<&Sketch> {
        self.totals.sketch(self.cube.sketch(column)?)
    }
}

/// A part of a whole; nothing of nothing.
pub(super) fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| as_number(part) / as_number(all))
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
pub(super) const fn as_number(count: u64) -> f64 {
    count as f64
}
