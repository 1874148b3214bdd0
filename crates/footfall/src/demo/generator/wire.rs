//! The wire form: how the Datadog browser SDK (7.x and 6.x) and OpenObserve's fork of it write rows, name query parameters and
//! set headers, as recorded in `fixtures/datadog` and described in the protocol notes. Rows are written as text directly:
//! a tree of values for each of tens of thousands of rows a second would be the generator's whole cost.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use super::catalogue::Application;
use super::random::{Random, Uuid};
use super::visitor::Visitor;
use super::world::Engine;

/// Which SDK's spelling a visitor's page speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    Datadog7,
    Datadog6,
    OpenObserve,
}

impl Dialect {
    fn sdk_version(self) -> &'static str {
        match self {
            Self::Datadog7 => "7.16.2",
            Self::Datadog6 => "6.33.0",
            Self::OpenObserve => "0.4.1",
        }
    }

    /// Key of the SDK's own fields in a row, key of its tags, prefix of the query.
    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Datadog7 | Self::Datadog6 => ("_dd", "ddtags", "dd"),
            Self::OpenObserve => ("_oo", "ootags", "o2"),
        }
    }

    /// Trace and span ids as this SDK writes them: decimal, or hexadecimal without leading zeros.
    pub(crate) fn trace_ids(self, random: &mut Random) -> (String, String) {
        let (trace, span) = (random.next_u64() >> 1, random.next_u64() >> 1);
        match self {
            Self::Datadog7 | Self::Datadog6 => (trace.to_string(), span.to_string()),
            Self::OpenObserve => (
                format!("{:x}{trace:016x}", random.next_u64() >> 32),
                format!("{span:x}"),
            ),
        }
    }
}

/// What all rows of one session say alike, written once.
pub(crate) struct Voice {
    dialect: Dialect,
    token: String,
    configuration: String,
    application: String,
    session: Uuid,
    connectivity: String,
    tab: Uuid,
    /// The entries of `context` without the braces.
    context: String,
    user: String,
    display: String,
    release: String,
    tags: String,
    device: String,
    flags: String,
    headers: Vec<(&'static str, String)>,
    peer: Ipv4Addr,
}

impl Voice {
    pub(crate) fn new(
        application: &Application,
        token: &str,
        visitor: &Visitor,
        version: &str,
        random: &mut Random,
    ) -> Self {
        let beta = if visitor.dialect == Dialect::Datadog6 {
            r#","beta_encode_cookie_options":false"#
        } else {
            ""
        };
        let connectivity = match visitor.client.engine {
            Engine::Chromium => format!(
                r#"{{"status":"connected","effective_type":"{}"}}"#,
                visitor.network.effective_type
            ),
            Engine::Gecko | Engine::WebKit => r#"{"status":"connected"}"#.to_owned(),
        };
        let (width, height) = visitor.viewport;
        let service = application.service;
        let locale = visitor.country.locale;
        let language = locale.split('-').next().unwrap_or(locale);
        Self {
            dialect: visitor.dialect,
            token: token.to_owned(),
            configuration: format!(
                r#"{{"session_sample_rate":100,"session_replay_sample_rate":0,"profiling_sample_rate":0,"trace_sample_rate":20{beta}"#
            ),
            application: format!(r#"{{"id":"{}"}}"#, application.app_id),
            session: random.uuid(),
            connectivity,
            tab: random.uuid(),
            context: visitor.context(),
            user: visitor.user(),
            display: format!(r#"{{"viewport":{{"width":{width},"height":{height}}}"#),
            release: format!(r#""service":"{service}","version":"{version}""#),
            tags: format!(
                "sdk_version:{},env:production,service:{service},version:{version}",
                visitor.dialect.sdk_version()
            ),
            device: format!(
                r#"{{"locale":"{locale}","locales":["{locale}","{language}"],"time_zone":"{}"}}"#,
                visitor.country.time_zone
            ),
            flags: visitor.flags(),
            headers: visitor.headers(application.origin),
            peer: visitor.address,
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Starts a row of `kind` whose SDK fields carry `internal` (entries that begin with a comma).
    pub(crate) fn open(&self, kind: &str, drift: i64, internal: &str) -> String {
        let (own, _, _) = self.dialect.names();
        let mut row = String::with_capacity(1_800);
        let rate = if kind == "view" {
            r#","start_session_replay_recording_manually":true"#
        } else {
            ""
        };
        row.push_str(r#"{"type":""#);
        row.push_str(kind);
        let _ = write!(
            row,
            r#"","{own}":{{"format_version":2,"drift":{drift},"configuration":"#
        );
        row.push_str(&self.configuration);
        row.push_str(rate);
        row.push_str(r#"},"sdk_name":"rum""#);
        row.push_str(internal);
        row
    }

    /// Adds what identifies the row: application, time, view, session, user. `view` is the JSON object of the view; `context`
    /// are further entries of the custom context.
    pub(crate) fn identify(
        &self,
        row: &mut String,
        date_ms: i64,
        view: &str,
        details: Details<'_>,
    ) {
        row.push_str(r#"},"application":"#);
        row.push_str(&self.application);
        let _ = write!(row, r#","date":{date_ms},"source":"browser","view":"#);
        row.push_str(view);
        if details.flags {
            row.push_str(r#","feature_flags":"#);
            row.push_str(&self.flags);
        }
        row.push_str(r#","session":{"id":""#);
        row.push_str(self.session.as_str());
        row.push_str(r#"","type":"user""#);
        row.push_str(details.session);
        row.push_str(r#"},"connectivity":"#);
        row.push_str(&self.connectivity);
        row.push_str(r#","tab":{"id":""#);
        row.push_str(self.tab.as_str());
        row.push_str(r#""},"context":{"#);
        row.push_str(&self.context);
        row.push_str(details.context);
        row.push_str(r#"},"usr":"#);
        row.push_str(&self.user);
        row.push_str(r#","display":"#);
        row.push_str(&self.display);
        row.push_str(details.display);
        row.push_str("},");
        row.push_str(&self.release);
    }

    /// What only views say: privacy level and device.
    pub(crate) fn describe_device(&self, row: &mut String) {
        row.push_str(r#","privacy":{"replay_level":"mask-user-input"},"device":"#);
        row.push_str(&self.device);
    }

    /// Ends a row with its tags.
    pub(crate) fn close(&self, row: &mut String) {
        let (_, tags, _) = self.dialect.names();
        let _ = write!(row, r#","{tags}":""#);
        row.push_str(&self.tags);
        row.push_str("\"}");
    }

    /// Path and query of a request built at `batch_time_ms` by the client's clock.
    pub(crate) fn path(&self, batch_time_ms: i64, sending: Sending, random: &mut Random) -> String {
        let (_, _, prefix) = self.dialect.names();
        let target = match self.dialect {
            Dialect::Datadog7 | Dialect::Datadog6 => "/api/v2/rum",
            Dialect::OpenObserve => "/rum/v1/default/rum",
        };
        let (token, version, id) = (&self.token, self.dialect.sdk_version(), random.uuid());
        let encoding = if sending == Sending::Deflated {
            format!("&{prefix}-evp-encoding=deflate")
        } else {
            String::new()
        };
        let own = if prefix == "dd" { "_dd" } else { "_o2" };
        let api = if matches!(sending, Sending::Beacon) {
            "beacon"
        } else {
            "fetch"
        };
        let retry = if sending == Sending::Retry {
            format!("&{own}.retry_count=1&{own}.retry_after=503")
        } else {
            String::new()
        };
        format!(
            "{target}?{prefix}source=browser&{prefix}-api-key={token}&{prefix}-evp-origin-version={version}&{prefix}-evp-origin=browser\
             &{prefix}-request-id={id}{encoding}&batch_time={batch_time_ms}&{own}.api={api}{retry}"
        )
    }

    pub(crate) fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    pub(crate) fn peer(&self) -> Ipv4Addr {
        self.peer
    }
}

/// What rows of some kinds add to the common part; each text holds entries that begin with a comma.
#[derive(Clone, Copy, Default)]
pub(crate) struct Details<'a> {
    pub(crate) session: &'a str,
    pub(crate) context: &'a str,
    pub(crate) display: &'a str,
    pub(crate) flags: bool,
}

/// How a batch leaves the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sending {
    Fetch,
    Deflated,
    /// The same body again after a 503.
    Retry,
    /// On page exit.
    Beacon,
}

/// Appends `text` as the inside of a JSON string.
pub(crate) fn push_escaped(out: &mut String, text: &str) {
    if !text
        .bytes()
        .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        out.push_str(text);
        return;
    }
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            other if u32::from(other) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
            other => out.push(other),
        }
    }
}
