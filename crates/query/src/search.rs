//! The search syntax: what users type to filter, as a tree, and from it a condition in SQL.
//!
//! ```text
//! search  = [ or ]
//! or      = and { "OR" and }
//! and     = not { [ "AND" ] not }
//! not     = ( "NOT" | "-" ) not | primary
//! primary = "(" or ")" | name ":" value | "_exists_:" name | word | phrase
//! name    = word | phrase | "@" ( word | phrase )           @ names an attribute
//! value   = "*" | word | phrase | ( ">" | ">=" | "<" | "<=" ) plain | range | "(" or-of-values ")"
//! range   = ( "[" | "{" ) plain "TO" plain ( "]" | "}" )     {} leaves the end out, * is no end
//! ```
//! `AND`, `OR`, `NOT` and `TO` are upper case. A word ends at white space, a parenthesis or a quote; a name besides at `:`. `\` takes the next
//! character's meaning away. `*` and `?` are wildcards in words, not in phrases. A value compares exactly, with regard to case; words and
//! phrases without a name look anywhere in the text columns, without. Durations take `ns us ms s min h d`, sizes `b kb mb gb tb` (1000)
//! and `kib mib gib tib` (1024); without a unit they are ns and bytes, as stored. Times are RFC 3339 or `2026-11-21`.
//!
//! `NOT` keeps rows where the field is absent, so a negated condition is `… IS NOT TRUE`. `@plan:pro` reads `context.plan`, else `plan`,
//! `user.plan`, `feature_flags.plan`; an element of an array matches like the value itself.
//!
//! Positions are bytes of the text, from 0. **Reading order**: this file, `parser`, `value`, `condition`, `print`.

use schema::TableId;

mod condition;
mod parser;
mod print;
mod value;

/// Longest text of a search.
pub const BYTES_MAX: usize = 8 << 10;
/// Conditions of one search.
pub const TERMS_MAX: usize = 100;
/// Nesting of parentheses and negations.
pub const DEPTH_MAX: usize = 10;

/// A parsed search. The empty one finds everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    root: Option<Node>,
}

/// Why a text is no search, or not one over this table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SearchError {
    pub kind: SearchErrorKind,
    /// What is wrong, with the place and what was expected.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Bytes of the text that are meant.
    pub start: usize,
    pub end: usize,
}

/// Whose mistake a [`SearchError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchErrorKind {
    Syntax,
    /// The table has no such field.
    UnknownField,
    /// The field does not take such a value.
    Value,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Field {
        field: Field,
        test: Test,
    },
    /// Anywhere in the text columns.
    Text(Pattern, Span),
}

#[derive(Clone, Debug, PartialEq)]
struct Field {
    name: String,
    is_attribute: bool,
    span: Span,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Exists,
    Is(Pattern, Span),
    Compare(Comparison, Plain),
    Range {
        low: Option<Plain>,
        high: Option<Plain>,
        includes_low: bool,
        includes_high: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    const fn sign(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}

/// A value without wildcards.
#[derive(Clone, Debug, PartialEq)]
struct Plain {
    text: String,
    span: Span,
}

/// Text with wildcards. No two wildcards `*` and no two texts are neighbours; no pieces are the empty text.
#[derive(Clone, Debug, Default, PartialEq)]
struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    /// `*`: any characters.
    Any,
    /// `?`: one character.
    One,
}

impl Pattern {
    fn literal(text: String) -> Self {
        if text.is_empty() {
            Self::default()
        } else {
            Self(vec![Piece::Text(text)])
        }
    }

    /// The text, if there are no wildcards.
    fn as_literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    fn push(&mut self, piece: Piece) {
        match (self.0.last_mut(), piece) {
            (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
            (Some(Piece::Any), Piece::Any) => {}
            (_, piece) => self.0.push(piece),
        }
    }
}

/// Where something stands. Two searches are equal wherever their parts stand, so that spans do not take part in comparing.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: usize,
    end: usize,
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Search {
    /// Reads a search.
    ///
    /// # Errors
    /// [`SearchErrorKind::Syntax`] with the place and what was expected there.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        parser::parse(text)
    }

    /// All of these together.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut nodes = Vec::new();
        for part in parts {
            match part.root {
                None => {}
                Some(Node::And(inner)) => nodes.extend(inner),
                Some(node) => nodes.push(node),
            }
        }
        let root = match nodes.len() {
            0 | 1 => nodes.pop(),
            _ => Some(Node::And(nodes)),
        };
        Self { root }
    }

    /// The search for one exact value of a column; nothing is for rows where it is absent.
    #[must_use]
    pub fn equal(column: &str, value: Option<&str>) -> Self {
        let field = Field {
            name: column.to_owned(),
            is_attribute: false,
            span: Span::default(),
        };
        let root = match value {
            Some(value) => Node::Field {
                field,
                test: Test::Is(Pattern::literal(value.to_owned()), Span::default()),
            },
            None => Node::Not(Box::new(Node::Field {
                field,
                test: Test::Exists,
            })),
        };
        Self { root: Some(root) }
    }

    /// Whether it finds everything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The condition in SQL over the columns of a table; nothing for the empty search. It stands as it is in a `WHERE` or `FILTER`, by itself
    /// or joined by `AND`.
    ///
    /// # Errors
    /// When a field is not one of the table's, or does not take the value.
    pub fn condition(&self, table: TableId) -> Result<Option<String>, SearchError> {
        self.root
            .as_ref()
            .map(|root| condition::condition(root, table.table()))
            .transpose()
    }
}

fn error(
    kind: SearchErrorKind,
    span: Span,
    message: impl Into<String>,
    help: impl Into<String>,
) -> SearchError {
    SearchError {
        kind,
        message: message.into(),
        help: help.into(),
        start: span.start,
        end: span.end,
    }
}

#[cfg(test)]
mod tests;
