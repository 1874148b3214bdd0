//! Keeps events: hot tables in memory, segments (Parquet) in the object store, the catalog in the metadata database.
//!
//! **Job**: rows in by [`Store::apply`], each visible at once and stored once; out by [`Store::snapshot`].
//!
//! **Invariants**
//! - What a snapshot shows is what the log up to its position says: each event once, each view merged, sessions computed.
//! - A flush is one catalog transaction: segments, delete vectors and the log position of all tables. Files come first and are
//!   synced with their folders; a file that no catalog row names is an orphan and is swept after the next start.
//! - Log position in the catalog = everything before it is in segments; replaying the log from there rebuilds the hot tables.
//! - A stored row never changes. A newer version is a new row and a mark on the old position in its segment's delete vector.
//! - The store does not know which protocol an event came from.
//!
//! **Reading order**: [`apply`], [`hot`], [`changed`], [`session`], [`flush`], [`segment`], [`keys`], [`catalog`], [`compaction`], [`retention`],
//! [`erase`], `packs`, [`snapshot`], [`summary`], [`manifest`]; for the catalog's loss [`backup`], [`rebuild`], [`inspect`].
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")
)]

pub mod apply;
pub mod backup;
pub mod catalog;
mod changed;
pub mod compaction;
pub mod erase;
mod error;
pub mod failpoint;
pub mod flush;
mod flushed;
mod hot;
pub mod inspect;
pub mod kept;
pub mod keys;
pub mod manifest;
pub mod metrics;
mod open;
mod packs;
pub mod quarantine;
mod reader;
pub mod rebuild;
pub mod retention;
mod retired;
pub mod segment;
pub mod session;
pub mod snapshot;
pub mod summary;

pub use apply::{Applied, Batch, Fate, Incoming};
pub use erase::{KeptReader, Selector};
pub use error::{Error, Result};
pub use kept::KeptRequest;
pub use manifest::{Manifest, ManifestFile};
pub use metrics::MetricsSnapshot;
pub use open::{Options, Store};
pub use quarantine::{QuarantineEntry, Quarantined};
pub use segment::{Segment, SegmentId};
pub use snapshot::{SegmentView, Snapshot, TableSnapshot};
