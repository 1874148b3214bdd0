//! Recorded requests as the log would keep them, and rows as JSON.

use std::net::Ipv4Addr;

use protocol::{Decoded, Endpoint, KEPT_HEADERS, ProtocolId, Request, Settings};
use schema::{Event, Row, Table, TableId, Value};
use serde_json::{Map, Value as Json, json};
use testkit::fixtures::{RecordedRequest, Scenario};

/// Tables that RUM events decode into.
pub(crate) const TABLES: [TableId; 7] = [
    TableId::View,
    TableId::Resource,
    TableId::Action,
    TableId::Error,
    TableId::LongTask,
    TableId::Vital,
    TableId::Telemetry,
];

pub(crate) fn scenarios() -> Vec<Scenario> {
    testkit::fixtures::scenarios("datadog")
}

/// `dd-rum-7/01-load`.
pub(crate) fn name(scenario: &Scenario) -> String {
    format!("{}/{}", scenario.sdk, scenario.name)
}

/// What intake would log; nothing for preflights and quota questions.
pub(crate) fn logged(recorded: &RecordedRequest) -> Option<Request> {
    let (path, query) = recorded
        .path
        .split_once('?')
        .unwrap_or((&recorded.path, ""));
    let route = protocol::route(&recorded.method, path, query);
    let route = route.unwrap_or_else(|| panic!("no route for {}", recorded.path));
    if route.is_preflight || !route.endpoint.is_logged() {
        return None;
    }
    let kept = recorded
        .headers
        .iter()
        .filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str()));
    Some(Request {
        protocol: route.protocol,
        endpoint: route.endpoint,
        method: recorded.method.clone(),
        path: route.path,
        query: route.query,
        headers: kept.cloned().collect(),
        body: recorded.body.clone().into(),
        arrival_us: recorded.received_at_ms * 1000,
        peer: Ipv4Addr::LOCALHOST.into(),
        token_app: None,
    })
}

/// The requests of a scenario that carry RUM events.
pub(crate) fn rum_requests(scenario: &Scenario) -> Vec<Request> {
    let logged = scenario.requests.iter().filter_map(logged);
    logged
        .filter(|request| request.endpoint == Endpoint::Events)
        .collect()
}

pub(crate) fn decode(request: &Request) -> Decoded {
    protocol::decode(request, &Settings::default())
}

/// A request to the RUM track with this body.
pub(crate) fn request(query: &str, body: impl Into<Vec<u8>>) -> Request {
    Request {
        protocol: ProtocolId::DATADOG,
        endpoint: Endpoint::Events,
        method: "POST".into(),
        path: "/api/v2/rum".into(),
        query: query.into(),
        headers: Vec::new(),
        body: body.into().into(),
        arrival_us: 1_795_244_486_239_000,
        peer: Ipv4Addr::LOCALHOST.into(),
        token_app: None,
    }
}

/// The text of a recorded body: plain ones as they are, packed ones by another inflater than the one under test.
pub(crate) fn text_of(request: &Request) -> String {
    use std::io::Read;
    let mut text = String::new();
    match request.body[..] {
        [0x1f, 0x8b, ..] => flate2::read::GzDecoder::new(&request.body[..])
            .read_to_string(&mut text)
            .unwrap(),
        [0x78, ..] => flate2::read::ZlibDecoder::new(&request.body[..])
            .read_to_string(&mut text)
            .unwrap(),
        _ => {
            text = String::from_utf8(request.body.to_vec()).unwrap();
            0
        }
    };
    text
}

/// The non-NULL columns of a row by name; attributes as one object.
pub(crate) fn row_json(table: &Table, row: &Row) -> Map<String, Json> {
    row.values()
        .iter()
        .map(|(id, value)| (table.column(*id).name.to_owned(), value_json(value)))
        .collect()
}

pub(crate) fn event_json(event: &Event) -> Map<String, Json> {
    let mut json = row_json(event.table.table(), &event.row);
    json.insert("(table)".into(), json!(event.table.name()));
    if event.is_patch {
        json.insert("(patch)".into(), json!(true));
    }
    json
}

fn value_json(value: &Value) -> Json {
    match value {
        Value::Str(text) => json!(text.as_str()),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Bool(flag) => json!(flag),
        Value::List(items) => items.iter().map(|item| json!(item.as_str())).collect(),
        Value::Attributes(set) => {
            let parse = |text: &str| {
                serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}"))
            };
            Json::Object(
                set.iter()
                    .map(|(key, text)| (key.to_string(), parse(text)))
                    .collect(),
            )
        }
    }
}
