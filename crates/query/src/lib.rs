//! Answers SQL over events: DataFusion on hot tables and segments.
//!
//! **Job**: one statement in, one bounded answer out: [`Engine::run`] over a [`store::Snapshot`], within a [`Scope`] and [`Limits`]. For exports
//! the rows one batch at a time: [`Engine::stream`].
//!
//! **Invariants**
//! - A query meets only tables made for it: restricted to its scope and time range, without hidden columns. Nothing else has a
//!   name in its catalog, and no file or network can be reached: statements, table functions and functions pass a list first.
//! - No answer, queue or memory is unbounded, and each refusal has its own [`Error`].
//! - Queries run on threads of their own, so that none delays an acknowledgement. Dropping the future of a run ends its query.
//!
//! **Reading order**: [`Request`], [`Engine`], `statement` (what may be asked), `names` (aliases of the dictionary), `table` (what
//! is read), `execute` (plan, run, collect), `stream` (the same without a bound on rows), `prepare` (what a statement will give), `catalog` (what
//! clients of PostgreSQL ask besides), `origin` (units of the answer), [`render`], [`summary`] (long ranges of views). For features: [`search`], [`Select`],
//! [`Snapshots`].
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")
)]

mod answer;
mod attributes;
mod cancel;
mod catalog;
mod context;
mod describe;
mod distinct;
mod engine;
mod error;
mod execute;
pub mod functions;
pub mod literal;
mod memory;
mod names;
mod nearest;
mod origin;
mod params;
mod prepare;
mod prune;
mod range;
pub mod render;
mod request;
mod resident;
pub mod search;
mod select;
mod sketch;
mod snapshots;
mod statement;
mod stream;
pub mod summary;
mod table;

pub use answer::{Answer, Column, ColumnType, Stats};
pub use catalog::PostgresClient;
pub use engine::{Engine, Gauges, Options};
pub use error::{Error, Position};
pub use names::column;
pub use prepare::Prepared;
pub use request::{Limits, ParameterType, Request, Scope};
pub use resident::ResidentGauges;
pub use search::{Search, SearchError, SearchErrorKind};
pub use select::{Filter, Select};
pub use sketch::{RELATIVE_ERROR, Sketch};
pub use snapshots::{NamedSnapshot, SnapshotGauges, SnapshotOptions, Snapshots};
pub use stream::RowStream;
