//! What SDKs of the family send, in their names. Source: `protocols/datadog.md`, the public rum-events-format.

use compact_str::CompactString;
use schema::TableId;

/// What an event's `type` stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct EventType {
    pub(crate) table: TableId,
    pub(crate) is_patch: bool,
}

/// The table that takes events of this type. `transition` (media players) and `custom` (mini-programs) have none yet: they
/// go to quarantine.
pub(crate) fn event_type(name: &str) -> Option<EventType> {
    let table = match name {
        "view" | "view_update" => TableId::View,
        "resource" => TableId::Resource,
        "action" => TableId::Action,
        "error" => TableId::Error,
        "long_task" => TableId::LongTask,
        "vital" => TableId::Vital,
        "telemetry" => TableId::Telemetry,
        _ => return None,
    };
    Some(EventType {
        table,
        is_patch: name == "view_update",
    })
}

/// The tables that events decode into.
pub(crate) const TABLES: [TableId; 7] = [
    TableId::View,
    TableId::Resource,
    TableId::Action,
    TableId::Error,
    TableId::LongTask,
    TableId::Vital,
    TableId::Telemetry,
];

/// Top-level keys that forks renamed, in Datadog's spelling.
pub(crate) fn datadog_spelling(key: &str) -> &str {
    match key {
        "_oo" | "_o2" => "_dd",
        "ootags" | "o2tags" => "ddtags",
        _ => key,
    }
}

/// What is dropped on purpose: path, the only value that is dropped if not any, reason.
pub(crate) const DROPPED: &[(&str, Option<&str>, &str)] = &[
    ("type", None, "it is the table"),
    (
        "_dd.format_version",
        None,
        "2 since years, on every event of every SDK",
    ),
    (
        "_dd.discarded",
        Some("false"),
        "the same as absent; `true` is kept",
    ),
];

/// Tags that say how a request travelled, not what it carries: a retry has others. They are neither stored nor hashed.
pub(crate) const TRANSPORT_TAGS: &[&str] =
    &["api", "retry_count", "retry_after", "last_failure_status"];

/// The attribute key of a path that no column takes.
pub(crate) fn attribute_key(path: &str) -> CompactString {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let (prefix, rest) = match first {
        "context" | "feature_flags" | "account" => return path.into(),
        "usr" if rest.is_empty() => return "user".into(),
        "usr" => ("user.", rest),
        _ => ("datadog.", path),
    };
    let mut key = CompactString::with_capacity(prefix.len() + rest.len());
    key.push_str(prefix);
    key.push_str(rest);
    key
}
