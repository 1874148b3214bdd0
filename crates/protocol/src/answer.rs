//! Answers as values, and the CORS rules that browsers hold every intake path to.

/// Headers of an answer; names in lower case.
pub type Headers = Vec<(&'static str, String)>;

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// On disk, or accepted and dropped where the endpoint is not logged.
    Accepted,
    /// A token came that belongs to no application.
    UnknownToken,
    /// No token came, and the application wants one.
    MissingToken,
    /// The application's list of allowed origins does not have this one.
    OriginNotAllowed,
    BodyTooLarge {
        limit_bytes: usize,
    },
    /// Too much at once, or over quota.
    Overloaded {
        retry_after_s: u64,
    },
    DiskFull,
    /// Starting or stopping.
    NotReady,
    /// No application can be told from token or body.
    UnknownApplication,
    BadRequest {
        detail: String,
    },
    /// A quota question: always admitted.
    Quota,
}

/// One HTTP answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Headers,
    pub body: String,
}

impl Answer {
    pub(crate) fn json(status: u16, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".into())],
            body,
        }
    }
}

/// A day: browsers cap it themselves (Chromium at 2 h).
const PREFLIGHT_MAX_AGE_S: &str = "86400";

/// The headers that let a page read the answer. The origin is echoed, or `*` without one. Credentials are never allowed: no
/// cookie means anything here, and the console lives on the same port.
#[must_use]
pub fn cors(origin: Option<&str>) -> Headers {
    match origin {
        Some(origin) => {
            vec![
                ("access-control-allow-origin", origin.to_owned()),
                ("vary", "origin".into()),
            ]
        }
        None => vec![("access-control-allow-origin", "*".into())],
    }
}

/// The answer to a preflight: everything the SDKs ask for is allowed, since the request itself is checked when it comes.
/// `private_network` says that the browser asked for leave to reach a private address.
#[must_use]
pub fn preflight(
    origin: Option<&str>,
    requested_headers: Option<&str>,
    private_network: bool,
) -> Answer {
    let mut headers = cors(origin);
    headers.push(("access-control-allow-methods", "POST, GET, OPTIONS".into()));
    if let Some(requested) = requested_headers.filter(|requested| is_header_list(requested)) {
        headers.push(("access-control-allow-headers", requested.to_owned()));
    }
    if private_network {
        headers.push(("access-control-allow-private-network", "true".into()));
    }
    headers.push(("access-control-max-age", PREFLIGHT_MAX_AGE_S.into()));
    Answer {
        status: 204,
        headers,
        body: String::new(),
    }
}

/// Only token characters, commas and spaces are echoed: nothing that could break out of a header.
fn is_header_list(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_, ".contains(&byte);
    text.len() <= 1024 && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
        answer
            .headers
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_preflight_allows_what_the_quota_call_asks_for() {
        let answer = preflight(Some("https://shop.example"), Some("dd-client-token"), true);
        assert_eq!(answer.status, 204);
        assert_eq!(
            header(&answer, "access-control-allow-origin"),
            Some("https://shop.example")
        );
        assert_eq!(
            header(&answer, "access-control-allow-headers"),
            Some("dd-client-token")
        );
        assert_eq!(
            header(&answer, "access-control-allow-methods"),
            Some("POST, GET, OPTIONS")
        );
        assert_eq!(
            header(&answer, "access-control-allow-private-network"),
            Some("true")
        );
        assert_eq!(
            header(&answer, "access-control-max-age"),
            Some(PREFLIGHT_MAX_AGE_S)
        );
        assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    }

    #[test]
    fn a_preflight_does_not_echo_what_is_no_list_of_names() {
        let answer = preflight(None, Some("a\r\nset-cookie: x"), false);
        assert_eq!(header(&answer, "access-control-allow-headers"), None);
        assert_eq!(
            header(&answer, "access-control-allow-private-network"),
            None
        );
        assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"));
    }
}
