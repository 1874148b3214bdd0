//! Tests of the store as its users see it: rows in, a snapshot out, over flushes, compactions, failures, crashes and reopenings.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod concurrent;
#[cfg(feature = "failpoints")]
mod crash;
mod damage;
mod erase;
mod expiry;
mod files;
mod harness;
mod identity;
mod manifest;
mod model;
mod rebuild;
mod versions;
