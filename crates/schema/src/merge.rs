//! Merging the versions of a view: field by field, by the rule each column declares, the same in any order of arrival.
//!
//! A stored row keeps in the hidden column `_merge` what the visible values do not tell: the version of each value that is
//! older than the row's newest. Without it v3, then v1 that fills a gap, then v2 could not know that v2 beats v1 there.
//!
//! `_merge` is one JSON object; a key that would be empty is left out. A version is `[number, arrival µs, log position]`.
//! - `v`: the newest version merged.
//! - `o`: `[[version, [column, …]], …]`: the values older than `v`, by the version they are of.
//! - `s`: column → key → version, for entries of attribute sets older than `v`; `t`: the same for tombstones of any age.
//! - `e`: column → `[[version, index], …]`, one for each element of an appended array.
//! - `g`: leader → `[{v, f, c}, …]`: candidates of a group (a value and the columns that explain it), `f` for a full
//!   version, `c` the values by column; left out when the only candidate is a full one of version `v`.

use std::cmp::Ordering;

use compact_str::CompactString;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};

use crate::arrow::attributes_from_json;
use crate::tables::view;
use crate::{ColumnId, Kind, Merge, Row, Table, TableId, Value};

/// The place of one version in the order of versions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    pub number: i64,
    pub arrival_us: i64,
    pub position: u64,
}

/// One row made of versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Versioned {
    newest: Version,
    /// The versions that values are of; a view of 100 values has few, so a value holds an index.
    origins: Vec<Version>,
    values: Sorted<ColumnId, Held>,
    sets: Sorted<ColumnId, Sorted<CompactString, Entry>>,
    lists: Sorted<ColumnId, Vec<Element>>,
    groups: Sorted<ColumnId, Vec<Candidate>>,
}

/// A map of few keys. A view in memory is mostly small maps, and as trees they took twice the room.
type Sorted<K, V> = Vec<(K, V)>;

/// A value and the index of its version.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    origin: u16,
    value: Value,
}

/// The value of an attribute, `null` for a tombstone, and its version.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    json: CompactString,
    version: Version,
}

impl Entry {
    fn is_dead(&self) -> bool {
        self.json == "null"
    }
}

/// An element of an appended array, at the oldest version that has it.
#[derive(Clone, Debug, PartialEq)]
struct Element {
    version: Version,
    index: u32,
    json: CompactString,
}

/// What one version says of a value and of the columns that explain it.
#[derive(Clone, Debug, PartialEq)]
struct Candidate {
    version: Version,
    /// A full version: what it leaves out is NULL. A patch leaves out what did not change.
    is_full: bool,
    leader: Option<Value>,
    followers: Vec<(ColumnId, Value)>,
}

impl Versioned {
    /// The row of one version of a view.
    #[must_use]
    pub fn of(row: &Row, version: Version, is_patch: bool) -> Self {
        let mut versioned = Self {
            newest: version,
            origins: Vec::new(),
            values: Vec::with_capacity(row.values().len()),
            sets: Vec::new(),
            lists: Vec::new(),
            groups: Vec::new(),
        };
        versioned.absorb(row, version, is_patch);
        versioned
    }

    /// The newest version merged.
    #[must_use]
    pub fn newest(&self) -> Version {
        self.newest
    }

    /// Merges one more version; merging a version again changes nothing.
    pub fn absorb(&mut self, row: &Row, version: Version, is_patch: bool) {
        let table = TableId::View.table();
        self.newest = self.newest.max(version);
        let origin = self.origin(version);
        for (id, value) in row.values() {
            let column = table.column(*id);
            if *id == view::_merge || column.goes_with.is_some() || is_leader(table, *id) {
                continue;
            }
            match (column.kind, column.merge, value) {
                (Kind::Attributes, _, Value::Attributes(set)) => self.absorb_set(*id, set, version),
                (_, Merge::Append, Value::Str(json)) => self.absorb_elements(*id, json, version),
                (_, rule, _) => self.absorb_value(*id, rule, value, origin),
            }
        }
        for (leader, followers) in table.leaders() {
            let candidate = Candidate {
                version,
                is_full: !is_patch,
                leader: row.get(*leader).cloned(),
                followers: followers
                    .iter()
                    .filter_map(|id| Some((*id, row.get(*id)?.clone())))
                    .collect(),
            };
            let says_something = candidate.leader.is_some() || !candidate.followers.is_empty();
            if says_something {
                let candidates = slot(&mut self.groups, leader);
                insert_candidate(candidates, candidate, table.column(*leader).merge);
            }
        }
    }

    /// The index of a version. Versions that no value is of any more are forgotten first.
    fn origin(&mut self, version: Version) -> u16 {
        if let Some(index) = self.origins.iter().position(|known| *known == version) {
            return index_of(index);
        }
        let mut used = vec![None; self.origins.len()];
        let mut kept = Vec::with_capacity(2);
        for (_, held) in &mut self.values {
            let old = usize::from(held.origin);
            held.origin = *used[old].get_or_insert_with(|| {
                kept.push(self.origins[old]);
                index_of(kept.len() - 1)
            });
        }
        kept.push(version);
        self.origins = kept;
        index_of(self.origins.len() - 1)
    }

    fn origin_of(&self, held: &Held) -> Version {
        self.origins[usize::from(held.origin)]
    }

    fn absorb_value(&mut self, id: ColumnId, rule: Merge, value: &Value, origin: u16) {
        match place(&self.values, &id) {
            Err(index) => {
                let value = value.clone();
                self.values.insert(index, (id, Held { origin, value }));
            }
            Ok(index) => {
                let held = &self.values[index].1;
                let version = self.origins[usize::from(origin)];
                if beats(rule, (value, version), (&held.value, self.origin_of(held))) {
                    let value = value.clone();
                    self.values[index].1 = Held { origin, value };
                }
            }
        }
    }

    fn absorb_set(&mut self, id: ColumnId, set: &crate::Attributes, version: Version) {
        let entries = slot(&mut self.sets, &id);
        for (key, json) in set {
            let entry = Entry {
                json: json.clone(),
                version,
            };
            match place(entries, key) {
                Ok(index) if entries[index].1.version > version => {}
                Ok(index) => entries[index].1 = entry,
                Err(index) => entries.insert(index, (key.clone(), entry)),
            }
        }
    }

    /// Elements are a set ordered by where they were first seen: a full view repeats the whole array, a patch only adds.
    fn absorb_elements(&mut self, id: ColumnId, json: &str, version: Version) {
        let Ok(items) = serde_json::from_str::<Vec<Box<RawValue>>>(json) else {
            return;
        };
        let elements = slot(&mut self.lists, &id);
        for (index, item) in (0_u32..).zip(&items) {
            match elements
                .iter_mut()
                .find(|element| element.json == item.get())
            {
                Some(known) if (known.version, known.index) <= (version, index) => {}
                Some(known) => (known.version, known.index) = (version, index),
                None => elements.push(Element {
                    version,
                    index,
                    json: item.get().into(),
                }),
            }
        }
        elements.sort_by_key(|element| (element.version, element.index));
    }

    /// The visible values.
    #[must_use]
    pub fn row(&self) -> Row {
        let mut row: Row = self
            .values
            .iter()
            .map(|(id, held)| (*id, held.value.clone()))
            .collect();
        for (id, entries) in &self.sets {
            let live = entries.iter().filter(|(_, entry)| !entry.is_dead());
            let shown: crate::Attributes = live
                .map(|(key, entry)| (key.clone(), entry.json.clone()))
                .collect();
            if !shown.is_empty() {
                row.set(*id, Value::Attributes(shown));
            }
        }
        for (id, elements) in &self.lists {
            row.set(*id, elements_json(elements));
        }
        for (leader, candidates) in &self.groups {
            for (id, value) in resolve(*leader, candidates) {
                row.set(id, value);
            }
        }
        row
    }

    /// The visible values and the hidden column, as a segment keeps them.
    #[must_use]
    pub fn stored_row(&self) -> Row {
        let mut row = self.row();
        row.set(view::_merge, self.hidden_json());
        row
    }

    fn hidden_json(&self) -> String {
        let table = TableId::View.table();
        let name = |id: &ColumnId| table.column(*id).name.to_owned();
        let older = |version: Version| version != self.newest;
        let mut hidden = Map::new();
        hidden.insert("v".into(), version_json(self.newest));
        let of_origin = |(origin, version): (usize, &Version)| {
            let values = self.values.iter();
            let of = values.filter(|(_, held)| usize::from(held.origin) == origin);
            let columns: Vec<String> = of.map(|(id, _)| name(id)).collect();
            (!columns.is_empty()).then(|| json!([version_json(*version), columns]))
        };
        let mut origins: Vec<(usize, &Version)> = self.origins.iter().enumerate().collect();
        origins.sort_by_key(|(_, version)| **version);
        let origins: Vec<Json> = origins
            .into_iter()
            .filter(|(_, version)| older(**version))
            .filter_map(of_origin)
            .collect();
        if !origins.is_empty() {
            hidden.insert("o".into(), Json::Array(origins));
        }
        let (mut sets, mut tombstones) = (Map::new(), Map::new());
        for (id, entries) in &self.sets {
            let (dead, live): (Vec<_>, Vec<_>) =
                entries.iter().partition(|(_, entry)| entry.is_dead());
            let json = |(key, entry): &(CompactString, Entry)| {
                (key.to_string(), version_json(entry.version))
            };
            insert_map(
                &mut sets,
                &name(id),
                live.into_iter()
                    .filter(|(_, entry)| older(entry.version))
                    .map(json)
                    .collect(),
            );
            insert_map(
                &mut tombstones,
                &name(id),
                dead.into_iter().map(json).collect(),
            );
        }
        insert_map(&mut hidden, "s", sets);
        insert_map(&mut hidden, "t", tombstones);
        let places = |elements: &[Element]| -> Json {
            elements
                .iter()
                .map(|element| json!([version_json(element.version), element.index]))
                .collect()
        };
        insert_map(
            &mut hidden,
            "e",
            self.lists
                .iter()
                .map(|(id, list)| (name(id), places(list)))
                .collect(),
        );
        let groups = self
            .groups
            .iter()
            .filter(|(_, candidates)| !self.is_plain(candidates));
        insert_map(
            &mut hidden,
            "g",
            groups
                .map(|(id, list)| (name(id), candidates_json(table, list)))
                .collect(),
        );
        Json::Object(hidden).to_string()
    }

    fn is_plain(&self, candidates: &[Candidate]) -> bool {
        matches!(candidates, [only] if only.is_full && only.version == self.newest)
    }

    /// Reads a stored row back. A row without a readable `_merge` is taken as one full version of its `view_version`.
    #[must_use]
    pub fn from_stored(row: &Row) -> Self {
        let hidden = row
            .str(view::_merge)
            .and_then(|text| serde_json::from_str::<Json>(text).ok())
            .unwrap_or_default();
        let newest = version_of(&hidden["v"]).unwrap_or(Version {
            number: row.int(view::view_version).unwrap_or(0),
            arrival_us: row.int(crate::tables::common::received_at).unwrap_or(0),
            position: 0,
        });
        let mut versioned = Self::of(row, newest, false);
        versioned.restore(&hidden);
        versioned
    }

    fn restore(&mut self, hidden: &Json) {
        let table = TableId::View.table();
        for older in hidden["o"].as_array().into_iter().flatten() {
            let Some(version) = version_of(&older[0]) else {
                continue;
            };
            let origin = self.origin(version);
            for column in older[1].as_array().into_iter().flatten() {
                let id = column.as_str().and_then(|name| table.by_name(name));
                let held = id.and_then(|id| place(&self.values, &id).ok());
                if let Some(index) = held {
                    self.values[index].1.origin = origin;
                }
            }
        }
        for (id, entries) in &mut self.sets {
            for (key, entry) in entries {
                let origin = &hidden["s"][table.column(*id).name][key.as_str()];
                entry.version = version_of(origin).unwrap_or(entry.version);
            }
        }
        for (column, keys) in objects(&hidden["t"]) {
            let Some(id) = table.by_name(column) else {
                continue;
            };
            let entries = slot(&mut self.sets, &id);
            for (key, version) in objects(keys) {
                if let Some(version) = version_of(version)
                    && let Err(index) = place(entries, &CompactString::from(key))
                {
                    let json = "null".into();
                    entries.insert(index, (key.into(), Entry { json, version }));
                }
            }
        }
        for (id, elements) in &mut self.lists {
            let places = &hidden["e"][table.column(*id).name];
            for (place, element) in elements.iter_mut().enumerate() {
                let Some(version) = version_of(&places[place][0]) else {
                    continue;
                };
                element.version = version;
                element.index = places[place][1]
                    .as_u64()
                    .and_then(|index| u32::try_from(index).ok())
                    .unwrap_or(0);
            }
        }
        for (column, candidates) in objects(&hidden["g"]) {
            let Some(leader) = table.by_name(column) else {
                continue;
            };
            let read = candidates
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|json| candidate_of(table, leader, json));
            *slot(&mut self.groups, &leader) = read.collect();
        }
    }

    /// About how many bytes the row takes in memory.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let values = self.values.capacity() * size_of::<(ColumnId, Held)>()
            + self
                .values
                .iter()
                .map(|(_, held)| held.value.heap_bytes())
                .sum::<usize>();
        let entry = |(key, entry): &(CompactString, Entry)| {
            size_of::<(CompactString, Entry)>() + key.len() + entry.json.len()
        };
        let sets: usize = self.sets.iter().flat_map(|(_, set)| set).map(entry).sum();
        let elements = self.lists.iter().flat_map(|(_, list)| list);
        let lists: usize = elements
            .map(|element| size_of::<Element>() + element.json.len())
            .sum();
        let candidate = |candidate: &Candidate| {
            let followers = candidate.followers.iter();
            let leader = candidate.leader.as_ref().map_or(0, Value::heap_bytes);
            let follower =
                |(_, value): &(_, Value)| size_of::<(ColumnId, Value)>() + value.heap_bytes();
            size_of::<Candidate>() + leader + followers.map(follower).sum::<usize>()
        };
        let candidates = self.groups.iter().flat_map(|(_, group)| group);
        let groups: usize = candidates.map(candidate).sum();
        size_of::<Self>() + values + sets + lists + groups
    }
}

fn place<K: Ord, V>(sorted: &Sorted<K, V>, key: &K) -> Result<usize, usize> {
    sorted.binary_search_by(|(known, _)| known.cmp(key))
}

/// The value of a key, made if it is not there.
fn slot<'a, K: Ord + Clone, V: Default>(sorted: &'a mut Sorted<K, V>, key: &K) -> &'a mut V {
    let index = place(sorted, key).unwrap_or_else(|index| {
        sorted.insert(index, (key.clone(), V::default()));
        index
    });
    &mut sorted[index].1
}

/// A view has fewer values than 65,536, and each distinct version has one.
fn index_of(origin: usize) -> u16 {
    u16::try_from(origin).expect("a table has fewer than 65,536 columns")
}

fn is_leader(table: &Table, id: ColumnId) -> bool {
    table.leaders().iter().any(|(leader, _)| *leader == id)
}

fn beats(
    rule: Merge,
    (value, version): (&Value, Version),
    (current, origin): (&Value, Version),
) -> bool {
    match rule {
        Merge::Newest | Merge::Append => version >= origin,
        Merge::First => version < origin,
        Merge::Max => compare(value, current).then(version.cmp(&origin)).is_gt(),
        Merge::Min => compare(current, value).then(version.cmp(&origin)).is_gt(),
    }
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

/// Keeps the candidates sorted by version and forgets those that can no longer matter: older than a full version that is
/// not newer than the winner, or losing to it behind a newer full version.
fn insert_candidate(candidates: &mut Vec<Candidate>, candidate: Candidate, rule: Merge) {
    match candidates.binary_search_by_key(&candidate.version, |known| known.version) {
        Ok(index) => candidates[index] = candidate,
        Err(index) => candidates.insert(index, candidate),
    }
    let Some(winner) = winner(candidates, rule) else {
        return;
    };
    let is_barrier = |candidate: &Candidate| candidate.is_full && candidate.leader.is_some();
    let barrier = candidates[..=winner]
        .iter()
        .rposition(is_barrier)
        .unwrap_or(0);
    let overtaken = candidates[winner + 1..]
        .iter()
        .rposition(is_barrier)
        .map_or(winner + 1, |place| winner + 1 + place);
    let mut place = 0;
    candidates.retain(|_| {
        let keep = (barrier..=winner).contains(&place) || place >= overtaken;
        place += 1;
        keep
    });
}

fn winner(candidates: &[Candidate], rule: Merge) -> Option<usize> {
    let mut best: Option<(usize, &Value, Version)> = None;
    for (index, candidate) in candidates.iter().enumerate() {
        let Some(value) = &candidate.leader else {
            continue;
        };
        if best.is_none_or(|(_, current, origin)| {
            beats(rule, (value, candidate.version), (current, origin))
        }) {
            best = Some((index, value, candidate.version));
        }
    }
    best.map(|(index, ..)| index)
}

/// The winning leader and the followers as of its version.
fn resolve(leader: ColumnId, candidates: &[Candidate]) -> Vec<(ColumnId, Value)> {
    let rule = TableId::View.table().column(leader).merge;
    let winner = winner(candidates, rule);
    let mut resolved: Vec<(ColumnId, Value)> = Vec::new();
    if let Some(value) = winner.and_then(|index| candidates[index].leader.clone()) {
        resolved.push((leader, value));
    }
    for candidate in candidates[..winner.map_or(candidates.len(), |index| index + 1)]
        .iter()
        .rev()
    {
        for (id, value) in &candidate.followers {
            if !resolved.iter().any(|(known, _)| known == id) {
                resolved.push((*id, value.clone()));
            }
        }
        if candidate.is_full && candidate.leader.is_some() {
            break;
        }
    }
    resolved
}

fn elements_json(elements: &[Element]) -> String {
    let items: Vec<&str> = elements
        .iter()
        .map(|element| element.json.as_str())
        .collect();
    format!("[{}]", items.join(","))
}

fn insert_map(into: &mut Map<String, Json>, key: &str, map: Map<String, Json>) {
    if !map.is_empty() {
        into.insert(key.to_owned(), Json::Object(map));
    }
}

fn objects(json: &Json) -> impl Iterator<Item = (&str, &Json)> {
    json.as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}

fn version_json(version: Version) -> Json {
    json!([version.number, version.arrival_us, version.position])
}

fn version_of(json: &Json) -> Option<Version> {
    Some(Version {
        number: json[0].as_i64()?,
        arrival_us: json[1].as_i64()?,
        position: json[2].as_u64()?,
    })
}

fn candidates_json(table: &Table, candidates: &[Candidate]) -> Json {
    let values = |candidate: &Candidate| -> Map<String, Json> {
        let leader = candidate
            .leader
            .iter()
            .map(|value| ("=".to_owned(), value_json(value)));
        let followers = candidate
            .followers
            .iter()
            .map(|(id, value)| (table.column(*id).name.to_owned(), value_json(value)));
        leader.chain(followers).collect()
    };
    let json = |candidate: &Candidate| json!({ "v": version_json(candidate.version), "f": candidate.is_full, "c": values(candidate) });
    candidates.iter().map(json).collect()
}

fn candidate_of(table: &Table, leader: ColumnId, json: &Json) -> Option<Candidate> {
    let values = &json["c"];
    let follower = |(name, value): (&str, &Json)| {
        let id = table.by_name(name)?;
        Some((id, value_of(table.column(id).kind, value)?))
    };
    Some(Candidate {
        version: version_of(&json["v"])?,
        is_full: json["f"].as_bool()?,
        leader: value_of(table.column(leader).kind, &values["="]),
        followers: objects(values)
            .filter(|(name, _)| *name != "=")
            .filter_map(follower)
            .collect(),
    })
}

fn value_json(value: &Value) -> Json {
    match value {
        Value::Str(text) => json!(text.as_str()),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Bool(flag) => json!(flag),
        Value::List(items) => items.iter().map(|item| json!(item.as_str())).collect(),
        Value::Attributes(set) => json!(crate::arrow::attributes_json(set)),
    }
}

fn value_of(kind: Kind, json: &Json) -> Option<Value> {
    match kind {
        Kind::Keyword | Kind::Text | Kind::Json => json.as_str().map(Value::from),
        Kind::Bool => json.as_bool().map(Value::Bool),
        Kind::Float | Kind::Percent => json.as_f64().map(Value::Float),
        Kind::Int32 | Kind::Int64 | Kind::Nanos | Kind::Bytes | Kind::Time => {
            json.as_i64().map(Value::Int)
        }
        Kind::Attributes => json
            .as_str()
            .map(|text| Value::Attributes(attributes_from_json(text))),
        Kind::KeywordList | Kind::TextList => {
            let items = json
                .as_array()?
                .iter()
                .filter_map(|item| item.as_str().map(CompactString::from));
            Some(Value::List(items.collect()))
        }
    }
}

#[cfg(test)]
mod tests;
