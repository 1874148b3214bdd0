//! The keys of a segment: which identities it holds, at which row. They answer "have we stored this event?" and "where is
//! this view's row?" without reading Parquet.
//!
//! A keys file stands beside each segment (`<segment>.keys`), is written and synced before the catalog names the segment, and is
//! made anew from the segment when it is missing or damaged. Layout, little endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | magic `FFKEYS01`; the last two digits are the format version |
//! | 8 | number of entries n |
//! | 4 | length d of the filter's descriptor |
//! | 4 | reserved, 0 |
//! | 8 | length f of the filter's fingerprints |
//! | d, f | binary fuse filter over the first 8 bytes of each key (1/256 false positives, about 9 bits a key); f = 0: no filter |
//! | 20 n | entries sorted by key: 12 bytes of the identity, 4 bytes row, 4 bytes content hash (0 = unknown) |
//! | 4 | CRC-32C of all before |
//!
//! Twelve bytes: among 64 M stored and 64 M new events two different ones collide with a chance of 5·10⁻¹⁴.
//! Identities are uniform, so a look-up guesses the place by interpolation and reads one or two blocks.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use schema::Identity;
use xorf::{BinaryFuse8, BinaryFuse8Ref, DmaSerializable, Filter, FilterRef};

use crate::{Error, Result, SegmentId};

const MAGIC: &[u8; 8] = b"FFKEYS01";
const HEADER: usize = 32;
const ENTRY: usize = 20;
pub(crate) const KEY: usize = 12;
/// Entries read at once around the guessed place.
const BLOCK: u64 = 256;

/// One key of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    pub identity: Identity,
    pub row: u32,
    /// Hash of what was sent; 0 when unknown.
    pub content: u32,
}

/// Where an identity was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    pub row: u32,
    pub content: u32,
}

/// The keys file of one segment, its filter in memory.
#[derive(Debug)]
pub struct Keys {
    path: PathBuf,
    count: u64,
    entries_at: u64,
    descriptor: Box<[u8]>,
    fingerprints: Box<[u8]>,
}

/// The path of a segment's keys: same name, other ending.
#[must_use]
pub fn path_of(segment: &Path) -> PathBuf {
    segment.with_extension("keys")
}

/// Writes the keys of a segment's rows and syncs the file; the caller syncs the folder.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, mut keys: Vec<Key>) -> Result<()> {
    use std::io::Write;

    keys.sort_unstable_by_key(|key| key.identity);
    let mut heads: Vec<u64> = keys.iter().map(|key| head(key.identity)).collect();
    heads.dedup();
    let mut descriptor = vec![0; BinaryFuse8::DESCRIPTOR_LEN];
    // The construction is random and may give up, though it never has: such a file just has no filter.
    let filter = BinaryFuse8::try_from(&heads).ok();
    if let Some(filter) = &filter {
        filter.dma_copy_descriptor_to(&mut descriptor);
    }
    let fingerprints = filter
        .as_ref()
        .map_or(&[][..], DmaSerializable::dma_fingerprints);

    let mut bytes =
        Vec::with_capacity(HEADER + descriptor.len() + fingerprints.len() + keys.len() * ENTRY + 4);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&(keys.len() as u64).to_le_bytes());
    bytes.extend_from_slice(
        &u32::try_from(descriptor.len())
            .expect("a descriptor is a few bytes")
            .to_le_bytes(),
    );
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&(fingerprints.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&descriptor);
    bytes.extend_from_slice(fingerprints);
    for key in &keys {
        bytes.extend_from_slice(&prefix(key.identity));
        bytes.extend_from_slice(&key.row.to_le_bytes());
        bytes.extend_from_slice(&key.content.to_le_bytes());
    }
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());

    let mut file = File::create(path).map_err(Error::file("create keys", path))?;
    file.write_all(&bytes)
        .map_err(Error::file("write keys", path))?;
    file.sync_all().map_err(Error::file("sync keys", path))
}

fn head(identity: Identity) -> u64 {
    u64::from_be_bytes(
        identity.0.to_be_bytes()[..8]
            .try_into()
            .expect("eight bytes of sixteen"),
    )
}

fn prefix(identity: Identity) -> [u8; KEY] {
    identity.0.to_be_bytes()[..KEY]
        .try_into()
        .expect("twelve bytes of sixteen")
}

impl Keys {
    /// Opens the keys of a segment and checks the whole file once.
    ///
    /// # Errors
    /// When the file is missing or damaged: the caller then makes it anew from the segment.
    pub fn open(id: SegmentId, path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::file("open keys", path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(Error::file("read keys", path))?;
        let damaged = |what| Error::DamagedKeys { id, what };
        let body = bytes
            .len()
            .checked_sub(4)
            .filter(|body| *body >= HEADER)
            .ok_or_else(|| damaged("too short"))?;
        if &bytes[..8] != MAGIC {
            return Err(damaged("unknown magic"));
        }
        if crc32c::crc32c(&bytes[..body]).to_le_bytes() != bytes[body..] {
            return Err(damaged("checksum"));
        }
        let number =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let count = number(8);
        let descriptor_len = usize::try_from(number(16) & 0xffff_ffff).expect("a 32-bit length");
        let fingerprints_len = usize::try_from(number(24)).map_err(|_| damaged("filter length"))?;
        let entries_at = HEADER + descriptor_len + fingerprints_len;
        let entries = usize::try_from(count)
            .ok()
            .and_then(|count| count.checked_mul(ENTRY));
        if descriptor_len != BinaryFuse8::DESCRIPTOR_LEN
            || entries.map(|len| entries_at + len) != Some(body)
        {
            return Err(damaged("lengths do not add up"));
        }
        Ok(Self {
            path: path.to_owned(),
            count,
            entries_at: entries_at as u64,
            descriptor: bytes[HEADER..HEADER + descriptor_len].into(),
            fingerprints: bytes[HEADER + descriptor_len..entries_at].into(),
        })
    }

    /// Finds nothing: neither the keys nor their segment can be read.
    #[must_use]
    pub fn unknown(path: PathBuf) -> Self {
        Self {
            path,
            count: 0,
            entries_at: 0,
            descriptor: Box::default(),
            fingerprints: Box::default(),
        }
    }

    /// Number of keys.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Bytes the filter takes in memory.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.descriptor.len() + self.fingerprints.len()
    }

    /// Looks an identity up: filter first, then the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find(&self, identity: Identity) -> Result<Option<Found>> {
        if self.count == 0 || !self.may_contain(identity) {
            return Ok(None);
        }
        self.search(&prefix(identity))
    }

    /// The content hash of every row of a segment of `rows` rows; 0 where unknown.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn contents(&self, rows: u32) -> Result<Vec<u32>> {
        let mut bytes = vec![0; usize::try_from(self.count).expect("fits in memory") * ENTRY];
        let file = File::open(&self.path).map_err(Error::file("open keys", &self.path))?;
        file.read_exact_at(&mut bytes, self.entries_at)
            .map_err(Error::file("read keys", &self.path))?;
        let mut contents = vec![0; rows as usize];
        for entry in bytes.as_chunks::<ENTRY>().0 {
            let Found { row, content } = found(entry);
            if let Some(slot) = contents.get_mut(row as usize) {
                *slot = content;
            }
        }
        Ok(contents)
    }

    /// The keys' twelve bytes and rows from the `first`th in their order on, at most `count`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn stretch(&self, first: u64, count: u64) -> Result<Vec<([u8; KEY], u32)>> {
        let count = count.min(self.count - first);
        let mut bytes = vec![0; usize::try_from(count).expect("fits in memory") * ENTRY];
        let file = File::open(&self.path).map_err(Error::file("open keys", &self.path))?;
        file.read_exact_at(&mut bytes, self.entries_at + first * ENTRY as u64)
            .map_err(Error::file("read keys", &self.path))?;
        let key = |entry: &[u8; ENTRY]| {
            let prefix = entry[..KEY].try_into().expect("the key's bytes");
            (prefix, found(entry).row)
        };
        Ok(bytes.as_chunks::<ENTRY>().0.iter().map(key).collect())
    }

    fn may_contain(&self, identity: Identity) -> bool {
        self.fingerprints.is_empty()
            || BinaryFuse8Ref::from_dma(&self.descriptor, &self.fingerprints)
                .contains(&head(identity))
    }

    /// Interpolates, reads a block, and narrows until the key's place is inside the block.
    fn search(&self, key: &[u8; KEY]) -> Result<Option<Found>> {
        // Opened for each search, which is rare: a descriptor a segment would exhaust the process's limit.
        let file = File::open(&self.path).map_err(Error::file("open keys", &self.path))?;
        let (mut low, mut high) = (0, self.count);
        let (mut low_value, mut high_value) = (0_u128, 1_u128 << 96);
        let wanted = value(key);
        let mut block = Vec::new();
        while low < high {
            let share =
                (wanted - low_value) * u128::from(high - low) / (high_value - low_value).max(1);
            let guess = low
                + u64::try_from(share)
                    .expect("a share of a 64-bit count")
                    .min(high - low - 1);
            let first = guess.saturating_sub(BLOCK / 2).max(low);
            let last = (first + BLOCK).min(high);
            block.resize(
                usize::try_from((last - first) * ENTRY as u64).expect("a block is a few KiB"),
                0,
            );
            file.read_exact_at(&mut block, self.entries_at + first * ENTRY as u64)
                .map_err(Error::file("read keys", &self.path))?;
            let entries = block.as_chunks::<ENTRY>().0;
            let place = entries.partition_point(|entry| entry[..KEY] < key[..]);
            if let Some(entry) = entries.get(place)
                && entry[..KEY] == key[..]
            {
                return Ok(Some(found(entry)));
            }
            if place == 0 {
                (high, high_value) = (first, value(&entries[0]));
            } else if place == entries.len() {
                (low, low_value) = (last, value(&entries[entries.len() - 1]));
            } else {
                return Ok(None);
            }
        }
        Ok(None)
    }
}

fn found(entry: &[u8; ENTRY]) -> Found {
    let number = |at: usize| u32::from_le_bytes(entry[at..at + 4].try_into().expect("four bytes"));
    Found {
        row: number(KEY),
        content: number(KEY + 4),
    }
}

fn value(entry: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    bytes[4..].copy_from_slice(&entry[..KEY]);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use schema::TableId;

    use super::*;

    fn identity(number: u32) -> Identity {
        Identity::new("app", TableId::Action, &number.to_string())
    }

    fn file_of(count: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.keys");
        let keys = (0..count)
            .map(|row| Key {
                identity: identity(row),
                row,
                content: row + 1,
            })
            .collect();
        write(&path, keys).unwrap();
        (dir, path)
    }

    #[test]
    fn every_key_is_found_at_its_row_and_no_other_is() {
        for count in [0, 1, 2, 300, 20_000] {
            let (_dir, path) = file_of(count);
            let keys = Keys::open(SegmentId(1), &path).unwrap();
            for row in 0..count {
                assert_eq!(
                    keys.find(identity(row)).unwrap(),
                    Some(Found {
                        row,
                        content: row + 1
                    }),
                    "{row} of {count}"
                );
            }
            for other in count..count + 5_000 {
                assert_eq!(keys.find(identity(other)).unwrap(), None);
                assert_eq!(
                    keys.search(&prefix(identity(other))).unwrap_or(None),
                    None,
                    "without the filter"
                );
            }
        }
    }

    #[test]
    fn a_flipped_byte_anywhere_is_seen() {
        let (_dir, path) = file_of(40);
        let whole = std::fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x10;
            std::fs::write(&path, &damaged).unwrap();
            assert!(Keys::open(SegmentId(1), &path).is_err(), "byte {place}");
        }
        for len in 0..whole.len() {
            std::fs::write(&path, &whole[..len]).unwrap();
            assert!(Keys::open(SegmentId(1), &path).is_err(), "cut to {len}");
        }
    }
}
