//! What decoding is told and what it gives back.

use schema::{Event, Reject};

/// How to decode; the same settings give the same result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub limits: Limits,
}

/// The bounds of `design.md`, Limits. Whatever exceeds one is cut or refused, and counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Of a request's body after decompression.
    pub inflated_bytes_max: usize,
    /// Events and rejects of one request.
    pub events_max: usize,
    /// The JSON text of one event.
    pub event_bytes_max: usize,
    /// One string; longer ones are cut at a character.
    pub string_bytes_max: usize,
    /// One stack.
    pub stack_bytes_max: usize,
    /// Objects and arrays inside one another.
    pub depth_max: usize,
    /// Attributes of one event.
    pub attributes_max: usize,
    /// Keys and values of one event's attributes.
    pub attributes_bytes_max: usize,
    /// Levels of an object that become dotted keys; deeper ones stay JSON text.
    pub flatten_depth_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inflated_bytes_max: 64 << 20,
            events_max: 10_000,
            event_bytes_max: 1 << 20,
            string_bytes_max: 64 << 10,
            stack_bytes_max: 256 << 10,
            depth_max: 64,
            attributes_max: 512,
            attributes_bytes_max: 64 << 10,
            flatten_depth_max: 8,
        }
    }
}

/// What one request says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// In the order sent.
    pub events: Vec<Event>,
    /// In the order sent.
    pub rejects: Vec<Reject>,
    /// The client's clock when it sent the request, µs since 1970, if the protocol says so.
    pub sent_at_us: Option<i64>,
    /// The request says that it repeats an earlier one.
    pub is_retry: bool,
    /// The client keeps batches on disk, so they may be many hours late.
    pub is_mobile: bool,
    /// Size of the body after decompression.
    pub inflated_bytes: usize,
    /// Strings cut to their limit.
    pub cut_strings: u64,
    /// Attributes left out because of a limit, or because another has the same key.
    pub attributes_truncated: u64,
    /// Values that their column cannot hold (negative durations, text for a number); kept as attributes.
    pub unfit_values: u64,
}
