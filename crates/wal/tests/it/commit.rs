//! Group commit: what is acknowledged when, and what is refused.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use testkit::faulty_fs::FaultyFs;
use wal::{Error, LogPosition, Options};

use crate::faulty::{append, items, log_files, open, open_with, options, payloads, records};

#[test]
fn records_are_read_back_in_order_at_the_positions_answered_across_files_and_reopening() {
    let fs = FaultyFs::new();
    let mut expected = Vec::new();
    for round in 0..3_u8 {
        let (log, report) = open(&fs);
        assert_eq!(report.torn_tail, None);
        for n in 0..20_u8 {
            let payload = vec![n; usize::from(n) * 7 + usize::from(round)];
            expected.push((append(&log, &payload), payload));
        }
        assert_eq!(records(&log), expected);
    }
    assert!(log_files(&fs).len() > 3);
    let (log, _) = open(&fs);
    assert_eq!(records(&log), expected);
}

#[test]
fn an_append_resolves_and_is_read_only_after_the_sync() {
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    let held = fs.hold_syncs();
    let mut append = pin!(log.append(b"a".to_vec()).unwrap());
    held.wait_for_one();
    let mut context = Context::from_waker(Waker::noop());
    assert!(append.as_mut().poll(&mut context).is_pending());
    assert_eq!(items(&log), []);
    assert_eq!(log.committed(), LogPosition::START);
    drop(held);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let position = runtime.block_on(append).unwrap();
    assert_eq!(records(&log), [(position, b"a".to_vec())]);
}

#[test]
fn every_acknowledged_record_survives_power_loss_also_the_first_of_a_new_file() {
    for seed in 0..100 {
        let fs = FaultyFs::new();
        // Each record has a file of its own: its name must be durable too.
        let (log, _) = open_with(
            &fs,
            Options {
                file_size_bytes_max: 0,
                ..options()
            },
        );
        let expected: Vec<_> = (0..4_u8).map(|n| vec![n; 100]).collect();
        for payload in &expected {
            append(&log, payload);
        }
        fs.crash(seed);
        drop(log);
        let (log, _) = open(&fs);
        assert_eq!(payloads(&log), expected, "seed {seed}");
    }
}

#[test]
fn all_that_waits_during_one_sync_shares_the_next() {
    let fs = FaultyFs::new();
    let (log, _) = open_with(
        &fs,
        Options {
            file_size_bytes_max: 1 << 20,
            ..options()
        },
    );
    append(&log, b"creates the file");
    let before = log.metrics();
    let held = fs.hold_syncs();
    let first = log.append(b"first".to_vec()).unwrap();
    held.wait_for_one();
    let writes = fs.writes();
    let others: Vec<_> = (0..100_u8).map(|n| log.append(vec![n]).unwrap()).collect();
    drop(held);
    first.wait().unwrap();
    let positions: Vec<_> = others
        .into_iter()
        .map(|append| append.wait().unwrap())
        .collect();
    assert!(positions.is_sorted());
    log.close();
    let after = log.metrics();
    assert_eq!(after.records - before.records, 101);
    assert_eq!(after.payload_bytes - before.payload_bytes, 105);
    // One more may be for zeros written ahead before or behind the group.
    assert!(
        after.commit_batches - before.commit_batches <= 3,
        "{before:?} {after:?}"
    );
    assert!(fs.writes() - writes <= 4);
}

#[test]
fn a_full_queue_refuses_at_once_and_takes_again_when_it_has_drained() {
    for options in [
        Options {
            queue_records_max: 3,
            ..options()
        },
        Options {
            queue_bytes_max: 30,
            ..options()
        },
    ] {
        let fs = FaultyFs::new();
        let (log, _) = open_with(&fs, options);
        let held = fs.hold_syncs();
        let waiting: Vec<_> = (0..3).map(|_| log.append(vec![0; 10]).unwrap()).collect();
        assert!(matches!(log.append(vec![0; 10]), Err(Error::Full)));
        assert_eq!(log.queued(), (3, 30));
        assert_eq!(log.metrics().full_refusals, 1);
        drop(held);
        for append in waiting {
            append.wait().unwrap();
        }
        append(&log, &[0; 10]);
        assert_eq!(items(&log).len(), 4);
    }
}

#[test]
fn a_record_larger_than_queue_and_file_is_taken_when_nothing_else_waits() {
    let fs = FaultyFs::new();
    let (log, _) = open_with(
        &fs,
        Options {
            queue_bytes_max: 1,
            ..options()
        },
    );
    let large = vec![7; 3 << 20];
    append(&log, &large);
    append(&log, b"after");
    drop(log);
    let (log, _) = open(&fs);
    assert_eq!(payloads(&log), [large, b"after".to_vec()]);
}

#[test]
fn a_record_over_the_limit_is_refused_with_both_sizes() {
    let fs = FaultyFs::new();
    let (log, _) = open_with(
        &fs,
        Options {
            record_bytes_max: 8,
            ..options()
        },
    );
    append(&log, &[0; 8]);
    let refused = log.append(vec![0; 9]).err();
    assert!(
        matches!(
            refused,
            Some(Error::RecordTooLarge {
                size_bytes: 9,
                size_bytes_max: 8
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn closing_finishes_what_waits_and_gives_the_zeros_back() {
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    let waiting = log.append(b"waits".to_vec()).unwrap();
    log.close();
    waiting.wait().unwrap();
    assert!(matches!(log.append(b"late".to_vec()), Err(Error::Closed)));
    assert_eq!(payloads(&log), [b"waits"]);
    assert_eq!(log.size_bytes(), log.len_bytes());
    assert_eq!(
        fs.contents(&log_files(&fs)[0]).len() as u64,
        log.len_bytes()
    );
}

#[test]
fn zeros_are_written_ahead_so_that_a_commit_does_not_grow_the_file() {
    let fs = FaultyFs::new();
    let (log, _) = open_with(
        &fs,
        Options {
            file_size_bytes_max: 4096,
            preallocate_bytes: 1024,
            ..options()
        },
    );
    append(&log, b"a");
    let size = fs.contents(&log_files(&fs)[0]).len();
    assert_eq!(size, 1024);
    assert_eq!(log.size_bytes(), 1024);
    append(&log, b"b");
    assert_eq!(fs.contents(&log_files(&fs)[0]).len(), size);
}

#[test]
fn a_group_commit_delay_gathers_until_the_queue_is_full() {
    let fs = FaultyFs::new();
    // A day: only the full queue can end the wait.
    let delay = Some(std::time::Duration::from_secs(86_400));
    let (log, _) = open_with(
        &fs,
        Options {
            group_commit_delay: delay,
            queue_records_max: 5,
            ..options()
        },
    );
    let waiting: Vec<_> = (0..5_u8).map(|n| log.append(vec![n]).unwrap()).collect();
    for append in waiting {
        append.wait().unwrap();
    }
    assert_eq!(log.metrics().commit_batches, 1);
}

#[test]
fn a_waiting_append_that_is_dropped_is_written_all_the_same() {
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    drop(log.append(b"nobody listens".to_vec()).unwrap());
    append(&log, b"after");
    assert_eq!(
        payloads(&log),
        [b"nobody listens".to_vec(), b"after".to_vec()]
    );
}

#[test]
fn polling_is_ready_once_durable() {
    let fs = FaultyFs::new();
    let (log, _) = open(&fs);
    let mut first = pin!(log.append(b"a".to_vec()).unwrap());
    append(&log, b"b");
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(
        first.as_mut().poll(&mut context),
        Poll::Ready(Ok(_))
    ));
}
