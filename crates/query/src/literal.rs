//! Values as SQL literals. Whatever a user typed gets into a statement through here and nowhere else.
//!
//! Statements are read in PostgreSQL's grammar, where a backslash inside `'…'` is itself and a quote is written twice.

use chrono::{DateTime, SecondsFormat};

/// A string literal.
#[must_use]
pub fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A time, µs since 1970, as a string literal: compared with a time column it takes that column's type, so that segments and pages
/// are still skipped by it.
#[must_use]
pub fn time(us: i64) -> String {
    text(&rfc3339(us))
}

/// A number that is not an integer. Infinities and NaN are NULL.
#[must_use]
pub fn float(value: f64) -> String {
    if !value.is_finite() {
        return "NULL".to_owned();
    }
    let digits = value.to_string();
    // Without a point it would be read as an integer, which ends at 2^63.
    if digits.contains('.') {
        digits
    } else {
        format!("{digits}.0")
    }
}

/// Text inside a `LIKE` pattern, its own `%`, `_` and `\` standing for themselves. Not quoted yet.
pub(crate) fn like(value: &str) -> String {
    escaped(value, &['%', '_', '\\'])
}

/// Text inside a regular expression, standing for itself. Not quoted yet.
pub(crate) fn regex(value: &str) -> String {
    escaped(
        value,
        &[
            '\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$', '#', '&', '-',
            '~',
        ],
    )
}

fn escaped(value: &str, specials: &[char]) -> String {
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        if specials.contains(&character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// Microseconds since 1970 as RFC 3339 in UTC; the nearest time of years 0 to 9999 for what lies beyond.
#[must_use]
pub fn rfc3339(us: i64) -> String {
    const EARLIEST_US: i64 = -62_167_219_200_000_000;
    const LATEST_US: i64 = 253_402_300_799_999_999;
    DateTime::from_timestamp_micros(us.clamp(EARLIEST_US, LATEST_US))
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_backslashes_kept() {
        assert_eq!(text("it's \\ '; DROP"), "'it''s \\ ''; DROP'");
        assert_eq!(time(1_700_006_400_000_001), "'2023-11-15T00:00:00.000001Z'");
        assert_eq!(float(3.0), "3.0");
        assert_eq!(float(0.25), "0.25");
        assert_eq!(float(f64::NAN), "NULL");
        assert_eq!(like("50%_\\"), "50\\%\\_\\\\");
    }
}
