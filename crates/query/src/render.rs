//! Answers as bytes: JSON as the API gives it, a table for terminals, CSV and Parquet.
//!
//! One way of reading values serves the three text forms (`semantics.md`, Shapes of the API): times RFC 3339 UTC with
//! microseconds, durations integers in nanoseconds, integers beyond 2^53 as strings in JSON, NaN and infinities as NULL.

mod csv;
mod export;
mod json;
mod parquet;
mod text;
mod value;
mod values;

use crate::Answer;

pub use csv::csv;
pub use export::{ExportFormat, ExportWriter};
pub use json::json;
pub use parquet::parquet;
pub use text::table;
pub use values::values;

/// A form of answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    #[default]
    Json,
    Table,
    Csv,
    Parquet,
}

impl Format {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Json, Self::Table, Self::Csv, Self::Parquet];

    /// The name in requests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// The form of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The `Content-Type` of its bytes.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Table => "text/plain; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// An answer that could not be written in a form.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("could not write the answer as Parquet")]
    Parquet {
        source: ::parquet::errors::ParquetError,
    },
}

/// Renders an answer.
///
/// # Errors
/// When the form has no place for a column's type; only Parquet is so.
pub fn render(answer: &Answer, format: Format) -> Result<Vec<u8>, RenderError> {
    match format {
        Format::Json => Ok(json(answer)),
        Format::Table => Ok(table(answer)),
        Format::Csv => Ok(csv(answer)),
        Format::Parquet => parquet(answer),
    }
}
