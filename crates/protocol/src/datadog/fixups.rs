//! What must be reshaped on the way from the wire to the dictionary, one function a rule, run in this order.

use std::collections::BTreeMap;

use compact_str::CompactString;
use schema::tables::{common, error, long_task, resource, vital};
use schema::{AppId, ColumnId, TableId};
use sonic_rs::{JsonContainerTrait, JsonValueTrait, Value};

use crate::reasons;

use super::draft::{Draft, Refusal, float, json_string, json_text, scalar_text, scaled};
use super::sender::tag_list;
use super::wire::TRANSPORT_TAGS;

/// A rule and the paths whose values wait for it.
pub(crate) struct Fixup {
    pub(crate) paths: &'static [&'static str],
    pub(crate) apply: fn(&mut Draft<'_>) -> Result<(), Refusal>,
}

const fn fixup(
    paths: &'static [&'static str],
    apply: fn(&mut Draft<'_>) -> Result<(), Refusal>,
) -> Fixup {
    Fixup { paths, apply }
}

/// Every rule. Later ones read columns that earlier ones set.
pub(crate) const FIXUPS: &[Fixup] = &[
    fixup(&["date"], client_time),
    fixup(
        &["resource.id", "error.id", "long_task.id", "vital.id"],
        own_id,
    ),
    fixup(&["action.id"], actions),
    fixup(&[], application),
    fixup(&["ddtags"], tags),
    fixup(&["source"], platform),
    fixup(&["telemetry.sdk_name", "anonymous_id"], telemetry_names),
    fixup(&[], sdk),
    fixup(&[], trace_ids),
    fixup(&["_dd.drift"], drift),
    fixup(&["connectivity.interfaces"], network_type),
    fixup(&["device.total_ram"], device_memory),
    fixup(&[], device_type),
    fixup(&[], signed_in),
    fixup(&[], error_category),
    fixup(&[], status_group),
    fixup(&["long_task.scripts"], top_script),
    fixup(&["vital.custom"], custom_vital),
];

/// 0001-01-01 and 9999-12-31 in ms since 1970: what every part that prints times can print.
const DATES_MS: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// `date`, in ms with an optional fraction, is the begin by the client's clock.
fn client_time(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let date = draft
        .take("date")
        .ok_or_else(|| Refusal::new(reasons::MISSING_FIELD, "no `date`"))?;
    let time_us = scaled(date, 1000).filter(|time_us| DATES_MS.contains(&time_us.div_euclid(1000)));
    let Some(time_us) = time_us else {
        let detail = format!(
            "`date` is {}, not a time in milliseconds since 1970",
            json_text(date)
        );
        return Err(Refusal::new(reasons::INVALID_FIELD, detail));
    };
    draft.row.set(common::client_time, time_us);
    Ok(())
}

/// The event's own id; of a view it is the view's. Where none was sent, `decode` makes one.
fn own_id(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let path = match draft.table {
        TableId::View => {
            let Some(view_id) = draft.row.str(common::view_id).map(CompactString::from) else {
                return Err(Refusal::new(
                    reasons::MISSING_FIELD,
                    "a view without `view.id`",
                ));
            };
            draft.row.set(common::event_id, view_id);
            return Ok(());
        }
        TableId::Resource => "resource.id",
        TableId::Error => "error.id",
        TableId::LongTask => "long_task.id",
        TableId::Vital => "vital.id",
        _ => return Ok(()),
    };
    set_text(draft, common::event_id, path);
    Ok(())
}

/// `action.id` is a string or an array of strings. Of an action it is the own id, of others the actions that were open.
fn actions(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let Some(value) = draft.take("action.id") else {
        return Ok(());
    };
    let ids: Option<Vec<CompactString>> = match value.as_array() {
        Some(ids) => ids.iter().map(scalar_text).collect(),
        None => scalar_text(value).map(|id| vec![id]),
    };
    let Some(mut ids) = ids else {
        draft.keep_unfit("action.id", value);
        return Ok(());
    };
    ids.retain(|id| !id.is_empty());
    let Some(first) = ids.first().cloned() else {
        return Ok(());
    };
    if draft.table == TableId::Action {
        draft.row.set(common::event_id, first.clone());
    }
    draft.row.set(common::action_id, first);
    if ids.len() > 1 {
        draft.row.set(common::action_ids, schema::Value::List(ids));
    }
    Ok(())
}

/// A replica's URL overrides the application; what the event said stays as an attribute.
fn application(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if let Some(replica) = draft.sender.application.as_deref() {
        let own = draft
            .row
            .str(common::app_id)
            .filter(|own| *own != replica)
            .map(json_string);
        if let Some(own) = own {
            draft.keep_text("application.id", own);
        }
        draft.row.set(common::app_id, replica);
    }
    match draft.row.str(common::app_id).map(AppId::parse) {
        Some(Err(error)) => Err(Refusal::new(reasons::INVALID_APP_ID, error.to_string())),
        Some(Ok(_)) | None => Ok(()),
    }
}

const TAG_COLUMNS: &[(&str, ColumnId)] = &[
    ("env", common::env),
    ("service", common::service),
    ("version", common::version),
    ("variant", common::variant),
    ("sdk_version", common::sdk_version),
];

/// `ddtags` of the event, then of the URL: five tags fill columns that are still NULL. The others, and a tag that says
/// something else than its column (telemetry's `service` is the SDK's own), become attributes.
fn tags(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let own = draft.take("ddtags");
    let text = own.and_then(|tags| tags.as_str());
    if let (Some(tags), None) = (own, text) {
        draft.keep_unfit("ddtags", tags);
    }
    let own: Vec<(&str, &str)> = text.map(tag_list).into_iter().flatten().collect();
    let sender = draft.sender;
    let url = sender
        .tags
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let url = url.filter(|(name, _)| !own.iter().any(|(known, _)| known == name));
    let mut rest: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in own.iter().copied().chain(url) {
        if TRANSPORT_TAGS.contains(&name) {
            continue;
        }
        let column = TAG_COLUMNS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, column)| *column);
        if let Some(column) = column.filter(|_| !value.is_empty()) {
            draft.row.set_if_absent(column, value);
            if draft.row.str(column) == Some(value) {
                continue;
            }
        }
        rest.entry(name).or_default().push(value);
    }
    for (name, values) in rest {
        let text = match values[..] {
            [value] => json_string(value),
            _ => sonic_rs::to_string(&values)
                .expect("strings can be written")
                .into(),
        };
        draft.keep_text(&format!("ddtags.{name}"), text);
    }
    Ok(())
}

/// `source` in the dictionary's words. Kotlin Multiplatform runs on two systems: the system decides, and the source stays as
/// an attribute. Sources of later SDKs pass as they are.
fn platform(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let own = draft.take("source");
    let own_text = own.and_then(scalar_text);
    if let (Some(source), None) = (own, &own_text) {
        draft.keep_unfit("source", source);
    }
    let of_request = || draft.sender.source.as_deref().map(CompactString::from);
    let Some(source) = own_text.or_else(of_request) else {
        return Ok(());
    };
    let os = draft
        .row
        .str(common::os_name)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let platform = match source.as_str() {
        "" => return Ok(()),
        "browser" => "web".into(),
        "kotlin-multiplatform" if os == "android" => "android".into(),
        "kotlin-multiplatform" if os.starts_with("ios") || os.starts_with("ipados") => "ios".into(),
        other => CompactString::from(other.to_ascii_lowercase().replace('-', "_")),
    };
    if source == "kotlin-multiplatform" {
        draft.keep_text("source", json_string(&source));
    }
    draft.row.set(common::platform, platform);
    Ok(())
}

/// Telemetry has its own places for two names.
fn telemetry_names(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    set_text(draft, common::sdk_name, "telemetry.sdk_name");
    set_text(draft, common::anonymous_id, "anonymous_id");
    Ok(())
}

/// Family and version of the SDK. Flashduty's browser fork speaks Datadog's dialect; what sets it apart is its version, which
/// is still 0.x, where Datadog's browser SDKs have been 1 and more since their first release. Its mini-program SDK is the only
/// one with the source `miniapp`.
fn sdk(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if let Some(version) = draft.sender.sdk_version.as_deref() {
        draft.row.set_if_absent(common::sdk_version, version);
    }
    let is_zero = draft
        .row
        .str(common::sdk_version)
        .is_some_and(|version| version.starts_with("0."));
    let family = if draft.sender.is_openobserve || draft.has_fork_spelling {
        "openobserve"
    } else {
        match draft.row.str(common::platform) {
            Some("miniapp") => "flashduty",
            Some("web") | None if is_zero => "flashduty",
            _ => "datadog",
        }
    };
    draft.row.set(common::sdk_family, family);
    Ok(())
}

/// OpenObserve sends hexadecimal ids without leading zeros; to join they need all their digits. Datadog's are decimal (browser)
/// or padded already (mobile), and stay as sent.
fn trace_ids(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if draft.row.str(common::sdk_family) != Some("openobserve") {
        return Ok(());
    }
    for (column, digits) in [(common::trace_id, 32), (common::span_id, 16)] {
        let Some(id) = draft.row.str(column) else {
            continue;
        };
        if id.len() <= digits && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let padded = format!("{:0>digits$}", id.to_ascii_lowercase());
            draft.row.set(column, padded);
        }
    }
    Ok(())
}

/// Milliseconds on the wire.
fn drift(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    set_scaled(draft, common::drift, "_dd.drift", 1_000_000);
    Ok(())
}

/// Mebibytes on the wire: the schema says megabytes, the Android SDK divides by 1024².
fn device_memory(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    set_scaled(
        draft,
        common::device_memory_bytes,
        "device.total_ram",
        1 << 20,
    );
    Ok(())
}

/// The first of the network interfaces; if there are several, all stay as an attribute.
fn network_type(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let Some(value) = draft.take("connectivity.interfaces") else {
        return Ok(());
    };
    let Some(interfaces) = value.as_array() else {
        draft.keep_unfit("connectivity.interfaces", value);
        return Ok(());
    };
    let first = interfaces
        .first()
        .and_then(|first| first.as_str())
        .filter(|first| !first.is_empty());
    if let Some(first) = first {
        draft.row.set(common::network_type, first);
    }
    if interfaces.len() > 1 || (first.is_none() && !interfaces.is_empty()) {
        draft.keep("connectivity.interfaces", value);
    }
    Ok(())
}

/// One word of the dictionary is shorter.
fn device_type(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if draft.row.str(common::device_type) == Some("gaming_console") {
        draft.row.set(common::device_type, "console");
    }
    Ok(())
}

/// Flashduty copies the anonymous id into `usr.id`, which signs nobody in. A patch without `usr` says nothing.
fn signed_in(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let user = draft.row.str(common::user_id);
    if user.is_none() && (draft.is_patch || draft.table == TableId::Telemetry) {
        return Ok(());
    }
    let is_signed_in = user.is_some() && user != draft.row.str(common::anonymous_id);
    draft.row.set(common::user_is_signed_in, is_signed_in);
    Ok(())
}

/// `ANR`, `App Hang`, `Watchdog Termination` … in the dictionary's words.
fn error_category(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if draft.table != TableId::Error {
        return Ok(());
    }
    let Some(category) = draft.row.str(error::error_category) else {
        return Ok(());
    };
    let category = match category.to_ascii_lowercase().replace([' ', '-'], "_") {
        watchdog if watchdog == "watchdog_termination" => "watchdog".to_owned(),
        category => category,
    };
    draft.row.set(error::error_category, category);
    Ok(())
}

/// 404 → `4xx`; 0, a failed or aborted request → `0`.
fn status_group(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if draft.table != TableId::Resource {
        return Ok(());
    }
    let group = match draft.row.int(resource::resource_status) {
        Some(0) => CompactString::from("0"),
        Some(status @ 100..=599) => compact_str::format_compact!("{}xx", status / 100),
        _ => return Ok(()),
    };
    draft.row.set(resource::resource_status_group, group);
    Ok(())
}

/// The scripts of a long animation frame, and the one that ran longest.
fn top_script(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if draft.table != TableId::LongTask {
        return Ok(());
    }
    let Some(value) = draft.take("long_task.scripts") else {
        return Ok(());
    };
    let Some(scripts) = value.as_array() else {
        draft.keep_unfit("long_task.scripts", value);
        return Ok(());
    };
    let duration = |script: &&Value| script.get("duration").and_then(float).unwrap_or_default();
    // Of equals the first: `max_by` would give the last.
    let top = scripts
        .iter()
        .rev()
        .max_by(|a, b| duration(a).total_cmp(&duration(b)));
    let Some(top) = top else { return Ok(()) };
    draft
        .row
        .set(long_task::long_task_scripts, json_text(value));
    let names = [
        (long_task::long_task_top_script_url, "source_url"),
        (long_task::long_task_top_script_invoker, "invoker"),
    ];
    for (column, key) in names {
        let name = top
            .get(key)
            .and_then(|name| name.as_str())
            .filter(|name| !name.is_empty());
        draft.row.set_option(column, name);
    }
    Ok(())
}

/// The layout of some 5.x releases: `vital.custom` holds name and value. With several values the vital keeps them as
/// attributes, for it cannot be named after one of them.
fn custom_vital(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if draft.table != TableId::Vital {
        return Ok(());
    }
    let Some(value) = draft.take("vital.custom") else {
        return Ok(());
    };
    draft.row.set_if_absent(vital::vital_type, "custom");
    let mut entries = value
        .as_object()
        .into_iter()
        .flat_map(|custom| custom.iter());
    let is_free = draft.row.get(vital::vital_name).is_none();
    match (entries.next(), entries.next()) {
        (Some((name, number)), None) if is_free && !name.is_empty() => match float(number) {
            Some(number) => {
                draft.row.set(vital::vital_name, name);
                draft.row.set(vital::vital_value, number);
            }
            None => draft.keep("vital.custom", value),
        },
        _ => draft.keep("vital.custom", value),
    }
    Ok(())
}

/// Sets a text column from a waiting value, unless it has one already that differs.
fn set_text(draft: &mut Draft<'_>, column: ColumnId, path: &'static str) {
    let Some(value) = draft.take(path) else {
        return;
    };
    match scalar_text(value) {
        Some(text) if text.is_empty() => {}
        Some(text) if draft.row.str(column).is_none_or(|known| known == text) => {
            draft.row.set(column, text)
        }
        Some(_) => draft.keep(path, value),
        None => draft.keep_unfit(path, value),
    }
}

fn set_scaled(draft: &mut Draft<'_>, column: ColumnId, path: &'static str, factor: i32) {
    let Some(value) = draft.take(path) else {
        return;
    };
    let is_size = column == common::device_memory_bytes;
    match scaled(value, factor).filter(|number| !is_size || *number >= 0) {
        Some(number) => draft.row.set(column, number),
        None => draft.keep_unfit(path, value),
    }
}

#[cfg(test)]
mod tests;
