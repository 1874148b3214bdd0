//! Where each field of the recordings goes, found by leaving it out and looking at what is then missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use schema::tables::common;
use serde_json::{Map, Value as Json};

use crate::support::{decode, event_json, request, rum_requests, scenarios, text_of};

/// Paths of scalars, arrays and empty objects.
pub(crate) fn leaf_paths(value: &Json) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    collect(value, &mut Vec::new(), &mut paths);
    paths
}

fn collect(value: &Json, path: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    match value {
        Json::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                path.push(key.clone());
                collect(value, path, paths);
                path.pop();
            }
        }
        _ => paths.push(path.clone()),
    }
}

/// The event without a field, and without the objects that are empty then.
fn without(event: &Json, path: &[String]) -> Json {
    let mut event = event.clone();
    for end in (1..=path.len()).rev() {
        let (last, parents) = path[..end].split_last().unwrap();
        let parent = parents
            .iter()
            .fold(&mut event, |value, key| &mut value[key])
            .as_object_mut()
            .unwrap();
        parent.remove(last);
        if !parent.is_empty() {
            break;
        }
    }
    event
}

/// The columns and attributes that are gone or different when the field is left out.
fn effect(event: &Json, path: &[String]) -> String {
    let (whole, less) = (columns(event), columns(&without(event, path)));
    let (Some(whole), Some(less)) = (whole, less) else {
        return "required".into();
    };
    let differs = |name: &&String| whole.get(*name) != less.get(*name);
    let names: BTreeSet<&String> = whole.keys().chain(less.keys()).filter(differs).collect();
    if names.is_empty() {
        let value = path.iter().fold(event, |value, key| &value[key]);
        let is_empty = [Json::String(String::new()), Json::Array(Vec::new())].contains(value);
        return if is_empty {
            "nothing when empty"
        } else {
            "nothing: dropped, or said twice"
        }
        .into();
    }
    Vec::from_iter(names.into_iter().map(String::as_str)).join(", ")
}

/// An event's columns, with attributes as `@key`; nothing if it is refused. Ids made from content are left out.
fn columns(event: &Json) -> Option<Map<String, Json>> {
    let decoded = decode(&request("", event.to_string()));
    let event = decoded.events.first()?;
    let mut columns = event_json(event);
    if event.table.name() == "telemetry" {
        columns.remove("event_id");
    }
    if event.row.attributes(common::attributes).is_some()
        && let Some(Json::Object(attributes)) = columns.remove("attributes")
    {
        columns.extend(
            attributes
                .into_iter()
                .map(|(key, value)| (format!("@{key}"), value)),
        );
    }
    Some(columns)
}

#[test]
fn every_recorded_field_has_its_place() {
    let mut effects: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    let mut seen = BTreeMap::<(String, String), usize>::new();
    for request in scenarios().iter().flat_map(rum_requests) {
        for line in text_of(&request).lines() {
            let event: Json = serde_json::from_str(line).unwrap();
            let kind = event["type"].as_str().unwrap().to_owned();
            for path in leaf_paths(&event) {
                let name = path.join(".");
                // Enough to see a field with other neighbours; each costs two decodings.
                let times = seen.entry((kind.clone(), name.clone())).or_default();
                *times += 1;
                if *times <= 12 {
                    effects
                        .entry(name)
                        .or_default()
                        .entry(effect(&event, &path))
                        .or_default()
                        .insert(kind.clone());
                }
            }
        }
    }
    let mut list = String::new();
    for (path, effects) in effects {
        for (effect, kinds) in effects {
            writeln!(
                list,
                "{path} → {effect}  ({})",
                Vec::from_iter(kinds).join(" ")
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!("wire-fields", list);
}
