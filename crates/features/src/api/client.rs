//! From where a request came: its address, whether it came by https, and under which names this server was reached.
//!
//! What forwarding headers are worth only the part that takes the connections knows (trusted proxies, public address): it lays a
//! [`Client`] on each request. Without one only the `Host` header is known, and limits by address do not apply.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

/// The sender of a request.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Client {
    pub ip: Option<IpAddr>,
    /// Whether the browser came by https, maybe to a proxy before us.
    pub is_https: bool,
    /// `HOST` or `HOST:PORT` as browsers may write them in `Origin`.
    pub hosts: Vec<String>,
}

impl Client {
    /// Whether a page of this `Origin` is a page of ours.
    #[must_use]
    pub fn is_own_origin(&self, origin: &str) -> bool {
        // The scheme does not count: behind a proxy that says nothing, https looks like http here.
        let Some((_, host)) = origin.split_once("://") else {
            return false;
        };
        let host = without_default_port(host);
        self.hosts
            .iter()
            .any(|own| without_default_port(own).eq_ignore_ascii_case(host))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(of(parts))
    }
}

/// The sender of a request.
pub(crate) fn of(parts: &Parts) -> Client {
    if let Some(client) = parts.extensions.get::<Client>() {
        return client.clone();
    }
    let host = parts.headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    Client {
        hosts: host.map(str::to_owned).into_iter().collect(),
        ..Client::default()
    }
}

fn without_default_port(host: &str) -> &str {
    host.strip_suffix(":80")
        .or_else(|| host.strip_suffix(":443"))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_ours_by_host_and_port() {
        let client = Client {
            hosts: vec!["Rum.Example.com".to_owned(), "10.0.0.5:7340".to_owned()],
            ..Client::default()
        };
        for (origin, expected) in [
            ("https://rum.example.com", true),
            ("http://rum.example.com:80", true),
            ("https://rum.example.com:8443", false),
            ("https://evil-rum.example.com", false),
            ("https://rum.example.com.evil.org", false),
            ("http://10.0.0.5:7340", true),
            ("http://10.0.0.5", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(client.is_own_origin(origin), expected, "{origin}");
        }
    }
}
