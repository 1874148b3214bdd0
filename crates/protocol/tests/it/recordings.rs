//! Every recorded request against what its scenario says a store should hold.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Endpoint, Limits};
use schema::merge::{Version, Versioned};
use schema::tables::{common, view};
use schema::{Event, Identity, TableId};
use serde_json::{Map, Value as Json, json};
use testkit::fixtures::Scenario;

use crate::support::{TABLES, decode, logged, name, row_json, rum_requests, scenarios};

fn events(scenario: &Scenario) -> Vec<Event> {
    rum_requests(scenario)
        .iter()
        .flat_map(|request| decode(request).events)
        .collect()
}

#[test]
fn distinct_identities_are_the_canonical_counts() {
    for scenario in scenarios() {
        let mut identities: BTreeMap<TableId, BTreeSet<Identity>> = BTreeMap::new();
        for event in events(&scenario) {
            let identity = event
                .identity()
                .unwrap_or_else(|| panic!("{}: {event:?}", name(&scenario)));
            identities.entry(event.table).or_default().insert(identity);
        }
        for table in TABLES {
            let expected = scenario.expected["canonical_counts"][table.name()]
                .as_u64()
                .unwrap_or(0);
            let found = identities.get(&table).map_or(0, BTreeSet::len);
            assert_eq!(
                found as u64,
                expected,
                "{} {}",
                name(&scenario),
                table.name()
            );
        }
    }
}

#[test]
fn nothing_recorded_is_refused_cut_or_misplaced() {
    for scenario in scenarios() {
        for request in rum_requests(&scenario) {
            let decoded = decode(&request);
            assert_eq!(decoded.rejects, [], "{}", name(&scenario));
            let counts = [
                decoded.cut_strings,
                decoded.attributes_truncated,
                decoded.unfit_values,
            ];
            assert_eq!(counts, [0; 3], "{}", name(&scenario));
            assert!(decoded.inflated_bytes >= request.body.len());
            let is_mobile = scenario.name == "mobile-derived";
            assert_eq!(decoded.is_mobile, is_mobile, "{}", name(&scenario));
            if !is_mobile {
                let sent_at_us = decoded.sent_at_us.unwrap();
                assert!(
                    (request.arrival_us - sent_at_us).abs() < 1_000_000,
                    "{}",
                    name(&scenario)
                );
            }
        }
    }
}

#[test]
fn retries_say_so_and_repeat_their_identities() {
    for scenario in scenarios()
        .iter()
        .filter(|scenario| scenario.name == "12-retry")
    {
        let mut seen = BTreeSet::new();
        for (request, recorded) in rum_requests(scenario).iter().zip(&scenario.requests) {
            let decoded = decode(request);
            let identities: Vec<Identity> =
                decoded.events.iter().filter_map(Event::identity).collect();
            let is_repeat = identities.iter().all(|identity| seen.contains(identity));
            let has_view_only = decoded
                .events
                .iter()
                .all(|event| event.table == TableId::View);
            assert_eq!(
                decoded.is_retry,
                is_repeat && !has_view_only,
                "{} {}",
                name(scenario),
                recorded.file_name
            );
            seen.extend(identities);
        }
    }
}

#[test]
fn other_tracks_give_no_events() {
    let mut tracks = BTreeSet::new();
    for request in scenarios()
        .iter()
        .flat_map(|scenario| &scenario.requests)
        .filter_map(logged)
    {
        if request.endpoint != Endpoint::Events {
            let decoded = decode(&request);
            assert_eq!((decoded.events.len(), decoded.rejects.len()), (0, 0));
            tracks.insert(request.endpoint.name());
        }
    }
    assert_eq!(Vec::from_iter(tracks), ["logs", "profile", "replay"]);
}

#[test]
fn every_logged_body_names_its_application() {
    let is_mobile = |scenario: &Scenario| scenario.name == "mobile-derived";
    for scenario in scenarios() {
        let expected = if is_mobile(&scenario) {
            "22222222-3333-4444-8555-666666666666"
        } else {
            "11111111-2222-4333-8444-555555555555"
        };
        for recorded in &scenario.requests {
            let Some(request) = logged(recorded) else {
                continue;
            };
            let names = protocol::named_applications(&request, &Limits::default());
            // Log lines of mobile SDKs name their application in a tag only.
            if !(is_mobile(&scenario) && request.endpoint == Endpoint::Logs) {
                assert_eq!(
                    names,
                    [expected],
                    "{} {}",
                    name(&scenario),
                    recorded.file_name
                );
            }
        }
    }
}

#[test]
fn every_token_is_found() {
    for recorded in scenarios().iter().flat_map(|scenario| &scenario.requests) {
        let (path, query) = recorded
            .path
            .split_once('?')
            .unwrap_or((&recorded.path, ""));
        let route = protocol::route(&recorded.method, path, query).unwrap();
        let header = |name: &str| {
            recorded
                .headers
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        };
        let expected =
            (!route.is_preflight).then(|| "pub0123456789abcdef0123456789abcdef".to_owned());
        assert_eq!(
            protocol::token(&route, header),
            expected,
            "{}",
            recorded.path
        );
    }
}

/// A row's columns, its attributes among them by their own names.
fn flat(table: TableId, row: &schema::Row) -> Map<String, Json> {
    let mut json = row_json(table.table(), row);
    if let Some(Json::Object(attributes)) = json.remove("attributes") {
        json.extend(attributes);
    }
    json
}

/// The rows that a store would hold of one table, views merged, in order of appearance.
fn rows(events: &[Event], table: TableId) -> Vec<Map<String, Json>> {
    let mut seen = BTreeSet::new();
    let distinct = events
        .iter()
        .filter(|event| event.table == table && seen.insert(event.identity()));
    if table != TableId::View {
        return distinct.map(|event| flat(table, &event.row)).collect();
    }
    let merged = distinct.map(|first| {
        let same = events
            .iter()
            .filter(|event| event.identity() == first.identity());
        let mut versioned: Option<Versioned> = None;
        for (position, event) in (0..).zip(same) {
            let number = event.row.int(view::view_version).unwrap();
            let version = Version {
                number,
                arrival_us: 0,
                position,
            };
            match &mut versioned {
                Some(versioned) => versioned.absorb(&event.row, version, event.is_patch),
                None => versioned = Some(Versioned::of(&event.row, version, event.is_patch)),
            }
        }
        flat(table, &versioned.unwrap().row())
    });
    merged.collect()
}

fn column(row: &Map<String, Json>, name: &str) -> Json {
    row.get(name).cloned().unwrap_or_default()
}

/// Compares the fields that both name; numbers by value.
#[track_caller]
fn check_fields(context: &str, row: &Map<String, Json>, expected: &Json, names: &[(&str, &str)]) {
    for (field, name) in names {
        let (found, expected) = (column(row, name), &expected[field]);
        let is_equal = match (found.as_f64(), expected.as_f64()) {
            (Some(found), Some(expected)) => found == expected,
            _ => found == *expected,
        };
        assert!(
            is_equal,
            "{context} {name}: found {found}, expected {expected}"
        );
    }
}

fn list<'a>(scenario: &'a Scenario, key: &str) -> &'a [Json] {
    scenario.expected[key]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn recorded_scenarios() -> impl Iterator<Item = Scenario> {
    scenarios()
        .into_iter()
        .filter(|scenario| scenario.name != "mobile-derived")
}

const VIEW_FIELDS: &[(&str, &str)] = &[
    ("id", "view_id"),
    ("session_id", "session_id"),
    ("name", "view_name"),
    ("url", "view_url"),
    ("loading_type", "view_loading_type"),
    ("document_version", "view_version"),
    ("is_active", "view_is_active"),
    ("time_spent_ns", "view_time_spent"),
    ("loading_time_ns", "view_loading_time"),
    ("lcp_ns", "largest_contentful_paint"),
    ("fcp_ns", "first_contentful_paint"),
    ("ttfb_ns", "first_byte"),
    ("cls", "cumulative_layout_shift"),
    ("inp_ns", "interaction_to_next_paint"),
    ("service", "service"),
    ("version", "version"),
    ("has_replay", "session_has_replay"),
];

const VIEW_COUNTS: &[(&str, &str)] = &[
    ("action", "view_action_count"),
    ("error", "view_error_count"),
    ("resource", "view_resource_count"),
    ("long_task", "view_long_task_count"),
    ("frustration", "view_frustration_count"),
];

#[test]
fn views_have_the_expected_values() {
    for scenario in recorded_scenarios() {
        let rows = rows(&events(&scenario), TableId::View);
        for expected in list(&scenario, "views") {
            let context = format!("{} {}", name(&scenario), expected["id"]);
            let row = rows
                .iter()
                .find(|row| row["view_id"] == expected["id"])
                .unwrap();
            check_fields(&context, row, expected, VIEW_FIELDS);
            check_fields(&context, row, &expected["counts"], VIEW_COUNTS);
            assert_eq!(
                row["client_time"],
                expected["date_ms"].as_i64().unwrap() * 1000,
                "{context}"
            );
            assert_eq!(
                column(row, "view_custom_timings"),
                expected["custom_timings"],
                "{context}"
            );
            let flags = expected["feature_flags"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            let found = row
                .iter()
                .filter_map(|(key, value)| Some((key.strip_prefix("feature_flags.")?, value)));
            let found: Map<String, Json> = found
                .map(|(key, value)| (key.to_owned(), value.clone()))
                .collect();
            assert_eq!(found, flags, "{context}");
        }
        assert_eq!(
            rows.len(),
            list(&scenario, "views").len(),
            "{}",
            name(&scenario)
        );
    }
}

#[test]
fn events_have_the_expected_values() {
    for scenario in recorded_scenarios() {
        let context = name(&scenario);
        let events = events(&scenario);
        let actions = rows(&events, TableId::Action);
        for expected in list(&scenario, "actions") {
            let row = actions
                .iter()
                .find(|row| row["event_id"] == expected["id"])
                .unwrap();
            let fields = [
                ("id", "event_id"),
                ("id", "action_id"),
                ("type", "action_type"),
                ("name", "action_name"),
            ];
            check_fields(&context, row, expected, &fields);
            check_fields(
                &context,
                row,
                expected,
                &[("loading_time_ns", "action_loading_time")],
            );
            let frustrations = row
                .get("action_frustration_types")
                .cloned()
                .unwrap_or(json!([]));
            let expected = expected["frustration"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            assert_eq!(frustrations, json!(expected), "{context}");
        }
        let errors = rows(&events, TableId::Error);
        assert_eq!(errors.len(), list(&scenario, "errors").len(), "{context}");
        for (row, expected) in errors.iter().zip(list(&scenario, "errors")) {
            check_error(&context, row, expected);
        }
        let long_tasks = rows(&events, TableId::LongTask);
        assert_eq!(
            long_tasks.len(),
            list(&scenario, "long_tasks").len(),
            "{context}"
        );
        for (row, expected) in long_tasks.iter().zip(list(&scenario, "long_tasks")) {
            let fields = [
                ("entry_type", "long_task_entry_type"),
                ("duration_ns", "long_task_duration"),
                ("blocking_ns", "long_task_blocking_duration"),
            ];
            check_fields(&context, row, expected, &fields);
            let scripts = row
                .get("long_task_scripts")
                .and_then(Json::as_str)
                .unwrap_or("[]");
            let scripts: Vec<Json> = serde_json::from_str(scripts).unwrap();
            assert_eq!(
                json!(scripts.len()),
                expected["scripts"].as_u64().unwrap_or(0),
                "{context}"
            );
            assert_eq!(
                row.contains_key("long_task_top_script_invoker"),
                !scripts.is_empty(),
                "{context}"
            );
        }
        for (row, expected) in rows(&events, TableId::Vital)
            .iter()
            .zip(list(&scenario, "vitals"))
        {
            let fields = [
                ("type", "vital_type"),
                ("name", "vital_name"),
                ("duration", "vital_duration"),
                ("step_type", "vital_step_type"),
                ("operation_key", "vital_operation_key"),
                ("failure_reason", "vital_failure_reason"),
            ];
            check_fields(&context, row, expected, &fields);
        }
    }
}

fn check_error(context: &str, row: &Map<String, Json>, expected: &Json) {
    let fields = [
        ("id", "event_id"),
        ("message", "error_message"),
        ("type", "error_type"),
        ("source", "error_source"),
        ("handling", "error_handling"),
        ("fingerprint", "error_fingerprint"),
    ];
    check_fields(context, row, expected, &fields);
    let causes = row
        .get("error_causes")
        .and_then(Json::as_str)
        .unwrap_or("[]");
    let causes: Vec<Json> = serde_json::from_str(causes).unwrap();
    let messages: Json = causes
        .iter()
        .map(|cause| cause["message"].clone())
        .collect();
    assert_eq!(messages, expected["causes"], "{context}");
    let mut leaves = Map::new();
    collect_leaves("context", &expected["context"], &mut leaves);
    let found = row.iter().filter(|(key, _)| key.starts_with("context."));
    let found: Map<String, Json> = found
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    assert_eq!(found, leaves, "{context}");
}

fn collect_leaves(path: &str, value: &Json, leaves: &mut Map<String, Json>) {
    match value {
        Json::Null => {}
        Json::Object(object) => {
            for (key, value) in object {
                collect_leaves(&format!("{path}.{key}"), value, leaves);
            }
        }
        _ => drop(leaves.insert(path.to_owned(), value.clone())),
    }
}

#[test]
fn resources_and_traces_have_the_expected_values() {
    for scenario in recorded_scenarios() {
        let context = name(&scenario);
        let rows = rows(&events(&scenario), TableId::Resource);
        let mut found: Vec<String> = rows
            .iter()
            .map(|row| {
                let url = row["resource_url"].as_str().unwrap();
                let path = url.strip_prefix("http://app.example:18080").unwrap_or(url);
                let status = column(row, "resource_status");
                json!([
                    row["resource_type"],
                    column(row, "resource_method"),
                    status,
                    path
                ])
                .to_string()
            })
            .collect();
        let mut expected: Vec<String> = list(&scenario, "resources")
            .iter()
            .map(Json::to_string)
            .collect();
        found.sort();
        expected.sort();
        // The lists of this scenario leave out what was refused first, which its counts have.
        if scenario.name != "12-retry" {
            assert_eq!(found, expected, "{context}");
        }
        let traced = rows.iter().filter(|row| row.contains_key("trace_id"));
        let traced: Vec<Json> = traced
            .map(|row| json!({ "url": row["resource_url"], "trace_id": row["trace_id"], "span_id": row["span_id"] }))
            .collect();
        let padded = |id: &Json, digits: usize| match scenario.sdk.as_str() {
            "openobserve" => json!(format!("{:0>digits$}", id.as_str().unwrap())),
            _ => id.clone(),
        };
        let expected: Vec<Json> = list(&scenario, "traced_resources")
            .iter()
            .map(|traced| {
                let (trace, span) = (
                    padded(&traced["trace_id"], 32),
                    padded(&traced["span_id"], 16),
                );
                json!({ "url": traced["url"], "trace_id": trace, "span_id": span })
            })
            .collect();
        assert_eq!(traced, expected, "{context}");
    }
}

#[test]
fn sessions_users_accounts_and_releases_are_right() {
    for scenario in recorded_scenarios() {
        let context = name(&scenario);
        let events = events(&scenario);
        let texts = |column: schema::ColumnId| -> BTreeSet<String> {
            events
                .iter()
                .filter_map(|event| event.row.str(column))
                .map(str::to_owned)
                .collect()
        };
        let expected = |key: &str| -> BTreeSet<String> {
            list(&scenario, key)
                .iter()
                .map(|id| id.as_str().unwrap().to_owned())
                .collect()
        };
        let session_ids: BTreeSet<String> = scenario.expected["distinct_sessions"]["ids"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|id| id.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(texts(common::session_id), session_ids, "{context}");
        assert_eq!(texts(common::account_id), expected("accounts"), "{context}");
        let signed_in = events
            .iter()
            .filter(|event| event.row.bool(common::user_is_signed_in) == Some(true));
        let signed_in: BTreeSet<String> = signed_in
            .filter_map(|event| event.row.str(common::user_id))
            .map(str::to_owned)
            .collect();
        let anonymous = texts(common::anonymous_id);
        let users: BTreeSet<String> = expected("users").difference(&anonymous).cloned().collect();
        assert_eq!(signed_in, users, "{context}");
        if events.is_empty() {
            continue;
        }
        let (family, version) = match scenario.sdk.as_str() {
            "dd-rum-5" => ("datadog", "5.35.1"),
            "dd-rum-6" => ("datadog", "6.33.0"),
            "dd-rum-7" => ("datadog", "7.16.2"),
            "openobserve" => ("openobserve", "0.4.1"),
            "flashduty" => ("flashduty", "0.0.2"),
            other => panic!("unknown SDK {other}"),
        };
        assert_eq!(
            Vec::from_iter(texts(common::sdk_family)),
            [family],
            "{context}"
        );
        assert_eq!(
            Vec::from_iter(texts(common::sdk_version)),
            [version],
            "{context}"
        );
        assert_eq!(
            Vec::from_iter(texts(common::platform)),
            ["web"],
            "{context}"
        );
        assert_eq!(Vec::from_iter(texts(common::env)), ["test"], "{context}");
        let telemetry_types: BTreeMap<String, u64> =
            rows(&events, TableId::Telemetry)
                .iter()
                .fold(BTreeMap::new(), |mut types, row| {
                    *types
                        .entry(row["telemetry_type"].as_str().unwrap().to_owned())
                        .or_default() += 1;
                    types
                });
        let expected: BTreeMap<String, u64> = list(&scenario, "telemetry_types")
            .iter()
            .map(|pair| {
                (
                    pair[0].as_str().unwrap().to_owned(),
                    pair[1].as_u64().unwrap(),
                )
            })
            .collect();
        assert_eq!(telemetry_types, expected, "{context}");
    }
}

#[test]
fn mobile_rows_have_the_expected_values() {
    let scenario = scenarios()
        .into_iter()
        .find(|scenario| scenario.name == "mobile-derived")
        .unwrap();
    let requests = rum_requests(&scenario);
    assert_eq!(
        [decode(&requests[0]).is_retry, decode(&requests[1]).is_retry],
        [false, true]
    );
    let events = events(&scenario);
    let views = rows(&events, TableId::View);
    let fields = [
        ("id", "view_id"),
        ("name", "view_name"),
        ("document_version", "view_version"),
        ("time_spent_ns", "view_time_spent"),
        ("is_active", "view_is_active"),
        ("action", "view_action_count"),
        ("resource", "view_resource_count"),
        ("error", "view_error_count"),
        ("crash", "view_crash_count"),
        ("long_task", "view_long_task_count"),
    ];
    for (row, expected) in views.iter().zip(list(&scenario, "views")) {
        check_fields("mobile", row, expected, &fields);
    }
    let errors = rows(&events, TableId::Error);
    let crashes: Vec<_> = errors
        .iter()
        .filter(|row| column(row, "error_is_crash") == json!(true))
        .collect();
    let [crash] = crashes[..] else {
        panic!("{} crashes", crashes.len())
    };
    assert_eq!(crash["error_category"], "exception");
    assert_eq!(crash["error_time_since_app_start"], 6_900_000_000_i64);
    assert!(
        crash["error_threads"]
            .as_str()
            .unwrap()
            .contains("worker-1")
    );
    let resource = &rows(&events, TableId::Resource)[0];
    assert_eq!(
        resource["trace_id"],
        scenario.expected["trace"]["trace_id_hex"]
    );
    assert_eq!(resource["span_id"], scenario.expected["trace"]["span_id"]);
    let expected = json!({
        "platform": "android", "sdk_family": "datadog", "sdk_version": "3.8.0", "variant": "release", "env": "test",
        "network_type": "cellular", "carrier_name": "DemoTel", "user_is_signed_in": true, "device_model": "PX-1",
        "os_name": "Android", "time_zone": "Europe/Berlin", "replay_sample_rate": 50.0, "context.tenant": "north",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&column(resource, name), value, "{name}");
    }
}
