//! Why something was refused: the stable codes of [`schema::Reject::reason`] that decoding gives.

/// The body is announced as compressed and is not, or breaks off in damage.
pub const UNDECODABLE_BODY: &str = "undecodable_body";
/// The body inflates to more than the limit; what was read before it is kept.
pub const INFLATED_TOO_LARGE: &str = "inflated_too_large";
/// The body holds no event at all.
pub const EMPTY_BODY: &str = "empty_body";
/// More events than one request may have; one reject stands for all that follow.
pub const TOO_MANY_EVENTS: &str = "too_many_events";
/// One event is larger than the limit.
pub const EVENT_TOO_LARGE: &str = "event_too_large";
/// Bytes that are no text.
pub const INVALID_UTF8: &str = "invalid_utf8";
/// Objects and arrays inside one another beyond the limit.
pub const TOO_DEEP: &str = "too_deep";
/// Not one JSON object: half a line, NaN, a bare number.
pub const MALFORMED_JSON: &str = "malformed_json";
/// An event type that no table takes.
pub const UNKNOWN_TYPE: &str = "unknown_type";
/// A field without which the event has no place.
pub const MISSING_FIELD: &str = "missing_field";
/// A field without which the event has no place says something impossible.
pub const INVALID_FIELD: &str = "invalid_field";
/// No text that can name an application.
pub const INVALID_APP_ID: &str = "invalid_app_id";

/// All of them.
pub const ALL: &[&str] = &[
    UNDECODABLE_BODY,
    INFLATED_TOO_LARGE,
    EMPTY_BODY,
    TOO_MANY_EVENTS,
    EVENT_TOO_LARGE,
    INVALID_UTF8,
    TOO_DEEP,
    MALFORMED_JSON,
    UNKNOWN_TYPE,
    MISSING_FIELD,
    INVALID_FIELD,
    INVALID_APP_ID,
];
