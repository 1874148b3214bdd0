//! Crashes at named points: a child process of this test binary works on a data folder until the failpoint kills it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use schema::tables::{common, view};
use schema::{Event, TableId};
use store::{Incoming, Options, Store};

use crate::harness::{
    MIDNIGHT, SECOND, batch, counts, files_under, in_session, pool, record, replay, rows,
    view_version,
};
use crate::versions::runtime;

const RECORDS: usize = 24;
const DIR: &str = "FOOTFALL_STORE_CRASH_DIR";
/// A process that was killed leaves a log that the next one to open the catalog works off under a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The same log in parent and child: errors, and two views that live through it, one of them sent backwards.
fn log() -> Vec<Vec<Incoming>> {
    let events = |number: usize| -> Vec<Event> {
        let forward = i64::try_from(number).unwrap();
        let mut late = view_version("backwards", i64::try_from(RECORDS).unwrap() - forward);
        late.row.set(common::session_id, "other");
        let error = in_session(
            TableId::Error,
            &format!("e{number:02}"),
            MIDNIGHT + forward * SECOND,
        );
        vec![
            error.clone(),
            view_version("forwards", forward + 1),
            late,
            error,
        ]
    };
    (0..RECORDS)
        .map(|number| record(number, events(number), false))
        .collect()
}

async fn open(dir: &Path) -> Store {
    let options = Options {
        view_idle_us: 0,
        session_idle_us: 0,
        ..Options::new(dir.join("data"))
    };
    Store::open(options, pool(dir, BUSY_TIMEOUT).await)
        .await
        .unwrap()
}

/// Not a test by itself: what the child does. Applies the log from where it was flushed, flushing and compacting on the way.
#[test]
fn work_of_the_child() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let work = async {
        let store = open(Path::new(&dir)).await;
        let log = log();
        let flushed = usize::try_from(store.flushed_position()).unwrap();
        for position in flushed..log.len() {
            store.apply(batch(&log, position)).await.unwrap();
            if position % 3 == 2 {
                store.flush(MIDNIGHT).await.unwrap();
            }
            if position % 6 == 5 {
                store.compact_fully(MIDNIGHT).await.unwrap();
            }
        }
    };
    runtime().block_on(work);
}

/// Whether the child was killed at the point; otherwise it must have ended well.
fn is_killed_at(dir: &Path, failpoint: &str) -> bool {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::work_of_the_child", "--exact"])
        .env(DIR, dir)
        .env("FOOTFALL_FAILPOINT", failpoint)
        .output()
        .unwrap();
    // A child that ends by itself has an exit code; one that a signal ended has none.
    let is_killed = child.status.code().is_none();
    assert!(
        is_killed || child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stdout)
    );
    is_killed
}

async fn check_exactly_once(dir: &Path) {
    let store = open(dir).await;
    let log = log();
    let flushed = usize::try_from(store.flushed_position()).unwrap();
    check_rows(&store, flushed).await;
    let named: Vec<String> = sqlx::query_scalar("SELECT path FROM segment ORDER BY path")
        .fetch_all(&pool(dir, BUSY_TIMEOUT).await)
        .await
        .unwrap();
    let files = files_under(&dir.join("data"), "segments");
    let segments: Vec<&String> = files
        .iter()
        .filter(|file| file.ends_with(".parquet"))
        .collect();
    assert_eq!(segments, named.iter().collect::<Vec<_>>());
    assert_eq!(files.len(), 2 * named.len(), "a segment and its keys");
    replay(&store, &log).await;
    check_rows(&store, RECORDS).await;
}

/// What the first records of the log say, once.
async fn check_rows(store: &Store, records: usize) {
    let snapshot = store.snapshot();
    let errors = rows(&snapshot, TableId::Error).await;
    let ids: Vec<&str> = errors
        .iter()
        .map(|row| row.str(common::event_id).unwrap())
        .collect();
    assert_eq!(
        ids,
        (0..records)
            .map(|number| format!("e{number:02}"))
            .collect::<Vec<_>>()
    );
    let views = rows(&snapshot, TableId::View).await;
    let versions: Vec<_> = views
        .iter()
        .map(|row| row.int(view::view_version).unwrap())
        .collect();
    let sessions = rows(&snapshot, TableId::Session).await;
    let seen: Vec<[i64; 4]> = sessions.iter().map(counts).collect();
    if records == 0 {
        assert!(versions.is_empty() && seen.is_empty());
        return;
    }
    let records = i64::try_from(records).unwrap();
    assert_eq!(
        versions,
        [i64::try_from(RECORDS).unwrap(), records],
        "backwards, forwards"
    );
    assert_eq!(seen, [[1, 0, 0, 0], [1, 0, records, 0]], "other, s");
}

/// Kills at each passage of the point in turn, each child going on with what the one before left.
fn check_failpoint(name: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut kills = 0;
    // The n-th child gets past the point n − 1 times, so that in the end one comes through.
    while is_killed_at(dir.path(), &format!("{name}:{}", kills + 1)) {
        kills += 1;
        runtime().block_on(check_exactly_once(dir.path()));
    }
    runtime().block_on(check_exactly_once(dir.path()));
    assert!(kills >= 2, "{name} killed {kills} children");
}

#[test]
fn after_a_crash_between_two_segments_of_a_flush_every_event_is_there_once() {
    check_failpoint("flush_segment_written");
}

#[test]
fn after_a_crash_before_the_commit_of_a_flush_every_event_is_there_once() {
    check_failpoint("flush_files_written");
}

#[test]
fn after_a_crash_behind_the_commit_of_a_flush_every_event_is_there_once() {
    check_failpoint("flush_committed");
}

#[test]
fn after_a_crash_before_the_commit_of_a_compaction_every_event_is_there_once() {
    check_failpoint("compaction_files_written");
}

#[test]
fn after_a_crash_behind_the_commit_of_a_compaction_every_event_is_there_once() {
    check_failpoint("compaction_committed");
}
