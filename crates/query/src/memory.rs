//! Memory of one query: counted against its own limit and against the pool that all queries share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// A share of the engine's pool.
#[derive(Debug)]
pub(crate) struct QueryPool {
    shared: Arc<dyn MemoryPool>,
    limit_bytes: usize,
    used_bytes: AtomicUsize,
}

impl QueryPool {
    pub(crate) fn new(shared: Arc<dyn MemoryPool>, limit_bytes: usize) -> Self {
        Self {
            shared,
            limit_bytes,
            used_bytes: AtomicUsize::new(0),
        }
    }
}

impl fmt::Display for QueryPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "query pool of {} bytes", self.limit_bytes)
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.shared.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.shared.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.used_bytes.fetch_add(additional, Ordering::Relaxed);
        self.shared.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.used_bytes.fetch_sub(shrink, Ordering::Relaxed);
        self.shared.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let grown = |used: usize| {
            used.checked_add(additional)
                .filter(|sum| *sum <= self.limit_bytes)
        };
        if self
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown)
            .is_err()
        {
            let message = format!(
                "{} needs {additional} bytes more",
                reservation.consumer().name()
            );
            return Err(DataFusionError::ResourcesExhausted(message));
        }
        self.shared
            .try_grow(reservation, additional)
            .inspect_err(|_| {
                self.used_bytes.fetch_sub(additional, Ordering::Relaxed);
            })
    }

    fn reserved(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit_bytes)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::GreedyMemoryPool;

    use super::*;

    #[test]
    fn a_query_is_stopped_by_its_own_limit_and_by_the_shared_one() {
        let shared: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(100));
        let pool =
            |limit| -> Arc<dyn MemoryPool> { Arc::new(QueryPool::new(Arc::clone(&shared), limit)) };
        let (small, large) = (pool(40), pool(1000));
        let reserve = |pool: &Arc<dyn MemoryPool>| MemoryConsumer::new("test").register(pool);
        let (first, second) = (reserve(&small), reserve(&large));
        first.try_grow(40).unwrap();
        assert!(first.try_grow(1).is_err());
        second.try_grow(60).unwrap();
        assert!(second.try_grow(1).is_err());
        drop(first);
        second.try_grow(40).unwrap();
        drop(second);
        assert_eq!(
            (shared.reserved(), small.reserved(), large.reserved()),
            (0, 0, 0)
        );
    }
}
