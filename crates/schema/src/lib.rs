//! The dictionary in code: every table and column that Footfall stores, and the values that travel through it.
//!
//! **Job**: one declaration of tables and columns, from which the Arrow schemas, the wire names of the Datadog and DataKit
//! families, the aliases of SQL and search, the merge of versions and `docs/reference/dictionary.md` derive.
//!
//! **Invariant**: values in, values out. No file, clock or network. A column's name and meaning on disk never change.
//!
//! **Reading order**: [`tables`], [`Column`], [`Table`], [`Row`], [`Event`], [`merge`], [`arrow`].
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")
)]

pub mod arrow;
mod column;
mod event;
mod ids;
pub mod merge;
pub mod reference;
mod subject;
mod table;
pub mod tables;
mod value;

pub use column::{Column, ColumnId, Kind, Merge, Names};
pub use event::{Event, Identity, Reject};
pub use ids::{AppId, AppIdError, EventTime};
pub use subject::{Mentions, Subject, SubjectError, SubjectKind};
pub use table::{Table, TableId};
pub use value::{Attributes, Row, Value};
