//! A bounded map that forgets what was longest unused.

use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;

/// How a cache did, for the server's metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    pub hits: u64,
    pub misses: u64,
    pub entries: usize,
}

struct Inner<K: Hash + Eq, V> {
    entries: LruCache<K, V>,
    hits: u64,
    misses: u64,
}

/// One lock: the pipeline is one thread, and a hit holds it for some tens of nanoseconds.
pub(crate) struct Cache<K: Hash + Eq, V> {
    inner: Mutex<Inner<K, V>>,
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// Holds at most `entries`, and at least one.
    pub(crate) fn new(entries: usize) -> Self {
        // Grows as it fills: the library would otherwise set the whole table aside at once.
        let mut lru = LruCache::unbounded();
        lru.resize(NonZeroUsize::new(entries).unwrap_or(NonZeroUsize::MIN));
        Self {
            inner: Mutex::new(Inner {
                entries: lru,
                hits: 0,
                misses: 0,
            }),
        }
    }

    /// The value of a key, made where it is not there. `make` runs without the lock: two threads may both make it.
    pub(crate) fn get_or_insert(&self, key: K, make: impl FnOnce() -> V) -> V {
        {
            let mut inner = self.lock();
            if let Some(value) = inner.entries.get(&key).cloned() {
                inner.hits += 1;
                return value;
            }
            inner.misses += 1;
        }
        let value = make();
        self.lock().entries.put(key, value.clone());
        value
    }

    pub(crate) fn counts(&self) -> CacheCounts {
        let inner = self.lock();
        CacheCounts {
            hits: inner.hits,
            misses: inner.misses,
            entries: inner.entries.len(),
        }
    }

    /// A panic while it was held leaves a valid cache.
    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_entry_is_forgotten() {
        let cache = Cache::new(2);
        for key in [1, 2, 1, 3, 1, 2] {
            assert_eq!(cache.get_or_insert(key, || key * 10), key * 10);
        }
        assert_eq!(
            cache.counts(),
            CacheCounts {
                hits: 2,
                misses: 4,
                entries: 2
            }
        );
    }
}
