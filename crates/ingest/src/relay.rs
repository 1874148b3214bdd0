//! `POST /api/v1/relay`: requests that another Footfall, or `footfall import`, received earlier. Their arrival and client address
//! travel with them; otherwise they are admitted like any request. The caller holds an API key with full rights.
//!
//! The body is newline-delimited JSON, one request a line:
//! `{"method", "path", "headers", "body_base64", "received_at_us", "peer"}`; `path` includes the query as it was received.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use protocol::Outcome;
use serde::{Deserialize, Serialize};

use crate::Intake;
use crate::admission::name_of;
use crate::intake::Received;

/// Most requests in one call.
pub const LINES_MAX: usize = 1_000;
/// Longest body of one call.
pub const BODY_BYTES_MAX: usize = 48 * 1024 * 1024;

/// One recorded request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    method: String,
    path: String,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    body_base64: String,
    received_at_us: i64,
    peer: Option<IpAddr>,
}

/// What became of the lines.
#[derive(Debug, Default, Serialize)]
pub struct Relayed {
    pub accepted: usize,
    pub refused: Vec<Refused>,
}

/// A line that was not taken.
#[derive(Debug, Serialize)]
pub struct Refused {
    /// From 1.
    pub line: usize,
    /// What the protocol would have answered.
    pub status: u16,
    pub detail: String,
}

impl Intake {
    /// Takes every line that can be taken; durable when this returns.
    pub async fn relay(&self, body: &[u8]) -> Relayed {
        let mut relayed = Relayed::default();
        // All are handed to the log before the first is awaited: they share its syncs.
        let mut taken = Vec::new();
        let lines = body
            .split(|byte| *byte == b'\n')
            .enumerate()
            .filter(|(_, line)| !line.trim_ascii().is_empty());
        for (count, (index, line)) in lines.enumerate() {
            let refused = |status: u16, detail: String| Refused {
                line: index + 1,
                status,
                detail,
            };
            if count >= LINES_MAX {
                relayed.refused.push(refused(
                    413,
                    format!("a call takes at most {LINES_MAX} lines"),
                ));
                break;
            }
            match received(line) {
                Err(detail) => relayed.refused.push(refused(400, detail)),
                Ok(received) => {
                    let route = received.route.clone();
                    taken.push((index + 1, route, self.begin(received)));
                }
            }
        }
        for (line, route, begun) in taken {
            let outcome = match begun {
                Ok(taken) => taken.outcome().await,
                Err(outcome) => outcome,
            };
            if matches!(outcome, Outcome::Accepted | Outcome::Quota) {
                relayed.accepted += 1;
            } else {
                let status = protocol::answer(&route, &outcome, "relay").status;
                relayed.refused.push(Refused {
                    line,
                    status,
                    detail: name_of(&outcome).to_owned(),
                });
            }
        }
        relayed.refused.sort_by_key(|refused| refused.line);
        relayed
    }
}

fn received(line: &[u8]) -> Result<Received, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let (path, query) = line.path.split_once('?').unwrap_or((&line.path, ""));
    let route = protocol::route(&line.method, path, query).filter(|route| !route.is_preflight);
    let route = route.ok_or_else(|| format!("no protocol has {} {path}", line.method))?;
    let body = STANDARD
        .decode(&line.body_base64)
        .map_err(|error| format!("body_base64: {error}"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in &line.headers {
        let name =
            HeaderName::try_from(name).map_err(|error| format!("header {name:?}: {error}"))?;
        headers.append(
            name,
            HeaderValue::from_str(value).map_err(|error| format!("header value: {error}"))?,
        );
    }
    let peer = line.peer.unwrap_or(IpAddr::from([127, 0, 0, 1]));
    Ok(Received {
        route,
        method: line.method,
        headers,
        body: body.into(),
        arrival_us: line.received_at_us,
        peer,
    })
}
