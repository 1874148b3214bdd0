//! How settings are written: sizes, times, lists, secrets.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

/// A kind of value that settings have.
pub(crate) trait Value {
    /// What the configuration holds.
    type Inner;
    /// How help names the form.
    const FORM: &'static str;
    /// Reads a text, or says what is wrong with it.
    fn parse(text: &str) -> Result<Self::Inner, String>;
    /// The text as `config show` prints it.
    fn show(text: &str) -> String {
        text.to_owned()
    }
}

/// A size in bytes, written `64MiB`.
pub(crate) struct Bytes;
/// A number of days, written `14d`.
pub(crate) struct Days;
/// The address of a server: `https://HOST` or `http://HOST:PORT`.
pub(crate) struct PublicUrl;
/// A text that is never shown.
pub(crate) struct Secret;

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl Value for PathBuf {
    type Inner = Self;
    const FORM: &'static str = "PATH";
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            Err("expected a path".to_owned())
        } else {
            Ok(text.into())
        }
    }
}

impl Value for SocketAddr {
    type Inner = Self;
    const FORM: &'static str = "HOST:PORT";
    fn parse(text: &str) -> Result<Self, String> {
        // A host name, most often localhost, is resolved once.
        let resolved = || text.to_socket_addrs().ok()?.next();
        let address = text.parse().ok().or_else(resolved);
        address.ok_or_else(|| {
            format!("expected an address and port such as 127.0.0.1:7340, found {text:?}")
        })
    }
}

impl Value for bool {
    type Inner = Self;
    const FORM: &'static str = "BOOL";
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("expected true or false, found {text:?}"))
    }
}

impl Value for u64 {
    type Inner = Self;
    const FORM: &'static str = "NUMBER";
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("expected a whole number, found {text:?}"))
    }
}

impl Value for String {
    type Inner = Self;
    const FORM: &'static str = "TEXT";
    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl<T: Value> Value for Option<T> {
    type Inner = Option<T::Inner>;
    const FORM: &'static str = T::FORM;
    fn parse(text: &str) -> Result<Self::Inner, String> {
        if text.is_empty() {
            Ok(None)
        } else {
            T::parse(text).map(Some)
        }
    }
    fn show(text: &str) -> String {
        if text.is_empty() {
            String::new()
        } else {
            T::show(text)
        }
    }
}

impl Value for Vec<IpNet> {
    type Inner = Self;
    const FORM: &'static str = "NETWORKS";
    fn parse(text: &str) -> Result<Self, String> {
        let network = |item: &str| {
            let address = item.parse::<std::net::IpAddr>().map(IpNet::from);
            item.parse::<IpNet>()
                .or(address)
                .map_err(|_| format!("expected networks such as 10.0.0.0/8, found {item:?}"))
        };
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(network)
            .collect()
    }
}

impl Value for Secret {
    type Inner = String;
    const FORM: &'static str = "SECRET";
    fn parse(text: &str) -> Result<String, String> {
        if text.chars().count() < 16 {
            Err("expected at least 16 characters".to_owned())
        } else {
            Ok(text.to_owned())
        }
    }
    fn show(_text: &str) -> String {
        "********".to_owned()
    }
}

impl Value for PublicUrl {
    type Inner = String;
    const FORM: &'static str = "URL";
    fn parse(text: &str) -> Result<String, String> {
        let url = text.trim().trim_end_matches('/');
        let host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        let is_host = |host: &str| {
            !host.is_empty()
                && !host.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '@'))
        };
        if host.is_some_and(is_host) {
            Ok(url.to_owned())
        } else {
            // The console lies at the root of its host, so there is no path to give.
            Err(format!(
                "expected an address without a path such as https://rum.example.com, found {text:?}"
            ))
        }
    }
}

impl Value for LogFormat {
    type Inner = Self;
    const FORM: &'static str = "text|json";
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("expected text or json, found {text:?}")),
        }
    }
}

impl Value for Bytes {
    type Inner = u64;
    const FORM: &'static str = "SIZE";
    fn parse(text: &str) -> Result<u64, String> {
        let units = [
            ("TiB", 1 << 40),
            ("GiB", 1 << 30),
            ("MiB", 1 << 20),
            ("KiB", 1 << 10),
            ("B", 1),
        ];
        number_with_unit(text, &units)
            .ok_or_else(|| format!("expected a size such as 64MiB, found {text:?}"))
    }
}

impl Value for Days {
    type Inner = i64;
    const FORM: &'static str = "DAYS";
    fn parse(text: &str) -> Result<i64, String> {
        let days = number_with_unit(text, &[("d", 1)]).and_then(|days| i64::try_from(days).ok());
        days.ok_or_else(|| format!("expected a number of days such as 14d, found {text:?}"))
    }
}

impl Value for Duration {
    type Inner = Self;
    const FORM: &'static str = "TIME";
    fn parse(text: &str) -> Result<Self, String> {
        let units = [
            ("ms", 1),
            ("s", 1_000),
            ("min", 60_000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
            ("", 0),
        ];
        let ms = number_with_unit(text, &units).filter(|ms| *ms > 0 || text.starts_with('0'));
        ms.map(Self::from_millis)
            .ok_or_else(|| format!("expected a time such as 30s, 5min or 1h, found {text:?}"))
    }
}

fn number_with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The value, if it is within its bounds.
pub(super) fn range<T: PartialOrd + Copy + fmt::Debug>(
    value: T,
    low: T,
    high: T,
) -> Result<T, String> {
    if value < low || value > high {
        Err(format!("expected {low:?} to {high:?}, found {value:?}"))
    } else {
        Ok(value)
    }
}

/// The known name that a wrong one most likely meant.
pub(super) struct Nearest<'a>(pub(super) Option<&'a str>);

impl<'a> Nearest<'a> {
    pub(super) fn of(wrong: &str, known: &[&'a str]) -> Self {
        let nearest = known
            .iter()
            .map(|name| (distance(wrong, name), *name))
            .min();
        Self(
            nearest
                .filter(|(distance, _)| *distance <= 2)
                .map(|(_, name)| name),
        )
    }
}

impl fmt::Display for Nearest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .map_or(Ok(()), |name| write!(formatter, "; did you mean {name}?"))
    }
}

/// Levenshtein distance by bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
