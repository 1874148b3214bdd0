//! What the screens over events share: which rows are meant (application, environment, time, search), one snapshot for all panels of a
//! screen, and running statements on it.

use std::time::Instant;

use chrono::DateTime;
use query::render::values;
use query::summary::{Asked, Cube, Gathered};
use query::{
    Answer, Column, Filter, NamedSnapshot, Request, Scope, Search, SearchError, SearchErrorKind,
};
use schema::{Column as Declared, Kind, TableId};
use serde_json::Value as Json;

use super::body::nearest;
use super::problems::{self, Problem, Span};
use crate::State;

/// The one workspace that there is: snapshots belong to it.
const WORKSPACE: i64 = 1;

/// Declares the query string of an endpoint over events: the parameters that all of them take, then its own.
macro_rules! asked {
    ($(#[$about:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $name {
            /// One application; all of them when absent.
            #[param(nullable = false)]
            pub(crate) app: Option<String>,
            /// One environment; all of them when absent.
            #[param(nullable = false)]
            pub(crate) env: Option<String>,
            /// Earliest time, RFC 3339, inclusive.
            pub(crate) from: String,
            /// Latest time, RFC 3339, exclusive.
            pub(crate) to: String,
            /// A search: `field:value`, `-field:value`, AND, OR and so on.
            #[param(nullable = false)]
            pub(crate) q: Option<String>,
            /// `snapshot` of an earlier answer, to see the same rows; a new one is taken when it is not there any more.
            #[param(nullable = false)]
            pub(crate) snapshot: Option<String>,
            $($(#[$meta])* pub(crate) $field: $type,)*
        }

        impl $name {
            /// Which rows are meant.
            pub(crate) fn filter(&self) -> Result<query::Filter, $crate::api::problems::Problem> {
                $crate::api::explore::filter(
                    self.app.as_deref(),
                    self.env.as_deref(),
                    (&self.from, &self.to),
                    self.q.as_deref(),
                )
            }
        }
    };
}
pub(crate) use asked;

/// The rows that parameters mean.
pub(crate) fn filter(
    app: Option<&str>,
    env: Option<&str>,
    (from, to): (&str, &str),
    q: Option<&str>,
) -> Result<Filter, Problem> {
    let (from_us, to_us) = (time_us("from", from)?, time_us("to", to)?);
    if from_us >= to_us {
        let detail = format!("`from` is {from}, which is not before `to`, {to}");
        return Err(problems::INVALID_VALUE
            .because(detail)
            .help("Send a `from` that is earlier than `to`.")
            .pointing("/from"));
    }
    Ok(Filter {
        app_id: app.map(str::to_owned),
        env: env.map(str::to_owned),
        from_us: Some(from_us),
        to_us: Some(to_us),
        search: Search::parse(q.unwrap_or_default())?,
    })
}

/// A time of a request.
pub(crate) fn time_us(field: &str, text: &str) -> Result<i64, Problem> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.timestamp_micros())
        .map_err(|error| {
            let detail = format!("`{field}` is {text:?}: {error}");
            problems::INVALID_VALUE
                .because(detail)
                .help("Write the time as 2026-11-21T09:00:00Z.")
                .pointing(format!("/{field}"))
        })
}

/// The table of that name.
pub(crate) fn table(name: &str) -> Result<TableId, Problem> {
    TableId::from_name(name).ok_or_else(|| {
        let problem = problems::UNKNOWN_TABLE.because(format!("there is no table `{name}`"));
        match nearest(name, TableId::ALL.map(TableId::name)) {
            Some(near) => problem.help(format!("Did you mean `{near}`?")),
            None => problem,
        }
    })
}

/// The column of a table under its name or an alias.
pub(crate) fn column(table: TableId, name: &str) -> Result<&'static Declared, Problem> {
    query::column(table.table(), name).ok_or_else(|| {
        let problem = problems::UNKNOWN_COLUMN.because(format!(
            "there is no column `{name}` in table `{}`",
            table.name()
        ));
        let names = table
            .table()
            .columns()
            .iter()
            .filter(|column| !column.hidden);
        match nearest(name, names.map(|column| column.name)) {
            Some(near) => problem.help(format!(
                "Did you mean `{near}`? GET /api/v1/dictionary lists what there is."
            )),
            None => problem.help("GET /api/v1/dictionary lists what there is."),
        }
    })
}

/// The state of all tables now.
pub(crate) async fn snapshot(state: &State) -> Result<store::Snapshot, Problem> {
    if !*state.is_ready.borrow() {
        return Err(problems::NOT_READY.because("the server is still reading its log"));
    }
    // Building a snapshot turns hot rows into batches: too long for an async thread.
    let store = state.store.clone();
    let taken = tokio::task::spawn_blocking(move || store.snapshot()).await;
    taken.map_err(|error| {
        problems::INTERNAL
            .because("the snapshot failed")
            .caused_by(error)
    })
}

/// One request's view of the events: every statement of it runs on the same snapshot.
pub(crate) struct Reading<'a> {
    state: &'a State,
    named: NamedSnapshot,
    started: Instant,
}

impl<'a> Reading<'a> {
    /// Starts on the snapshot of that name, or on a new one.
    pub(crate) async fn open(state: &'a State, id: Option<&str>) -> Result<Self, Problem> {
        let started = Instant::now();
        let now_us = state.meta.now().0;
        let known = id.and_then(|id| state.snapshots.get(WORKSPACE, id, now_us));
        let named = match known {
            Some(named) => named,
            None => state
                .snapshots
                .keep(WORKSPACE, snapshot(state).await?, now_us),
        };
        Ok(Self {
            state,
            named,
            started,
        })
    }

    /// Its name, for the answer.
    pub(crate) fn snapshot(&self) -> String {
        self.named.id.clone()
    }

    pub(crate) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A cube of the summaries.
    pub(crate) fn cube(&self, name: &str) -> Option<&'a Cube> {
        self.state.summaries.cube(name)
    }

    /// Cells of a cube, see [`query::summary::Summaries::gather`].
    pub(crate) async fn cells(&self, asked: &Asked<'_>) -> Result<Option<Gathered>, Problem> {
        let state = self.state;
        let gathered = state.summaries.gather(
            &state.engine,
            &state.store,
            &self.named.snapshot,
            asked,
            &state.query_limits,
        );
        Ok(gathered.await?)
    }

    /// Runs a statement. Dropping the future ends it.
    pub(crate) async fn run(&self, sql: &str) -> Result<Rows, Problem> {
        let request = Request {
            sql: sql.to_owned(),
            now_us: self.named.taken_us,
            ..Request::default()
        };
        let state = self.state;
        let answer = state
            .engine
            .run(
                request,
                &Scope::workspace(),
                &state.query_limits,
                self.named.snapshot.clone(),
            )
            .await?;
        let rows = tokio::task::spawn_blocking(move || Rows::of(answer)).await;
        rows.map_err(|error| {
            problems::INTERNAL
                .because("rendering failed")
                .caused_by(error)
        })
    }
}

/// The rows of a statement.
pub(crate) struct Rows {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Json>>,
}

impl Rows {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "made on another thread, where nothing can be borrowed"
    )]
    fn of(answer: Answer) -> Self {
        let rows = values(&answer);
        Self {
            columns: answer.columns.clone(),
            rows,
        }
    }

    /// One row by its number, with its columns by name.
    pub(crate) fn row(&self, index: usize) -> Row<'_> {
        Row {
            columns: &self.columns,
            values: self.rows.get(index).map_or(&[], Vec::as_slice),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows.len()).map(|index| self.row(index))
    }
}

/// One row of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    columns: &'a [Column],
    values: &'a [Json],
}

impl<'a> Row<'a> {
    /// The value of a column; null if there is none.
    pub(crate) fn get(&self, name: &str) -> &'a Json {
        const NULL: &Json = &Json::Null;
        let index = self.columns.iter().position(|column| column.name == name);
        index
            .and_then(|index| self.values.get(index))
            .unwrap_or(NULL)
    }

    /// A count; 0 where it is absent.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.get(name).as_u64().unwrap_or(0)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name).as_str()
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.get(name).as_f64()
    }

    /// The columns that have a value, by name.
    pub(crate) fn present(&self) -> serde_json::Map<String, Json> {
        let named = self.columns.iter().zip(self.values);
        named
            .filter(|(_, value)| !value.is_null())
            .map(|(column, value)| (column.name.clone(), value.clone()))
            .collect()
    }
}

/// Whether lists can be sorted by a column: its values have an order, and few are megabytes long.
pub(crate) fn is_sortable(column: &schema::Column) -> bool {
    !matches!(
        column.kind,
        Kind::Json | Kind::Attributes | Kind::KeywordList | Kind::TextList
    )
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        let kind = match error.kind {
            SearchErrorKind::UnknownField => &problems::UNKNOWN_COLUMN,
            SearchErrorKind::Syntax | SearchErrorKind::Value => &problems::SEARCH_SYNTAX,
        };
        let (start, end) = (error.start, error.end);
        kind.because(&error)
            .help(&error.help)
            .at(Span { start, end })
    }
}
