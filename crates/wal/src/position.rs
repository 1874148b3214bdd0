//! Positions in the log.

use std::fmt;

/// A place in the log: a byte offset that grows for ever, over all files. A record's position is where it starts; the
/// position after it is where its bytes (with padding) end. The position inside a file is `position − base` of that file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct LogPosition(pub u64);

impl LogPosition {
    /// Where a new log starts.
    pub const START: Self = Self(0);

    /// Bytes from `earlier` to here; 0 when `earlier` is not earlier.
    #[must_use]
    pub fn bytes_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
