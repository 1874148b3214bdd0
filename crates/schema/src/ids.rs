//! Names and times that cannot be wrong once made.

use std::fmt;

use compact_str::CompactString;

/// Id of an application: letters, digits, `_`, `-` and `.`, 1 to 64 characters (`semantics.md`, Identity).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AppId(CompactString);

/// Why a text is no application id.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AppIdError {
    #[error("an application id has 1 to {max} characters, this one has {len}", max = AppId::LEN_MAX)]
    Length { len: usize },
    #[error("an application id has only letters, digits, `_`, `-` and `.`, this one has {found:?}")]
    Character { found: char },
}

impl AppId {
    const LEN_MAX: usize = 64;

    /// Parses an id as SDKs in the field send it.
    ///
    /// # Errors
    /// When it is empty, longer than 64 bytes or has another character.
    pub fn parse(text: &str) -> Result<Self, AppIdError> {
        if text.is_empty() || text.len() > Self::LEN_MAX {
            return Err(AppIdError::Length { len: text.len() });
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        match text.chars().find(|c| !allowed(*c)) {
            Some(found) => Err(AppIdError::Character { found }),
            None => Ok(Self(text.into())),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventTime(pub i64);

impl EventTime {
    /// From milliseconds, as most clients send; nothing on overflow.
    #[must_use]
    pub fn from_millis(ms: i64) -> Option<Self> {
        ms.checked_mul(1000).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_ids_of_the_field_are_accepted_and_others_refused() {
        assert!(AppId::parse("11111111-2222-4333-8444-555555555555").is_ok());
        assert!(AppId::parse("shop.web_1").is_ok());
        assert_eq!(AppId::parse(""), Err(AppIdError::Length { len: 0 }));
        assert_eq!(
            AppId::parse(&"a".repeat(65)),
            Err(AppIdError::Length { len: 65 })
        );
        assert_eq!(
            AppId::parse("a/../b"),
            Err(AppIdError::Character { found: '/' })
        );
    }
}
