//! Backups of the metadata database: one a day, beside the segments, the newest few kept.
//!
//! `backup/meta-<yyyy-mm-dd>.db` is the whole database as of one moment of the day, made anew each hour. Its applications, members and tokens are what cannot be made anew;
//! its catalog is soon outdated, and is made anew from the segments (`rebuild.rs`).

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use schema::Mentions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, SqliteConnection};

use crate::erase::{Selector, quarantined_of};
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

    /// Takes what an erasure takes out of the quarantine also out of its copies in the backups.
    pub(crate) async fn erase_in_backups(
        &self,
        selector: &Selector,
        mentions: &Mentions,
    ) -> Result<()> {
        for path in self.backup_paths().await? {
            let erased = erase_in(&path, selector, mentions).await;
            unless_damaged(&path, erased)?;
        }
        Ok(())
    }

    /// Runs a statement with one text on every backup that has a table, and writes the backup anew, so that nothing is left in its free
    /// pages. A backup that is damaged, from which nothing could be restored, is removed.
    ///
    /// # Errors
    /// When a backup cannot be read or written.
    pub async fn change_backups(
        &self,
        table: &str,
        statement: &'static str,
        text: &str,
    ) -> Result<()> {
        for path in self.backup_paths().await? {
            let changed = change_in(&path, table, statement, text).await;
            unless_damaged(&path, changed)?;
        }
        Ok(())
    }

    /// The backups. What an interrupted backup left is removed.
    async fn backup_paths(&self) -> Result<Vec<PathBuf>> {
        let root = self.files().root.clone();
        let folder = root.join("backup");
        let paths = blocking(move || {
            remove_halves(&root.join("backup"))?;
            backups(&root)
        });
        paths.await.map_err(Error::file("list backups", &folder))
    }

    fn backup_of(&self, now_us: i64) -> PathBuf {
        let day = chrono::DateTime::from_timestamp_micros(now_us).unwrap_or_default();
        let name = format!("{PREFIX}{}.db", day.format("%Y-%m-%d"));
        self.files().root.join("backup").join(name)
    }
}

async fn erase_in(path: &Path, selector: &Selector, mentions: &Mentions) -> Result<()> {
    let mut connection = open(path).await?;
    if !has_table(&mut connection, "quarantine").await? {
        return Ok(());
    }
    let ids = quarantined_of(&mut connection, selector, mentions).await?;
    if ids.is_empty() {
        return Ok(());
    }
    let ids = serde_json::to_string(&ids).expect("numbers have a JSON form");
    let delete = "DELETE FROM quarantine WHERE id IN (SELECT value FROM json_each(?))";
    change(&mut connection, delete, &ids).await
}

async fn change_in(path: &Path, table: &str, statement: &'static str, text: &str) -> Result<()> {
    let mut connection = open(path).await?;
    if has_table(&mut connection, table).await? {
        change(&mut connection, statement, text).await?;
    }
    Ok(())
}

async fn open(path: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        // One file, as it was: a rebuild copies that and nothing beside it.
        .journal_mode(SqliteJournalMode::Delete)
        .disable_statement_logging();
    let connection = options.connect().await;
    connection.map_err(Error::catalog("open a backup"))
}

async fn has_table(connection: &mut SqliteConnection, table: &str) -> Result<bool> {
    let count = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?";
    let count: i64 = sqlx::query_scalar(count)
        .bind(table)
        .fetch_one(connection)
        .await
        .map_err(Error::catalog("read a backup"))?;
    Ok(count > 0)
}

async fn change(
    connection: &mut SqliteConnection,
    statement: &'static str,
    text: &str,
) -> Result<()> {
    let changed = sqlx::query(statement)
        .bind(text)
        .execute(&mut *connection)
        .await;
    changed.map_err(Error::catalog("change a backup"))?;
    let vacuumed = sqlx::query("VACUUM").execute(connection).await;
    vacuumed.map_err(Error::catalog("write a backup anew"))?;
    Ok(())
}

/// Removes a backup that turns out to be damaged: nothing can be taken out of it, and nothing could be restored from it.
fn unless_damaged(path: &Path, result: Result<()>) -> Result<()> {
    match result {
        Err(error) if error.is_damaged_database() => {
            tracing::warn!(path = %path.display(), %error, "removed a damaged backup, out of which nothing could be erased");
            fs::remove_file(path).map_err(Error::file("remove a damaged backup", path))
        }
        result => result,
    }
}

fn remove_halves(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "new") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
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
