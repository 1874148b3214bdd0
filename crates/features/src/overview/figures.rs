//! The figures: what each counts, and all of a table's in one statement.

use axum::{Json, extract};
use futures::future::try_join_all;
use query::summary::{Cube, Totals};
use query::{Filter, RELATIVE_ERROR, Search, Select, literal};
use schema::TableId;
use serde::Serialize;
use utoipa::ToSchema;

use super::cubes::{
    ERROR_VIEWS, Named, ROWS, SATISFIED, TOLERATING, VIEWS, WHOLE, as_number, gather, is_answered,
    share, sum,
};
use super::period::Period;
use super::terms::{CLS, INP, LCP, PAGE_VIEWS, Percentiles, VISITOR, Vital, count};
use super::{Compare, Include, condition, fixed, of_people};
use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::body::Query;
use crate::api::explore::{Reading, Row, Rows, asked};
use crate::api::problems::Problem;

/// What a figure is.
#[derive(Clone, Copy)]
enum Measure {
    /// How many rows its list has.
    Count,
    /// How many visitors the rows of its list are of.
    Visitors,
    /// The share of all rows that its list has.
    Share,
    /// The 75th percentile of a duration or score over the rows that have it: those of its list.
    Vital(&'static Vital),
    Duration(&'static str),
    /// Apdex Alliance, technical specification 1.1, T = 2 s.
    Apdex(&'static str),
}

/// The definition of one figure.
struct Definition {
    name: &'static str,
    table: TableId,
    measure: Measure,
    /// The search of its list, besides the period and the filter of the screen.
    list: &'static str,
}

const DEFINITIONS: [Definition; 12] = {
    use Measure::{Apdex, Count, Duration, Share, Visitors, Vital};
    use TableId::{Error, Session, View};
    const fn figure(
        name: &'static str,
        table: TableId,
        measure: Measure,
        list: &'static str,
    ) -> Definition {
        Definition {
            name,
            table,
            measure,
            list,
        }
    }
    [
        figure("page_views", View, Count, PAGE_VIEWS),
        figure("visitors", View, Visitors, PAGE_VIEWS),
        figure("sessions", Session, Count, ""),
        figure(
            "error_free_sessions",
            Session,
            Share,
            "session_error_count:0",
        ),
        figure(
            "bounce_rate",
            Session,
            Share,
            "session_view_count:1 session_action_count:0",
        ),
        figure("errors", Error, Count, ""),
        figure("page_error_rate", View, Share, "view_error_count:>0"),
        figure(LCP.name, View, Vital(&LCP), "largest_contentful_paint:*"),
        figure(INP.name, View, Vital(&INP), "interaction_to_next_paint:*"),
        figure(CLS.name, View, Vital(&CLS), "cumulative_layout_shift:*"),
        figure(
            "loading_time_p75",
            View,
            Duration("view_loading_time"),
            "view_loading_time:*",
        ),
        figure(
            "apdex",
            View,
            Apdex("view_loading_time"),
            "view_loading_time:*",
        ),
    ]
};

/// The periods, as the statement names them.
const NOW: &str = "now";
const BEFORE: &str = "before";

const TABLES: [TableId; 3] = [TableId::View, TableId::Session, TableId::Error];

impl Definition {
    fn unit(&self) -> &'static str {
        match self.measure {
            Measure::Count | Measure::Visitors => "count",
            Measure::Share => "share",
            Measure::Duration(_) => "ns",
            Measure::Vital(vital) if vital.name == CLS.name => "score",
            Measure::Vital(_) => "ns",
            Measure::Apdex(_) => "score",
        }
    }

    /// The figure as items of a select list, its value first.
    fn items(&self, percentiles: Percentiles) -> Result<Vec<(String, String)>, Problem> {
        let name = self.name;
        let list = condition(self.list, self.table)?;
        let listed = count(list.as_deref());
        let share = |part: &str, all: &str| format!("CAST({part} AS DOUBLE) / nullif({all}, 0)");
        let named = |suffix: &str| format!("{name}{suffix}");
        let over = |column: &str| format!("count({column})");
        Ok(match self.measure {
            Measure::Count => vec![(listed, named(""))],
            Measure::Visitors => {
                let visitors =
                    listed.replacen("count(*)", &format!("count(DISTINCT {VISITOR})"), 1);
                vec![(visitors, named("")), (listed, named("_listed"))]
            }
            Measure::Share => vec![
                (share(&listed, "count(*)"), named("")),
                (count(None), named("_n")),
                (listed, named("_listed")),
            ],
            Measure::Vital(vital) => {
                let column = vital.column;
                let value = if self.unit() == "ns" {
                    percentiles.p75_ns(column)
                } else {
                    percentiles.p75(column)
                };
                let good = count(Some(&format!("{column} <= {}", vital.good_max)));
                let poor = count(Some(&format!("{column} > {}", vital.poor_above)));
                let n = over(column);
                vec![
                    (value, named("")),
                    (n.clone(), named("_n")),
                    (share(&good, &n), named("_good")),
                    (share(&poor, &n), named("_poor")),
                ]
            }
            Measure::Duration(column) => {
                vec![
                    (percentiles.p75_ns(column), named("")),
                    (over(column), named("_n")),
                ]
            }
            Measure::Apdex(column) => {
                let satisfied = count(Some(&format!("{column} <= 2000000000")));
                let tolerating = count(Some(&format!(
                    "{column} > 2000000000 AND {column} <= 8000000000"
                )));
                let n = over(column);
                let points = format!("({satisfied} + {tolerating} / 2.0)");
                vec![(share(&points, &n), named("")), (n, named("_n"))]
            }
        })
    }

    fn select(&self, filter: &Filter, percentiles: Percentiles) -> Result<Select, Problem> {
        let mut select = Select::of(self.table, filter)?;
        for (expression, name) in self.items(percentiles)? {
            select = select.item(expression, &name);
        }
        Ok(select)
    }
}

/// All figures of one table in one statement, one row for each of the periods that has rows: now, and if `before` begins one, the
/// period from there to the begin of the filter. One scan and one plan serve both.
fn of_table(table: TableId, filter: &Filter, before: Option<Period>) -> Result<Select, Problem> {
    let now = Period::of(filter);
    let both = Filter {
        from_us: Some(before.map_or(now.from_us, |before| before.from_us)),
        ..filter.clone()
    };
    let period = format!(
        "CASE WHEN time >= {} THEN '{NOW}' ELSE '{BEFORE}' END",
        literal::time(now.from_us)
    );
    let mut select = Select::of(table, &both)?.item(period, "period").grouped();
    for definition in DEFINITIONS
        .iter()
        .filter(|definition| definition.table == table)
    {
        for (expression, name) in definition.items(Percentiles::Exact)? {
            select = select.item(expression, &name);
        }
    }
    Ok(select)
}

asked! {
    /// Which figures.
    FiguresQuery {
        /// `previous` (the default) or `none`.
        #[param(nullable = false, inline)]
        compare: Option<Compare>,
        /// `bots`: count bots and synthetic sessions too.
        #[param(nullable = false, inline)]
        include: Option<Include>,
    }
}

/// Figures of a period.
#[derive(Serialize, ToSchema)]
pub(crate) struct Figures {
    figures: Vec<Figure>,
    snapshot: String,
    elapsed_ms: u64,
}

/// One figure.
#[derive(Serialize, ToSchema)]
pub(crate) struct Figure {
    name: &'static str,
    /// Null where there is nothing to measure, and where `unavailable` says why.
    #[schema(required)]
    value: Option<f64>,
    /// count, share (0 to 1), ns or score.
    unit: &'static str,
    /// Rows it is computed over.
    n: u64,
    /// The value in the period before.
    #[schema(required)]
    previous: Option<f64>,
    #[schema(required)]
    previous_n: Option<u64>,
    /// Of a web vital.
    #[schema(required)]
    shares: Option<Shares>,
    /// How far a percentile may be off, as a share of it, where it comes from summaries; null when the value is exact.
    #[schema(required)]
    relative_error: Option<f64>,
    /// Gives the value as the first column of its one row.
    sql: String,
    /// The list behind it: rows of `table` that `filter` finds in the same period.
    table: &'static str,
    filter: String,
    /// How many rows that list has.
    listed: u64,
    /// Why there is no value: the search names a field that the table has not.
    #[schema(required)]
    unavailable: Option<String>,
}

/// Shares of views by the thresholds of web.dev.
#[derive(Serialize, ToSchema)]
pub(crate) struct Shares {
    good: f64,
    needs: f64,
    poor: f64,
}

/// Get the figures of a period
///
/// Bots and synthetic sessions are left out. A search over a field that only views have leaves figures of sessions without value.
#[utoipa::path(get, path = "/api/v1/overview/figures", params(FiguresQuery), responses((status = OK, body = Figures)))]
pub(crate) async fn figures(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Query(asked): Query<FiguresQuery>,
) -> Result<Json<Figures>, Problem> {
    let filter = asked.filter()?;
    // Views are what Overview is about: a field that they lack is a mistake. Checked on the search alone, whose positions are meant.
    filter.search.condition(TableId::View)?;
    let own_search = filter.search.clone();
    let filter = of_people(filter, asked.include);
    let before = (asked.compare.unwrap_or_default() == Compare::Previous)
        .then(|| Period::of(&filter).previous());
    let reading = Reading::open(&state, asked.snapshot.as_deref()).await?;
    let cells = cells(&reading, &filter, &own_search, asked.include, before).await?;
    let run = async |table: TableId| match own_search.condition(table) {
        Ok(_) if table == TableId::View && cells.is_some() => Ok(None),
        Ok(_) => {
            let sql = of_table(table, &filter, before)?.to_string();
            reading.run(&sql).await.map(Some)
        }
        Err(_) => Ok(None),
    };
    let tables = try_join_all(TABLES.map(run)).await?;
    let mut figures = Vec::new();
    for definition in &DEFINITIONS {
        let index = TABLES.iter().position(|table| *table == definition.table);
        let rows = tables[index.expect("each figure is of one of the tables")].as_ref();
        let of = |period: &str| match &cells {
            Some(cells) if definition.table == TableId::View => {
                Some(cells.measured(definition, period))
            }
            _ => rows.map(|rows| Measured::of(definition, rows, period)),
        };
        let previous = before.and_then(|_| of(BEFORE));
        figures.push(figure(definition, &filter, &own_search, of(NOW), previous)?);
    }
    Ok(Json(Figures {
        figures,
        snapshot: reading.snapshot(),
        elapsed_ms: reading.elapsed_ms(),
    }))
}

/// What summaries say of views, in both periods.
struct Cells<'a> {
    cube: &'a Cube,
    now: Totals,
    before: Totals,
}

/// What summaries say of views, where that is quicker than to read them.
async fn cells<'a>(
    reading: &Reading<'a>,
    filter: &Filter,
    own_search: &Search,
    include: Option<Include>,
    before: Option<Period>,
) -> Result<Option<Cells<'a>>, Problem> {
    let Some(cube) = reading.cube(WHOLE).filter(|_| is_answered(own_search)) else {
        return Ok(None);
    };
    let Some(now) = gather(reading, WHOLE, filter, include, true).await? else {
        return Ok(None);
    };
    let before = match before {
        Some(before) => gather(reading, WHOLE, &before.filter(filter), include, false).await?,
        None => None,
    };
    Ok(Some(Cells {
        cube,
        now: sum(&now)?,
        before: sum(before.iter().flatten())?,
    }))
}

impl Cells<'_> {
    fn measured(&self, definition: &Definition, period: &str) -> Measured {
        let totals = if period == NOW {
            &self.now
        } else {
            &self.before
        };
        let named = Named {
            cube: self.cube,
            totals,
        };
        let counted = |value: u64, n: u64| Measured {
            value: Some(as_number(value)),
            n,
            listed: n,
            shares: None,
            relative_error: None,
        };
        match definition.measure {
            Measure::Count => counted(named.count(VIEWS), named.count(VIEWS)),
            Measure::Visitors => counted(totals.distinct(), named.count(VIEWS)),
            Measure::Share => {
                let (part, all) = (named.count(ERROR_VIEWS), named.count(ROWS));
                Measured {
                    value: share(part, all),
                    listed: part,
                    ..counted(0, all)
                }
            }
            Measure::Vital(vital) => {
                let n = named.n(vital.column);
                let value = match definition.unit() {
                    "ns" => named.p75_ns(vital.column),
                    _ => named.p75(vital.column),
                };
                let shares =
                    share(named.count(vital.good), n).zip(share(named.count(vital.poor), n));
                Measured {
                    value,
                    shares: shares.map(|(good, poor)| Shares::of(good, poor)),
                    relative_error: Some(RELATIVE_ERROR),
                    ..counted(0, n)
                }
            }
            Measure::Duration(column) => Measured {
                value: named.p75_ns(column),
                relative_error: Some(RELATIVE_ERROR),
                ..counted(0, named.n(column))
            },
            Measure::Apdex(column) => {
                let points = 2 * named.count(SATISFIED) + named.count(TOLERATING);
                Measured {
                    value: share(points, 2 * named.n(column)),
                    ..counted(0, named.n(column))
                }
            }
        }
    }
}

/// What the statement gives for one figure and period.
struct Measured {
    value: Option<f64>,
    relative_error: Option<f64>,
    n: u64,
    listed: u64,
    shares: Option<Shares>,
}

impl Measured {
    fn of(definition: &Definition, rows: &Rows, period: &str) -> Self {
        let name = definition.name;
        let row = rows.iter().find(|row| row.text("period") == Some(period));
        let Some(row) = row else {
            // A period without rows is no group.
            let is_count = matches!(definition.measure, Measure::Count | Measure::Visitors);
            return Self {
                value: is_count.then_some(0.0),
                n: 0,
                listed: 0,
                shares: None,
                relative_error: None,
            };
        };
        let named = |suffix: &str| row.count(&format!("{name}{suffix}"));
        let n = match definition.measure {
            Measure::Count => named(""),
            Measure::Visitors => named("_listed"),
            _ => named("_n"),
        };
        Self {
            value: row.number(name),
            n,
            listed: match definition.measure {
                Measure::Share => named("_listed"),
                _ => n,
            },
            shares: shares(name, row),
            relative_error: None,
        }
    }
}

fn figure(
    definition: &Definition,
    filter: &Filter,
    own_search: &Search,
    now: Option<Measured>,
    previous: Option<Measured>,
) -> Result<Figure, Problem> {
    let table = definition.table;
    let list = Search::all([filter.search.clone(), fixed(definition.list)]);
    let unavailable = own_search.condition(table).err();
    let relative_error = now.as_ref().and_then(|now| now.relative_error);
    let sql = match unavailable {
        Some(_) => String::new(),
        None => definition
            .select(filter, Percentiles::of(relative_error))?
            .to_string(),
    };
    Ok(Figure {
        name: definition.name,
        value: now.as_ref().and_then(|now| now.value),
        unit: definition.unit(),
        n: now.as_ref().map_or(0, |now| now.n),
        previous: previous.as_ref().and_then(|previous| previous.value),
        previous_n: previous.map(|previous| previous.n),
        sql,
        table: table.name(),
        filter: list.to_string(),
        listed: now.as_ref().map_or(0, |now| now.listed),
        relative_error,
        shares: now.and_then(|now| now.shares),
        unavailable: unavailable.map(|error| format!("{error}. {}", error.help)),
    })
}

fn shares(name: &str, row: Row<'_>) -> Option<Shares> {
    let good = row.number(&format!("{name}_good"))?;
    let poor = row.number(&format!("{name}_poor"))?;
    Some(Shares::of(good, poor))
}

impl Shares {
    fn of(good: f64, poor: f64) -> Self {
        // Of two shares that sum to one the rest is not −0.0000000000000001.
        let needs = (1.0 - good - poor).max(0.0);
        Self { good, needs, poor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_is_a_statement_over_its_table() {
        for definition in &DEFINITIONS {
            let select = definition
                .select(&Filter::default(), Percentiles::Exact)
                .unwrap();
            let first = select.items.first().unwrap();
            assert!(
                first.ends_with(&format!(" AS {}", definition.name)),
                "{first}"
            );
            assert!(TABLES.contains(&definition.table), "{}", definition.name);
        }
    }
}
