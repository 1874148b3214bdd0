//! Counters of the store, rendered by the binary.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! metrics {
    ($( $(#[doc = $doc:literal])+ $name:ident ),* $(,)?) => {
        /// Counters since the start.
        #[derive(Debug, Default)]
        pub struct Metrics { $( $(#[doc = $doc])+ pub(crate) $name: AtomicU64, )* }

        /// The counters at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct MetricsSnapshot { $( $(#[doc = $doc])+ pub $name: u64, )* }

        impl Metrics {
            /// Reads all counters.
            #[must_use]
            pub fn snapshot(&self) -> MetricsSnapshot {
                MetricsSnapshot { $( $name: self.$name.load(Ordering::Relaxed), )* }
            }
        }

        impl MetricsSnapshot {
            /// Each counter with its name and help text.
            #[must_use]
            pub fn entries(&self) -> Vec<(&'static str, &'static str, u64)> {
                vec![ $( (stringify!($name), concat!($($doc),+), self.$name), )* ]
            }
        }
    };
}

metrics! {
    /// Events stored.
    events_stored,
    /// Events that were already stored.
    events_duplicate,
    /// Events with the id of a stored one and other content; the first won.
    events_conflict,
    /// Versions merged into a view that was already known.
    view_versions_merged,
    /// Flushes committed.
    flushes,
    /// Flushes that failed and will be tried again.
    flush_failures,
    /// Rows written by flushes.
    rows_flushed,
    /// Bytes of segments written by flushes.
    bytes_flushed,
    /// Compactions committed.
    compactions,
    /// Rows written by compactions.
    rows_compacted,
    /// Segments deleted by retention.
    segments_expired,
    /// Rows that retention marked dead in segments that stay.
    rows_expired,
    /// Rows erased because their user asked for it.
    rows_erased,
    /// Packs of requests kept whole that retention deleted.
    packs_expired,
    /// Reads of segments that failed because the file is damaged.
    damaged_reads,
    /// Orphan files removed.
    orphans_removed,
    /// Views read back from segments because a late version came.
    views_reloaded,
    /// Sessions computed anew from segments.
    sessions_recomputed,
}

pub(crate) fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}
