//! Origins of web pages that may send events.

use std::fmt;

/// An origin as a browser sends it in `Origin` (RFC 6454), or a pattern for the subdomains of one.
///
/// Forms: `https://shop.example`, `http://localhost:3000`, `https://*.example.com` (any depth of subdomains, not the
/// domain itself), `capacitor://localhost`, `file://` and `null` (pages from files and sandboxed frames).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Origin(String);

/// Why a text is no origin.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OriginError {
    #[error("an origin is a scheme and a host, like https://shop.example, not {text:?}")]
    Form { text: String },
    #[error("an origin has no path, {text:?} has one")]
    Path { text: String },
    #[error(
        "a wildcard stands only for subdomains, like https://*.example.com, not as in {text:?}"
    )]
    Wildcard { text: String },
    #[error("an origin has {max} characters at most, this one has {len}", max = Origin::LEN_MAX)]
    Length { len: usize },
}

impl Origin {
    // A host name has at most 253 characters; the rest is for scheme and port.
    const LEN_MAX: usize = 300;

    /// Parses an origin; letter case and the default port do not matter.
    ///
    /// # Errors
    /// When it is no origin, has a path, or a wildcard in another place than before a domain.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        if text.len() > Self::LEN_MAX {
            return Err(OriginError::Length { len: text.len() });
        }
        let normal = normalise(text);
        if normal == "null" || normal == "file://" {
            return Ok(Self(normal));
        }
        let form = || OriginError::Form {
            text: text.to_owned(),
        };
        let (scheme, rest) = normal.split_once("://").ok_or_else(form)?;
        let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        if rest.contains(['/', '?', '#']) {
            return Err(OriginError::Path {
                text: text.to_owned(),
            });
        }
        let host = rest.strip_prefix("*.").unwrap_or(rest);
        if host.contains('*') {
            return Err(OriginError::Wildcard {
                text: text.to_owned(),
            });
        }
        if !scheme_ok || !is_host_and_port(host) {
            return Err(form());
        }
        Ok(Self(normal))
    }

    /// The origin in lower case, without a default port.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the value of a request's `Origin` header is this origin or one of its subdomains.
    #[must_use]
    pub fn matches(&self, header: &str) -> bool {
        let header = normalise(header);
        let Some((scheme, domain)) = self.0.split_once("*.") else {
            return header == self.0;
        };
        let Some(host) = header.strip_prefix(scheme) else {
            return false;
        };
        let Some(subdomain) = host.strip_suffix(domain) else {
            return false;
        };
        subdomain.len() > 1 && subdomain.ends_with('.')
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn normalise(text: &str) -> String {
    let mut text = text.trim().to_ascii_lowercase();
    for (scheme, port) in [("https://", ":443"), ("http://", ":80")] {
        if text.starts_with(scheme) && text.ends_with(port) {
            text.truncate(text.len() - port.len());
        }
    }
    text
}

fn is_host_and_port(text: &str) -> bool {
    // An IPv6 address stands in brackets, so that its colons are not taken for a port.
    let (host, port) = match text.rfind(':') {
        Some(at) if !text[at..].contains(']') => (&text[..at], Some(&text[at + 1..])),
        _ => (text, None),
    };
    let host_ok = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let label_ok = |label: &str| {
                !label.is_empty()
                    && label
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            };
            host.split('.').all(label_ok)
        }
    };
    host_ok && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_match(origin: &str, header: &str, expected: bool) {
        assert_eq!(
            Origin::parse(origin).unwrap().matches(header),
            expected,
            "{origin} and {header}"
        );
    }

    #[test]
    fn an_origin_matches_itself_whatever_its_case_and_default_port() {
        check_match("https://Shop.Example:443", "https://shop.example", true);
        check_match("https://shop.example", "https://shop.example:8443", false);
        check_match("https://shop.example", "http://shop.example", false);
        check_match("http://[::1]:3000", "http://[::1]:3000", true);
        check_match("capacitor://localhost", "capacitor://localhost", true);
        check_match("null", "null", true);
        check_match("null", "https://null", false);
    }

    #[test]
    fn a_wildcard_stands_for_subdomains_only() {
        check_match("https://*.example.com", "https://a.b.example.com", true);
        check_match("https://*.example.com", "https://example.com", false);
        check_match("https://*.example.com", "https://evilexample.com", false);
        check_match("https://*.example.com", "https://.example.com", false);
        check_match(
            "https://*.example.com",
            "https://a.example.com.evil.org",
            false,
        );
        check_match(
            "https://*.example.com:8443",
            "https://a.example.com:8443",
            true,
        );
    }

    #[test]
    fn what_is_no_origin_is_refused_with_the_reason() {
        let form = |text: &str| Origin::parse(text) == Err(OriginError::Form { text: text.into() });
        for text in [
            "",
            "shop.example",
            "https://",
            "https://a b",
            "https://shop.example:99999",
            "https://user@host",
        ] {
            assert!(form(text), "{text:?}");
        }
        for text in [
            "https://shop.example/",
            "https://shop.example/app",
            "https://shop.example?x",
        ] {
            assert_eq!(
                Origin::parse(text),
                Err(OriginError::Path { text: text.into() })
            );
        }
        for text in ["https://*", "https://a.*.example", "https://*.*.example"] {
            assert_eq!(
                Origin::parse(text),
                Err(OriginError::Wildcard { text: text.into() })
            );
        }
        assert_eq!(
            Origin::parse(&"a".repeat(301)),
            Err(OriginError::Length { len: 301 })
        );
    }
}
