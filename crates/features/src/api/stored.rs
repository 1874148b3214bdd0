//! What slices read from the store without a statement of the user.

use std::collections::HashMap;

use query::{Answer, Request, Scope};
use schema::TableId;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::problems::{self, Problem};
use crate::State;

/// When the first and the last event of each application arrived, µs, as far as they were stored when it was first asked. Later ones
/// are in intake's account, so it is read once a process.
#[derive(Default)]
pub struct StoredArrivals(OnceCell<HashMap<String, (i64, i64)>>);

impl StoredArrivals {
    /// The first and the last arrival of an application with these ids; nothing when it has no event.
    ///
    /// # Errors
    /// While the server is still reading its log, or when the store cannot be read.
    pub async fn of(&self, state: &State, ids: &[&str]) -> Result<Option<(i64, i64)>, Problem> {
        let arrivals = self.0.get_or_try_init(|| read(state)).await?;
        let known = ids.iter().filter_map(|id| arrivals.get(*id));
        Ok(known
            .copied()
            .reduce(|(first, last), (other_first, other_last)| {
                (first.min(other_first), last.max(other_last))
            }))
    }
}

async fn read(state: &State) -> Result<HashMap<String, (i64, i64)>, Problem> {
    let mut union = Vec::new();
    for table in TableId::ALL {
        // Sessions are made here of the others, and arrive nowhere.
        if table != TableId::Session {
            union.push(format!("SELECT app_id, received_at FROM {}", table.name()));
        }
    }
    let union = union.join(" UNION ALL ");
    let sql = format!(
        "SELECT app_id, min(received_at), max(received_at) FROM ({union}) AS event GROUP BY app_id"
    );
    let rows = rows(state, sql, Vec::new(), None).await?;
    let mut arrivals = HashMap::new();
    for row in &rows {
        let (Some(app_id), Some(first), Some(last)) =
            (row[0].as_str(), time_us(&row[1]), time_us(&row[2]))
        else {
            continue;
        };
        arrivals.insert(app_id.to_owned(), (first, last));
    }
    Ok(arrivals)
}

/// The rows of a statement of ours over the newest state, as the API writes values.
///
/// # Errors
/// While the server is still reading its log, or what the engine says.
pub async fn rows(
    state: &State,
    sql: String,
    params: Vec<Value>,
    from_us: Option<i64>,
) -> Result<Vec<Vec<Value>>, Problem> {
    if !*state.is_ready.borrow() {
        return Err(problems::NOT_READY.because("the server is still reading its log"));
    }
    let request = Request {
        sql,
        params,
        from_us,
        now_us: state.meta.now().0,
        ..Request::default()
    };
    // Building a snapshot turns hot rows into batches: too long for an async thread.
    let store = state.store.clone();
    let snapshot = tokio::task::spawn_blocking(move || store.snapshot()).await;
    let snapshot = snapshot.map_err(|error| {
        problems::INTERNAL
            .because("the snapshot failed")
            .caused_by(error)
    })?;
    let answer = state
        .engine
        .run(request, &Scope::workspace(), &state.query_limits, snapshot)
        .await?;
    values(&answer)
}

fn values(answer: &Answer) -> Result<Vec<Vec<Value>>, Problem> {
    #[derive(serde::Deserialize)]
    struct Rows {
        rows: Vec<Vec<Value>>,
    }
    let failed = || problems::QUERY_FAILED.because("the answer could not be read");
    let text = query::render::render(answer, query::render::Format::Json)
        .map_err(|error| failed().caused_by(error))?;
    let Rows { rows } = serde_json::from_slice(&text).map_err(|error| failed().caused_by(error))?;
    Ok(rows)
}

/// A time of an answer, µs.
#[must_use]
pub fn time_us(value: &Value) -> Option<i64> {
    let time = chrono::DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(time.timestamp_micros())
}
