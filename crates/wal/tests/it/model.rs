//! The log against a `Vec`, under random operations, faults, crashes and reopenings.

use proptest::collection::vec;
use proptest::prelude::*;
use testkit::faulty_fs::FaultyFs;
use wal::{Error, Log, LogPosition, SkipReason};

use crate::faulty::{open, records, skipped};

#[derive(Clone, Debug)]
enum Op {
    /// All at once, then wait for all.
    Append(Vec<u16>),
    /// All at once; the power fails, or without a seed only the process ends, between write and sync.
    AppendAndEnd(Vec<u16>, Option<u64>),
    Crash(u64),
    Kill,
    Reopen,
    StartFile,
    /// Everything before this share (in 255ths) of the log.
    Truncate(u8),
    FailWrite(u64),
    ShortWrite(u64),
    FailSync(u64),
    FailSyncDir(u64),
    SpaceLeft(u64),
    ClearFaults,
}

fn op() -> impl Strategy<Value = Op> {
    let sizes = || vec(0..700_u16, 1..8);
    prop_oneof![
        8 => sizes().prop_map(Op::Append),
        4 => (sizes(), any::<Option<u64>>()).prop_map(|(sizes, seed)| Op::AppendAndEnd(sizes, seed)),
        2 => any::<u64>().prop_map(Op::Crash),
        1 => Just(Op::Kill),
        1 => Just(Op::Reopen),
        1 => Just(Op::StartFile),
        2 => any::<u8>().prop_map(Op::Truncate),
        1 => (1..4_u64).prop_map(Op::FailWrite),
        1 => (1..4_u64).prop_map(Op::ShortWrite),
        1 => (1..4_u64).prop_map(Op::FailSync),
        1 => (1..3_u64).prop_map(Op::FailSyncDir),
        1 => (0..3000_u64).prop_map(Op::SpaceLeft),
        2 => Just(Op::ClearFaults),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn acknowledged_records_are_there_once_and_in_order_whatever_happens(ops in vec(op(), 1..40)) {
        let mut model = Model::new();
        for op in &ops {
            model.apply(op);
            model.check();
        }
    }
}

/// What the log owes for one record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Owed {
    /// There, at this position, unless truncated.
    Present(LogPosition),
    /// Answered with an error, or not there at a start: never there.
    Absent,
    /// Neither acknowledged nor refused: there or not.
    Either,
}

struct Model {
    fs: FaultyFs,
    log: Option<Log>,
    /// By id, in the order of the calls.
    owed: Vec<Owed>,
    sizes: Vec<u16>,
    truncated: LogPosition,
    /// A sync has failed since the last crash: what is seen may not be on disk.
    unsure: bool,
    /// A sync has failed at some time: only that may leave holes.
    holes: bool,
}

impl Model {
    fn new() -> Self {
        let fs = FaultyFs::new();
        let log = Some(open(&fs).0);
        Self {
            fs,
            log,
            owed: Vec::new(),
            sizes: Vec::new(),
            truncated: LogPosition::START,
            unsure: false,
            holes: false,
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Append(sizes) => {
                let appends = self.start_appends(sizes);
                self.finish_appends(appends);
                if self.log().poisoned() {
                    self.unsure = true;
                    self.holes = true;
                    self.fs.kill();
                    self.reopen();
                }
            }
            Op::AppendAndEnd(sizes, seed) => {
                self.fs.clear_faults();
                let held = self.fs.hold_syncs();
                let appends = self.start_appends(sizes);
                if !self.log().poisoned() {
                    held.wait_for_one();
                }
                match seed {
                    Some(seed) => {
                        self.fs.crash(*seed);
                        self.unsure = false;
                    }
                    None => self.fs.kill(),
                }
                drop(held);
                self.finish_appends(appends);
                self.reopen();
            }
            Op::Crash(seed) => {
                self.fs.crash(*seed);
                self.unsure = false;
                self.reopen();
            }
            Op::Kill => {
                self.fs.kill();
                self.reopen();
            }
            Op::Reopen => {
                self.fs.clear_faults();
                self.log = None;
                self.reopen();
            }
            Op::StartFile => {
                let _ = self.log().start_file().and_then(wal::Append::wait);
            }
            Op::Truncate(share) => self.truncate(*share),
            Op::FailWrite(nth) => self.fs.fail_write(*nth),
            Op::ShortWrite(nth) => self.fs.short_write(*nth),
            Op::FailSync(nth) => self.fs.fail_sync(*nth),
            Op::FailSyncDir(nth) => self.fs.fail_sync_dir(*nth),
            Op::SpaceLeft(size_bytes) => self.fs.set_space_left(Some(*size_bytes)),
            Op::ClearFaults => self.fs.clear_faults(),
        }
    }

    fn log(&self) -> &Log {
        self.log.as_ref().unwrap()
    }

    fn payload(&self, id: usize) -> Vec<u8> {
        let mut payload = u32::try_from(id).unwrap().to_le_bytes().to_vec();
        payload.resize(4 + usize::from(self.sizes[id]), id.to_le_bytes()[0]);
        payload
    }

    fn start_appends(&mut self, sizes: &[u16]) -> Vec<(usize, wal::Result<wal::Append>)> {
        let mut appends = Vec::new();
        for size in sizes {
            let id = self.sizes.len();
            self.sizes.push(*size);
            self.owed.push(Owed::Either);
            appends.push((id, self.log().append(self.payload(id))));
        }
        appends
    }

    fn finish_appends(&mut self, appends: Vec<(usize, wal::Result<wal::Append>)>) {
        for (id, append) in appends {
            self.owed[id] = match append.and_then(wal::Append::wait) {
                Ok(position) => Owed::Present(position),
                Err(Error::Poisoned | Error::Closed | Error::CutFile { .. }) => Owed::Either,
                Err(_) => Owed::Absent,
            };
        }
    }

    /// After the process has ended in one way or another.
    fn reopen(&mut self) {
        self.log = None;
        self.fs.clear_faults();
        self.log = Some(open(&self.fs).0);
        let found = self.check();
        for (id, owed) in self.owed.iter_mut().enumerate() {
            if *owed != Owed::Either {
                continue;
            }
            match found.iter().find(|(found_id, _)| *found_id == id) {
                // Opening has made it durable, but for what a failed sync has lost.
                Some((_, position)) if !self.unsure => *owed = Owed::Present(*position),
                Some(_) => {}
                None => *owed = Owed::Absent,
            }
        }
    }

    fn truncate(&mut self, share: u8) {
        let log = self.log.as_ref().unwrap();
        let position =
            LogPosition(log.first_position().0 + log.len_bytes() * u64::from(share) / 255);
        self.truncated = self.truncated.max(position);
        // A folder's sync may fail here without harm: what is removed may come back.
        let _ = log.truncate_before(position);
    }

    /// Reads everything and compares; gives back what is there as (id, position).
    fn check(&self) -> Vec<(usize, LogPosition)> {
        let missing = skipped(self.log())
            .into_iter()
            .find(|range| range.reason == SkipReason::Missing);
        assert!(missing.is_none() || self.holes, "{missing:?}");
        let mut found = Vec::new();
        for (position, payload) in records(self.log()) {
            let id = u32::from_le_bytes(payload[..4].try_into().unwrap()) as usize;
            assert_eq!(payload, self.payload(id), "payload of {id}");
            found.push((id, position));
        }
        assert!(
            found.is_sorted_by(|a, b| a.0 < b.0),
            "once each and in order: {found:?}"
        );
        for (id, owed) in self.owed.iter().enumerate() {
            let at = found
                .iter()
                .find(|(found_id, _)| *found_id == id)
                .map(|(_, position)| *position);
            match owed {
                Owed::Present(position) if *position >= self.truncated => {
                    assert_eq!(at, Some(*position), "acknowledged {id}");
                }
                Owed::Present(position) => {
                    assert!(at.is_none_or(|at| at == *position), "acknowledged {id}")
                }
                Owed::Absent => assert_eq!(at, None, "refused {id}"),
                Owed::Either => {}
            }
        }
        found
    }
}
