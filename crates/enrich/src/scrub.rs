//! Takes secrets and personal data out of what clients sent, before anything is stored.
//!
//! What is replaced by [`REDACTED`]:
//! - the value of a listed parameter in the query or fragment of a URL, in every text column, list and attribute, in any
//!   spelling of its name (case, separators, percent-encoding), also inside a URL that is itself a parameter, at any depth of
//!   encoding. The value ends at `&` or `#`, in running text also at a space, a quote, `<` or `>`;
//! - the value of a *secret* name (tokens, passwords, keys, signatures; not everyday words as `code`) in `name=value` in any text,
//!   as a string member of JSON, and as an attribute;
//! - e-mail addresses inside URLs, and `user:password@` before a host.
//!
//! What is not: identities (`app_id`, `event_id`, `session_id`, `view_id`), the columns of user and account, which are there to name
//! people, the User-Agent, and e-mail addresses in running text. Names that the server's operator or the application's owner
//! listed are besides taken out as columns and attributes, whatever their type.
//!
//! `view_url_query` and its kind are derived afterwards, from the scrubbed URL.

mod list;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;
use std::sync::LazyLock;

use compact_str::CompactString;
use schema::tables::common;
use schema::{Attributes, ColumnId, Event, Kind, TableId, Value};

pub use list::ScrubList;
use list::{Lists, Place};
use text::{Search, Shape};

/// What stands in place of a removed value. Letters only: it survives every encoding unchanged.
pub const REDACTED: &str = "REDACTED";

/// An attribute's value is JSON text.
const REDACTED_JSON: &str = "\"REDACTED\"";

const NEVER_SCRUBBED: &[ColumnId] = &[
    common::app_id,
    common::event_id,
    common::session_id,
    common::view_id,
    common::user_id,
    common::user_name,
    common::user_email,
    common::anonymous_id,
    common::account_id,
    common::account_name,
    common::user_agent,
];

const IDENTITIES: &[ColumnId] = &[
    common::app_id,
    common::event_id,
    common::session_id,
    common::view_id,
];

/// Scrubs a text by the default list: samples kept in quarantine, texts that go to logs. JSON, also cut JSON, is understood.
#[must_use]
pub fn scrub_text(text: &str) -> Cow<'_, str> {
    static DEFAULT: LazyLock<ScrubList> = LazyLock::new(ScrubList::default);
    scrub_text_by(text, [&DEFAULT, &DEFAULT])
}

/// Scrubs a text by the server's list and the application's.
#[must_use]
pub fn scrub_text_by<'a>(text: &'a str, lists: [&ScrubList; 2]) -> Cow<'a, str> {
    Search {
        lists: Lists(lists),
        shape: Shape::Text,
    }
    .scrub(text)
    .map_or(Cow::Borrowed(text), Cow::Owned)
}

/// How each column of each table is read; built once.
pub(crate) struct Scrubber {
    shapes: Vec<Vec<Option<Shape>>>,
}

impl Scrubber {
    pub(crate) fn new() -> Self {
        Self {
            shapes: TableId::ALL.into_iter().map(shapes_of).collect(),
        }
    }

    /// Scrubs every text of an event; gives how many values it changed.
    pub(crate) fn scrub(&self, event: &mut Event, lists: [&ScrubList; 2]) -> u32 {
        if lists.iter().all(|list| list.is_empty()) {
            return 0;
        }
        let shapes = &self.shapes[event.table as usize - 1];
        let mut changes: Vec<(ColumnId, Value)> = Vec::new();
        for (column, value) in event.row.values() {
            let Some(shape) = shapes.get(column.index()).copied().flatten() else {
                continue;
            };
            if let Some(changed) = scrub_value(
                value,
                Search {
                    lists: Lists(lists),
                    shape,
                },
            ) {
                changes.push((*column, changed));
            }
        }
        let mut count = u32::try_from(changes.len()).unwrap_or(u32::MAX);
        for (column, value) in changes {
            event.row.set(column, value);
        }
        for list in lists {
            count += scrub_named_columns(event, list);
        }
        count
    }
}

fn shapes_of(table: TableId) -> Vec<Option<Shape>> {
    let columns = table.table().columns().iter().enumerate();
    columns
        .map(|(index, column)| {
            let is_kept = NEVER_SCRUBBED.iter().any(|kept| kept.index() == index);
            (!is_kept).then(|| shape_of(column.name))
        })
        .collect()
}

/// By the column's name, so that a new column needs no line here.
fn shape_of(name: &str) -> Shape {
    if name.ends_with("_url") || name.ends_with("_referrer") || name.ends_with("_path") {
        Shape::Url
    } else if name.ends_with("_query") {
        Shape::Query
    } else if ["stack", "causes", "threads"]
        .iter()
        .any(|part| name.contains(part))
    {
        Shape::Stack
    } else {
        Shape::Text
    }
}

fn scrub_value(value: &Value, search: Search<'_>) -> Option<Value> {
    match value {
        Value::Str(text) => search.scrub(text).map(Value::from),
        Value::List(items) => {
            let scrubbed: Vec<_> = items.iter().map(|item| search.scrub(item)).collect();
            scrubbed.iter().any(Option::is_some).then(|| {
                let item = |(old, new): (&CompactString, Option<String>)| {
                    new.map_or_else(|| old.clone(), Into::into)
                };
                Value::List(items.iter().zip(scrubbed).map(item).collect())
            })
        }
        Value::Attributes(set) => scrub_attributes(set, search).map(Value::Attributes),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => None,
    }
}

fn scrub_attributes(set: &Attributes, search: Search<'_>) -> Option<Attributes> {
    let mut changes: Vec<(&CompactString, CompactString)> = Vec::new();
    for (key, value) in set {
        let name = key.rsplit('.').next().unwrap_or_default();
        let is_named = search
            .lists
            .0
            .iter()
            .any(|list| list.names_field(name) || list.names_field(key));
        // The value of a feature flag is a variant, whatever the flag's name.
        let is_secret = || {
            value.starts_with('"')
                && !key.starts_with("feature_flags.")
                && search.lists.has(name, Place::Text)
        };
        if value == REDACTED_JSON || value == "null" {
            continue;
        }
        if is_named || is_secret() {
            changes.push((key, REDACTED_JSON.into()));
        } else if let Some(scrubbed) = search.scrub(value) {
            changes.push((key, scrubbed.into()));
        }
    }
    if changes.is_empty() {
        return None;
    }
    let mut scrubbed = set.clone();
    for (key, value) in changes {
        scrubbed.insert(key.clone(), value);
    }
    Some(scrubbed)
}

/// Columns that someone listed by name. Only texts: other types cannot hold the replacement, so they become NULL.
fn scrub_named_columns(event: &mut Event, list: &ScrubList) -> u32 {
    let columns = event.table.table().columns();
    let is_named = |column: ColumnId| {
        !IDENTITIES.contains(&column) && list.names_field(columns[column.index()].name)
    };
    let named: Vec<ColumnId> = event
        .row
        .values()
        .iter()
        .map(|(column, _)| *column)
        .filter(|column| is_named(*column))
        .collect();
    for column in &named {
        let is_text = matches!(event.row.get(*column), Some(Value::Str(_)));
        let replacement = if columns[column.index()].kind == Kind::Json {
            REDACTED_JSON
        } else {
            REDACTED
        };
        event
            .row
            .set_option(*column, is_text.then_some(replacement));
    }
    u32::try_from(named.len()).unwrap_or(u32::MAX)
}
