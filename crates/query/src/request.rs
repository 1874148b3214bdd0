//! What is asked: the statement, what it may see, and what it may use.

use std::sync::Arc;
use std::time::Duration;

use crate::catalog::PostgresClient;

/// One statement with its parameters and time range.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// One statement: `SELECT`, `WITH`, `EXPLAIN`, `SHOW TABLES`, `SHOW COLUMNS` or `DESCRIBE`.
    pub sql: String,
    /// Fill `$1`, `$2` and so on: strings, numbers, booleans, null.
    pub params: Vec<serde_json::Value>,
    /// What the parameters are, by position, where their sender says more than their JSON does.
    pub parameter_types: Vec<Option<ParameterType>>,
    /// Only rows whose `time` is at or after this, µs.
    pub from_us: Option<i64>,
    /// Only rows whose `time` is before this, µs.
    pub to_us: Option<i64>,
    /// What `now()` says and by what `session_is_active` is computed, µs.
    pub now_us: i64,
    /// Set for clients of the PostgreSQL protocol: its catalog and its idioms are understood then.
    pub postgres: Option<Arc<PostgresClient>>,
    /// Set for statements of [`crate::summary`]: functions that give sketches and hashes are there then.
    pub is_summary: bool,
}

/// What a parameter is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParameterType {
    Text,
    Integer,
    Number,
    Boolean,
    /// Sent as RFC 3339 text.
    Timestamp,
    /// Sent as `2026-11-21`.
    Date,
}

/// Which applications' rows a query may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Nothing means the whole workspace; an empty list means no row at all.
    pub app_ids: Option<Vec<String>>,
}

impl Scope {
    /// Every application of the workspace.
    #[must_use]
    pub const fn workspace() -> Self {
        Self { app_ids: None }
    }
}

/// What one query may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows of the answer when the statement has no outermost `LIMIT`.
    pub rows_default: usize,
    /// Rows of the answer whatever the statement says.
    pub rows_max: usize,
    /// Size of the answer's values.
    pub answer_bytes_max: usize,
    /// Memory of sorts, joins, groups and the answer.
    pub memory_bytes: usize,
    /// From the call to the answer, waiting included.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows_default: 10_000,
            rows_max: 1_000_000,
            answer_bytes_max: 256 << 20,
            memory_bytes: 1 << 30,
            timeout: Duration::from_secs(60),
        }
    }
}
