//! One event in the making: the walk over its JSON puts values into columns, hands some to fixups and keeps the rest as
//! attributes.

use std::collections::btree_map::Entry;

use compact_str::CompactString;
use schema::{Attributes, Event, Kind, Row, TableId, tables::common};
use sonic_rs::{JsonContainerTrait, JsonType, JsonValueTrait, Object, Value};

use crate::decoded::Limits;

use super::paths::{Paths, Place, Slot, Take};
use super::sender::Sender;
use super::wire::{self, EventType};

/// Values of most events, with what enrichment adds: a row that grows copies itself each time.
const VALUES: usize = 88;

/// Why an event was refused.
#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

impl Refusal {
    pub(crate) fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}

/// What was cut or misplaced on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) cut_strings: u64,
    pub(crate) attributes_truncated: u64,
    pub(crate) unfit_values: u64,
}

/// An event in the making.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) table: TableId,
    pub(crate) is_patch: bool,
    pub(crate) row: Row,
    pub(crate) sender: &'a Sender,
    /// The body has OpenObserve's spelling.
    pub(crate) has_fork_spelling: bool,
    pub(crate) counts: Counts,
    limits: &'a Limits,
    attributes: Attributes,
    attribute_bytes: usize,
    /// Values that wait for a fixup. What none takes becomes an attribute.
    waiting: Vec<(&'static str, &'a Value)>,
    /// Values of columns that have several paths.
    rivals: Vec<(Slot, &'a Value)>,
}

/// How a wire value suits its column.
enum Fit {
    Value(schema::Value),
    /// null, "", [] and {}: NULL.
    Absent,
    Unfit,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(kind: EventType, sender: &'a Sender, limits: &'a Limits) -> Self {
        Self {
            table: kind.table,
            is_patch: kind.is_patch,
            row: Row::with_capacity(VALUES),
            sender,
            has_fork_spelling: false,
            counts: Counts::default(),
            limits,
            attributes: Attributes::new(),
            attribute_bytes: 0,
            waiting: Vec::new(),
            rivals: Vec::new(),
        }
    }

    /// Walks the event's JSON once.
    pub(crate) fn walk(&mut self, event: &'a Object) {
        let root = Paths::root(self.table);
        let mut path = Vec::with_capacity(8);
        for (key, value) in event.iter() {
            let mut name = wire::datadog_spelling(key);
            self.has_fork_spelling |= name != key;
            // Two spellings of one key in one event would hide each other: the fork's then stays as it is, an attribute.
            let is_taken = |other: &str| {
                other == name || (other < key && wire::datadog_spelling(other) == name)
            };
            if name != key
                && event
                    .iter()
                    .any(|(other, _)| other != key && is_taken(other))
            {
                name = key;
            }
            path.clear();
            path.push(name);
            self.field(value, root.child(name), &mut path);
        }
        self.settle_rivals();
    }

    /// `path` holds the keys that lead to the value. Recursion is bounded by the depth check before parsing.
    fn field(&mut self, value: &'a Value, place: Option<Place>, path: &mut Vec<&'a str>) {
        let Some(place) = place else {
            return self.keep_at(&mut path.join("."), path.len(), value);
        };
        match (place.take(), value.as_object()) {
            (Some(Take::Column(slot)), _) => self.column(slot, value),
            (Some(Take::Fixup(path)), _) => self.waiting.push((path, value)),
            (Some(Take::Drop(only)), _) => {
                if only.is_some_and(|only| json_text(value) != only) {
                    self.keep_at(&mut path.join("."), path.len(), value);
                }
            }
            (None, Some(object)) => {
                for (key, value) in object.iter() {
                    path.push(key);
                    self.field(value, place.child(key), path);
                    path.pop();
                }
            }
            (None, None) => self.keep_at(&mut path.join("."), path.len(), value),
        }
    }

    fn column(&mut self, slot: Slot, value: &'a Value) {
        if slot.has_rivals {
            self.rivals.push((slot, value));
            return;
        }
        match self.fit(slot, value) {
            Fit::Value(fit) => self.row.set(slot.column, fit),
            Fit::Absent => {}
            Fit::Unfit => self.keep_unfit(slot.path, value),
        }
    }

    /// Of several paths to one column the first declared that is present wins; another with the same value is the same fact
    /// twice, one with a different value is kept as an attribute.
    fn settle_rivals(&mut self) {
        let mut rivals = std::mem::take(&mut self.rivals);
        rivals.sort_by_key(|(slot, _)| (slot.column, slot.rank));
        for (slot, value) in rivals {
            let fit = match self.fit(slot, value) {
                Fit::Value(fit) => fit,
                Fit::Absent => continue,
                Fit::Unfit => {
                    self.keep_unfit(slot.path, value);
                    continue;
                }
            };
            match self.row.get(slot.column) {
                None => self.row.set(slot.column, fit),
                Some(winner) if *winner == fit => {}
                Some(_) => self.keep(slot.path, value),
            }
        }
    }

    fn fit(&mut self, slot: Slot, value: &Value) -> Fit {
        if value.is_null() {
            return Fit::Absent;
        }
        let fit = match slot.kind {
            Kind::Keyword | Kind::Text => return self.fit_text(slot, value),
            Kind::Json if is_empty(value) => return Fit::Absent,
            Kind::Json => Some(schema::Value::from(json_text(value))),
            Kind::KeywordList | Kind::TextList => return self.fit_list(value),
            Kind::Attributes => return self.fit_set(value),
            Kind::Bool => value.as_bool().map(schema::Value::Bool),
            Kind::Int32 => scaled(value, 1)
                .filter(|number| i32::try_from(*number).is_ok())
                .map(schema::Value::Int),
            Kind::Int64 | Kind::Time => scaled(value, 1).map(schema::Value::Int),
            Kind::Nanos | Kind::Bytes => scaled(value, 1)
                .filter(|number| *number >= 0)
                .map(schema::Value::Int),
            Kind::Float => float(value).map(schema::Value::Float),
            Kind::Percent => float(value)
                .filter(|share| (0.0..=100.0).contains(share))
                .map(schema::Value::Float),
        };
        fit.map_or(Fit::Unfit, Fit::Value)
    }

    fn fit_text(&mut self, slot: Slot, value: &Value) -> Fit {
        let bytes_max = if slot.is_stack {
            self.limits.stack_bytes_max
        } else {
            self.limits.string_bytes_max
        };
        match scalar_text(value) {
            Some(text) if text.is_empty() => Fit::Absent,
            Some(text) => Fit::Value(schema::Value::Str(self.cut(text, bytes_max))),
            None => Fit::Unfit,
        }
    }

    fn fit_list(&mut self, value: &Value) -> Fit {
        if is_empty(value) {
            return Fit::Absent;
        }
        let items: Option<Vec<CompactString>> = match value.as_array() {
            Some(items) => items.iter().map(scalar_text).collect(),
            None => scalar_text(value).map(|text| vec![text]),
        };
        let Some(items) = items else {
            return Fit::Unfit;
        };
        let items = items
            .into_iter()
            .map(|text| self.cut(text, self.limits.string_bytes_max));
        Fit::Value(schema::Value::List(items.collect()))
    }

    fn fit_set(&mut self, value: &Value) -> Fit {
        if is_empty(value) {
            return Fit::Absent;
        }
        if !value.is_object() {
            return Fit::Unfit;
        }
        let mut set = Attributes::new();
        for_each_leaf(
            value,
            &mut String::new(),
            0,
            self.limits.flatten_depth_max,
            &mut |key, leaf| {
                let text = self.leaf_text(leaf);
                self.insert(&mut set, key.into(), text);
            },
        );
        Fit::Value(schema::Value::Attributes(set))
    }

    fn cut(&mut self, mut text: CompactString, bytes_max: usize) -> CompactString {
        if text.len() > bytes_max {
            self.counts.cut_strings += 1;
            text.truncate(text.floor_char_boundary(bytes_max));
        }
        text
    }

    /// Takes the value that waits under a fixup's path; null is absence.
    pub(crate) fn take(&mut self, path: &str) -> Option<&'a Value> {
        let index = self.waiting.iter().position(|(known, _)| *known == path)?;
        Some(self.waiting.remove(index).1).filter(|value| !value.is_null())
    }

    /// Keeps a value that a fixup could not use.
    pub(crate) fn keep_unfit(&mut self, path: &str, value: &Value) {
        self.counts.unfit_values += 1;
        self.keep(path, value);
    }

    /// Keeps a value as attributes under its own path.
    pub(crate) fn keep(&mut self, path: &str, value: &Value) {
        self.keep_at(&mut path.to_owned(), path.split('.').count(), value);
    }

    fn keep_at(&mut self, path: &mut String, depth: usize, value: &Value) {
        for_each_leaf(
            value,
            path,
            depth,
            self.limits.flatten_depth_max,
            &mut |path, leaf| {
                let text = self.leaf_text(leaf);
                self.keep_text(path, text);
            },
        );
    }

    /// Keeps a JSON text under a path.
    pub(crate) fn keep_text(&mut self, path: &str, text: CompactString) {
        let mut attributes = std::mem::take(&mut self.attributes);
        self.insert(&mut attributes, wire::attribute_key(path), text);
        self.attributes = attributes;
    }

    fn leaf_text(&mut self, leaf: &Value) -> CompactString {
        match leaf.as_str() {
            Some(text) if text.len() > self.limits.string_bytes_max => {
                json_string(&self.cut(text.into(), self.limits.string_bytes_max))
            }
            _ => json_text(leaf),
        }
    }

    /// Of two values with one key (`{"a.b":1,"a":{"b":2}}`) the last wins, as a JSON parser has it.
    fn insert(&mut self, set: &mut Attributes, key: CompactString, text: CompactString) {
        let bytes = self.attribute_bytes + key.len() + text.len();
        if set.len() >= self.limits.attributes_max || bytes > self.limits.attributes_bytes_max {
            self.counts.attributes_truncated += 1;
            return;
        }
        self.attribute_bytes = bytes;
        match set.entry(key) {
            Entry::Vacant(place) => drop(place.insert(text)),
            Entry::Occupied(mut place) => {
                self.counts.attributes_truncated += u64::from(*place.get() != text);
                place.insert(text);
            }
        }
    }

    /// The event; what still waits becomes attributes.
    pub(crate) fn finish(mut self) -> (Event, Counts) {
        for (path, value) in std::mem::take(&mut self.waiting) {
            if !is_empty(value) {
                self.keep(path, value);
            }
        }
        if !self.attributes.is_empty() {
            self.row.set(
                common::attributes,
                schema::Value::Attributes(self.attributes),
            );
        }
        (
            Event {
                table: self.table,
                row: self.row,
                is_patch: self.is_patch,
            },
            self.counts,
        )
    }
}

/// Calls `each` with the dotted path of every scalar, array, empty object and too deep object below a value.
fn for_each_leaf(
    value: &Value,
    path: &mut String,
    depth: usize,
    depth_max: usize,
    each: &mut dyn FnMut(&str, &Value),
) {
    let Some(object) = value
        .as_object()
        .filter(|object| !object.is_empty() && depth < depth_max)
    else {
        return each(path, value);
    };
    let length = path.len();
    for (key, value) in object.iter() {
        if length > 0 {
            path.push('.');
        }
        path.push_str(key);
        for_each_leaf(value, path, depth + 1, depth_max, each);
        path.truncate(length);
    }
}

/// null, "", [] or {}.
fn is_empty(value: &Value) -> bool {
    match value.get_type() {
        JsonType::Null => true,
        JsonType::String => value.as_str() == Some(""),
        JsonType::Array => value.as_array().is_some_and(|items| items.is_empty()),
        JsonType::Object => value.as_object().is_some_and(|object| object.is_empty()),
        JsonType::Boolean | JsonType::Number => false,
    }
}

/// The text of a string, and of a number or flag as sent: SDKs' users pass numbers where names are meant (`usr.id`).
pub(crate) fn scalar_text(value: &Value) -> Option<CompactString> {
    match value.get_type() {
        JsonType::String => value.as_str().map(CompactString::from),
        JsonType::Number | JsonType::Boolean => Some(json_text(value)),
        JsonType::Null | JsonType::Array | JsonType::Object => None,
    }
}

/// JSON text without white space; numbers digit by digit as sent.
pub(crate) fn json_text(value: &Value) -> CompactString {
    if let Some(number) = value.as_raw_number() {
        return number.as_str().into();
    }
    if let Some(text) = value.as_str() {
        return json_string(text);
    }
    sonic_rs::to_string(value)
        .expect("a parsed value can be written")
        .into()
}

/// A string as JSON text.
pub(crate) fn json_string(text: &str) -> CompactString {
    // Most are plain: those take no writer and no second copy.
    if !text
        .bytes()
        .any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\'))
    {
        let mut quoted = CompactString::with_capacity(text.len() + 2);
        quoted.push('"');
        quoted.push_str(text);
        quoted.push('"');
        return quoted;
    }
    sonic_rs::to_string(text)
        .expect("a string can be written")
        .into()
}

/// A finite number.
pub(crate) fn float(value: &Value) -> Option<f64> {
    let number = value.as_raw_number()?;
    number
        .as_str()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

/// A number times a factor, rounded; nothing beyond 64 bits.
pub(crate) fn scaled(value: &Value, factor: i32) -> Option<i64> {
    let number = value.as_raw_number()?;
    if let Ok(whole) = number.as_str().parse::<i64>() {
        return whole.checked_mul(factor.into());
    }
    let product = (float(value)? * f64::from(factor)).round();
    // 2^63 is exact in a float, and the first that does not fit.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if !(-LIMIT..LIMIT).contains(&product) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and inside the range of i64"
    )]
    Some(product as i64)
}
