//! The client's address behind proxies: the rightmost forwarded address that is not a trusted proxy's. Elements further left
//! come from the client and are forged at will.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Networks whose forwarding headers are believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    /// Whether the forwarding headers of a peer are believed.
    #[must_use]
    pub fn contains(&self, peer: IpAddr) -> bool {
        let address = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether the client's own connection is encrypted, by `X-Forwarded-Proto` of a trusted proxy: this server itself speaks plain HTTP.
    #[must_use]
    pub fn is_https(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        // Of several proxies each adds its own word at the end; the client spoke to the first.
        let proto = list(headers, "x-forwarded-proto");
        let first = proto.as_deref().and_then(|proto| proto.split(',').next());
        self.contains(peer.to_canonical())
            && first.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"))
    }

    /// The client of a request that came from `peer`.
    ///
    /// Headers count only if `peer` is trusted. Of `X-Forwarded-For`, then `Forwarded`, then `X-Real-IP` the first that is there
    /// decides. When every forwarded address is trusted, the client is inside the own network: the leftmost.
    #[must_use]
    pub fn client_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return peer;
        }
        let chain = forwarded_for(headers)
            .or_else(|| forwarded(headers))
            .or_else(|| real_ip(headers));
        let Some(chain) = chain.filter(|chain| !chain.is_empty()) else {
            return peer;
        };
        let mut client = peer;
        for element in chain.iter().rev() {
            // An element that is no address hides who stood before it: the last known one is the best answer.
            let Some(address) = address_of(element) else {
                return client;
            };
            client = address;
            if !self.contains(address) {
                return address;
            }
        }
        client
    }
}

fn list(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    if values.is_empty() {
        None
    } else {
        Some(values.join(","))
    }
}

fn forwarded_for(headers: &HeaderMap) -> Option<Vec<String>> {
    list(headers, "x-forwarded-for").map(|value| {
        value
            .split(',')
            .map(|element| element.trim().to_owned())
            .collect()
    })
}

/// RFC 7239: `for=` of each element; identifiers may be quoted.
fn forwarded(headers: &HeaderMap) -> Option<Vec<String>> {
    let client = |element: &str| {
        let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
        Some(value.trim().trim_matches('"').to_owned())
    };
    list(headers, "forwarded").map(|value| {
        value
            .split(',')
            .map(|element| client(element).unwrap_or_default())
            .collect()
    })
}

fn real_ip(headers: &HeaderMap) -> Option<Vec<String>> {
    list(headers, "x-real-ip").map(|value| vec![value.trim().to_owned()])
}

/// An address, with or without port or brackets.
fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, headers: &[(&'static str, &str)], expected: &str) {
        let trusted =
            ["127.0.0.0/8", "10.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let client = TrustedProxies(trusted.to_vec()).client_of(peer.parse().unwrap(), &map);
        assert_eq!(client.to_string(), expected, "{peer} {headers:?}");
    }

    #[test]
    fn an_untrusted_peer_is_the_client_whatever_it_says() {
        check(
            "203.0.113.9",
            &[("x-forwarded-for", "8.8.8.8")],
            "203.0.113.9",
        );
    }

    #[test]
    fn the_rightmost_untrusted_address_wins_over_forged_ones() {
        check(
            "127.0.0.1",
            &[("x-forwarded-for", "1.1.1.1, 8.8.8.8, 10.0.0.3")],
            "8.8.8.8",
        );
        check(
            "127.0.0.1",
            &[
                ("x-forwarded-for", "1.1.1.1"),
                ("x-forwarded-for", "8.8.4.4"),
            ],
            "8.8.4.4",
        );
        check(
            "::ffff:10.1.2.3",
            &[("x-forwarded-for", "[2001:db8::7]:443")],
            "2001:db8::7",
        );
    }

    #[test]
    fn forwarded_and_real_ip_are_read_when_the_first_is_absent() {
        check(
            "127.0.0.1",
            &[(
                "forwarded",
                "for=192.0.2.60;proto=http, for=\"[2001:db8::1]\"",
            )],
            "2001:db8::1",
        );
        check("127.0.0.1", &[("x-real-ip", "192.0.2.7")], "192.0.2.7");
        check(
            "127.0.0.1",
            &[("x-forwarded-for", "192.0.2.1"), ("x-real-ip", "192.0.2.7")],
            "192.0.2.1",
        );
    }

    #[test]
    fn nothing_readable_leaves_the_nearest_known_address() {
        check("127.0.0.1", &[("x-forwarded-for", "unknown")], "127.0.0.1");
        check(
            "127.0.0.1",
            &[("x-forwarded-for", "8.8.8.8, garbage, 10.0.0.1")],
            "10.0.0.1",
        );
        check(
            "10.0.0.1",
            &[("x-forwarded-for", "10.0.0.9, 10.0.0.2")],
            "10.0.0.9",
        );
    }
}
