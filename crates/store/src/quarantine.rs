//! Quarantine: what clients sent that could not be stored, counted by reason, with scrubbed samples.

use compact_str::CompactString;
use schema::Reject;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::{Error, Result, Store};

/// Samples are kept at most this long.
pub const KEEP_US: i64 = 7 * 86_400_000_000;
/// More entries than this a flush are only counted.
pub const ENTRIES_PER_FLUSH_MAX: usize = 2_000;
/// The table never holds more; the oldest go first.
pub const ENTRIES_MAX: i64 = 50_000;

/// One refused event of one request. Its sample is scrubbed and short.
#[derive(Clone, Debug, PartialEq)]
pub struct QuarantineEntry {
    pub received_at_us: i64,
    pub log_position: u64,
    pub sdk_family: CompactString,
    /// Stable code.
    pub reason: CompactString,
    /// What exactly was wrong.
    pub detail: String,
    /// Which line or part of the request, from 1; 0 for the whole.
    pub place: usize,
    pub app_id: Option<CompactString>,
    pub sample: String,
}

impl QuarantineEntry {
    /// The entry of a reject.
    #[must_use]
    pub fn new(
        reject: Reject,
        sdk_family: CompactString,
        received_at_us: i64,
        log_position: u64,
    ) -> Self {
        let Reject {
            reason,
            detail,
            place,
            app_id,
            sample,
        } = reject;
        Self {
            received_at_us,
            log_position,
            sdk_family,
            reason: reason.into(),
            detail,
            place,
            app_id,
            sample,
        }
    }
}

/// An entry as it is read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantined {
    /// Grows; the cursor of a list.
    pub id: i64,
    pub entry: QuarantineEntry,
}

impl Store {
    /// Entries of these applications (nothing: all), newest first, from below `before` (nothing: the newest). Entries without an
    /// application are shown only to who may see all. What waits for the next flush is not in it yet.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn quarantined(
        &self,
        app_ids: Option<&[String]>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Quarantined>> {
        let visible = app_ids
            .map(|app_ids| serde_json::to_string(app_ids).expect("texts always have a JSON form"));
        let rows = sqlx::query(
            "SELECT * FROM quarantine WHERE id < ? AND (? IS NULL OR app_id IN (SELECT value FROM json_each(?)))
                ORDER BY id DESC LIMIT ?",
        )
        .bind(before.unwrap_or(i64::MAX))
        .bind(&visible)
        .bind(&visible)
        .bind(limit)
        .fetch_all(&self.inner.pool)
        .await
        .map_err(Error::catalog("read the quarantine"))?;
        Ok(rows.iter().map(entry_of).collect())
    }
}

fn entry_of(row: &SqliteRow) -> Quarantined {
    let count = |name| row.get::<i64, _>(name);
    let text = |name| row.get::<String, _>(name);
    let reason = text("reason");
    Quarantined {
        id: count("id"),
        entry: QuarantineEntry {
            received_at_us: count("received_at_us"),
            log_position: u64::try_from(count("log_position")).unwrap_or(0),
            sdk_family: text("sdk_family").into(),
            reason: reason.into(),
            detail: text("detail"),
            place: usize::try_from(count("place")).unwrap_or(0),
            app_id: row
                .get::<Option<String>, _>("app_id")
                .map(CompactString::from),
            sample: text("sample"),
        },
    }
}
