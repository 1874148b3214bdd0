//! A disk for a whole process that keeps what was synced and loses the rest, as power loss does.
//!
//! `kill -9` leaves the page cache alive, so it says nothing about missing syncs. Here a small C library (`faulty_disk/shim.c`) is
//! preloaded into the real binary and notes each change below one folder before it happens, with what takes it back, and each sync.
//! After the kill [`FaultyDisk::lose_power`] takes back, newest first, what was not synced: by seed all of it, or of each file and
//! each folder all but the first few changes. The contents of a file need a sync of the file, a name one of its folder.
//!
//! The journal is a row of notes, native byte order: kind, bytes of the first and of the second part, 0 (four bytes each); owner, number,
//! size (eight each); the two parts.
//!
//! | kind | owner | number | size | first, second |
//! | --- | --- | --- | --- | --- |
//! | 1 write | file | offset | before | bytes that were there |
//! | 2 truncate | file | new length | before | bytes that were cut |
//! | 3 sync | file or folder | | | |
//! | 4 create | folder | file | | path |
//! | 5 remove | folder | file | | path, its grave |
//! | 6 rename | folder | file | | from, line feed, to; grave of what was replaced |
//!
//! Files and folders go by inode number. Folders that are removed stay removed, and SQLite's shared memory (`-shm`) is lost each time.
//! Besides, the disk can be full, take half of a write, and fail to sync.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

const SHIM: &str = include_str!("faulty_disk/shim.c");
const HEAD_BYTES: usize = 40;
const NO_LIMIT: u64 = u64::MAX;

/// The disk under one folder.
#[derive(Debug)]
pub struct FaultyDisk {
    root: PathBuf,
    home: PathBuf,
}

/// What a loss of power took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Writes and truncations.
    pub changes: usize,
    /// Created, removed and renamed files and folders.
    pub names: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Write,
    Truncate,
    Sync,
    Create,
    Remove,
    Rename,
}

#[derive(Debug)]
struct Note {
    kind: Kind,
    owner: u64,
    number: u64,
    size_bytes: u64,
    first: Vec<u8>,
    second: Vec<u8>,
}

impl FaultyDisk {
    /// Builds the library in `home`, for processes that work in `root`. Both are made when missing, on one file system.
    ///
    /// # Panics
    /// Without a C compiler, which SQLite needs too.
    #[must_use]
    pub fn new(root: &Path, home: &Path) -> Self {
        fs::create_dir_all(root).expect("the root can be made");
        fs::create_dir_all(home).expect("the home can be made");
        let source = home.join("shim.c");
        fs::write(&source, SHIM).expect("the source can be written");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-pthread", "-o"])
            .arg(home.join("shim.so"))
            .arg(&source)
            .status();
        assert!(
            built.is_ok_and(|status| status.success()),
            "the C compiler builds the library"
        );
        let root = root.canonicalize().expect("the root is there");
        let home = home.canonicalize().expect("the home is there");
        let disk = Self { root, home };
        let control = [NO_LIMIT, 0, 0].map(u64::to_ne_bytes).concat();
        fs::write(disk.home.join("control"), control).expect("the control file can be written");
        disk
    }

    /// The folder that processes work in.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The environment of a process on this disk.
    #[must_use]
    pub fn env(&self) -> [(&'static str, String); 3] {
        let text = |path: &Path| path.display().to_string();
        [
            ("LD_PRELOAD", text(&self.home.join("shim.so"))),
            ("FAULTY_DISK_ROOT", text(&self.root)),
            ("FAULTY_DISK_HOME", text(&self.home)),
        ]
    }

    /// Files may grow by so many bytes more; `None`: without limit.
    pub fn set_space_left(&self, bytes: Option<u64>) {
        self.set(0, bytes.unwrap_or(NO_LIMIT));
    }

    /// Bytes that files may still grow by.
    #[must_use]
    pub fn space_left(&self) -> u64 {
        let mut bytes = [0; 8];
        self.control()
            .read_exact_at(&mut bytes, 0)
            .expect("the control file can be read");
        u64::from_ne_bytes(bytes)
    }

    /// Each `nth` write takes half of its bytes; 0: none.
    pub fn set_short_writes(&self, nth: u64) {
        self.set(1, nth);
    }

    /// The next `count` syncs fail.
    pub fn fail_syncs(&self, count: u64) {
        self.set(2, count);
    }

    fn set(&self, place: u64, value: u64) {
        self.control()
            .write_all_at(&value.to_ne_bytes(), place * 8)
            .expect("the control file can be written");
    }

    fn control(&self) -> File {
        let mut options = File::options();
        options
            .read(true)
            .write(true)
            .open(self.home.join("control"))
            .expect("the control file is there")
    }

    /// The power fails; the process is dead already. What was not synced is lost, as far as the seed says.
    ///
    /// # Errors
    /// When the journal or the root cannot be read or changed.
    pub fn lose_power(&self, seed: u64) -> io::Result<Lost> {
        let notes = self.notes()?;
        let is_lost = lost(&notes, seed);
        let mut files = self.files()?;
        let mut lost = Lost::default();
        for (note, _) in notes.iter().zip(&is_lost).rev().filter(|(_, lost)| **lost) {
            match note.kind {
                Kind::Write | Kind::Truncate => {
                    lost.changes += 1;
                    if let Some(file) = files.get_mut(&note.owner) {
                        let file = file.open()?;
                        file.write_all_at(&note.first, note.number)?;
                        file.set_len(note.size_bytes)?;
                    }
                }
                Kind::Create | Kind::Remove | Kind::Rename => lost.names += 1,
                Kind::Sync => {}
            }
        }
        for (note, _) in notes.iter().zip(&is_lost).rev().filter(|(_, lost)| **lost) {
            self.take_name_back(note)?;
        }
        self.forget()?;
        Ok(lost)
    }

    /// Takes everything for synced; the process has ended.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn forget(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.home)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name == "journal" || name.starts_with("grave-") {
                fs::remove_file(&path)?;
            }
        }
        for path in walk(&self.root)? {
            if path.to_string_lossy().ends_with("-shm") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn notes(&self) -> io::Result<Vec<Note>> {
        let bytes = match fs::read(self.home.join("journal")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            bytes => bytes?,
        };
        let mut notes = Vec::new();
        let mut rest = &bytes[..];
        // The last note may be cut short: its change never began.
        while let Some((note, after)) = note_of(rest) {
            notes.push(note);
            rest = after;
        }
        Ok(notes)
    }

    fn files(&self) -> io::Result<HashMap<u64, Found>> {
        let mut found = HashMap::new();
        for path in walk(&self.root)?.into_iter().chain(walk(&self.home)?) {
            found.insert(
                fs::symlink_metadata(&path)?.ino(),
                Found { path, file: None },
            );
        }
        Ok(found)
    }

    fn take_name_back(&self, note: &Note) -> io::Result<()> {
        let path = |bytes: &[u8]| PathBuf::from(String::from_utf8_lossy(bytes).into_owned());
        let is = |path: &Path, inode| fs::symlink_metadata(path).is_ok_and(|is| is.ino() == inode);
        let give_back = |grave: &Path, path: &Path| {
            // Without its folder nobody finds it.
            if path.parent().is_some_and(Path::exists) && !path.exists() {
                return fs::hard_link(grave, path);
            }
            Ok(())
        };
        match note.kind {
            Kind::Create => {
                let created = path(&note.first);
                if !is(&created, note.number) {
                    return Ok(());
                }
                if created.is_dir() {
                    fs::remove_dir_all(created)
                } else {
                    fs::remove_file(created)
                }
            }
            Kind::Remove => give_back(&path(&note.second), &path(&note.first)),
            Kind::Rename => {
                let both = String::from_utf8_lossy(&note.first).into_owned();
                let (from, to) = both.split_once('\n').unwrap_or_default();
                if is(Path::new(to), note.number) {
                    fs::rename(to, from)?;
                }
                if note.second.is_empty() {
                    return Ok(());
                }
                give_back(&path(&note.second), Path::new(to))
            }
            Kind::Write | Kind::Truncate | Kind::Sync => Ok(()),
        }
    }
}

/// A file that is opened once it is needed.
struct Found {
    path: PathBuf,
    file: Option<File>,
}

impl Found {
    fn open(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            self.file = Some(File::options().write(true).open(&self.path)?);
        }
        Ok(self.file.as_ref().expect("opened above"))
    }
}

/// Which notes' changes are lost: those without a later sync of their owner, but for as many first ones of each owner as the seed says.
fn lost(notes: &[Note], seed: u64) -> Vec<bool> {
    let mut unsynced: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, note) in notes.iter().enumerate() {
        match note.kind {
            Kind::Sync => {
                unsynced.remove(&note.owner);
            }
            _ => unsynced.entry(note.owner).or_default().push(index),
        }
    }
    let mut lost = vec![false; notes.len()];
    for (owner, indexes) in unsynced {
        let drawn = mix(seed ^ mix(owner));
        let kept = if seed.is_multiple_of(2) {
            0
        } else {
            usize::try_from(drawn % (indexes.len() as u64 + 1)).expect("at most a count in memory")
        };
        for index in &indexes[kept..] {
            lost[*index] = true;
        }
    }
    lost
}

/// SplitMix64's step: equal seeds lose equally.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn note_of(bytes: &[u8]) -> Option<(Note, &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
    let small = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().expect("four bytes"));
    let large = |at: usize| u64::from_ne_bytes(head[at..at + 8].try_into().expect("eight bytes"));
    let (first, rest) = rest.split_at_checked(small(4) as usize)?;
    let (second, rest) = rest.split_at_checked(small(8) as usize)?;
    let kind = match small(0) {
        1 => Kind::Write,
        2 => Kind::Truncate,
        3 => Kind::Sync,
        4 => Kind::Create,
        5 => Kind::Remove,
        6 => Kind::Rename,
        other => panic!("the journal has a note of kind {other}"),
    };
    let note = Note {
        kind,
        owner: large(16),
        number: large(24),
        size_bytes: large(32),
        first: first.to_vec(),
        second: second.to_vec(),
    };
    Some((note, rest))
}

/// The files below a folder.
fn walk(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
