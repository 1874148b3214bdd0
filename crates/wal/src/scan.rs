//! Reads records of one file and finds the way on behind damage (`format.rs`, Recovery).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::format::{
    ALIGNMENT, ALIGNMENT_LEN, FILE_HEADER_BYTES, FILE_HEADER_LEN, FileHeader, HeaderState,
    RECORD_HEADER_BYTES, RECORD_HEADER_LEN, RECORD_MAGIC, RecordHeader, record_bytes,
};
use crate::fs::{File, read_exact_at};
use crate::{Error, LogPosition, Result, format};

/// Bytes read ahead. Records of some kilobytes then cost one system call for dozens.
const WINDOW_BYTES: u64 = 256 * 1024;

/// Why a range of the log was passed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SkipReason {
    /// No good record header where one should stand.
    DamagedHeader,
    /// The record's header is good, its payload is not.
    DamagedPayload,
    /// The bytes are not there: a file is missing or too short, or the reader began before the first file.
    Missing,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DamagedHeader => "damaged header",
            Self::DamagedPayload => "damaged payload",
            Self::Missing => "missing",
        })
    }
}

/// What stands at an offset.
pub(crate) enum Found {
    Record { payload: Bytes, end: u64 },
    Damage { reason: SkipReason, end: u64 },
}

/// A file being read.
pub(crate) struct FileScan {
    pub(crate) file: Arc<dyn File>,
    path: PathBuf,
    base: LogPosition,
    /// `None` until a good record has shown it, if the file header is damaged.
    file_id: Option<u64>,
    window: Vec<u8>,
    window_start: u64,
}

impl FileScan {
    /// Reads the file header. Only a newer format version and a failing device are errors.
    pub(crate) fn new(file: Arc<dyn File>, path: PathBuf, base: LogPosition) -> Result<Self> {
        let mut scan = Self {
            file,
            path,
            base,
            file_id: None,
            window: Vec::new(),
            window_start: 0,
        };
        if scan.size_bytes()? < FILE_HEADER_BYTES {
            return Ok(scan);
        }
        let mut bytes = [0; FILE_HEADER_LEN];
        read_exact_at(&*scan.file, &mut bytes, 0).map_err(|source| scan.read_error(source))?;
        match FileHeader::decode(&bytes, base) {
            HeaderState::Good(header) => scan.file_id = Some(header.file_id),
            HeaderState::Damaged => {}
            HeaderState::Newer { version } => {
                return Err(Error::NewerFormat {
                    path: scan.path,
                    found: version,
                    known: format::VERSION,
                });
            }
        }
        Ok(scan)
    }

    /// The file's id, if its header or a record read so far has shown it.
    pub(crate) fn file_id(&self) -> Option<u64> {
        self.file_id
    }

    pub(crate) fn base(&self) -> LogPosition {
        self.base
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Length of the file in bytes.
    pub(crate) fn size_bytes(&self) -> Result<u64> {
        self.file
            .size_bytes()
            .map_err(|source| self.read_error(source))
    }

    /// Reads what stands at `offset`. Nothing at or behind `limit` is looked at; `limit` is within the file and above
    /// `offset`, and the bytes before it no longer change.
    pub(crate) fn read(&mut self, offset: u64, limit: u64) -> Result<Found> {
        let Some(header) = self.header_at(offset, limit)? else {
            let end = self
                .next_header(offset + ALIGNMENT, limit)?
                .unwrap_or(limit);
            return Ok(Found::Damage {
                reason: SkipReason::DamagedHeader,
                end,
            });
        };
        let end = offset + record_bytes(header.payload_bytes.into());
        let Some(payload) = self.payload_at(offset, header, limit)? else {
            return Ok(Found::Damage {
                reason: SkipReason::DamagedPayload,
                end,
            });
        };
        self.file_id = Some(header.file_id);
        Ok(Found::Record { payload, end })
    }

    /// Whether only zeros stand in this range.
    pub(crate) fn all_zero(&mut self, mut offset: u64, limit: u64) -> Result<bool> {
        while offset < limit {
            let bytes = self.window_at(offset, limit)?;
            if bytes.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            offset += bytes.len() as u64;
        }
        Ok(true)
    }

    /// The header at this offset, if it is good, belongs here and its record ends within the limit.
    fn header_at(&mut self, offset: u64, limit: u64) -> Result<Option<RecordHeader>> {
        if limit - offset < RECORD_HEADER_BYTES {
            return Ok(None);
        }
        let mut bytes = [0; RECORD_HEADER_LEN];
        self.read_exact(&mut bytes, offset, limit)?;
        let position = LogPosition(self.base.0 + offset);
        Ok(RecordHeader::decode(&bytes).filter(|header| {
            header.position == position
                && self.file_id.is_none_or(|file_id| header.file_id == file_id)
                && record_bytes(header.payload_bytes.into()) <= limit - offset
        }))
    }

    /// The payload, if its checksum is right. The allocation is bounded by the limit, which `header_at` has checked.
    fn payload_at(
        &mut self,
        offset: u64,
        header: RecordHeader,
        limit: u64,
    ) -> Result<Option<Bytes>> {
        let mut payload = vec![0; header.payload_bytes as usize];
        self.read_exact(&mut payload, offset + RECORD_HEADER_BYTES, limit)?;
        Ok((crc32c::crc32c(&payload) == header.payload_checksum).then(|| payload.into()))
    }

    /// The first aligned offset from `offset` on where a good header stands.
    fn next_header(&mut self, mut offset: u64, limit: u64) -> Result<Option<u64>> {
        while offset < limit {
            let bytes = self.window_at(offset, limit)?;
            let mut steps = bytes.chunks(ALIGNMENT_LEN);
            let Some(step) = steps.position(|step| step.starts_with(&RECORD_MAGIC)) else {
                offset += bytes.len() as u64;
                continue;
            };
            offset += step as u64 * ALIGNMENT;
            if let Some(header) = self.header_at(offset, limit)?
                && (self.file_id.is_some() || self.payload_at(offset, header, limit)?.is_some())
            {
                return Ok(Some(offset));
            }
            offset += ALIGNMENT;
        }
        Ok(None)
    }

    /// Some bytes from `offset` on, at least one, a multiple of the alignment except at the limit.
    fn window_at(&mut self, offset: u64, limit: u64) -> Result<&[u8]> {
        let window_end = self.window_start + self.window.len() as u64;
        if offset < self.window_start || offset >= window_end {
            let len = WINDOW_BYTES.min(limit - offset);
            // Empty while reading, so that a failed read leaves no half-filled window behind.
            let mut window = std::mem::take(&mut self.window);
            window.resize(to_usize(len), 0);
            read_exact_at(&*self.file, &mut window, offset)
                .map_err(|source| self.read_error(source))?;
            self.window = window;
            self.window_start = offset;
        }
        Ok(&self.window[to_usize(offset - self.window_start)..])
    }

    fn read_exact(&mut self, mut buffer: &mut [u8], mut offset: u64, limit: u64) -> Result<()> {
        while !buffer.is_empty() {
            if buffer.len() as u64 >= WINDOW_BYTES {
                return read_exact_at(&*self.file, buffer, offset)
                    .map_err(|source| self.read_error(source));
            }
            let bytes = self.window_at(offset, limit)?;
            let len = bytes.len().min(buffer.len());
            buffer[..len].copy_from_slice(&bytes[..len]);
            buffer = &mut buffer[len..];
            offset += len as u64;
        }
        Ok(())
    }

    fn read_error(&self, source: io::Error) -> Error {
        Error::ReadFile {
            path: self.path.clone(),
            source: source.into(),
        }
    }
}

/// Lengths within memory.
pub(crate) fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a length in memory fits a usize")
}
