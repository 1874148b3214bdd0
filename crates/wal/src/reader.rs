//! Reading the log, from any position to the committed end and on as more is committed.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::format::{FILE_HEADER_BYTES, file_name};
use crate::log::Shared;
use crate::scan::{FileScan, Found, SkipReason};
use crate::set_aside::{Skipped, Source};
use crate::{Error, LogPosition, Result};

/// What a reader meets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    /// A record, as it was appended.
    Record {
        /// Where it starts: what `append` answered.
        position: LogPosition,
        /// Where it ends. A reader from here goes on behind it.
        next: LogPosition,
        payload: Bytes,
    },
    /// A range without a readable record. It was logged and counted.
    Skipped(Skipped),
}

/// Reads committed records in order. It holds one open file and a read-ahead of 256 KiB, blocks on the disk, and is
/// independent of the writer and other readers.
pub struct Reader {
    shared: Arc<Shared>,
    position: LogPosition,
    open: Option<OpenFile>,
}

struct OpenFile {
    base: LogPosition,
    scan: FileScan,
    /// At least this long.
    size_bytes: u64,
}

/// The file that holds a position, and the end of its range as far as it is committed.
struct Range {
    base: LogPosition,
    end: LogPosition,
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>, from: LogPosition) -> Self {
        Self {
            shared,
            position: from,
            open: None,
        }
    }

    /// Where the next item starts, or the end of a file whose successor starts there.
    #[must_use]
    pub fn position(&self) -> LogPosition {
        self.position
    }

    /// The next item, or `None` at the committed end; ask again when more is committed.
    ///
    /// # Errors
    /// `OpenFile` and `ReadFile` when the device fails, `NewerFormat`. The reader stays where it is and may be asked again.
    #[expect(
        clippy::should_implement_trait,
        reason = "not an iterator: it goes on after `None`"
    )]
    pub fn next(&mut self) -> Result<Option<Item>> {
        loop {
            let committed = *self.shared.committed.borrow();
            if self.position >= committed {
                return Ok(None);
            }
            let Some(range) = self.range_at(self.position, committed) else {
                let to = self.shared.first_position().min(committed);
                return Ok(Some(self.skip_missing(to)));
            };
            if !self.open_file(&range)? {
                return Ok(Some(self.skip_missing(range.end)));
            }
            if let Some(item) = self.next_in(&range)? {
                return Ok(Some(item));
            }
        }
    }

    fn range_at(&self, position: LogPosition, committed: LogPosition) -> Option<Range> {
        let files = self.shared.files();
        let (base, _) = files.range(..=position).next_back()?;
        // A file is listed when its base is committed, so no end is past the committed one.
        let next = files.range(LogPosition(position.0 + 1)..).next();
        Some(Range {
            base: *base,
            end: next.map_or(committed, |(next_base, _)| *next_base),
        })
    }

    /// `false` if the file is not there.
    fn open_file(&mut self, range: &Range) -> Result<bool> {
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.base == range.base)
        {
            return Ok(true);
        }
        let path = self.shared.options.dir.join(file_name(range.base));
        let file = match self.shared.fs.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(source) => {
                return Err(Error::OpenFile {
                    path,
                    source: source.into(),
                });
            }
        };
        let scan = FileScan::new(file, path, range.base)?;
        self.open = Some(OpenFile {
            base: range.base,
            scan,
            size_bytes: 0,
        });
        Ok(true)
    }

    /// The next item of this file; `None` when its range has ended.
    fn next_in(&mut self, range: &Range) -> Result<Option<Item>> {
        let open = self.open.as_mut().expect("open_file succeeded");
        let offset = self.position.bytes_since(range.base).max(FILE_HEADER_BYTES);
        let range_bytes = range.end.bytes_since(range.base);
        if offset >= range_bytes {
            self.position = range.end;
            return Ok(None);
        }
        if range_bytes > open.size_bytes {
            open.size_bytes = open.scan.size_bytes()?;
        }
        let limit = range_bytes.min(open.size_bytes);
        if offset >= limit {
            return Ok(Some(self.skip_missing(range.end)));
        }
        let position = LogPosition(range.base.0 + offset);
        let found = open.scan.read(offset, limit)?;
        let (Found::Record { end, .. } | Found::Damage { end, .. }) = found;
        let next = LogPosition(range.base.0 + end);
        let item = match found {
            Found::Record { payload, .. } => Item::Record {
                position,
                next,
                payload,
            },
            Found::Damage { reason, .. } => {
                let source = Source {
                    file: &*open.scan.file,
                    base: range.base,
                };
                Item::Skipped(
                    self.shared
                        .set_aside
                        .keep(Some(source), position, next, reason),
                )
            }
        };
        self.position = next;
        Ok(Some(item))
    }

    fn skip_missing(&mut self, to: LogPosition) -> Item {
        let from = std::mem::replace(&mut self.position, to);
        Item::Skipped(
            self.shared
                .set_aside
                .keep(None, from, to, SkipReason::Missing),
        )
    }
}
