//! The faulty file system as the log's, and the short forms the tests speak in.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use testkit::faulty_fs::{FaultyFile, FaultyFs};
use wal::{File, Fs, Item, Log, LogPosition, OpenReport, Options, Skipped};

struct TestFs(FaultyFs);
struct TestFile(FaultyFile);

impl Fs for TestFs {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.create_dir(dir);
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(TestFile(self.0.create(path)?)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(TestFile(self.0.open(path)?)))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.0.list(dir)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.sync_dir(dir)
    }
}

impl File for TestFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn size_bytes(&self) -> io::Result<u64> {
        self.0.size_bytes()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Small files, so that a few records make several.
pub(crate) fn options() -> Options {
    Options {
        file_size_bytes_max: 1024,
        preallocate_bytes: 512,
        ..Options::new("log")
    }
}

pub(crate) fn try_open(fs: &FaultyFs, options: Options) -> wal::Result<(Log, OpenReport)> {
    Log::open(options, Arc::new(TestFs(fs.clone())))
}

pub(crate) fn open_with(fs: &FaultyFs, options: Options) -> (Log, OpenReport) {
    try_open(fs, options).unwrap()
}

pub(crate) fn open(fs: &FaultyFs) -> (Log, OpenReport) {
    open_with(fs, options())
}

/// A log with these records, each committed alone, closed.
pub(crate) fn fs_with(payloads: &[&[u8]]) -> (FaultyFs, Vec<LogPosition>) {
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    let positions = payloads
        .iter()
        .map(|payload| append(&log, payload))
        .collect();
    (fs, positions)
}

pub(crate) fn append(log: &Log, payload: &[u8]) -> LogPosition {
    log.append(payload.to_vec()).unwrap().wait().unwrap()
}

/// All from the first file on.
pub(crate) fn items(log: &Log) -> Vec<Item> {
    items_from(log, log.first_position())
}

pub(crate) fn items_from(log: &Log, from: LogPosition) -> Vec<Item> {
    let mut reader = log.reader(from);
    let mut items = Vec::new();
    while let Some(item) = reader.next().unwrap() {
        items.push(item);
    }
    assert_eq!(
        reader.position(),
        log.committed().max(from),
        "a reader ends at the committed end"
    );
    items
}

/// Position and payload of all records.
pub(crate) fn records(log: &Log) -> Vec<(LogPosition, Vec<u8>)> {
    let record = |item| match item {
        Item::Record {
            position, payload, ..
        } => Some((position, payload.to_vec())),
        Item::Skipped(_) => None,
    };
    items(log).into_iter().filter_map(record).collect()
}

pub(crate) fn payloads(log: &Log) -> Vec<Vec<u8>> {
    records(log)
        .into_iter()
        .map(|(_, payload)| payload)
        .collect()
}

pub(crate) fn skipped(log: &Log) -> Vec<Skipped> {
    let skipped = |item| match item {
        Item::Record { .. } => None,
        Item::Skipped(skipped) => Some(skipped),
    };
    items(log).into_iter().filter_map(skipped).collect()
}

pub(crate) fn log_files(fs: &FaultyFs) -> Vec<PathBuf> {
    let is_log = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "log");
    fs.paths().into_iter().filter(is_log).collect()
}
