//! `make bench`: the whole path from HTTP to segments, beside a baseline in the same run, and 100 kills under load.
//!
//! The load is the recorded requests of real SDKs with fresh ids and dates, sent by two closed-loop clients on the same two
//! cores; so compare the ratios and the core-seconds, not the events a second. The baseline parses the same bodies into
//! `serde_json::Value`s and appends them to a file with one sync a request: what a collector does that only keeps JSON.

#![expect(clippy::print_stdout, reason = "the program prints its report")]

mod load;
mod report;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use testkit::server::{Server, Start};

use crate::load::{Load, Sent};
use crate::report::{Report, TableSize};

struct Args {
    binary: PathBuf,
    seconds: u64,
    kills: usize,
    seed: u64,
}

fn main() {
    let args = Args::parse();
    let work = tempfile::tempdir().expect("a folder for the benchmark");
    println!("seed {}", args.seed);
    let load = Load::recorded();

    let baseline = load::baseline(
        &load,
        work.path(),
        Duration::from_secs(args.seconds.min(10)),
    );
    let data_dir = work.path().join("ingest");
    let start = Start::new(&args.binary, &data_dir).with("FOOTFALL_FLUSH_INTERVAL", "10s");
    let mut server = start.ready();
    let begun = Instant::now();
    let cpu_before = cpu_seconds(server.pid());
    let sent = load::send(
        &load,
        &server.url(),
        Duration::from_secs(args.seconds),
        args.seed,
    );
    let (events, seconds) = wait_visible(&server, &sent, begun);
    let cpu = cpu_seconds(server.pid()) - cpu_before;
    let peak_mb = memory_mb(server.pid(), "VmHWM:");
    let rss_mb = memory_mb(server.pid(), "VmRSS:");
    let rows = rows_by_table(&server);
    assert_eq!(server.stop(), Some(0), "a clean stop");
    let tables = sizes(&data_dir, rows);

    let kills = testkit::crash::run(
        &args.binary,
        &work.path().join("kills"),
        args.kills,
        args.seed,
        &[("FOOTFALL_FLUSH_INTERVAL", "1s")],
    );
    let report = Report {
        seed: args.seed,
        events,
        seconds,
        cpu,
        rss_mb,
        peak_mb,
        latencies_us: sent.latencies_us,
        tables,
        baseline,
        kills,
    };
    println!("{}", report.text());
    report.save();
}

impl Args {
    fn parse() -> Self {
        let seed = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(1, |since| since.as_secs());
        let mut args = Self {
            binary: PathBuf::new(),
            seconds: 30,
            kills: 100,
            seed,
        };
        let mut words = std::env::args().skip(1);
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            let number = || {
                value
                    .parse::<u64>()
                    .unwrap_or_else(|_| panic!("{name} takes a number, not {value:?}"))
            };
            match name.as_str() {
                "--binary" => args.binary = value.into(),
                "--seconds" => args.seconds = number(),
                "--kills" => args.kills = usize::try_from(number()).expect("a small number"),
                "--seed" => args.seed = number(),
                _ => panic!("unknown option {name}; known: --binary --seconds --kills --seed"),
            }
        }
        assert!(
            args.binary.exists(),
            "--binary must name the footfall binary"
        );
        args
    }
}

/// Waits until every accepted event can be queried; the stored events and the seconds since the load began.
fn wait_visible(server: &Server, sent: &Sent, begun: Instant) -> (i64, f64) {
    loop {
        let lag = metric(server, "footfall_log_lag_bytes");
        if lag == 0.0 {
            let seconds = begun.elapsed().as_secs_f64();
            let rows = rows_by_table(server);
            let unversioned: i64 = rows
                .iter()
                .filter(|(table, _)| !matches!(*table, "view" | "session"))
                .map(|(_, rows)| rows)
                .sum();
            assert_eq!(
                unversioned, sent.unversioned_events,
                "every accepted event is there once"
            );
            return (sent.events, seconds);
        }
        std::thread::yield_now();
    }
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

const TABLES: [&str; 8] = [
    "session",
    "view",
    "resource",
    "action",
    "long_task",
    "error",
    "vital",
    "telemetry",
];

fn rows_by_table(server: &Server) -> Vec<(&'static str, i64)> {
    TABLES
        .iter()
        .map(|table| {
            (
                *table,
                server.number(&format!("SELECT count(*) FROM {table}")),
            )
        })
        .collect()
}

fn sizes(data_dir: &std::path::Path, rows: Vec<(&'static str, i64)>) -> Vec<TableSize> {
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

fn bytes_under(dir: &std::path::Path, ending: &str) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return 0;
    };
    let size = |path: PathBuf| {
        if path.is_dir() {
            bytes_under(&path, ending)
        } else if path.extension().is_some_and(|found| found == ending) {
            std::fs::metadata(&path).map_or(0, |metadata| metadata.len())
        } else {
            0
        }
    };
    entries.flatten().map(|entry| size(entry.path())).sum()
}

/// User and system time of a process, seconds; clock ticks are 10 ms on Linux.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

/// A line of a process's status in MB.
fn memory_mb(pid: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}
