//! Looking a data folder over while no server uses it: is every file that the catalog names there and whole, and what else lies about.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqlitePool};

use crate::keys::{self, Keys};
use crate::open::all_but;
use crate::segment::blocking;
use crate::{Error, Result, Segment, catalog, flushed};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspected {
    /// By table.
    pub tables: BTreeMap<&'static str, Sizes>,
    /// Segments whose file is missing or not what was written, and why.
    pub damaged_segments: Vec<(String, String)>,
    /// Segments whose keys are missing or damaged; a start makes them anew.
    pub damaged_keys: Vec<String>,
    pub packs: u64,
    pub pack_bytes: u64,
    pub missing_packs: Vec<String>,
    /// Files that nothing names, with their sizes; removed.
    pub orphans: Vec<(String, u64)>,
    /// Everything in the log before this is in segments.
    pub log_position: u64,
}

/// Sizes of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    pub segments: u64,
    pub rows: u64,
    pub dead_rows: u64,
    pub bytes: u64,
    pub keys_bytes: u64,
}

impl Inspected {
    /// Whether nothing is lost: keys and orphans take care of themselves.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damaged_segments.is_empty() && self.missing_packs.is_empty()
    }
}

/// Says what is wrong with a database file; nothing when SQLite finds nothing.
///
/// # Errors
/// What SQLite says.
pub async fn check_database(path: &Path) -> std::result::Result<(), String> {
    let check = async || {
        let mut connection = SqliteConnectOptions::new()
            .filename(path)
            .disable_statement_logging()
            .connect()
            .await?;
        let found: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(3)")
            .fetch_all(&mut connection)
            .await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(found)
    };
    match check().await {
        Ok(found) if found == ["ok"] => Ok(()),
        Ok(found) => Err(found.join("; ")),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads every file that the catalog names, and removes those that nothing names, as a start would.
///
/// # Errors
/// When the catalog cannot be read or the folders cannot be listed.
pub async fn inspect(dir: &Path, pool: &SqlitePool) -> Result<Inspected> {
    let catalog = catalog::load(pool).await?;
    let packs = catalog::packs(pool).await?;
    let root = dir.to_owned();
    blocking(move || {
        let mut inspected = Inspected {
            log_position: catalog.log_position,
            ..Inspected::default()
        };
        let mut named: HashSet<PathBuf> = HashSet::new();
        for entry in catalog.entries.values() {
            let path = root.join(&entry.segment.path);
            let keys_path = keys::path_of(&path);
            let sizes = inspected
                .tables
                .entry(entry.segment.table.name())
                .or_default();
            sizes.segments += 1;
            sizes.rows += entry.live_rows();
            sizes.dead_rows += u64::from(entry.segment.rows) - entry.live_rows();
            sizes.bytes += entry.segment.size_bytes;
            sizes.keys_bytes += size_of_file(&keys_path);
            if let Some(why) = damage(&entry.segment, &path) {
                let name = entry.segment.path.clone();
                inspected.damaged_segments.push((name, why));
            }
            if Keys::open(entry.segment.id, &keys_path).is_err() {
                inspected.damaged_keys.push(entry.segment.path.clone());
            }
            named.extend([crate::summary::path_of(&path), keys_path, path]);
        }
        for pack in packs {
            let path = root.join(&pack);
            inspected.packs += 1;
            inspected.pack_bytes += size_of_file(&path);
            if !path.exists() {
                inspected.missing_packs.push(pack);
            }
            named.insert(path);
        }
        remove_orphans(&root, &named, &mut inspected)?;
        Ok(inspected)
    })
    .await
}

/// What is wrong with a segment's file.
fn damage(segment: &Segment, path: &Path) -> Option<String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Some(error.to_string()),
    };
    if bytes.len() as u64 != segment.size_bytes {
        let (found, written) = (bytes.len(), segment.size_bytes);
        return Some(format!(
            "it has {found} bytes and was written with {written}"
        ));
    }
    let (found, written) = (crc32c::crc32c(&bytes), segment.checksum);
    (found != written).then(|| format!("its checksum is {found:08x} and was {written:08x}"))
}

fn remove_orphans(root: &Path, named: &HashSet<PathBuf>, inspected: &mut Inspected) -> Result<()> {
    if flushed::read(root).is_some_and(|marked| marked != inspected.log_position) {
        flushed::write(root, inspected.log_position)?;
    }
    let folders = ["segments", "kept"].map(|folder| root.join(folder));
    for path in all_but(named, &folders)? {
        let size_bytes = size_of_file(&path);
        std::fs::remove_file(&path).map_err(Error::file("delete orphan", &path))?;
        let name = path.strip_prefix(root).unwrap_or(&path);
        let name = name.to_string_lossy().into_owned();
        inspected.orphans.push((name, size_bytes));
    }
    Ok(())
}

fn size_of_file(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}
