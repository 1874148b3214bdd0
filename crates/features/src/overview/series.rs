//! Traffic and errors over time.

use axum::{Json, extract};
use query::{Filter, Select, literal};
use schema::{EventTime, TableId};
use serde::Serialize;
use utoipa::ToSchema;

use super::period::Period;
use super::terms::PAGE_VIEWS;
use super::{Compare, Include, condition, of_people};
use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::body::Query;
use crate::api::explore::{Reading, Rows, asked, time_us};
use crate::api::problems::{self, Problem};
use crate::api::wire::Time;

const BUCKETS_DEFAULT: i64 = 60;
const BUCKETS_MAX: i64 = 120;

/// Name, table, and what of it counts.
const SERIES: [(&str, TableId, &str); 3] = [
    ("page_views", TableId::View, PAGE_VIEWS),
    ("sessions", TableId::Session, ""),
    ("errors", TableId::Error, ""),
];

asked! {
    /// Which series.
    SeriesQuery {
        /// How many buckets at most: 1 to 120, 60 when absent.
        #[param(nullable = false, minimum = 1, maximum = 120)]
        buckets: Option<i64>,
        /// `previous` (the default) or `none`.
        #[param(nullable = false, inline)]
        compare: Option<Compare>,
        /// `bots`: count bots and synthetic sessions too.
        #[param(nullable = false, inline)]
        include: Option<Include>,
    }
}

/// Series of one period in equal buckets, the first of which begins at `from`.
#[derive(Serialize, ToSchema)]
pub(crate) struct SeriesAnswer {
    bucket_ns: i64,
    /// Begin of each bucket.
    #[schema(value_type = Vec<String>)]
    times: Vec<Time>,
    series: Vec<Series>,
    sql: String,
    snapshot: String,
    elapsed_ms: u64,
}

/// One series: a value a bucket.
#[derive(Serialize, ToSchema)]
pub(crate) struct Series {
    name: &'static str,
    /// Null where the table has not the field that the search names.
    #[schema(required)]
    values: Option<Vec<u64>>,
    /// The period before, bucket by bucket.
    #[schema(required)]
    previous: Option<Vec<u64>>,
}

/// Get traffic and errors over time
#[utoipa::path(get, path = "/api/v1/overview/series", params(SeriesQuery), responses((status = OK, body = SeriesAnswer)))]
pub(crate) async fn series(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Query(asked): Query<SeriesQuery>,
) -> Result<Json<SeriesAnswer>, Problem> {
    let buckets_max = asked.buckets.unwrap_or(BUCKETS_DEFAULT);
    if !(1..=BUCKETS_MAX).contains(&buckets_max) {
        return Err(problems::INVALID_VALUE.because(format!(
            "`buckets` is {buckets_max}, it must be 1 to {BUCKETS_MAX}"
        )));
    }
    let filter = asked.filter()?;
    filter.search.condition(TableId::View)?;
    let known = |table: TableId| filter.search.condition(table).is_ok();
    let counted: Vec<_> = SERIES
        .into_iter()
        .filter(|(_, table, _)| known(*table))
        .collect();
    let filter = of_people(filter.clone(), asked.include);
    let period = Period::of(&filter);
    let step_us = period.step_us(buckets_max);
    let reading = Reading::open(&state, asked.snapshot.as_deref()).await?;
    let sql = statement(&counted, &filter, period, step_us)?;
    let before =
        (asked.compare.unwrap_or_default() == Compare::Previous).then(|| period.previous());
    let previous = async {
        let Some(before) = before else {
            return Ok(None);
        };
        let sql = statement(&counted, &before.filter(&filter), before, step_us)?;
        reading.run(&sql).await.map(Some)
    };
    let (now, previous) = futures::future::try_join(reading.run(&sql), previous).await?;
    let buckets = period.buckets(step_us);
    let series = SERIES.map(|(name, table, _)| {
        let is_counted = counted.iter().any(|(_, other, _)| *other == table);
        let values = |rows: &Rows, of: Period| values(rows, name, of, step_us);
        Series {
            name,
            values: is_counted.then(|| values(&now, period)),
            previous: previous
                .as_ref()
                .zip(before)
                .filter(|_| is_counted)
                .map(|(rows, before)| values(rows, before)),
        }
    });
    Ok(Json(SeriesAnswer {
        bucket_ns: step_us.saturating_mul(1000),
        times: (0..buckets)
            .map(|bucket| Time(EventTime(period.from_us + bucket * step_us)))
            .collect(),
        series: series.into(),
        sql,
        snapshot: reading.snapshot(),
        elapsed_ms: reading.elapsed_ms(),
    }))
}

/// All series in one statement: name, begin of the bucket, count.
fn statement(
    counted: &[(&str, TableId, &str)],
    filter: &Filter,
    period: Period,
    step_us: i64,
) -> Result<String, Problem> {
    let bucket = format!(
        "date_bin(INTERVAL '{} seconds', time, TIMESTAMP {})",
        step_us / 1_000_000,
        literal::time(period.from_us)
    );
    let mut parts = Vec::new();
    for (name, table, counts) in counted {
        let mut select = Select::of(*table, filter)?
            .item(literal::text(name), "series")
            .item(&bucket, "bucket")
            .grouped()
            .item("count(*)", "n");
        if let Some(condition) = condition(counts, *table)? {
            select = select.and(condition);
        }
        parts.push(select.to_string());
    }
    Ok(parts.join("\nUNION ALL\n"))
}

/// One value a bucket; no row is 0.
fn values(rows: &Rows, name: &str, period: Period, step_us: i64) -> Vec<u64> {
    let buckets = usize::try_from(period.buckets(step_us)).unwrap_or(0);
    let mut values = vec![0; buckets];
    for row in rows.iter().filter(|row| row.text("series") == Some(name)) {
        let begin_us = row
            .text("bucket")
            .and_then(|text| time_us("bucket", text).ok());
        let bucket =
            begin_us.and_then(|begin| usize::try_from((begin - period.from_us) / step_us).ok());
        if let Some(value) = bucket.and_then(|bucket| values.get_mut(bucket)) {
            *value = row.count("n");
        }
    }
    values
}
