//! The load: demo traffic cut into requests of a wished number of events, each time round with fresh ids and dates of now.
//!
//! A pool of events is made once. Every round rewrites in place the first eight digits of each UUID and each `date`, so that the
//! generator costs a copy and some tens of nanoseconds an event, and no round repeats an id of another.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::generator::{self, Generator, Params, Sessions};

/// Where the pool's dates begin: they have 13 digits then.
const START_MS: i64 = 1_600_000_000_000;
/// Events of a visit, about.
const VISIT_EVENTS: usize = 40;
const UUID: usize = 36;

/// Requests that can be sent for ever.
pub(crate) struct Traffic {
    templates: Vec<Template>,
    salt: u32,
    next: AtomicUsize,
    requests_max: usize,
}

/// One request with what changes from round to round.
struct Template {
    body: Vec<u8>,
    /// Where UUIDs begin, and their first eight digits.
    ids: Vec<(u32, u32)>,
    /// Where dates of 13 digits stand, and how long before the round they lie, ms.
    dates: Vec<(u32, i64)>,
    events: u32,
    /// Events that are not versions of a view.
    unversioned: u32,
}

/// A request's share in what has to be stored.
#[derive(Clone, Copy)]
pub(crate) struct Request {
    pub(crate) events: u32,
    pub(crate) unversioned: u32,
}

impl Traffic {
    /// A pool of about `events` events in requests of `per_request`; the dates of each round reach from now back over a span.
    pub(crate) fn new(seed: u64, events: usize, per_request: usize, span_ms: i64) -> Self {
        let params = Params {
            seed,
            applications: generator::APPLICATIONS_MAX,
            start_us: START_MS * 1000,
            end_us: Some((START_MS + span_ms) * 1000),
            sessions: Sessions::Total((events / VISIT_EVENTS) as u64),
            tokens: Vec::new(),
        };
        let mut lines: Vec<Vec<String>> = vec![Vec::new(); generator::APPLICATIONS_MAX];
        let mut templates = Vec::new();
        let mut known = HashSet::new();
        for request in Generator::new(params) {
            // What a browser sent twice is left out: what has to be stored is counted then.
            if !known.insert(request.body.clone()) {
                continue;
            }
            let waiting = &mut lines[request.application];
            for line in request.body.lines() {
                waiting.push(line.to_owned());
                if waiting.len() == per_request {
                    templates.push(Template::of(waiting, span_ms));
                    waiting.clear();
                }
            }
        }
        Self {
            templates,
            salt: u32::try_from(seed & 0xffff_ffff).unwrap_or(0),
            next: AtomicUsize::new(0),
            requests_max: usize::MAX,
        }
    }

    /// Ends after about so many events.
    pub(crate) fn until(mut self, events: usize) -> Self {
        let pool: usize = self.templates.iter().map(|one| one.events as usize).sum();
        self.requests_max = events * self.templates.len() / pool;
        self
    }

    /// Mean size of an event, bytes.
    pub(crate) fn event_bytes(&self) -> f64 {
        let bytes: usize = self.templates.iter().map(|one| one.body.len()).sum();
        let events: u64 = self.templates.iter().map(|one| u64::from(one.events)).sum();
        bytes as f64 / events as f64
    }

    /// Writes the body of the next request, if there is one.
    pub(crate) fn next(&self, body: &mut Vec<u8>) -> Option<Request> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= self.requests_max {
            return None;
        }
        let template = &self.templates[number % self.templates.len()];
        let round = u32::try_from(number / self.templates.len()).unwrap_or(u32::MAX);
        let change = (round ^ self.salt).wrapping_mul(0x9e37_79b1);
        body.clear();
        body.extend_from_slice(&template.body);
        for (at, digits) in &template.ids {
            write_hex(&mut body[*at as usize..][..8], digits ^ change);
        }
        let now = now_ms();
        for (at, before) in &template.dates {
            write_decimal(&mut body[*at as usize..][..13], now - before);
        }
        Some(Request {
            events: template.events,
            unversioned: template.unversioned,
        })
    }
}

impl Template {
    fn of(lines: &[String], span_ms: i64) -> Self {
        let body = lines.join("\n").into_bytes();
        let mut ids = Vec::new();
        let mut at = 0;
        while at + UUID <= body.len() {
            if is_uuid(&body[at..at + UUID]) {
                let digits = std::str::from_utf8(&body[at..at + 8]).expect("hex digits");
                let digits = u32::from_str_radix(digits, 16).expect("hex digits");
                ids.push((u32::try_from(at).expect("a small body"), digits));
                at += UUID;
            } else {
                at += 1;
            }
        }
        let text = std::str::from_utf8(&body).expect("the generator writes UTF-8");
        let mut dates = Vec::new();
        for (found, name) in text.match_indices("\"date\":") {
            let at = found + name.len();
            let date: i64 = text[at..at + 13].parse().expect("a date has 13 digits");
            let at = u32::try_from(at).expect("a small body");
            dates.push((at, START_MS + span_ms - date));
        }
        let views = lines
            .iter()
            .filter(|line| line.contains("\"type\":\"view\""))
            .count();
        let count = |number: usize| u32::try_from(number).expect("few lines");
        Self {
            body,
            ids,
            dates,
            events: count(lines.len()),
            unversioned: count(lines.len() - views),
        }
    }
}

fn is_uuid(text: &[u8]) -> bool {
    let dash = |index: usize| matches!(index, 8 | 13 | 18 | 23);
    text.iter()
        .enumerate()
        .all(|(index, byte)| match dash(index) {
            true => *byte == b'-',
            false => byte.is_ascii_hexdigit(),
        })
}

fn write_hex(out: &mut [u8], mut number: u32) {
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

fn write_decimal(out: &mut [u8], mut number: i64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).expect("milliseconds fit")
}
