//! What can go wrong.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation of the log failed. It is `Clone` (sources are shared) because one failed commit answers every
/// append that waited for it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    #[error("could not create the log folder {}", path.display())]
    CreateDir {
        path: PathBuf,
        source: Arc<io::Error>,
    },
    #[error("could not list the log folder {}", path.display())]
    ListDir {
        path: PathBuf,
        source: Arc<io::Error>,
    },
    #[error("could not sync the log folder {}", path.display())]
    SyncDir {
        path: PathBuf,
        source: Arc<io::Error>,
    },
    #[error("could not create the log file {}", path.display())]
    CreateFile {
        path: PathBuf,
        source: Arc<io::Error>,
    },
    #[error("could not open the log file {}", path.display())]
    OpenFile {
        path: PathBuf,
        source: Arc<io::Error>,
    },
    #[error("could not read the log file {}", path.display())]
    ReadFile {
        path: PathBuf,
        source: Arc<io::Error>,
    },
    #[error("could not write the log file {}", path.display())]
    WriteFile {
        path: PathBuf,
        source: Arc<io::Error>,
    },
    #[error("could not cut the log file {}", path.display())]
    CutFile {
        path: PathBuf,
        source: Arc<io::Error>,
    },
    #[error("could not sync the log file {}", path.display())]
    SyncFile {
        path: PathBuf,
        source: Arc<io::Error>,
    },
    #[error("could not remove the log file {}", path.display())]
    RemoveFile {
        path: PathBuf,
        source: Arc<io::Error>,
    },
    #[error("could not start the log's writer thread")]
    SpawnWriter { source: Arc<io::Error> },
    /// An older binary on newer data.
    #[error("{} has log format {found}, this program knows up to {known}: use a newer program", path.display())]
    NewerFormat {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    #[error("a record of {size_bytes} bytes is over the limit of {size_bytes_max} bytes")]
    RecordTooLarge {
        size_bytes: u64,
        size_bytes_max: u64,
    },
    /// Too many appends wait for the disk; nothing was written. Intake answers 429.
    #[error("the log's queue is full")]
    Full,
    /// The device has no room; nothing of the record is kept. Intake answers 507. Later appends are tried again.
    #[error("the disk of the log is full")]
    DiskFull,
    /// An fsync failed. What the page cache and the disk hold is unknown from then on, so this log takes no appends any
    /// more and the process must stop.
    #[error(
        "a sync of the log failed, what is on disk is unknown: the process has to be restarted"
    )]
    Poisoned,
    /// The log was closed while the append waited or before it.
    #[error("the log is closed")]
    Closed,
}

/// Whether a device or a quota is exhausted.
pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
