//! Paths, tokens and answers.
//!
//! | path | method | endpoint |
//! |---|---|---|
//! | `/api/v2/{rum,replay,logs,profile}` | POST | of that name |
//! | `/rum/{version}/{organisation}/{rum,replay,logs,profile}` | POST | the same (OpenObserve) |
//! | `/api/v2/{spans,exposures,flagevaluation,debugger}`, also behind `/rum/…` | POST | accepted and dropped |
//! | `/api/v2/profiling/quota` | GET | the profiler's question |
//! | `/intake/{token}/{rum,replay,logs}` | POST | for clients that send to a typed path |
//! | any path with `ddforward=` or `o2forward=` | POST, GET | what the parameter holds, if it is one of the above |
//!
//! `OPTIONS` is a preflight on each of them.

use percent_encoding::percent_decode_str;

use crate::HeaderLookup;
use crate::answer::{Answer, Outcome};
use crate::query;
use crate::request::{Endpoint, Matched, Route, Via};

const FORWARD_PARAMETERS: &[&str] = &["ddforward", "o2forward", "ooforward"];
const TOKEN_PARAMETERS: &[&str] = &["dd-api-key", "o2-api-key", "oo-api-key"];
const TOKEN_HEADERS: &[&str] = &["dd-api-key", "dd-client-token", "o2-api-key", "oo-api-key"];

/// Finds the endpoint of a request; nothing if it is not the family's.
pub(crate) fn route(method: &str, path: &str, query: &str) -> Option<Matched> {
    if let Some(forwarded) = forwarded(query) {
        let (path, query) = forwarded.split_once('?').unwrap_or((&forwarded, ""));
        let endpoint = native(method, path)?;
        return Some(matched(endpoint, path, query, Via::Forward));
    }
    if let Some((token, endpoint)) = typed(method, path) {
        return Some(matched(
            endpoint,
            path,
            query,
            Via::TypedPath {
                token: token.to_owned(),
            },
        ));
    }
    Some(matched(native(method, path)?, path, query, Via::Native))
}

fn matched(endpoint: Endpoint, path: &str, query: &str, via: Via) -> Matched {
    Matched {
        endpoint,
        path: path.to_owned(),
        query: query.to_owned(),
        via,
    }
}

/// The target inside a proxy's URL, decoded once: what is still encoded then belongs to the target's own query.
fn forwarded(query: &str) -> Option<String> {
    let parameter = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let is_forward = FORWARD_PARAMETERS.contains(&name);
        is_forward.then(|| percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    query.split('&').find_map(parameter)
}

fn native(method: &str, path: &str) -> Option<Endpoint> {
    if path == "/api/v2/profiling/quota" {
        return matches!(method, "GET" | "OPTIONS").then_some(Endpoint::Quota);
    }
    let track = path
        .strip_prefix("/api/v2/")
        .or_else(|| openobserve_track(path))?;
    let endpoint = match track {
        "rum" => Endpoint::Events,
        "replay" => Endpoint::Replay,
        "logs" => Endpoint::Logs,
        "profile" => Endpoint::Profile,
        "spans" | "exposures" | "flagevaluation" | "debugger" => Endpoint::Discard,
        _ => return None,
    };
    matches!(method, "POST" | "OPTIONS").then_some(endpoint)
}

/// The last part of `/rum/{version}/{organisation}/{track}`.
fn openobserve_track(path: &str) -> Option<&str> {
    let mut parts = path.strip_prefix("/rum/")?.splitn(3, '/');
    let (version, organisation, track) = (parts.next()?, parts.next()?, parts.next()?);
    (!version.is_empty() && !organisation.is_empty()).then_some(track)
}

fn typed<'a>(method: &str, path: &'a str) -> Option<(&'a str, Endpoint)> {
    let (token, track) = path.strip_prefix("/intake/")?.split_once('/')?;
    let endpoint = match track {
        "rum" => Endpoint::Events,
        "replay" => Endpoint::Replay,
        "logs" => Endpoint::Logs,
        _ => return None,
    };
    (!token.is_empty() && matches!(method, "POST" | "OPTIONS")).then_some((token, endpoint))
}

/// The client token. A typed path wins: it is the developer's own word, where a mobile SDK adds whatever token it was given.
pub(crate) fn token(route: &Route, header: HeaderLookup<'_>) -> Option<String> {
    if let Via::TypedPath { token } = &route.via {
        return Some(token.clone());
    }
    let in_query = query::first(&route.query, TOKEN_PARAMETERS);
    let in_headers = || TOKEN_HEADERS.iter().find_map(|name| header(name));
    in_query
        .filter(|token| !token.is_empty())
        .or_else(in_headers)
        .filter(|token| !token.is_empty())
}

/// The family's answers. Browsers read the status only, and mobile clients drop a batch on any success but 202
/// (`protocols/datadog.md`, section 2.3), so the status decides whether data is sent again.
pub(crate) fn answer(route: &Route, outcome: &Outcome, request_id: &str) -> Answer {
    let refuse = |status, title, detail: &str| refusal(status, title, detail, request_id);
    match outcome {
        Outcome::Accepted => accepted(route, request_id),
        Outcome::Quota => Answer::json(200, ADMITTED.into()),
        Outcome::UnknownToken => refuse(
            403,
            "Forbidden",
            "this client token belongs to no application",
        ),
        Outcome::MissingToken => refuse(
            401,
            "Unauthorized",
            "no client token: send it as dd-api-key in the query or header",
        ),
        Outcome::OriginNotAllowed => refuse(
            403,
            "Forbidden",
            "the application does not allow this origin",
        ),
        Outcome::UnknownApplication => refuse(
            403,
            "Forbidden",
            "application.id names no application of this server",
        ),
        Outcome::BadRequest { detail } => refuse(400, "Bad request", detail),
        Outcome::BodyTooLarge { limit_bytes } => refuse(
            413,
            "Payload too large",
            &format!("a body may have {limit_bytes} bytes"),
        ),
        Outcome::Overloaded { retry_after_s } => {
            let mut answer = refuse(429, "Too many requests", "send it again later");
            answer
                .headers
                .push(("retry-after", retry_after_s.to_string()));
            answer
        }
        Outcome::NotReady => refuse(503, "Service unavailable", "the server starts or stops"),
        Outcome::DiskFull => refuse(
            507,
            "Insufficient storage",
            "the disk of the server is full",
        ),
    }
}

const ADMITTED: &str = r#"{"data":{"attributes":{"admitted":true,"reason":"quota_ok"}}}"#;

fn accepted(route: &Route, request_id: &str) -> Answer {
    let id = json_text(request_id);
    let body = if is_openobserve(&route.path, &route.query) {
        format!(r#"{{"code":200,"status":[],"request_id":{id}}}"#)
    } else {
        format!(r#"{{"request_id":{id}}}"#)
    };
    Answer::json(202, body)
}

fn refusal(status: u16, title: &str, detail: &str, request_id: &str) -> Answer {
    let (title, detail, id) = (json_text(title), json_text(detail), json_text(request_id));
    let error = format!(r#"{{"status":"{status}","title":{title},"detail":{detail}}}"#);
    Answer::json(
        status,
        format!(r#"{{"errors":[{error}],"request_id":{id}}}"#),
    )
}

fn json_text(text: &str) -> String {
    sonic_rs::to_string(text).expect("a string is always JSON")
}

/// Whether a request has OpenObserve's path or spelling.
pub(crate) fn is_openobserve(path: &str, query: &str) -> bool {
    let is_spelling = |name: &str| {
        ["o2-", "oo-", "o2source", "oosource", "_o2.", "_oo."]
            .iter()
            .any(|start| name.starts_with(start))
    };
    openobserve_track(path).is_some() || query::pairs(query).any(|(name, _)| is_spelling(&name))
}

#[cfg(test)]
mod tests;
