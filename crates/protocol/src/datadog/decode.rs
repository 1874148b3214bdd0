//! A logged request → events and rejects.
//!
//! Body → text (bounded) → items (lines or array elements) → each alone: size, UTF-8, depth, JSON, type, walk, fixups, id. What
//! fails a step is one reject; nothing else suffers.
//!
//! **Ids of events that have none** (telemetry): the hash of what was sent, keys sorted, without tags that say how it
//! travelled, and the ordinal among equal events of the request. So a retried batch gives the same ids, wherever its lines
//! stand, and two equal events of one batch stay two.

use compact_str::CompactString;
use foldhash::{HashMap, HashMapExt};
use schema::tables::common;
use schema::{AppId, Event, Reject};
use serde::Deserialize;
use sonic_rs::{Deserializer, JsonContainerTrait, JsonValueTrait, Value};
use xxhash_rust::xxh3::xxh3_128;

use crate::decoded::{Decoded, Limits, Settings};
use crate::inflate::inflate;
use crate::items::{Item, is_too_deep, items};
use crate::reasons;
use crate::request::{Endpoint, Request};

use super::draft::{Counts, Draft, Refusal, json_text};
use super::fixups::FIXUPS;
use super::sender::{Sender, tag_list};
use super::wire;

/// Rejects of one request that keep a sample; the rest only count. Bounds the memory that 10,000 bad lines take.
const SAMPLES_MAX: usize = 100;

/// Decodes a request of the RUM track; other tracks are kept whole and give nothing.
pub(crate) fn decode(request: &Request, settings: &Settings) -> Decoded {
    let sender = Sender::of(request);
    let mut decoded = Decoded {
        sent_at_us: sender.sent_at_us,
        is_retry: sender.is_retry,
        is_mobile: sender.is_mobile,
        ..Decoded::default()
    };
    if request.endpoint == Endpoint::Events {
        decode_body(&mut decoded, request, &sender, &settings.limits);
    }
    decoded
}

fn decode_body(decoded: &mut Decoded, request: &Request, sender: &Sender, limits: &Limits) {
    let inflated = inflate(
        &request.body,
        limits.inflated_bytes_max,
        sender.announces_compression,
    );
    decoded.inflated_bytes = inflated.text.len();
    let mut ordinals = HashMap::new();
    let mut items = items(&inflated.text);
    while let Some(item) = items.next() {
        if inflated.is_cut && item.is_open {
            break;
        }
        if decoded.events.len() + decoded.rejects.len() >= limits.events_max {
            let count = 1 + items.by_ref().count();
            let detail = format!(
                "a request may have {} events; {count} more came",
                limits.events_max
            );
            reject(
                decoded,
                &item,
                None,
                Refusal::new(reasons::TOO_MANY_EVENTS, detail),
            );
            break;
        }
        decode_item(decoded, &item, sender, limits, &mut ordinals);
    }
    let at_end = Item {
        place: items.place.max(1),
        text: b"",
        is_open: true,
    };
    if inflated.is_cut {
        let detail = format!(
            "the body inflates to more than {} bytes",
            limits.inflated_bytes_max
        );
        reject(
            decoded,
            &at_end,
            None,
            Refusal::new(reasons::INFLATED_TOO_LARGE, detail),
        );
    }
    if let Some(damage) = inflated.damage {
        reject(
            decoded,
            &at_end,
            None,
            Refusal::new(reasons::UNDECODABLE_BODY, damage),
        );
    }
    if decoded.events.is_empty() && decoded.rejects.is_empty() {
        reject(
            decoded,
            &at_end,
            None,
            Refusal::new(reasons::EMPTY_BODY, "no event in the body"),
        );
    }
}

type Ordinals = HashMap<u128, u32>;

fn decode_item(
    decoded: &mut Decoded,
    item: &Item<'_>,
    sender: &Sender,
    limits: &Limits,
    ordinals: &mut Ordinals,
) {
    let value = match parse(item.text, limits) {
        Ok(value) => value,
        Err(refusal) => return reject(decoded, item, None, refusal),
    };
    match decode_value(&value, sender, limits, ordinals) {
        Ok((event, counts)) => {
            decoded.cut_strings += counts.cut_strings;
            decoded.attributes_truncated += counts.attributes_truncated;
            decoded.unfit_values += counts.unfit_values;
            decoded.events.push(event);
        }
        Err(refusal) => reject(decoded, item, application_of(&value, sender), refusal),
    }
}

/// One item's JSON. Lone surrogates, which JavaScript strings may hold where text was cut inside an emoji, become U+FFFD.
fn parse(text: &[u8], limits: &Limits) -> Result<Value, Refusal> {
    if text.len() > limits.event_bytes_max {
        let detail = format!(
            "{} bytes; an event may have {}",
            text.len(),
            limits.event_bytes_max
        );
        return Err(Refusal::new(reasons::EVENT_TOO_LARGE, detail));
    }
    let text = std::str::from_utf8(text)
        .map_err(|error| Refusal::new(reasons::INVALID_UTF8, error.to_string()))?;
    if is_too_deep(text.as_bytes(), limits.depth_max) {
        let detail = format!("brackets nest deeper than {}", limits.depth_max);
        return Err(Refusal::new(reasons::TOO_DEEP, detail));
    }
    let malformed = |error: sonic_rs::Error| {
        let first_line = error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        Refusal::new(reasons::MALFORMED_JSON, first_line)
    };
    let mut parser = Deserializer::from_str(text).use_rawnumber().utf8_lossy();
    let value = Value::deserialize(&mut parser).map_err(malformed)?;
    parser.end().map_err(malformed)?;
    if !value.is_object() {
        return Err(Refusal::new(
            reasons::MALFORMED_JSON,
            "an event is a JSON object",
        ));
    }
    Ok(value)
}

fn decode_value(
    value: &Value,
    sender: &Sender,
    limits: &Limits,
    ordinals: &mut Ordinals,
) -> Result<(Event, Counts), Refusal> {
    let object = value.as_object().expect("parse gives objects only");
    let Some(kind) = value.get("type") else {
        return Err(Refusal::new(reasons::MISSING_FIELD, "no `type`"));
    };
    let Some(event_type) = kind.as_str().and_then(wire::event_type) else {
        return Err(Refusal::new(
            reasons::UNKNOWN_TYPE,
            format!("`type` is {}", json_text(kind)),
        ));
    };
    let mut draft = Draft::new(event_type, sender, limits);
    draft.walk(object);
    for fixup in FIXUPS {
        (fixup.apply)(&mut draft)?;
    }
    if draft.row.get(common::event_id).is_none() {
        let id = content_id(value, ordinals);
        draft.row.set(common::event_id, id);
    }
    Ok(draft.finish())
}

fn content_id(event: &Value, ordinals: &mut Ordinals) -> String {
    let mut content = Vec::with_capacity(1024);
    let object = event.as_object().expect("parse gives objects only");
    let mut fields: Vec<(&str, &Value)> = object
        .iter()
        .map(|(key, value)| (wire::datadog_spelling(key), value))
        .collect();
    fields.sort_by_key(|(key, _)| *key);
    for (key, value) in fields {
        content.extend_from_slice(key.as_bytes());
        content.push(b':');
        match value.as_str() {
            Some(tags) if key == "ddtags" => write_tags(tags, &mut content),
            _ => write_sorted(value, &mut content),
        }
        content.push(b',');
    }
    let hash = xxh3_128(&content);
    let ordinal = ordinals.entry(hash).or_insert(0);
    let id = match *ordinal {
        0 => format!("{hash:032x}"),
        ordinal => format!("{hash:032x}-{ordinal}"),
    };
    *ordinal += 1;
    id
}

fn write_tags(tags: &str, content: &mut Vec<u8>) {
    for (name, value) in tag_list(tags).filter(|(name, _)| !wire::TRANSPORT_TAGS.contains(name)) {
        content.extend_from_slice(name.as_bytes());
        content.push(b':');
        content.extend_from_slice(value.as_bytes());
        content.push(b',');
    }
}

/// JSON text with sorted keys. Recursion is bounded by the depth check before parsing.
fn write_sorted(value: &Value, content: &mut Vec<u8>) {
    if let Some(object) = value.as_object() {
        let mut fields: Vec<(&str, &Value)> = object.iter().collect();
        fields.sort_by_key(|(key, _)| *key);
        content.push(b'{');
        for (key, value) in fields {
            content.extend_from_slice(key.as_bytes());
            content.push(b':');
            write_sorted(value, content);
            content.push(b',');
        }
        content.push(b'}');
    } else if let Some(items) = value.as_array() {
        content.push(b'[');
        for item in items {
            write_sorted(item, content);
            content.push(b',');
        }
        content.push(b']');
    } else {
        content.extend_from_slice(json_text(value).as_bytes());
    }
}

fn application_of(event: &Value, sender: &Sender) -> Option<CompactString> {
    let own = event
        .get("application")
        .and_then(|application| application.get("id"));
    let id = sender.application.as_deref().or_else(|| own?.as_str())?;
    AppId::parse(id).is_ok().then(|| id.into())
}

fn reject(decoded: &mut Decoded, item: &Item<'_>, app_id: Option<CompactString>, refusal: Refusal) {
    let keeps_sample = decoded.rejects.len() < SAMPLES_MAX;
    decoded.rejects.push(Reject {
        reason: refusal.reason,
        detail: refusal.detail,
        place: item.place,
        app_id,
        sample: if keeps_sample {
            sample(item.text)
        } else {
            String::new()
        },
    });
}

fn sample(text: &[u8]) -> String {
    let text = &text[..text.len().min(Reject::SAMPLE_BYTES_MAX)];
    let mut sample = String::from_utf8_lossy(text).into_owned();
    sample.truncate(sample.floor_char_boundary(Reject::SAMPLE_BYTES_MAX));
    sample
}
