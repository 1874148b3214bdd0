//! Resources: what each kind of file or call costs on a visitor's connection, and its row.

use std::fmt::Write as _;

use super::catalogue::Request;
use super::faults::{Evidence, SLOW_FACTOR};
use super::rows::{drift, micros, push};
use super::session::{Kind, Walk, whole};
use super::view::{client_ms, step};
use super::wire::{Details, push_escaped};
use super::world::Engine;

/// A resource before its times are drawn.
pub(crate) struct ResourceRow<'a> {
    kind: &'static str,
    url: String,
    at_us: i64,
    source: Source<'a>,
}

enum Source<'a> {
    /// The page itself; time to first byte, ns.
    Document(i64),
    /// A static file; size in bytes and whether it may come from the browser's cache.
    File {
        size: f64,
        cacheable: bool,
    },
    /// A file of another site that reveals nothing but its duration.
    Opaque,
    Call {
        request: &'a Request,
        slow: bool,
    },
}

impl<'a> ResourceRow<'a> {
    pub(crate) fn document(url: String, at_us: i64, first_byte_ns: i64) -> Self {
        Self {
            kind: "document",
            url,
            at_us,
            source: Source::Document(first_byte_ns),
        }
    }

    pub(crate) fn file(
        kind: &'static str,
        url: String,
        at_us: i64,
        size: f64,
        cacheable: bool,
    ) -> Self {
        Self {
            kind,
            url,
            at_us,
            source: Source::File { size, cacheable },
        }
    }

    pub(crate) fn opaque(kind: &'static str, url: String, at_us: i64) -> Self {
        Self {
            kind,
            url,
            at_us,
            source: Source::Opaque,
        }
    }

    pub(crate) fn call(request: &'a Request, url: String, at_us: i64, slow: bool) -> Self {
        Self {
            kind: "fetch",
            url,
            at_us,
            source: Source::Call { request, slow },
        }
    }
}

/// What the browser measured of one resource, ns.
struct Timing {
    dns: i64,
    connect: i64,
    secure: i64,
    first_byte: i64,
    download: i64,
}

impl Timing {
    fn draw(walk: &mut Walk<'_>, server_ms: f64, size: f64, new_connection: bool) -> Self {
        let random = &mut walk.session.random;
        let visitor = &walk.session.visitor;
        let clock_ns = visitor.client.engine.clock_step_ns();
        let ns = |ms: f64| step(ms * 1e6, clock_ns);
        let round_trip_ms = visitor.country.round_trip_ms * visitor.network.factor;
        // The web's tail: now and then a server is ten times as slow.
        let outlier = if random.chance(0.012) {
            random.between(4.0, 14.0)
        } else {
            1.0
        };
        let first_byte_ms = round_trip_ms + random.log_normal(server_ms, 0.55) * outlier;
        let bytes_a_ms = 2_600.0 / visitor.network.factor.powf(1.4);
        let download_ms = 0.2 + size / bytes_a_ms * random.log_normal(1.0, 0.4);
        let (dns, connect, secure) = if new_connection {
            (
                ns(random.log_normal(12.0, 0.8)),
                ns(2.0 * round_trip_ms + 1.0),
                ns(round_trip_ms + 0.6),
            )
        } else {
            (0, 0, 0)
        };
        Self {
            dns,
            connect,
            secure,
            first_byte: ns(first_byte_ms),
            download: ns(download_ms).max(clock_ns),
        }
    }

    fn total(&self) -> i64 {
        self.dns + self.connect + self.first_byte + self.download
    }

    /// The phases as the SDK writes them, each with its start from the beginning of the resource.
    fn write(&self, row: &mut String) {
        let connected = self.dns + self.connect;
        let answered = connected + self.first_byte;
        let _ = write!(
            row,
            r#","download":{{"duration":{},"start":{answered}}}"#,
            self.download
        );
        let _ = write!(
            row,
            r#","first_byte":{{"duration":{},"start":{connected}}}"#,
            self.first_byte
        );
        if self.connect > 0 {
            let _ = write!(
                row,
                r#","connect":{{"duration":{},"start":{}}}"#,
                self.connect, self.dns
            );
            let _ = write!(
                row,
                r#","ssl":{{"duration":{},"start":{}}}"#,
                self.secure,
                connected - self.secure
            );
            let _ = write!(row, r#","dns":{{"duration":{},"start":0}}"#, self.dns);
        }
    }
}

pub(crate) fn add(walk: &mut Walk<'_>, view: usize, resource: ResourceRow<'_>) {
    match resource.source {
        Source::Call { request, slow } => call(walk, view, resource, request, slow),
        Source::Opaque => {
            let duration_ms = walk
                .session
                .random
                .log_normal(160.0 * walk.session.visitor.network.factor, 0.7);
            let duration = step(
                duration_ms * 1e6,
                walk.session.visitor.client.engine.clock_step_ns(),
            );
            let mut row = open_resource(walk, view, &resource, duration, None, None);
            close_resource(
                walk,
                view,
                &resource,
                &mut row,
                duration,
                Evidence::default(),
            );
        }
        Source::Document(first_byte) => {
            let timing = Timing {
                dns: 0,
                connect: 0,
                secure: 0,
                first_byte,
                download: 1_000_000,
            };
            let size = walk.session.random.log_normal(14_000.0, 0.3);
            finish_file(walk, view, &resource, &timing, size, Cached::No);
        }
        Source::File { size, cacheable } => {
            let cached = cacheable && walk.session.random.chance(0.7);
            let new_connection = !cached && walk.session.random.chance(0.12);
            let mut timing = Timing::draw(walk, 9.0, size, new_connection);
            if cached {
                timing = Timing {
                    dns: 0,
                    connect: 0,
                    secure: 0,
                    first_byte: 1_000_000,
                    download: 1_000_000,
                };
            }
            finish_file(
                walk,
                view,
                &resource,
                &timing,
                size,
                if cached { Cached::Yes } else { Cached::No },
            );
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cached {
    Yes,
    No,
}

fn finish_file(
    walk: &mut Walk<'_>,
    view: usize,
    resource: &ResourceRow<'_>,
    timing: &Timing,
    size: f64,
    cached: Cached,
) {
    let mut row = open_resource(walk, view, resource, timing.total(), Some(200), None);
    write_transfer(walk, &mut row, resource.kind, size, cached);
    timing.write(&mut row);
    close_resource(
        walk,
        view,
        resource,
        &mut row,
        timing.total(),
        Evidence::default(),
    );
}

fn call(
    walk: &mut Walk<'_>,
    view: usize,
    resource: ResourceRow<'_>,
    request: &Request,
    slow: bool,
) {
    let new_connection = walk.session.random.chance(0.06);
    let mut timing = Timing::draw(walk, request.server_ms, request.size, new_connection);
    if slow {
        let extra_ms = micros(timing.total()) * (SLOW_FACTOR - 1.0);
        timing.first_byte += step(extra_ms, walk.session.visitor.client.engine.clock_step_ns());
    }
    let random = &mut walk.session.random;
    let status: u32 = if random.chance(request.failure_rate) {
        *random.weighted(
            &[(500, 60.0), (503, 25.0), (504, 10.0), (0, 5.0)],
            |status| status.1,
        )
    } else if random.chance(0.008) {
        *random.weighted(&[(404, 60.0), (401, 20.0), (429, 20.0)], |status| status.1)
    } else {
        (if request.method == "POST" { 201 } else { 200 }, 0.0)
    }
    .0;
    let traced = random
        .chance(0.2)
        .then(|| walk.session.voice.dialect().trace_ids(random));
    let mut resource = resource;
    if random.chance(0.15) {
        resource.kind = "xhr";
    }
    let total = timing.total();
    let mut row = open_resource(walk, view, &resource, total, Some(status), traced);
    let _ = write!(row, r#","method":"{}""#, request.method);
    if status != 0 {
        write_transfer(walk, &mut row, resource.kind, request.size, Cached::No);
        timing.write(&mut row);
    }
    let evidence = Evidence {
        slow_requests: u64::from(slow),
        ..Evidence::default()
    };
    close_resource(walk, view, &resource, &mut row, total, evidence);
}

fn open_resource(
    walk: &mut Walk<'_>,
    view: usize,
    resource: &ResourceRow<'_>,
    duration: i64,
    status: Option<u32>,
    traced: Option<(String, String)>,
) -> String {
    let drift = drift(&mut walk.session.random);
    let trace = traced.map_or_else(String::new, |(trace, span)| {
        format!(r#","span_id":"{span}","trace_id":"{trace}","rule_psr":0.2"#)
    });
    let session = &walk.session;
    let mut row = session
        .voice
        .open("resource", drift, &format!(r#","discarded":false{trace}"#));
    let label = format!("{{{}}}", session.views[view].label);
    session.voice.identify(
        &mut row,
        client_ms(resource.at_us, &session.visitor),
        &label,
        Details::default(),
    );
    let id = walk.session.random.uuid();
    let _ = write!(
        row,
        r#","resource":{{"id":"{id}","duration":{duration},"type":"{}","url":""#,
        resource.kind
    );
    push_escaped(&mut row, &resource.url);
    row.push('"');
    if let Some(status) = status {
        let _ = write!(row, r#","status_code":{status}"#);
    }
    row
}

fn write_transfer(walk: &Walk<'_>, row: &mut String, kind: &str, size: f64, cached: Cached) {
    let size = whole(size).max(60);
    let decoded = if matches!(kind, "js" | "css" | "document" | "fetch" | "xhr") {
        size * 34 / 10
    } else {
        size
    };
    let (transfer, delivery) = if cached == Cached::Yes {
        (0, "cache")
    } else {
        (size + 300, "other")
    };
    let protocol = if walk.session.visitor.client.engine == Engine::WebKit {
        "h2"
    } else {
        "h3"
    };
    let _ = write!(
        row,
        r#","protocol":"{protocol}","size":{decoded},"encoded_body_size":{size},"decoded_body_size":{decoded},"transfer_size":{transfer}"#
    );
    if walk.session.visitor.client.engine == Engine::Chromium {
        let blocking = if kind == "css" {
            "blocking"
        } else {
            "non-blocking"
        };
        let _ = write!(
            row,
            r#","delivery_type":"{delivery}","render_blocking_status":"{blocking}""#
        );
    }
}

fn close_resource(
    walk: &mut Walk<'_>,
    view: usize,
    resource: &ResourceRow<'_>,
    row: &mut String,
    duration: i64,
    evidence: Evidence,
) {
    row.push('}');
    walk.session.voice.close(row);
    push(
        walk,
        view,
        Kind::Resource,
        resource.at_us + duration / 1_000,
        std::mem::take(row),
        evidence,
    );
}
