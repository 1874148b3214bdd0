//! Pages with their traffic, vitals and errors.

use axum::{Json, extract};
use query::{Filter, Search, Select};
use schema::TableId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::terms::{CLS, INP, LCP, PAGE_VIEWS, VISITOR, count, p75, p75_ns};
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
    let filter = of_people(filter, asked.include);
    let sql = statement(&filter, asked.sort.unwrap_or_default(), limit)?.to_string();
    let reading = Reading::open(&state, asked.snapshot.as_deref()).await?;
    let rows = reading.run(&sql).await?;
    Ok(Json(Pages {
        items: rows.iter().map(|row| page(row, &filter)).collect(),
        total: rows.row(0).count("pages"),
        sql,
        snapshot: reading.snapshot(),
        elapsed_ms: reading.elapsed_ms(),
    }))
}

fn statement(filter: &Filter, sort: PagesSort, limit: usize) -> Result<Select, Problem> {
    let page_views = condition(PAGE_VIEWS, TableId::View)?;
    let error_views = count(Some("view_error_count > 0"));
    Ok(Select::of(TableId::View, filter)?
        .item("view_url_path_group", "page")
        .grouped()
        .item(count(page_views.as_deref()), "views")
        .item(format!("count(DISTINCT {VISITOR})"), "visitors")
        .item(p75_ns(LCP.column), LCP.name)
        .item(p75_ns(INP.column), INP.name)
        .item(p75(CLS.column), CLS.name)
        .item(p75_ns("view_loading_time"), "loading_time_p75")
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
