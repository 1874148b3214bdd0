//! Reviewed results: whole events of some scenarios, a digest of every other request.
//!
//! To keep them readable, columns that have one value in all events of a request stand once, under `all`, and only the
//! first scenario of each SDK shows the page's static files.

use std::collections::BTreeMap;

use protocol::Decoded;
use schema::TableId;
use serde_json::{Map, Value as Json, json};
use testkit::fixtures::Scenario;

use crate::support::{decode, event_json, name, rum_requests, scenarios};

const WHOLE: &[&str] = &[
    "01-load",
    "04-errors",
    "05-network",
    "07-custom",
    "18-view-updates",
    "20-telemetry",
];

#[test]
fn events_of_chosen_scenarios() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for scenario in scenarios()
        .iter()
        .filter(|scenario| WHOLE.contains(&scenario.name.as_str()))
    {
        let has_static_files = scenario.name == "01-load";
        let is_updates = scenario.name == "18-view-updates";
        let requests = rum_requests(scenario);
        let decoded: Vec<Json> = requests
            .iter()
            .map(decode)
            .map(|decoded| whole(&decoded, has_static_files))
            .collect();
        let shown = if is_updates {
            updates(decoded)
        } else {
            decoded
        };
        settings.bind(|| {
            insta::assert_json_snapshot!(format!("{}-{}", scenario.sdk, scenario.name), shown)
        });
    }
}

fn whole(decoded: &Decoded, has_static_files: bool) -> Json {
    let is_shown = |event: &&schema::Event| {
        has_static_files
            || event.table != TableId::Resource
            || event
                .row
                .get(schema::tables::resource::resource_method)
                .is_some()
    };
    let mut events: Vec<Map<String, Json>> = decoded
        .events
        .iter()
        .filter(is_shown)
        .map(event_json)
        .collect();
    let rejects: Vec<Json> = decoded
        .rejects
        .iter()
        .map(|reject| json!([reject.place, reject.reason]))
        .collect();
    json!({ "all": take_common(&mut events), "events": events, "rejects": rejects })
}

/// Of 168 actions and four versions of one view, the first two versions.
fn updates(requests: Vec<Json>) -> Vec<Json> {
    let is_view = |event: &Json| event["(table)"] == "view";
    let views = requests.into_iter().filter_map(|mut request| {
        let events = request["events"].as_array_mut().unwrap();
        events.retain(is_view);
        (!events.is_empty()).then_some(request)
    });
    views.take(2).collect()
}

fn take_common(events: &mut [Map<String, Json>]) -> Map<String, Json> {
    let [first, rest @ ..] = &*events else {
        return Map::new();
    };
    if rest.is_empty() {
        return Map::new();
    }
    let is_common =
        |(name, value): &(&String, &Json)| rest.iter().all(|event| event.get(*name) == Some(value));
    let common: Map<String, Json> = first
        .iter()
        .filter(is_common)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for event in events {
        event.retain(|name, _| !common.contains_key(name));
    }
    common
}

#[test]
fn a_digest_of_every_request() {
    let digests: BTreeMap<String, Json> = scenarios().iter().flat_map(digests_of).collect();
    insta::assert_json_snapshot!("digests", digests);
}

/// Counts, and a hash of everything that the snapshots above do not show.
fn digests_of(scenario: &Scenario) -> Vec<(String, Json)> {
    let rum = scenario
        .requests
        .iter()
        .filter(|recorded| recorded.kind.starts_with("rum"));
    let named = rum.zip(rum_requests(scenario));
    let digest = named.map(|(recorded, request)| {
        let decoded = decode(&request);
        let mut tables: BTreeMap<&str, usize> = BTreeMap::new();
        let mut text = String::new();
        for event in &decoded.events {
            *tables.entry(event.table.name()).or_default() += 1;
            text.push_str(&serde_json::to_string(&event_json(event)).unwrap());
        }
        let tables: Vec<String> = tables
            .iter()
            .map(|(table, count)| format!("{count} {table}"))
            .collect();
        let retry = if decoded.is_retry { ", retry" } else { "" };
        let digest = format!(
            "{}{retry}, {} bytes, {} rejects, {:016x}",
            tables.join(", "),
            decoded.inflated_bytes,
            decoded.rejects.len(),
            xxhash_rust::xxh3::xxh3_64(text.as_bytes()),
        );
        (
            format!("{}/{}", name(scenario), recorded.file_name),
            json!(digest),
        )
    });
    digest.collect()
}
