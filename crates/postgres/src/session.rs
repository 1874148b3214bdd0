//! What a connection knows of itself: who asks, what they may see, their settings, and what they have prepared.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pgwire::error::{PgWireError, PgWireResult};
use query::{PostgresClient, Scope};

use crate::error::{self, error};

/// Prepared statements of a connection.
const STATEMENTS_MAX: usize = 256;
/// Portals of a connection; a suspended one can hold rows.
const PORTALS_MAX: usize = 16;
/// Text of prepared statements, and of what is bound to them.
const HELD_BYTES_MAX: usize = 4 << 20;
/// Settings that a connection may add, and their length.
const SETTINGS_MAX: usize = 100;
const SETTING_BYTES_MAX: usize = 1_024;

/// Settings that clients ask for or expect to be told, by the names that PostgreSQL writes.
const SETTINGS: [(&str, &str); 27] = [
    ("application_name", ""),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("DateStyle", "ISO, MDY"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "on"),
    ("extra_float_digits", "1"),
    ("in_hot_standby", "off"),
    ("integer_datetimes", "on"),
    ("IntervalStyle", "postgres"),
    ("is_superuser", "off"),
    ("lc_collate", "C"),
    ("lc_ctype", "C.UTF-8"),
    ("lock_timeout", "0"),
    ("max_identifier_length", "63"),
    ("max_index_keys", "32"),
    ("row_security", "on"),
    ("search_path", "public"),
    ("server_encoding", "UTF8"),
    ("server_version_num", "150000"),
    ("standard_conforming_strings", "on"),
    ("statement_timeout", "0"),
    ("TimeZone", "UTC"),
    ("transaction_deferrable", "off"),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "on"),
];

/// Told to every client when it is let in, as PostgreSQL does.
const REPORTED: [&str; 12] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "standard_conforming_strings",
    "TimeZone",
];

/// A connection that was let in.
pub(crate) struct Session {
    /// Checked again before each statement: a deleted key opens nothing any more.
    pub(crate) key: String,
    pub(crate) scope: Scope,
    database: String,
    user: String,
    /// By name in lower case, with the name as it is written.
    settings: Mutex<BTreeMap<String, (String, String)>>,
    held: Mutex<Held>,
}

/// Bytes of prepared statements and portals, by name.
#[derive(Default)]
struct Held {
    statements: BTreeMap<String, usize>,
    portals: BTreeMap<String, usize>,
}

impl Session {
    pub(crate) fn new(key: String, scope: Scope, user: String, database: String) -> Self {
        let known = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let own = [
            ("server_version".to_owned(), server_version()),
            ("session_authorization".to_owned(), user.clone()),
        ];
        let settings = known.into_iter().chain(own);
        let settings = settings.map(|(name, value)| (name.to_ascii_lowercase(), (name, value)));
        Self {
            key,
            scope,
            database,
            user,
            settings: Mutex::new(settings.collect()),
            held: Mutex::default(),
        }
    }

    /// As statements see it.
    pub(crate) fn client(&self) -> Arc<PostgresClient> {
        let settings = lock(&self.settings);
        Arc::new(PostgresClient {
            database: self.database.clone(),
            user: self.user.clone(),
            version: format!(
                "PostgreSQL {}, read-only, by Footfall {}",
                VERSION,
                env!("CARGO_PKG_VERSION")
            ),
            settings: settings.values().cloned().collect(),
        })
    }

    /// The value of a setting, with its name as it is written.
    pub(crate) fn setting(&self, name: &str) -> Option<(String, String)> {
        lock(&self.settings)
            .get(&name.to_ascii_lowercase())
            .cloned()
    }

    /// All settings by name.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        lock(&self.settings).values().cloned().collect()
    }

    /// What a client is told when it is let in.
    pub(crate) fn reported(&self) -> Vec<(String, String)> {
        REPORTED
            .iter()
            .filter_map(|name| self.setting(name))
            .collect()
    }

    /// Remembers a setting; any name may be set, because clients set what newer servers know.
    pub(crate) fn set(&self, name: &str, value: &str) -> PgWireResult<()> {
        let mut settings = lock(&self.settings);
        let lower = name.to_ascii_lowercase();
        let written = settings
            .get(&lower)
            .map_or_else(|| name.to_owned(), |(name, _)| name.clone());
        if name.len() + value.len() > SETTING_BYTES_MAX
            || (settings.len() >= SETTINGS_MAX && !settings.contains_key(&lower))
        {
            return Err(error(error::LIMIT, "too many or too long settings"));
        }
        settings.insert(lower, (written, value.to_owned()));
        Ok(())
    }

    /// Gives a setting the value it had at first.
    pub(crate) fn reset(&self, name: &str) {
        let first = SETTINGS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        if let Some((name, value)) = first {
            lock(&self.settings).insert(
                name.to_ascii_lowercase(),
                ((*name).to_owned(), (*value).to_owned()),
            );
        }
    }

    /// How long a statement of this client may run, if it says so.
    pub(crate) fn statement_timeout(&self) -> Option<Duration> {
        let (_, value) = self.setting("statement_timeout")?;
        duration(&value).filter(|limit| !limit.is_zero())
    }

    pub(crate) fn hold_statement(&self, name: &str, bytes: usize) -> PgWireResult<()> {
        let mut held = lock(&self.held);
        held.check(name, bytes, Kind::Statement)?;
        held.statements.insert(name.to_owned(), bytes);
        Ok(())
    }

    pub(crate) fn hold_portal(&self, name: &str, bytes: usize) -> PgWireResult<()> {
        let mut held = lock(&self.held);
        held.check(name, bytes, Kind::Portal)?;
        held.portals.insert(name.to_owned(), bytes);
        Ok(())
    }

    pub(crate) fn release_statement(&self, name: &str) {
        lock(&self.held).statements.remove(name);
    }

    pub(crate) fn release_portal(&self, name: &str) {
        lock(&self.held).portals.remove(name);
    }

    pub(crate) fn release_portals(&self) {
        lock(&self.held).portals.clear();
    }

    /// Names of all prepared statements, which are released.
    pub(crate) fn release_statements(&self) -> Vec<String> {
        let released = std::mem::take(&mut lock(&self.held).statements);
        released.into_keys().collect()
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Statement,
    Portal,
}

impl Held {
    fn check(&self, name: &str, bytes: usize, kind: Kind) -> Result<(), PgWireError> {
        let (own, max, what) = match kind {
            Kind::Statement => (&self.statements, STATEMENTS_MAX, "prepared statements"),
            Kind::Portal => (&self.portals, PORTALS_MAX, "portals"),
        };
        let others = self.statements.values().chain(self.portals.values());
        let replaced = own.get(name).copied();
        let total = others.sum::<usize>() - replaced.unwrap_or(0) + bytes;
        if replaced.is_none() && own.len() >= max {
            let message = format!("a connection may have {max} {what}");
            return Err(error(error::LIMIT, message));
        }
        if total > HELD_BYTES_MAX {
            let message =
                format!("a connection's statements and parameters may have {HELD_BYTES_MAX} bytes");
            return Err(error(error::LIMIT, message));
        }
        Ok(())
    }
}

/// The version that clients shape their questions by.
const VERSION: &str = "15.0";

fn server_version() -> String {
    format!("{VERSION} (Footfall {})", env!("CARGO_PKG_VERSION"))
}

/// `5s`, `200ms`, `1min`, or a number of milliseconds.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let ms = match text[digits..].trim() {
        "" | "ms" => Some(number),
        "s" => number.checked_mul(1_000),
        "min" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => None,
    };
    ms.map(Duration::from_millis)
}

/// Nothing is left half changed while a lock is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let name = || "x".to_owned();
        Session::new(name(), Scope::workspace(), name(), name())
    }

    #[test]
    fn every_reported_setting_has_a_value() {
        assert_eq!(session().reported().len(), REPORTED.len());
    }

    #[test]
    fn a_timeout_is_read_with_and_without_unit() {
        let check = |text: &str, ms: Option<u64>| {
            assert_eq!(duration(text), ms.map(Duration::from_millis), "{text}");
        };
        check("250", Some(250));
        check("5s", Some(5_000));
        check("2 min", Some(120_000));
        check("5 parsecs", None);
        check("99999999999999999999", None);
        assert_eq!(session().statement_timeout(), None, "0 is no limit");
    }

    #[test]
    fn what_a_connection_holds_is_bounded_and_can_be_let_go() {
        let session = session();
        for number in 0..STATEMENTS_MAX {
            session.hold_statement(&number.to_string(), 10).unwrap();
        }
        assert!(session.hold_statement("more", 10).is_err());
        assert!(session.hold_statement("0", 20).is_ok(), "it is replaced");
        assert!(session.hold_portal("p", HELD_BYTES_MAX).is_err());
        session.release_statement("0");
        assert!(session.hold_statement("more", 10).is_ok());
    }
}
