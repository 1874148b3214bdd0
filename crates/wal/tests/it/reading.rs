//! Reading while writing, and truncation.

use std::thread;

use testkit::faulty_fs::FaultyFs;
use wal::{Item, LogPosition, SkipReason};

use crate::faulty::{append, items_from, log_files, open, payloads, records, skipped};

#[test]
fn a_tailing_reader_sees_every_record_once_and_in_order() {
    const RECORDS: u32 = 2000;
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..RECORDS {
                let mut payload = n.to_le_bytes().to_vec();
                payload.resize(4 + (n as usize * 37) % 300, 0xee);
                let append = log.append(payload).unwrap();
                if n % 7 == 0 {
                    append.wait().unwrap();
                }
            }
        });
        let mut committed = log.watch_committed();
        let mut reader = log.reader(LogPosition::START);
        let mut seen = 0_u32;
        let mut last_next = LogPosition::START;
        while seen < RECORDS {
            let Some(item) = reader.next().unwrap() else {
                runtime
                    .block_on(committed.wait_for(|end| *end > reader.position()))
                    .unwrap();
                continue;
            };
            let Item::Record {
                position,
                next,
                payload,
            } = item
            else {
                panic!("{item:?}")
            };
            assert_eq!(payload[..4], seen.to_le_bytes());
            assert_eq!(payload.len(), 4 + (seen as usize * 37) % 300);
            assert!(last_next <= position && position < next);
            last_next = next;
            seen += 1;
        }
    });
}

#[test]
fn a_reader_goes_on_from_the_next_of_any_record() {
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    for n in 0..20_u8 {
        append(&log, &[n; 150]);
    }
    let all = items_from(&log, LogPosition::START);
    for (n, item) in all.iter().enumerate() {
        let Item::Record { position, next, .. } = item else {
            panic!("{item:?}")
        };
        assert_eq!(items_from(&log, *position), all[n..]);
        assert_eq!(items_from(&log, *next), all[n + 1..]);
    }
}

#[test]
fn truncation_keeps_every_record_from_the_position_on_and_removes_whole_files_before() {
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    for n in 0..20_u8 {
        append(&log, &[n; 150]);
    }
    let all = records(&log);
    let files = log_files(&fs).len();
    for (n, (position, _)) in all.iter().enumerate() {
        log.truncate_before(*position).unwrap();
        let left = records(&log);
        assert!(
            all[n..].iter().all(|record| left.contains(record)),
            "before {position}"
        );
        assert!(log.first_position() <= *position);
        assert!(
            position.bytes_since(log.first_position()) <= 1024,
            "no file wholly before {position} is left"
        );
        assert_eq!(
            log.len_bytes(),
            log.committed().bytes_since(log.first_position())
        );
        assert_eq!(
            log.unflushed_bytes(*position),
            log.committed().bytes_since(*position)
        );
    }
    assert!(files > 3);
    log.truncate_before(LogPosition(u64::MAX)).unwrap();
    assert_eq!(log_files(&fs).len(), 1, "the file being written stays");
    let on_disk: usize = log_files(&fs)
        .iter()
        .map(|path| fs.contents(path).len())
        .sum();
    log.close();
    assert!(log.size_bytes() <= on_disk as u64);
    // Positions grow on after truncation and reopening.
    let end = log.committed();
    drop(log);
    let (log, report) = open(&fs);
    assert_eq!(report.committed, end);
    assert!(append(&log, b"on") >= end);
}

#[test]
fn starting_a_file_lets_everything_be_truncated_and_positions_go_on() {
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    append(&log, b"personal data");
    let end = log.committed();
    assert_eq!(log.start_file().unwrap().wait().unwrap(), end);
    assert_eq!(
        log.start_file().unwrap().wait().unwrap(),
        end,
        "an unused file is used"
    );
    assert_eq!(payloads(&log), [b"personal data"]);
    log.truncate_before(end).unwrap();
    assert_eq!(payloads(&log), Vec::<Vec<u8>>::new());
    assert!(fs.paths().iter().all(|path| {
        !fs.contents(path)
            .windows(8)
            .any(|bytes| bytes == b"personal")
    }));
    fs.crash(5);
    drop(log);
    let (log, report) = open(&fs);
    assert_eq!((report.first, report.committed), (end, end));
    assert!(append(&log, b"new") > end);
}

#[test]
fn reading_from_before_the_first_file_says_what_is_missing() {
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    for n in 0..20_u8 {
        append(&log, &[n; 150]);
    }
    assert_eq!(skipped(&log), []);
    log.truncate_before(log.committed()).unwrap();
    let items = items_from(&log, LogPosition(100));
    let Item::Skipped(missing) = &items[0] else {
        panic!("{items:?}")
    };
    assert_eq!(
        (missing.from, missing.to, missing.reason),
        (LogPosition(100), log.first_position(), SkipReason::Missing)
    );
    assert_eq!(items.len() - 1, records(&log).len());
}
