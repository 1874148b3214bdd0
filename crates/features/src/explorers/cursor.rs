//! Where a list goes on: the sort value and identity of its last row. Opaque to clients, and as untrusted as anything they send.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::queries::{Sort, literal_of};
use crate::api::explore::Row;
use crate::api::problems::{self, Problem};

/// A place in a list.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// The sort that it is good for.
    sort: String,
    /// Of the last row; null if that had none.
    value: Json,
    pub(super) event_id: String,
    pub(super) app_id: String,
    /// How many rows were given so far.
    pub(super) rows: u64,
    pub(super) snapshot: String,
}

impl Cursor {
    /// The place behind a row.
    pub(super) fn after(row: Row<'_>, sort: Sort, rows: u64, snapshot: String) -> Self {
        let text = |name: &str| row.text(name).unwrap_or_default().to_owned();
        // A number that is not an integer goes as text: read back as JSON it may be off by the last bit, and its ties be lost.
        let value = row.get(sort.column.name);
        let value = match value.as_f64() {
            Some(number) if value.is_f64() => Json::String(number.to_string()),
            _ => value.clone(),
        };
        Self {
            sort: sort.text(),
            value,
            event_id: text("event_id"),
            app_id: text("app_id"),
            rows,
            snapshot,
        }
    }

    pub(super) fn parse(text: &str, sort: Sort) -> Result<Self, Problem> {
        let json = URL_SAFE_NO_PAD.decode(text).ok();
        let cursor = json.and_then(|json| serde_json::from_slice::<Self>(&json).ok());
        cursor
            .filter(|cursor| cursor.sort == sort.text())
            .ok_or_else(refused)
    }

    pub(super) fn text(&self) -> String {
        let json = serde_json::to_vec(self).expect("a cursor is text and numbers");
        URL_SAFE_NO_PAD.encode(json)
    }

    /// The sort value in SQL; nothing for NULL.
    pub(super) fn literal(&self, sort: Sort) -> Result<Option<String>, Problem> {
        if self.value.is_null() {
            return Ok(None);
        }
        literal_of(sort.column, &self.value)
            .map(Some)
            .ok_or_else(refused)
    }
}

fn refused() -> Problem {
    problems::INVALID_CURSOR.because("the cursor is none of this list in this order")
}
