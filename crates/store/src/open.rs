//! The store as a whole: its options, its state, and how it starts.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use object_store::local::LocalFileSystem;
use sqlx::SqlitePool;

use crate::catalog::{self, Catalog};
use crate::erase::{self, Forgotten};
use crate::flushed;
use crate::hot::{Hot, Staying};
use crate::metrics::{Metrics, MetricsSnapshot};
use crate::rebuild::files;
use crate::retired::{Orphans, Retired};
use crate::segment::{Files, SegmentId, blocking};
use crate::{Error, Result, Segment};

/// How the store is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder under which `segments/` and `kept/` lie.
    pub dir: PathBuf,
    /// Identities within which a repeat is always found; older ones only for retries and mobile clients.
    pub identity_window: u64,
    /// How long an untouched view stays in memory, µs.
    pub view_idle_us: i64,
    /// How long an untouched session stays in memory, µs.
    pub session_idle_us: i64,
    /// About how many bytes rows in memory may take before a flush is due. Applying waits at twice as much; stored views and
    /// sessions stay for their next version in up to half of it.
    pub hot_bytes_max: usize,
    /// How long a file that compaction or retention replaced stays for readers outside this process (see [`crate::manifest`]).
    pub replaced_keep: Duration,
}

impl Options {
    /// The defaults of `semantics.md` for a data folder.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        const MINUTE_US: i64 = 60_000_000;
        // SDKs of the Datadog family send an open view anew every 5 minutes at the latest; what is silent for longer has ended, and is
        // read back if it has not.
        Self {
            dir,
            identity_window: 64_000_000,
            view_idle_us: 6 * MINUTE_US,
            session_idle_us: 20 * MINUTE_US,
            hot_bytes_max: 512 << 20,
            replaced_keep: Duration::ZERO,
        }
    }
}

/// The store. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) pool: SqlitePool,
    files: Files,
    state: Mutex<State>,
    next_segment: AtomicU64,
    /// One flush, compaction or retention run at a time.
    pub(crate) maintenance: Arc<tokio::sync::Mutex<()>>,
    /// Taken before `maintenance` by what rewrites or removes segments: a compaction holds it from its first read to its commit, while
    /// flushes go on.
    pub(crate) rewriting: Arc<tokio::sync::Mutex<()>>,
    /// Of background compactions.
    pub(crate) pace: Arc<crate::compaction::Pace>,
    /// Held shared while rows are applied, alone while a commit moves stored positions.
    pub(crate) positions: tokio::sync::RwLock<()>,
    /// Notified when a flush has made room.
    pub(crate) room: tokio::sync::Notify,
    /// A flush or compaction failed and may have left files; see [`Store::settle`].
    pub(crate) is_unsettled: AtomicBool,
    /// Segments whose file is not what was written: found out at reading, left alone by compaction.
    damaged: Mutex<HashSet<SegmentId>>,
    /// Segments the catalog no longer names.
    pub(crate) retired: Mutex<Vec<Retired>>,
    pub(crate) orphans: Mutex<Orphans>,
    /// Identities of erased events, and until when (µs) they are refused.
    pub(crate) forgotten: Mutex<Arc<Forgotten>>,
    /// Version of the catalog in the manifest that stands; unknown before the first.
    pub(crate) published: tokio::sync::Mutex<Option<u64>>,
    pub(crate) metrics: Metrics,
}

/// What a snapshot reads under one lock.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) hot: Hot,
    pub(crate) catalog: Arc<Catalog>,
}

/// Figures for metrics and the status page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    pub segments: u64,
    pub segment_bytes: u64,
    pub stored_rows: u64,
    pub dead_rows: u64,
    pub hot_rows: u64,
    pub hot_bytes: u64,
    pub open_views: u64,
    pub open_sessions: u64,
    pub keys_memory_bytes: u64,
    /// Age of the oldest segment whose identities are always checked, from its latest event, µs.
    pub identity_window_start_us: i64,
    pub log_position_applied: u64,
    pub log_position_flushed: u64,
}

impl Store {
    /// Opens the store: reads the catalog, opens the keys of every segment (missing ones are made anew), removes orphans.
    /// The log must then be applied from [`Store::flushed_position`].
    ///
    /// # Errors
    /// When the catalog cannot be read, a newer version wrote it, or the folder cannot be used.
    pub async fn open(options: Options, pool: SqlitePool) -> Result<Self> {
        let root = options.dir.clone();
        std::fs::create_dir_all(root.join("segments"))
            .map_err(Error::file("create folder", &root))?;
        let root = root
            .canonicalize()
            .map_err(Error::file("find folder", &root))?;
        let objects = LocalFileSystem::new_with_prefix(&root).map_err(|source| Error::Object {
            path: root.display().to_string(),
            source,
        })?;
        let files = Files {
            objects: Arc::new(objects),
            root,
        };
        let catalog = catalog::load(&pool).await?;
        let forgotten = erase::forgotten(&pool).await?;
        let log_position = catalog.log_position;
        let next_segment = AtomicU64::new(catalog.next_segment);
        let state = State {
            hot: Hot {
                log_position,
                ..Hot::default()
            },
            catalog: Arc::new(catalog),
        };
        let store = Self {
            inner: Arc::new(Inner {
                options,
                pool,
                files,
                state: Mutex::new(state),
                next_segment,
                maintenance: Arc::new(tokio::sync::Mutex::new(())),
                rewriting: Arc::new(tokio::sync::Mutex::new(())),
                pace: Arc::new(crate::compaction::Pace::half()),
                positions: tokio::sync::RwLock::new(()),
                room: tokio::sync::Notify::new(),
                is_unsettled: AtomicBool::new(false),
                damaged: Mutex::default(),
                retired: Mutex::new(Vec::new()),
                orphans: Mutex::new(Orphans {
                    found: Instant::now(),
                    files: Vec::new(),
                }),
                forgotten: Mutex::new(Arc::new(forgotten)),
                published: tokio::sync::Mutex::new(None),
                metrics: Metrics::default(),
            }),
        };
        store.remove_orphans_of_crash().await?;
        store.open_keys().await?;
        store.publish().await?;
        Ok(store)
    }

    /// Log position up to which everything is in segments.
    #[must_use]
    pub fn flushed_position(&self) -> u64 {
        self.state().catalog.log_position
    }

    /// Log position up to which everything is visible.
    #[must_use]
    pub fn applied_position(&self) -> u64 {
        self.state().hot.log_position
    }

    /// Whether rows in memory take so much that a flush should not wait for its time.
    #[must_use]
    pub fn is_flush_due(&self) -> bool {
        self.state().hot.bytes() > self.inner.options.hot_bytes_max
    }

    /// Waits until a flush has made room, if rows in memory take twice of what makes a flush due.
    pub async fn room(&self) {
        loop {
            let made = self.inner.room.notified();
            if self.state().hot.bytes() <= 2 * self.inner.options.hot_bytes_max {
                return;
            }
            made.await;
        }
    }

    /// The segments of the catalog, oldest first.
    #[must_use]
    pub fn segments(&self) -> Vec<Arc<Segment>> {
        let catalog = Arc::clone(&self.state().catalog);
        let entries = catalog.entries.values();
        entries.map(|entry| Arc::clone(&entry.segment)).collect()
    }

    /// Counters since the start.
    #[must_use]
    pub fn metrics(&self) -> MetricsSnapshot {
        self.inner.metrics.snapshot()
    }

    /// Figures of now.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let (catalog, mut gauges) = {
            let state = self.state();
            let hot = &state.hot;
            let flushing = hot.flushing.as_ref();
            let gauges = Gauges {
                hot_rows: (hot.pending.rows() + flushing.map_or(0, |flushing| flushing.rows()))
                    as u64,
                hot_bytes: hot.bytes() as u64,
                open_views: hot.views.len() as u64,
                open_sessions: hot.sessions.len() as u64,
                log_position_applied: hot.log_position,
                log_position_flushed: state.catalog.log_position,
                ..Gauges::default()
            };
            (Arc::clone(&state.catalog), gauges)
        };
        let mut identities = 0;
        for entry in catalog.entries.values().rev() {
            gauges.segments += 1;
            gauges.segment_bytes += entry.segment.size_bytes;
            gauges.stored_rows += entry.live_rows();
            gauges.dead_rows += u64::from(entry.segment.rows) - entry.live_rows();
            gauges.keys_memory_bytes += entry
                .segment
                .keys
                .get()
                .map_or(0, |keys| keys.memory_bytes() as u64);
            identities += u64::from(entry.segment.rows);
            if identities <= self.inner.options.identity_window {
                gauges.identity_window_start_us = entry.segment.max_time_us;
            }
        }
        gauges
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held leaves counters and rows whole: each change is made by moves that do not fail.
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn files(&self) -> &Files {
        &self.inner.files
    }

    /// Takes note of a failed read of a damaged segment, so that one bad file does not stop everything that comes after it.
    ///
    /// # Errors
    /// Any other error.
    pub(crate) fn note_damage(&self, error: Error) -> Result<()> {
        let Some(id) = error.damaged_segment() else {
            return Err(error);
        };
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let cause = source.unwrap_or_default();
        tracing::error!(
            segment = id.0,
            cause,
            "a segment is damaged: its rows are lost until the file is restored"
        );
        crate::metrics::add(&self.inner.metrics.damaged_reads, 1);
        self.damaged().insert(id);
        Ok(())
    }

    pub(crate) fn damaged(&self) -> MutexGuard<'_, HashSet<SegmentId>> {
        self.inner
            .damaged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn staying(&self) -> Staying {
        let options = &self.inner.options;
        Staying {
            view_us: options.view_idle_us,
            session_us: options.session_idle_us,
            bytes: options.hot_bytes_max / 2,
        }
    }

    pub(crate) fn new_segment_id(&self) -> SegmentId {
        SegmentId(self.inner.next_segment.fetch_add(1, Ordering::Relaxed))
    }

    /// Removes what a failed flush or compaction left before more is written: on a full disk each attempt would take more room. The
    /// caller holds the maintenance lock.
    ///
    /// A commit that failed may still come true after a crash, as its pages can be in the database's log; a later commit takes
    /// their place, so one is made first.
    pub(crate) async fn settle(&self) -> Result<()> {
        if self.inner.is_unsettled.load(Ordering::Relaxed) {
            catalog::touch(&self.inner.pool, self.flushed_position()).await?;
            self.remove_orphans().await?;
            self.inner.is_unsettled.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// What a crash between writing files and the commit left goes at once, but for whole segments: they may stand in the manifest of
    /// before the crash, and stay as long as replaced ones.
    async fn remove_orphans_of_crash(&self) -> Result<()> {
        let orphans = self.orphan_files().await?;
        let (segments, others): (Vec<_>, Vec<_>) = orphans.into_iter().partition(|path| {
            path.extension()
                .is_some_and(|extension| extension == "parquet")
        });
        self.orphans().files = segments;
        self.remove_files(others).await?;
        self.delete_orphans(self.inner.options.replaced_keep).await
    }

    /// What a failed flush or compaction left: no manifest names it.
    async fn remove_orphans(&self) -> Result<()> {
        let mut orphans = self.orphan_files().await?;
        let kept = self.orphans().files.clone();
        orphans.retain(|path| !kept.contains(path));
        self.remove_files(orphans).await
    }

    /// Files that no catalog row names. Found by walking the folders, not by the object store, which does not list the half of a file that
    /// a crash leaves.
    async fn orphan_files(&self) -> Result<Vec<PathBuf>> {
        let named = self.named_files().await?;
        let root = self.files().root.clone();
        let position = self.flushed_position();
        blocking(move || match flushed::read(&root) {
            // The files of what it counted as flushed may be among those that go.
            Some(marked) if marked != position => flushed::write(&root, position),
            _ => Ok(()),
        })
        .await?;
        let folders = ["segments", "kept"].map(|folder| self.files().local(folder));
        blocking(move || all_but(&named, &folders)).await
    }

    /// Every file below the data folder that the store owns: those of the catalog, and those that only snapshots still read.
    async fn named_files(&self) -> Result<HashSet<PathBuf>> {
        let catalog = Arc::clone(&self.state().catalog);
        let retired = self.retired_segments();
        let segments = catalog.entries.values().map(|entry| &entry.segment);
        let mut named: HashSet<PathBuf> = HashSet::new();
        for segment in segments.chain(&retired) {
            let path = self.files().local(&segment.path);
            named.insert(crate::keys::path_of(&path));
            named.insert(crate::summary::path_of(&path));
            named.insert(path);
        }
        let packs = catalog::packs(&self.inner.pool).await?;
        named.extend(packs.iter().map(|pack| self.files().local(pack)));
        Ok(named)
    }

    async fn open_keys(&self) -> Result<()> {
        let catalog = Arc::clone(&self.state().catalog);
        for entry in catalog.entries.values() {
            self.keys_of(&entry.segment).await?;
        }
        Ok(())
    }
}

/// Files in folders of these folders that are not named. What lies directly in them is not of the store.
pub(crate) fn all_but(named: &HashSet<PathBuf>, folders: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in folders {
        let files = files(folder, None)?.into_iter();
        found.extend(files.filter(|file| {
            !named.contains(file) && file.parent().is_none_or(|parent| parent != folder)
        }));
    }
    Ok(found)
}

/// Runs work to its end even if the caller leaves: a transaction that is committed on disk must be true in memory too.
/// Such work holds the maintenance lock, so the last flush of a clean stop waits for it.
#[expect(
    clippy::disallowed_methods,
    reason = "the caller awaits the task, and a stop waits for the maintenance lock"
)]
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    match tokio::spawn(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down, and this caller with it.
            Err(_) => std::future::pending().await,
        },
    }
}
