//! `replay_segment`: index of the recordings; the bytes are blobs in the object store.

table! {
    /// One row a segment of a recording.
    replay_segment;
    /// Time of its first record.
    segment_start: Time;
    /// Time of its last record.
    segment_end: Time;
    /// Position in its view.
    segment_index: Int64;
    /// Records in it.
    segment_records: Int64;
    /// It can be played without the ones before it.
    segment_has_full_snapshot: Bool;
    /// Why the segment before it ended.
    segment_creation_reason: Keyword;
    /// Size before compression.
    segment_raw_size: Bytes;
    /// datadog, rrweb, datakit or mobile.
    segment_format: Keyword;
    /// Where the bytes are.
    blob_key: Text;
}
