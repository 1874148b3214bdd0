//! Slice `export`: rows of one table as a file, as many as there are.
//!
//! The answer is made while it is read. What goes wrong before the first row is a problem document; what goes wrong later breaks the
//! connection off before its last chunk (RFC 9112, section 8), so that no HTTP client takes the part for the whole.

use axum::body::{Body as HttpBody, Bytes};
use axum::extract;
use axum::response::Response;
use futures::Stream;
use http::{HeaderValue, header};
use query::render::{ExportFormat, ExportWriter, RenderError};
use query::{Filter, Request, RowStream, Scope, Search, Select};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::api::auth::ReadAccess;
use crate::api::body::Query;
use crate::api::explore;
use crate::api::problems::{self, Problem};
use crate::{Slice, State};

pub(crate) const SLICE: Slice = Slice {
    name: "export",
    about: "Rows of a table as a file",
    routes: || vec![routes!(export)],
};

/// Which rows, which columns, in which form.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// session, view, resource, action and so on.
    table: String,
    /// One application; all of them when absent.
    #[param(nullable = false)]
    app: Option<String>,
    /// One environment; all of them when absent.
    #[param(nullable = false)]
    env: Option<String>,
    /// Earliest time, RFC 3339, inclusive; from the first row on when absent.
    #[param(nullable = false)]
    from: Option<String>,
    /// Latest time, RFC 3339, exclusive; to the last row when absent.
    #[param(nullable = false)]
    to: Option<String>,
    /// A search: `field:value`, `-field:value`, AND, OR and so on.
    #[param(nullable = false)]
    q: Option<String>,
    /// Names of columns, separated by commas; all of them when absent.
    #[param(nullable = false)]
    columns: Option<String>,
    /// `parquet` (the default), `csv` or `ndjson`.
    #[param(nullable = false)]
    format: Option<String>,
}

/// A file that is being made.
struct Export {
    rows: RowStream,
    /// Taken when the file's last bytes are written.
    writer: Option<ExportWriter>,
}

/// Export rows
///
/// In no particular order, as of one moment. CSV is as RFC 4180 has it, lists and maps JSON text in it; NDJSON is one object a line,
/// without the columns that are NULL. A failure under way breaks the connection off: a file whose transfer did not end well is not whole.
#[utoipa::path(get, path = "/api/v1/export", params(ExportQuery), responses(
    (status = OK, description = "The rows", content(
        (String = "application/vnd.apache.parquet"), (String = "text/csv"), (String = "application/x-ndjson")))))]
pub(crate) async fn export(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Query(asked): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let format = format_of(asked.format.as_deref())?;
    let sql = statement(&asked)?;
    let request = Request {
        sql,
        now_us: state.meta.now().0,
        ..Request::default()
    };
    let snapshot = explore::snapshot(&state).await?;
    let limits = &state.query_limits;
    let scope = Scope::workspace();
    let rows = state
        .engine
        .stream(request, &scope, limits, snapshot)
        .await?;
    let writer = ExportWriter::new(format, &rows.schema, rows.columns.clone());
    let writer = writer.map_err(unwritable)?;
    let mut export = Export {
        rows,
        writer: Some(writer),
    };
    // A query that fails at once is answered as others are.
    let first = export.next().await?;
    let mut response = Response::new(HttpBody::from_stream(bytes(export, first)));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.content_type()),
    );
    let name = format!("attachment; filename=\"{}.{}\"", asked.table, format.name());
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn format_of(name: Option<&str>) -> Result<ExportFormat, Problem> {
    let Some(name) = name else {
        return Ok(ExportFormat::Parquet);
    };
    ExportFormat::from_name(name).ok_or_else(|| {
        let names = ExportFormat::ALL.map(ExportFormat::name).join(", ");
        problems::INVALID_VALUE
            .because(format!("`format` is {name:?}"))
            .help(format!("Write one of {names}."))
            .pointing("/format")
    })
}

fn statement(asked: &ExportQuery) -> Result<String, Problem> {
    let table = explore::table(&asked.table)?;
    let time = |field: &str, text: &Option<String>| {
        let text = text.as_deref();
        text.map(|text| explore::time_us(field, text)).transpose()
    };
    let filter = Filter {
        app_id: asked.app.clone(),
        env: asked.env.clone(),
        from_us: time("from", &asked.from)?,
        to_us: time("to", &asked.to)?,
        search: Search::parse(asked.q.as_deref().unwrap_or_default())?,
    };
    let mut select = Select::of(table, &filter)?;
    let names = asked.columns.as_deref().unwrap_or_default().split(',');
    for name in names.map(str::trim).filter(|name| !name.is_empty()) {
        let column = explore::column(table, name)?.name.to_owned();
        if !select.items.contains(&column) {
            select.items.push(column);
        }
    }
    if select.items.is_empty() {
        select.items.push("*".to_owned());
    }
    Ok(select.to_string())
}

impl Export {
    /// The next bytes; nothing once the file is whole.
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        while let Some(mut writer) = self.writer.take() {
            let batch = self.rows.next().await?;
            // Compressing is too long for an async thread.
            let written = tokio::task::spawn_blocking(move || match batch {
                Some(batch) => writer.write(&batch).map(|bytes| (bytes, Some(writer))),
                None => writer.finish().map(|bytes| (bytes, None)),
            });
            let written = written.await.map_err(|error| {
                problems::INTERNAL
                    .because("rendering failed")
                    .caused_by(error)
            })?;
            let (bytes, writer) = written.map_err(unwritable)?;
            self.writer = writer;
            if !bytes.is_empty() {
                return Ok(Some(bytes.into()));
            }
        }
        Ok(None)
    }
}

fn unwritable(error: RenderError) -> Problem {
    problems::QUERY_FAILED
        .because("the rows could not be written")
        .caused_by(error)
}

/// The file's bytes. An error ends them, and with them the connection.
fn bytes(
    export: Export,
    first: Option<Bytes>,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send {
    futures::stream::try_unfold((export, first), |(mut export, ready)| async move {
        let next = match ready {
            Some(bytes) => Some(bytes),
            None => {
                let next = export.next().await;
                next.map_err(|problem| broken_off(&problem))?
            }
        };
        Ok(next.map(|bytes| (bytes, (export, None))))
    })
}

fn broken_off(problem: &Problem) -> std::io::Error {
    tracing::warn!(?problem, "an export was broken off");
    std::io::Error::other("the export was broken off")
}
