//! The log's handle: append, read, truncate.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{oneshot, watch};

use crate::format::file_name;
use crate::fs::Fs;
use crate::metrics::{Metrics, MetricsSnapshot};
use crate::queue::{Queue, Waiting, Work};
use crate::reader::Reader;
use crate::recovery::{OpenReport, Recovered, recover};
use crate::set_aside::SetAside;
use crate::writer::Writer;
use crate::{Error, LogPosition, Options, Result};

/// A log that is open. All methods take `&self` and may be called from any thread; dropping it closes it.
///
/// Nothing here guards against a second process on the same folder: the owner of the data directory holds that lock.
pub struct Log {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What the handle, the writer thread and readers share.
pub(crate) struct Shared {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) options: Options,
    pub(crate) queue: Queue,
    pub(crate) committed: watch::Sender<LogPosition>,
    pub(crate) poisoned: watch::Sender<bool>,
    pub(crate) set_aside: SetAside,
    pub(crate) metrics: Arc<Metrics>,
    /// Size in bytes of each file, by base.
    files: Mutex<BTreeMap<LogPosition, u64>>,
}

/// An append on its way: a future, or wait for it on a thread. Dropping it does not take the record back.
#[must_use = "the record is durable only once this has resolved"]
pub struct Append {
    answer: oneshot::Receiver<Result<LogPosition>>,
    shared: Arc<Shared>,
}

impl Log {
    /// Opens the log in `options.dir`, creates it if needed, and mends what a crash has left. Damaged contents are
    /// reported and never refused. Blocks: reads the last file whole.
    ///
    /// # Errors
    /// When the file system fails (`CreateDir`, `ListDir`, `OpenFile`, `ReadFile`, `CutFile`, `RemoveFile`, `SyncFile`,
    /// `SyncDir`), a file has a `NewerFormat`, or the thread cannot start (`SpawnWriter`).
    pub fn open(options: Options, fs: Arc<dyn Fs>) -> Result<(Self, OpenReport)> {
        let metrics = Arc::new(Metrics::default());
        let set_aside = SetAside::new(Arc::clone(&fs), &options, Arc::clone(&metrics));
        let Recovered {
            files,
            writable,
            report,
        } = recover(&fs, &options, &metrics, &set_aside)?;
        let shared = Arc::new(Shared {
            fs,
            queue: Queue::new(&options),
            options,
            committed: watch::Sender::new(report.committed),
            poisoned: watch::Sender::new(false),
            set_aside,
            metrics,
            files: Mutex::new(files),
        });
        let writer = Writer::new(Arc::clone(&shared), writable, report.committed);
        let writer = thread::Builder::new()
            .name("wal-writer".into())
            .spawn(move || writer.run())
            .map_err(|source| Error::SpawnWriter {
                source: source.into(),
            })?;
        tracing::info!(
            first = report.first.0,
            committed = report.committed.0,
            files = report.files,
            "opened the log"
        );
        Ok((
            Self {
                shared,
                writer: Mutex::new(Some(writer)),
            },
            report,
        ))
    }

    /// Takes a record. The answer is the record's position, and comes when it is on disk and seen by readers. Never
    /// blocks. Records are in the log in the order of these calls.
    ///
    /// # Errors
    /// At once: `RecordTooLarge`, `Full`, `Poisoned`, `Closed`. Through the [`Append`]: `DiskFull`, `Poisoned`, `Closed`,
    /// `CreateFile`, `WriteFile`, `CutFile`. After an error the record is not in the log, now or later; only after
    /// `Poisoned`, `Closed` and `CutFile`, or when a crash takes the answer away, it may be.
    pub fn append(&self, payload: impl Into<Bytes>) -> Result<Append> {
        let payload = payload.into();
        let size_bytes = payload.len() as u64;
        let size_bytes_max = self.shared.options.record_bytes_max.min(u32::MAX.into());
        if size_bytes > size_bytes_max {
            return Err(Error::RecordTooLarge {
                size_bytes,
                size_bytes_max,
            });
        }
        // Here rather than in the writer thread: senders have cores, the one thread all wait for has not.
        let checksum = crc32c::crc32c(&payload);
        self.push(Work::Record { payload, checksum })
    }

    /// Ends the current file, if it has a record, so that all before can be truncated; answers where the log goes on.
    /// For raw data that must be gone some time after it was read, even when nothing new arrives to fill the file.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn start_file(&self) -> Result<Append> {
        self.push(Work::StartFile)
    }

    fn push(&self, work: Work) -> Result<Append> {
        if self.poisoned() {
            return Err(Error::Poisoned);
        }
        let (answer, receiver) = oneshot::channel();
        let pushed = self.shared.queue.push(Waiting { work, answer });
        match pushed {
            Err(Error::Full) => {
                self.shared.metrics.full_refusals.add(1);
                Err(Error::Full)
            }
            // The log was poisoned in the meantime.
            Err(Error::Closed) if self.poisoned() => Err(Error::Poisoned),
            Err(error) => Err(error),
            Ok(()) => Ok(Append {
                answer: receiver,
                shared: Arc::clone(&self.shared),
            }),
        }
    }

    /// The end of the last durable record: readers come this far.
    #[must_use]
    pub fn committed(&self) -> LogPosition {
        *self.shared.committed.borrow()
    }

    /// Follows [`Log::committed`].
    #[must_use]
    pub fn watch_committed(&self) -> watch::Receiver<LogPosition> {
        self.shared.committed.subscribe()
    }

    /// Whether an fsync has failed. Then nothing is appended any more and the process has to stop.
    #[must_use]
    pub fn poisoned(&self) -> bool {
        self.shared.is_poisoned()
    }

    /// Turns true when the log is poisoned.
    #[must_use]
    pub fn watch_poisoned(&self) -> watch::Receiver<bool> {
        self.shared.poisoned.subscribe()
    }

    /// A reader from this position, which is the `next` of an item, the position of a record, or [`Log::first_position`].
    /// From before the first file on it starts with a `Skipped` of what is missing.
    #[must_use]
    pub fn reader(&self, from: LogPosition) -> Reader {
        Reader::new(Arc::clone(&self.shared), from)
    }

    /// Where the oldest file starts, or the committed end of a log without files.
    #[must_use]
    pub fn first_position(&self) -> LogPosition {
        self.shared.first_position()
    }

    /// Removes the files that lie wholly before `position`; the last one stays. Blocks on the disk.
    ///
    /// # Errors
    /// `RemoveFile`, `SyncDir`. Files removed up to then are gone, the next call goes on.
    pub fn truncate_before(&self, position: LogPosition) -> Result<()> {
        let shared = &self.shared;
        loop {
            let base = {
                let files = shared.files();
                let mut bases = files.keys();
                let (Some(base), Some(next_base)) = (bases.next(), bases.next()) else {
                    break;
                };
                if *next_base > position {
                    break;
                }
                *base
            };
            let path = shared.options.dir.join(file_name(base));
            match shared.fs.remove(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::RemoveFile {
                        path,
                        source: error.into(),
                    });
                }
                _ => {}
            }
            shared.files().remove(&base);
            shared.metrics.files_removed.add(1);
            // One by one: unsynced removals may come back in any order, and leave a hole where a middle one did not.
            shared.metrics.fsyncs.add(1);
            shared
                .fs
                .sync_dir(&shared.options.dir)
                .map_err(|source| Error::SyncDir {
                    path: shared.options.dir.clone(),
                    source: source.into(),
                })?;
        }
        shared.set_aside.forget_before(self.first_position());
        Ok(())
    }

    /// Removes copies of damaged ranges (`<dir>/corrupt`) that are older.
    pub fn expire_set_aside(&self, older_than: Duration) {
        self.shared.set_aside.expire(older_than);
    }

    /// Bytes from the first to the committed position.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.committed().bytes_since(self.first_position())
    }

    /// Bytes that the log files take on disk, with zeros written ahead and without `corrupt/`.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.shared.files().values().sum()
    }

    /// Bytes that a start would have to read if everything before `flushed` is safe elsewhere.
    #[must_use]
    pub fn unflushed_bytes(&self, flushed: LogPosition) -> u64 {
        self.committed()
            .bytes_since(flushed.max(self.first_position()))
    }

    /// (appends, payload bytes) that wait for the disk now.
    #[must_use]
    pub fn queued(&self) -> (usize, u64) {
        self.shared.queue.held()
    }

    /// The counters now.
    #[must_use]
    pub fn metrics(&self) -> MetricsSnapshot {
        self.shared.metrics.snapshot()
    }

    /// Takes no more appends, finishes those that wait and ends the writer thread. Blocks until done. Reading goes on.
    pub fn close(&self) {
        self.shared.queue.close();
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer
            && writer.join().is_err()
        {
            tracing::error!("the log's writer thread panicked");
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.close();
    }
}

impl Append {
    /// Waits on this thread; not for use inside an async runtime.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn wait(self) -> Result<LogPosition> {
        let Self { answer, shared } = self;
        answer
            .blocking_recv()
            .unwrap_or_else(|_| Err(shared.ended()))
    }
}

impl Future for Append {
    type Output = Result<LogPosition>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer)
            .poll(context)
            .map(|answer| answer.unwrap_or_else(|_| Err(self.shared.ended())))
    }
}

impl Shared {
    pub(crate) fn is_poisoned(&self) -> bool {
        *self.poisoned.borrow()
    }

    pub(crate) fn files(&self) -> MutexGuard<'_, BTreeMap<LogPosition, u64>> {
        self.files
            .lock()
            .expect("no panic while the list of files is held")
    }

    pub(crate) fn set_file_size(&self, base: LogPosition, size_bytes: u64) {
        self.files().insert(base, size_bytes);
    }

    pub(crate) fn first_position(&self) -> LogPosition {
        let first = self.files().keys().next().copied();
        first.unwrap_or_else(|| *self.committed.borrow())
    }

    /// Why the writer thread ended without an answer.
    fn ended(&self) -> Error {
        if self.is_poisoned() {
            Error::Poisoned
        } else {
            Error::Closed
        }
    }
}
