//! The query engine over a real store: segments, delete vectors and hot rows together.
#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod access;
mod aliases;
mod answers;
mod fuzz;
mod golden;
mod ground;
mod limits;
mod prepare;
mod resident;
mod search;
mod sketch;
mod snapshots;
mod stream;
