//! Values as users type them, by the column's kind: numbers, durations, sizes, times.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use schema::{Column, Kind};

use crate::literal;

/// What a column's values are compared as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Text,
    List,
    Bool,
    Number,
    Duration,
    Size,
    Time,
    Set,
}

pub(super) fn class(column: &Column) -> Class {
    match column.kind {
        Kind::Keyword | Kind::Text | Kind::Json => Class::Text,
        Kind::KeywordList | Kind::TextList => Class::List,
        Kind::Bool => Class::Bool,
        Kind::Time => Class::Time,
        Kind::Attributes => Class::Set,
        Kind::Int32 | Kind::Int64 | Kind::Float | Kind::Percent | Kind::Nanos | Kind::Bytes => {
            match column.unit() {
                Some("ns") => Class::Duration,
                Some("B") => Class::Size,
                _ => Class::Number,
            }
        }
    }
}

impl Class {
    /// What a value has to be, for messages.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Text | Self::List => "text",
            Self::Bool => "`true` or `false`",
            Self::Number => "a number",
            Self::Duration => "a duration",
            Self::Size => "a size",
            Self::Time => "a time",
            Self::Set => "nothing",
        }
    }

    /// How to write a value.
    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::Text | Self::List => "Put text with spaces into quotes.",
            Self::Bool => "Write `true` or `false`.",
            Self::Number => "Write a plain number, as in `>400`.",
            Self::Duration => {
                "Write durations with a unit (ns, us, ms, s, min, h, d), as in `>2s`."
            }
            Self::Size => "Write sizes with a unit (b, kb, mb, gb), as in `>500kb`.",
            Self::Time => "Write times as 2026-11-21T09:00:00Z or 2026-11-21.",
            Self::Set => "Write `@key:value` for one of its keys, or `field:*`.",
        }
    }

    /// The literal in SQL of a value that is compared by size, or nothing if it is not of this class.
    pub(super) fn literal(self, text: &str) -> Option<String> {
        match self {
            Self::Number => number(text.strip_suffix('%').unwrap_or(text)),
            Self::Duration => scaled(text, &DURATIONS),
            Self::Size => scaled(text, &SIZES),
            Self::Time => time_us(text).map(literal::time),
            Self::Text | Self::List | Self::Bool | Self::Set => None,
        }
    }
}

const DURATIONS: [(&str, f64); 10] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("min", 60e9),
    ("h", 3600e9),
    ("d", 86_400e9),
    ("", 1.0),
];

const SIZES: [(&str, f64); 10] = [
    ("b", 1.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("tb", 1e12),
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("tib", 1_099_511_627_776.0),
    ("", 1.0),
];

/// A plain number; integers keep all their digits.
pub(super) fn number(text: &str) -> Option<String> {
    if let Ok(integer) = text.parse::<i64>() {
        return Some(integer.to_string());
    }
    digits(text).map(literal::float)
}

/// Not Rust's own reading, which takes `inf`, `nan` and `infinity`.
fn digits(text: &str) -> Option<f64> {
    let is_number = text.contains(|c: char| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'));
    is_number
        .then(|| text.parse::<f64>().ok())?
        .filter(|number| number.is_finite())
}

/// A number and a unit as an integer of the smallest unit.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<String> {
    if let Ok(integer) = text.parse::<i64>() {
        return Some(integer.to_string());
    }
    let end = text
        .rfind(|c: char| c.is_ascii_digit() || c == '.')
        .map(|at| at + 1)?;
    let unit = text[end..].to_lowercase();
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    let value = (digits(&text[..end])? * factor).round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked in the same expression"
    )]
    (value.abs() < 9.2e18).then(|| (value as i64).to_string())
}

fn time_us(text: &str) -> Option<i64> {
    let zoned = || {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| time.timestamp_micros())
    };
    let utc = || {
        let formats = [
            "%Y-%m-%dT%H:%M:%S%.f",
            "%Y-%m-%d %H:%M:%S%.f",
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%d %H:%M",
        ];
        formats
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .map(|time| time.and_utc().timestamp_micros())
    };
    let day = || {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros())
    };
    zoned().or_else(utc).or_else(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_become_the_stored_unit() {
        let check = |class: Class, text: &str, expected: Option<&str>| {
            assert_eq!(class.literal(text).as_deref(), expected, "{text}");
        };
        check(Class::Duration, "2s", Some("2000000000"));
        check(Class::Duration, "1.5ms", Some("1500000"));
        check(Class::Duration, "3min", Some("180000000000"));
        check(Class::Duration, "2h", Some("7200000000000"));
        check(Class::Duration, "250us", Some("250000"));
        check(Class::Duration, "250", Some("250"));
        check(Class::Duration, "-1ms", Some("-1000000"));
        check(Class::Duration, "fast", None);
        check(Class::Duration, "2 lightyears", None);
        check(Class::Duration, "1e300h", None);
        check(Class::Size, "3.1MB", Some("3100000"));
        check(Class::Size, "2kib", Some("2048"));
        check(Class::Size, "2s", None);
        check(
            Class::Number,
            "9223372036854775807",
            Some("9223372036854775807"),
        );
        check(Class::Number, "0.1", Some("0.1"));
        check(Class::Number, "1e3", Some("1000.0"));
        check(Class::Number, "inf", None);
        check(Class::Number, "nan", None);
        check(Class::Number, "1e999", None);
        check(
            Class::Time,
            "2026-11-21",
            Some("'2026-11-21T00:00:00.000000Z'"),
        );
        check(
            Class::Time,
            "2026-11-21T01:00:00+01:00",
            Some("'2026-11-21T00:00:00.000000Z'"),
        );
        check(Class::Time, "yesterday", None);
    }
}
