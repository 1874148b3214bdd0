//! The query set over a store of a week, warm and cold, beside DuckDB on the same files.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::server::{Server, Start};

use crate::client::{Pace, send};
use crate::process::memory_mb;
use crate::traffic::{Traffic, now_ms};

const DAY_MS: i64 = 86_400_000;
/// Runs of each query; the median is shown.
const RUNS: usize = 5;
const SUMMARIES_WITHIN: Duration = Duration::from_secs(300);
/// The application of most of the demo's traffic.
const APP: &str = "demo_shop";

/// One query: its name, what may not be exceeded, and its statement for both engines.
struct Query {
    name: &'static str,
    limit_ms: f64,
    /// For both engines; of a screen, what DuckDB answers instead.
    sql: String,
    /// Asked of Footfall instead of the statement: an answer of the console's API.
    path: Option<String>,
}

/// How long one query took.
pub(crate) struct Timing {
    name: &'static str,
    limit_ms: f64,
    cold_ms: f64,
    warm_ms: f64,
    duckdb_ms: Option<f64>,
    rows: usize,
}

/// What the query set showed over one store.
pub(crate) struct Outcome {
    pub(crate) events: i64,
    pub(crate) ready_ms: f64,
    pub(crate) idle_mb: f64,
    pub(crate) timings: Vec<Timing>,
}

impl Outcome {
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "{} events, ready after {:.0} ms, {:.0} MB before the first query\nquery                 limit      cold      warm    DuckDB   of DuckDB   rows\n",
            self.events, self.ready_ms, self.idle_mb
        );
        for timing in &self.timings {
            let duckdb = timing.duckdb_ms.unwrap_or(f64::NAN);
            text += &format!(
                "{:<20} {:>6.0} {:>9.1} {:>9.1} {:>9.1} {:>11.2} {:>6}{}\n",
                timing.name,
                timing.limit_ms,
                timing.cold_ms,
                timing.warm_ms,
                duckdb,
                timing.warm_ms / duckdb,
                timing.rows,
                if timing.warm_ms > timing.limit_ms {
                    "  over"
                } else {
                    ""
                }
            );
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        let timings: Vec<Value> = self
            .timings
            .iter()
            .map(|timing| json!({ "name": timing.name, "limit_ms": timing.limit_ms, "cold_ms": timing.cold_ms, "warm_ms": timing.warm_ms,
                "duckdb_ms": timing.duckdb_ms, "rows": timing.rows }))
            .collect();
        json!({ "events": self.events, "ready_ms": self.ready_ms, "idle_mb": self.idle_mb, "queries": timings })
    }
}

/// Fills a store of seven days, stops it cleanly, and asks.
pub(crate) fn run(
    binary: &Path,
    dir: &Path,
    seed: u64,
    events: usize,
    python: Option<&Path>,
) -> Outcome {
    if !dir.join("segments").exists() {
        fill(binary, dir, seed, events);
    }
    let begun = Instant::now();
    let mut server = start(binary, dir).ready();
    let ready_ms = begun.elapsed().as_secs_f64() * 1000.0;
    let idle_mb = memory_mb(server.pid(), "VmRSS:");
    let stored = crate::ingest::TABLES
        .iter()
        .filter(|table| **table != "session")
        .map(|table| server.number(&format!("SELECT count(*) FROM {table}")))
        .sum();
    let session = server.rows("SELECT min(session_id) FROM session");
    let session = session[0][0].as_str().unwrap_or_default().to_owned();
    let queries = set(now_ms(), &session);
    wait_for_summaries(&server);
    let warm: Vec<(f64, usize)> = queries.iter().map(|query| warm(&server, query)).collect();
    assert_eq!(server.stop(), Some(0), "a clean stop");
    let duckdb = python.map(|python| duckdb(python, dir, &queries));
    let mut timings = Vec::new();
    for (place, query) in queries.iter().enumerate() {
        forget_pages(dir);
        let mut server = start(binary, dir).ready();
        let (cold_ms, _) = ask(&server, query);
        assert_eq!(server.stop(), Some(0), "a clean stop");
        timings.push(Timing {
            name: query.name,
            limit_ms: query.limit_ms,
            cold_ms,
            warm_ms: warm[place].0,
            duckdb_ms: duckdb.as_ref().and_then(|all| all.get(place).copied()),
            rows: warm[place].1,
        });
    }
    Outcome {
        events: stored,
        ready_ms,
        idle_mb,
        timings,
    }
}

fn start(binary: &Path, dir: &Path) -> Start {
    Start::new(binary, dir).with("FOOTFALL_LOG_RETENTION", "0s")
}

/// Each round sends its whole pool of a week once, so that days fill evenly.
fn fill(binary: &Path, dir: &Path, seed: u64, events: usize) {
    let pool = (events / 20).max(100_000);
    let traffic = Traffic::new(seed, pool, 100, 7 * DAY_MS).until(events);
    let mut server = start(binary, dir).ready();
    let address = server.url().trim_start_matches("http://").to_owned();
    let during = Duration::from_secs(24 * 3600);
    let sent = send(&traffic, &address, 4, during, Pace::Closed);
    eprintln!(
        "{} events sent, {} requests refused",
        sent.events,
        sent.refused.len()
    );
    assert_eq!(server.stop(), Some(0), "a clean stop");
}

/// Summaries are made beside the traffic once segments have come to rest.
#[expect(
    clippy::disallowed_methods,
    reason = "asking without a pause would slow down what is waited for"
)]
fn wait_for_summaries(server: &Server) {
    let begun = Instant::now();
    let path = screen("figures", now_ms(), 7);
    while begun.elapsed() < SUMMARIES_WITHIN {
        let figures = answer(server, &path);
        if figures["figures"][7]["relative_error"].is_number() {
            eprintln!("summaries after {:.0} s", begun.elapsed().as_secs_f64());
            return;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    eprintln!("no summaries within {} s", SUMMARIES_WITHIN.as_secs());
}

fn warm(server: &Server, query: &Query) -> (f64, usize) {
    ask(server, query);
    let mut times: Vec<(f64, usize)> = (0..RUNS).map(|_| ask(server, query)).collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    times[RUNS / 2]
}

fn ask(server: &Server, query: &Query) -> (f64, usize) {
    let begun = Instant::now();
    let rows = match &query.path {
        Some(path) => {
            let answer = answer(server, path);
            let rows = answer["items"].as_array().or(answer["figures"].as_array());
            rows.map_or(0, Vec::len)
        }
        None => server.rows(&query.sql).len(),
    };
    (begun.elapsed().as_secs_f64() * 1000.0, rows)
}

fn answer(server: &Server, path: &str) -> Value {
    let answer = server.get(path).expect("the server answers");
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

/// An answer of the overview screen over the last days.
fn screen(name: &str, now_ms: i64, days: i64) -> String {
    let time = |ms: i64| {
        let time = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
        time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let (from, to) = (time(now_ms - days * DAY_MS), time(now_ms));
    format!("/api/v1/overview/{name}?app={APP}&include=bots&from={from}&to={to}")
}

/// Drops the page cache of a store's files, which needs no rights over the machine.
fn forget_pages(dir: &Path) {
    let script = "import os,sys\nfor d,_,fs in os.walk(sys.argv[1]):\n  for f in fs:\n    fd=os.open(os.path.join(d,f),os.O_RDONLY); os.fdatasync(fd); os.posix_fadvise(fd,0,0,os.POSIX_FADV_DONTNEED); os.close(fd)";
    let status = Command::new("python3")
        .args(["-c", script])
        .arg(dir)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "python3 drops pages"
    );
}

fn duckdb(python: &Path, dir: &Path, queries: &[Query]) -> Vec<f64> {
    let statements: Vec<&str> = queries.iter().map(|query| query.sql.as_str()).collect();
    let file = dir.with_extension("queries.json");
    std::fs::write(&file, json!(statements).to_string()).expect("the benchmark's own folder");
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("duckdb_baseline.py");
    let output = Command::new(python)
        .arg(script)
        .args([&dir.join("segments"), &file])
        .output()
        .expect("python with duckdb");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("duckdb: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn timestamp(ms: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    format!("TIMESTAMPTZ '{}'", time.format("%Y-%m-%d %H:%M:%S+00:00"))
}

/// The statements. Both engines take them as they stand.
fn set(now_ms: i64, session: &str) -> Vec<Query> {
    let since = |days: i64| {
        format!(
            "app_id = '{APP}' AND time >= {} AND time < {}",
            timestamp(now_ms - days * DAY_MS),
            timestamp(now_ms + DAY_MS)
        )
    };
    let (day, week) = (since(1), since(7));
    let overview = |range: &str| {
        format!(
            "SELECT count(*) AS views, count(DISTINCT coalesce(user_id, anonymous_id, session_id)) AS visitors, \
             sum(CASE WHEN view_error_count > 0 THEN 1 ELSE 0 END) AS with_errors, \
             quantile_cont(largest_contentful_paint, 0.75) AS lcp, quantile_cont(interaction_to_next_paint, 0.75) AS inp, \
             quantile_cont(cumulative_layout_shift, 0.75) AS cls, \
             sum(CASE WHEN largest_contentful_paint <= 2500000000 THEN 1 ELSE 0 END) AS good FROM view WHERE {range}"
        )
    };
    let facets = |table: &str, columns: [&str; 12], filter: &str| {
        let sets: Vec<String> = columns.iter().map(|column| format!("({column})")).collect();
        format!(
            "SELECT {}, count(*) AS n FROM {table} WHERE {day} AND {filter} GROUP BY GROUPING SETS ({})",
            columns.join(", "),
            sets.join(", ")
        )
    };
    let list = |pattern: &str| {
        format!(
            "SELECT time, session_id, view_id, resource_url, resource_duration, resource_status_code, view_url FROM resource WHERE {week} AND resource_url LIKE '%{pattern}%' ORDER BY time DESC LIMIT 100"
        )
    };
    let query = |name, limit_ms, sql| Query {
        name,
        limit_ms,
        sql,
        path: None,
    };
    let screen = |name, limit_ms, sql, path: &str, days| Query {
        path: Some(screen(path, now_ms, days)),
        ..query(name, limit_ms, sql)
    };
    let pages = format!(
        "SELECT view_url_path_group, count(*) AS n, quantile_cont(largest_contentful_paint, 0.75) AS lcp, \
         quantile_cont(interaction_to_next_paint, 0.75) AS inp, quantile_cont(cumulative_layout_shift, 0.75) AS cls, \
         sum(view_error_count) AS errors FROM view WHERE {week} GROUP BY 1 ORDER BY 2 DESC LIMIT 20"
    );
    vec![
        screen("figures 24 h", 50.0, overview(&day), "figures", 1),
        screen("figures 7 d", 100.0, overview(&week), "figures", 7),
        screen("page list 7 d", 200.0, pages.clone(), "pages", 7),
        query("overview 24 h", 50.0, overview(&day)),
        query("overview 7 d", 100.0, overview(&week)),
        query("pages 7 d", 200.0, pages),
        query(
            "errors by release",
            100.0,
            format!(
                "SELECT date_trunc('hour', time) AS hour, version, count(*) AS n FROM error WHERE {week} GROUP BY 1, 2 ORDER BY 1, 2"
            ),
        ),
        query(
            "facets view",
            150.0,
            facets(
                "view",
                [
                    "country_code",
                    "browser_name",
                    "os_name",
                    "device_type",
                    "version",
                    "env",
                    "view_loading_type",
                    "view_url_path_group",
                    "network_effective_type",
                    "city",
                    "session_type",
                    "bot",
                ],
                "browser_name = 'Chrome'",
            ),
        ),
        query(
            "facets resource",
            400.0,
            facets(
                "resource",
                [
                    "country_code",
                    "browser_name",
                    "os_name",
                    "device_type",
                    "version",
                    "env",
                    "resource_type",
                    "resource_url_host",
                    "resource_method",
                    "resource_status_code",
                    "resource_url_path_group",
                    "view_url_path_group",
                ],
                "resource_type = 'xhr'",
            ),
        ),
        query("contains, rare", 100.0, list("/orders/4242")),
        query("contains, none", 3_000.0, list("no-such-text")),
        query(
            "one session",
            50.0,
            format!(
                "SELECT time, view_id, view_url_path_group, resource_url, resource_duration FROM resource WHERE session_id = '{session}' ORDER BY time"
            ),
        ),
        query(
            "slow requests",
            300.0,
            format!(
                "SELECT resource_url_path_group, count(*) AS n, quantile_cont(resource_duration, 0.5) AS p50, quantile_cont(resource_duration, 0.75) AS p75, \
                 quantile_cont(resource_duration, 0.99) AS p99 FROM resource WHERE {day} AND resource_type IN ('xhr', 'fetch') GROUP BY 1 ORDER BY 2 DESC LIMIT 50"
            ),
        ),
        query(
            "funnel",
            1_000.0,
            format!(
                "WITH steps AS (SELECT session_id, min(CASE WHEN view_url_path_group = '/' THEN time END) AS a, \
                 max(CASE WHEN view_url_path_group LIKE '/product%' THEN time END) AS b, max(CASE WHEN view_url_path_group LIKE '/c%' THEN time END) AS c \
                 FROM view WHERE {week} GROUP BY session_id) \
                 SELECT count(a) AS one, sum(CASE WHEN b > a THEN 1 ELSE 0 END) AS two, sum(CASE WHEN b > a AND c > b THEN 1 ELSE 0 END) AS three FROM steps"
            ),
        ),
    ]
}
