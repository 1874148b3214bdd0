//! The simple protocol: a text of statements, answered in text one after the other.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::{Either, select};
use futures::{Sink, SinkExt};
use pgwire::api::query::{SimpleQueryHandler, send_execution_response, send_ready_for_query};
use pgwire::api::results::Response;
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, ConnectionHandle, PgWireConnectionState};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::{FieldDescription, RowDescription};
use pgwire::messages::response::EmptyQueryResponse;
use pgwire::messages::simplequery::Query;

use crate::rows::Formats;
use crate::run::{Asked, Runner, check_transaction, of_session, send_rows, session_of};
use crate::session::Session;
use crate::statement::{self, Part, Statement};

/// Runs texts of statements.
pub(crate) struct Simple {
    pub(crate) runner: Runner,
}

#[async_trait]
impl SimpleQueryHandler for Simple {
    /// Not the library's: a cancel request has to reach the statement also while its rows are sent.
    async fn on_query<C>(&self, client: &mut C, query: Query) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        client.set_state(PgWireConnectionState::QueryInProgress);
        let handle = handle_of(client);
        cancellable(handle, self.answer(client, &query.query)).await?;
        client.set_state(PgWireConnectionState::ReadyForQuery);
        let status = client.transaction_status();
        send_ready_for_query(client, status).await
    }

    async fn do_query<C>(&self, _: &mut C, _: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        // `on_query` answers.
        Ok(Vec::new())
    }
}

/// By which a cancel request finds the connection.
pub(crate) fn handle_of(client: &impl ClientInfo) -> Option<Arc<ConnectionHandle>> {
    let found = client.session_extensions().get::<Arc<ConnectionHandle>>();
    found.map(|handle| Arc::clone(handle.as_ref()))
}

/// Does something until it is done or a cancel request comes.
pub(crate) async fn cancellable<T>(
    handle: Option<Arc<ConnectionHandle>>,
    work: impl Future<Output = PgWireResult<T>> + Send,
) -> PgWireResult<T> {
    let Some(handle) = handle else {
        return work.await;
    };
    let canceled = handle.start_query().await;
    match select(std::pin::pin!(work), canceled).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(PgWireError::QueryCanceled),
    }
}

impl Simple {
    async fn answer<C>(&self, client: &mut C, text: &str) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = session_of(client)?;
        let parts = statement::split(text);
        if parts.is_empty() {
            return empty(client).await;
        }
        for part in parts {
            self.run(client, &session, part).await?;
        }
        Ok(())
    }

    async fn run<C>(&self, client: &mut C, session: &Session, part: Part<'_>) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let statement = statement::read(part.sql);
        check_transaction(client, &statement)?;
        forget(client, session, &statement);
        let response = match of_session(client, session, &statement)? {
            Some(response) => response,
            None => {
                let asked = Asked::new(part.sql, part.offset);
                let formats = Formats::default();
                Response::Query(self.runner.rows(session, asked, None, formats).await?)
            }
        };
        send(client, response).await
    }
}

/// Drops prepared statements that a statement gives up.
pub(crate) fn forget<C: ClientPortalStore>(client: &C, session: &Session, statement: &Statement)
where
    C::PortalStore: PortalStore,
{
    let names = match statement {
        Statement::Deallocate(Some(name)) => {
            session.release_statement(name);
            vec![name.clone()]
        }
        Statement::Deallocate(None) | Statement::DiscardAll => session.release_statements(),
        _ => return,
    };
    for name in names {
        client.portal_store().rm_statement(&name);
    }
}

async fn empty<C>(client: &mut C) -> PgWireResult<()>
where
    C: Sink<PgWireBackendMessage> + Unpin,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let message = PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new());
    Ok(client.feed(message).await?)
}

async fn send<C>(client: &mut C, response: Response) -> PgWireResult<()>
where
    C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send,
    C::Error: Debug,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let status = client.transaction_status();
    match response {
        Response::Query(mut rows) => {
            let fields = rows.row_schema();
            let fields = fields.iter().map(FieldDescription::from).collect();
            let described = PgWireBackendMessage::RowDescription(RowDescription::new(fields));
            client.feed(described).await?;
            send_rows(client, &mut rows, 0).await.map(|_| ())
        }
        Response::EmptyQuery => empty(client).await,
        Response::TransactionStart(tag) => {
            client.set_transaction_status(status.to_in_transaction_state());
            send_execution_response(client, tag).await
        }
        Response::TransactionEnd(tag) => {
            client.set_transaction_status(status.to_idle_state());
            send_execution_response(client, tag).await
        }
        Response::Execution(tag) => send_execution_response(client, tag).await,
        // Nothing is copied here.
        _ => Ok(()),
    }
}
