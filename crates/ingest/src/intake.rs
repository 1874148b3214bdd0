//! Intake: every path of the protocols, answered in the protocol's own manner.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request as HttpRequest, Response, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use meta::Meta;
use protocol::{Answer, Endpoint, Limits, Outcome, Request, Route};
use schema::EventTime;
use wal::Log;

use crate::account::{Preflight, token_hint};
use crate::admission::{Credentials, Refusals, Room, admit, name_of};
use crate::metrics::Metrics;
use crate::refusal::{Facts, at_admission, without_body};
use crate::{Account, Clock, TrustedProxies, record};

/// A client that sends slower than this loses its place.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// How much of a body above its limit is read before the connection is closed.
const DROPPED_BYTES_MAX: usize = 64 << 20;

/// What intake works with.
pub struct Intake {
    pub log: Arc<Log>,
    pub meta: Meta,
    pub limits: Limits,
    /// Largest bodies as sent, in bytes: of events and logs, and of replay and profiles.
    pub event_body_bytes_max: usize,
    pub replay_body_bytes_max: usize,
    pub trusted_proxies: TrustedProxies,
    pub create_applications: bool,
    pub room: Arc<Room>,
    pub refusals: Refusals,
    pub metrics: Arc<Metrics>,
    pub account: Arc<Account>,
    pub clock: Clock,
}

/// A request with its body, ready to be admitted.
pub(crate) struct Received {
    pub(crate) route: Route,
    pub(crate) method: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) arrival_us: i64,
    pub(crate) peer: IpAddr,
}

impl Intake {
    /// Answers a request whose path a protocol has.
    pub async fn handle(&self, route: Route, request: HttpRequest<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let origin = text_of(&head.headers, "origin");
        let connection = head
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip());
        let peer = self.trusted_proxies.client_of(
            connection.unwrap_or(IpAddr::from([127, 0, 0, 1])),
            &head.headers,
        );
        if route.is_preflight {
            self.note_preflight(&route, &head.headers, peer);
            let requested = text_of(&head.headers, "access-control-request-headers");
            let private = text_of(&head.headers, "access-control-request-private-network")
                .as_deref()
                == Some("true");
            return response(
                protocol::preflight(origin.as_deref(), requested.as_deref(), private),
                &[],
            );
        }
        let method = head.method.as_str().to_owned();
        let outcome = match self.read_body(&route, body).await {
            Err(outcome) => {
                let received = self.received(&route, method, head.headers, Bytes::new(), peer);
                let token = token_of(&received);
                self.note_refusal(&outcome, &request_of(received), token.as_deref());
                outcome
            }
            Ok(body) => {
                self.take(self.received(&route, method, head.headers, body, peer))
                    .await
            }
        };
        self.metrics.add(
            "footfall_intake_requests_total",
            "outcome",
            name_of(&outcome),
            1,
        );
        let request_id = uuid::Uuid::new_v4().to_string();
        let answer = protocol::answer(&route, &outcome, &request_id);
        response(answer, &protocol::cors(origin.as_deref()))
    }

    fn received(
        &self,
        route: &Route,
        method: String,
        headers: HeaderMap,
        body: Bytes,
        peer: IpAddr,
    ) -> Received {
        Received {
            route: route.clone(),
            method,
            headers,
            body,
            arrival_us: (self.clock)(),
            peer,
        }
    }

    fn note_preflight(&self, route: &Route, headers: &HeaderMap, peer: IpAddr) {
        let token = protocol::token(route, |name| text_of(headers, name));
        let directory = self.meta.directory();
        let application = token.as_deref().and_then(|token| {
            let now = EventTime((self.clock)());
            directory.by_token(token, now).ok()
        });
        let user_agent = text_of(headers, "user-agent");
        self.account.preflight(Preflight {
            origin: text_of(headers, "origin"),
            endpoint: route.endpoint.name(),
            token_hint: token.as_deref().map(token_hint),
            app_id: application.map(|application| application.app_id.to_string()),
            visitor: self.account.visitor(peer, user_agent.as_deref()),
        });
    }

    /// Notes a refusal whose reason has nothing to do with who sent it.
    fn note_refusal(&self, outcome: &Outcome, request: &Request, token: Option<&str>) {
        let directory = self.meta.directory();
        let facts = Facts {
            directory: &directory,
            token,
            now: EventTime((self.clock)()),
            request,
            account: &self.account,
        };
        self.account.refused(without_body(&facts, name_of(outcome)));
    }

    async fn read_body(&self, route: &Route, body: Body) -> Result<Bytes, Outcome> {
        let limit_bytes = match route.endpoint {
            Endpoint::Replay | Endpoint::Profile => self.replay_body_bytes_max,
            _ => self.event_body_bytes_max,
        };
        match tokio::time::timeout(BODY_TIMEOUT, collect(body, limit_bytes)).await {
            Ok(read) => read,
            Err(_) => Err(Outcome::BadRequest {
                detail: "the body took longer than 60 s".to_owned(),
            }),
        }
    }

    /// Admits a request and puts it into the log; when this returns `Accepted` it is durable.
    async fn take(&self, received: Received) -> Outcome {
        match self.begin(received) {
            Ok(taken) => taken.outcome().await,
            Err(outcome) => outcome,
        }
    }

    /// Admits a request and hands it to the log; durable once [`Taken::outcome`] says so.
    pub(crate) fn begin(&self, received: Received) -> Result<Taken, Outcome> {
        let token = token_of(&received);
        let mut request = request_of(received);
        if let Some(refusal) = self.room.refusal() {
            self.note_refusal(&refusal, &request, token.as_deref());
            return Err(refusal);
        }
        let origin = request.header("origin").map(str::to_owned);
        let directory = self.meta.directory();
        let now = EventTime((self.clock)());
        let credentials = Credentials {
            token: token.as_deref(),
            origin: origin.as_deref(),
            now,
        };
        let named = || protocol::named_applications(&request, &self.limits);
        let admitted = admit(&directory, credentials, self.create_applications, named);
        request.token_app = admitted.inspect_err(|outcome| {
            self.refusals.note(name_of(outcome), origin.as_deref());
            let facts = Facts {
                directory: &directory,
                token: token.as_deref(),
                now,
                request: &request,
                account: &self.account,
            };
            let refusal = at_admission(&facts, outcome, &self.limits);
            self.account.refused(refusal);
        })?;
        match request.endpoint {
            Endpoint::Quota => return Ok(Taken::Answered(Outcome::Quota)),
            endpoint if !endpoint.is_logged() => return Ok(Taken::Answered(Outcome::Accepted)),
            _ => {}
        }
        let payload = record::encode(&request, directory.version());
        self.log
            .append(payload)
            .map(Taken::Logging)
            .map_err(|error| {
                let outcome = outcome_of(&error);
                self.note_refusal(&outcome, &request, token.as_deref());
                outcome
            })
    }
}

fn token_of(received: &Received) -> Option<String> {
    protocol::token(&received.route, |name| text_of(&received.headers, name))
}

/// The request as the log keeps it.
fn request_of(received: Received) -> Request {
    let Received {
        route,
        method,
        headers,
        body,
        arrival_us,
        peer,
    } = received;
    let kept = protocol::KEPT_HEADERS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), text_of(&headers, name)?)));
    Request {
        protocol: route.protocol,
        endpoint: route.endpoint,
        method,
        path: route.path,
        query: route.query,
        headers: kept.collect(),
        body,
        arrival_us,
        peer,
        token_app: None,
    }
}

/// A request that was admitted.
pub(crate) enum Taken {
    /// Nothing of it is kept.
    Answered(Outcome),
    /// On its way to the disk.
    Logging(wal::Append),
}

impl Taken {
    /// What to answer; `Accepted` only once the record is durable.
    pub(crate) async fn outcome(self) -> Outcome {
        match self {
            Self::Answered(outcome) => outcome,
            Self::Logging(append) => append
                .await
                .map_or_else(|error| outcome_of(&error), |_| Outcome::Accepted),
        }
    }
}

/// Reads a body up to its limit. What is above is read on and dropped for a while: a client that still sends when the connection
/// closes never sees the answer.
async fn collect(mut body: Body, limit_bytes: usize) -> Result<Bytes, Outcome> {
    let mut read = 0;
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let cut_short = |_| Outcome::BadRequest {
            detail: "the body ended before its announced length".to_owned(),
        };
        let Ok(data) = frame.map_err(cut_short)?.into_data() else {
            continue;
        };
        read += data.len();
        if read <= limit_bytes {
            kept.extend_from_slice(&data);
        } else if read > limit_bytes + DROPPED_BYTES_MAX {
            break;
        } else {
            kept.clear();
        }
    }
    if read > limit_bytes {
        Err(Outcome::BodyTooLarge { limit_bytes })
    } else {
        Ok(kept.freeze())
    }
}

fn outcome_of(error: &wal::Error) -> Outcome {
    match error {
        wal::Error::Full => Outcome::Overloaded { retry_after_s: 1 },
        wal::Error::DiskFull => Outcome::DiskFull,
        wal::Error::RecordTooLarge { size_bytes_max, .. } => Outcome::BodyTooLarge {
            limit_bytes: usize::try_from(*size_bytes_max).unwrap_or(usize::MAX),
        },
        error => {
            tracing::error!(%error, "could not put a request into the log");
            Outcome::NotReady
        }
    }
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    // User agents and referrers may hold any byte; what is not UTF-8 is kept readable rather than refused.
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn response(answer: Answer, more: &[(&'static str, String)]) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).expect("protocols answer with real status codes");
    for (name, value) in answer.headers.iter().chain(more) {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}
