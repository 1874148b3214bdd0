//! Requests kept whole: replay, logs and profile uploads that a later version of Footfall decodes.
//!
//! A flush writes the requests it covers into one pack, `kept/<yyyy-mm-dd>/<uuid>.pack`: their log payloads one after another. The
//! catalog row of each names pack, offset and length. A request that was applied twice has one row: its log position is its key.

use bytes::Bytes;
use compact_str::CompactString;

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
