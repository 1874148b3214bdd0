//! Files that the catalog no longer names: how long they stay, and how they go.
//!
//! A snapshot of this process keeps its files as long as it lives. A reader outside has read a manifest that names them, and keeps
//! them for `replaced_keep` after the first manifest without them. Data that a user deleted waits only for snapshots. A clean stop
//! waits for nobody, so that afterwards a plain glob finds live files only.

use std::path::PathBuf;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use object_store::{ObjectStoreExt, path::Path as ObjectPath};

use crate::segment::blocking;
use crate::{Error, Result, Segment, Store};

/// A segment that the catalog no longer names.
#[derive(Debug)]
pub(crate) struct Retired {
    segment: Arc<Segment>,
    /// A catalog version that does not name it.
    version: u64,
    /// Since when no manifest names it.
    unlisted: Option<Instant>,
    keep: Duration,
}

/// Segment files that a crash left without a catalog row. The manifest of before the crash may name them.
#[derive(Debug)]
pub(crate) struct Orphans {
    pub(crate) found: Instant,
    pub(crate) files: Vec<PathBuf>,
}

impl Store {
    /// Takes note of segments that the catalog no longer names; outside readers may have them a while longer.
    pub(crate) fn retire(&self, segments: impl IntoIterator<Item = Arc<Segment>>) {
        self.retire_after(segments, self.inner.options.replaced_keep);
    }

    /// As [`Store::retire`], for data that somebody wanted to be gone.
    pub(crate) fn retire_deleted(&self, segments: impl IntoIterator<Item = Arc<Segment>>) {
        self.retire_after(segments, Duration::ZERO);
    }

    fn retire_after(&self, segments: impl IntoIterator<Item = Arc<Segment>>, keep: Duration) {
        let version = self.state().catalog.version;
        let retired = |segment| Retired {
            segment,
            version,
            unlisted: None,
            keep,
        };
        self.retired().extend(segments.into_iter().map(retired));
    }

    /// A manifest of this catalog version now stands.
    pub(crate) fn unlisted(&self, version: u64, now: Instant) {
        let mut retired = self.retired();
        let gone =
            |retired: &&mut Retired| retired.unlisted.is_none() && retired.version <= version;
        for retired in retired.iter_mut().filter(gone) {
            retired.unlisted = Some(now);
        }
    }

    /// Renews the manifest if the catalog has changed, then deletes files of retired segments that no snapshot holds any more and no
    /// outside reader may still count on.
    ///
    /// # Errors
    /// When the manifest cannot be written or a file cannot be deleted; it is tried again at the next call, and at the next start.
    pub async fn delete_retired(&self) -> Result<()> {
        self.publish().await?;
        self.delete_those(|retired| {
            let is_unlisted = retired
                .unlisted
                .is_some_and(|since| since.elapsed() >= retired.keep);
            is_unlisted && Arc::strong_count(&retired.segment) == 1
        })
        .await?;
        self.delete_orphans(self.inner.options.replaced_keep).await
    }

    /// As [`Store::delete_retired`], with no regard to readers outside for files that this catalog version does not name any more: any of
    /// them may hold rows that were erased since. Returns how many are left because a snapshot of this process holds them.
    ///
    /// # Errors
    /// As [`Store::delete_retired`].
    pub async fn delete_retired_before(&self, version: u64) -> Result<usize> {
        for retired in self.retired().iter_mut() {
            if retired.version <= version {
                retired.keep = Duration::ZERO;
            }
        }
        self.delete_retired().await?;
        self.delete_orphans(Duration::ZERO).await?;
        let retired = self.retired();
        let is_left = |retired: &&Retired| retired.version <= version;
        Ok(retired.iter().filter(is_left).count())
    }

    /// Deletes every file that the catalog does not name, whoever reads it: the last act of a clean stop.
    ///
    /// # Errors
    /// As [`Store::delete_retired`].
    pub async fn delete_all_retired(&self) -> Result<()> {
        self.publish().await?;
        self.delete_those(|_| true).await?;
        self.delete_orphans(Duration::ZERO).await
    }

    async fn delete_those(&self, is_free: impl Fn(&Retired) -> bool) -> Result<()> {
        let free: Vec<Retired> = self
            .retired()
            .extract_if(.., |retired| is_free(retired))
            .collect();
        let mut result = Ok(());
        for retired in free {
            if let Err(error) = self.delete_files(&retired.segment.path).await {
                self.retired().push(retired);
                result = Err(error);
            }
        }
        result
    }

    async fn delete_files(&self, path: &str) -> Result<()> {
        let local = self.files().local(path);
        for beside in [
            crate::keys::path_of(&local),
            crate::summary::path_of(&local),
        ] {
            match std::fs::remove_file(&beside) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::file("delete", &beside)(error));
                }
                _ => {}
            }
        }
        let object = ObjectPath::from(path);
        match self.files().objects.delete(&object).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(source) => Err(Error::Object {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Deletes orphans that were found at least so long ago.
    pub(crate) async fn delete_orphans(&self, age: Duration) -> Result<()> {
        let files = {
            let mut orphans = self.orphans();
            if orphans.files.is_empty() || orphans.found.elapsed() < age {
                return Ok(());
            }
            std::mem::take(&mut orphans.files)
        };
        self.remove_files(files).await
    }

    /// Deletes orphans and counts them.
    pub(crate) async fn remove_files(&self, files: Vec<PathBuf>) -> Result<()> {
        let count = files.len();
        blocking(move || {
            files
                .iter()
                .try_for_each(|file| match std::fs::remove_file(file) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                    result => result.map_err(Error::file("delete orphan", file)),
                })
        })
        .await?;
        if count > 0 {
            tracing::info!(
                files = count,
                "removed orphan files of an interrupted flush or compaction"
            );
            crate::metrics::add(&self.inner.metrics.orphans_removed, count);
        }
        Ok(())
    }

    /// The segments whose files wait to be deleted.
    pub(crate) fn retired_segments(&self) -> Vec<Arc<Segment>> {
        let retired = self.retired();
        let segments = retired.iter().map(|retired| &retired.segment);
        segments.cloned().collect()
    }

    fn retired(&self) -> MutexGuard<'_, Vec<Retired>> {
        self.inner
            .retired
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn orphans(&self) -> MutexGuard<'_, Orphans> {
        self.inner
            .orphans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
