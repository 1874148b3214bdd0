//! E-mail addresses: the names by which members sign in.

use std::fmt;

use crate::error::Error;

/// An e-mail address in its normal form: no space around, lower case. Two spellings of one mailbox are one member.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Email(String);

impl Email {
    /// RFC 5321, 4.5.3.1.3: a path has 256 characters, two of them brackets.
    const BYTES_MAX: usize = 254;

    /// Parses an address. Only what every address has is checked: whether it exists, only a mail can tell.
    ///
    /// # Errors
    /// When it is too long, has a space or a control character, or is not of the form `name@host`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = normalise(text);
        let parts = text.split_once('@');
        let form_ok = parts.is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@')
        });
        let characters_ok = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        if form_ok && characters_ok && text.len() <= Self::BYTES_MAX {
            Ok(Self(text))
        } else {
            Err(Error::Email { text })
        }
    }

    /// The normal form as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What was typed, in the form that addresses are compared in.
pub(crate) fn normalise(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_mailbox_are_one() {
        let email = Email::parse(" Ada.Lovelace@Example.COM\n").unwrap();
        assert_eq!(email.as_str(), "ada.lovelace@example.com");
        assert_eq!(
            Email::parse("ÄDA@example.com").unwrap().as_str(),
            "äda@example.com"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(243));
        for text in [
            "",
            "ada",
            "@",
            "ada@",
            "@example.com",
            "a@b@c",
            "a da@example.com",
            "a\u{0}@b",
            &long,
        ] {
            assert!(
                matches!(Email::parse(text), Err(Error::Email { .. })),
                "{text:?}"
            );
        }
        assert!(Email::parse(&long[1..]).is_ok());
    }
}
