//! Tools for tests: a file system that fails and forgets, a clock that is set by hand, recorded requests, the
//! real binary as a child process.
//!
//! Only ever a dev-dependency. It implements no trait of the crates it serves: their tests adapt it.
//!
//! Reading order: `faulty_fs.rs` (the file system as tests use it), `faulty_fs/disk.rs` (what survives a crash),
//! `fake_clock.rs`, `fixtures.rs`, `server.rs` (the real binary as a child), `crash.rs`.

pub mod crash;
pub mod fake_clock;
pub mod faulty_fs;
pub mod fixtures;
pub mod server;
