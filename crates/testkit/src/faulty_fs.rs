//! A file system in memory that keeps what was synced and loses the rest, as power loss does.
//!
//! It knows two states of everything: *live*, what programs see, and *durable*, what is on disk. `sync_data` brings the
//! contents of one file to disk, `sync_dir` the names in one folder; a synced file without a synced name is lost.
//! [`FaultyFs::crash`] makes a new live state out of the durable one and, by seed, of some of what was not synced: all,
//! nothing, a beginning, or single sectors, differently for each file. [`FaultyFs::kill`] is the end of the process only.
//! After both, handles of before fail: the dead write no more.
//!
//! A sync that fails loses what it should have written for good, while programs go on seeing it: Linux marks the pages
//! clean (the "fsyncgate" behaviour; Rebello et al., "Can Applications Recover from fsync Failures?", 2020).
//!
//! Folders are simple: they are there when created, need no sync themselves, and cannot be removed.

mod disk;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use disk::{Inode, Names, Rng};

/// The file system. Clones are the same one.
#[derive(Clone, Default)]
pub struct FaultyFs {
    inner: Arc<Inner>,
}

/// An open file.
pub struct FaultyFile {
    inner: Arc<Inner>,
    inode: usize,
    life: u64,
}

/// While this lives, syncs of files do not return.
pub struct HeldSyncs {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    dirs: BTreeSet<PathBuf>,
    names: Names,
    inodes: Vec<Inode>,
    faults: Faults,
    /// Counts crashes and kills; handles of an earlier life are dead.
    life: u64,
    holds: usize,
    held_syncs: usize,
    writes: u64,
    syncs: u64,
}

/// What goes wrong next. Numbers count down from the nth call to 1.
#[derive(Default)]
struct Faults {
    fail_write: Option<u64>,
    short_write: Option<u64>,
    fail_sync: Option<u64>,
    fail_sync_dir: Option<u64>,
    space_left: Option<u64>,
}

impl FaultyFs {
    /// An empty file system that works.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a folder; one that is there is fine.
    pub fn create_dir(&self, dir: &Path) {
        self.lock().dirs.insert(dir.to_owned());
    }

    /// Creates a file, or empties the one that is there.
    ///
    /// # Errors
    /// `NotFound` without its folder, `StorageFull` when no byte is left.
    pub fn create(&self, path: &Path) -> io::Result<FaultyFile> {
        let mut state = self.lock();
        if !path.parent().is_some_and(|dir| state.dirs.contains(dir)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if state.faults.space_left == Some(0) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let inode = match state.names.get(path) {
            Some(inode) => inode,
            None => {
                state.inodes.push(Inode::default());
                let inode = state.inodes.len() - 1;
                state.names.link(path, inode);
                inode
            }
        };
        state.set_len(inode, 0);
        Ok(self.handle(inode, state.life))
    }

    /// Opens a file that is there.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn open(&self, path: &Path) -> io::Result<FaultyFile> {
        let state = self.lock();
        let inode = state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(self.handle(inode, state.life))
    }

    /// Names of the files of a folder.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.lock();
        if !state.dirs.contains(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let names = state
            .names
            .paths()
            .filter(|path| path.parent() == Some(dir));
        Ok(names
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect())
    }

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.lock();
        let inode = state.names.unlink(path).ok_or(io::ErrorKind::NotFound)?;
        let freed = state.inodes[inode].live.len() as u64;
        state.give_space(freed);
        Ok(())
    }

    /// Renames a file, over another if there is one.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let renamed = self.lock().names.rename(from, to);
        renamed
            .then_some(())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Brings the names of a folder to disk.
    ///
    /// # Errors
    /// By [`FaultyFs::fail_sync_dir`].
    pub fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.lock();
        state.syncs += 1;
        if is_due(&mut state.faults.fail_sync_dir) {
            return Err(io::Error::other("injected failure of a folder's sync"));
        }
        state.names.sync(dir);
        Ok(())
    }

    /// The power fails: what was not synced survives in part, as the seed says. Faults are cleared.
    pub fn crash(&self, seed: u64) {
        let mut state = self.lock();
        let mut rng = Rng(seed);
        for inode in &mut state.inodes {
            inode.crash(&mut rng);
        }
        state.names.crash(&mut rng);
        self.end_life(state);
    }

    /// The process dies, the machine lives: everything written is still there. Faults are cleared.
    pub fn kill(&self) {
        self.end_life(self.lock());
    }

    /// The nth write from now (1 = the next) fails and writes nothing.
    pub fn fail_write(&self, nth: u64) {
        self.lock().faults.fail_write = Some(nth);
    }

    /// The nth write from now (1 = the next) takes only half of its bytes.
    pub fn short_write(&self, nth: u64) {
        self.lock().faults.short_write = Some(nth);
    }

    /// The nth sync of a file from now (1 = the next) fails.
    pub fn fail_sync(&self, nth: u64) {
        self.lock().faults.fail_sync = Some(nth);
    }

    /// The nth sync of a folder from now (1 = the next) fails; its names stay unsynced.
    pub fn fail_sync_dir(&self, nth: u64) {
        self.lock().faults.fail_sync_dir = Some(nth);
    }

    /// Files can grow by so many bytes more, together; `None` = without end. What files give back is free again.
    pub fn set_space_left(&self, size_bytes: Option<u64>) {
        self.lock().faults.space_left = size_bytes;
    }

    /// Everything works again.
    pub fn clear_faults(&self) {
        self.lock().faults = Faults::default();
    }

    /// Flips the bits of `mask` in one byte, on disk too.
    pub fn flip(&self, path: &Path, offset: usize, mask: u8) {
        let mut contents = self.contents(path);
        contents[offset] ^= mask;
        self.set_contents(path, contents);
    }

    /// What is in a file; panics if it is not there.
    #[must_use]
    pub fn contents(&self, path: &Path) -> Vec<u8> {
        let state = self.lock();
        let inode = state
            .names
            .get(path)
            .unwrap_or_else(|| panic!("no file {}", path.display()));
        state.inodes[inode].live.clone()
    }

    /// Replaces what is in a file, on disk too, and creates it if it is not there.
    pub fn set_contents(&self, path: &Path, contents: Vec<u8>) {
        let mut state = self.lock();
        let inode = match state.names.get(path) {
            Some(inode) => inode,
            None => {
                state.inodes.push(Inode::default());
                let inode = state.inodes.len() - 1;
                state.names.link(path, inode);
                inode
            }
        };
        state.inodes[inode] = Inode::durable(contents);
        if let Some(dir) = path.parent() {
            state.names.sync(dir);
        }
    }

    /// All files, sorted.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.lock().names.paths().cloned().collect()
    }

    /// Writes asked for so far.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// Syncs of files and folders asked for so far.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.lock().syncs
    }

    /// Stops syncs of files until the guard is dropped: so a test stands between write and sync for certain.
    #[must_use]
    pub fn hold_syncs(&self) -> HeldSyncs {
        self.lock().holds += 1;
        HeldSyncs {
            inner: Arc::clone(&self.inner),
        }
    }

    fn handle(&self, inode: usize, life: u64) -> FaultyFile {
        FaultyFile {
            inner: Arc::clone(&self.inner),
            inode,
            life,
        }
    }

    fn end_life(&self, mut state: MutexGuard<'_, State>) {
        state.life += 1;
        state.faults = Faults::default();
        drop(state);
        self.inner.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.lock()
    }
}

impl FaultyFile {
    /// Reads from an offset; 0 at the end.
    ///
    /// # Errors
    /// For a handle of before a crash.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.lock()?;
        let contents = &state.inodes[self.inode].live;
        let rest = contents.get(to_usize(offset)..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    /// Writes at an offset, fewer bytes when told so or when space runs out.
    ///
    /// # Errors
    /// By [`FaultyFs::fail_write`], `StorageFull`, for a handle of before a crash.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.lock()?;
        state.writes += 1;
        if is_due(&mut state.faults.fail_write) {
            return Err(io::Error::other("injected failure of a write"));
        }
        let mut len = bytes.len() as u64;
        if is_due(&mut state.faults.short_write) {
            len = len.div_ceil(2);
        }
        let size_bytes = state.inodes[self.inode].live.len() as u64;
        let growth = (offset + len).saturating_sub(size_bytes);
        if let Some(space_left) = &mut state.faults.space_left {
            let missing = growth.saturating_sub(*space_left);
            if missing >= len && len > 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            len -= missing;
            *space_left -= growth - missing;
        }
        state.inodes[self.inode].write(&bytes[..to_usize(len)], to_usize(offset));
        Ok(to_usize(len))
    }

    /// Cuts the file, or extends it by zeros.
    ///
    /// # Errors
    /// For a handle of before a crash.
    pub fn set_len(&self, len: u64) -> io::Result<()> {
        self.lock()?.set_len(self.inode, to_usize(len));
        Ok(())
    }

    /// Length in bytes.
    ///
    /// # Errors
    /// For a handle of before a crash.
    pub fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.lock()?.inodes[self.inode].live.len() as u64)
    }

    /// Brings contents and length to disk.
    ///
    /// # Errors
    /// By [`FaultyFs::fail_sync`], for a handle of before a crash.
    pub fn sync_data(&self) -> io::Result<()> {
        let mut state = self.lock()?;
        state.syncs += 1;
        if state.holds > 0 {
            state.held_syncs += 1;
            self.inner.changed.notify_all();
            let held = |state: &mut State| state.holds > 0 && state.life == self.life;
            let waited = self.inner.changed.wait_while(state, held);
            state = waited.expect("no panic while the file system is held");
            state.held_syncs -= 1;
            self.check_life(&state)?;
        }
        let fails = is_due(&mut state.faults.fail_sync);
        let inode = &mut state.inodes[self.inode];
        if fails {
            inode.forget_unsynced();
            return Err(io::Error::other("injected failure of a sync"));
        }
        inode.sync();
        Ok(())
    }

    fn lock(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.inner.lock();
        self.check_life(&state)?;
        Ok(state)
    }

    fn check_life(&self, state: &State) -> io::Result<()> {
        if state.life == self.life {
            Ok(())
        } else {
            Err(io::Error::other("this handle is from before a crash"))
        }
    }
}

impl HeldSyncs {
    /// Waits until somebody is stopped in a sync.
    pub fn wait_for_one(&self) {
        let nobody = |state: &mut State| state.held_syncs == 0;
        let waited = self.inner.changed.wait_while(self.inner.lock(), nobody);
        drop(waited.expect("no panic while the file system is held"));
    }
}

impl Drop for HeldSyncs {
    fn drop(&mut self) {
        self.inner.lock().holds -= 1;
        self.inner.changed.notify_all();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no panic while the file system is held")
    }
}

impl State {
    fn set_len(&mut self, inode: usize, len: usize) {
        let freed = self.inodes[inode].live.len().saturating_sub(len) as u64;
        self.inodes[inode].set_len(len);
        self.give_space(freed);
    }

    fn give_space(&mut self, size_bytes: u64) {
        if let Some(space_left) = &mut self.faults.space_left {
            *space_left += size_bytes;
        }
    }
}

/// Counts a fault down; true when its turn has come.
fn is_due(countdown: &mut Option<u64>) -> bool {
    let Some(left) = countdown else { return false };
    *left = left.saturating_sub(1);
    let due = *left == 0;
    if due {
        *countdown = None;
    }
    due
}

fn to_usize(offset: u64) -> usize {
    usize::try_from(offset).expect("an offset in memory fits a usize")
}

#[cfg(test)]
mod tests;
