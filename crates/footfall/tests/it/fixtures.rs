//! Recorded requests of real SDKs, imported into the real binary, counted by SQL.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use testkit::fixtures::{Scenario, scenarios};
use testkit::server::{API_KEY, Server};

use crate::world::{World, binary};

const SDKS: [&str; 5] = [
    "dd-rum-5",
    "dd-rum-6",
    "dd-rum-7",
    "openobserve",
    "flashduty",
];
const TABLES: [&str; 9] = [
    "session",
    "view",
    "resource",
    "action",
    "long_task",
    "error",
    "vital",
    "span",
    "telemetry",
];

fn import(server: &Server, scenario: &Scenario, more: &[&str]) {
    let output = Command::new(binary())
        .args(["import", "--requests"])
        .arg(&scenario.path)
        .args(["--server", &server.url(), "--api-key", API_KEY])
        .args(more)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}: {}",
        scenario.name,
        String::from_utf8_lossy(&output.stderr)
    );
}

fn counts(server: &Server) -> BTreeMap<&'static str, i64> {
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

fn expected_counts(scenario: &Scenario) -> BTreeMap<&'static str, i64> {
    let canonical = &scenario.expected["canonical_counts"];
    TABLES
        .iter()
        .map(|table| (*table, canonical[*table].as_i64().unwrap_or(0)))
        .collect()
}

fn wait_applied(server: &Server) {
    for _ in 0..100_000 {
        let metrics = server.get("/metrics").unwrap().body;
        if metrics
            .lines()
            .any(|line| line == "footfall_log_lag_bytes 0")
        {
            return;
        }
    }
    panic!("the log was not applied");
}

fn recorded() -> Vec<Scenario> {
    let all = scenarios("datadog")
        .into_iter()
        .filter(|scenario| SDKS.contains(&scenario.sdk.as_str()) && !scenario.requests.is_empty());
    all.collect()
}

fn difference(
    after: &BTreeMap<&'static str, i64>,
    before: &BTreeMap<&'static str, i64>,
) -> BTreeMap<&'static str, i64> {
    after
        .iter()
        .map(|(table, count)| (*table, count - before[table]))
        .collect()
}

#[test]
fn every_recording_gives_its_canonical_counts_also_when_repeated_flushed_and_restarted() {
    let mut world = World::new(&[("FOOTFALL_DEFAULT_RETENTION", "3650d")]);
    let scenarios = recorded();
    assert!(scenarios.len() >= 50, "only {} recordings", scenarios.len());
    let mut before = counts(&world.server);
    for scenario in &scenarios {
        import(&world.server, scenario, &[]);
        wait_applied(&world.server);
        let after = counts(&world.server);
        assert_eq!(
            difference(&after, &before),
            expected_counts(scenario),
            "{}/{}",
            scenario.sdk,
            scenario.name
        );
        check_views(&world.server, scenario);
        before = after;
    }
    for scenario in &scenarios {
        import(&world.server, scenario, &["--all"]);
    }
    wait_applied(&world.server);
    assert_eq!(
        counts(&world.server),
        before,
        "refused and repeated requests add nothing"
    );
    world.restart();
    assert_eq!(counts(&world.server), before, "after a flush and a restart");
    for scenario in &scenarios {
        check_views(&world.server, scenario);
        import(&world.server, scenario, &["--all"]);
    }
    wait_applied(&world.server);
    assert_eq!(
        counts(&world.server),
        before,
        "repeats are found in segments too"
    );
}

fn check_views(server: &Server, scenario: &Scenario) {
    let columns = [
        ("session_id", "session_id"),
        ("url", "view_url"),
        ("loading_type", "view_loading_type"),
        ("document_version", "view_version"),
        ("is_active", "view_is_active"),
        ("time_spent_ns", "view_time_spent"),
        ("loading_time_ns", "view_loading_time"),
        ("lcp_ns", "largest_contentful_paint"),
        ("fcp_ns", "first_contentful_paint"),
        ("ttfb_ns", "first_byte"),
        ("inp_ns", "interaction_to_next_paint"),
        ("service", "service"),
        ("version", "version"),
    ];
    let list: Vec<&str> = columns.iter().map(|(_, column)| *column).collect();
    for view in scenario.expected["views"].as_array().into_iter().flatten() {
        let id = view["id"].as_str().unwrap();
        let sql = format!(
            "SELECT {}, CAST(client_time AS BIGINT), CAST(time AS BIGINT), cumulative_layout_shift FROM view WHERE view_id = '{id}'",
            list.join(", ")
        );
        let rows = server.rows(&sql);
        assert_eq!(
            rows.len(),
            1,
            "{}/{}: view {id}",
            scenario.sdk,
            scenario.name
        );
        let row = &rows[0];
        for (index, (key, column)) in columns.iter().enumerate() {
            assert!(
                same(&row[index], &view[*key]),
                "{}/{}: {column} of view {id}: {} is not {}",
                scenario.sdk,
                scenario.name,
                row[index],
                view[*key]
            );
        }
        let date_us = view["date_ms"].as_i64().unwrap() * 1000;
        assert_eq!(
            number(&row[columns.len()]),
            Some(date_us),
            "client_time of view {id}"
        );
        assert_eq!(
            row[columns.len() + 1],
            row[columns.len()],
            "time is client_time for small skew"
        );
        let shift = (row[columns.len() + 2].as_f64(), view["cls"].as_f64());
        assert!(
            shift.0 == shift.1,
            "cumulative_layout_shift of view {id}: {shift:?}"
        );
    }
}

/// Numbers may be integers or floats on either side; integers beyond 2^53 are texts.
fn same(found: &Value, expected: &Value) -> bool {
    match (number(found), number(expected)) {
        (Some(found), Some(expected)) => found == expected,
        _ => found == expected,
    }
}

fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

#[test]
fn client_facts_are_derived_from_the_request() {
    let world = World::new(&[("FOOTFALL_DEFAULT_RETENTION", "3650d")]);
    let all = recorded();
    let scenario = all
        .iter()
        .find(|scenario| scenario.sdk == "dd-rum-7" && scenario.name == "05-network")
        .unwrap();
    import(&world.server, scenario, &["--peer", "8.8.8.8"]);
    wait_applied(&world.server);
    let facts = world.server.rows(
        "SELECT DISTINCT os_name, device_type, browser_version_major, country_code, bot, sdk_family, platform, env,
            view_url_host, view_url_path FROM resource",
    );
    assert_eq!(facts.len(), 1, "{facts:?}");
    let expected = ["Linux", "desktop", "156", "US"].map(Value::from);
    assert_eq!(facts[0][..4], expected);
    assert_eq!(
        facts[0][4],
        Value::Bool(true),
        "a headless browser is a bot"
    );
    assert_eq!(
        facts[0][5..],
        ["datadog", "web", "test", "app.example", "/"].map(Value::from)
    );
    let statuses = world
        .server
        .rows("SELECT resource_status, count(*) FROM resource GROUP BY 1 ORDER BY 1");
    let mut expected: BTreeMap<i64, i64> = BTreeMap::new();
    for resource in scenario.expected["resources"].as_array().unwrap() {
        // Each is `[type, method, status, path]`.
        if let Some(status) = resource[2].as_i64() {
            *expected.entry(status).or_default() += 1;
        }
    }
    let found: BTreeMap<i64, i64> = statuses
        .iter()
        .filter_map(|row| Some((row[0].as_i64()?, row[1].as_i64()?)))
        .collect();
    assert_eq!(found, expected);
}
