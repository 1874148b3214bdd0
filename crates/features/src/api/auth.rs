//! Who calls: API keys as bearer tokens (RFC 6750).

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use meta::{Principal, Rights};

use super::problems::{self, Problem};
use crate::State;

/// A caller who may read; taken as an argument, it guards its handler.
pub struct ReadAccess(pub Principal);

/// A caller who may also change things.
pub struct FullAccess(pub Principal);

impl FromRequestParts<State> for ReadAccess {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        authenticate(parts, state).map(Self)
    }
}

impl FromRequestParts<State> for FullAccess {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let principal = authenticate(parts, state)?;
        match principal.rights {
            Rights::Full => Ok(Self(principal)),
            Rights::Read => Err(problems::FORBIDDEN.because("this API key may only read")),
        }
    }
}

fn authenticate(parts: &Parts, state: &State) -> Result<Principal, Problem> {
    let unauthorized = |detail: &str| problems::UNAUTHORIZED.because(detail);
    let value = parts.headers.get(header::AUTHORIZATION);
    let value = value.ok_or_else(|| unauthorized("the request has no Authorization header"))?;
    let key = bearer(value.as_bytes());
    let key = key
        .ok_or_else(|| unauthorized("the Authorization header is not of the form `Bearer KEY`"))?;
    state
        .meta
        .authenticate(key)
        .ok_or_else(|| unauthorized("this API key is not known here; it may have been deleted"))
}

fn bearer(value: &[u8]) -> Option<&str> {
    // As UTF-8 and not as a header string: FOOTFALL_API_KEY may be any text.
    let (scheme, key) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}
