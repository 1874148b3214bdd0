use std::net::Ipv4Addr;

use schema::{Event, Value as Column};
use serde_json::{Value as Json, json};

use crate::{Endpoint, ProtocolId, Request, Settings};

fn decode(query: &str, event: &Json) -> crate::Decoded {
    let request = Request {
        protocol: ProtocolId::DATADOG,
        endpoint: Endpoint::Events,
        method: "POST".into(),
        path: "/api/v2/rum".into(),
        query: query.into(),
        headers: Vec::new(),
        body: event.to_string().into(),
        arrival_us: 0,
        peer: Ipv4Addr::LOCALHOST.into(),
        token_app: None,
    };
    crate::decode(&request, &Settings::default())
}

/// The value of a column, or of an attribute (a name with a dot), as JSON; null for NULL.
fn value(event: &Event, name: &str) -> Json {
    let table = event.table.table();
    if name.contains('.') {
        let attributes = event.row.attributes(table.by_name("attributes").unwrap());
        let text = attributes.and_then(|attributes| attributes.get(name));
        return text.map_or(Json::Null, |text| serde_json::from_str(text).unwrap());
    }
    let id = table
        .by_name(name)
        .unwrap_or_else(|| panic!("no column {name}"));
    match event.row.get(id) {
        None => Json::Null,
        Some(Column::Str(text)) => json!(text.as_str()),
        Some(Column::Int(number)) => json!(number),
        Some(Column::Float(number)) => json!(number),
        Some(Column::Bool(flag)) => json!(flag),
        Some(Column::List(items)) => items.iter().map(|item| json!(item.as_str())).collect(),
        Some(Column::Attributes(set)) => set
            .iter()
            .map(|(key, value)| json!([key.as_str(), value.as_str()]))
            .collect(),
    }
}

/// Decodes one event of the type with these fields besides `date`, and compares columns and attributes.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "so that tests write `json!` without `&`"
)]
fn check_in(query: &str, kind: &str, fields: Json, expected: Json) {
    let mut event = json!({ "type": kind, "date": 1 });
    event
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    let decoded = decode(query, &event);
    assert_eq!(decoded.rejects, [], "{event}");
    for (name, expected) in expected.as_object().unwrap() {
        assert_eq!(
            &value(&decoded.events[0], name),
            expected,
            "{name} of {event}"
        );
    }
}

#[track_caller]
fn check(kind: &str, fields: Json, expected: Json) {
    check_in("", kind, fields, expected);
}

#[track_caller]
fn check_refused(event: &Json, reason: &str) {
    let decoded = decode("", event);
    let reasons: Vec<&str> = decoded.rejects.iter().map(|reject| reject.reason).collect();
    assert_eq!(
        (decoded.events.len(), reasons.as_slice()),
        (0, [reason].as_slice()),
        "{event}"
    );
}

#[test]
fn date_is_the_client_time_to_the_microsecond() {
    check(
        "error",
        json!({ "date": 1_795_244_486_239_i64 }),
        json!({ "client_time": 1_795_244_486_239_000_i64, "time": null }),
    );
    check(
        "error",
        json!({ "date": 1_795_244_486_239.125 }),
        json!({ "client_time": 1_795_244_486_239_125_i64 }),
    );
    check("error", json!({ "date": 0 }), json!({ "client_time": 0 }));
    check(
        "error",
        json!({ "date": 4_102_444_800_000_i64 }),
        json!({ "client_time": 4_102_444_800_000_000_i64 }),
    );
    check(
        "error",
        json!({ "date": -1 }),
        json!({ "client_time": -1000 }),
    );
    check_refused(&json!({ "type": "error" }), "missing_field");
    check_refused(&json!({ "type": "error", "date": null }), "missing_field");
    check_refused(&json!({ "type": "error", "date": "soon" }), "invalid_field");
    check_refused(&json!({ "type": "error", "date": 1e300 }), "invalid_field");
    check_refused(
        &json!({ "type": "error", "date": i64::MAX }),
        "invalid_field",
    );
}

#[test]
fn every_type_has_its_table_and_its_own_id() {
    for kind in ["resource", "error", "long_task", "vital", "action"] {
        let mut fields = json!({});
        fields[kind] = json!({ "id": "own" });
        let decoded = decode(
            "",
            &json!({ "type": kind, "date": 1, kind: { "id": "own" } }),
        );
        assert_eq!(decoded.events[0].table.name(), kind);
        check(kind, fields, json!({ "event_id": "own" }));
    }
    check(
        "view",
        json!({ "view": { "id": "v" } }),
        json!({ "event_id": "v", "view_id": "v" }),
    );
    check(
        "resource",
        json!({ "resource": { "id": 7 } }),
        json!({ "event_id": "7" }),
    );
    check(
        "resource",
        json!({ "error": { "id": "e" } }),
        json!({ "datadog.error.id": "e" }),
    );
    check_refused(
        &json!({ "type": "view", "date": 1, "view": {} }),
        "missing_field",
    );
    check_refused(&json!({ "date": 1 }), "missing_field");
    for kind in [
        json!("transition"),
        json!("custom"),
        json!("view2"),
        json!(3),
    ] {
        check_refused(&json!({ "type": kind, "date": 1 }), "unknown_type");
    }
}

#[test]
fn a_view_update_is_a_patch() {
    let update = json!({ "type": "view_update", "date": 1, "view": { "id": "v", "time_spent": 5 },
        "feature_flags": { "gone": null }, "context": { "a": { "b": null } }, "usr": { "name": null } });
    let decoded = decode("", &update);
    let event = &decoded.events[0];
    assert!(event.is_patch);
    let attributes = event
        .row
        .attributes(schema::tables::common::attributes)
        .unwrap();
    assert_eq!(
        attributes
            .get("feature_flags.gone")
            .map(|text| text.as_str()),
        Some("null")
    );
    assert_eq!(
        attributes.get("context.a.b").map(|text| text.as_str()),
        Some("null")
    );
    check(
        "view_update",
        json!({ "view": { "id": "v" } }),
        json!({ "user_is_signed_in": null, "user_name": null }),
    );
}

#[test]
fn an_event_without_id_gets_one_from_its_content() {
    let id = |event: Json| value(&decode("", &event).events[0], "event_id");
    let usage = |tags: &str| json!({ "type": "telemetry", "date": 1, "ddtags": tags, "telemetry": { "type": "usage" } });
    let first = id(usage("env:test,api:fetch"));
    assert_eq!(first, id(usage("env:test,api:xhr,retry_count:1")));
    assert_ne!(first, id(usage("env:prod")));
    let (one, two) = (
        r#"{"type":"telemetry","date":1,"a":1}"#,
        r#"{"a":1,"date":1,"type":"telemetry"}"#,
    );
    let twice = Request {
        body: format!("{one}\n{two}\n{one}").into(),
        ..request("")
    };
    let ids: Vec<Json> = crate::decode(&twice, &Settings::default())
        .events
        .iter()
        .map(|event| value(event, "event_id"))
        .collect();
    let base = ids[0].as_str().unwrap();
    assert_eq!(
        ids,
        [
            json!(base),
            json!(format!("{base}-1")),
            json!(format!("{base}-2"))
        ]
    );
}

fn request(query: &str) -> Request {
    Request {
        protocol: ProtocolId::DATADOG,
        endpoint: Endpoint::Events,
        method: "POST".into(),
        path: "/api/v2/rum".into(),
        query: query.into(),
        headers: Vec::new(),
        body: bytes::Bytes::new(),
        arrival_us: 0,
        peer: Ipv4Addr::LOCALHOST.into(),
        token_app: None,
    }
}

#[test]
fn open_actions_are_one_id_or_several() {
    check(
        "error",
        json!({ "action": { "id": "a" } }),
        json!({ "action_id": "a", "action_ids": null }),
    );
    check(
        "error",
        json!({ "action": { "id": ["a"] } }),
        json!({ "action_id": "a", "action_ids": null }),
    );
    check(
        "error",
        json!({ "action": { "id": ["a", "b"] } }),
        json!({ "action_id": "a", "action_ids": ["a", "b"] }),
    );
    check(
        "error",
        json!({ "action": { "id": [] } }),
        json!({ "action_id": null, "datadog.action.id": null }),
    );
    check(
        "error",
        json!({ "action": { "id": { "x": 1 } } }),
        json!({ "action_id": null, "datadog.action.id.x": 1 }),
    );
    check(
        "action",
        json!({ "action": { "id": "a" } }),
        json!({ "action_id": "a", "event_id": "a" }),
    );
}

#[test]
fn a_replica_url_overrides_the_application() {
    let own = json!({ "application": { "id": "own" } });
    check_in("", "error", own.clone(), json!({ "app_id": "own" }));
    check_in(
        "application.id=replica",
        "error",
        own,
        json!({ "app_id": "replica", "datadog.application.id": "own" }),
    );
    check("error", json!({}), json!({ "app_id": null }));
    check_refused(
        &json!({ "type": "error", "date": 1, "application": { "id": "a/b" } }),
        "invalid_app_id",
    );
}

#[test]
fn tags_fill_columns_that_are_null() {
    let event = json!({ "service": "own", "ddtags": "env:test,service:other,version:1,variant:a,sdk_version:7.1.0,team:x:y,flag" });
    let expected = json!({
        "service": "own", "env": "test", "version": "1", "variant": "a", "sdk_version": "7.1.0",
        "datadog.ddtags.service": "other", "datadog.ddtags.env": null, "datadog.ddtags.team": "x:y",
        "datadog.ddtags.flag": "",
    });
    check("error", event, expected);
    let url = "ddtags=env%3Aprod%2Cservice%3Ashop%2Capi%3Abeacon%2Cretry_count%3A1%2Cteam%3Az";
    check_in(
        url,
        "error",
        json!({ "ddtags": "env:test,team:a,team:b" }),
        json!({
            "env": "test", "service": "shop", "datadog.ddtags.team": ["a", "b"], "datadog.ddtags.api": null,
            "datadog.ddtags.retry_count": null,
        }),
    );
    check(
        "error",
        json!({ "ootags": "env:test" }),
        json!({ "env": "test", "sdk_family": "openobserve" }),
    );
    check(
        "error",
        json!({ "ddtags": 3 }),
        json!({ "datadog.ddtags": 3 }),
    );
}

#[test]
fn source_becomes_the_platform() {
    for (source, platform) in [
        ("browser", "web"),
        ("android", "android"),
        ("react-native", "react_native"),
        ("miniapp", "miniapp"),
        ("kotlin-multiplatform", "kotlin_multiplatform"),
    ] {
        check(
            "error",
            json!({ "source": source }),
            json!({ "platform": platform }),
        );
    }
    let multiplatform =
        |os: &str| json!({ "source": "kotlin-multiplatform", "os": { "name": os } });
    check(
        "error",
        multiplatform("iOS"),
        json!({ "platform": "ios", "datadog.source": "kotlin-multiplatform" }),
    );
    check(
        "error",
        multiplatform("Android"),
        json!({ "platform": "android" }),
    );
    check_in(
        "ddsource=browser",
        "error",
        json!({}),
        json!({ "platform": "web" }),
    );
    check_in(
        "ddsource=browser",
        "error",
        json!({ "source": "ios" }),
        json!({ "platform": "ios" }),
    );
    check_in(
        "ddsource=browser",
        "error",
        json!({ "source": [1] }),
        json!({ "platform": "web", "datadog.source": [1] }),
    );
}

#[test]
fn the_family_is_told_by_spelling_and_version() {
    let family = |query: &str, fields: Json, expected: &str| {
        check_in(query, "error", fields, json!({ "sdk_family": expected }));
    };
    family(
        "ddsource=browser&dd-evp-origin-version=7.16.2",
        json!({ "source": "browser" }),
        "datadog",
    );
    family(
        "ddsource=browser&dd-evp-origin-version=0.0.2",
        json!({ "source": "browser" }),
        "flashduty",
    );
    family(
        "",
        json!({ "source": "browser", "ddtags": "sdk_version:0.0.2" }),
        "flashduty",
    );
    family(
        "ddsource=miniapp",
        json!({ "source": "miniapp", "ddtags": "sdk_version:1.2.0" }),
        "flashduty",
    );
    family(
        "o2source=browser&o2-evp-origin-version=0.4.1",
        json!({ "source": "browser" }),
        "openobserve",
    );
    family("", json!({ "_oo": { "drift": 1 } }), "openobserve");
    family(
        "dd-evp-origin-version=0.9.0",
        json!({ "source": "roku" }),
        "datadog",
    );
    check_in(
        "dd-evp-origin-version=7.1.0",
        "error",
        json!({ "ddtags": "sdk_version:7.2.0" }),
        json!({ "sdk_version": "7.2.0" }),
    );
    check_in(
        "dd-evp-origin-version=7.1.0",
        "error",
        json!({}),
        json!({ "sdk_version": "7.1.0" }),
    );
}

#[test]
fn trace_ids_of_openobserve_are_padded_and_others_stay() {
    let ids = json!({ "trace_id": "A1fceb058576c48ce48b76acf44963", "span_id": "123" });
    check(
        "resource",
        json!({ "_oo": ids }),
        json!({
            "trace_id": "00a1fceb058576c48ce48b76acf44963", "span_id": "0000000000000123",
        }),
    );
    check(
        "resource",
        json!({ "_dd": { "trace_id": "6899965994755998669", "span_id": "12" } }),
        json!({
            "trace_id": "6899965994755998669", "span_id": "12",
        }),
    );
    check(
        "resource",
        json!({ "_oo": { "trace_id": "not hex" } }),
        json!({ "trace_id": "not hex" }),
    );
}

#[test]
fn units_of_the_wire_become_those_of_the_dictionary() {
    check(
        "error",
        json!({ "_dd": { "drift": -2 } }),
        json!({ "drift": -2_000_000 }),
    );
    check(
        "error",
        json!({ "_dd": { "drift": 0.25 } }),
        json!({ "drift": 250_000 }),
    );
    check(
        "error",
        json!({ "_dd": { "drift": "x" } }),
        json!({ "drift": null, "datadog._dd.drift": "x" }),
    );
    check(
        "error",
        json!({ "device": { "total_ram": 2 } }),
        json!({ "device_memory_bytes": 2_097_152 }),
    );
    check(
        "error",
        json!({ "device": { "total_ram": -2 } }),
        json!({ "device_memory_bytes": null, "datadog.device.total_ram": -2 }),
    );
}

#[test]
fn the_first_network_interface_is_the_network_type() {
    let of = |interfaces: Json| json!({ "connectivity": { "interfaces": interfaces } });
    check(
        "error",
        of(json!(["wifi"])),
        json!({ "network_type": "wifi", "datadog.connectivity.interfaces": null }),
    );
    check(
        "error",
        of(json!(["wifi", "cellular"])),
        json!({
            "network_type": "wifi", "datadog.connectivity.interfaces": ["wifi", "cellular"],
        }),
    );
    check(
        "error",
        of(json!([])),
        json!({ "network_type": null, "datadog.connectivity.interfaces": null }),
    );
    check(
        "error",
        of(json!("wifi")),
        json!({ "network_type": null, "datadog.connectivity.interfaces": "wifi" }),
    );
    check(
        "error",
        json!({ "device": { "type": "gaming_console" } }),
        json!({ "device_type": "console" }),
    );
}

#[test]
fn an_id_that_equals_the_anonymous_id_signs_nobody_in() {
    check(
        "error",
        json!({ "usr": { "id": "u", "anonymous_id": "a", "plan": "gold" } }),
        json!({
            "user_id": "u", "user_is_signed_in": true, "user.plan": "gold",
        }),
    );
    check(
        "error",
        json!({ "usr": { "id": "a", "anonymous_id": "a" } }),
        json!({ "user_id": "a", "user_is_signed_in": false }),
    );
    check(
        "error",
        json!({ "usr": { "anonymous_id": "a" } }),
        json!({ "user_id": null, "user_is_signed_in": false }),
    );
    check(
        "telemetry",
        json!({ "anonymous_id": "a" }),
        json!({ "anonymous_id": "a", "user_is_signed_in": null }),
    );
    check(
        "view_update",
        json!({ "view": { "id": "v" }, "usr": { "id": "u" } }),
        json!({ "user_is_signed_in": true }),
    );
}

#[test]
fn error_categories_are_the_dictionarys() {
    for (sent, stored) in [
        ("ANR", "anr"),
        ("App Hang", "app_hang"),
        ("Exception", "exception"),
        ("Watchdog Termination", "watchdog"),
        ("Memory Warning", "memory_warning"),
        ("Network", "network"),
    ] {
        check(
            "error",
            json!({ "error": { "category": sent } }),
            json!({ "error_category": stored }),
        );
    }
}

#[test]
fn a_status_has_its_group() {
    for (status, group) in [
        (200, json!("2xx")),
        (404, json!("4xx")),
        (0, json!("0")),
        (42, json!(null)),
    ] {
        check(
            "resource",
            json!({ "resource": { "status_code": status } }),
            json!({ "resource_status_group": group }),
        );
    }
    check(
        "resource",
        json!({ "resource": {} }),
        json!({ "resource_status_group": null }),
    );
}

#[test]
fn the_longest_script_is_the_top_script() {
    let scripts = json!([
        { "duration": 5, "source_url": "a.js", "invoker": "one" },
        { "duration": 9, "source_url": "b.js", "invoker": "" },
        { "duration": 9, "source_url": "c.js", "invoker": "three" },
    ]);
    check(
        "long_task",
        json!({ "long_task": { "scripts": scripts } }),
        json!({
            "long_task_top_script_url": "b.js", "long_task_top_script_invoker": null,
        }),
    );
    check(
        "long_task",
        json!({ "long_task": { "scripts": [] } }),
        json!({ "long_task_scripts": null }),
    );
    check(
        "long_task",
        json!({ "long_task": { "scripts": "x" } }),
        json!({ "datadog.long_task.scripts": "x" }),
    );
}

#[test]
fn a_custom_vital_has_name_and_value() {
    check(
        "vital",
        json!({ "vital": { "custom": { "bids": 1.5 } } }),
        json!({
            "vital_name": "bids", "vital_value": 1.5, "vital_type": "custom", "datadog.vital.custom.bids": null,
        }),
    );
    check(
        "vital",
        json!({ "vital": { "name": "n", "type": "duration", "custom": { "bids": 1 } } }),
        json!({
            "vital_name": "n", "vital_type": "duration", "datadog.vital.custom.bids": 1,
        }),
    );
    check(
        "vital",
        json!({ "vital": { "custom": { "a": 1, "b": 2 } } }),
        json!({
            "vital_name": null, "datadog.vital.custom.a": 1, "datadog.vital.custom.b": 2,
        }),
    );
}

#[test]
fn telemetry_keeps_the_service_of_the_sdk() {
    check_in(
        "ddtags=service%3Ashop",
        "telemetry",
        json!({
            "service": "browser-rum-sdk", "version": "7.16.2", "telemetry": { "sdk_name": "rum-slim", "type": "usage" },
        }),
        json!({
            "service": "browser-rum-sdk", "sdk_name": "rum-slim", "telemetry_type": "usage", "datadog.ddtags.service": "shop",
        }),
    );
}

#[test]
fn of_two_paths_to_one_column_the_first_declared_wins() {
    let both = |flat: Json, structured: Json| json!({ "view": { "id": "v", "first_contentful_paint": flat, "performance": { "fcp": { "timestamp": structured } } } });
    let attribute = "datadog.view.first_contentful_paint";
    check(
        "view",
        both(json!(1), json!(2)),
        json!({ "first_contentful_paint": 2, attribute: 1 }),
    );
    check(
        "view",
        both(json!(2), json!(2)),
        json!({ "first_contentful_paint": 2, attribute: null }),
    );
    check(
        "view",
        both(json!(1), json!(null)),
        json!({ "first_contentful_paint": 1, attribute: null }),
    );
    check(
        "view",
        both(json!(1), json!(-5)),
        json!({
            "first_contentful_paint": 1, attribute: null, "datadog.view.performance.fcp.timestamp": -5,
        }),
    );
}

#[test]
fn a_value_that_its_column_cannot_hold_becomes_an_attribute() {
    let resource = |field: &str, value: Json| json!({ "resource": { field: value } });
    check(
        "resource",
        resource("duration", json!(-1)),
        json!({ "resource_duration": null, "datadog.resource.duration": -1 }),
    );
    check(
        "resource",
        resource("duration", json!(1.6)),
        json!({ "resource_duration": 2 }),
    );
    check(
        "resource",
        resource("duration", json!("fast")),
        json!({ "datadog.resource.duration": "fast" }),
    );
    check(
        "resource",
        resource("status_code", json!(3_000_000_000_u64)),
        json!({ "datadog.resource.status_code": 3_000_000_000_u64 }),
    );
    check(
        "resource",
        resource("url", json!({ "a": 1 })),
        json!({ "datadog.resource.url.a": 1 }),
    );
    check(
        "resource",
        resource("url", json!("")),
        json!({ "resource_url": null, "datadog.resource.url": null }),
    );
    check(
        "error",
        json!({ "version": 12 }),
        json!({ "version": "12" }),
    );
    check(
        "error",
        json!({ "error": { "is_crash": "yes" } }),
        json!({ "error_is_crash": null, "datadog.error.is_crash": "yes" }),
    );
    check(
        "action",
        json!({ "action": { "frustration": { "type": ["rage_click", { "x": 1 }] } } }),
        json!({
            "action_frustration_types": null, "datadog.action.frustration.type": ["rage_click", { "x": 1 }],
        }),
    );
    assert_eq!(
        decode(
            "",
            &json!({ "type": "resource", "date": 1, "resource": { "size": -1, "duration": -1 } })
        )
        .unfit_values,
        2
    );
}

#[test]
fn unknown_fields_become_attributes_as_sent() {
    check(
        "error",
        json!({
            "context": { "a": { "b": [1, { "c": 2 }] }, "dots.in": 1, "empty": {} }, "account": { "id": "x", "tier": "pro" },
            "usr": { "roles": ["a"] }, "feature_flags": { "new-checkout": true }, "_oo": { "rule_psr": 1 }, "tab": { "id": "t" },
            "_dd": { "discarded": true, "format_version": 2 },
        }),
        json!({
            "context.a.b": [1, { "c": 2 }], "context.dots.in": 1, "context.empty": {}, "account.tier": "pro", "account_id": "x",
            "user.roles": ["a"], "feature_flags.new-checkout": true, "datadog._oo.rule_psr": 1, "datadog.tab.id": "t",
            "datadog._dd.discarded": true, "datadog._dd.format_version": null, "datadog.type": null,
        }),
    );
    let numbers = r#"{"type":"error","date":1,"context":{"a":12.50,"b":1E3,"c":123456789012345678901234567890}}"#;
    let decoded = crate::decode(
        &Request {
            body: numbers.into(),
            ..request("")
        },
        &Settings::default(),
    );
    let attributes = decoded.events[0]
        .row
        .attributes(schema::tables::common::attributes)
        .unwrap();
    let texts: Vec<&str> = attributes.values().map(|text| text.as_str()).collect();
    assert_eq!(texts, ["12.50", "1E3", "123456789012345678901234567890"]);
}

#[test]
fn objects_flatten_to_eight_keys() {
    let deep = json!({ "context": { "b": { "c": { "d": { "e": { "f": { "g": { "h": { "i": 1 } } } } } } } } });
    check(
        "error",
        deep,
        json!({ "context.b.c.d.e.f.g.h": { "i": 1 } }),
    );
}

#[test]
fn custom_timings_are_a_set_whose_names_may_have_dots() {
    let decoded = decode(
        "",
        &json!({ "type": "view", "date": 1, "view": { "id": "v", "custom_timings": { "a.b": 1, "c": 2 } } }),
    );
    assert_eq!(
        value(&decoded.events[0], "view_custom_timings"),
        json!([["a.b", "1"], ["c", "2"]])
    );
}
