//! Traffic by country, browser and so on.

use axum::{Json, extract};
use query::{Filter, Search, Select};
use schema::TableId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::terms::{LCP, PAGE_VIEWS, SESSION, count, p75_ns};
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
    /// The column, and the one that names its values for people.
    const fn columns(self) -> (&'static str, &'static str) {
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
    let filter = of_people(filter, asked.include);
    let sql = statement(by, &filter, limit)?.to_string();
    let reading = Reading::open(&state, asked.snapshot.as_deref()).await?;
    let rows = reading.run(&sql).await?;
    Ok(Json(Breakdown {
        items: rows.iter().map(|row| item(by, row, &filter)).collect(),
        total: rows.row(0).count("total"),
        table: by.table().name(),
        sql,
        snapshot: reading.snapshot(),
        elapsed_ms: reading.elapsed_ms(),
    }))
}

fn statement(by: By, filter: &Filter, limit: usize) -> Result<Select, Problem> {
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
            .item(p75_ns(LCP.column), "lcp_p75")
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
