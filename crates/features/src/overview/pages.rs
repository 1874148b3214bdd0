//! Pages with their traffic, vitals and errors.

use axum::{Json, extract};
use query::summary::Cell;
use query::{Filter, RELATIVE_ERROR, Search, Select};
use schema::TableId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cubes::{
    ERROR_VIEWS, ERRORS, LOADING_TIME, Named, PAGE, ROWS, VIEWS, as_number, by_value, gather,
    is_answered, share,
};
use super::terms::{CLS, INP, LCP, PAGE_VIEWS, Percentiles, VISITOR, count};
use super::{Include, condition, of_people};
use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::body::Query;
use crate::api::explore::{Reading, Row, asked};
use crate::api::problems::{self, Problem};

const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 500;

/// What pages are ordered by, the largest first; absent values come last.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PagesSort {
    #[default]
    Views,
    Visitors,
    LcpP75,
    InpP75,
    ClsP75,
    LoadingTimeP75,
    Errors,
    ErrorViewsShare,
}

impl PagesSort {
    const fn column(self) -> &'static str {
        match self {
            Self::Views => "views",
            Self::Visitors => "visitors",
            Self::LcpP75 => "lcp_p75",
            Self::InpP75 => "inp_p75",
            Self::ClsP75 => "cls_p75",
            Self::LoadingTimeP75 => "loading_time_p75",
            Self::Errors => "errors",
            Self::ErrorViewsShare => "error_views_share",
        }
    }

    fn of(self, page: &PageOfSite) -> Option<f64> {
        match self {
            Self::Views => Some(as_number(page.views)),
            Self::Visitors => Some(as_number(page.visitors)),
            Self::LcpP75 => page.lcp_p75,
            Self::InpP75 => page.inp_p75,
            Self::ClsP75 => page.cls_p75,
            Self::LoadingTimeP75 => page.loading_time_p75,
            Self::Errors => Some(as_number(page.errors)),
            Self::ErrorViewsShare => page.error_views_share,
        }
    }
}

asked! {
    /// Which pages.
    PagesQuery {
        /// `views` when absent.
        #[param(nullable = false, inline)]
        sort: Option<PagesSort>,
        /// 1 to 500; 10 when absent.
        #[param(nullable = false, minimum = 1, maximum = 500)]
        limit: Option<usize>,
        /// `bots`: count bots and synthetic sessions too.
        #[param(nullable = false, inline)]
        include: Option<Include>,
    }
}

/// The first pages of an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pages {
    items: Vec<PageOfSite>,
    /// How many pages there are.
    total: u64,
    /// How far percentiles may be off, as a share of them, where they come from summaries; null when they are exact.
    #[schema(required)]
    relative_error: Option<f64>,
    sql: String,
    snapshot: String,
    elapsed_ms: u64,
}

/// One page: a path with its ids replaced.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageOfSite {
    /// Null for views without a URL.
    #[schema(required)]
    page: Option<String>,
    views: u64,
    visitors: u64,
    #[schema(required)]
    lcp_p75: Option<f64>,
    #[schema(required)]
    inp_p75: Option<f64>,
    #[schema(required)]
    cls_p75: Option<f64>,
    #[schema(required)]
    loading_time_p75: Option<f64>,
    /// By the SDKs' own counters.
    errors: u64,
    /// Of all views of the page.
    #[schema(required)]
    error_views_share: Option<f64>,
    n_lcp: u64,
    n_inp: u64,
    n_cls: u64,
    /// Finds the page's views in the table `view`: as many as `listed`.
    filter: String,
    listed: u64,
}

/// List pages with their vitals and errors
#[utoipa::path(get, path = "/api/v1/overview/pages", params(PagesQuery), responses((status = OK, body = Pages)))]
pub(crate) async fn pages(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Query(asked): Query<PagesQuery>,
) -> Result<Json<Pages>, Problem> {
    let limit = asked.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(problems::INVALID_VALUE
            .because(format!("`limit` is {limit}, it must be 1 to {LIMIT_MAX}")));
    }
    let filter = asked.filter()?;
    filter.search.condition(TableId::View)?;
    let is_answered = is_answered(&filter.search);
    let filter = of_people(filter, asked.include);
    let sort = asked.sort.unwrap_or_default();
    let reading = Reading::open(&state, asked.snapshot.as_deref()).await?;
    let cells = match is_answered {
        true => gather(&reading, PAGE, &filter, asked.include, true).await?,
        false => None,
    };
    let relative_error = cells.as_ref().map(|_| RELATIVE_ERROR);
    let percentiles = Percentiles::of(relative_error);
    let sql = statement(&filter, sort, limit, percentiles)?.to_string();
    let (items, total) = match cells {
        Some(cells) => of_cells(&reading, &cells, &filter, sort, limit)?,
        None => {
            let rows = reading.run(&sql).await?;
            let items = rows.iter().map(|row| page(row, &filter)).collect();
            (items, rows.row(0).count("pages"))
        }
    };
    Ok(Json(Pages {
        items,
        total,
        relative_error,
        sql,
        snapshot: reading.snapshot(),
        elapsed_ms: reading.elapsed_ms(),
    }))
}

fn statement(
    filter: &Filter,
    sort: PagesSort,
    limit: usize,
    percentiles: Percentiles,
) -> Result<Select, Problem> {
    let page_views = condition(PAGE_VIEWS, TableId::View)?;
    let error_views = count(Some("view_error_count > 0"));
    Ok(Select::of(TableId::View, filter)?
        .item("view_url_path_group", "page")
        .grouped()
        .item(count(page_views.as_deref()), "views")
        .item(format!("count(DISTINCT {VISITOR})"), "visitors")
        .item(percentiles.p75_ns(LCP.column), LCP.name)
        .item(percentiles.p75_ns(INP.column), INP.name)
        .item(percentiles.p75(CLS.column), CLS.name)
        .item(percentiles.p75_ns("view_loading_time"), "loading_time_p75")
        .item("coalesce(sum(view_error_count), 0)", "errors")
        .item(
            format!("CAST({error_views} AS DOUBLE) / count(*)"),
            "error_views_share",
        )
        .item(format!("count({})", LCP.column), "n_lcp")
        .item(format!("count({})", INP.column), "n_inp")
        .item(format!("count({})", CLS.column), "n_cls")
        .item("count(*)", "listed")
        .item("count(*) OVER ()", "pages")
        .by(format!("{} DESC NULLS LAST", sort.column()))
        .by("page NULLS LAST")
        .take(limit))
}

/// The first pages of an order from cells, and how many there are.
fn of_cells(
    reading: &Reading<'_>,
    cells: &[Cell],
    filter: &Filter,
    sort: PagesSort,
    limit: usize,
) -> Result<(Vec<PageOfSite>, u64), Problem> {
    let mut pages = Vec::new();
    for (value, totals) in by_value(cells)? {
        let Some(cube) = reading.cube(PAGE) else {
            continue;
        };
        let totals = &totals;
        let named = Named { cube, totals };
        pages.push(PageOfSite {
            page: value.map(str::to_owned),
            views: named.count(VIEWS),
            visitors: totals.distinct(),
            lcp_p75: named.p75_ns(LCP.column),
            inp_p75: named.p75_ns(INP.column),
            cls_p75: named.p75(CLS.column),
            loading_time_p75: named.p75_ns(LOADING_TIME),
            errors: named.count(ERRORS),
            error_views_share: share(named.count(ERROR_VIEWS), named.count(ROWS)),
            n_lcp: named.n(LCP.column),
            n_inp: named.n(INP.column),
            n_cls: named.n(CLS.column),
            filter: Search::all([
                filter.search.clone(),
                Search::equal("view_url_path_group", value),
            ])
            .to_string(),
            listed: named.count(ROWS),
        });
    }
    let total = pages.len() as u64;
    let key = |page: &PageOfSite| sort.of(page).unwrap_or(f64::NEG_INFINITY);
    pages.sort_by(|a, b| {
        let by_key = key(b).total_cmp(&key(a));
        by_key.then_with(|| (a.page.is_none(), &a.page).cmp(&(b.page.is_none(), &b.page)))
    });
    pages.truncate(limit);
    Ok((pages, total))
}

fn page(row: Row<'_>, filter: &Filter) -> PageOfSite {
    let page = row.text("page");
    let own = Search::equal("view_url_path_group", page);
    PageOfSite {
        page: page.map(str::to_owned),
        views: row.count("views"),
        visitors: row.count("visitors"),
        lcp_p75: row.number(LCP.name),
        inp_p75: row.number(INP.name),
        cls_p75: row.number(CLS.name),
        loading_time_p75: row.number("loading_time_p75"),
        errors: row.count("errors"),
        error_views_share: row.number("error_views_share"),
        n_lcp: row.count("n_lcp"),
        n_inp: row.count("n_inp"),
        n_cls: row.count("n_cls"),
        filter: Search::all([filter.search.clone(), own]).to_string(),
        listed: row.count("listed"),
    }
}
