//! Statements of lists and single events.

use query::{ColumnType, Filter, Select, literal};
use schema::{Column, TableId};

use super::cursor::Cursor;
use crate::api::explore::{Row, Rows, column, is_sortable};
use crate::api::problems::{self, Problem};

const COLUMNS_MAX: usize = 60;
/// What names a row, and when it was: in every list.
const ALWAYS: [&str; 3] = ["app_id", "event_id", "time"];

/// The order of a list; ties by `event_id`, then `app_id`.
#[derive(Clone, Copy)]
pub(super) struct Sort {
    pub(super) column: &'static Column,
    pub(super) is_descending: bool,
}

impl Sort {
    /// `-time`, `view_name` and so on.
    pub(super) fn parse(table: TableId, text: &str) -> Result<Self, Problem> {
        let name = text.strip_prefix('-');
        let column = column(table, name.unwrap_or(text))?;
        if !is_sortable(column) {
            let detail = format!("a list cannot be sorted by `{}`", column.name);
            return Err(problems::INVALID_VALUE
                .because(detail)
                .help("GET /api/v1/dictionary tells which columns are sortable."));
        }
        Ok(Self {
            column,
            is_descending: name.is_some(),
        })
    }

    /// As in the parameter; cursors are good for one sort only.
    pub(super) fn text(self) -> String {
        let sign = if self.is_descending { "-" } else { "" };
        format!("{sign}{}", self.column.name)
    }
}

/// The columns of a list by name: those that are always there first.
pub(super) fn columns(
    table: TableId,
    asked: Option<&str>,
    sort: Sort,
) -> Result<Vec<&'static str>, Problem> {
    let mut columns = ALWAYS.to_vec();
    let mut add = |name: &'static str| {
        if !columns.contains(&name) {
            columns.push(name);
        }
    };
    match asked {
        None => defaults(table).iter().copied().for_each(&mut add),
        Some(names) => {
            for name in names
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
            {
                add(column(table, name)?.name);
            }
        }
    }
    add(sort.column.name);
    if columns.len() > COLUMNS_MAX {
        let detail = format!(
            "`columns` names {}, at most {COLUMNS_MAX} are answered",
            columns.len()
        );
        return Err(problems::INVALID_VALUE
            .because(detail)
            .help("Ask for one event to get all its fields."));
    }
    Ok(columns)
}

/// What a list shows when nobody chose: enough to recognise a row.
fn defaults(table: TableId) -> &'static [&'static str] {
    match table {
        TableId::Session => &[
            "session_id",
            "session_duration",
            "session_is_active",
            "session_view_count",
            "session_action_count",
            "session_error_count",
            "entry_view_url_path_group",
            "user_id",
            "country_code",
            "browser_name",
            "os_name",
            "device_type",
            "session_has_replay",
        ],
        TableId::View => &[
            "session_id",
            "view_name",
            "view_url_path_group",
            "view_loading_type",
            "view_loading_time",
            "largest_contentful_paint",
            "interaction_to_next_paint",
            "cumulative_layout_shift",
            "view_error_count",
            "view_time_spent",
            "country_code",
            "browser_name",
        ],
        TableId::Resource => &[
            "session_id",
            "view_id",
            "resource_type",
            "resource_method",
            "resource_url_host",
            "resource_url_path_group",
            "resource_status",
            "resource_duration",
            "resource_transfer_size",
        ],
        TableId::Action => &[
            "session_id",
            "view_id",
            "action_type",
            "action_name",
            "action_loading_time",
            "action_error_count",
            "action_frustration_types",
            "view_url_path_group",
        ],
        TableId::LongTask => &[
            "session_id",
            "view_id",
            "long_task_entry_type",
            "long_task_duration",
            "long_task_blocking_duration",
            "long_task_top_script_url",
            "view_url_path_group",
        ],
        TableId::Error => &[
            "session_id",
            "view_id",
            "error_type",
            "error_message",
            "error_source",
            "error_handling",
            "error_is_crash",
            "view_url_path_group",
            "version",
            "browser_name",
        ],
        TableId::Vital => &[
            "session_id",
            "view_id",
            "vital_type",
            "vital_name",
            "vital_duration",
            "vital_value",
        ],
        TableId::Log => &["session_id", "view_id", "status", "message"],
        TableId::Span => &["session_id", "trace_id", "span_name", "span_duration"],
        TableId::Telemetry => &[
            "sdk_name",
            "sdk_version",
            "telemetry_type",
            "telemetry_message",
        ],
        TableId::ReplaySegment => &[
            "session_id",
            "view_id",
            "segment_index",
            "segment_start",
            "segment_end",
        ],
    }
}

/// One part of a list.
pub(super) fn page(
    table: TableId,
    filter: &Filter,
    columns: &[&str],
    sort: Sort,
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<Select, Problem> {
    let mut select = Select::of(table, filter)?;
    select.items = columns.iter().map(|column| (*column).to_owned()).collect();
    if let Some(cursor) = cursor {
        select = select.and(behind(cursor, sort)?);
    }
    let direction = if sort.is_descending { "DESC" } else { "ASC" };
    let name = sort.column.name;
    if name != "event_id" {
        select = select.by(format!("{name} {direction} NULLS LAST"));
        select = select.by("event_id ASC");
    } else {
        select = select.by(format!("event_id {direction}"));
    }
    if name != "app_id" {
        select = select.by("app_id ASC");
    }
    Ok(select.take(limit))
}

/// The rows behind the cursor's, in the order of the list.
fn behind(cursor: &Cursor, sort: Sort) -> Result<String, Problem> {
    let name = sort.column.name;
    let (event_id, app_id) = (
        literal::text(&cursor.event_id),
        literal::text(&cursor.app_id),
    );
    let tie = format!("(event_id > {event_id} OR (event_id = {event_id} AND app_id > {app_id}))");
    let Some(value) = cursor.literal(sort)? else {
        return Ok(format!("({name} IS NULL AND {tie})"));
    };
    let sign = if sort.is_descending { "<" } else { ">" };
    // The sort column's own tie is none where it is a part of the identity.
    let tie = match name {
        "event_id" => format!("app_id > {app_id}"),
        "app_id" => format!("event_id > {event_id}"),
        _ => tie,
    };
    Ok(format!(
        "({name} {sign} {value} OR {name} IS NULL OR ({name} = {value} AND {tie}))"
    ))
}

/// How many rows the whole list has.
pub(super) fn count(table: TableId, filter: &Filter) -> Result<Select, Problem> {
    Ok(Select::of(table, filter)?.item("count(*)", "n"))
}

/// One event, or as many as share its id between applications.
pub(super) fn event(table: TableId, app: Option<&str>, event_id: &str) -> Result<Select, Problem> {
    let filter = Filter {
        app_id: app.map(str::to_owned),
        ..Filter::default()
    };
    let mut select = Select::of(table, &filter)?
        .and(format!("event_id = {}", literal::text(event_id)))
        .by("app_id")
        .take(2);
    select.items = vec!["*".to_owned()];
    Ok(select)
}

/// The one row of an answer about one thing.
pub(super) fn only(rows: &Rows, missing: impl FnOnce() -> Problem) -> Result<Row<'_>, Problem> {
    match rows.rows.len() {
        0 => Err(missing()),
        1 => Ok(rows.row(0)),
        _ => {
            let apps: Vec<&str> = rows.iter().filter_map(|row| row.text("app_id")).collect();
            let detail = format!(
                "several applications have this id, among them {}",
                apps.join(" and ")
            );
            Err(problems::INVALID_VALUE
                .because(detail)
                .help("Say which one with `app`."))
        }
    }
}

/// The literal of a value that an answer showed, checked against its column: a cursor comes from outside.
pub(super) fn literal_of(column: &Column, value: &serde_json::Value) -> Option<String> {
    let text = value.as_str();
    match ColumnType::of_column(column) {
        ColumnType::String => text.map(literal::text),
        ColumnType::Timestamp => {
            let time = chrono::DateTime::parse_from_rfc3339(text?).ok()?;
            Some(literal::time(time.timestamp_micros()))
        }
        // Beyond 2^53 integers come as text.
        ColumnType::Integer => {
            let number = value.as_i64().or_else(|| text?.parse().ok())?;
            Some(number.to_string())
        }
        ColumnType::Number => {
            let number = value.as_f64().or_else(|| text?.parse().ok())?;
            number.is_finite().then(|| literal::float(number))
        }
        ColumnType::Boolean => value.as_bool().map(|flag| flag.to_string()),
        ColumnType::List | ColumnType::Map => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_that_lists_show_exist() {
        for table in TableId::ALL {
            for name in ALWAYS.iter().chain(defaults(table)) {
                assert!(
                    table.table().by_name(name).is_some(),
                    "{}.{name}",
                    table.name()
                );
            }
        }
    }
}
