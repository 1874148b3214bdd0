//! The file `flushed` beside the segments: up to where in the log everything is in complete segments.
//!
//! A flush writes it once all of its files are durable, before the catalog's transaction. Who makes the catalog anew learns from it which
//! files are the half of an interrupted flush: those of a later position. Their events are in the log and are read again from there.

use std::io::Write;
use std::path::Path;

use crate::{Error, Result};

const NAME: &str = "flushed";

/// Writes the position aside, then puts it in place; durable when this returns.
pub(crate) fn write(root: &Path, log_position: u64) -> Result<()> {
    let (path, aside) = (root.join(NAME), root.join("flushed.new"));
    let mut file = std::fs::File::create(&aside).map_err(Error::file("create", &aside))?;
    writeln!(file, "{log_position}")
        .and_then(|()| file.sync_all())
        .map_err(Error::file("write", &aside))?;
    std::fs::rename(&aside, &path).map_err(Error::file("put in place", &path))?;
    std::fs::File::open(root)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::file("sync folder", root))
}

/// The position; nothing when an earlier version wrote the folder or the file is damaged.
pub(crate) fn read(root: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(root.join(NAME)).ok()?;
    text.strip_suffix('\n')?.parse().ok()
}
