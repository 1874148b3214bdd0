//! Flipped bytes, missing files, foreign bytes: a start is never refused and only what is damaged is lost.

use std::path::{Path, PathBuf};

use testkit::faulty_fs::FaultyFs;
use wal::{Error, LogPosition, Options, SkipReason};

use crate::faulty::{
    append, fs_with, items, items_from, log_files, open, open_with, options, payloads, records,
    skipped, try_open,
};

const SAMPLE: [&[u8]; 9] = [
    b"one",
    b"",
    &[3; 200],
    b"four is 24 bytes of text",
    &[5; 301],
    &[6; 77],
    b"seven",
    &[8; 150],
    b"nine",
];

struct Sample {
    files: Vec<(PathBuf, Vec<u8>)>,
    records: Vec<(LogPosition, Vec<u8>)>,
}

/// A log of two files, as it is after a clean stop, and after a kill: with zeros ahead.
fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for killed in [false, true] {
        let fs = FaultyFs::new();
        let (log, _) = open(&fs);
        let records = SAMPLE
            .map(|payload| (append(&log, payload), payload.to_vec()))
            .to_vec();
        if killed {
            fs.kill();
        }
        drop(log);
        let contents = |path: PathBuf| (path.clone(), fs.contents(&path));
        let files: Vec<_> = log_files(&fs).into_iter().map(contents).collect();
        assert_eq!(files.len(), 2);
        samples.push(Sample { files, records });
    }
    samples
}

#[test]
fn a_flipped_byte_anywhere_costs_at_most_the_record_it_is_in() {
    for Sample { files, records } in samples() {
        for (path, contents) in &files {
            for offset in 0..contents.len() {
                for mask in [0x01, 0xff] {
                    let fs = FaultyFs::new();
                    for (path, contents) in &files {
                        fs.set_contents(path, contents.clone());
                    }
                    fs.flip(path, offset, mask);
                    let base: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
                    check_flipped(&fs, &records, base + offset as u64);
                }
            }
        }
    }
}

fn check_flipped(fs: &FaultyFs, before: &[(LogPosition, Vec<u8>)], flipped: u64) {
    let (log, _) = open(fs);
    let found = records(&log);
    let new = append(&log, b"new");
    drop(log);
    let (log, _) = open(fs);
    let mut with_new = found.clone();
    with_new.push((new, b"new".to_vec()));
    assert_eq!(
        records(&log),
        with_new,
        "after a new record, flipped {flipped}"
    );
    let lost: Vec<_> = before
        .iter()
        .filter(|record| !found.contains(record))
        .collect();
    let unknown: Vec<_> = found
        .iter()
        .filter(|record| !before.contains(record))
        .collect();
    assert_eq!(unknown, Vec::<&_>::new(), "flipped {flipped}");
    assert!(lost.len() <= 1, "flipped {flipped}: {lost:?}");
    for (position, payload) in lost {
        let end = position.0 + 32 + payload.len() as u64;
        assert!(
            (position.0..end).contains(&flipped),
            "flipped {flipped} lost the record at {position}"
        );
    }
}

#[test]
fn damage_is_told_once_and_its_bytes_are_set_aside() {
    let (fs, positions) = fs_with(&[b"one", b"the second", b"three"]);
    let path = log_files(&fs).remove(0);
    let flipped_at = usize::try_from(positions[1].0).unwrap() + 32;
    fs.flip(&path, flipped_at, 0x10);
    let (log, report) = open(&fs);
    let copy = PathBuf::from(format!("log/corrupt/{:020}.bin", positions[1].0));
    let [damage] = report.skipped.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!((damage.from, damage.to), (positions[1], positions[2]));
    assert_eq!(damage.reason, SkipReason::DamagedPayload);
    assert_eq!(damage.set_aside.as_ref(), Some(&copy));
    assert_eq!(fs.contents(&copy)[32..42], *b"dhe second");
    assert_eq!(
        fs.contents(&copy).len() as u64,
        damage.to.bytes_since(damage.from)
    );
    assert_eq!(skipped(&log), report.skipped);
    assert_eq!(skipped(&log), report.skipped);
    assert_eq!(log.metrics().corrupt_records_skipped, 1);
    assert_eq!(payloads(&log), [b"one".to_vec(), b"three".to_vec()]);
}

#[test]
fn damage_in_an_older_file_is_found_by_its_reader() {
    let (fs, positions) = fs_with(&[b"one", &[2; 800], &[3; 800]]);
    fs.flip(&log_files(&fs)[0], 64, 0xff);
    let (log, report) = open(&fs);
    assert_eq!(report.skipped, []);
    let [damage] = skipped(&log).try_into().unwrap();
    assert_eq!(
        (damage.from, damage.to, damage.reason),
        (positions[0], positions[1], SkipReason::DamagedHeader)
    );
    assert_eq!(payloads(&log), [vec![2; 800], vec![3; 800]]);
}

#[test]
fn two_damaged_neighbours_are_two_losses() {
    let (fs, positions) = fs_with(&[b"one", b"two", b"three", b"four"]);
    for position in &positions[1..3] {
        fs.flip(
            &log_files(&fs)[0],
            usize::try_from(position.0).unwrap() + 33,
            1,
        );
    }
    let (log, _) = open(&fs);
    assert_eq!(payloads(&log), [b"one".to_vec(), b"four".to_vec()]);
    assert_eq!(skipped(&log).len(), 2);
}

#[test]
fn without_room_for_set_aside_bytes_damage_is_skipped_all_the_same() {
    let (fs, positions) = fs_with(&[b"one", b"two", b"three"]);
    fs.flip(
        &log_files(&fs)[0],
        usize::try_from(positions[1].0).unwrap(),
        1,
    );
    let (log, report) = open_with(
        &fs,
        Options {
            set_aside_bytes_max: 10,
            ..options()
        },
    );
    assert_eq!(report.skipped[0].set_aside, None);
    assert_eq!(payloads(&log), [b"one".to_vec(), b"three".to_vec()]);
    // … as on a full disk.
    drop(log);
    fs.set_space_left(Some(0));
    let (log, report) = open(&fs);
    assert_eq!(report.skipped[0].set_aside, None);
    assert_eq!(payloads(&log), [b"one".to_vec(), b"three".to_vec()]);
}

#[test]
fn a_missing_file_is_a_gap_and_not_the_end() {
    let (fs, positions) = fs_with(&[&[1; 800], &[2; 800], &[3; 800]]);
    let gone = log_files(&fs).remove(1);
    fs.remove(&gone).unwrap();
    let (log, _) = open(&fs);
    assert_eq!(payloads(&log), [vec![1; 800], vec![3; 800]]);
    let [gap] = skipped(&log).try_into().unwrap();
    assert_eq!((gap.reason, gap.set_aside), (SkipReason::Missing, None));
    assert!(gap.from < positions[1] && positions[1] < gap.to && gap.to <= positions[2]);
}

#[test]
fn a_file_that_was_shortened_loses_its_end_only() {
    let (fs, _) = fs_with(&[b"one", &[2; 600], &[3; 800]]);
    let path = log_files(&fs).remove(0);
    let contents = fs.contents(&path);
    fs.set_contents(&path, contents[..300].to_vec());
    let (log, _) = open(&fs);
    assert_eq!(payloads(&log), [b"one".to_vec(), vec![3; 800]]);
    let reasons: Vec<_> = skipped(&log).iter().map(|skipped| skipped.reason).collect();
    assert_eq!(reasons, [SkipReason::DamagedHeader, SkipReason::Missing]);
}

#[test]
fn foreign_contents_are_set_aside_and_other_names_left_alone() {
    let (fs, _) = fs_with(&[b"one"]);
    let end = fs.contents(&log_files(&fs)[0]).len();
    let foreign: PathBuf = format!("log/{end:020}.log").into();
    fs.set_contents(&foreign, vec![0xab; 5000]);
    fs.set_contents(Path::new("log/notes.txt"), b"mine".to_vec());
    let (log, report) = open(&fs);
    assert_eq!(
        report.skipped[0].set_aside,
        Some(format!("log/corrupt/{end:020}.bin").into())
    );
    append(&log, b"two");
    drop(log);
    let (log, report) = open(&fs);
    assert_eq!(report.skipped, []);
    assert_eq!(payloads(&log), [b"one", b"two"]);
    assert_eq!(fs.contents(Path::new("log/notes.txt")), b"mine");
}

#[test]
fn a_newer_format_is_refused_and_nothing_is_touched() {
    let (fs, _) = fs_with(&[b"one", b"two"]);
    let path = log_files(&fs).remove(0);
    let mut contents = fs.contents(&path);
    contents[8..12].copy_from_slice(&7_u32.to_le_bytes());
    let checksum = crc32c::crc32c(&contents[..60]);
    contents[60..64].copy_from_slice(&checksum.to_le_bytes());
    // A torn tail, which a known format would have cut.
    contents.extend_from_slice(b"12345678");
    fs.set_contents(&path, contents.clone());
    let error = try_open(&fs, options()).err().unwrap();
    assert!(
        matches!(
            error,
            Error::NewerFormat {
                found: 7,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .contains("00000000000000000000.log has log format 7"),
        "{error}"
    );
    assert_eq!(fs.contents(&path), contents);
}

/// A record as a sender could put it into a payload. The file id decides whether it is believed.
fn forged(position: u64, file_id: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = b"FFrc".to_vec();
    bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&position.to_le_bytes());
    bytes.extend_from_slice(file_id);
    bytes.extend_from_slice(&crc32c::crc32c(payload).to_le_bytes());
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn a_forged_record_in_a_damaged_payload_is_not_believed() {
    for knows_file_id in [true, false] {
        let fs = FaultyFs::new();
        let (log, _) = open(&fs);
        let first = append(&log, b"one");
        let path = log_files(&fs).remove(0);
        let file_id = if knows_file_id {
            fs.contents(&path)[24..32].to_vec()
        } else {
            vec![1; 8]
        };
        let outer = first.0 + 40;
        assert_eq!(
            append(&log, &forged(outer + 32, &file_id, b"forged!!")).0,
            outer
        );
        append(&log, b"last");
        drop(log);
        fs.flip(&path, usize::try_from(outer).unwrap(), 0xff);
        let (log, _) = open(&fs);
        // With the id it is believed: so the forgery is otherwise right, and the id is what guards.
        let expected: &[&[u8]] = if knows_file_id {
            &[b"one", b"forged!!", b"last"]
        } else {
            &[b"one", b"last"]
        };
        assert_eq!(payloads(&log), expected);
    }
}

/// The file id is not known when the file header is damaged, and the length in a forged header must not lead astray.
#[test]
fn without_a_file_header_a_forged_header_does_not_hide_the_records_behind_it() {
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    let mut forgery = forged(64 + 32, &[9; 8], &[7; 100]);
    forgery.truncate(32);
    let outer = append(&log, &forgery);
    append(&log, b"two");
    append(&log, &[3; 200]);
    drop(log);
    let path = log_files(&fs).remove(0);
    fs.flip(&path, 0, 0xff);
    fs.flip(&path, usize::try_from(outer.0).unwrap(), 0xff);
    let (log, _) = open(&fs);
    assert_eq!(payloads(&log), [b"two".to_vec(), vec![3; 200]]);
}

#[test]
fn a_record_written_to_the_wrong_place_is_not_believed() {
    let (fs, positions) = fs_with(&[b"one", b"two", b"three"]);
    let path = log_files(&fs).remove(0);
    let mut contents = fs.contents(&path);
    let [first, second, third] = positions.as_slice() else {
        panic!("three positions")
    };
    let at = |position: &LogPosition| usize::try_from(position.0).unwrap();
    contents.copy_within(at(first)..at(second), at(second));
    fs.set_contents(&path, contents);
    let (log, report) = open(&fs);
    assert_eq!(payloads(&log), [b"one".to_vec(), b"three".to_vec()]);
    assert_eq!(
        (report.skipped[0].from, report.skipped[0].to),
        (*second, *third)
    );
}

#[test]
fn a_log_that_lost_its_end_goes_on_behind_what_its_reader_has_seen() {
    let (fs, positions) = fs_with(&[b"one", b"two"]);
    let seen = positions[1];
    let path = log_files(&fs).remove(0);
    let contents = fs.contents(&path);
    let reopened = Options {
        position_min: LogPosition(1 << 20),
        ..options()
    };
    for left in [None, Some(64), Some(100), Some(contents.len())] {
        fs.remove(&path).unwrap();
        if let Some(left) = left {
            fs.set_contents(&path, contents[..left].to_vec());
        }
        for extra in log_files(&fs).into_iter().filter(|file| *file != path) {
            fs.remove(&extra).unwrap();
        }
        let (log, report) = open_with(&fs, reopened.clone());
        assert_eq!(report.committed, LogPosition(1 << 20));
        let position = append(&log, b"new");
        assert!(position > seen);
        drop(log);
        let (log, _) = open_with(&fs, reopened.clone());
        assert_eq!(items_from(&log, LogPosition(1 << 20)).len(), 1, "{left:?}");
        assert_eq!(payloads(&log).last().unwrap(), b"new");
        if left.is_none() {
            fs.set_contents(&path, contents.clone());
        }
    }
}

#[test]
fn an_empty_folder_is_an_empty_log_at_the_start() {
    let fs = FaultyFs::new();
    let (log, report) = open(&fs);
    assert_eq!(
        (report.first, report.committed, report.files),
        (LogPosition::START, LogPosition::START, 0)
    );
    assert_eq!(items(&log), []);
    drop(log);
    assert_eq!(log_files(&fs), Vec::<PathBuf>::new());
}
