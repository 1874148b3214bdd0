//! The format on disk, version 1. All numbers are little endian, all checksums CRC-32C (Castagnoli).
//!
//! # Files
//! A log is a folder of files named `<base>.log`, the base as 20 decimal digits. Positions (`LogPosition`) are byte offsets
//! that grow for ever over all files: the byte at offset `o` of the file with base `b` has position `b + o`. File headers
//! take part in this, so the first record of a file with base `b` is at position `b + 64`. A file ends where the next one
//! begins: its range is `[b, base of the next file)`, and bytes beyond it mean nothing. Other names in the folder are left
//! alone; `corrupt/<position>.bin` holds copies of damaged ranges, named by the position of their first byte.
//!
//! # File header, 64 bytes at offset 0
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 8 | magic `FOOTFLOG` |
//! | 8 | 4 | format version, 1 |
//! | 12 | 4 | zero |
//! | 16 | 8 | base position, the same as in the name |
//! | 24 | 8 | file id: a random number, chosen when the file is created |
//! | 32 | 28 | zero |
//! | 60 | 4 | checksum of bytes 0–59 |
//!
//! Magic, version and checksum stay where they are in all versions to come, so that an older program knows a newer file for
//! sure: checksum right and version above its own is an error, everything else that is not a good header is damage.
//!
//! # Record, at an offset divisible by 8, directly behind the header or the record before
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 4 | magic `FFrc` |
//! | 4 | 4 | payload length in bytes, may be 0 |
//! | 8 | 8 | position of this record |
//! | 16 | 8 | file id of the file |
//! | 24 | 4 | checksum of the payload |
//! | 28 | 4 | checksum of bytes 0–27 |
//! | 32 | length | payload |
//! | | 0–7 | zeros up to the next offset divisible by 8 |
//!
//! The header has a checksum of its own so that a damaged payload costs no search: the length is still to be trusted.
//! Position and file id make a record valid in one place only. Bytes of an earlier life of the disk block, or of a payload
//! that somebody sends to look like a record (the file id cannot be guessed), are never taken for one.
//!
//! Behind the last record of the file being written there may be zeros, written ahead. No record begins with a zero byte.
//!
//! # Invariants
//! 1. A record is acknowledged only after fdatasync of its file. fdatasync is enough: it writes the length too where that
//!    is needed to read the data back.
//! 2. Before the first record of a file is written, its header is synced, and then the *folder*. Without the latter a power
//!    loss takes the whole file with all its acknowledged records, since the name of a synced file may still be missing.
//! 3. A file is started only when everything in the file before is synced, and that file is cut to its last record. Once
//!    the start was tried, nothing is appended to the file before, even if the start failed: the name of the new file, and
//!    with it the end of the old one's range, may turn up after a crash.
//! 4. A failed write changes nothing: the file is cut back to its last acknowledged record, and synced, before anything
//!    else is written. (Otherwise whole records of the failed group could come back behind those written in its place.)
//!    A failed fsync ends the log ("fsyncgate": the kernel may have dropped the pages and calls them clean from then on).
//! 5. Files are removed from the oldest on, the folder synced after each: what is left never has a hole.
//! 6. Only the last file is written to, only at its end. When a log has been written once, it always has a file, so
//!    that positions keep growing over restarts.
//!
//! # Recovery
//! Reading a record at an offset ends in one of three ways:
//! - Header and payload are good: a record.
//! - The header is good (magic, checksum, position, file id, the padded record lies within the file's range), the payload's
//!   checksum is not: damage up to the end that the header gives.
//! - The header is not good: damage up to the next offset divisible by 8 where a good header stands; if there is none,
//!   up to the end of the file's range.
//!
//! The file id is taken from the file header. If that is damaged, the base is taken from the name, and the file id from the
//! first record that is good in header *and* payload; the same double proof ends a search while the id is unknown.
//!
//! At open only the last file is read whole: the ones before it were synced and cut (invariant 3), and damage in them is
//! found when they are read. In the last file everything behind the last good record is the *torn tail*, an unfinished
//! write of a crash; if it is not all zeros it is cut off and reported. Damage before the last good record is damage:
//! copied to `corrupt/`, reported, skipped by readers. It does not stop a start, and neither do missing files: the gap
//! is skipped. Then the file is synced: a killed process leaves records in the page cache that were never
//! acknowledged, and a reader must not act on what a power loss could still take away. If the last file's header is
//! damaged, or the positions have to jump (`Options::position_min`), a new file is started behind the last record; a last file without a good header and without records is copied to `corrupt/` (if it holds anything) and removed.
//!
//! What recovery cannot do: a flipped byte in the very last record looks like a torn write, and is cut.

use crate::LogPosition;

/// The newest format version that this program knows, and the one it writes.
pub(crate) const VERSION: u32 = 1;
/// Bytes of a file header; the offset of the first record.
pub(crate) const FILE_HEADER_BYTES: u64 = FILE_HEADER_LEN as u64;
/// Bytes of a record header.
pub(crate) const RECORD_HEADER_BYTES: u64 = RECORD_HEADER_LEN as u64;
/// Records start at multiples of this.
pub(crate) const ALIGNMENT: u64 = ALIGNMENT_LEN as u64;
// The same as sizes of arrays and slices.
pub(crate) const FILE_HEADER_LEN: usize = 64;
pub(crate) const RECORD_HEADER_LEN: usize = 32;
pub(crate) const ALIGNMENT_LEN: usize = 8;

/// First bytes of a record.
pub(crate) const RECORD_MAGIC: [u8; 4] = *b"FFrc";
const FILE_MAGIC: [u8; 8] = *b"FOOTFLOG";
const BASE_MAX: u64 = u64::MAX / 2;
const FILE_SUFFIX: &str = ".log";

/// A good file header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FileHeader {
    pub(crate) base: LogPosition,
    pub(crate) file_id: u64,
}

/// What stands where a file header should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeaderState {
    Good(FileHeader),
    Newer { version: u32 },
    Damaged,
}

impl FileHeader {
    pub(crate) fn encode(self) -> [u8; FILE_HEADER_LEN] {
        let mut bytes = [0; FILE_HEADER_LEN];
        bytes[0..8].copy_from_slice(&FILE_MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.base.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.file_id.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..60]);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// `base` is the one of the file's name: a header that says another one is as good as damaged.
    pub(crate) fn decode(bytes: &[u8; FILE_HEADER_LEN], base: LogPosition) -> HeaderState {
        if bytes[0..8] != FILE_MAGIC || crc32c::crc32c(&bytes[..60]) != u32_at(bytes, 60) {
            return HeaderState::Damaged;
        }
        let version = u32_at(bytes, 8);
        if version > VERSION {
            return HeaderState::Newer { version };
        }
        if u64_at(bytes, 16) != base.0 {
            return HeaderState::Damaged;
        }
        HeaderState::Good(Self {
            base,
            file_id: u64_at(bytes, 24),
        })
    }
}

/// A good record header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RecordHeader {
    pub(crate) payload_bytes: u32,
    pub(crate) position: LogPosition,
    pub(crate) file_id: u64,
    pub(crate) payload_checksum: u32,
}

impl RecordHeader {
    pub(crate) fn encode(self) -> [u8; RECORD_HEADER_LEN] {
        let mut bytes = [0; RECORD_HEADER_LEN];
        bytes[0..4].copy_from_slice(&RECORD_MAGIC);
        bytes[4..8].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.position.0.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.file_id.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.payload_checksum.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..28]);
        bytes[28..32].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// `None` if magic or checksum are wrong. Whether it belongs here is the caller's to check.
    pub(crate) fn decode(bytes: &[u8; RECORD_HEADER_LEN]) -> Option<Self> {
        if bytes[0..4] != RECORD_MAGIC || crc32c::crc32c(&bytes[..28]) != u32_at(bytes, 28) {
            return None;
        }
        Some(Self {
            payload_bytes: u32_at(bytes, 4),
            position: LogPosition(u64_at(bytes, 8)),
            file_id: u64_at(bytes, 16),
            payload_checksum: u32_at(bytes, 24),
        })
    }
}

/// Bytes that a record takes in the file: header, payload, padding.
pub(crate) fn record_bytes(payload_bytes: u64) -> u64 {
    (RECORD_HEADER_BYTES + payload_bytes).next_multiple_of(ALIGNMENT)
}

/// `00000000000000004096.log`
pub(crate) fn file_name(base: LogPosition) -> String {
    format!("{:020}{FILE_SUFFIX}", base.0)
}

/// The base, if this is the name of a log file.
pub(crate) fn parse_file_name(name: &str) -> Option<LogPosition> {
    let digits = name.strip_suffix(FILE_SUFFIX)?;
    if digits.len() != 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The upper half of the numbers is left out, so that no position in any file can overflow.
    digits
        .parse()
        .ok()
        .filter(|base| *base <= BASE_MAX)
        .map(LogPosition)
}

/// `corrupt/00000000000000004096.bin`: where the copy of a damaged range lies.
pub(crate) fn set_aside_name(from: LogPosition) -> String {
    format!("{:020}.bin", from.0)
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..offset + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(bytes[offset..offset + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of earlier releases must stay readable: these bytes are version 1 and never change.
    #[test]
    fn version_1_bytes_do_not_change() {
        let header = FileHeader {
            base: LogPosition(4096),
            file_id: 0x0102_0304_0506_0708,
        };
        let mut expected =
            b"FOOTFLOG\x01\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01"
                .to_vec();
        expected.resize(60, 0);
        expected.extend_from_slice(&[0x62, 0xed, 0x90, 0x9b]);
        assert_eq!(header.encode().as_slice(), expected);

        let record = RecordHeader {
            payload_bytes: 9,
            position: LogPosition(4160),
            file_id: 0x0102_0304_0506_0708,
            payload_checksum: crc32c::crc32c(b"123456789"),
        };
        // e3069283 is the published check value of CRC-32C over these nine digits.
        let mut expected =
            b"FFrc\x09\0\0\0\x40\x10\0\0\0\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01\x83\x92\x06\xe3"
                .to_vec();
        expected.extend_from_slice(&[0xc, 0x9e, 0xb9, 0xfa]);
        assert_eq!(record.encode().as_slice(), expected);
    }

    #[test]
    fn newer_version_is_told_from_damage() {
        let base = LogPosition(0);
        let mut bytes = FileHeader { base, file_id: 1 }.encode();
        bytes[8] = 2;
        assert_eq!(FileHeader::decode(&bytes, base), HeaderState::Damaged);
        let checksum = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&checksum.to_le_bytes());
        assert_eq!(
            FileHeader::decode(&bytes, base),
            HeaderState::Newer { version: 2 }
        );
    }

    #[test]
    fn only_exact_names_are_log_files() {
        assert_eq!(
            parse_file_name(&file_name(LogPosition(BASE_MAX))),
            Some(LogPosition(BASE_MAX))
        );
        for name in [
            "0.log",
            "00000000000000000001.bin",
            "+0000000000000000001.log",
            "18446744073709551615.log",
        ] {
            assert_eq!(parse_file_name(name), None, "{name}");
        }
    }
}
