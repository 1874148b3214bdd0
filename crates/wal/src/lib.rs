//! The log: durable requests. A record is bytes; what they mean is not known here.
//!
//! Invariant: once an append was answered with a position, the record is read back at that position, whole, once and in
//! order, after any crash, until `truncate_before` has passed it. Damage to one record costs that record only,
//! and never a start.
//!
//! Reading order: `format.rs` (the format on disk, its invariants and its recovery), `log.rs` (the handle), `queue.rs` and
//! `writer.rs` (group commit), `scan.rs` and `reader.rs` (reading), `recovery.rs` (opening), `set_aside.rs` (damage),
//! `fs.rs` (what is asked of the file system), `metrics.rs`.
//!
//! ```no_run
//! # fn main() -> wal::Result<()> {
//! let (log, report) = wal::Log::open(wal::Options::new("data/log"), std::sync::Arc::new(wal::RealFs))?;
//! let position = log.append(b"a request".to_vec())?.wait()?; // or `.await`
//! let mut reader = log.reader(report.first);
//! while let Some(item) = reader.next()? {
//!     // wal::Item::Record { position, next, payload } or wal::Item::Skipped(range)
//! }
//! log.truncate_before(position)?;
//! # Ok(())
//! # }
//! ```

mod error;
mod format;
mod fs;
mod log;
mod metrics;
mod options;
mod position;
mod queue;
mod reader;
mod recovery;
mod scan;
mod set_aside;
mod writer;

pub use error::{Error, Result};
pub use fs::{File, Fs, RealFs};
pub use log::{Append, Log};
pub use metrics::MetricsSnapshot;
pub use options::Options;
pub use position::LogPosition;
pub use reader::{Item, Reader};
pub use recovery::{OpenReport, TornTail};
pub use scan::SkipReason;
pub use set_aside::Skipped;
