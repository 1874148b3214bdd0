//! One column of the dictionary: its name, kind, wire names and merge rule, built in `const` context by the `columns!` macro.

/// Position of a column inside its table: the common columns first, then the table's own. Never stored on disk; names are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ColumnId(pub u16);

impl ColumnId {
    /// The index into [`crate::Table::columns`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a column holds. Decides the Arrow type, how wire values are accepted, and the unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Low-cardinality string; a facet.
    Keyword,
    /// Any string.
    Text,
    /// JSON text of an array or object, kept as sent.
    Json,
    Bool,
    Int32,
    /// A 64-bit count or number without unit.
    Int64,
    Float,
    /// Microseconds since 1970-01-01 UTC.
    Time,
    /// A duration or offset in nanoseconds. Negative wire values become NULL.
    Nanos,
    /// A size in bytes. Negative wire values become NULL.
    Bytes,
    /// Percent, 0 to 100.
    Percent,
    KeywordList,
    TextList,
    /// A flat set of key → JSON value, stored as one JSON object text with sorted keys.
    Attributes,
}

impl Kind {
    /// The unit clients format by, if the kind has one.
    #[must_use]
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Nanos => Some("ns"),
            Self::Bytes => Some("B"),
            Self::Percent => Some("%"),
            _ => None,
        }
    }

    /// The name used in `docs/reference/dictionary.md`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Text => "text",
            Self::Json => "text (JSON)",
            Self::Bool => "boolean",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float => "float64",
            Self::Time => "timestamp (µs, UTC)",
            Self::Nanos => "int64 (ns)",
            Self::Bytes => "int64 (bytes)",
            Self::Percent => "float64 (%)",
            Self::KeywordList => "list of keyword",
            Self::TextList => "list of text",
            Self::Attributes => "attribute set",
        }
    }
}

/// How versions of one row agree on a column's value. The order of versions is (view version, arrival, log position).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Merge {
    /// The newest non-NULL value.
    Newest,
    /// The greatest value; of equals the newest, which matters to the columns that go with it.
    Max,
    /// The smallest value.
    Min,
    /// The oldest non-NULL value.
    First,
    /// The distinct elements of all versions' JSON arrays, ordered by the oldest version that has them.
    Append,
}

impl Merge {
    /// The rule's name in the dictionary.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Max => "max",
            Self::Min => "min",
            Self::First => "first",
            Self::Append => "append",
        }
    }
}

const NAMES_MAX: usize = 6;

/// A short list of names that can be grown in `const` context.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    names: [&'static str; NAMES_MAX],
    len: usize,
}

impl Names {
    const fn empty() -> Self {
        Self {
            names: [""; NAMES_MAX],
            len: 0,
        }
    }

    const fn with(mut self, name: &'static str) -> Self {
        self.names[self.len] = name;
        self.len += 1;
        self
    }

    /// The names in the order of their declaration: the first present wins.
    #[must_use]
    pub fn as_slice(&self) -> &[&'static str] {
        &self.names[..self.len]
    }
}

/// The declaration of one column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub doc: &'static str,
    pub kind: Kind,
    pub merge: Merge,
    /// The column whose winning version also supplies this one (`lcp_target_selector` goes with LCP).
    pub goes_with: Option<&'static str>,
    /// Datadog-family paths, also accepted as column names in queries.
    pub dd: Names,
    /// DataKit names, also accepted in queries.
    pub dk: Names,
    /// Other accepted names.
    pub aliases: Names,
    pub facet: bool,
    /// A unit that the kind does not imply.
    unit: Option<&'static str>,
    /// Kept in segments, never shown.
    pub hidden: bool,
    /// Made when a query runs (`session_is_active`, `issue_id`), never stored.
    pub computed: bool,
}

impl Column {
    pub(crate) const fn new(name: &'static str, doc: &'static str, kind: Kind) -> Self {
        Self {
            name,
            doc,
            kind,
            merge: Merge::Newest,
            goes_with: None,
            dd: Names::empty(),
            dk: Names::empty(),
            aliases: Names::empty(),
            facet: matches!(kind, Kind::Keyword | Kind::KeywordList),
            unit: None,
            hidden: false,
            computed: false,
        }
    }

    /// The unit of the column's values, if any.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        self.unit.or(self.kind.unit())
    }

    pub(crate) const fn dd(mut self, path: &'static str) -> Self {
        self.dd = self.dd.with(path);
        self
    }

    pub(crate) const fn dk(mut self, name: &'static str) -> Self {
        self.dk = self.dk.with(name);
        self
    }

    pub(crate) const fn alias(mut self, name: &'static str) -> Self {
        self.aliases = self.aliases.with(name);
        self
    }

    pub(crate) const fn with(mut self, leader: &'static str) -> Self {
        self.goes_with = Some(leader);
        self
    }

    pub(crate) const fn unit_is(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    pub(crate) const fn facet(mut self) -> Self {
        self.facet = true;
        self
    }

    pub(crate) const fn no_facet(mut self) -> Self {
        self.facet = false;
        self
    }

    pub(crate) const fn max(mut self) -> Self {
        self.merge = Merge::Max;
        self
    }

    pub(crate) const fn first(mut self) -> Self {
        self.merge = Merge::First;
        self
    }

    pub(crate) const fn append(mut self) -> Self {
        self.merge = Merge::Append;
        self
    }

    pub(crate) const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    pub(crate) const fn computed(mut self) -> Self {
        self.computed = true;
        self
    }
}
