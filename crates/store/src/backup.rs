//! Backups of the metadata database: one a day, beside the segments, the newest few kept.
//!
//! `backup/meta-<yyyy-mm-dd>.db` is the whole database as of one moment of the day, made anew each hour. Its applications, members and tokens are what cannot be made anew;
//! its catalog is soon outdated, and is made anew from the segments (`rebuild.rs`).

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::ConnectOptions;

use crate::segment::blocking;
use crate::{Error, Result, Store};

/// Backups that are kept.
pub const BACKUPS_MAX: usize = 7;
const PREFIX: &str = "meta-";

impl Store {
    /// Makes the backup of the day of `now_us`, over an earlier one of that day, and removes the oldest beyond [`BACKUPS_MAX`].
    ///
    /// # Errors
    /// When it cannot be written; the earlier one is there then.
    pub async fn back_up(&self, now_us: i64) -> Result<PathBuf> {
        let path = self.backup_of(now_us);
        let aside = path.with_extension("new");
        let result = self.back_up_to(&aside, &path).await;
        if result.is_err() {
            // Half a copy may be what fills the disk; the next attempt removes it too.
            let _ = fs::remove_file(&aside);
        }
        result.map(|()| path)
    }

    async fn back_up_to(&self, aside: &Path, path: &Path) -> Result<()> {
        let of_blocking = (aside.to_owned(), path.to_owned());
        let prepared = of_blocking.0.clone();
        blocking(move || prepare(&prepared))
            .await
            .map_err(Error::file("prepare the backup", aside))?;
        // A connection of its own: the one writer must not wait while the database is copied.
        let mut connection = self
            .inner
            .pool
            .connect_options()
            .connect()
            .await
            .map_err(Error::catalog("connect for the backup"))?;
        sqlx::query("VACUUM INTO ?")
            .bind(aside.display().to_string())
            .execute(&mut connection)
            .await
            .map_err(Error::catalog("write the backup"))?;
        let (aside, target) = of_blocking;
        blocking(move || finish(&aside, &target))
            .await
            .map_err(Error::file("put the backup in place", path))
    }

    fn backup_of(&self, now_us: i64) -> PathBuf {
        let day = chrono::DateTime::from_timestamp_micros(now_us).unwrap_or_default();
        let name = format!("{PREFIX}{}.db", day.format("%Y-%m-%d"));
        self.files().root.join("backup").join(name)
    }
}

/// The backups of a data folder, the newest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn backups(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir.join("backup")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(PREFIX) && name.ends_with(".db") {
            found.push(entry.path());
        }
    }
    found.sort();
    found.reverse();
    Ok(found)
}

/// An empty file for the copy, which only the owner may read: it holds what the database holds.
fn prepare(aside: &Path) -> io::Result<()> {
    fs::create_dir_all(aside.parent().unwrap_or(Path::new(".")))?;
    match fs::remove_file(aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(aside).map(drop)
}

fn finish(aside: &Path, path: &Path) -> io::Result<()> {
    fs::File::open(aside)?.sync_all()?;
    fs::rename(aside, path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()?;
    // The folder's own name, should it be new.
    if let Some(root) = folder.parent() {
        fs::File::open(root)?.sync_all()?;
    }
    let all = backups(folder.parent().unwrap_or(folder))?;
    for old in all.iter().skip(BACKUPS_MAX) {
        fs::remove_file(old)?;
    }
    Ok(())
}
