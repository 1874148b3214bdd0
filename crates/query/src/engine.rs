//! The engine: threads of its own, memory that all queries share, and a bounded queue before them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use datafusion::execution::cache::cache_manager::{
    CacheManager, CacheManagerConfig, FileMetadataCache,
};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use futures::future::BoxFuture;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use crate::cancel::Stop;
use crate::context::template;
use crate::execute::{Ground, Query, answer};
use crate::resident::{Resident, ResidentGauges};
use crate::table::Caches;
use crate::{Answer, Error, Limits, Request, Scope};

/// Trees of expressions are dropped and cloned by recursion, as deep as a statement has operators; only touched pages cost memory.
const THREAD_STACK_BYTES: usize = 64 << 20;

/// How the engine is set up.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Memory of all queries together. Nothing is spilled to disk: a query that needs more fails and says so.
    pub memory_bytes: usize,
    /// Memory for the footers of segments, which never change.
    pub metadata_cache_bytes: usize,
    /// Memory for columns of the small tables.
    pub column_cache_bytes: usize,
    /// Queries that run at once.
    pub concurrency: usize,
    /// Queries that wait at most; one more is refused.
    pub queue_max: usize,
    /// Threads that run queries.
    pub worker_threads: usize,
    /// Parts a query is split into.
    pub target_partitions: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_bytes: 2 << 30,
            metadata_cache_bytes: 128 << 20,
            column_cache_bytes: 256 << 20,
            concurrency: 4,
            queue_max: 64,
            worker_threads: 2,
            target_partitions: 2,
        }
    }
}

/// Figures for metrics and the status page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    pub running: usize,
    pub waiting: usize,
    pub memory_used_bytes: usize,
    pub columns: ResidentGauges,
}

/// Runs queries. One a process; shared by an `Arc`.
pub struct Engine {
    /// Taken out when the engine is dropped.
    pub(crate) runtime: Option<Runtime>,
    pub(crate) ground: Arc<Ground>,
    permits: Arc<Semaphore>,
    /// Streams take one of these too: they last as long as their reader, and answers must not wait for all of them.
    pub(crate) streams: Arc<Semaphore>,
    waiting: AtomicUsize,
    options: Options,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Starts the engine's threads.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(options: Options) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(options.worker_threads)
            .max_blocking_threads(options.worker_threads * 8)
            .thread_name("query")
            .thread_stack_size(THREAD_STACK_BYTES)
            .enable_time()
            .build()?;
        let ground = Ground {
            template: template(options.target_partitions),
            memory: Arc::new(GreedyMemoryPool::new(options.memory_bytes)),
            caches: Caches {
                metadata: metadata_cache(options.metadata_cache_bytes),
                resident: Arc::new(Resident::new(options.column_cache_bytes)),
            },
        };
        Ok(Self {
            runtime: Some(runtime),
            ground: Arc::new(ground),
            permits: Arc::new(Semaphore::new(options.concurrency)),
            streams: Arc::new(Semaphore::new(options.concurrency.div_ceil(2))),
            waiting: AtomicUsize::new(0),
            options,
        })
    }

    /// Answers one statement over a snapshot. Dropping the future stops the query and frees what it holds.
    ///
    /// Boxed here, because a future is compiled where it is polled: callers would compile DataFusion's planner once more each.
    ///
    /// # Errors
    /// See [`Error`]; nothing is changed by any of them.
    pub fn run<'a>(
        &'a self,
        request: Request,
        scope: &Scope,
        limits: &Limits,
        snapshot: store::Snapshot,
    ) -> BoxFuture<'a, Result<Answer, Error>> {
        let (scope, limits) = (scope.clone(), *limits);
        Box::pin(async move {
            let start = Instant::now();
            let limit_ms = milliseconds(limits.timeout);
            let work = self.run_untimed(request, scope, limits, snapshot);
            let mut answer = match tokio::time::timeout(limits.timeout, work).await {
                Ok(result) => result?,
                Err(_) => return Err(Error::Timeout { limit_ms }),
            };
            answer.stats.elapsed_ms = milliseconds(start.elapsed());
            Ok(answer)
        })
    }

    async fn run_untimed(
        &self,
        request: Request,
        scope: Scope,
        limits: Limits,
        snapshot: store::Snapshot,
    ) -> Result<Answer, Error> {
        self.work(move |ground, stop| async move {
            let asked = Query {
                request: &request,
                scope: &scope,
                limits: &limits,
                snapshot: &snapshot,
                stop: &stop,
            };
            answer(&ground, &asked).await
        })
        .await
    }

    /// Runs on the engine's threads once it is this query's turn. Dropping the future ends the work.
    pub(crate) async fn work<T, F>(
        &self,
        make: impl FnOnce(Arc<Ground>, Stop) -> F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let permit = self.permit().await?;
        let stop = Stop::default();
        let work = make(Arc::clone(&self.ground), Arc::clone(&stop));
        let work = async move {
            let result = work.await;
            // Held until the work has really ended: an aborted query stops at its next await, not at once.
            drop(permit);
            result
        };
        let runtime = self.runtime.as_ref().ok_or(Error::ShutDown)?;
        let mut task = AbortOnDrop {
            task: runtime.spawn(work),
            stop,
        };
        match (&mut task.task).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => Err(Error::Panicked),
            Err(_) => Err(Error::ShutDown),
        }
    }

    /// Figures of now.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        Gauges {
            running: self.options.concurrency - self.permits.available_permits(),
            waiting: self.waiting.load(Ordering::Relaxed),
            memory_used_bytes: self.ground.memory.reserved(),
            columns: self.ground.caches.resident.gauges(),
        }
    }

    pub(crate) async fn permit(&self) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let ahead = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if ahead >= self.options.queue_max {
            return Err(Error::TooBusy {
                running: self.options.concurrency,
                waiting: ahead,
            });
        }
        Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| Error::ShutDown)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Waiting for the threads is not allowed where async code runs, and no query has anything to save.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Counts a waiting query until it runs or gives up.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A task that does not outlive who waits for it.
pub(crate) struct AbortOnDrop<T> {
    pub(crate) task: JoinHandle<T>,
    pub(crate) stop: Stop,
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.abort();
    }
}

pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn metadata_cache(bytes: usize) -> Arc<FileMetadataCache> {
    let config = CacheManagerConfig::default().with_metadata_cache_limit(bytes);
    let caches = CacheManager::try_new(&config).expect("a cache of footers alone is always made");
    caches.get_file_metadata_cache()
}
