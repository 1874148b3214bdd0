//! Whose data is meant: one user by one of their ids, or one session. For requests to delete it.

use std::collections::HashSet;

use compact_str::CompactString;

/// By what somebody is named; each is a column that every table has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SubjectKind {
    Session,
    User,
    Email,
    Anonymous,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Session, Self::User, Self::Email, Self::Anonymous];

    /// The column, which is also the kind's name in the API and in the metadata database.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::Session => "session_id",
            Self::User => "user_id",
            Self::Email => "user_email",
            Self::Anonymous => "anonymous_id",
        }
    }

    /// The kind of that column.
    #[must_use]
    pub fn from_column(column: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.column() == column)
    }
}

/// One user or one session. The value is taken literally: no wildcards, no lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject {
    kind: SubjectKind,
    value: String,
}

/// Why a text names nobody.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SubjectError {
    #[error("the value is empty: it has to name one user or one session")]
    Empty,
    #[error("the value has {len} bytes; an id has {max} at most")]
    Long { len: usize, max: usize },
    #[error("the value has the control character {found:?}, which no id has")]
    Control { found: char },
}

impl Subject {
    const BYTES_MAX: usize = 1024;

    /// Parses the value of a kind; white space around it is cut. E-mail addresses are compared without their case.
    ///
    /// # Errors
    /// When it is empty, longer than 1024 bytes or has a control character.
    pub fn parse(kind: SubjectKind, value: &str) -> Result<Self, SubjectError> {
        let value = value.trim();
        if value.is_empty() {
            return Err(SubjectError::Empty);
        }
        if value.len() > Self::BYTES_MAX {
            let (len, max) = (value.len(), Self::BYTES_MAX);
            return Err(SubjectError::Long { len, max });
        }
        if let Some(found) = value.chars().find(|c| c.is_control()) {
            return Err(SubjectError::Control { found });
        }
        let value = match kind {
            SubjectKind::Email => value.to_ascii_lowercase(),
            _ => value.to_owned(),
        };
        Ok(Self { kind, value })
    }

    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// The value; an e-mail address in lower case.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether a value of the kind's column is this one.
    #[must_use]
    pub fn is(&self, value: &str) -> bool {
        match self.kind {
            SubjectKind::Email => self.value.eq_ignore_ascii_case(value.trim()),
            _ => self.value == value,
        }
    }
}

/// Finds ids in texts of any form: JSON, forms, query strings. An id counts where it stands whole, with no letter, digit or other character
/// of ids before or behind it; upper and lower case are the same. Text that mentions a short id by chance is found too.
#[derive(Clone, Debug, Default)]
pub struct Mentions {
    /// Made of characters of ids only, lower case: found by cutting a text into such stretches.
    whole: HashSet<CompactString>,
    /// All others, lower case, plain and as JSON writes them.
    others: Vec<Vec<u8>>,
}

impl Mentions {
    /// Looks for one more id.
    pub fn add(&mut self, id: &str) {
        let id = id.to_ascii_lowercase();
        if id.bytes().all(is_of_id) {
            self.whole.insert(id.into());
            return;
        }
        let json = serde_json::Value::from(id.as_str()).to_string();
        let escaped = json.as_bytes()[1..json.len() - 1].to_vec();
        let plain = id.into_bytes();
        if escaped != plain {
            self.others.push(escaped);
        }
        self.others.push(plain);
    }

    /// Whether a text has one of the ids.
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        let mut lower = Vec::new();
        let mut is_whole = |stretch: &[u8]| {
            lower.clear();
            lower.extend(stretch.iter().map(u8::to_ascii_lowercase));
            // The stop of a sentence is no part of an id, unless it is.
            let text = std::str::from_utf8(&lower).unwrap_or_default();
            [text, text.trim_end_matches('.')]
                .iter()
                .any(|id| self.whole.contains(*id))
        };
        let mut stretches = text.split(|byte| !is_of_id(*byte));
        if !self.whole.is_empty()
            && stretches.any(|stretch| !stretch.is_empty() && is_whole(stretch))
        {
            return true;
        }
        let has = |id: &Vec<u8>| {
            let mut windows = text.windows(id.len());
            windows.any(|window| window.eq_ignore_ascii_case(id))
        };
        self.others.iter().any(has)
    }
}

fn is_of_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@' | b'+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_id_and_nothing_else() {
        let parse = |text: &str| Subject::parse(SubjectKind::User, text);
        assert_eq!(parse("  u-42 ").unwrap().value(), "u-42");
        assert_eq!(parse(" \t"), Err(SubjectError::Empty));
        let long = Err(SubjectError::Long {
            len: 1025,
            max: 1024,
        });
        assert_eq!(parse(&"x".repeat(1025)), long);
        assert_eq!(
            parse("a\u{0}b"),
            Err(SubjectError::Control { found: '\u{0}' })
        );
        for literal in ["*", "u*", "' OR 1=1 --", "\"", "%"] {
            let subject = parse(literal).unwrap();
            assert!(subject.is(literal) && !subject.is("u-42"), "{literal}");
        }
        let email = Subject::parse(SubjectKind::Email, "Ann@Example.com").unwrap();
        assert!(email.is("ann@example.COM") && !email.is("bann@example.com"));
        assert!(!parse("Ann").unwrap().is("ann"), "ids have a case");
    }

    #[test]
    fn an_id_is_found_where_it_stands_whole() {
        let of = |id: &str| {
            let mut mentions = Mentions::default();
            mentions.add(id);
            mentions
        };
        let body = br#"{"session":{"id":"5f-3a"},"usr":{"id":7,"name":"Ann \"A\" Lee"}}"#;
        for id in ["5F-3a", "7", "Ann \"A\" Lee"] {
            assert!(of(id).is_in(body), "{id}");
        }
        assert!(of("u-42").is_in(b"refused: user u-42."));
        for id in ["5f", "3a", "5f-3", "n", "77", "Ann A"] {
            assert!(!of(id).is_in(body), "{id}");
        }
        assert!(of("ann@shop.example").is_in(b"a=1&email=Ann@shop.example&b"));
        assert!(!Mentions::default().is_in(body));
    }
}
