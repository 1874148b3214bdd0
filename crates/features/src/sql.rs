//! Slice `query`: SQL over the events.

use axum::body::Body as HttpBody;
use axum::extract;
use axum::response::Response;
use http::{HeaderValue, header};
use query::render::{Format, render};
use query::{Request, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::auth::ReadAccess;
use crate::api::body::Body;
use crate::api::explore;
use crate::api::problems::{self, Position, Problem};
use crate::{Slice, State};

pub(crate) const SLICE: Slice = Slice {
    name: "query",
    about: "SQL over the events",
    routes: || vec![routes!(run)],
};

/// A statement.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryRequest {
    /// One `SELECT`, `WITH`, `EXPLAIN`, `SHOW` or `DESCRIBE`.
    sql: String,
    /// Fill `$1`, `$2` and so on: strings, numbers, booleans, null.
    #[serde(default)]
    params: Vec<serde_json::Value>,
    /// Earliest `time`, RFC 3339, inclusive.
    from: Option<String>,
    /// Latest `time`, RFC 3339, exclusive.
    to: Option<String>,
    /// `json` (the default), `table`, `csv` or `parquet`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    format: FormatName,
}

#[derive(Clone, Copy, Default)]
struct FormatName(Format);

impl<'de> Deserialize<'de> for FormatName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let names = Format::ALL.map(Format::name).join(", ");
        let unknown = || {
            serde::de::Error::custom(format!("unknown format `{name}`, expected one of {names}"))
        };
        Format::from_name(&name).map(Self).ok_or_else(unknown)
    }
}

/// The rows of a statement.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueryAnswer {
    columns: Vec<QueryColumn>,
    /// One array a row, in the order of the columns. Times are RFC 3339, integers beyond 2^53 strings, NaN and infinities null.
    rows: Vec<Vec<serde_json::Value>>,
    /// There were more rows than the limit let through.
    truncated: bool,
    stats: QueryStats,
}

/// One column of an answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueryColumn {
    name: String,
    /// string, integer, number, boolean, timestamp, list or map.
    r#type: String,
    /// ns, B, %, px and so on.
    unit: Option<String>,
}

/// What a statement took.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueryStats {
    elapsed_ms: u64,
    rows_scanned: u64,
    bytes_scanned: u64,
}

/// Run a statement
///
/// Without an outermost `LIMIT` at most 10,000 rows are answered, with one at most 1,000,000. Leaving ends the query.
#[utoipa::path(post, path = "/api/v1/query", request_body = QueryRequest, responses((status = OK, body = QueryAnswer)))]
pub(crate) async fn run(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Body(asked): Body<QueryRequest>,
) -> Result<Response, Problem> {
    let request = Request {
        sql: asked.sql,
        params: asked.params,
        from_us: asked
            .from
            .as_deref()
            .map(|text| explore::time_us("from", text))
            .transpose()?,
        to_us: asked
            .to
            .as_deref()
            .map(|text| explore::time_us("to", text))
            .transpose()?,
        now_us: state.meta.now().0,
        ..Request::default()
    };
    let snapshot = explore::snapshot(&state).await?;
    let answer = state
        .engine
        .run(request, &Scope::workspace(), &state.query_limits, snapshot)
        .await?;
    let format = asked.format.0;
    let rendered = tokio::task::spawn_blocking(move || render(&answer, format)).await;
    let rendered = rendered.map_err(|error| {
        problems::INTERNAL
            .because("rendering failed")
            .caused_by(error)
    })?;
    let bytes = rendered.map_err(|error| {
        problems::QUERY_FAILED
            .because("the answer could not be written")
            .caused_by(error)
    })?;
    let mut response = Response::new(HttpBody::from(bytes));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.content_type()),
    );
    Ok(response)
}

impl From<query::Error> for Problem {
    fn from(error: query::Error) -> Self {
        use query::Error;

        let kind = match &error {
            Error::Syntax { .. } => &problems::SQL_SYNTAX,
            Error::UnknownColumn { .. } => &problems::UNKNOWN_COLUMN,
            Error::UnknownTable { .. } => &problems::UNKNOWN_TABLE,
            Error::AmbiguousColumn { .. } => &problems::AMBIGUOUS_COLUMN,
            Error::NotAllowed { .. } => &problems::SQL_NOT_ALLOWED,
            Error::Parameters { .. } => &problems::SQL_PARAMETERS,
            Error::Invalid { .. } => &problems::SQL_INVALID,
            Error::Memory { .. } => &problems::QUERY_MEMORY,
            Error::Timeout { .. } => &problems::QUERY_TIMEOUT,
            Error::TooBusy { .. } => &problems::QUERY_TOO_BUSY,
            Error::Run { .. } | Error::Panicked | Error::ShutDown => &problems::QUERY_FAILED,
        };
        let problem = kind.because(&error).help(error.help());
        let problem = match error.position() {
            Some(query::Position { line, column }) => {
                let place = |number| usize::try_from(number).unwrap_or(usize::MAX);
                problem.at(Position {
                    line: place(line),
                    column: place(column),
                })
            }
            None => problem,
        };
        match error {
            Error::Run { .. } | Error::Panicked | Error::ShutDown => problem.caused_by(error),
            _ => problem,
        }
    }
}
