//! The extended protocol: a statement is prepared, described, bound to parameters and run, maybe a few rows at a time.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{Sink, SinkExt};
use pgwire::api::portal::{Format, Portal, PortalExecutionState};
use pgwire::api::query::{ExtendedQueryHandler, send_execution_response};
use pgwire::api::results::{FieldInfo, QueryResponse, Response};
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::api::store::{Entry, PortalStore};
use pgwire::api::{ClientInfo, ClientPortalStore, DEFAULT_NAME, PgWireConnectionState};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::extendedquery::{
    Bind, BindComplete, Close, CloseComplete, Execute, Parse, ParseComplete, Sync as PgSync,
    TARGET_TYPE_BYTE_PORTAL, TARGET_TYPE_BYTE_STATEMENT,
};
use pgwire::messages::response::{EmptyQueryResponse, ReadyForQuery, TransactionStatus};
use postgres_types::Type;

use crate::error::{self, error};
use crate::parameters::{inferred, kind, value};
use crate::rows::{Formats, Target, fields, targets};
use crate::run::{
    Asked, Runner, check_transaction, of_session, send_rows, session_of, show_fields,
};
use crate::session::Session;
use crate::simple::{cancellable, forget, handle_of};
use crate::statement::{self, Statement};

/// A statement that was prepared.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    sql: String,
    statement: Statement,
    /// Of all parameters, told by the client or by planning.
    parameters: Vec<Type>,
    /// Nothing for a statement of the session.
    columns: Vec<Target>,
    /// Columns of `SHOW`.
    shown: Vec<FieldInfo>,
}

/// Prepares statements.
pub(crate) struct Parser {
    runner: Runner,
}

#[async_trait]
impl QueryParser for Parser {
    type Statement = Prepared;

    async fn parse_sql<C>(
        &self,
        client: &C,
        sql: &str,
        types: &[Option<Type>],
    ) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let session = session_of(client)?;
        let part = match statement::split(sql).as_slice() {
            [] => return Ok(None),
            [part] => *part,
            _ => {
                let message = "cannot insert multiple commands into a prepared statement";
                return Err(error(error::SYNTAX, message));
            }
        };
        let statement = statement::read(part.sql);
        check_transaction(client, &statement)?;
        let mut prepared = Prepared {
            sql: part.sql.to_owned(),
            statement,
            parameters: Vec::new(),
            columns: Vec::new(),
            shown: Vec::new(),
        };
        match &prepared.statement {
            Statement::Show(name) => prepared.shown = show_fields(&session, name),
            Statement::Query => self.plan(&session, &mut prepared, types).await?,
            _ => {}
        }
        Ok(Some(prepared))
    }

    fn get_parameter_types(&self, prepared: &Prepared) -> PgWireResult<Vec<Type>> {
        Ok(prepared.parameters.clone())
    }

    fn get_result_schema(
        &self,
        prepared: &Prepared,
        format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        if !prepared.shown.is_empty() {
            return Ok(prepared.shown.clone());
        }
        let formats = format.map_or_else(Formats::default, formats_of);
        Ok(fields(&prepared.columns, &formats))
    }
}

impl Parser {
    async fn plan(
        &self,
        session: &Session,
        prepared: &mut Prepared,
        types: &[Option<Type>],
    ) -> PgWireResult<()> {
        let told = |of: &Option<Type>| of.as_ref().map_or(Ok(None), kind);
        let mut asked = Asked::new(&prepared.sql, 0);
        asked.types = types.iter().map(told).collect::<PgWireResult<_>>()?;
        let planned = self.runner.prepare(session, asked).await?;
        let of = |(index, found): (usize, &Option<_>)| {
            let told = types.get(index).cloned().flatten();
            let told = told.filter(|of| *of != Type::UNKNOWN);
            told.unwrap_or_else(|| inferred(found.as_ref()))
        };
        prepared.parameters = planned.parameters.iter().enumerate().map(of).collect();
        prepared.columns = targets(&planned.schema)?;
        Ok(())
    }
}

fn formats_of(format: &Format) -> Formats {
    match format {
        Format::UnifiedText => Formats(Vec::new()),
        Format::UnifiedBinary => Formats(vec![1]),
        Format::Individual(codes) => Formats(codes.clone()),
    }
}

/// Runs prepared statements.
pub(crate) struct Extended {
    runner: Runner,
    parser: Arc<Parser>,
}

impl Extended {
    pub(crate) fn new(runner: Runner) -> Self {
        let parser = Parser {
            runner: runner.clone(),
        };
        Self {
            runner,
            parser: Arc::new(parser),
        }
    }

    /// The rows of a portal, or what the session says to its statement.
    async fn start<C: ClientInfo>(
        &self,
        client: &mut C,
        session: &Session,
        portal: &Portal<Prepared>,
    ) -> PgWireResult<Response> {
        let prepared = &portal.statement.statement;
        check_transaction(client, &prepared.statement)?;
        if let Some(response) = of_session(client, session, &prepared.statement)? {
            return Ok(response);
        }
        let mut asked = Asked::new(&prepared.sql, 0);
        for (index, of) in prepared.parameters.iter().enumerate() {
            let bytes = portal.parameters.get(index).and_then(Option::as_ref);
            let is_binary = is_binary(&portal.parameter_format, index);
            asked.params.push(value(of, bytes, is_binary)?);
            asked.types.push(kind(of)?);
        }
        let formats = formats_of(&portal.result_column_format);
        let described = Some(prepared.columns.as_slice());
        let rows = self.runner.rows(session, asked, described, formats).await?;
        Ok(Response::Query(rows))
    }

    /// Runs a portal, or goes on with one that was suspended.
    async fn execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = session_of(client)?;
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        let portal = match client.portal_store().get_portal(name) {
            Some(Entry::Value(portal)) => portal,
            Some(Entry::Empty) => {
                let empty = PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new());
                return Ok(client.feed(empty).await?);
            }
            None => return Err(PgWireError::PortalNotFound(name.to_owned())),
        };
        let max_rows = usize::try_from(message.max_rows).unwrap_or(0);
        let state = portal.state();
        let mut state = state.lock().await;
        if matches!(*state, PortalExecutionState::Initial) {
            forget(client, &session, &portal.statement.statement.statement);
            match self.start(client, &session, &portal).await? {
                Response::Query(rows) => *state = PortalExecutionState::Suspended(rows),
                other => {
                    *state = PortalExecutionState::Finished;
                    return send(client, other).await;
                }
            }
        }
        let is_suspended = match &mut *state {
            PortalExecutionState::Suspended(rows) => send_rows(client, rows, max_rows).await?,
            _ => {
                let mut none = QueryResponse::new(Arc::default(), futures::stream::empty());
                send_rows(client, &mut none, 0).await?
            }
        };
        if !is_suspended {
            *state = PortalExecutionState::Finished;
        }
        Ok(())
    }
}

fn is_binary(format: &Format, index: usize) -> bool {
    match format {
        Format::UnifiedText => false,
        Format::UnifiedBinary => true,
        Format::Individual(codes) => codes.get(index) == Some(&1),
    }
}

async fn send<C>(client: &mut C, response: Response) -> PgWireResult<()>
where
    C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send,
    C::Error: Debug,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let status = client.transaction_status();
    match response {
        Response::TransactionStart(tag) => {
            client.set_transaction_status(status.to_in_transaction_state());
            send_execution_response(client, tag).await
        }
        Response::TransactionEnd(tag) => {
            client.set_transaction_status(status.to_idle_state());
            send_execution_response(client, tag).await
        }
        Response::Execution(tag) => send_execution_response(client, tag).await,
        _ => Ok(()),
    }
}

#[async_trait]
impl ExtendedQueryHandler for Extended {
    type Statement = Prepared;
    type QueryParser = Parser;

    fn query_parser(&self) -> Arc<Parser> {
        Arc::clone(&self.parser)
    }

    async fn on_parse<C>(&self, client: &mut C, message: Parse) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = session_of(client)?;
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME).to_owned();
        session.hold_statement(&name, message.query.len())?;
        let handle = handle_of(client);
        let parsed = StoredStatement::parse(client, &message, self.query_parser());
        let stored = cancellable(handle, parsed).await?;
        match stored {
            Some(statement) => client.portal_store().put_statement(Arc::new(statement)),
            None => client.portal_store().put_empty_statement(&name),
        }
        let done = PgWireBackendMessage::ParseComplete(ParseComplete::new());
        Ok(client.feed(done).await?)
    }

    async fn on_bind<C>(&self, client: &mut C, message: Bind) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = session_of(client)?;
        let statement_name = message.statement_name.as_deref().unwrap_or(DEFAULT_NAME);
        let portal_name = message.portal_name.as_deref().unwrap_or(DEFAULT_NAME);
        let found = client.portal_store().get_statement(statement_name);
        let found = found.ok_or_else(|| {
            let message = format!("prepared statement \"{statement_name}\" does not exist");
            error(error::UNKNOWN_STATEMENT, message)
        })?;
        check_bound(&message, &found)?;
        let values = message.parameters.iter().flatten();
        session.hold_portal(portal_name, values.map(bytes::Bytes::len).sum())?;
        match found {
            Entry::Value(statement) => {
                let portal = Portal::try_new(&message, statement)?;
                client.portal_store().put_portal(Arc::new(portal));
            }
            Entry::Empty => client.portal_store().put_empty_portal(portal_name),
        }
        let done = PgWireBackendMessage::BindComplete(BindComplete::new());
        Ok(client.feed(done).await?)
    }

    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        client.set_state(PgWireConnectionState::QueryInProgress);
        // Not the library's, which would collect all rows before it sends the first.
        let handle = handle_of(client);
        cancellable(handle, self.execute(client, message)).await?;
        client.set_state(PgWireConnectionState::ReadyForQuery);
        Ok(())
    }

    async fn on_sync<C>(&self, client: &mut C, _: PgSync) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let status = client.transaction_status();
        // Portals last as long as their transaction.
        if status == TransactionStatus::Idle {
            client.portal_store().clear_portals();
            session_of(client)?.release_portals();
        }
        let ready = PgWireBackendMessage::ReadyForQuery(ReadyForQuery::new(status));
        Ok(client.send(ready).await?)
    }

    async fn on_close<C>(&self, client: &mut C, message: Close) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = session_of(client)?;
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        match message.target_type {
            TARGET_TYPE_BYTE_STATEMENT => {
                client.portal_store().rm_statement(name);
                session.release_statement(name);
            }
            TARGET_TYPE_BYTE_PORTAL => {
                client.portal_store().rm_portal(name);
                session.release_portal(name);
            }
            _ => {}
        }
        let done = PgWireBackendMessage::CloseComplete(CloseComplete::new());
        Ok(client.feed(done).await?)
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Prepared>,
        _: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = session_of(client)?;
        self.start(client, &session, portal).await
    }
}

/// What is bound has to fit what was prepared.
fn check_bound(message: &Bind, found: &Entry<StoredStatement<Prepared>>) -> PgWireResult<()> {
    let (parameters, columns) = match found {
        Entry::Value(stored) => (
            stored.statement.parameters.len(),
            stored.statement.columns.len() + stored.statement.shown.len(),
        ),
        Entry::Empty => (0, 0),
    };
    let bound = message.parameters.len();
    if bound != parameters {
        let message = format!(
            "bind message supplies {bound} parameters, but the prepared statement requires {parameters}"
        );
        return Err(error(error::PROTOCOL, message));
    }
    let formats = message.result_column_format_codes.len();
    if formats > 1 && formats != columns {
        let message =
            format!("bind message has {formats} result formats but query has {columns} columns");
        return Err(error(error::PROTOCOL, message));
    }
    let codes = message.parameter_format_codes.iter();
    let mut codes = codes.chain(&message.result_column_format_codes);
    match codes.find(|code| !(0..=1).contains(*code)) {
        Some(code) => Err(error(
            error::PROTOCOL,
            format!("unsupported format code: {code}"),
        )),
        None => Ok(()),
    }
}
