//! Which applications a body names, without decoding it.

use memchr::memmem;
use schema::AppId;
use sonic_rs::JsonValueTrait;

use crate::decoded::Limits;
use crate::inflate::inflate;
use crate::items::{is_too_deep, items};
use crate::request::{Endpoint, Request};

use super::sender::Sender;

const PEEK_BYTES_MAX: usize = 1 << 20;
const NAMES_MAX: usize = 16;

/// The distinct application ids, in order of appearance.
pub(crate) fn named_applications(request: &Request, limits: &Limits) -> Vec<String> {
    let sender = Sender::of(request);
    if let Some(replica) = sender.application {
        return vec![replica];
    }
    let bytes_max = limits.inflated_bytes_max.min(PEEK_BYTES_MAX);
    let inflated = inflate(&request.body, bytes_max, sender.announces_compression);
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        let is_new = !names.iter().any(|known| known == name);
        if is_new && names.len() < NAMES_MAX && AppId::parse(name).is_ok() {
            names.push(name.to_owned());
        }
    };
    match request.endpoint {
        Endpoint::Events => {
            for item in items(&inflated.text).take(limits.events_max) {
                if let Some(name) = of_event(item.text, limits) {
                    add(&name);
                }
            }
        }
        // Multipart bodies and log lines: the ids stand in small JSON texts between others.
        Endpoint::Replay | Endpoint::Logs | Endpoint::Profile => {
            for_each_value(&inflated.text, br#""application""#, &mut |value| {
                add_text(value, &["id"], &mut add);
            });
            for_each_value(&inflated.text, br#""application_id""#, &mut |value| {
                add_text(value, &[], &mut add);
            });
        }
        Endpoint::Quota | Endpoint::Discard => {}
    }
    names
}

fn of_event(text: &[u8], limits: &Limits) -> Option<String> {
    if is_too_deep(text, limits.depth_max) {
        return None;
    }
    let id = sonic_rs::get_from_slice(text, ["application", "id"]).ok()?;
    id.as_str().map(str::to_owned)
}

/// What stands after each `"key":`, cut to a length that bounds the work.
fn for_each_value(text: &[u8], key: &[u8], each: &mut dyn FnMut(&[u8])) {
    const VALUE_BYTES_MAX: usize = 256;
    for at in memmem::find_iter(text, key) {
        let rest = text[at + key.len()..].trim_ascii_start();
        if let Some(value) = rest.strip_prefix(b":") {
            each(&value[..value.len().min(VALUE_BYTES_MAX)]);
        }
    }
}

fn add_text(value: &[u8], path: &[&str], add: &mut dyn FnMut(&str)) {
    let found = sonic_rs::get_from_slice(value, path);
    if let Some(name) = found
        .ok()
        .and_then(|found| found.as_str().map(str::to_owned))
    {
        add(&name);
    }
}
