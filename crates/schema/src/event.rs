//! What decoding yields: events and rejects.

use std::fmt;

use compact_str::CompactString;
use xxhash_rust::xxh3::xxh3_128;

use crate::tables::common;
use crate::{Row, TableId};

/// One decoded event. Its row has at least `event_id` and `client_time`; `app_id` once its application is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub table: TableId,
    pub row: Row,
    /// A patch: what it does not name is unchanged, not NULL (Datadog `view_update`).
    pub is_patch: bool,
}

impl Event {
    /// An event with an empty row.
    #[must_use]
    pub fn new(table: TableId) -> Self {
        Self {
            table,
            row: Row::new(),
            is_patch: false,
        }
    }

    /// The identity, if application and id are known.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        Some(Identity::new(
            self.row.str(common::app_id)?,
            self.table,
            self.row.str(common::event_id)?,
        ))
    }
}

/// 128-bit hash of (application, table, event id). Two different events share one with a chance below 10⁻²⁰ for the
/// default window, so equality of identities is taken for equality of events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(pub u128);

impl Identity {
    /// Hashes the three parts; the layout is on disk and never changes: application, 0, table number, id.
    #[must_use]
    pub fn new(app_id: &str, table: TableId, event_id: &str) -> Self {
        let len = app_id.len() + event_id.len() + 2;
        let mut short = [0; 160];
        let mut long = Vec::new();
        // Asked for twice for each event: nearly all keys fit without an allocation.
        let key = match short.get_mut(..len) {
            Some(key) => key,
            None => {
                long.resize(len, 0);
                &mut long[..]
            }
        };
        key[..app_id.len()].copy_from_slice(app_id.as_bytes());
        key[app_id.len() + 1] = table as u8;
        key[app_id.len() + 2..].copy_from_slice(event_id.as_bytes());
        Self(xxh3_128(key))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

/// Something a client sent that was not stored, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Reject {
    /// Stable code, counted and shown on Intake health: `malformed_json`, `unknown_type`, `too_late` and so on.
    pub reason: &'static str,
    /// What exactly was wrong, with the value.
    pub detail: String,
    /// Which line or part of the request, from 1.
    pub place: usize,
    /// The application, where known.
    pub app_id: Option<CompactString>,
    /// The refused text, cut to [`Reject::SAMPLE_BYTES_MAX`]; scrubbed before it is kept.
    pub sample: String,
}

impl Reject {
    /// Longest kept sample.
    pub const SAMPLE_BYTES_MAX: usize = 4096;
}
