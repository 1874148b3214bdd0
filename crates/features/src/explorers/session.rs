//! One session: its row, its views, and all its events by time.

use axum::{Json, extract};
use futures::future::try_join_all;
use query::{Filter, Select, literal};
use schema::TableId;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::queries::{self, only};
use super::routes::EventQuery;
use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::body::{Path, Query};
use crate::api::explore::{Reading, Row, Rows, time_us};
use crate::api::problems::{self, Problem};

/// Events of an answer; sessions of hours can have far more.
const EVENTS_MAX: usize = 5_000;
/// Views of an answer.
const VIEWS_MAX: usize = 1_000;

const VIEW_COLUMNS: [&str; 24] = [
    "view_id",
    "time",
    "view_name",
    "view_url",
    "view_url_path_group",
    "view_referrer",
    "view_loading_type",
    "view_time_spent",
    "view_loading_time",
    "first_contentful_paint",
    "largest_contentful_paint",
    "interaction_to_next_paint",
    "cumulative_layout_shift",
    "first_byte",
    "dom_interactive",
    "dom_content_loaded",
    "dom_complete",
    "load_event",
    "view_error_count",
    "view_resource_count",
    "view_action_count",
    "view_long_task_count",
    "view_is_active",
    "session_has_replay",
];

/// One session with its events.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionDetail {
    /// Every column that has a value, attributes too.
    session: Map<String, Value>,
    /// By time; the main columns that have a value.
    views: Vec<Map<String, Value>>,
    /// By time.
    events: Vec<TimelineEvent>,
    /// There are more than 5,000 events or 1,000 views; the earliest are here.
    truncated: bool,
    snapshot: String,
    elapsed_ms: u64,
}

/// One event of a session's timeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimelineEvent {
    table: &'static str,
    event_id: String,
    time: String,
    #[schema(required)]
    view_id: Option<String>,
    #[schema(required)]
    duration_ns: Option<i64>,
    title: String,
    #[schema(required)]
    status: Option<i64>,
    is_error: bool,
    /// The main columns that have a value.
    values: Map<String, Value>,
}

/// How a table's rows stand on the timeline.
struct Lane {
    table: TableId,
    duration: Option<&'static str>,
    columns: &'static [&'static str],
    title: fn(Row<'_>) -> String,
}

const LANES: [Lane; 5] = [
    Lane {
        table: TableId::Resource,
        duration: Some("resource_duration"),
        columns: &[
            "resource_url",
            "resource_url_host",
            "resource_url_path",
            "resource_type",
            "resource_method",
            "resource_status",
            "resource_duration",
            "resource_size",
            "resource_transfer_size",
            "resource_redirect",
            "resource_redirect_start",
            "resource_dns",
            "resource_dns_start",
            "resource_connect",
            "resource_connect_start",
            "resource_ssl",
            "resource_ssl_start",
            "resource_first_byte",
            "resource_first_byte_start",
            "resource_download",
            "resource_download_start",
            "resource_provider_type",
            "action_id",
            "trace_id",
        ],
        title: |row| {
            let path = row.text("resource_url_path").or(row.text("resource_url"));
            joined([row.text("resource_method"), path], "request")
        },
    },
    Lane {
        table: TableId::Action,
        duration: Some("action_loading_time"),
        columns: &[
            "action_type",
            "action_name",
            "action_target_selector",
            "action_loading_time",
            "action_frustration_types",
            "action_error_count",
            "action_resource_count",
            "action_long_task_count",
            "action_id",
        ],
        title: |row| joined([row.text("action_type"), row.text("action_name")], "action"),
    },
    Lane {
        table: TableId::LongTask,
        duration: Some("long_task_duration"),
        columns: &[
            "long_task_entry_type",
            "long_task_duration",
            "long_task_blocking_duration",
            "long_task_top_script_url",
            "long_task_top_script_invoker",
            "action_id",
        ],
        title: |row| {
            joined(
                [
                    row.text("long_task_entry_type"),
                    row.text("long_task_top_script_invoker"),
                ],
                "long task",
            )
        },
    },
    Lane {
        table: TableId::Error,
        duration: None,
        columns: &[
            "error_type",
            "error_message",
            "error_source",
            "error_handling",
            "error_is_crash",
            "error_category",
            "error_group",
            "error_resource_url",
            "error_resource_method",
            "error_resource_status",
            "action_id",
        ],
        title: |row| joined([row.text("error_type"), row.text("error_message")], "error"),
    },
    Lane {
        table: TableId::Vital,
        duration: Some("vital_duration"),
        columns: &[
            "vital_name",
            "vital_type",
            "vital_duration",
            "vital_description",
            "vital_step_type",
            "vital_operation_key",
            "vital_failure_reason",
            "vital_value",
            "vital_unit",
        ],
        title: |row| {
            joined(
                [row.text("vital_name"), row.text("vital_step_type")],
                "vital",
            )
        },
    },
];

/// Get a session with its views and events
#[utoipa::path(get, path = "/api/v1/sessions/{session_id}", params(("session_id" = String, Path), EventQuery),
    responses((status = OK, body = SessionDetail)))]
pub(crate) async fn session(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Path(session_id): Path<String>,
    Query(asked): Query<EventQuery>,
) -> Result<Json<SessionDetail>, Problem> {
    let reading = Reading::open(&state, asked.snapshot.as_deref()).await?;
    let sql = queries::event(TableId::Session, asked.app.as_deref(), &session_id)?;
    let rows = reading.run(&sql.to_string()).await?;
    let row = only(&rows, || {
        problems::SESSION_NOT_FOUND.because(format!("there is no session `{session_id}`"))
    })?;
    let filter = of_session(row);
    let statement = |table, columns: &[&'static str], limit| {
        rows_of(table, columns, &filter, &session_id, limit)
    };
    let views = statement(TableId::View, &VIEW_COLUMNS, VIEWS_MAX)?;
    let mut lanes = Vec::new();
    for lane in &LANES {
        lanes.push(statement(lane.table, lane.columns, EVENTS_MAX)?);
    }
    let (views, lanes) = futures::future::try_join(
        reading.run(&views),
        try_join_all(lanes.iter().map(|sql| reading.run(sql))),
    )
    .await?;
    let mut events: Vec<TimelineEvent> = LANES
        .iter()
        .zip(&lanes)
        .flat_map(|(lane, rows)| rows.iter().map(|row| timeline_event(lane, row)))
        .collect();
    // All times are written alike, so that their text has their order.
    events.sort_by(|a, b| (&a.time, a.table, &a.event_id).cmp(&(&b.time, b.table, &b.event_id)));
    let is_cut = |rows: &Rows, limit: usize| rows.rows.len() > limit;
    let truncated = events.len() > EVENTS_MAX || is_cut(&views, VIEWS_MAX);
    events.truncate(EVENTS_MAX);
    Ok(Json(SessionDetail {
        session: row.present(),
        views: views
            .iter()
            .take(VIEWS_MAX)
            .map(|row| row.present())
            .collect(),
        events,
        truncated,
        snapshot: reading.snapshot(),
        elapsed_ms: reading.elapsed_ms(),
    }))
}

/// The application and time of a session: all its rows begin between its begin and its end.
fn of_session(row: Row<'_>) -> Filter {
    let time = |name: &str| row.text(name).and_then(|text| time_us(name, text).ok());
    Filter {
        app_id: row.text("app_id").map(str::to_owned),
        from_us: time("session_start"),
        to_us: time("session_end").map(|end| end.saturating_add(1)),
        ..Filter::default()
    }
}

/// The earliest rows of a table in a session: one more than the limit tells that there are more.
fn rows_of(
    table: TableId,
    columns: &[&'static str],
    filter: &Filter,
    session_id: &str,
    limit: usize,
) -> Result<String, Problem> {
    let mut items = vec!["event_id", "time", "view_id"];
    items.extend(
        columns
            .iter()
            .filter(|column| !["view_id", "time"].contains(column)),
    );
    let mut select = Select::of(table, filter)?
        .and(format!("session_id = {}", literal::text(session_id)))
        .by("time ASC")
        .by("event_id ASC")
        .take(limit + 1);
    select.items = items.into_iter().map(str::to_owned).collect();
    Ok(select.to_string())
}

fn timeline_event(lane: &Lane, row: Row<'_>) -> TimelineEvent {
    let text = |name: &str| row.text(name).map(str::to_owned);
    let integer = |name: &str| row.get(name).as_i64();
    let status = integer("resource_status").or_else(|| integer("error_resource_status"));
    let mut values = row.present();
    for name in ["event_id", "time", "view_id"] {
        values.remove(name);
    }
    TimelineEvent {
        table: lane.table.name(),
        event_id: text("event_id").unwrap_or_default(),
        time: text("time").unwrap_or_default(),
        view_id: text("view_id"),
        duration_ns: lane.duration.and_then(integer),
        title: (lane.title)(row),
        status,
        is_error: is_error(lane.table, status),
        values,
    }
}

/// A failed request has status 0 or 4xx and above.
fn is_error(table: TableId, status: Option<i64>) -> bool {
    match table {
        TableId::Error => true,
        TableId::Resource => status.is_some_and(|status| status == 0 || status >= 400),
        _ => false,
    }
}

fn joined(parts: [Option<&str>; 2], otherwise: &str) -> String {
    let parts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() {
        otherwise.to_owned()
    } else {
        parts.join(" ")
    }
}
