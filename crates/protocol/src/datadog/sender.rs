//! What the request around the events says: who sends, when, and whether again.

use crate::query;
use crate::request::{Request, Sdk};

use super::endpoints::is_openobserve;

/// The facts of one request that its events need.
#[derive(Debug, Default)]
pub(crate) struct Sender {
    /// OpenObserve's paths or parameter names.
    pub(crate) is_openobserve: bool,
    /// `ddsource`: the value of an event's `source` where it has none.
    pub(crate) source: Option<String>,
    /// `dd-evp-origin-version`: the SDK's version where no tag says it.
    pub(crate) sdk_version: Option<String>,
    /// `ddtags` of the URL; an event's own win.
    pub(crate) tags: Vec<(String, String)>,
    /// `application.id`, sent to a replica: overrides that of the events.
    pub(crate) application: Option<String>,
    /// `batch_time`, µs since 1970.
    pub(crate) sent_at_us: Option<i64>,
    pub(crate) is_retry: bool,
    pub(crate) is_mobile: bool,
    /// The body is announced as compressed.
    pub(crate) announces_compression: bool,
}

impl Sender {
    pub(crate) fn of(request: &Request) -> Self {
        let parameter =
            |names: &[&str]| query::first(&request.query, names).filter(|text| !text.is_empty());
        let header = |name: &str| request.header(name).map(str::to_owned);
        let evp = |name: &str| ["dd", "o2", "oo"].map(|family| format!("{family}-evp-{name}"));
        let evp = |name: &str| {
            let names = evp(name);
            parameter(&names.each_ref().map(String::as_str)).or_else(|| header(&names[0]))
        };
        let tags = parameter(&["ddtags", "o2tags", "ootags"]).unwrap_or_default();
        let tags: Vec<(String, String)> = tag_list(&tags)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let retries = parameter(&["_dd.retry_count", "_o2.retry_count", "_oo.retry_count"]);
        let retry_tag = tags
            .iter()
            .find(|(name, _)| name == "retry_count")
            .map(|(_, value)| value);
        let is_retry = retries
            .as_ref()
            .or(retry_tag)
            .is_some_and(|count| count != "0");
        let source = parameter(&["ddsource", "o2source", "oosource"]);
        let origin = evp("origin");
        let encoding = request.header("content-encoding").unwrap_or("identity");
        Self {
            is_openobserve: is_openobserve(&request.path, &request.query),
            is_mobile: request.header("dd-idempotency-key").is_some()
                || is_mobile(source.as_deref(), origin.as_deref()),
            source,
            sdk_version: evp("origin-version"),
            tags,
            application: parameter(&["application.id"]),
            sent_at_us: parameter(&["batch_time"])
                .and_then(|ms| ms.parse::<i64>().ok()?.checked_mul(1000)),
            is_retry,
            announces_compression: evp("encoding").is_some()
                || !encoding.eq_ignore_ascii_case("identity"),
        }
    }
}

/// The SDK by parameters and headers, without the events; the fix-up of the same name sees more.
pub(crate) fn sdk(request: &Request) -> Sdk {
    let sender = Sender::of(request);
    let tagged = sender.tags.iter().find(|(name, _)| name == "sdk_version");
    let tagged = tagged.map(|(_, version)| version.clone());
    let version = tagged.or(sender.sdk_version);
    let is_zero = version
        .as_deref()
        .is_some_and(|version| version.starts_with("0."));
    let family = match sender.source.as_deref() {
        _ if sender.is_openobserve => "openobserve",
        Some("miniapp") => "flashduty",
        Some("browser") | None if is_zero => "flashduty",
        _ => "datadog",
    };
    Sdk { family, version }
}

/// Mobile SDKs keep batches on disk up to 18 h. The browser SDK inside Flutter or Unity for the web, and mini-programs, do not.
fn is_mobile(source: Option<&str>, origin: Option<&str>) -> bool {
    let in_memory = [Some("browser"), Some("miniapp")];
    let on_disk = !matches!(
        source,
        None | Some("browser" | "miniapp" | "electron" | "dd_debugger")
    );
    on_disk && !in_memory.contains(&origin)
}

/// `a:1,b:2` → names and values; a value may hold colons, a tag may have none.
pub(crate) fn tag_list(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(|tag| tag.split_once(':').unwrap_or((tag, "")))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::request::{Endpoint, ProtocolId};

    fn sender(query: &str, headers: &[(&str, &str)]) -> Sender {
        Sender::of(&request(query, headers))
    }

    fn request(query: &str, headers: &[(&str, &str)]) -> Request {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Request {
            protocol: ProtocolId::DATADOG,
            endpoint: Endpoint::Events,
            method: "POST".into(),
            path: "/api/v2/rum".into(),
            query: query.into(),
            headers: headers.collect(),
            body: bytes::Bytes::new(),
            arrival_us: 0,
            peer: Ipv4Addr::LOCALHOST.into(),
            token_app: None,
        }
    }

    fn check_sdk(query: &str, family: &str, version: Option<&str>) {
        let sdk = sdk(&request(query, &[]));
        assert_eq!(
            (sdk.family, sdk.version.as_deref()),
            (family, version),
            "{query}"
        );
    }

    #[test]
    fn the_sdk_is_told_without_the_body() {
        check_sdk(
            "ddsource=browser&dd-evp-origin-version=6.2.0",
            "datadog",
            Some("6.2.0"),
        );
        check_sdk(
            "ddsource=browser&ddtags=sdk_version%3A5.35.1%2Capi%3Afetch",
            "datadog",
            Some("5.35.1"),
        );
        check_sdk(
            "o2source=browser&o2-evp-origin-version=0.3.2",
            "openobserve",
            Some("0.3.2"),
        );
        check_sdk(
            "ddsource=browser&dd-evp-origin-version=0.4.1",
            "flashduty",
            Some("0.4.1"),
        );
        check_sdk(
            "ddsource=android&dd-evp-origin-version=0.4.1",
            "datadog",
            Some("0.4.1"),
        );
        check_sdk("", "datadog", None);
    }

    #[test]
    fn a_retry_says_so_in_parameter_or_tag() {
        assert!(sender("_dd.retry_count=1", &[]).is_retry);
        assert!(sender("_o2.retry_count=2", &[]).is_retry);
        assert!(sender("ddtags=api%3Afetch%2Cretry_count%3A1", &[]).is_retry);
        assert!(sender("ddtags=retry_count:2,last_failure_status:503", &[]).is_retry);
        assert!(!sender("_dd.retry_count=0&ddtags=api%3Afetch", &[]).is_retry);
        assert!(!sender("", &[]).is_retry);
    }

    #[test]
    fn batch_time_is_the_send_time() {
        assert_eq!(
            sender("batch_time=1795244869535", &[]).sent_at_us,
            Some(1_795_244_869_535_000)
        );
        assert_eq!(
            sender("batch_time=9223372036854775807", &[]).sent_at_us,
            None
        );
        assert_eq!(sender("batch_time=soon", &[]).sent_at_us, None);
    }

    #[test]
    fn mobile_is_told_by_source_and_not_by_the_web_build_of_a_framework() {
        assert!(sender("ddsource=android", &[]).is_mobile);
        assert!(sender("ddsource=flutter", &[("dd-evp-origin", "flutter")]).is_mobile);
        assert!(!sender("ddsource=flutter&dd-evp-origin=browser", &[]).is_mobile);
        assert!(!sender("ddsource=browser", &[]).is_mobile);
        assert!(!sender("ddsource=miniapp&dd-evp-origin=miniapp", &[]).is_mobile);
        assert!(!sender("", &[]).is_mobile);
    }

    #[test]
    fn compression_is_announced_by_parameter_or_header() {
        assert!(sender("o2-evp-encoding=deflate", &[]).announces_compression);
        assert!(sender("", &[("content-encoding", "gzip")]).announces_compression);
        assert!(
            !sender("dd-evp-origin=browser", &[("content-encoding", "identity")])
                .announces_compression
        );
    }

    #[test]
    fn the_sdk_version_comes_from_query_or_header() {
        assert_eq!(
            sender("o2-evp-origin-version=0.4.1", &[])
                .sdk_version
                .as_deref(),
            Some("0.4.1")
        );
        let mobile = sender("", &[("dd-evp-origin-version", "3.8.0")]);
        assert_eq!(mobile.sdk_version.as_deref(), Some("3.8.0"));
    }
}
