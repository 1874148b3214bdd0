//! The writer thread: takes everything that waits, writes it, syncs once, answers all (group commit).

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::is_disk_full;
use crate::format::{FILE_HEADER_BYTES, FileHeader, RecordHeader, file_name, record_bytes};
use crate::fs::write_all_at;
use crate::log::Shared;
use crate::queue::{Waiting, Work};
use crate::recovery::WritableFile;
use crate::scan::to_usize;
use crate::{Error, LogPosition, Result};

/// Encoded bytes gathered for one write call. Larger ones gain nothing and hold memory.
const WRITE_BYTES: usize = 4 << 20;
/// Zeros of one write ahead. Made anew for each piece they cost more than writing them.
const ZEROS_BYTES: usize = 256 << 10;

pub(crate) struct Writer {
    shared: Arc<Shared>,
    file: Option<WritableFile>,
    /// Where the next file starts while there is no file.
    next_base: LogPosition,
    /// A failed write left bytes behind the last record that must go before anything else is written.
    needs_cut: bool,
    buffer: Vec<u8>,
    /// What is written ahead, made at the first time.
    zeros: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        file: Option<WritableFile>,
        next_base: LogPosition,
    ) -> Self {
        Self {
            shared,
            file,
            next_base,
            needs_cut: false,
            buffer: Vec::new(),
            zeros: Vec::new(),
        }
    }

    /// Runs until the queue is closed and empty, or the log is poisoned.
    pub(crate) fn run(mut self) {
        let _closing = CloseOnExit(Arc::clone(&self.shared));
        while let Some(mut waiting) = self
            .shared
            .queue
            .take(self.shared.options.group_commit_delay)
        {
            while !waiting.is_empty() {
                self.do_next(&mut waiting);
            }
            if self.shared.is_poisoned() {
                return;
            }
            self.write_ahead();
        }
        self.give_back_allocated();
    }

    /// Commits as much as fits into one file, and answers it.
    fn do_next(&mut self, waiting: &mut VecDeque<Waiting>) {
        if self.shared.is_poisoned() {
            answer(
                &self.shared,
                waiting.drain(..).collect(),
                Err(&Error::Poisoned),
            );
        } else if matches!(
            waiting.front(),
            Some(Waiting {
                work: Work::StartFile,
                ..
            })
        ) {
            let request: Vec<_> = waiting.pop_front().into_iter().collect();
            match self.start_file_if_used() {
                Ok(base) => answer(&self.shared, request, Ok(&[base])),
                Err(error) => answer(&self.shared, request, Err(&error)),
            }
        } else {
            self.commit_group(waiting);
        }
    }

    fn commit_group(&mut self, waiting: &mut VecDeque<Waiting>) {
        let ready = self.ready_file(waiting.front().map_or(0, Waiting::payload_bytes));
        let group = self.take_group(waiting);
        let result = ready.and_then(|()| self.write_group(&group));
        match result {
            Ok(positions) => {
                let payload_bytes = group.iter().map(Waiting::payload_bytes).sum();
                self.shared.metrics.records.add(group.len() as u64);
                self.shared.metrics.payload_bytes.add(payload_bytes);
                self.shared.metrics.commit_batches.add(1);
                // Before the answers: who is told that a record is there must find it there.
                self.shared.committed.send_replace(self.next_position());
                answer(&self.shared, group, Ok(&positions));
            }
            Err(error) => {
                self.shared.metrics.failed_batches.add(1);
                if matches!(error, Error::DiskFull) {
                    self.shared
                        .metrics
                        .disk_full_refusals
                        .add(group.len() as u64);
                }
                tracing::warn!(%error, appends = group.len(), "could not write to the log");
                // Before the answers: who is told that a record is refused does not find it after a crash.
                let error = self.cut_if_needed().err().unwrap_or(error);
                answer(&self.shared, group, Err(&error));
            }
        }
    }

    /// Makes sure that there is a clean file with room for a record of this size.
    fn ready_file(&mut self, payload_bytes: u64) -> Result<()> {
        self.cut_if_needed()?;
        let size_bytes_max = self.shared.options.file_size_bytes_max;
        match &self.file {
            Some(file) if file.end == FILE_HEADER_BYTES => Ok(()),
            Some(file) if file.end + record_bytes(payload_bytes) <= size_bytes_max => Ok(()),
            _ => self.start_file(),
        }
    }

    /// The appends that go into the current file together: at least one, up to the next request of another kind.
    fn take_group(&self, waiting: &mut VecDeque<Waiting>) -> Vec<Waiting> {
        let mut end = self
            .file
            .as_ref()
            .map_or(FILE_HEADER_BYTES, |file| file.end);
        let mut group = Vec::with_capacity(waiting.len());
        while let Some(next) = waiting.front() {
            end += record_bytes(next.payload_bytes());
            let fits = group.is_empty() || end <= self.shared.options.file_size_bytes_max;
            if !fits || matches!(next.work, Work::StartFile) {
                break;
            }
            group.extend(waiting.pop_front());
        }
        group
    }

    /// Writes and syncs the group; gives back the records' positions.
    fn write_group(&mut self, group: &[Waiting]) -> Result<Vec<LogPosition>> {
        let file = self.file.as_mut().expect("ready_file made one");
        let mut positions = Vec::with_capacity(group.len());
        let mut end = file.end;
        let mut written_end = end;
        self.buffer.clear();
        for waiting in group {
            let Work::Record { payload, checksum } = &waiting.work else {
                continue;
            };
            let position = LogPosition(file.base.0 + end);
            let payload_bytes =
                u32::try_from(payload.len()).expect("append refuses larger payloads");
            let header = RecordHeader {
                payload_bytes,
                position,
                file_id: file.file_id,
                payload_checksum: *checksum,
            };
            self.buffer.extend_from_slice(&header.encode());
            self.buffer.extend_from_slice(payload);
            end += record_bytes(payload_bytes.into());
            self.buffer.resize(to_usize(end - written_end), 0);
            positions.push(position);
            if self.buffer.len() >= WRITE_BYTES {
                self.shared
                    .write(file, &self.buffer, written_end)
                    .inspect_err(|_| self.needs_cut = true)?;
                written_end = end;
                self.buffer.clear();
            }
        }
        self.shared
            .write(file, &self.buffer, written_end)
            .inspect_err(|_| self.needs_cut = true)?;
        self.buffer.clear();
        self.buffer.shrink_to(2 * WRITE_BYTES);
        self.shared.sync_file(file)?;
        file.end = end;
        file.allocated_end = file.allocated_end.max(end);
        self.shared.set_file_size(file.base, file.allocated_end);
        Ok(positions)
    }

    fn next_position(&self) -> LogPosition {
        match &self.file {
            Some(file) if file.end > FILE_HEADER_BYTES => LogPosition(file.base.0 + file.end),
            Some(file) => file.base,
            None => self.next_base,
        }
    }

    fn start_file_if_used(&mut self) -> Result<LogPosition> {
        self.cut_if_needed()?;
        if self
            .file
            .as_ref()
            .is_none_or(|file| file.end > FILE_HEADER_BYTES)
        {
            self.start_file()?;
        }
        Ok(self.next_position())
    }

    /// Closes the current file and creates the next one, durable down to its name.
    fn start_file(&mut self) -> Result<()> {
        if let Some(file) = &mut self.file {
            // Space only: readers stop at the next file's base anyway.
            self.shared.cut(file, file.end)?;
            self.shared.set_file_size(file.base, file.end);
        }
        // From the first attempt on, even a failed one, the old file is over: the new name may come back with a crash,
        // removed or not, and everything that had been appended to the old file behind it would be out of range.
        self.next_base = self.next_position();
        self.file = None;
        let base = self.next_base;
        let path = self.shared.options.dir.join(file_name(base));
        let file = self.create_file(path.clone(), base).inspect_err(|_| {
            // Half a file is no harm, but it may be what fills the disk.
            let _ = self.shared.fs.remove(&path);
        })?;
        self.shared.sync_file(&file)?;
        self.shared.sync_dir()?;
        self.shared.metrics.files_created.add(1);
        self.shared.set_file_size(base, file.allocated_end);
        tracing::debug!(base = base.0, "started a log file");
        self.file = Some(file);
        Ok(())
    }

    fn create_file(&self, path: PathBuf, base: LogPosition) -> Result<WritableFile> {
        let options = &self.shared.options;
        let file = match self.shared.fs.create(&path) {
            Ok(file) => file,
            Err(error) if is_disk_full(&error) => return Err(Error::DiskFull),
            Err(source) => {
                return Err(Error::CreateFile {
                    path,
                    source: source.into(),
                });
            }
        };
        // Only to be unguessable for senders of payloads; nothing is decided by its value.
        let file_id = RandomState::new().hash_one(base.0);
        let mut first_bytes = FileHeader { base, file_id }.encode().to_vec();
        let allocated =
            FILE_HEADER_BYTES.max(options.preallocate_bytes.min(options.file_size_bytes_max));
        first_bytes.resize(to_usize(allocated), 0);
        let file = WritableFile {
            file,
            path,
            base,
            file_id,
            end: FILE_HEADER_BYTES,
            allocated_end: FILE_HEADER_BYTES,
        };
        self.shared.write(&file, &first_bytes, 0)?;
        Ok(WritableFile {
            allocated_end: allocated,
            ..file
        })
    }

    /// Takes back what a failed write left. A disk that is full lets files shrink; if even that fails, appends are
    /// answered with the error until it works. It is synced, or else a crash could bring whole records of a refused
    /// group back behind the records that were written in its place.
    fn cut_if_needed(&mut self) -> Result<()> {
        if !self.needs_cut {
            return Ok(());
        }
        if let Some(file) = &mut self.file {
            self.shared.cut(file, file.end)?;
            self.shared.sync_file(file)?;
            file.allocated_end = file.end;
            self.shared.set_file_size(file.base, file.end);
        }
        self.needs_cut = false;
        Ok(())
    }

    /// Writes and syncs zeros ahead, after the answers, when less than half a piece is left. Failing is no harm: the
    /// next commit will find out for itself.
    fn write_ahead(&mut self) {
        let piece = self.shared.options.preallocate_bytes;
        let Some(file) = &mut self.file else { return };
        let wanted_end = (file.allocated_end + piece).min(self.shared.options.file_size_bytes_max);
        let enough = file.allocated_end - file.end >= piece / 2;
        if self.needs_cut || enough || wanted_end <= file.allocated_end {
            return;
        }
        self.zeros.resize(ZEROS_BYTES, 0);
        let written = (file.allocated_end..wanted_end)
            .step_by(ZEROS_BYTES)
            .try_for_each(|offset| {
                let len = to_usize(wanted_end - offset).min(ZEROS_BYTES);
                self.shared.write(file, &self.zeros[..len], offset)
            });
        if let Err(error) = written {
            tracing::debug!(%error, "could not write zeros ahead");
            self.needs_cut = true;
            // At once, if possible: on a full disk the room is better used by others.
            let _ = self.cut_if_needed();
            return;
        }
        file.allocated_end = wanted_end;
        self.shared.set_file_size(file.base, wanted_end);
        // A failure poisons the log, the next append is told.
        let _ = self.shared.sync_file(file);
    }

    /// At the end the zeros are given back, so that a log at rest is as large as its records.
    fn give_back_allocated(&mut self) {
        let Some(file) = &self.file else { return };
        if self.shared.cut(file, file.end).is_ok() {
            self.shared.set_file_size(file.base, file.end);
        }
    }
}

/// Answers `group`, with the position of each or one error for all, and gives its room in the queue back.
fn answer(
    shared: &Shared,
    group: Vec<Waiting>,
    result: std::result::Result<&[LogPosition], &Error>,
) {
    shared
        .queue
        .release(group.len(), group.iter().map(Waiting::payload_bytes).sum());
    for (n, waiting) in group.into_iter().enumerate() {
        // Who no longer listens needs no answer: the record is there all the same.
        let _ = waiting
            .answer
            .send(result.map(|positions| positions[n]).map_err(Clone::clone));
    }
}

/// However the thread ends, nobody waits for it for ever: what is in the queue is dropped, which answers it.
struct CloseOnExit(Arc<Shared>);

impl Drop for CloseOnExit {
    fn drop(&mut self) {
        self.0.queue.close();
        while self.0.queue.take(None).is_some() {}
    }
}

impl Shared {
    fn write(&self, file: &WritableFile, bytes: &[u8], offset: u64) -> Result<()> {
        self.metrics.written_bytes.add(bytes.len() as u64);
        write_all_at(&*file.file, bytes, offset).map_err(|error| write_error(file, error))
    }

    fn cut(&self, file: &WritableFile, len: u64) -> Result<()> {
        file.file.set_len(len).map_err(|source| Error::CutFile {
            path: file.path.clone(),
            source: source.into(),
        })
    }

    fn sync_file(&self, file: &WritableFile) -> Result<()> {
        self.metrics.fsyncs.add(1);
        file.file
            .sync_data()
            .map_err(|error| self.poison(&file.path.display().to_string(), &error))
    }

    fn sync_dir(&self) -> Result<()> {
        self.metrics.fsyncs.add(1);
        let dir = &self.options.dir;
        self.fs
            .sync_dir(dir)
            .map_err(|error| self.poison(&dir.display().to_string(), &error))
    }

    fn poison(&self, path: &str, error: &io::Error) -> Error {
        tracing::error!(path, %error, "a sync of the log failed, no more is written: restart the process");
        self.poisoned.send_replace(true);
        Error::Poisoned
    }
}

fn write_error(file: &WritableFile, error: io::Error) -> Error {
    if is_disk_full(&error) {
        return Error::DiskFull;
    }
    Error::WriteFile {
        path: file.path.clone(),
        source: error.into(),
    }
}
