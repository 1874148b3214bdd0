//! Running a statement: what the session answers by itself, and what goes to the engine.

use std::sync::Arc;
use std::time::Duration;

use futures::{Sink, SinkExt, StreamExt, stream};
use meta::Meta;
use pgwire::api::ClientInfo;
use pgwire::api::results::{FieldFormat, FieldInfo, QueryResponse, Response, Tag};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::DataRow;
use pgwire::messages::extendedquery::PortalSuspended;
use pgwire::messages::response::TransactionStatus;
use postgres_types::Type;
use query::{Engine, Limits, ParameterType, Prepared, Request, RowStream};
use serde_json::Value;
use store::Store;
use tokio::sync::watch;

use crate::error::{self, error, fatal, hinted, of_query};
use crate::rows::{Formats, Rows, Target, fields, targets};
use crate::session::Session;
use crate::statement::Statement;

/// Rows that are sent before others have their turn.
const ROWS_AT_ONCE: usize = 64;

/// What statements are run with.
#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) meta: Meta,
    pub(crate) store: Store,
    pub(crate) engine: Arc<Engine>,
    pub(crate) limits: Limits,
    pub(crate) is_ready: watch::Receiver<bool>,
}

/// A statement for the engine.
pub(crate) struct Asked<'a> {
    pub(crate) sql: &'a str,
    /// Characters before it in what was sent.
    pub(crate) offset: usize,
    pub(crate) params: Vec<Value>,
    pub(crate) types: Vec<Option<ParameterType>>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(sql: &'a str, offset: usize) -> Self {
        Self {
            sql,
            offset,
            params: Vec::new(),
            types: Vec::new(),
        }
    }
}

/// The connection's session; there is one once it was let in.
pub(crate) fn session_of(client: &impl ClientInfo) -> PgWireResult<Arc<Session>> {
    let found = client.session_extensions().get::<Session>();
    found.ok_or_else(|| fatal(error::INVALID_PASSWORD, "nobody was let in"))
}

impl Runner {
    /// What there is to know of a statement before it is run.
    pub(crate) async fn prepare(
        &self,
        session: &Session,
        asked: Asked<'_>,
    ) -> PgWireResult<Prepared> {
        let (request, limits) = self.request(session, &asked)?;
        let snapshot = self.snapshot().await?;
        let prepared = self
            .engine
            .prepare(request, &session.scope, &limits, snapshot);
        let prepared = prepared.await;
        prepared.map_err(|failed| of_query(failed, asked.sql, asked.offset))
    }

    /// The rows of a statement, written as its columns are or as they were described before.
    pub(crate) async fn rows(
        &self,
        session: &Session,
        asked: Asked<'_>,
        described: Option<&[Target]>,
        formats: Formats,
    ) -> PgWireResult<QueryResponse> {
        let (request, limits) = self.request(session, &asked)?;
        let snapshot = self.snapshot().await?;
        let rows = self.engine.rows(request, &session.scope, &limits, snapshot);
        let rows = rows
            .await
            .map_err(|failed| of_query(failed, asked.sql, asked.offset))?;
        let targets = match described {
            Some(described) => described.to_vec(),
            None => targets(&rows.schema)?,
        };
        let is_explain = first_word(asked.sql).eq_ignore_ascii_case("explain");
        let fields = Arc::new(fields(&targets, &formats));
        let answer = Answer {
            rows,
            batch: None,
            targets,
            formats,
        };
        let mut response = QueryResponse::new(fields, stream::try_unfold(answer, next_row));
        if is_explain {
            response.set_command_tag("EXPLAIN");
        }
        Ok(response)
    }

    fn request(&self, session: &Session, asked: &Asked<'_>) -> PgWireResult<(Request, Limits)> {
        // As for each request over HTTP: a deleted key opens nothing any more.
        if self.meta.authenticate(&session.key).is_none() {
            let message = "this API key is not known any more; it may have been deleted";
            return Err(fatal(error::INVALID_PASSWORD, message));
        }
        let timeout = session.statement_timeout().unwrap_or(Duration::MAX);
        let limits = Limits {
            timeout: timeout.min(self.limits.timeout),
            ..self.limits
        };
        let request = Request {
            sql: asked.sql.to_owned(),
            params: asked.params.clone(),
            parameter_types: asked.types.clone(),
            now_us: self.meta.now().0,
            postgres: Some(session.client()),
            ..Request::default()
        };
        Ok((request, limits))
    }

    async fn snapshot(&self) -> PgWireResult<store::Snapshot> {
        if !*self.is_ready.borrow() {
            let message = "the server is still reading its log";
            return Err(error(error::NOT_READY, message));
        }
        // Building a snapshot turns hot rows into batches: too long for an async thread.
        let store = self.store.clone();
        let taken = tokio::task::spawn_blocking(move || store.snapshot()).await;
        taken.map_err(|failed| PgWireError::ApiError(Box::new(failed)))
    }
}

fn first_word(sql: &str) -> &str {
    let sql = sql.trim_start();
    let end = sql.find(|c: char| !c.is_ascii_alphabetic());
    &sql[..end.unwrap_or(sql.len())]
}

/// Rows on their way.
struct Answer {
    rows: RowStream,
    batch: Option<Rows>,
    targets: Vec<Target>,
    formats: Formats,
}

async fn next_row(mut answer: Answer) -> PgWireResult<Option<(DataRow, Answer)>> {
    loop {
        if let Some(row) = answer.batch.as_mut().and_then(Rows::next_row) {
            return Ok(Some((row, answer)));
        }
        let next = answer.rows.next().await;
        match next.map_err(|failed| of_query(failed, "", 0))? {
            Some(batch) => {
                answer.batch = Some(Rows::new(&batch, &answer.targets, &answer.formats)?);
            }
            None => return Ok(None),
        }
    }
}

/// Sends up to `max_rows` rows, or all for 0, and how the statement ended. Tells whether there may be more.
pub(crate) async fn send_rows<C>(
    client: &mut C,
    answer: &mut QueryResponse,
    max_rows: usize,
) -> PgWireResult<bool>
where
    C: Sink<PgWireBackendMessage> + Unpin,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let mut sent = 0;
    while max_rows == 0 || sent < max_rows {
        let Some(row) = answer.data_rows().next().await else {
            // Only this one says how many rows there were.
            let tag = match answer.command_tag() {
                "SELECT" => Tag::new("SELECT").with_rows(sent),
                other => Tag::new(other),
            };
            let done = PgWireBackendMessage::CommandComplete(tag.into());
            client.feed(done).await?;
            return Ok(false);
        };
        client.feed(PgWireBackendMessage::DataRow(row?)).await?;
        sent += 1;
        // Acknowledgements of intake run on the same threads.
        if sent.is_multiple_of(ROWS_AT_ONCE) {
            tokio::task::yield_now().await;
        }
    }
    let suspended = PgWireBackendMessage::PortalSuspended(PortalSuspended::new());
    client.feed(suspended).await?;
    Ok(true)
}

/// Refuses what a transaction that failed does not take any more.
pub(crate) fn check_transaction(
    client: &impl ClientInfo,
    statement: &Statement,
) -> PgWireResult<()> {
    let ends = matches!(
        statement,
        Statement::Commit | Statement::Rollback | Statement::RollbackTo | Statement::Empty
    );
    if client.transaction_status() == TransactionStatus::Error && !ends {
        let message =
            "current transaction is aborted, commands ignored until end of transaction block";
        return Err(error(error::ABORTED, message));
    }
    Ok(())
}

/// Answers a statement that the session can answer; nothing when it is one for the engine.
pub(crate) fn of_session<C: ClientInfo>(
    client: &mut C,
    session: &Session,
    statement: &Statement,
) -> PgWireResult<Option<Response>> {
    let done = |tag: &str| Ok(Some(Response::Execution(Tag::new(tag))));
    match statement {
        Statement::Query => Ok(None),
        Statement::Empty => Ok(Some(Response::EmptyQuery)),
        Statement::Done(tag) => done(tag),
        Statement::Begin => Ok(Some(Response::TransactionStart(Tag::new("BEGIN")))),
        Statement::Commit => {
            let has_failed = client.transaction_status() == TransactionStatus::Error;
            let tag = if has_failed { "ROLLBACK" } else { "COMMIT" };
            Ok(Some(Response::TransactionEnd(Tag::new(tag))))
        }
        Statement::Rollback => Ok(Some(Response::TransactionEnd(Tag::new("ROLLBACK")))),
        Statement::RollbackTo => {
            // Nothing was changed that would have to be taken back.
            if client.transaction_status() == TransactionStatus::Error {
                client.set_transaction_status(TransactionStatus::Transaction);
            }
            done("ROLLBACK")
        }
        Statement::Set { name, value } => {
            check_setting(name, value)?;
            session.set(name, value)?;
            done("SET")
        }
        Statement::Reset(name) => {
            match name {
                Some(name) => session.reset(name),
                None => reset_all(session),
            }
            done("RESET")
        }
        Statement::DiscardAll => {
            reset_all(session);
            done("DISCARD ALL")
        }
        Statement::Deallocate(None) => done("DEALLOCATE ALL"),
        Statement::Deallocate(Some(_)) => done("DEALLOCATE"),
        Statement::Show(name) => show(session, name).map(Some),
        Statement::Write(word) => {
            let message = format!("cannot execute {word} in a read-only transaction");
            let hint = "Footfall answers queries here; it changes nothing.";
            Err(hinted(error(error::READ_ONLY, message), hint))
        }
    }
}

fn reset_all(session: &Session) {
    for (name, _) in session.settings() {
        session.reset(&name);
    }
}

/// Refuses settings that would change what answers look like, because they do not.
fn check_setting(name: &str, value: &str) -> PgWireResult<()> {
    let value = value.trim_matches('\'').to_ascii_uppercase();
    let is_kept = match name.to_ascii_lowercase().as_str() {
        "client_encoding" => {
            ["UTF8", "UTF-8", "UNICODE", "SQL_ASCII", "DEFAULT"].contains(&value.as_str())
        }
        "datestyle" => value.starts_with("ISO") || value == "DEFAULT",
        "timezone" => [
            "UTC", "ETC/UTC", "GMT", "Z", "ZULU", "0", "+00", "+00:00", "DEFAULT", "LOCAL",
        ]
        .contains(&value.as_str()),
        "standard_conforming_strings" => ["ON", "TRUE", "1", "DEFAULT"].contains(&value.as_str()),
        _ => true,
    };
    if is_kept {
        return Ok(());
    }
    let message = format!("{name} cannot be {value}");
    let hint = "Texts are UTF-8, times are in UTC and written as ISO has them.";
    Err(hinted(error(error::INVALID_VALUE, message), hint))
}

fn show(session: &Session, name: &str) -> PgWireResult<Response> {
    if name.eq_ignore_ascii_case("all") {
        let rows = session.settings().into_iter();
        let rows = rows.map(|(name, value)| vec![name, value, String::new()]);
        return Ok(texts(&["name", "setting", "description"], rows.collect()));
    }
    let (written, value) = session.setting(name).ok_or_else(|| {
        let message = format!("unrecognized configuration parameter \"{name}\"");
        error(error::UNKNOWN_SETTING, message)
    })?;
    Ok(texts(&[&written], vec![vec![value]]))
}

/// The columns of `SHOW`, to describe it before it is run.
pub(crate) fn show_fields(session: &Session, name: &str) -> Vec<FieldInfo> {
    let names = match session.setting(name) {
        Some((written, _)) => vec![written],
        None => vec![
            "name".to_owned(),
            "setting".to_owned(),
            "description".to_owned(),
        ],
    };
    names.into_iter().map(text_field).collect()
}

fn text_field(name: String) -> FieldInfo {
    FieldInfo::new(name, None, None, Type::TEXT, FieldFormat::Text).with_type_size(-1)
}

fn texts(names: &[&str], rows: Vec<Vec<String>>) -> Response {
    use bytes::{BufMut, BytesMut};

    let row = |values: Vec<String>| {
        let mut data = BytesMut::new();
        for value in &values {
            data.put_i32(i32::try_from(value.len()).unwrap_or(i32::MAX));
            data.put_slice(value.as_bytes());
        }
        let columns = i16::try_from(values.len()).unwrap_or(i16::MAX);
        Ok(DataRow::new(data, columns))
    };
    let fields = names.iter().map(|name| text_field((*name).to_owned()));
    let rows: Vec<PgWireResult<DataRow>> = rows.into_iter().map(row).collect();
    let mut response = QueryResponse::new(Arc::new(fields.collect()), stream::iter(rows));
    response.set_command_tag("SHOW");
    Response::Query(response)
}
