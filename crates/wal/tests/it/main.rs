//! The log on a file system that fails and forgets, and a little on the real one.
#![expect(clippy::unwrap_used, reason = "tests")]

mod commit;
mod damage;
mod faults;
mod faulty;
mod model;
mod reading;
mod real_fs;
mod torn_tail;
