//! Opening a log: finds its end and mends the last file (`format.rs`, Recovery).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::format::{FILE_HEADER_BYTES, parse_file_name};
use crate::fs::{File, Fs};
use crate::metrics::Metrics;
use crate::scan::{FileScan, Found, SkipReason};
use crate::set_aside::{SetAside, Skipped, Source};
use crate::{Error, LogPosition, Options, Result, format};

/// What was found when a log was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenReport {
    /// Base of the oldest file.
    pub first: LogPosition,
    /// End of the last record: where the next one goes.
    pub committed: LogPosition,
    /// Log files present.
    pub files: usize,
    /// The unfinished write of a crash that was cut off.
    pub torn_tail: Option<TornTail>,
    /// Damage in the last file before its last good record. Damage in older files is found when they are read.
    pub skipped: Vec<Skipped>,
}

/// Bytes behind the last good record that were cut off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TornTail {
    pub position: LogPosition,
    pub size_bytes: u64,
}

/// The file being written.
pub(crate) struct WritableFile {
    pub(crate) file: Arc<dyn File>,
    pub(crate) path: PathBuf,
    pub(crate) base: LogPosition,
    pub(crate) file_id: u64,
    /// End of the last record, or of the file header; bytes before it are durable.
    pub(crate) end: u64,
    /// Zeros are written up to here.
    pub(crate) allocated_end: u64,
}

pub(crate) struct Recovered {
    /// Size in bytes of each file, by base.
    pub(crate) files: BTreeMap<LogPosition, u64>,
    /// The last file, if it can be written on; else a new one starts at `report.committed`.
    pub(crate) writable: Option<WritableFile>,
    pub(crate) report: OpenReport,
}

pub(crate) fn recover(
    fs: &Arc<dyn Fs>,
    options: &Options,
    metrics: &Metrics,
    set_aside: &SetAside,
) -> Result<Recovered> {
    create_dir(&**fs, &options.dir)?;
    let mut files = list_files(&**fs, &options.dir)?;
    let last = check_headers(&**fs, &options.dir, &mut files)?;
    let mut recovered = match last {
        Some(last) => recover_last(&**fs, options, metrics, set_aside, files, last)?,
        None => Recovered {
            files,
            writable: None,
            report: OpenReport {
                first: options.position_min,
                committed: options.position_min,
                files: 0,
                torn_tail: None,
                skipped: Vec::new(),
            },
        },
    };
    recovered.report.files = recovered.files.len();
    if let Some(first) = recovered.files.keys().next() {
        recovered.report.first = *first;
    }
    // Removals of an earlier life that were not synced, and the name of a file whose creation was interrupted.
    fs.sync_dir(&options.dir).map_err(|source| Error::SyncDir {
        path: options.dir.clone(),
        source: source.into(),
    })?;
    metrics.fsyncs.add(1);
    Ok(recovered)
}

/// The folder's own name is in its parent: without syncing that, a power loss could take the whole log.
fn create_dir(fs: &dyn Fs, dir: &Path) -> Result<()> {
    fs.create_dir(dir).map_err(|source| Error::CreateDir {
        path: dir.to_owned(),
        source: source.into(),
    })?;
    let parent = match dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    fs.sync_dir(parent).map_err(|source| Error::SyncDir {
        path: parent.to_owned(),
        source: source.into(),
    })
}

fn list_files(fs: &dyn Fs, dir: &Path) -> Result<BTreeMap<LogPosition, u64>> {
    let names = fs.list(dir).map_err(|source| Error::ListDir {
        path: dir.to_owned(),
        source: source.into(),
    })?;
    Ok(names
        .iter()
        .filter_map(|name| parse_file_name(name))
        .map(|base| (base, 0))
        .collect())
}

/// Fills in the sizes, refuses newer formats before anything is changed, and gives back the last file.
fn check_headers(
    fs: &dyn Fs,
    dir: &Path,
    files: &mut BTreeMap<LogPosition, u64>,
) -> Result<Option<FileScan>> {
    let mut last = None;
    for (base, size_bytes) in files {
        let path = dir.join(format::file_name(*base));
        let file = fs.open(&path).map_err(|source| Error::OpenFile {
            path: path.clone(),
            source: source.into(),
        })?;
        let scan = FileScan::new(file, path, *base)?;
        *size_bytes = scan.size_bytes()?;
        last = Some(scan);
    }
    Ok(last)
}

/// Mends the last file: cuts its torn tail, sets damage aside and decides whether it is written on.
fn recover_last(
    fs: &dyn Fs,
    options: &Options,
    metrics: &Metrics,
    set_aside: &SetAside,
    mut files: BTreeMap<LogPosition, u64>,
    mut scan: FileScan,
) -> Result<Recovered> {
    let header_good = scan.file_id().is_some();
    let mut last = LastFile::read(&mut scan)?;
    let base = scan.base();
    let mut skipped = Vec::new();
    for damage in &last.damage {
        let source = Source {
            file: &*scan.file,
            base,
        };
        skipped.push(set_aside.keep(Some(source), damage.from, damage.to, damage.reason));
    }
    let end_position = if last.has_records {
        LogPosition(base.0 + last.end)
    } else {
        base
    };
    let committed = end_position.max(options.position_min);
    let mut torn_tail = None;
    let written_on = header_good && committed == end_position;
    if !header_good && !last.has_records {
        // The name has to go: the next file starts at this very base.
        last.set_whole_aside(&mut scan, set_aside, &mut skipped)?;
        fs.remove(scan.path()).map_err(|source| Error::RemoveFile {
            path: scan.path().to_owned(),
            source: source.into(),
        })?;
        files.remove(&base);
    } else {
        torn_tail = last.cut_torn_tail(&mut scan)?;
        // A killed process leaves records in the page cache that nobody synced.
        scan.file.sync_data().map_err(|source| Error::SyncFile {
            path: scan.path().to_owned(),
            source: source.into(),
        })?;
        metrics.fsyncs.add(1);
        files.insert(base, last.size_bytes);
    }
    if let Some(tail) = torn_tail {
        metrics.torn_tails_cut.add(1);
        tracing::warn!(
            position = tail.position.0,
            size_bytes = tail.size_bytes,
            "cut the torn tail of the log"
        );
    }
    let writable = match scan.file_id() {
        Some(file_id) if written_on => Some(WritableFile {
            path: scan.path().to_owned(),
            file: scan.file,
            base,
            file_id,
            end: last.end,
            allocated_end: last.size_bytes,
        }),
        _ => None,
    };
    let report = OpenReport {
        first: base,
        committed,
        files: 0,
        torn_tail,
        skipped,
    };
    Ok(Recovered {
        files,
        writable,
        report,
    })
}

/// What the last file holds.
struct LastFile {
    size_bytes: u64,
    has_records: bool,
    /// Behind the last good record, or the file header.
    end: u64,
    /// Damage before `end`.
    damage: Vec<Damage>,
}

struct Damage {
    from: LogPosition,
    to: LogPosition,
    reason: SkipReason,
}

impl LastFile {
    fn read(scan: &mut FileScan) -> Result<Self> {
        let size_bytes = scan.size_bytes()?;
        let mut this = Self {
            size_bytes,
            has_records: false,
            end: FILE_HEADER_BYTES,
            damage: Vec::new(),
        };
        // Damage that a good record may or may not follow.
        let mut undecided = Vec::new();
        let mut offset = FILE_HEADER_BYTES;
        while offset < size_bytes {
            match scan.read(offset, size_bytes)? {
                Found::Record { end, .. } => {
                    this.damage.append(&mut undecided);
                    this.has_records = true;
                    this.end = end;
                    offset = end;
                }
                Found::Damage { reason, end } => {
                    let at = |offset| LogPosition(scan.base().0 + offset);
                    undecided.push(Damage {
                        from: at(offset),
                        to: at(end),
                        reason,
                    });
                    offset = end;
                }
            }
        }
        Ok(this)
    }

    /// For a file of which nothing can be read. What is left of an interrupted creation is not worth keeping: it holds
    /// nothing but (part of) a header.
    fn set_whole_aside(
        &self,
        scan: &mut FileScan,
        set_aside: &SetAside,
        skipped: &mut Vec<Skipped>,
    ) -> Result<()> {
        if scan.all_zero(FILE_HEADER_BYTES, self.size_bytes)? {
            return Ok(());
        }
        let base = scan.base();
        let to = LogPosition(base.0 + self.size_bytes);
        let source = Source {
            file: &*scan.file,
            base,
        };
        skipped.push(set_aside.keep(Some(source), base, to, SkipReason::DamagedHeader));
        Ok(())
    }

    /// Zeros behind the last record are no torn tail and stay: they were written ahead.
    fn cut_torn_tail(&mut self, scan: &mut FileScan) -> Result<Option<TornTail>> {
        if scan.all_zero(self.end, self.size_bytes)? {
            return Ok(None);
        }
        scan.file
            .set_len(self.end)
            .map_err(|source| Error::CutFile {
                path: scan.path().to_owned(),
                source: source.into(),
            })?;
        let position = LogPosition(scan.base().0 + self.end);
        let size_bytes = self.size_bytes - self.end;
        self.size_bytes = self.end;
        Ok(Some(TornTail {
            position,
            size_bytes,
        }))
    }
}
