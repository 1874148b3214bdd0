//! A request as intake sees it and as the log keeps it.

use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;

use crate::{PROTOCOLS, Protocol};

/// A request as the log keeps it: what decoding and enrichment may ask of it, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub protocol: ProtocolId,
    pub endpoint: Endpoint,
    pub method: String,
    /// The effective path: the forwarded one where a proxy form carried it ([`Route::path`]).
    pub path: String,
    /// The effective query, still percent-encoded, without `?`.
    pub query: String,
    /// Names in lower case; only those of [`KEPT_HEADERS`].
    pub headers: Vec<(String, String)>,
    /// As sent, so possibly compressed.
    pub body: Bytes,
    /// Arrival, µs since 1970.
    pub arrival_us: i64,
    /// The client's address, trusted proxies taken off.
    pub peer: IpAddr,
    /// The application that the request's token belongs to, found at intake.
    pub token_app: Option<String>,
}

impl Request {
    /// A kept header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The headers that decoding and enrichment may need; all others are forgotten at intake. Tokens are not among them: what
/// they stand for is in [`Request::token_app`].
pub const KEPT_HEADERS: &[&str] = &[
    "accept-language",
    "content-encoding",
    "content-type",
    "dd-evp-origin",
    "dd-evp-origin-version",
    "dd-idempotency-key",
    "dd-request-id",
    "origin",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-full-version-list",
    "sec-ch-ua-mobile",
    "sec-ch-ua-model",
    "sec-ch-ua-platform",
    "sec-ch-ua-platform-version",
    "user-agent",
];

/// Which SDK sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sdk {
    /// As in the column `sdk_family`.
    pub family: &'static str,
    pub version: Option<String>,
}

/// What kind of request it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Endpoint {
    /// Events of the tables.
    Events,
    /// Segments and images of recordings; logged, kept whole.
    Replay,
    /// Log lines; logged, kept whole.
    Logs,
    /// Profiles; logged, kept whole.
    Profile,
    /// A question about a quota: answered, never logged.
    Quota,
    /// Accepted so that the client is content, never logged.
    Discard,
}

const MIB: usize = 1 << 20;

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 6] = [
        Self::Events,
        Self::Replay,
        Self::Logs,
        Self::Profile,
        Self::Quota,
        Self::Discard,
    ];

    /// Whether the request goes to the log.
    #[must_use]
    pub const fn is_logged(self) -> bool {
        !matches!(self, Self::Quota | Self::Discard)
    }

    /// The name in log records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Replay => "replay",
            Self::Logs => "logs",
            Self::Profile => "profile",
            Self::Quota => "quota",
            Self::Discard => "discard",
        }
    }

    /// The endpoint of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|endpoint| endpoint.name() == name)
    }

    /// The largest body taken, in bytes as sent (`design.md`, Limits).
    #[must_use]
    pub const fn as_sent_bytes_max(self) -> usize {
        match self {
            Self::Replay | Self::Profile => 32 * MIB,
            Self::Events | Self::Logs | Self::Quota | Self::Discard => 10 * MIB,
        }
    }

    /// The most that a body may inflate to, in bytes.
    #[must_use]
    pub const fn inflated_bytes_max(self) -> usize {
        match self {
            Self::Replay | Self::Profile => 128 * MIB,
            Self::Events | Self::Logs | Self::Quota | Self::Discard => 64 * MIB,
        }
    }
}

/// Where a request leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    pub protocol: ProtocolId,
    pub endpoint: Endpoint,
    /// The effective path.
    pub path: String,
    /// The effective raw query, without `?`.
    pub query: String,
    pub via: Via,
    /// An `OPTIONS` request about the endpoint, not to it.
    pub is_preflight: bool,
}

/// What a protocol says of a request that is its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matched {
    pub endpoint: Endpoint,
    pub path: String,
    pub query: String,
    pub via: Via,
}

/// How the effective path was reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Via {
    /// It is the path of the request.
    Native,
    /// It came inside a parameter of a proxy's URL.
    Forward,
    /// `/intake/{token}/…`, for clients that send to exactly the path a developer typed.
    TypedPath { token: String },
}

/// A protocol by the name that log records carry.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProtocolId(&'static str);

impl ProtocolId {
    /// The Datadog family: Datadog, OpenObserve, Flashduty.
    pub const DATADOG: Self = Self("datadog");

    pub(crate) const fn of(protocol: &Protocol) -> Self {
        Self(protocol.name)
    }

    /// The protocol of that name, if this version knows it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        PROTOCOLS
            .iter()
            .find(|protocol| protocol.name == name)
            .map(Self::of)
    }

    /// The name in log records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }

    pub(crate) fn get(self) -> &'static Protocol {
        let found = PROTOCOLS.iter().find(|protocol| protocol.name == self.0);
        found.expect("an id is only made from the list")
    }
}

impl fmt::Debug for ProtocolId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_and_endpoint_is_found_again_by_its_name() {
        assert_eq!(ProtocolId::from_name("datadog"), Some(ProtocolId::DATADOG));
        assert_eq!(ProtocolId::from_name("smoke signals"), None);
        for protocol in PROTOCOLS {
            assert_eq!(
                ProtocolId::from_name(protocol.name).unwrap().get().name,
                protocol.name
            );
        }
        for endpoint in Endpoint::ALL {
            assert_eq!(Endpoint::from_name(endpoint.name()), Some(endpoint));
        }
    }
}
