//! Lists and single events.

use axum::{Json, extract};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cursor::Cursor;
use super::queries::{self, Sort};
use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::body::{Path, Query};
use crate::api::explore::{self, Reading, asked};
use crate::api::problems::{self, Problem};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 500;

asked! {
    /// Which events, and how.
    EventsQuery {
        /// Names of columns, separated by commas; a choice of the table's when absent. `app_id`, `event_id`, `time` and the sort column always come too.
        #[param(nullable = false)]
        columns: Option<String>,
        /// A column, with `-` in front for descending; `-time` when absent. NULLs come last.
        #[param(nullable = false)]
        sort: Option<String>,
        /// 1 to 500; 100 when absent.
        #[param(nullable = false, minimum = 1, maximum = 500)]
        limit: Option<usize>,
        /// `next_cursor` of the part before, as it was given, with all other parameters the same.
        #[param(nullable = false)]
        cursor: Option<String>,
    }
}

/// A part of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Events {
    columns: Vec<EventColumn>,
    /// One array a row, in the order of the columns. Times are RFC 3339, integers beyond 2^53 strings.
    rows: Vec<Vec<serde_json::Value>>,
    /// How many rows the whole list has.
    total: u64,
    /// Send it as `cursor` to get the next part; null at the end.
    #[schema(required)]
    next_cursor: Option<String>,
    snapshot: String,
    sql: String,
    elapsed_ms: u64,
}

/// One column of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventColumn {
    name: String,
    /// string, integer, number, boolean, timestamp, list or map.
    r#type: &'static str,
    #[schema(required)]
    unit: Option<&'static str>,
}

/// List events
///
/// In the order of `sort`, then of `event_id` and `app_id`: following the cursor gives each row once.
#[utoipa::path(get, path = "/api/v1/events/{table}", params(("table" = String, Path, description = "session, view, resource, action and so on"), EventsQuery),
    responses((status = OK, body = Events)))]
pub(crate) async fn list(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Path(table): Path<String>,
    Query(asked): Query<EventsQuery>,
) -> Result<Json<Events>, Problem> {
    let table = explore::table(&table)?;
    let limit = asked.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(problems::INVALID_VALUE
            .because(format!("`limit` is {limit}, it must be 1 to {LIMIT_MAX}")));
    }
    let filter = asked.filter()?;
    let sort = Sort::parse(table, asked.sort.as_deref().unwrap_or("-time"))?;
    let columns = queries::columns(table, asked.columns.as_deref(), sort)?;
    let cursor = asked
        .cursor
        .as_deref()
        .map(|text| Cursor::parse(text, sort))
        .transpose()?;
    let page = queries::page(table, &filter, &columns, sort, cursor.as_ref(), limit)?.to_string();
    let count = queries::count(table, &filter)?.to_string();

    let of_cursor = cursor.as_ref().map(|cursor| cursor.snapshot.as_str());
    let reading = Reading::open(&state, asked.snapshot.as_deref().or(of_cursor)).await?;
    let (rows, total) = futures::future::try_join(reading.run(&page), reading.run(&count)).await?;
    let total = total.row(0).count("n");
    let before = cursor
        .as_ref()
        .filter(|cursor| cursor.snapshot == reading.snapshot())
        .map_or(0, |cursor| cursor.rows);
    let seen = before + rows.rows.len() as u64;
    let last = rows.iter().last();
    let next_cursor = last
        .filter(|_| rows.rows.len() == limit && seen < total)
        .map(|last| Cursor::after(last, sort, seen, reading.snapshot()).text());
    let columns = rows.columns.iter().map(|column| EventColumn {
        name: column.name.clone(),
        r#type: column.column_type.name(),
        unit: column.unit,
    });
    Ok(Json(Events {
        columns: columns.collect(),
        total,
        next_cursor,
        snapshot: reading.snapshot(),
        sql: page,
        elapsed_ms: reading.elapsed_ms(),
        rows: rows.rows,
    }))
}

/// Which event.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventQuery {
    /// Its application; needed where several have an event of that id.
    #[param(nullable = false)]
    pub(super) app: Option<String>,
    /// `snapshot` of an earlier answer, to see the same state.
    #[param(nullable = false)]
    pub(super) snapshot: Option<String>,
}

/// One event.
#[derive(Serialize, ToSchema)]
pub(crate) struct Event {
    table: &'static str,
    /// Every column that has a value.
    values: serde_json::Map<String, serde_json::Value>,
    /// What no column takes.
    attributes: serde_json::Value,
    snapshot: String,
    elapsed_ms: u64,
}

/// Get one event with all its fields
#[utoipa::path(get, path = "/api/v1/events/{table}/{event_id}", params(("table" = String, Path), ("event_id" = String, Path), EventQuery),
    responses((status = OK, body = Event)))]
pub(crate) async fn event(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Path((table, event_id)): Path<(String, String)>,
    Query(asked): Query<EventQuery>,
) -> Result<Json<Event>, Problem> {
    let table = explore::table(&table)?;
    let sql = queries::event(table, asked.app.as_deref(), &event_id)?.to_string();
    let reading = Reading::open(&state, asked.snapshot.as_deref()).await?;
    let rows = reading.run(&sql).await?;
    let row = queries::only(&rows, || {
        problems::EVENT_NOT_FOUND.because(format!("`{}` has no event `{event_id}`", table.name()))
    })?;
    let mut values = row.present();
    let attributes = values.remove("attributes");
    Ok(Json(Event {
        table: table.name(),
        values,
        attributes: attributes.unwrap_or_else(|| serde_json::Value::Object(serde_json::Map::new())),
        snapshot: reading.snapshot(),
        elapsed_ms: reading.elapsed_ms(),
    }))
}
