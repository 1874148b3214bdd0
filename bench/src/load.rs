//! The load: recorded rum requests as templates whose ids and dates are made fresh for each send.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use testkit::fixtures::scenarios;

const CLIENTS: u64 = 2;
/// Recordings whose requests are plain text and were accepted.
const SCENARIOS: [&str; 6] = [
    "01-load",
    "02-spa",
    "04-errors",
    "05-network",
    "06-longtask",
    "07-custom",
];

/// The templates.
pub(crate) struct Load {
    templates: Vec<Template>,
}

struct Template {
    body: Vec<u8>,
    /// Where ids of 36 bytes stand, and which id each is.
    ids: Vec<(usize, usize)>,
    distinct_ids: usize,
    /// Where dates of 13 digits stand, and their distance from the first.
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
        let requests = chosen
            .flat_map(|scenario| &scenario.requests)
            .filter(|request| request.kind == "rum");
        let templates: Vec<Template> = requests
            .map(|request| Template::of(&request.body))
            .collect();
        assert!(
            !templates.is_empty(),
            "no recordings under fixtures/datadog/dd-rum-7"
        );
        Self { templates }
    }
}

impl Template {
    fn of(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).expect("plain recordings are UTF-8");
        let application = text
            .find("\"application\":{\"id\":\"")
            .map(|at| text[at + 21..at + 57].to_owned())
            .unwrap_or_default();
        let mut known: Vec<&str> = Vec::new();
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
                    known.push(id);
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
        let first = dates.iter().map(|(_, date)| *date).min().unwrap_or(0);
        let dates = dates
            .into_iter()
            .map(|(at, date)| (at, date - first))
            .collect();
        let lines: Vec<&str> = text.lines().collect();
        let views: BTreeSet<usize> = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.contains("\"type\":\"view\""))
            .map(|(index, _)| index)
            .collect();
        Self {
            body: body.to_vec(),
            distinct_ids: known.len(),
            ids,
            dates,
            events: i64::try_from(lines.len()).expect("few lines"),
            unversioned_events: i64::try_from(lines.len() - views.len()).expect("few lines"),
        }
    }

    fn fresh(&self, random: &mut StdRng) -> Vec<u8> {
        let mut body = self.body.clone();
        let fresh: Vec<String> = (0..self.distinct_ids)
            .map(|_| uuid_of(random.random()))
            .collect();
        for (at, number) in &self.ids {
            body[*at..at + 36].copy_from_slice(fresh[*number].as_bytes());
        }
        let now = now_ms() - 2_000;
        for (at, offset) in &self.dates {
            body[*at..at + 13].copy_from_slice((now + offset.min(&1_500)).to_string().as_bytes());
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
        for template in load.templates.iter().cycle() {
            if begun.elapsed() >= during {
                break;
            }
            let body = template.fresh(&mut random);
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
    let bodies: Vec<(Vec<u8>, i64)> = load
        .templates
        .iter()
        .map(|template| (template.fresh(&mut random), template.events))
        .collect();
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
