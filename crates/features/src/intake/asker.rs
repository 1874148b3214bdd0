//! Who looks at the screen.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

use crate::State;
use crate::api::auth::FullAccess;
use crate::api::client;
use crate::surroundings::Asker;

/// The caller: where they are, and how they reached this server.
pub(crate) struct Caller {
    pub(crate) asker: Asker,
    /// `http://HOST:PORT` as the caller typed it; nothing without a `Host` header.
    pub(crate) origin: Option<String>,
    /// Whether they may see addresses.
    pub(crate) is_admin: bool,
}

impl FromRequestParts<State> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Infallible> {
        let client = client::of(parts);
        let text = |name| {
            let value = parts.headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let scheme = if client.is_https { "https" } else { "http" };
        let asker = Asker {
            address: client.ip.unwrap_or(IpAddr::from([127, 0, 0, 1])),
            user_agent: text(header::USER_AGENT),
        };
        let origin = text(header::HOST).map(|host| format!("{scheme}://{host}"));
        let is_admin = FullAccess::from_request_parts(parts, state).await.is_ok();
        Ok(Self {
            asker,
            origin,
            is_admin,
        })
    }
}
