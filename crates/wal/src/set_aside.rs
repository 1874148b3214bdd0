//! Damaged ranges: told once, counted once, and copied to `<dir>/corrupt` so that somebody can look at them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::format::set_aside_name;
use crate::fs::{File, Fs, read_exact_at, write_all_at};
use crate::metrics::Metrics;
use crate::scan::{SkipReason, to_usize};
use crate::{LogPosition, Options};

const COPY_BYTES: u64 = 1 << 20;

/// A range of the log that a reader passes over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skipped {
    /// First byte.
    pub from: LogPosition,
    /// Behind the last byte: where reading goes on.
    pub to: LogPosition,
    pub reason: SkipReason,
    /// The file with a copy of the bytes. `None` when there were none, or when the copy failed or found no room.
    pub set_aside: Option<PathBuf>,
}

/// Where damaged bytes lie: an open file and its base.
pub(crate) struct Source<'a> {
    pub(crate) file: &'a dyn File,
    pub(crate) base: LogPosition,
}

pub(crate) struct SetAside {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    size_bytes_max: u64,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Ranges told before, by their first position: open and each reader come upon the same damage.
    known: BTreeMap<LogPosition, Skipped>,
    /// Bytes in the folder; `None` until first needed.
    size_bytes: Option<u64>,
}

impl SetAside {
    pub(crate) fn new(fs: Arc<dyn Fs>, options: &Options, metrics: Arc<Metrics>) -> Self {
        let dir = options.dir.join("corrupt");
        Self {
            fs,
            dir,
            size_bytes_max: options.set_aside_bytes_max,
            metrics,
            state: Mutex::default(),
        }
    }

    /// Copies a damaged range, reports and counts it; all this once, the same range again costs nothing.
    pub(crate) fn keep(
        &self,
        source: Option<Source<'_>>,
        from: LogPosition,
        to: LogPosition,
        reason: SkipReason,
    ) -> Skipped {
        let mut state = self
            .state
            .lock()
            .expect("no panic while set-aside state is held");
        if let Some(known) = state.known.get(&from)
            && known.to == to
        {
            return known.clone();
        }
        let set_aside = source.and_then(|source| self.copy(&mut state, &source, from, to));
        tracing::error!(
            from = from.0,
            to = to.0,
            %reason,
            set_aside = set_aside.as_ref().map(|path| tracing::field::display(path.display())),
            "skipped a damaged range of the log"
        );
        self.metrics.corrupt_records_skipped.add(1);
        let skipped = Skipped {
            from,
            to,
            reason,
            set_aside,
        };
        state.known.insert(from, skipped.clone());
        skipped
    }

    /// Forgets what was told about ranges before this position: they are gone from the log.
    pub(crate) fn forget_before(&self, position: LogPosition) {
        let mut state = self
            .state
            .lock()
            .expect("no panic while set-aside state is held");
        state.known = state.known.split_off(&position);
    }

    /// Removes copies that are older; what was told about their ranges stays told.
    pub(crate) fn expire(&self, older_than: Duration) {
        let mut state = self
            .state
            .lock()
            .expect("no panic while set-aside state is held");
        for name in self.fs.list(&self.dir).unwrap_or_default() {
            let path = self.dir.join(name);
            if self.fs.age(&path).is_none_or(|age| age < older_than) {
                continue;
            }
            match self.fs.remove(&path) {
                Ok(()) => {
                    tracing::info!(path = %path.display(), "removed an old copy of a damaged range of the log")
                }
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "could not remove an old copy of a damaged range of the log")
                }
            }
            state.size_bytes = None;
        }
    }

    fn copy(
        &self,
        state: &mut State,
        source: &Source<'_>,
        from: LogPosition,
        to: LogPosition,
    ) -> Option<PathBuf> {
        let path = self.dir.join(set_aside_name(from));
        let size_bytes = to.bytes_since(from);
        match self.copy_into(state, source, from, size_bytes, &path) {
            Ok(true) => Some(path),
            Ok(false) => {
                let size_bytes_max = self.size_bytes_max;
                tracing::error!(
                    from = from.0,
                    size_bytes,
                    size_bytes_max,
                    "no room to set damaged bytes aside"
                );
                None
            }
            Err(error) => {
                tracing::error!(from = from.0, size_bytes, %error, "could not set damaged bytes aside");
                None
            }
        }
    }

    /// `false` if the folder's limit leaves no room.
    fn copy_into(
        &self,
        state: &mut State,
        source: &Source<'_>,
        from: LogPosition,
        size_bytes: u64,
        path: &Path,
    ) -> io::Result<bool> {
        self.fs.create_dir(&self.dir)?;
        let present_bytes = match state.size_bytes {
            Some(size_bytes) => size_bytes,
            None => self.present_bytes()?,
        };
        state.size_bytes = Some(present_bytes);
        if let Ok(earlier) = self.fs.open(path)
            && earlier.size_bytes()? == size_bytes
        {
            return Ok(true);
        }
        if present_bytes + size_bytes > self.size_bytes_max {
            return Ok(false);
        }
        let copy = self.fs.create(path)?;
        let mut buffer = vec![0; to_usize(COPY_BYTES.min(size_bytes))];
        let mut done = 0;
        while done < size_bytes {
            let len = to_usize(COPY_BYTES.min(size_bytes - done));
            read_exact_at(
                source.file,
                &mut buffer[..len],
                from.bytes_since(source.base) + done,
            )?;
            write_all_at(&*copy, &buffer[..len], done)?;
            done += len as u64;
        }
        copy.sync_data()?;
        self.fs.sync_dir(&self.dir)?;
        state.size_bytes = Some(present_bytes + size_bytes);
        Ok(true)
    }

    fn present_bytes(&self) -> io::Result<u64> {
        let mut size_bytes = 0;
        for name in self.fs.list(&self.dir)? {
            size_bytes += self.fs.open(&self.dir.join(name))?.size_bytes()?;
        }
        Ok(size_bytes)
    }
}
