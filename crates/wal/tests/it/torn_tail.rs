//! What a crash leaves behind the last whole record.

use testkit::faulty_fs::FaultyFs;
use wal::TornTail;

use crate::faulty::{append, fs_with, log_files, open, payloads};

/// Opens a log whose last file was replaced by `contents`: the first record is there, the second not, a third fits in.
fn check(contents: Vec<u8>, torn: Option<TornTail>, what: &str) {
    let (fs, _) = fs_with(&[b"first"]);
    let path = log_files(&fs).pop().unwrap();
    fs.set_contents(&path, contents);
    let (log, report) = open(&fs);
    assert_eq!(report.torn_tail, torn, "{what}");
    assert_eq!(report.skipped, [], "{what}");
    assert_eq!(
        log.metrics().torn_tails_cut,
        u64::from(torn.is_some()),
        "{what}"
    );
    assert_eq!(payloads(&log), [b"first"], "{what}");
    append(&log, b"third");
    drop(log);
    let (log, report) = open(&fs);
    assert_eq!(report.torn_tail, None, "{what}");
    assert_eq!(payloads(&log), [b"first", b"third"], "{what}");
}

#[test]
fn a_record_torn_at_any_byte_is_cut() {
    let (fs, positions) = fs_with(&[b"first", b"second"]);
    let whole = fs.contents(&log_files(&fs)[0]);
    let start = usize::try_from(positions[1].0).unwrap();
    for end in start..whole.len() {
        // The file ends there, as after a crash without zeros written ahead …
        let tail = TornTail {
            position: positions[1],
            size_bytes: (end - start) as u64,
        };
        check(
            whole[..end].to_vec(),
            (end > start).then_some(tail),
            &format!("cut at {end}"),
        );
        // … or zeros follow.
        let mut zeros_follow = whole[..end].to_vec();
        zeros_follow.resize(whole.len() + 100, 0);
        // Padding is zeros anyway: from the end of the payload on the record is whole.
        if zeros_follow[..whole.len()] != whole {
            let tail = TornTail {
                position: positions[1],
                size_bytes: (whole.len() + 100 - start) as u64,
            };
            check(
                zeros_follow,
                (end > start).then_some(tail),
                &format!("zeros from {end}"),
            );
        }
    }
}

#[test]
fn a_group_torn_in_any_way_keeps_what_was_acknowledged_and_takes_new_records() {
    for seed in 0..200 {
        let fs = FaultyFs::new();
        let (log, _) = open(&fs);
        append(&log, b"acknowledged");
        let held = fs.hold_syncs();
        let group: Vec<_> = (0..8_u8)
            .map(|n| log.append(vec![n; 90]).unwrap())
            .collect();
        held.wait_for_one();
        fs.crash(seed);
        drop(held);
        for append in group {
            append.wait().unwrap_err();
        }
        drop(log);
        let (log, _) = open(&fs);
        append(&log, b"new");
        let found = payloads(&log);
        assert_eq!(found.first().unwrap(), b"acknowledged", "seed {seed}");
        assert_eq!(found.last().unwrap(), b"new", "seed {seed}");
        // Of the group each at most once, in order.
        let of_group: Vec<_> = found[1..found.len() - 1]
            .iter()
            .map(|payload| payload[0])
            .collect();
        assert!(
            of_group.is_sorted_by(|a, b| a < b),
            "seed {seed}: {of_group:?}"
        );
    }
}

#[test]
fn a_file_whose_creation_was_interrupted_is_no_hindrance_and_no_damage() {
    let (fs, _) = fs_with(&[b"first"]);
    let header = fs.contents(&log_files(&fs)[0])[..64].to_vec();
    let end = fs.contents(&log_files(&fs)[0]).len();
    for len in 0..64 {
        let (fs, _) = fs_with(&[b"first"]);
        let path = format!("log/{end:020}.log");
        fs.set_contents(path.as_ref(), header[..len].to_vec());
        let (log, report) = open(&fs);
        assert_eq!(report.skipped, [], "{len}");
        append(&log, b"second");
        drop(log);
        let (log, _) = open(&fs);
        assert_eq!(
            payloads(&log),
            [b"first".to_vec(), b"second".to_vec()],
            "{len}"
        );
    }
}

#[test]
fn what_a_killed_process_left_unsynced_is_durable_once_a_start_has_shown_it() {
    for seed in 0..20 {
        let fs = FaultyFs::new();
        let (log, _) = open(&fs);
        append(&log, b"acknowledged");
        let held = fs.hold_syncs();
        let unsynced = log.append(b"written only".to_vec()).unwrap();
        held.wait_for_one();
        fs.kill();
        drop(held);
        unsynced.wait().unwrap_err();
        drop(log);
        let (log, _) = open(&fs);
        let shown = payloads(&log);
        fs.crash(seed);
        drop(log);
        let (log, _) = open(&fs);
        assert_eq!(payloads(&log), shown, "seed {seed}");
    }
}
