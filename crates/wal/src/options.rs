//! Settings of a log.

use std::path::PathBuf;
use std::time::Duration;

use crate::LogPosition;

/// Settings of a log. Every value is valid; a file always takes at least one record, however small the limits.
#[derive(Clone, Debug)]
pub struct Options {
    /// The log's folder. It is created (mode 0700); its parent must exist.
    pub dir: PathBuf,
    /// A file is closed and the next one started before it would grow past this. Default 64 MiB.
    pub file_size_bytes_max: u64,
    /// Payloads larger than this are refused by [`crate::Log::append`]. Default 160 MiB. Reading has no use for it: what
    /// an earlier setting let in stays readable.
    pub record_bytes_max: u64,
    /// Zeros are written ahead in pieces of this size, 0 = never. Default 1 MiB.
    ///
    /// An fdatasync of bytes that already have their blocks writes no file system metadata: group commit was measured
    /// 2–6 times cheaper (`research/stack.md`, section 3). The price is writing each block twice, and the commit
    /// that comes while zeros are synced waits for them: 32 senders of 10 KiB records saw a p99 of 2.4 ms without zeros,
    /// 3.6 ms with pieces of 1 MiB (and 1.2 times the rate, a third of the p50) and 13 ms with 4 MiB.
    pub preallocate_bytes: u64,
    /// Appends that may wait or be in writing at once; more are refused with [`crate::Error::Full`]. Default 4096.
    pub queue_records_max: usize,
    /// Payload bytes that may wait or be in writing at once. A single record may be larger if nothing else waits.
    /// Default 64 MiB.
    pub queue_bytes_max: u64,
    /// How long the writer waits for company after the first append. Default none: while one fsync runs, the next group
    /// gathers by itself, and an idle server answers at once.
    pub group_commit_delay: Option<Duration>,
    /// Bytes of damaged records that `<dir>/corrupt` may hold together; more are dropped, with a message. Default 256 MiB.
    pub set_aside_bytes_max: u64,
    /// The log never hands out a position below this one. Give the position up to which the log's reader has taken the
    /// records to a safe place. Otherwise, if the log lost its end or was deleted, new records would take positions that
    /// the reader believes to have seen, and it would pass over them after the next start. Default 0.
    pub position_min: LogPosition,
}

impl Options {
    /// The defaults, in this folder.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            file_size_bytes_max: 64 << 20,
            record_bytes_max: 160 << 20,
            preallocate_bytes: 1 << 20,
            queue_records_max: 4096,
            queue_bytes_max: 64 << 20,
            group_commit_delay: None,
            set_aside_bytes_max: 256 << 20,
            position_min: LogPosition::START,
        }
    }
}
