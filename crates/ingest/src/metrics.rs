//! Counters of intake and pipeline, rendered by the binary.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counters by bounded labels: every label value comes from a fixed list in code.
#[derive(Debug, Default)]
pub struct Metrics {
    counts: Mutex<BTreeMap<Key, u64>>,
}

/// A counter's name and the value of its label.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Key {
    pub name: &'static str,
    pub label: &'static str,
    pub value: &'static str,
}

/// All counters at one moment.
pub type MetricsSnapshot = Vec<(Key, u64)>;

impl Metrics {
    /// Adds to a counter.
    pub(crate) fn add(
        &self,
        name: &'static str,
        label: &'static str,
        value: &'static str,
        count: usize,
    ) {
        if count > 0 {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(Key { name, label, value }).or_default() += count as u64;
        }
    }

    /// Reads all counters.
    #[must_use]
    pub fn snapshot(&self) -> MetricsSnapshot {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(key, count)| (*key, *count)).collect()
    }
}
