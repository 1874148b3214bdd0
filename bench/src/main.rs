//! `make bench`: the whole path from HTTP to segments under demo traffic, beside a baseline in the same run, and 100 kills under load.
//!
//! Generator, server and queries share the machine's cores; so compare ratios and core-seconds, not events a second.
//! `--only NAME` runs one part, `--seconds`, `--kills`, `--seed` change its size.

#![expect(clippy::print_stdout, reason = "the program prints its report")]

mod baseline;
mod client;
// The demo's generator stands alone, so that the load here is the demo's.
#[path = "../../crates/footfall/src/demo/generator/mod.rs"]
#[expect(
    dead_code,
    reason = "the benchmark needs the requests, not the truth about them"
)]
mod generator;
mod ingest;
mod process;
mod queries;
mod report;
mod traffic;

use std::path::PathBuf;
use std::time::Duration;

use crate::client::Pace;
use crate::ingest::Load;
use crate::report::Report;
use crate::traffic::Traffic;

/// Events of the pool that rounds are made of.
const POOL_EVENTS: usize = 200_000;

struct Args {
    binary: PathBuf,
    seconds: u64,
    kills: usize,
    seed: u64,
    only: Option<String>,
    /// A store to fill and keep between runs of the query set.
    store: Option<PathBuf>,
    events: usize,
    python: Option<PathBuf>,
}

fn main() {
    let args = Args::parse();
    let work = tempfile::tempdir().expect("a folder for the benchmark");
    println!("seed {}", args.seed);
    let baseline = baseline::run(
        &Traffic::new(args.seed, POOL_EVENTS, 100, ingest::SPAN_MS),
        work.path(),
        Duration::from_secs(args.seconds.min(10)),
    );
    let mut outcomes = Vec::new();
    for load in loads(args.seconds) {
        if args.only.as_ref().is_some_and(|only| only != load.name) {
            continue;
        }
        let dir = work.path().join(load.name);
        outcomes.push(ingest::run(
            &args.binary,
            &dir,
            args.seed,
            POOL_EVENTS,
            load,
        ));
        std::fs::remove_dir_all(&dir).expect("the benchmark's own folder");
    }
    let is_wanted = |name: &str| args.only.as_ref().is_none_or(|only| only == name);
    let queries = is_wanted("queries").then(|| {
        let dir = args
            .store
            .clone()
            .unwrap_or_else(|| work.path().join("queries"));
        queries::run(
            &args.binary,
            &dir,
            args.seed,
            args.events,
            args.python.as_deref(),
        )
    });
    let kills = (args.kills > 0 && is_wanted("kills")).then(|| {
        testkit::crash::run(
            &args.binary,
            &work.path().join("kills"),
            args.kills,
            args.seed,
            &[("FOOTFALL_FLUSH_INTERVAL", "1s")],
        )
    });
    let report = Report {
        seed: args.seed,
        baseline,
        outcomes,
        queries,
        kills,
    };
    println!("{}", report.text());
    if args.only.is_none() {
        report.save();
    }
}

fn loads(seconds: u64) -> Vec<Load> {
    let load = |name, events_per_request, connections, seconds| Load {
        name,
        events_per_request,
        connections,
        during: Duration::from_secs(seconds),
        pace: Pace::Closed,
    };
    vec![
        load("hundred", 100, 4, seconds),
        load("ten", 10, 8, seconds.min(30)),
        load("single", 1, 16, seconds.min(30)),
        Load {
            pace: Pace::Open(40_000.0),
            ..load("half", 100, 4, seconds.min(60))
        },
    ]
}

impl Args {
    fn parse() -> Self {
        let seed = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(1, |since| since.as_secs());
        let mut args = Self {
            binary: PathBuf::new(),
            seconds: 60,
            kills: 100,
            seed,
            only: None,
            store: None,
            events: 20_000_000,
            python: None,
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
                "--events" => args.events = usize::try_from(number()).expect("fits"),
                "--only" => args.only = Some(value),
                "--store" => args.store = Some(value.into()),
                "--python" => args.python = Some(value.into()),
                _ => panic!(
                    "unknown option {name}; known: --binary --seconds --kills --seed --events --only --store --python"
                ),
            }
        }
        assert!(
            args.binary.exists(),
            "--binary must name the footfall binary"
        );
        args
    }
}
