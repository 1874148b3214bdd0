//! Decoding recorded, hostile and random requests.
#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod fields;
mod hostile;
mod properties;
mod recordings;
mod snapshots;
mod support;
