//! The cookie of a signed-in member.
//!
//! `HttpOnly`: no script reads it. `SameSite=Lax`: other sites cannot send it with what changes something. `Secure` where the
//! browser came by https. It holds a random secret and nothing else.

use http::{HeaderMap, HeaderValue, header};

use super::client::Client;

const NAME: &str = "footfall_session";
/// As long as the session lives without use; each load of the console renews it.
const MAX_AGE_S: u32 = 30 * 86_400;

/// The secret that a request's cookie holds.
pub(crate) fn secret_of(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(header::COOKIE).iter();
    let pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut own = pairs.filter(|(name, value)| *name == NAME && !value.is_empty());
    own.next().map(|(_, value)| value)
}

/// The header that gives a browser its session.
pub(crate) fn set(secret: &str, client: &Client) -> HeaderMap {
    header(secret, MAX_AGE_S, client)
}

/// The header that takes it away.
pub(crate) fn clear(client: &Client) -> HeaderMap {
    header("", 0, client)
}

fn header(value: &str, max_age_s: u32, client: &Client) -> HeaderMap {
    let secure = if client.is_https { "; Secure" } else { "" };
    let text =
        format!("{NAME}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
    let value = HeaderValue::from_str(&text).expect("a secret is hex digits");
    let no_store = HeaderValue::from_static("no-store");
    HeaderMap::from_iter([
        (header::SET_COOKIE, value),
        (header::CACHE_CONTROL, no_store),
    ])
}
