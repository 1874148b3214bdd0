//! Wire protocols → events: which requests are ours, how they are answered, and what they say.
//!
//! **Job**: for each protocol in [`PROTOCOLS`], its paths, its token, its answers and its decoder. Answers are values; the
//! HTTP server belongs to `ingest`.
//!
//! **Invariant**: values in, values out. No clock, network or file. [`decode`] never fails as a whole and never panics: one
//! bad event costs only itself, as a [`schema::Reject`] with place and reason.
//!
//! **Reading order**: [`request`](Request), [`Decoded`], `inflate`, `items`, then the folder of one protocol, `datadog`.
//!
//! To add a protocol: a folder like `datadog` that ends in one [`Protocol`] value, and one line in [`PROTOCOLS`].
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")
)]

mod answer;
mod datadog;
mod decoded;
mod inflate;
mod items;
mod kept;
mod query;
pub mod reasons;
mod request;

pub use answer::{Answer, Headers, Outcome, cors, preflight};
pub use decoded::{Decoded, Limits, Settings};
pub use kept::mentions;
pub use request::{Endpoint, KEPT_HEADERS, Matched, ProtocolId, Request, Route, Sdk, Via};

/// Finds a header's value by lower-case name.
pub type HeaderLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Everything the server knows of one protocol.
pub struct Protocol {
    /// Written into log records, so it never changes.
    pub name: &'static str,
    /// Whether a request is this protocol's: method, path, raw query.
    pub route: fn(&str, &str, &str) -> Option<Matched>,
    /// The client token, in whichever spelling the request carries it.
    pub token: fn(&Route, HeaderLookup<'_>) -> Option<String>,
    /// What the client is told; request id last.
    pub answer: fn(&Route, &Outcome, &str) -> Answer,
    pub decode: fn(&Request, &Settings) -> Decoded,
    /// Application ids that the body names.
    pub named_applications: fn(&Request, &Limits) -> Vec<String>,
    /// The SDK, as far as it can be told without the body.
    pub sdk: fn(&Request) -> Sdk,
}

/// Every protocol, asked in this order.
pub const PROTOCOLS: &[Protocol] = &[datadog::PROTOCOL];

/// Finds the protocol and endpoint of a request, preflights included; nothing for paths that are not the clients'.
/// `path` and `query` as on the request line, still percent-encoded, the query without its `?`.
#[must_use]
pub fn route(method: &str, path: &str, query: &str) -> Option<Route> {
    PROTOCOLS.iter().find_map(|protocol| {
        let Matched {
            endpoint,
            path,
            query,
            via,
        } = (protocol.route)(method, path, query)?;
        let is_preflight = method == "OPTIONS";
        Some(Route {
            protocol: ProtocolId::of(protocol),
            endpoint,
            path,
            query,
            via,
            is_preflight,
        })
    })
}

/// The client token of a request. `header` looks up by lower-case name.
#[must_use]
pub fn token(route: &Route, header: impl Fn(&str) -> Option<String>) -> Option<String> {
    (route.protocol.get().token)(route, &header)
}

/// The answer in the protocol's own form, without the CORS headers, which [`cors`] gives.
#[must_use]
pub fn answer(route: &Route, outcome: &Outcome, request_id: &str) -> Answer {
    (route.protocol.get().answer)(route, outcome, request_id)
}

/// Events and rejects of a logged request. The same request gives the same result at any time. Replay, log and profile
/// requests give none: they are kept whole.
#[must_use]
pub fn decode(request: &Request, settings: &Settings) -> Decoded {
    (request.protocol.get().decode)(request, settings)
}

/// The distinct application ids that a request's body names, for intake's check when no known token came. A peek: it reads
/// at most the first MiB and reports at most 16 ids; decoding judges each event again.
#[must_use]
pub fn named_applications(request: &Request, limits: &Limits) -> Vec<String> {
    (request.protocol.get().named_applications)(request, limits)
}

/// The SDK of a request, as far as it can be told without the body: for requests that are refused, so never decoded.
#[must_use]
pub fn sdk(request: &Request) -> Sdk {
    (request.protocol.get().sdk)(request)
}
