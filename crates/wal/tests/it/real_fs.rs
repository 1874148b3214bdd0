//! The real file system: bytes, modes, reopening.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use wal::{Log, Options, RealFs};

use crate::faulty::{append, payloads};

#[test]
fn a_log_on_the_real_file_system_is_private_and_survives_reopening() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("log");
    let options = Options {
        file_size_bytes_max: 64 << 10,
        preallocate_bytes: 16 << 10,
        ..Options::new(&dir)
    };
    let mut expected = Vec::new();
    for round in 0..3_u8 {
        let (log, report) = Log::open(options.clone(), Arc::new(RealFs)).unwrap();
        assert_eq!(report.torn_tail, None);
        for n in 0..10_u8 {
            expected.push(vec![n ^ round; 7000]);
            append(&log, &expected[expected.len() - 1]);
        }
        assert_eq!(payloads(&log), expected);
    }
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let files: Vec<_> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(files.len() >= 3);
    assert!(files.iter().all(|path| mode(path) == 0o600));

    let (log, _) = Log::open(options, Arc::new(RealFs)).unwrap();
    log.truncate_before(log.committed()).unwrap();
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    let on_disk: u64 = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert_eq!(log.size_bytes(), on_disk);
}

#[test]
fn copies_of_damaged_ranges_go_when_they_are_old_and_make_room_for_others() {
    const DAY: Duration = Duration::from_secs(86_400);
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("log");
    let options = Options {
        preallocate_bytes: 0,
        ..Options::new(&dir)
    };
    let (log, _) = Log::open(options.clone(), Arc::new(RealFs)).unwrap();
    for n in 0..3 {
        append(&log, &[n; 500]);
    }
    drop(log);
    let file = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let (log, report) = Log::open(options, Arc::new(RealFs)).unwrap();
    let copy = report.skipped[0].set_aside.clone().unwrap();
    log.expire_set_aside(7 * DAY);
    assert!(copy.exists());
    let written = fs::File::options().write(true).open(&copy).unwrap();
    written.set_modified(SystemTime::now() - 8 * DAY).unwrap();
    log.expire_set_aside(7 * DAY);
    assert!(!copy.exists());
}
