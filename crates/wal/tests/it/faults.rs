//! Failing writes leave the log well-formed, failing syncs end it.

use testkit::faulty_fs::FaultyFs;
use wal::{Error, Log, Options};

use crate::faulty::{append, log_files, open, open_with, options, payloads};

fn try_append(log: &Log, payload: &[u8]) -> wal::Result<wal::LogPosition> {
    log.append(payload.to_vec()).and_then(wal::Append::wait)
}

/// No zeros ahead, so that writes of zeros do not take the injected faults.
fn without_zeros() -> Options {
    Options {
        preallocate_bytes: 0,
        file_size_bytes_max: 4096,
        ..options()
    }
}

#[test]
fn a_full_disk_refuses_and_takes_again_when_there_is_room_at_every_fill() {
    for space in 0..400 {
        let fs = FaultyFs::new();
        let (log, _) = open_with(
            &fs,
            Options {
                file_size_bytes_max: 256,
                ..without_zeros()
            },
        );
        append(&log, b"before");
        fs.set_space_left(Some(space));
        let mut expected = vec![b"before".to_vec()];
        for n in 0..8_u8 {
            match try_append(&log, &[n; 60]) {
                Ok(_) => expected.push(vec![n; 60]),
                Err(error) => assert!(matches!(error, Error::DiskFull), "{error:?}"),
            }
        }
        assert!(log.metrics().disk_full_refusals > 0, "space {space}");
        assert_eq!(payloads(&log), expected, "space {space}");
        fs.set_space_left(None);
        append(&log, b"after");
        expected.push(b"after".to_vec());
        assert!(!log.poisoned());
        assert_eq!(payloads(&log), expected, "space {space}");
        fs.crash(space);
        drop(log);
        let (log, report) = open(&fs);
        assert_eq!(report.torn_tail, None);
        assert_eq!(payloads(&log), expected, "space {space}");
    }
}

#[test]
fn a_start_on_a_full_disk_works_for_reading() {
    let fs = FaultyFs::new();
    fs.set_space_left(Some(0));
    let (log, _) = open(&fs);
    assert!(matches!(try_append(&log, b"no room"), Err(Error::DiskFull)));
    fs.set_space_left(None);
    append(&log, b"room");
    assert_eq!(payloads(&log), [b"room"]);
}

#[test]
fn zeros_ahead_are_given_up_on_a_full_disk_and_records_still_fit() {
    let fs = FaultyFs::new();
    let (log, _) = open_with(
        &fs,
        Options {
            file_size_bytes_max: 1 << 20,
            preallocate_bytes: 4096,
            ..options()
        },
    );
    append(&log, b"one");
    fs.set_space_left(Some(100));
    // Into the zeros that are there, then past them into the last hundred bytes.
    append(&log, &[2; 3000]);
    append(&log, &[3; 40]);
    fs.crash(3);
    drop(log);
    let (log, _) = open(&fs);
    assert_eq!(
        payloads(&log),
        [b"one".to_vec(), vec![2; 3000], vec![3; 40]]
    );
}

#[test]
fn a_failed_write_is_answered_and_leaves_nothing() {
    let fs = FaultyFs::new();
    let (log, _) = open_with(&fs, without_zeros());
    append(&log, b"one");
    fs.fail_write(1);
    assert!(matches!(
        try_append(&log, b"fails"),
        Err(Error::WriteFile { .. })
    ));
    // A short write first, the rest fails: half a record is in the file.
    fs.short_write(1);
    fs.fail_write(2);
    assert!(matches!(
        try_append(&log, &[7; 300]),
        Err(Error::WriteFile { .. })
    ));
    append(&log, b"two");
    assert_eq!(payloads(&log), [b"one", b"two"]);
    assert_eq!(log.metrics().failed_batches, 2);
    drop(log);
    let (log, report) = open(&fs);
    assert_eq!(report.torn_tail, None);
    assert_eq!(payloads(&log), [b"one", b"two"]);
}

/// Of a group that could not be written, whole records can be left behind the point where the next group starts.
#[test]
fn what_a_failed_write_left_does_not_come_back_behind_later_records() {
    for seed in 0..300 {
        let fs = FaultyFs::new();
        let (log, _) = open_with(&fs, without_zeros());
        append(&log, b"one");
        let held = fs.hold_syncs();
        let two = log.append(b"two".to_vec()).unwrap();
        held.wait_for_one();
        let group = [0_u8, 1, 2].map(|n| log.append(vec![n; 500]).unwrap());
        fs.short_write(1);
        fs.fail_write(2);
        drop(held);
        two.wait().unwrap();
        for append in group {
            append.wait().unwrap_err();
        }
        let held = fs.hold_syncs();
        let later = log.append(vec![9; 500]).unwrap();
        held.wait_for_one();
        fs.crash(seed);
        drop(held);
        later.wait().unwrap_err();
        drop(log);
        let (log, _) = open(&fs);
        let found: Vec<_> = payloads(&log).iter().map(|payload| payload[0]).collect();
        assert!(
            matches!(found.as_slice(), [b'o', b't'] | [b'o', b't', 9]),
            "seed {seed}: {found:?}"
        );
    }
}

#[test]
fn a_short_write_is_continued() {
    let fs = FaultyFs::new();
    let (log, _) = open_with(&fs, without_zeros());
    fs.short_write(1);
    append(&log, &[1; 100]);
    fs.short_write(1);
    append(&log, &[2; 100]);
    assert_eq!(payloads(&log), [[1; 100], [2; 100]]);
}

#[test]
fn a_failed_file_creation_is_answered_and_tried_again() {
    let fs = FaultyFs::new();
    let (log, _) = open_with(&fs, without_zeros());
    fs.fail_write(1);
    assert!(matches!(
        try_append(&log, b"no file"),
        Err(Error::WriteFile { .. })
    ));
    assert_eq!(log_files(&fs), Vec::<std::path::PathBuf>::new());
    append(&log, b"file");
    assert_eq!(payloads(&log), [b"file"]);
}

#[test]
fn a_failed_sync_poisons_for_ever() {
    for of_dir in [false, true] {
        let fs = FaultyFs::new();
        let (log, _) = open_with(
            &fs,
            Options {
                file_size_bytes_max: 0,
                ..without_zeros()
            },
        );
        append(&log, b"one");
        let watch = log.watch_poisoned();
        if of_dir {
            fs.fail_sync_dir(1);
        } else {
            fs.fail_sync(1);
        }
        assert!(matches!(try_append(&log, b"lost"), Err(Error::Poisoned)));
        assert!(log.poisoned() && *watch.borrow());
        assert!(matches!(
            log.append(b"after".to_vec()),
            Err(Error::Poisoned)
        ));
        assert_eq!(payloads(&log), [b"one"]);
        fs.crash(1);
        drop(log);
        let (log, _) = open(&fs);
        append(&log, b"two");
        let found = payloads(&log);
        assert_eq!(
            (found.first().unwrap(), found.last().unwrap()),
            (&b"one".to_vec(), &b"two".to_vec())
        );
    }
}

#[test]
fn what_waits_behind_a_failed_sync_is_refused_too() {
    let fs = FaultyFs::new();
    let (log, _) = open_with(&fs, without_zeros());
    append(&log, b"one");
    let held = fs.hold_syncs();
    let first = log.append(b"a".to_vec()).unwrap();
    held.wait_for_one();
    let second = log.append(b"b".to_vec()).unwrap();
    fs.fail_sync(1);
    drop(held);
    assert!(matches!(first.wait(), Err(Error::Poisoned)));
    assert!(matches!(second.wait(), Err(Error::Poisoned)));
}

/// The kernel shows records that a failed sync lost, until the power fails: what is acknowledged after the restart stands
/// behind a hole.
#[test]
fn records_acknowledged_after_a_restart_survive_the_hole_of_a_failed_sync() {
    for nth in 1..=2 {
        let fs = FaultyFs::new();
        let (log, _) = open_with(&fs, without_zeros());
        fs.fail_sync(nth);
        assert!(matches!(try_append(&log, &[1; 700]), Err(Error::Poisoned)));
        fs.kill();
        drop(log);
        let (log, _) = open(&fs);
        append(&log, b"after the restart");
        fs.crash(0);
        drop(log);
        let (log, _) = open(&fs);
        assert_eq!(
            payloads(&log).last().unwrap(),
            b"after the restart",
            "sync {nth}"
        );
    }
}
