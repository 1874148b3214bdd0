//! The load: recorded visits, each request of a visit with the visit's own fresh ids, and dates of now.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use testkit::fixtures::scenarios;

const CLIENTS: u64 = 2;
/// Longer than the longest recording: no event lies in the future.
const VISIT_MS: i64 = 60_000;
/// Recordings whose requests are plain text and were accepted.
const SCENARIOS: [&str; 6] = [
    "01-load",
    "02-spa",
    "04-errors",
    "05-network",
    "06-longtask",
    "07-custom",
];

/// The recorded visits.
pub(crate) struct Load {
    visits: Vec<Visit>,
}

/// The requests of one recording, in their order: the versions of a view come one after another, as they do from a browser.
struct Visit {
    requests: Vec<Template>,
    distinct_ids: usize,
}

struct Template {
    body: Vec<u8>,
    /// Where ids of 36 bytes stand, and which id of the visit each is.
    ids: Vec<(usize, usize)>,
    /// Where dates of 13 digits stand, and their distance from the visit's first.
    dates: Vec<(usize, i64)>,
    events: i64,
    /// Events that are not versions of a view.
    unversioned_events: i64,
}

/// What the clients sent and got accepted.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) events: i64,
    pub(crate) unversioned_events: i64,
    pub(crate) latencies_us: Vec<u64>,
}

/// What the baseline did.
pub(crate) struct Baseline {
    pub(crate) events: i64,
    pub(crate) cpu_seconds: f64,
    pub(crate) seconds: f64,
    pub(crate) bytes: u64,
}

impl Load {
    /// The plain requests of the newest Datadog SDK's recordings.
    pub(crate) fn recorded() -> Self {
        let all = scenarios("datadog");
        let chosen = all.iter().filter(|scenario| {
            scenario.sdk == "dd-rum-7" && SCENARIOS.contains(&scenario.name.as_str())
        });
        let visits: Vec<Visit> = chosen
            .map(|scenario| {
                let requests = scenario.requests.iter();
                Visit::of(
                    requests
                        .filter(|request| request.kind == "rum")
                        .map(|request| &*request.body),
                )
            })
            .collect();
        assert!(
            !visits.is_empty(),
            "no recordings under fixtures/datadog/dd-rum-7"
        );
        Self { visits }
    }
}

impl Visit {
    fn of<'a>(bodies: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut known = Vec::new();
        let mut requests: Vec<Template> =
            bodies.map(|body| Template::of(body, &mut known)).collect();
        let dates = requests.iter().flat_map(|request| &request.dates);
        let first = dates.map(|(_, date)| *date).min().unwrap_or(0);
        for (_, date) in requests.iter_mut().flat_map(|request| &mut request.dates) {
            *date -= first;
        }
        Self {
            requests,
            distinct_ids: known.len(),
        }
    }

    /// Ids for one more such visit.
    fn ids(&self, random: &mut StdRng) -> Vec<String> {
        (0..self.distinct_ids)
            .map(|_| uuid_of(random.random()))
            .collect()
    }
}

impl Template {
    /// `known`: the ids of the visit so far.
    fn of(body: &[u8], known: &mut Vec<String>) -> Self {
        let text = std::str::from_utf8(body).expect("plain recordings are UTF-8");
        let application = text
            .find("\"application\":{\"id\":\"")
            .map(|at| text[at + 21..at + 57].to_owned())
            .unwrap_or_default();
        let mut ids = Vec::new();
        for at in 0..text.len().saturating_sub(36) {
            let candidate = &text.as_bytes()[at..at + 36];
            if !is_uuid(candidate) || candidate == application.as_bytes() {
                continue;
            }
            let id = &text[at..at + 36];
            let number = known
                .iter()
                .position(|known| *known == id)
                .unwrap_or_else(|| {
                    known.push(id.to_owned());
                    known.len() - 1
                });
            ids.push((at, number));
        }
        let mut dates = Vec::new();
        for (at, _) in text.match_indices("\"date\":") {
            let at = at + 7;
            if let Ok(date) = text[at..at + 13].parse::<i64>() {
                dates.push((at, date));
            }
        }
        let lines: Vec<&str> = text.lines().collect();
        let views: BTreeSet<usize> = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.contains("\"type\":\"view\""))
            .map(|(index, _)| index)
            .collect();
        Self {
            body: body.to_vec(),
            ids,
            dates,
            events: i64::try_from(lines.len()).expect("few lines"),
            unversioned_events: i64::try_from(lines.len() - views.len()).expect("few lines"),
        }
    }

    /// `begun_ms`: when the visit began.
    fn with(&self, ids: &[String], begun_ms: i64) -> Vec<u8> {
        let mut body = self.body.clone();
        for (at, number) in &self.ids {
            body[*at..at + 36].copy_from_slice(ids[*number].as_bytes());
        }
        for (at, offset) in &self.dates {
            body[*at..at + 13].copy_from_slice((begun_ms + offset).to_string().as_bytes());
        }
        body
    }
}

fn is_uuid(text: &[u8]) -> bool {
    let dash = |index: usize| matches!(index, 8 | 13 | 18 | 23);
    text.iter().enumerate().all(|(index, byte)| {
        if dash(index) {
            *byte == b'-'
        } else {
            byte.is_ascii_hexdigit()
        }
    })
}

fn uuid_of(number: u128) -> String {
    let hex = format!("{number:032x}");
    format!(
        "{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).expect("milliseconds fit")
}

/// Sends for a while with closed-loop clients.
pub(crate) fn send(load: &Load, url: &str, during: Duration, seed: u64) -> Sent {
    let client = |number: u64| {
        let mut random = StdRng::seed_from_u64(seed + number);
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut sent = Sent::default();
        let begun = Instant::now();
        let visits = load.visits.iter().cycle();
        let requests = visits.flat_map(|visit| {
            let ids = Arc::new(visit.ids(&mut random));
            let begun_ms = now_ms() - VISIT_MS;
            let request = move |template| (template, Arc::clone(&ids), begun_ms);
            visit.requests.iter().map(request)
        });
        for (template, ids, begun_ms) in requests {
            if begun.elapsed() >= during {
                break;
            }
            let body = template.with(&ids, begun_ms);
            let target = format!(
                "{url}/api/v2/rum?ddsource=browser&dd-api-key=bench&batch_time={}",
                now_ms()
            );
            let at = Instant::now();
            let answer = agent
                .post(&target)
                .header("content-type", "text/plain;charset=UTF-8")
                .send(&body)
                .expect("an answer");
            let latency = at.elapsed();
            if answer.status().as_u16() == 202 {
                sent.events += template.events;
                sent.unversioned_events += template.unversioned_events;
                sent.latencies_us
                    .push(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
            }
        }
        sent
    };
    let mut all = Sent::default();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| scope.spawn(move || client(number)))
            .collect();
        for handle in clients {
            let sent = handle.join().expect("a client does not panic");
            all.events += sent.events;
            all.unversioned_events += sent.unversioned_events;
            all.latencies_us.extend(sent.latencies_us);
        }
    });
    all.latencies_us.sort_unstable();
    all
}

/// Parses each line into a `Value` and appends it to a file, one sync a request, on one thread.
pub(crate) fn baseline(load: &Load, dir: &Path, during: Duration) -> Baseline {
    let mut random = StdRng::seed_from_u64(7);
    let mut bodies: Vec<(Vec<u8>, i64)> = Vec::new();
    for visit in &load.visits {
        let ids = visit.ids(&mut random);
        let body = |template: &Template| (template.with(&ids, now_ms()), template.events);
        bodies.extend(visit.requests.iter().map(body));
    }
    let mut file =
        std::fs::File::create(dir.join("baseline.ndjson")).expect("a file for the baseline");
    let (mut events, mut bytes) = (0, 0);
    let cpu_before = crate::cpu_seconds(std::process::id());
    let begun = Instant::now();
    for (body, count) in bodies.iter().cycle() {
        if begun.elapsed() >= during {
            break;
        }
        let mut out = Vec::with_capacity(body.len());
        for line in body.split(|byte| *byte == b'\n') {
            let value: serde_json::Value =
                serde_json::from_slice(line).expect("recordings are JSON");
            serde_json::to_writer(&mut out, &value).expect("writing into memory does not fail");
            out.push(b'\n');
        }
        file.write_all(&out).expect("the baseline's file");
        file.sync_data().expect("the baseline's file");
        events += count;
        bytes += out.len() as u64;
    }
    let cpu_seconds = crate::cpu_seconds(std::process::id()) - cpu_before;
    Baseline {
        events,
        cpu_seconds,
        seconds: begun.elapsed().as_secs_f64(),
        bytes,
    }
}
