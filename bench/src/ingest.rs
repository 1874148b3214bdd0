//! One load against the real server: HTTP to acknowledged after the sync, until the last event can be queried.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::server::{Server, Start};

use crate::client::{Pace, Sent, send};
use crate::process::{bytes_under, cpu_seconds, memory_mb};
use crate::traffic::Traffic;

pub(crate) const TABLES: [&str; 8] = [
    "session",
    "view",
    "resource",
    "action",
    "long_task",
    "error",
    "vital",
    "telemetry",
];

/// Over how long a time the dates of a round are spread: like a backlog of clients that were away for minutes.
pub(crate) const SPAN_MS: i64 = 20 * 60_000;

/// How to load.
pub(crate) struct Load {
    pub(crate) name: &'static str,
    pub(crate) events_per_request: usize,
    pub(crate) connections: usize,
    pub(crate) during: Duration,
    pub(crate) pace: Pace,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) load: Load,
    pub(crate) sent: Sent,
    pub(crate) event_bytes: f64,
    /// From the first request until the last event could be queried.
    pub(crate) seconds: f64,
    /// User and system time of the server, its clean stop included.
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_mb: f64,
    pub(crate) tables: Vec<TableSize>,
}

/// Rows and bytes of one table after the clean stop.
pub(crate) struct TableSize {
    pub(crate) table: &'static str,
    pub(crate) rows: i64,
    pub(crate) parquet_bytes: u64,
    pub(crate) keys_bytes: u64,
}

impl Outcome {
    pub(crate) fn events_per_second(&self) -> f64 {
        self.sent.events as f64 / self.seconds
    }

    pub(crate) fn core_seconds_per_million(&self) -> f64 {
        self.cpu_seconds / self.sent.events as f64 * 1e6
    }

    pub(crate) fn json(&self) -> Value {
        let tables: Vec<Value> = self
            .tables
            .iter()
            .map(|table| json!({ "table": table.table, "rows": table.rows, "parquet_bytes": table.parquet_bytes, "keys_bytes": table.keys_bytes }))
            .collect();
        json!({
            "name": self.load.name, "events_per_request": self.load.events_per_request, "event_bytes": self.event_bytes,
            "events": self.sent.events, "refused": self.sent.refused.len(), "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds, "peak_mb": self.peak_mb,
            "events_per_second": self.events_per_second(), "core_seconds_per_million": self.core_seconds_per_million(),
            "ack_p50_ms": self.sent.quantile_ms(0.5), "ack_p99_ms": self.sent.quantile_ms(0.99), "tables": tables,
        })
    }
}

/// Loads a fresh server, one dashboard query a second beside, and stops it.
pub(crate) fn run(binary: &Path, dir: &Path, seed: u64, pool_events: usize, load: Load) -> Outcome {
    let traffic = Traffic::new(seed, pool_events, load.events_per_request, SPAN_MS);
    let start = Start::new(binary, dir).with("FOOTFALL_LOG_RETENTION", "0s");
    let mut server = start.ready();
    let address = server.url().trim_start_matches("http://").to_owned();
    let begun = Instant::now();
    let sent = std::thread::scope(|scope| {
        let sending =
            scope.spawn(|| send(&traffic, &address, load.connections, load.during, load.pace));
        while !sending.is_finished() {
            ask(&server);
        }
        sending.join().expect("the clients do not panic")
    });
    wait_visible(&server, &sent);
    let seconds = begun.elapsed().as_secs_f64();
    let rows = rows_by_table(&server);
    let pid = server.pid();
    let (peak_mb, before_stop) = (memory_mb(pid, "VmHWM:"), cpu_seconds(pid));
    let children_before = children_seconds();
    assert_eq!(server.stop(), Some(0), "a clean stop");
    let whole = children_seconds() - children_before;
    Outcome {
        event_bytes: traffic.event_bytes(),
        load,
        sent,
        seconds,
        cpu_seconds: whole.max(before_stop),
        peak_mb,
        tables: sizes(dir, rows),
    }
}

/// Time of all processes that were waited for: what a server used in all is known when it has ended.
fn children_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields: Vec<f64> = after_name
        .split(' ')
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    (fields[13] + fields[14]) / 100.0
}

/// One query of a dashboard, and a second's pause.
#[expect(
    clippy::disallowed_methods,
    reason = "one query a second is the load that is meant"
)]
fn ask(server: &Server) {
    let _ = server.number("SELECT count(*) FROM view WHERE time > now() - INTERVAL '1 hour'");
    std::thread::sleep(Duration::from_secs(1));
}

/// Waits until every accepted event can be queried, and checks that each is there once.
#[expect(
    clippy::disallowed_methods,
    reason = "polling in a loop would take the server's processor"
)]
fn wait_visible(server: &Server, sent: &Sent) {
    while metric(server, "footfall_log_lag_bytes") != 0.0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let unversioned: i64 = rows_by_table(server)
        .iter()
        .filter(|(table, _)| !matches!(*table, "view" | "session"))
        .map(|(_, rows)| rows)
        .sum();
    assert_eq!(
        unversioned, sent.unversioned,
        "every accepted event is there once"
    );
}

fn metric(server: &Server, name: &str) -> f64 {
    let text = server
        .get("/metrics")
        .map(|answer| answer.body)
        .unwrap_or_default();
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{name} ")));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or(f64::NAN)
}

fn rows_by_table(server: &Server) -> Vec<(&'static str, i64)> {
    let rows = |table| server.number(&format!("SELECT count(*) FROM {table}"));
    TABLES.iter().map(|table| (*table, rows(table))).collect()
}

fn sizes(data_dir: &Path, rows: Vec<(&'static str, i64)>) -> Vec<TableSize> {
    let size = |(table, rows): (&'static str, i64)| {
        let folder = data_dir.join("segments").join(table);
        TableSize {
            table,
            rows,
            parquet_bytes: bytes_under(&folder, "parquet"),
            keys_bytes: bytes_under(&folder, "keys"),
        }
    };
    rows.into_iter()
        .filter(|(_, rows)| *rows > 0)
        .map(size)
        .collect()
}
