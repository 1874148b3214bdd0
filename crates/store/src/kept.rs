//! Requests kept whole: replay, logs and profile uploads that a later version of Footfall decodes.
//!
//! A flush writes the requests it covers into one pack, `kept/<yyyy-mm-dd>/<uuid>.pack`: their log payloads one after another. The
//! catalog row of each names pack, offset and length. A request that was applied twice has one row: its log position is its key.
//!
//! Behind the payloads stands an index, from which a lost catalog is made anew: JSON, its length and its CRC-32C (four bytes each, little
//! endian), and the magic `FFPACK01`. Packs of earlier versions have none.

use bytes::Bytes;
use compact_str::CompactString;
use serde_json::{Value, json};

/// A request to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptRequest {
    /// Where it stands in the log; names it for ever.
    pub log_position: u64,
    /// replay, logs or profile.
    pub kind: &'static str,
    pub app_id: Option<CompactString>,
    pub received_at_us: i64,
    /// The log record's payload: the whole request in the log's own encoding.
    pub payload: Bytes,
}

const MAGIC: &[u8; 8] = b"FFPACK01";
const TRAILER: usize = 16;

/// What the index says of one request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Indexed {
    pub(crate) log_position: u64,
    pub(crate) kind: String,
    pub(crate) app_id: Option<String>,
    pub(crate) received_at_us: i64,
    pub(crate) offset: u64,
    pub(crate) size_bytes: u64,
}

/// The index of a pack's requests with its trailer.
pub(crate) fn index(rows: &[(KeptRequest, String, u64)]) -> Vec<u8> {
    let indexed = rows.iter().map(|(request, _, offset)| Indexed {
        log_position: request.log_position,
        kind: request.kind.to_owned(),
        app_id: request.app_id.as_ref().map(ToString::to_string),
        received_at_us: request.received_at_us,
        offset: *offset,
        size_bytes: request.payload.len() as u64,
    });
    index_of(indexed)
}

/// As [`index`], of requests that a pack has already.
pub(crate) fn index_of(requests: impl Iterator<Item = Indexed>) -> Vec<u8> {
    let entry = |request: Indexed| {
        json!([
            request.log_position,
            request.kind,
            request.app_id,
            request.received_at_us,
            request.offset,
            request.size_bytes
        ])
    };
    let mut bytes = Value::Array(requests.map(entry).collect())
        .to_string()
        .into_bytes();
    let len = u32::try_from(bytes.len()).expect("a flush keeps far fewer requests");
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes.extend_from_slice(MAGIC);
    bytes
}

/// Reads the index of a whole pack; nothing when it has none or it is damaged.
pub(crate) fn read_index(pack: &[u8]) -> Option<Vec<Indexed>> {
    let (rest, trailer) = pack.split_at_checked(pack.len().checked_sub(TRAILER)?)?;
    let number =
        |at: usize| u32::from_le_bytes(trailer[at..at + 4].try_into().expect("four bytes"));
    if trailer[8..] != *MAGIC {
        return None;
    }
    let (payloads, index) = rest.split_at_checked(rest.len().checked_sub(number(0) as usize)?)?;
    if crc32c::crc32c(index) != number(4) {
        return None;
    }
    let entries: Vec<(u64, String, Option<String>, i64, u64, u64)> =
        serde_json::from_slice(index).ok()?;
    let mut indexed = Vec::with_capacity(entries.len());
    for (log_position, kind, app_id, received_at_us, offset, size_bytes) in entries {
        if offset.checked_add(size_bytes)? > payloads.len() as u64 {
            return None;
        }
        indexed.push(Indexed {
            log_position,
            kind,
            app_id,
            received_at_us,
            offset,
            size_bytes,
        });
    }
    Some(indexed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_says_where_each_request_stands_and_a_flipped_byte_is_seen() {
        let request = KeptRequest {
            log_position: 7,
            kind: "replay",
            app_id: Some("shop".into()),
            received_at_us: 5,
            payload: Bytes::from_static(b"payload"),
        };
        let mut pack = b"payload".to_vec();
        pack.extend(index(&[(request, "a.pack".to_owned(), 0)]));
        let read = read_index(&pack).unwrap();
        let expected = Indexed {
            log_position: 7,
            kind: "replay".to_owned(),
            app_id: Some("shop".to_owned()),
            received_at_us: 5,
            offset: 0,
            size_bytes: 7,
        };
        assert_eq!(read, [expected]);
        for place in 7..pack.len() {
            let mut damaged = pack.clone();
            damaged[place] ^= 0x04;
            assert_eq!(read_index(&damaged), None, "byte {place}");
        }
        assert_eq!(read_index(b"payload of an earlier version"), None);
    }
}
