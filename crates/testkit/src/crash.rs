//! Kills a server under load, again and again, with or without a loss of power, and checks that every acknowledged event is there once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use crate::faulty_disk::FaultyDisk;
use crate::server::{Server, Start, StartTimes};

/// The application that the load writes to.
const APP: &str = "crash-test";
const SENDERS: usize = 2;
const ACTIONS_PER_BATCH: usize = 20;

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub rounds: usize,
    pub acknowledged_events: usize,
    /// Writes and names that losses of power took.
    pub lost: usize,
    pub slowest_answering: Duration,
    pub slowest_ready: Duration,
}

/// What senders know of one round.
#[derive(Default)]
struct Sent {
    /// Action ids: whether acknowledged.
    actions: HashMap<String, bool>,
    /// View ids: the highest acknowledged version and the highest sent.
    views: HashMap<String, (i64, i64)>,
}

/// Starts the server on `dir`, loads it, kills it after a random time, starts it again and checks; `rounds` times.
///
/// # Panics
/// When an acknowledged event is missing, an event is there twice, or the server does not start; the seed is in the message.
#[must_use]
pub fn run(
    binary: &Path,
    dir: &Path,
    rounds: usize,
    seed: u64,
    settings: &[(&str, &str)],
) -> Report {
    kill_again_and_again(&start_on(binary, dir, settings), None, rounds, seed)
}

/// As [`run`], and with each kill the disk loses what was not synced.
///
/// # Panics
/// As [`run`].
#[must_use]
pub fn run_losing_power(
    binary: &Path,
    disk: &FaultyDisk,
    rounds: usize,
    seed: u64,
    settings: &[(&str, &str)],
) -> Report {
    let mut start = start_on(binary, disk.root(), settings);
    for (name, value) in disk.env() {
        start = start.with(name, &value);
    }
    kill_again_and_again(&start, Some(disk), rounds, seed)
}

fn start_on(binary: &Path, dir: &Path, settings: &[(&str, &str)]) -> Start {
    let start = Start::new(binary, dir);
    settings
        .iter()
        .fold(start, |start, (name, value)| start.with(name, value))
}

fn kill_again_and_again(
    start: &Start,
    disk: Option<&FaultyDisk>,
    rounds: usize,
    seed: u64,
) -> Report {
    let mut random = StdRng::seed_from_u64(seed);
    let mut report = Report {
        rounds,
        ..Report::default()
    };
    let mut server = start.ready();
    for round in 0..rounds {
        let lifetime = Duration::from_millis(random.random_range(150..1500));
        let sent = load(&mut server, round, lifetime);
        if let Some(disk) = disk {
            let lost = disk.lose_power(random.random());
            let lost = lost.expect("what was not synced can be taken back");
            report.lost += lost.changes + lost.names;
        }
        server = start.spawn();
        let StartTimes { answering, ready } = server.wait_ready();
        report.slowest_answering = report.slowest_answering.max(answering);
        report.slowest_ready = report.slowest_ready.max(ready);
        report.acknowledged_events += sent
            .actions
            .values()
            .filter(|acknowledged| **acknowledged)
            .count();
        check(&server, round, &sent, seed);
    }
    assert_eq!(server.stop(), Some(0), "seed {seed}: a clean stop exits 0");
    report
}

/// Sends until the time is over, then kills the server under the senders' hands.
fn load(server: &mut Server, round: usize, lifetime: Duration) -> Sent {
    let sent = Arc::new(Mutex::new(Sent::default()));
    let stop = Arc::new(AtomicBool::new(false));
    let url = server.url();
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (sent, stop, url) = (Arc::clone(&sent), Arc::clone(&stop), url.clone());
            std::thread::spawn(move || {
                send_batches(&url, &format!("{round}-{sender}"), &sent, &stop)
            })
        })
        .collect();
    let begun = Instant::now();
    while begun.elapsed() < lifetime {
        std::thread::park_timeout(lifetime.saturating_sub(begun.elapsed()));
    }
    server.kill();
    stop.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.join().expect("a sender does not panic");
    }
    Arc::into_inner(sent)
        .expect("senders are done")
        .into_inner()
        .expect("senders do not panic")
}

fn send_batches(url: &str, name: &str, sent: &Mutex<Sent>, stop: &AtomicBool) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let view = format!("view-{name}-{}", number / 3);
        let version = number % 3 + 1;
        let actions: Vec<String> = (0..ACTIONS_PER_BATCH)
            .map(|action| format!("action-{name}-{number}-{action}"))
            .collect();
        {
            let mut sent = sent.lock().expect("senders do not panic");
            sent.actions
                .extend(actions.iter().map(|id| (id.clone(), false)));
            sent.views.entry(view.clone()).or_default().1 = version;
        }
        let body = body_of(name, &view, version, &actions);
        let target = format!(
            "{url}/api/v2/rum?ddsource=browser&dd-api-key=any&batch_time={}",
            now_ms()
        );
        let answer = agent
            .post(&target)
            .header("content-type", "text/plain;charset=UTF-8")
            .send(&body);
        let Ok(answer) = answer else { continue };
        assert!(
            matches!(answer.status().as_u16(), 202 | 429 | 503),
            "answered {}",
            answer.status()
        );
        if answer.status().as_u16() == 202 {
            let mut sent = sent.lock().expect("senders do not panic");
            for id in actions {
                sent.actions.insert(id, true);
            }
            if let Some(known) = sent.views.get_mut(&view) {
                known.0 = version;
            }
        }
    }
}

fn body_of(name: &str, view: &str, version: i64, actions: &[String]) -> String {
    let now = now_ms();
    let common = |kind: &str| {
        json!({ "type": kind, "date": now, "application": { "id": APP }, "service": name, "source": "browser",
            "session": { "id": format!("session-{name}"), "type": "user" },
            "view": { "id": view, "url": "https://shop.example/cart" } })
    };
    let mut lines = Vec::new();
    for id in actions {
        let mut action = common("action");
        action["action"] = json!({ "id": id, "type": "click", "target": { "name": "Buy" } });
        lines.push(action.to_string());
    }
    let mut state = common("view");
    state["_dd"] = json!({ "document_version": version, "format_version": 2 });
    state["view"]["time_spent"] = json!(version * 1_000_000);
    state["view"]["is_active"] = json!(version < 3);
    lines.push(state.to_string());
    lines.join("\n")
}

fn check(server: &Server, round: usize, sent: &Sent, seed: u64) {
    let of_round = format!("service LIKE '{round}-%'");
    let found = server.rows(&format!(
        "SELECT event_id, count(*) FROM action WHERE {of_round} GROUP BY event_id LIMIT 1000000"
    ));
    let found: HashMap<&str, i64> = found
        .iter()
        .map(|row| {
            (
                row[0].as_str().unwrap_or_default(),
                row[1].as_i64().unwrap_or_default(),
            )
        })
        .collect();
    for (id, acknowledged) in &sent.actions {
        let count = found.get(id.as_str()).copied().unwrap_or(0);
        assert!(
            !acknowledged || count == 1,
            "seed {seed}, round {round}: acknowledged {id} is there {count} times"
        );
        assert!(
            count <= 1,
            "seed {seed}, round {round}: {id} is there {count} times"
        );
    }
    assert!(
        found.keys().all(|id| sent.actions.contains_key(*id)),
        "seed {seed}, round {round}: rows nobody sent"
    );
    let views = server.rows(&format!(
        "SELECT view_id, count(*), max(view_version) FROM view WHERE {of_round} GROUP BY view_id LIMIT 1000000"
    ));
    let views: HashMap<&str, (i64, i64)> = views
        .iter()
        .map(|row| {
            let number = |index: usize| row[index].as_i64().unwrap_or_default();
            (row[0].as_str().unwrap_or_default(), (number(1), number(2)))
        })
        .collect();
    for (id, (acknowledged, sent_version)) in &sent.views {
        let (count, version) = views.get(id.as_str()).copied().unwrap_or((0, 0));
        assert!(
            *acknowledged == 0 || count == 1,
            "seed {seed}, round {round}: view {id} is there {count} times"
        );
        assert!(
            count <= 1 && version <= *sent_version,
            "seed {seed}, round {round}: view {id} has version {version}"
        );
        assert!(
            version >= *acknowledged,
            "seed {seed}, round {round}: view {id} lost version {acknowledged}"
        );
    }
    let sessions = server.rows(&format!(
        "SELECT s.session_id, s.session_action_count, (SELECT count(*) FROM action a WHERE a.session_id = s.session_id)
         FROM session s WHERE {of_round}"
    ));
    for session in sessions {
        assert_eq!(
            session[1], session[2],
            "seed {seed}, round {round}: counts of session {}",
            session[0]
        );
    }
}

fn now_ms() -> u128 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis())
}
