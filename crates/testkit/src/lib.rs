//! Tools for tests: a file system and a disk that fail and forget, a clock that is set by hand, recorded requests, the
//! real binary as a child process.
//!
//! Only ever a dev-dependency. It implements no trait of the crates it serves: their tests adapt it.
//!
//! Reading order: `faulty_fs.rs` (the file system as tests use it), `faulty_fs/disk.rs` (what survives a crash),
//! `faulty_disk.rs` (the same for a whole process), `fake_clock.rs`, `fixtures.rs`, `server.rs` (the real binary as a child), `crash.rs`.

pub mod crash;
pub mod fake_clock;
pub mod faulty_disk;
pub mod faulty_fs;
pub mod fixtures;
pub mod server;
