//! Traffic by country, browser and so on.

use axum::{Json, extract};
use query::summary::Cell;
use query::{Filter, RELATIVE_ERROR, Search, Select};
use schema::TableId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cubes::{ERRORS, Named, ROWS, VIEWS, by_value, gather, is_answered, share};
use super::terms::{LCP, PAGE_VIEWS, Percentiles, SESSION, count};
use super::{Include, condition, of_people};
use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::body::Query;
use crate::api::explore::{Reading, Row, asked};
use crate::api::problems::{self, Problem};

const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 500;

/// What views are counted by.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    Country,
    Browser,
    Os,
    Device,
    Release,
    Network,
    /// Where sessions came from: counted over sessions, so without LCP.
    Referrer,
}

impl By {
    /// Those that divide views.
    pub(super) const OF_VIEWS: [Self; 6] = [
        Self::Country,
        Self::Browser,
        Self::Os,
        Self::Device,
        Self::Release,
        Self::Network,
    ];

    /// The column, and the one that names its values for people.
    pub(super) const fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Country => ("country_code", "country"),
            Self::Browser => ("browser_name", "browser_name"),
            Self::Os => ("os_name", "os_name"),
            Self::Device => ("device_type", "device_type"),
            Self::Release => ("version", "version"),
            Self::Network => ("network_effective_type", "network_effective_type"),
            Self::Referrer => ("referrer_host", "referrer_host"),
        }
    }

    fn table(self) -> TableId {
        match self {
            Self::Referrer => TableId::Session,
            _ => TableId::View,
        }
    }
}

asked! {
    /// Which breakdown.
    BreakdownQuery {
        /// country, browser, os, device, release, network or referrer.
        #[param(inline)]
        by: By,
        /// 1 to 500; 10 when absent.
        #[param(nullable = false, minimum = 1, maximum = 500)]
        limit: Option<usize>,
        /// `bots`: count bots and synthetic sessions too.
        #[param(nullable = false, inline)]
        include: Option<Include>,
    }
}

/// The most frequent values.
#[derive(Serialize, ToSchema)]
pub(crate) struct Breakdown {
    items: Vec<BreakdownItem>,
    /// How many values there are.
    total: u64,
    /// How far percentiles may be off, as a share of them, where they come from summaries; null when they are exact.
    #[schema(required)]
    relative_error: Option<f64>,
    /// The table that each `filter` is for.
    table: &'static str,
    sql: String,
    snapshot: String,
    elapsed_ms: u64,
}

/// One value.
#[derive(Serialize, ToSchema)]
pub(crate) struct BreakdownItem {
    /// Null for what has none.
    #[schema(required)]
    value: Option<String>,
    #[schema(required)]
    label: Option<String>,
    views: u64,
    sessions: u64,
    /// Of all views.
    #[schema(required)]
    share: Option<f64>,
    #[schema(required)]
    lcp_p75: Option<f64>,
    /// By the SDKs' own counters; of sessions, stored errors.
    errors: u64,
    /// Finds what was counted: as many rows as `listed`.
    filter: String,
    listed: u64,
}

/// Count views by a property
#[utoipa::path(get, path = "/api/v1/overview/breakdown", params(BreakdownQuery), responses((status = OK, body = Breakdown)))]
pub(crate) async fn breakdown(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Query(asked): Query<BreakdownQuery>,
) -> Result<Json<Breakdown>, Problem> {
    let limit = asked.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(problems::INVALID_VALUE
            .because(format!("`limit` is {limit}, it must be 1 to {LIMIT_MAX}")));
    }
    let by = asked.by;
    let filter = asked.filter()?;
    filter.search.condition(by.table())?;
    let is_answered = is_answered(&filter.search) && by.table() == TableId::View;
    let filter = of_people(filter, asked.include);
    let reading = Reading::open(&state, asked.snapshot.as_deref()).await?;
    let cube = by.columns().0;
    let cells = match is_answered {
        true => gather(&reading, cube, &filter, asked.include, true).await?,
        false => None,
    };
    let relative_error = cells.as_ref().map(|_| RELATIVE_ERROR);
    let percentiles = Percentiles::of(relative_error);
    let sql = statement(by, &filter, limit, percentiles)?.to_string();
    let (items, total) = match cells {
        Some(cells) => of_cells(&reading, &cells, by, &filter, limit)?,
        None => {
            let rows = reading.run(&sql).await?;
            let items = rows.iter().map(|row| item(by, row, &filter)).collect();
            (items, rows.row(0).count("total"))
        }
    };
    Ok(Json(Breakdown {
        items,
        total,
        relative_error,
        table: by.table().name(),
        sql,
        snapshot: reading.snapshot(),
        elapsed_ms: reading.elapsed_ms(),
    }))
}

fn statement(
    by: By,
    filter: &Filter,
    limit: usize,
    percentiles: Percentiles,
) -> Result<Select, Problem> {
    let (column, label) = by.columns();
    let select = Select::of(by.table(), filter)?
        .item(column, "value")
        .grouped()
        .item(format!("max({label})"), "label");
    let share = |views: &str| format!("CAST({views} AS DOUBLE) / nullif(sum({views}) OVER (), 0)");
    let select = if by == By::Referrer {
        let views = "coalesce(sum(session_view_count), 0)";
        select
            .item(views, "views")
            .item("count(*)", "sessions")
            .item(share(views), "share")
            .item("CAST(NULL AS BIGINT)", "lcp_p75")
            .item("coalesce(sum(session_error_count), 0)", "errors")
    } else {
        let page_views = condition(PAGE_VIEWS, TableId::View)?;
        let views = count(page_views.as_deref());
        select
            .item(&views, "views")
            .item(format!("count(DISTINCT {SESSION})"), "sessions")
            .item(share(&views), "share")
            .item(percentiles.p75_ns(LCP.column), "lcp_p75")
            .item("coalesce(sum(view_error_count), 0)", "errors")
    };
    Ok(select
        .item("count(*)", "listed")
        .item("count(*) OVER ()", "total")
        .by("views DESC")
        .by("value NULLS LAST")
        .take(limit))
}

fn item(by: By, row: Row<'_>, filter: &Filter) -> BreakdownItem {
    let value = row.text("value");
    let own = Search::equal(by.columns().0, value);
    BreakdownItem {
        value: value.map(str::to_owned),
        label: row.text("label").or(value).map(str::to_owned),
        views: row.count("views"),
        sessions: row.count("sessions"),
        share: row.number("share"),
        lcp_p75: row.number("lcp_p75"),
        errors: row.count("errors"),
        filter: Search::all([filter.search.clone(), own]).to_string(),
        listed: row.count("listed"),
    }
}

/// The most frequent values from cells, and how many there are.
fn of_cells(
    reading: &Reading<'_>,
    cells: &[Cell],
    by: By,
    filter: &Filter,
    limit: usize,
) -> Result<(Vec<BreakdownItem>, u64), Problem> {
    let column = by.columns().0;
    let mut items = Vec::new();
    for (value, totals) in by_value(cells)? {
        let Some(cube) = reading.cube(column) else {
            continue;
        };
        let totals = &totals;
        let named = Named { cube, totals };
        let own = Search::equal(column, value);
        items.push(BreakdownItem {
            value: value.map(str::to_owned),
            label: totals.label.as_deref().or(value).map(str::to_owned),
            views: named.count(VIEWS),
            sessions: totals.distinct(),
            share: None,
            lcp_p75: named.p75_ns(LCP.column),
            errors: named.count(ERRORS),
            filter: Search::all([filter.search.clone(), own]).to_string(),
            listed: named.count(ROWS),
        });
    }
    let (total, views) = (
        items.len() as u64,
        items.iter().map(|item| item.views).sum(),
    );
    for item in &mut items {
        item.share = share(item.views, views);
    }
    items.sort_by(|a, b| {
        let by_views = b.views.cmp(&a.views);
        by_views.then_with(|| (a.value.is_none(), &a.value).cmp(&(b.value.is_none(), &b.value)))
    });
    items.truncate(limit);
    Ok((items, total))
}
