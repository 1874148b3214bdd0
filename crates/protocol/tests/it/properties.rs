//! What holds for any input.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::{Endpoint, Request, reasons};
use schema::{Event, Identity, TableId};
use serde_json::{Value as Json, json};

use crate::fields::leaf_paths;
use crate::support::{TABLES, decode, logged, request, rum_requests, scenarios, text_of};

static REQUESTS: LazyLock<Vec<Request>> = LazyLock::new(|| {
    scenarios()
        .iter()
        .flat_map(|scenario| &scenario.requests)
        .filter_map(logged)
        .collect()
});

static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let texts = scenarios()
        .iter()
        .flat_map(rum_requests)
        .map(|request| text_of(&request))
        .collect::<Vec<_>>();
    texts
        .iter()
        .flat_map(|text| text.lines())
        .map(str::to_owned)
        .collect()
});

/// Paths that some rule knows, for any table.
static KNOWN_PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let declared = TABLES
        .iter()
        .flat_map(|table| table.table().columns())
        .flat_map(|column| column.dd.as_slice());
    let fixups = [
        "ddtags",
        "source",
        "telemetry.sdk_name",
        "anonymous_id",
        "_dd.drift",
        "connectivity.interfaces",
        "long_task.scripts",
        "vital.custom",
        "resource.id",
        "error.id",
        "long_task.id",
        "vital.id",
        "action.id",
        "_oo.trace_id",
        "_oo.span_id",
        "ootags",
        "_dd.discarded",
        "view",
        "usr",
        "context",
    ];
    let paths: BTreeSet<&str> = declared
        .copied()
        .chain(fixups)
        .filter(|path| *path != "date")
        .collect();
    paths.into_iter().map(str::to_owned).collect()
});

fn path() -> impl Strategy<Value = Vec<String>> {
    let known = (0..KNOWN_PATHS.len())
        .prop_map(|index| KNOWN_PATHS[index].split('.').map(str::to_owned).collect());
    let space = prop_oneof![
        Just("context"),
        Just("usr"),
        Just("account"),
        Just("feature_flags"),
        Just("x"),
        Just("view")
    ];
    let made = (space, vec("[a-z]{1,3}", 1..12))
        .prop_map(|(space, keys)| std::iter::once(space.to_owned()).chain(keys).collect());
    let below = (0..KNOWN_PATHS.len(), "[a-z]{1,3}").prop_map(|(index, key)| {
        KNOWN_PATHS[index]
            .split('.')
            .map(str::to_owned)
            .chain([key])
            .collect()
    });
    prop_oneof![4 => known, 3 => made, 1 => below]
}

#[derive(Clone, Copy, Debug)]
enum Leaf {
    Text,
    Number,
    Array,
}

/// Puts a value at a path unless something scalar is in the way.
fn place(event: &mut Json, path: &[String], value: Json) -> bool {
    let (last, parents) = path.split_last().unwrap();
    let mut at = event;
    for key in parents {
        at = at
            .as_object_mut()
            .unwrap()
            .entry(key.clone())
            .or_insert_with(|| json!({}));
        if !at.is_object() {
            return false;
        }
    }
    let object = at.as_object_mut().unwrap();
    if object.contains_key(last) {
        return false;
    }
    object.insert(last.clone(), value);
    true
}

const TYPES: &[&str] = &[
    "view",
    "view_update",
    "resource",
    "action",
    "error",
    "long_task",
    "vital",
    "telemetry",
];

proptest! {
    #[test]
    fn arbitrary_bytes_are_decoded(body in vec(any::<u8>(), 0..300), query in "[a-z0-9_=&%.,:-]{0,60}") {
        decode(&request(&query, body.clone()));
        decode(&request("dd-evp-encoding=deflate", body));
    }

    #[test]
    fn arbitrary_request_lines_are_routed(path in ".{0,40}", query in ".{0,80}", method in "[A-Z]{3,7}") {
        if let Some(route) = protocol::route(&method, &path, &query) {
            let _ = protocol::token(&route, |_| None);
        }
        let _ = protocol::route("POST", &path, &format!("ddforward={query}"));
    }

    #[test]
    fn mutated_recordings_are_decoded(
        index in any::<prop::sample::Index>(),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut recorded = index.get(&REQUESTS).clone();
        let mut body = recorded.body.to_vec();
        for (at, byte) in flips {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = byte;
            }
        }
        if is_cut && !body.is_empty() {
            body.truncate(cut.index(body.len()));
        }
        recorded.body = body.into();
        let decoded = decode(&recorded);
        prop_assert_eq!(&decoded, &decode(&recorded));
        prop_assert!(recorded.endpoint != Endpoint::Events || decoded.events.len() + decoded.rejects.len() > 0);
        prop_assert!(decoded.rejects.iter().all(|reject| reasons::ALL.contains(&reject.reason)));
        let _ = protocol::named_applications(&recorded, &protocol::Limits::default());
    }

    /// The JSON parser agrees with another one on what is JSON.
    #[test]
    fn a_mutated_line_is_refused_if_and_only_if_it_is_no_json(
        line in any::<prop::sample::Index>(),
        flips in vec((any::<prop::sample::Index>(), 0x20_u8..0x7f), 0..4),
    ) {
        let mut text = line.get(&LINES).clone().into_bytes();
        for (at, byte) in flips {
            let at = at.index(text.len());
            text[at] = byte;
        }
        let first = text.trim_ascii_start().first().copied();
        let Ok(text) = String::from_utf8(text) else { return Ok(()) };
        // Half emojis and numbers beyond a float are JSON to us and not to the other parser; a leading [ makes it an array.
        let is_out_of_range = |error: &serde_json::Error| {
            let message = error.to_string();
            message.contains("out of range") || message.contains("surrogate") || message.contains("hex escape")
        };
        let is_json = match serde_json::from_str::<Json>(&text) {
            Ok(value) => value.is_object(),
            Err(error) if is_out_of_range(&error) => return Ok(()),
            Err(_) => false,
        };
        let decoded = decode(&request("", text));
        let is_malformed = decoded.rejects.iter().any(|reject| reject.reason == reasons::MALFORMED_JSON);
        prop_assert!(first == Some(b'[') || is_malformed != is_json);
    }

    /// Every leaf has a value of its own, which must be found again in a column, an attribute or the reject.
    #[test]
    fn nothing_is_lost(kind in prop::sample::select(TYPES), leaves in vec((path(), prop_oneof![
        Just(Leaf::Text), Just(Leaf::Number), Just(Leaf::Array),
    ]), 1..40)) {
        let mut event = json!({ "type": kind, "date": 1_795_244_486_239_i64 });
        let mut marks = Vec::new();
        for (number, (path, leaf)) in (100_000..).zip(leaves) {
            let mark = number.to_string();
            let value = match leaf {
                Leaf::Text => json!(format!("mark{mark}")),
                Leaf::Number => json!(number),
                Leaf::Array => json!([format!("mark{mark}")]),
            };
            if place(&mut event, &path, value) {
                marks.push((path.join("."), mark));
            }
        }
        let decoded = decode(&request("", event.to_string()));
        prop_assert_eq!(decoded.events.len() + decoded.rejects.len(), 1);
        let found = format!("{:?}{:?}", decoded.events, decoded.rejects);
        for (path, mark) in marks {
            prop_assert!(found.contains(&mark), "{path} is lost from {event}: {found}");
        }
    }

    #[test]
    fn the_order_and_grouping_of_lines_does_not_change_identities(
        index in any::<prop::sample::Index>(),
        order in any::<u64>(),
        parts in 1_usize..6,
    ) {
        let recorded: Vec<Request> =
            REQUESTS.iter().filter(|request| request.endpoint == Endpoint::Events).cloned().collect();
        let recorded = index.get(&recorded);
        let whole = decode(recorded);
        let text = text_of(recorded);
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_by_key(|line| xxhash_rust::xxh3::xxh3_64_with_seed(line.as_bytes(), order));
        let mut events = Vec::new();
        for part in lines.chunks(lines.len().div_ceil(parts)) {
            let request = Request { body: part.join("\n").into(), ..recorded.clone() };
            events.extend(decode(&request).events);
        }
        prop_assert_eq!(identities(&events), identities(&whole.events));
        let array = Request { body: format!("[{}]", lines.join(",")).into(), ..recorded.clone() };
        prop_assert_eq!(identities(&decode(&array).events), identities(&whole.events));
    }
}

fn identities(events: &[Event]) -> BTreeSet<(TableId, Identity)> {
    events
        .iter()
        .map(|event| (event.table, event.identity().unwrap()))
        .collect()
}

#[test]
fn every_leaf_of_the_recordings_is_found_again() {
    for line in LINES.iter() {
        let event: Json = serde_json::from_str(line).unwrap();
        let mut marked = event.clone();
        let mut marks = Vec::new();
        for (number, path) in (100_000..).zip(leaf_paths(&event)) {
            let name = path.join(".");
            if ["type", "date", "_dd.format_version", "_oo.format_version"].contains(&name.as_str())
            {
                continue;
            }
            let slot = path.iter().fold(&mut marked, |value, key| &mut value[key]);
            *slot = json!(format!("mark{number}"));
            marks.push((name, format!("mark{number}")));
        }
        let decoded = decode(&request("", marked.to_string()));
        assert_eq!(
            (decoded.events.len(), decoded.attributes_truncated),
            (1, 0),
            "{line}"
        );
        let found = format!("{:?}", decoded.events);
        for (name, mark) in marks {
            assert!(found.contains(&mark), "{name} is lost from {line}");
        }
    }
}
