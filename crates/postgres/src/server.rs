//! Connections: accepted up to a number, each a task that reads messages, answers them and ends with the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::SinkExt;
use meta::Meta;
use pgwire::api::cancel::DefaultCancelHandler;
use pgwire::api::{
    ClientInfo, ConnectionManager, DefaultClient, NoopHandler, PgWireConnectionState,
};
use pgwire::error::PgWireError;
use pgwire::messages::response::SslResponse;
use pgwire::messages::{
    DecodeContext, PgWireBackendMessage, PgWireFrontendMessage, SslNegotiationMetaMessage,
};
use pgwire::tokio::server::{PgWireMessageServerCodec, process_error, process_message};
use query::{Engine, Limits};
use store::Store;
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_util::codec::Framed;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::{self, fatal};
use crate::extended::{Extended, Prepared};
use crate::frame::{FrameError, Frames, Phase};
use crate::run::Runner;
use crate::simple::Simple;
use crate::startup::Startup;
use crate::stream::Writer;

/// A client has to be let in within this.
const STARTUP: Duration = Duration::from_secs(15);
/// A connection without a statement for so long is closed: pools open another, and what hangs somewhere does not hold a place for ever.
const IDLE: Duration = Duration::from_secs(3_600);
/// How long the rest of what a refused client sends is read, so that it can read why.
const FAREWELL: Duration = Duration::from_secs(2);

/// How connections are bounded.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections at once; one more is told that there are too many.
    pub connections_max: usize,
    /// Largest message of a client: a statement and what is bound to it.
    pub message_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections_max: 100,
            message_bytes_max: 1 << 20,
        }
    }
}

/// What connections work with.
#[derive(Clone)]
pub struct Server {
    pub meta: Meta,
    pub store: Store,
    pub engine: Arc<Engine>,
    pub limits: Limits,
    pub is_ready: watch::Receiver<bool>,
    pub counts: Arc<Counts>,
    pub options: Options,
}

/// Figures of connections.
#[derive(Debug, Default)]
pub struct Counts {
    open: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
}

impl Counts {
    /// Connections that are open now.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections since the start.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Connections that were one too many.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// Counts a connection while it is open.
struct Open(Arc<Counts>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What all connections share.
struct Handlers {
    startup: Arc<Startup>,
    simple: Arc<Simple>,
    extended: Arc<Extended>,
    copy: Arc<NoopHandler>,
    cancel: Arc<DefaultCancelHandler>,
    message_bytes_max: usize,
    cancel_all: CancellationToken,
}

type Client = Framed<Writer, PgWireMessageServerCodec<Prepared>>;

/// Serves connections until cancelled; ends when the last one has ended.
pub async fn serve(listener: TcpListener, server: Server, cancel: CancellationToken) {
    let runner = Runner {
        meta: server.meta.clone(),
        store: server.store,
        engine: server.engine,
        limits: server.limits,
        is_ready: server.is_ready,
    };
    let connections = Arc::new(ConnectionManager::new());
    let handlers = Arc::new(Handlers {
        startup: Arc::new(Startup::new(server.meta, Arc::clone(&connections))),
        simple: Arc::new(Simple {
            runner: runner.clone(),
        }),
        extended: Arc::new(Extended::new(runner)),
        copy: Arc::new(NoopHandler),
        cancel: Arc::new(DefaultCancelHandler::new(connections)),
        message_bytes_max: server.options.message_bytes_max,
        cancel_all: cancel.clone(),
    });
    let places = Arc::new(Semaphore::new(server.options.connections_max));
    // Those that are told that there are too many, and cancel requests, which have to get through then.
    let spare = Arc::new(Semaphore::new(server.options.connections_max.max(16)));
    let tracker = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = cancel.cancelled() => break,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(failed) => {
                // Mostly too many open files: others have to end first.
                tracing::warn!(error = %failed, "could not accept a connection");
                tokio::task::yield_now().await;
                continue;
            }
        };
        server.counts.accepted.fetch_add(1, Ordering::Relaxed);
        let place = Arc::clone(&places).try_acquire_owned().ok();
        let has_place = place.is_some();
        if !has_place {
            server.counts.refused.fetch_add(1, Ordering::Relaxed);
        }
        let Some(place) = place.or_else(|| Arc::clone(&spare).try_acquire_owned().ok()) else {
            continue;
        };
        server.counts.open.fetch_add(1, Ordering::Relaxed);
        let open = Open(Arc::clone(&server.counts));
        let handlers = Arc::clone(&handlers);
        tracker.spawn(async move {
            let _held = (place, open);
            let connection = Connection::new(socket, peer, handlers, has_place);
            if let Err(failed) = connection.run().await {
                tracing::debug!(error = %failed, "a connection of the PostgreSQL protocol broke off");
            }
        });
    }
    tracker.close();
    tracker.wait().await;
}

struct Connection {
    frames: Frames<OwnedReadHalf>,
    client: Client,
    handlers: Arc<Handlers>,
    has_place: bool,
}

/// Whether a connection goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Message,
    End,
}

impl Connection {
    fn new(socket: TcpStream, peer: SocketAddr, handlers: Arc<Handlers>, has_place: bool) -> Self {
        // Answers are small and clients wait for them.
        let _ = socket.set_nodelay(true);
        let (reading, writing) = socket.into_split();
        let codec = PgWireMessageServerCodec::new(DefaultClient::new(peer, false));
        let mut client = Framed::new(Writer::new(writing), codec);
        client.set_state(PgWireConnectionState::AwaitingStartup);
        Self {
            frames: Frames::new(reading),
            client,
            handlers,
            has_place,
        }
    }

    async fn run(mut self) -> std::io::Result<()> {
        let cancel = self.handlers.cancel_all.clone();
        let ended = tokio::select! {
            ended = self.talk() => Some(ended?),
            () = cancel.cancelled() => None,
        };
        if ended.is_none() {
            let message = "terminating connection due to administrator command";
            self.refuse(fatal(error::SHUTDOWN, message)).await?;
        }
        self.client.close().await
    }

    async fn talk(&mut self) -> std::io::Result<()> {
        if self.let_in().await? == Next::End {
            return Ok(());
        }
        let phase = Phase::Queries(self.handlers.message_bytes_max);
        loop {
            let message = match timeout(IDLE, self.frames.next(phase)).await {
                Ok(message) => message,
                Err(_) => {
                    let message = "terminating connection due to idle-session timeout";
                    return self.refuse(fatal(error::IDLE, message)).await;
                }
            };
            if self.take(message, phase).await? == Next::End {
                return Ok(());
            }
        }
    }

    /// The messages before the first statement.
    async fn let_in(&mut self) -> std::io::Result<Next> {
        let deadline = tokio::time::Instant::now() + STARTUP;
        loop {
            let phase = match self.client.state() {
                PgWireConnectionState::AwaitingStartup => Phase::Startup,
                PgWireConnectionState::AuthenticationInProgress => Phase::Password,
                _ => return Ok(Next::Message),
            };
            let message = tokio::time::timeout_at(deadline, self.frames.next(phase)).await;
            let Ok(message) = message else {
                let message = "the client was not let in within its time";
                let refused = fatal(error::INVALID_PASSWORD, message);
                return self.refuse(refused).await.map(|()| Next::End);
            };
            if self.take(message, phase).await? == Next::End {
                return Ok(Next::End);
            }
        }
    }

    /// Answers what was read.
    async fn take(
        &mut self,
        read: Result<Option<bytes::BytesMut>, FrameError>,
        phase: Phase,
    ) -> std::io::Result<Next> {
        let mut bytes = match read {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(Next::End),
            Err(FrameError::Io(failed)) => return Err(failed),
            Err(wrong) => {
                let code = match wrong {
                    FrameError::TooLarge { .. } => error::LIMIT,
                    _ => error::PROTOCOL,
                };
                let refused = self.refuse(fatal(code, wrong.to_string())).await;
                return refused.map(|()| Next::End);
            }
        };
        let mut context = DecodeContext::default();
        context.protocol_version = self.client.protocol_version();
        context.awaiting_frontend_ssl = phase == Phase::Startup;
        context.awaiting_frontend_startup = phase == Phase::Startup;
        match decode(&mut bytes, &mut context) {
            Ok(Some(message)) => self.answer(message).await,
            Ok(None) => {
                let refused = fatal(error::PROTOCOL, "invalid message format");
                self.refuse(refused).await.map(|()| Next::End)
            }
            Err(wrong) => self.refuse(wrong).await.map(|()| Next::End),
        }
    }

    async fn answer(&mut self, message: PgWireFrontendMessage) -> std::io::Result<Next> {
        let ends = matches!(message, PgWireFrontendMessage::CancelRequest(_));
        match &message {
            PgWireFrontendMessage::Terminate(_) => return Ok(Next::End),
            PgWireFrontendMessage::SslNegotiation(_) => {
                // There is no encryption here: the client goes on without, or ends.
                let refuse = PgWireBackendMessage::SslResponse(SslResponse::Refuse);
                self.client.send(refuse).await?;
                return Ok(Next::Message);
            }
            PgWireFrontendMessage::Startup(_) if !self.has_place => {
                let message = "sorry, too many clients already";
                let refused = fatal(error::TOO_MANY, message);
                return self.refuse(refused).await.map(|()| Next::End);
            }
            _ => {}
        }
        let is_extended = message.is_extended_query();
        let handlers = &self.handlers;
        let work = process_message(
            message,
            &mut self.client,
            Arc::clone(&handlers.startup),
            Arc::clone(&handlers.simple),
            Arc::clone(&handlers.extended),
            Arc::clone(&handlers.copy),
            Arc::clone(&handlers.cancel),
        );
        let result = if ends {
            // Who asks to cancel hangs up at once, and means it all the same.
            work.await
        } else {
            tokio::select! {
                biased;
                result = work => result,
                // A client that hangs up cancels its query.
                () = self.frames.hung_up() => return Ok(Next::End),
            }
        };
        match result {
            Ok(()) if ends => Ok(Next::End),
            Ok(()) => Ok(Next::Message),
            Err(PgWireError::IoError(failed)) => Err(failed),
            Err(failed) if failed.is_fatal() => self.refuse(failed).await.map(|()| Next::End),
            Err(failed) => {
                process_error(&mut self.client, failed, is_extended).await?;
                Ok(Next::Message)
            }
        }
    }

    /// Tells a client why the connection ends.
    async fn refuse(&mut self, why: PgWireError) -> std::io::Result<()> {
        let why: pgwire::error::ErrorInfo = why.into();
        let response = PgWireBackendMessage::ErrorResponse(why.into());
        let farewell = async {
            self.client.send(response).await?;
            self.client.close().await?;
            // Closing with bytes unread resets the connection, and the client would not see the message.
            self.frames.discard().await;
            Ok(())
        };
        timeout(FAREWELL, farewell).await.unwrap_or(Ok(()))
    }
}

/// Decodes a whole message whose structure was checked.
fn decode(
    bytes: &mut bytes::BytesMut,
    context: &mut DecodeContext,
) -> Result<Option<PgWireFrontendMessage>, PgWireError> {
    let message = PgWireFrontendMessage::decode(bytes, context)?;
    if matches!(
        message,
        Some(PgWireFrontendMessage::SslNegotiation(
            SslNegotiationMetaMessage::None
        ))
    ) {
        context.awaiting_frontend_ssl = false;
        return PgWireFrontendMessage::decode(bytes, context);
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use proptest::prelude::*;

    use super::*;
    use crate::frame::check;

    fn decoded(message: &[u8], phase: Phase) {
        let mut context = DecodeContext::default();
        context.awaiting_frontend_ssl = phase == Phase::Startup;
        context.awaiting_frontend_startup = phase == Phase::Startup;
        let mut bytes = BytesMut::from(message);
        let _ = decode(&mut bytes, &mut context);
    }

    proptest! {
        /// The library's decoders panic on what `check` lets through by mistake.
        #[test]
        fn what_was_checked_is_decoded_without_a_panic(
            kind in prop::sample::select(b"QPBDECHSXdcfp".to_vec()),
            mut body in prop::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(2), Just(255), any::<u8>()], 0..40),
            ends_in_zeros in 0_usize..6,
        ) {
            body.extend(vec![0; ends_in_zeros]);
            let length = i32::try_from(body.len() + 4).unwrap().to_be_bytes();
            let message = [&[kind][..], &length, &body].concat();
            for phase in [Phase::Password, Phase::Queries(1 << 20)] {
                if check(&message, phase).is_ok() {
                    decoded(&message, phase);
                }
            }
            let packet = &message[1..];
            if check(packet, Phase::Startup).is_ok() {
                decoded(packet, Phase::Startup);
            }
        }
    }
}
