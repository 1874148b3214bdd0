//! Facts about whole runs; each reads the bodies back with a JSON parser, as a collector does.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::*;

const START_US: i64 = 1_795_000_000_000_000;
const DAY_US: i64 = 86_400_000_000;

fn params(seed: u64, sessions: u64) -> Params {
    Params {
        seed,
        applications: 3,
        start_us: START_US,
        end_us: Some(START_US + 3 * DAY_US),
        sessions: Sessions::Total(sessions),
        tokens: Vec::new(),
    }
}

fn rows(request: &WireRequest) -> impl Iterator<Item = Value> {
    request
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
}

/// The seed's fault of that kind.
fn fault(truth: &Value, kind: &str) -> Value {
    truth["faults"]
        .as_array()
        .unwrap()
        .iter()
        .find(|fault| fault["kind"] == kind)
        .unwrap()
        .clone()
}

#[test]
fn the_same_parameters_give_the_same_bytes() {
    let run = |seed| Generator::new(params(seed, 60)).collect::<Vec<_>>();
    assert!(run(7) == run(7));
    assert!(run(7) != run(8));
}

#[test]
fn another_start_gives_other_ids() {
    let run = |start_us| {
        let params = Params {
            start_us,
            end_us: None,
            sessions: Sessions::PerMinute(60.0),
            ..params(7, 0)
        };
        Generator::new(params)
            .take(50)
            .flat_map(|request| rows(&request).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let views = |rows: Vec<Value>| {
        rows.iter()
            .map(|row| row["view"]["id"].to_string())
            .collect::<HashSet<_>>()
    };
    assert!(views(run(START_US)).is_disjoint(&views(run(START_US + 60_000_000))));
}

#[test]
fn requests_come_in_the_order_of_sending() {
    let times: Vec<i64> = Generator::new(params(3, 80))
        .map(|request| request.at_us)
        .collect();
    assert!(times.len() > 80 && times.is_sorted());
}

/// Counts what a store has to hold from the bodies alone.
#[test]
fn expected_rows_are_the_distinct_ids_of_the_bodies() {
    let mut totals = Totals::default();
    let mut ids: HashMap<(String, String), HashSet<String>> = HashMap::new();
    let mut repeats = 0;
    let mut generator = Generator::new(params(5, 400));
    for request in generator.by_ref() {
        totals.count(&request);
        repeats += u32::from(request.adds == Rows::default());
        assert_eq!(request.body.lines().count() as u64, request.events);
        for row in rows(&request) {
            let kind = row["type"].as_str().unwrap().to_owned();
            let app_id = row["application"]["id"].as_str().unwrap().to_owned();
            ids.entry((app_id.clone(), "session".to_owned()))
                .or_default()
                .insert(row["session"]["id"].to_string());
            ids.entry((app_id, kind.clone()))
                .or_default()
                .insert(row[&kind]["id"].to_string());
        }
    }
    assert!(repeats > 3, "some batches leave twice: {repeats}");
    let truth = generator.truth(&totals);
    for app_id in ["demo_shop", "demo_console", "demo_docs"] {
        for (table, count) in truth["applications"][app_id]["rows"].as_object().unwrap() {
            let found = ids
                .get(&(app_id.to_owned(), table.clone()))
                .map_or(0, HashSet::len);
            assert_eq!(count.as_u64(), Some(found as u64), "{app_id} {table}");
        }
    }
    assert!(totals.events > 8_000, "{}", totals.events);
}

#[test]
fn versions_of_a_view_grow_and_its_counters_never_shrink() {
    let mut last: HashMap<String, (u64, u64, u64)> = HashMap::new();
    let mut repeated_views = 0;
    for request in Generator::new(params(11, 150))
        .filter(|request| request.adds != Rows::default() || !request.path.contains("retry_count"))
    {
        for row in rows(&request).filter(|row| row["type"] == "view") {
            let own = if row["_dd"].is_object() {
                &row["_dd"]
            } else {
                &row["_oo"]
            };
            let version = own["document_version"].as_u64().unwrap();
            let now = (
                version,
                row["view"]["resource"]["count"].as_u64().unwrap(),
                row["view"]["time_spent"].as_u64().unwrap(),
            );
            if let Some(before) = last.insert(row["view"]["id"].to_string(), now) {
                repeated_views += 1;
                assert!(
                    before.0 <= now.0 && before.1 <= now.1 && before.2 <= now.2,
                    "{before:?} {now:?}"
                );
            }
        }
    }
    assert!(repeated_views > 100, "{repeated_views}");
}

#[test]
fn times_of_a_row_agree_with_its_parts() {
    for request in Generator::new(params(2, 150)) {
        for row in rows(&request) {
            if let Some(lcp) = row["view"]["performance"]["lcp"].as_object() {
                let parts: i64 = ["load_delay", "load_time", "render_delay"]
                    .iter()
                    .map(|part| lcp["sub_parts"][*part].as_i64().unwrap())
                    .sum();
                let first_byte = row["view"]["first_byte"].as_i64().unwrap();
                assert_eq!(
                    lcp["timestamp"].as_i64().unwrap(),
                    first_byte + parts,
                    "{row}"
                );
            }
            let resource = &row["resource"];
            if let Some(download) = resource["download"].as_object() {
                let end =
                    download["start"].as_i64().unwrap() + download["duration"].as_i64().unwrap();
                assert_eq!(resource["duration"].as_i64(), Some(end), "{row}");
            }
        }
    }
}

#[test]
fn all_three_dialects_and_both_encodings_appear() {
    let requests: Vec<WireRequest> = Generator::new(params(1, 300)).collect();
    for needle in [
        "dd-evp-origin-version=7.16.2",
        "dd-evp-origin-version=6.33.0",
        "/rum/v1/default/rum?o2source=browser",
        "api=beacon",
    ] {
        assert!(
            requests.iter().any(|request| request.path.contains(needle)),
            "{needle}"
        );
    }
    for request in &requests {
        assert_eq!(
            request.deflate,
            request.path.contains("-evp-encoding=deflate"),
            "{}",
            request.path
        );
        let renamed = request.body.contains("\"_oo\":");
        assert_eq!(
            renamed,
            request.path.starts_with("/rum/v1/"),
            "{}",
            request.path
        );
    }
}

/// The planted faults can be found from the rows alone.
#[test]
fn planted_faults_show_in_the_rows() {
    for seed in [1, 2] {
        let mut totals = Totals::default();
        let mut generator = Generator::new(params(seed, 1_500));
        let mut all = Vec::new();
        for request in generator.by_ref() {
            totals.count(&request);
            if request.adds != Rows::default() {
                all.extend(rows(&request));
            }
        }
        let truth = generator.truth(&totals);
        let release = fault(&truth, "bad_release");
        let seen = all
            .iter()
            .filter(|row| {
                row["type"] == "error"
                    && row["application"]["id"] == release["app_id"]
                    && row["error"]["type"] == release["error_type"]
            })
            .filter(|row| {
                release["error_messages"]
                    .as_array()
                    .unwrap()
                    .contains(&row["error"]["message"])
            })
            .count() as u64;
        let planted = release["errors_since"].as_u64().unwrap();
        assert!(
            planted > 10 && seen >= planted && seen < planted * 2,
            "seed {seed}: {seen} of {planted}"
        );

        let rage = fault(&truth, "rage_clicks");
        let clicks = all.iter().filter(|row| {
            row["action"]["frustration"]["type"][0] == "rage_click"
                && row["application"]["id"] == rage["app_id"]
        });
        let on_button = clicks
            .filter(|row| row["action"]["target"]["name"] == rage["button"])
            .count() as u64;
        let planted = rage["actions"].as_u64().unwrap();
        assert!(
            planted > 8 && on_button >= planted,
            "seed {seed}: {on_button} of {planted}"
        );

        let lcp = fault(&truth, "bad_lcp");
        assert!(lcp["views"].as_u64().unwrap() > 15, "seed {seed}: {lcp}");
        let slow = fault(&truth, "slow_api");
        assert!(
            slow["requests"].as_u64().unwrap() > 3,
            "seed {seed}: {slow}"
        );
    }
}
