//! Summaries: what a layer above computed from a segment's rows, kept beside its file and gone with it.
//!
//! The store knows nothing of their content. A summary can be made anew at any time, so losing one is no damage.

use std::path::{Path, PathBuf};

use crate::segment::blocking;
use crate::{Error, Result, Segment, Store};

/// Where the summary of a segment's file lies.
pub(crate) fn path_of(segment: &Path) -> PathBuf {
    segment.with_extension("summary")
}

impl Store {
    /// Keeps the summary of a segment, in the place of an earlier one. Nothing happens when the segment has gone meanwhile.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put_summary(&self, segment: &Segment, bytes: Vec<u8>) -> Result<()> {
        // Whoever takes a segment out of the catalog holds this lock, and its files go later: none is left behind.
        let _rewriting = self.inner.rewriting.lock().await;
        if !self.state().catalog.entries.contains_key(&segment.id) {
            return Ok(());
        }
        let path = path_of(&self.files().local(&segment.path));
        let aside = path.with_extension("summary-new");
        blocking(move || {
            let written = std::fs::write(&aside, bytes).map_err(Error::file("write", &aside));
            let moved = written
                .and_then(|()| std::fs::rename(&aside, &path).map_err(Error::file("move", &aside)));
            if moved.is_err() {
                // Half of one may be what fills the disk.
                let _ = std::fs::remove_file(&aside);
            }
            moved
        })
        .await
    }

    /// The summary of a segment; nothing when there is none. It may be half written or of an earlier state of the segment's delete vector:
    /// whoever made it has to check.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub async fn summary(&self, segment: &Segment) -> Result<Option<Vec<u8>>> {
        let path = path_of(&self.files().local(&segment.path));
        blocking(move || match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file("read summary", &path)(error)),
        })
        .await
    }
}
