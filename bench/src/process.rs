//! What the kernel knows of a process, and what lies in a folder.

use std::path::{Path, PathBuf};

/// User and system time of a process, seconds; clock ticks are 10 ms on Linux.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

/// A line of a process's status in MB.
pub(crate) fn memory_mb(pid: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}

/// Bytes of all files of one ending below a folder.
pub(crate) fn bytes_under(dir: &Path, ending: &str) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return 0;
    };
    let size = |path: PathBuf| {
        if path.is_dir() {
            bytes_under(&path, ending)
        } else if path.extension().is_some_and(|found| found == ending) {
            std::fs::metadata(&path).map_or(0, |metadata| metadata.len())
        } else {
            0
        }
    };
    entries.flatten().map(|entry| size(entry.path())).sum()
}
