//! Values and rows between decoding and Arrow: sparse, because most of a table's columns are NULL in most rows.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::ColumnId;

/// A set of key → JSON text. `null` is a tombstone: it takes part in merging and is never shown.
pub type Attributes = BTreeMap<CompactString, CompactString>;

/// A value that is there; NULL is absence from the row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Keyword, text and JSON text.
    Str(CompactString),
    /// Integers of every width, times in µs, durations in ns, sizes in bytes.
    Int(i64),
    Float(f64),
    Bool(bool),
    List(Vec<CompactString>),
    Attributes(Attributes),
}

impl Value {
    /// The text of a string value.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an integer value.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// About how many bytes the value takes in memory beyond its own size.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let text = |text: &CompactString| {
            if text.is_heap_allocated() {
                text.capacity()
            } else {
                0
            }
        };
        match self {
            Self::Str(value) => text(value),
            Self::List(items) => items
                .iter()
                .map(|item| size_of::<CompactString>() + text(item))
                .sum(),
            Self::Attributes(set) => set
                .iter()
                .map(|(key, value)| 2 * size_of::<CompactString>() + text(key) + text(value))
                .sum(),
            Self::Int(_) | Self::Float(_) | Self::Bool(_) => 0,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text.into())
    }
}

impl From<CompactString> for Value {
    fn from(text: CompactString) -> Self {
        Self::Str(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

/// The non-NULL values of one row, sorted by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    values: Vec<(ColumnId, Value)>,
}

impl Row {
    /// A row of NULLs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A row of NULLs with room for so many values.
    #[must_use]
    pub fn with_capacity(values: usize) -> Self {
        Self {
            values: Vec::with_capacity(values),
        }
    }

    /// The column's value, or nothing for NULL.
    #[must_use]
    pub fn get(&self, column: ColumnId) -> Option<&Value> {
        self.position(column)
            .ok()
            .map(|index| &self.values[index].1)
    }

    /// The column's value for change in place.
    pub fn get_mut(&mut self, column: ColumnId) -> Option<&mut Value> {
        self.position(column)
            .ok()
            .map(|index| &mut self.values[index].1)
    }

    /// The text of a string column.
    #[must_use]
    pub fn str(&self, column: ColumnId) -> Option<&str> {
        self.get(column).and_then(Value::as_str)
    }

    /// The number of an integer column.
    #[must_use]
    pub fn int(&self, column: ColumnId) -> Option<i64> {
        self.get(column).and_then(Value::as_int)
    }

    /// The number of a float column.
    #[must_use]
    pub fn float(&self, column: ColumnId) -> Option<f64> {
        match self.get(column) {
            Some(Value::Float(number)) => Some(*number),
            _ => None,
        }
    }

    /// The flag of a boolean column.
    #[must_use]
    pub fn bool(&self, column: ColumnId) -> Option<bool> {
        match self.get(column) {
            Some(Value::Bool(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// The items of a list column.
    #[must_use]
    pub fn list(&self, column: ColumnId) -> &[CompactString] {
        match self.get(column) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    /// The entries of an attribute column.
    #[must_use]
    pub fn attributes(&self, column: ColumnId) -> Option<&Attributes> {
        match self.get(column) {
            Some(Value::Attributes(set)) => Some(set),
            _ => None,
        }
    }

    /// Sets a value, replacing one that is there.
    pub fn set(&mut self, column: ColumnId, value: impl Into<Value>) {
        let value = value.into();
        // Rows are mostly filled in the order of their columns.
        if self.values.last().is_none_or(|(last, _)| *last < column) {
            return self.values.push((column, value));
        }
        match self.position(column) {
            Ok(index) => self.values[index].1 = value,
            Err(index) => self.values.insert(index, (column, value)),
        }
    }

    /// Sets a value where there is none.
    pub fn set_if_absent(&mut self, column: ColumnId, value: impl Into<Value>) {
        if let Err(index) = self.position(column) {
            self.values.insert(index, (column, value.into()));
        }
    }

    /// Sets a value or NULL.
    pub fn set_option(&mut self, column: ColumnId, value: Option<impl Into<Value>>) {
        match value {
            Some(value) => self.set(column, value),
            None => drop(self.take(column)),
        }
    }

    /// Removes and returns a value.
    pub fn take(&mut self, column: ColumnId) -> Option<Value> {
        self.position(column)
            .ok()
            .map(|index| self.values.remove(index).1)
    }

    /// The entries of an attribute column for change, made empty if absent.
    pub fn attributes_mut(&mut self, column: ColumnId) -> &mut Attributes {
        let index = match self.position(column) {
            Ok(index) => index,
            Err(index) => {
                self.values
                    .insert(index, (column, Value::Attributes(Attributes::new())));
                index
            }
        };
        let slot = &mut self.values[index].1;
        if !matches!(slot, Value::Attributes(_)) {
            *slot = Value::Attributes(Attributes::new());
        }
        match slot {
            Value::Attributes(set) => set,
            _ => unreachable!("the slot was just made an attribute set"),
        }
    }

    /// The non-NULL values in the order of their columns.
    #[must_use]
    pub fn values(&self) -> &[(ColumnId, Value)] {
        &self.values
    }

    /// The non-NULL values by value, in the order of their columns.
    pub fn into_values(self) -> impl Iterator<Item = (ColumnId, Value)> {
        self.values.into_iter()
    }

    /// Gives back room that is not used.
    pub fn shrink(&mut self) {
        self.values.shrink_to_fit();
    }

    /// About how many bytes the row takes in memory.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.values.capacity() * size_of::<(ColumnId, Value)>()
            + self
                .values
                .iter()
                .map(|(_, value)| value.heap_bytes())
                .sum::<usize>()
    }

    fn position(&self, column: ColumnId) -> Result<usize, usize> {
        self.values.binary_search_by_key(&column, |(id, _)| *id)
    }
}

impl FromIterator<(ColumnId, Value)> for Row {
    fn from_iter<I: IntoIterator<Item = (ColumnId, Value)>>(values: I) -> Self {
        let values = values.into_iter();
        let mut row = Self {
            values: Vec::with_capacity(values.size_hint().0),
        };
        for (column, value) in values {
            row.set(column, value);
        }
        row
    }
}
