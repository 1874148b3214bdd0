//! What is live, what is durable, and what a crash makes of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A disk writes this much as one; less is not torn, except at the end of what was reached.
const SECTOR_BYTES: usize = 512;

/// SplitMix64 (Steele et al. 2014): good enough, and the same for ever for one seed.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, which is above 0.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a usize")
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// How much of what was not synced survives.
enum Survival {
    Nothing,
    All,
    /// The first so many changes whole, the next one in part.
    Beginning(usize),
    /// Each sector and change by a coin.
    Pieces,
}

impl Survival {
    fn choose(rng: &mut Rng, changes: usize) -> Self {
        match rng.below(4) {
            0 => Self::Nothing,
            1 => Self::All,
            2 => Self::Beginning(rng.below(changes + 1)),
            _ => Self::Pieces,
        }
    }

    /// Whether a change that cannot be torn survives.
    fn keeps(&self, n: usize, rng: &mut Rng) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Beginning(whole) => n < *whole,
            Self::Pieces => rng.coin(),
        }
    }
}

/// A file's contents.
#[derive(Default)]
pub(super) struct Inode {
    pub(super) live: Vec<u8>,
    durable: Vec<u8>,
    /// Changes since the last sync, in order.
    unsynced: Vec<Change>,
}

enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    SetLen(usize),
}

impl Inode {
    pub(super) fn durable(contents: Vec<u8>) -> Self {
        Self {
            live: contents.clone(),
            durable: contents,
            unsynced: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: usize) {
        apply_write(&mut self.live, bytes, offset);
        self.unsynced.push(Change::Write {
            offset,
            bytes: bytes.to_vec(),
        });
    }

    pub(super) fn set_len(&mut self, len: usize) {
        self.live.resize(len, 0);
        self.unsynced.push(Change::SetLen(len));
    }

    /// Not simply a copy of what is live: what a failed sync has lost stays lost.
    pub(super) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            match change {
                Change::Write { offset, bytes } => apply_write(&mut self.durable, &bytes, offset),
                Change::SetLen(len) => self.durable.resize(len, 0),
            }
        }
    }

    pub(super) fn forget_unsynced(&mut self) {
        self.unsynced.clear();
    }

    pub(super) fn crash(&mut self, rng: &mut Rng) {
        let survival = Survival::choose(rng, self.unsynced.len());
        for (n, change) in self.unsynced.drain(..).enumerate() {
            match (change, &survival) {
                (Change::SetLen(len), survival) => {
                    if survival.keeps(n, rng) {
                        self.durable.resize(len, 0);
                    }
                }
                (Change::Write { offset, bytes }, Survival::Pieces) => {
                    for (sector, bytes) in sectors(offset, &bytes) {
                        if rng.coin() {
                            apply_write(&mut self.durable, bytes, sector);
                        }
                    }
                }
                (Change::Write { offset, bytes }, Survival::Beginning(whole)) if n == *whole => {
                    let reached = rng.below(bytes.len() + 1);
                    apply_write(&mut self.durable, &bytes[..reached], offset);
                }
                (Change::Write { offset, bytes }, survival) => {
                    if survival.keeps(n, rng) {
                        apply_write(&mut self.durable, &bytes, offset);
                    }
                }
            }
        }
        self.live.clone_from(&self.durable);
    }
}

/// Splits a write at sector borders of the file.
fn sectors(offset: usize, bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let to_border = SECTOR_BYTES - (offset + start) % SECTOR_BYTES;
        let end = bytes.len().min(start + to_border);
        pieces.push((offset + start, &bytes[start..end]));
        start = end;
    }
    pieces
}

fn apply_write(contents: &mut Vec<u8>, bytes: &[u8], offset: usize) {
    let end = offset + bytes.len();
    if contents.len() < end && !bytes.is_empty() {
        contents.resize(end, 0);
    }
    if !bytes.is_empty() {
        contents[offset..end].copy_from_slice(bytes);
    }
}

/// The names of files, of all folders.
#[derive(Default)]
pub(super) struct Names {
    live: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    unsynced: Vec<NameChange>,
}

#[derive(Clone)]
enum NameChange {
    Link {
        path: PathBuf,
        inode: usize,
    },
    Unlink {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
        inode: usize,
    },
}

impl Names {
    pub(super) fn get(&self, path: &Path) -> Option<usize> {
        self.live.get(path).copied()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.live.keys()
    }

    pub(super) fn link(&mut self, path: &Path, inode: usize) {
        self.live.insert(path.to_owned(), inode);
        self.unsynced.push(NameChange::Link {
            path: path.to_owned(),
            inode,
        });
    }

    pub(super) fn unlink(&mut self, path: &Path) -> Option<usize> {
        let inode = self.live.remove(path)?;
        self.unsynced.push(NameChange::Unlink {
            path: path.to_owned(),
        });
        Some(inode)
    }

    /// `false` if there is no such file.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> bool {
        let Some(inode) = self.live.remove(from) else {
            return false;
        };
        self.live.insert(to.to_owned(), inode);
        self.unsynced.push(NameChange::Rename {
            from: from.to_owned(),
            to: to.to_owned(),
            inode,
        });
        true
    }

    pub(super) fn sync(&mut self, dir: &Path) {
        for change in std::mem::take(&mut self.unsynced) {
            if change.is_in(dir) {
                change.apply(&mut self.durable);
            } else {
                self.unsynced.push(change);
            }
        }
    }

    pub(super) fn crash(&mut self, rng: &mut Rng) {
        let survival = Survival::choose(rng, self.unsynced.len());
        for (n, change) in self.unsynced.drain(..).enumerate() {
            if survival.keeps(n, rng) {
                change.apply(&mut self.durable);
            }
        }
        self.live.clone_from(&self.durable);
    }
}

impl NameChange {
    /// A rename between folders belongs to the one it goes to.
    fn is_in(&self, dir: &Path) -> bool {
        let (Self::Link { path, .. } | Self::Unlink { path } | Self::Rename { to: path, .. }) =
            self;
        path.parent() == Some(dir)
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Link { path, inode } => {
                names.insert(path.clone(), *inode);
            }
            Self::Unlink { path } => {
                names.remove(path);
            }
            Self::Rename { from, to, inode } => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
        }
    }
}
