//! Counters of the log. Plain numbers: the binary gives them their Prometheus names.

use std::sync::atomic::{AtomicU64, Ordering};

/// One counter. Relaxed order: the numbers are read by people, nothing is decided by them.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counters since the log was opened.
        #[derive(Debug, Default)]
        pub(crate) struct Metrics { $(pub(crate) $name: Counter),* }

        /// The counters of a log at one moment; all count since it was opened.
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
        pub struct MetricsSnapshot { $($(#[$doc])* pub $name: u64),* }

        impl Metrics {
            pub(crate) fn snapshot(&self) -> MetricsSnapshot {
                MetricsSnapshot { $($name: self.$name.get()),* }
            }
        }
    };
}

counters! {
    /// Records made durable.
    records,
    /// Payload bytes made durable.
    payload_bytes,
    /// Bytes written to log files: headers, payloads, padding and zeros ahead.
    written_bytes,
    /// Calls of fdatasync on files and fsync on the folder.
    fsyncs,
    /// Groups of records that one fdatasync made durable.
    commit_batches,
    /// Files started.
    files_created,
    /// Files removed by `truncate_before`.
    files_removed,
    /// Torn tails cut at open (0 or 1).
    torn_tails_cut,
    /// Damaged ranges passed over, each counted once.
    corrupt_records_skipped,
    /// Appends refused because the queue was full.
    full_refusals,
    /// Appends answered with `DiskFull`.
    disk_full_refusals,
    /// Groups that could not be written, for any reason.
    failed_batches,
}
