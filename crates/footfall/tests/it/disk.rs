//! A disk that is full, and one that fails to sync.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use testkit::faulty_disk::FaultyDisk;
use testkit::server::{Server, Start};

use crate::world::{action, binary};

/// What takes longer never comes: flushes are a second apart, and machines are slow.
const PATIENCE: Duration = Duration::from_secs(120);

struct Ground {
    disk: FaultyDisk,
    start: Start,
    server: Server,
    acknowledged: BTreeSet<String>,
    sent: usize,
    _dir: tempfile::TempDir,
}

impl Ground {
    fn new(flush_interval: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new(&dir.path().join("data"), &dir.path().join("disk"));
        let mut start = Start::new(binary(), disk.root())
            .with("FOOTFALL_FLUSH_INTERVAL", flush_interval)
            .with("FOOTFALL_DISK_RESERVE", "0B");
        for (name, value) in disk.env() {
            start = start.with(name, &value);
        }
        Self {
            server: start.ready(),
            disk,
            start,
            acknowledged: BTreeSet::new(),
            sent: 0,
            _dir: dir,
        }
    }

    /// Sends one event; the status, 0 when the connection broke.
    fn send(&mut self) -> u16 {
        self.sent += 1;
        let id = format!("a{:05}", self.sent);
        let mut event = action("s", "v", &id);
        // Large and incompressible enough to fill the room soon.
        event["context"] = serde_json::json!({ "filler": format!("{id}-").repeat(2_000) });
        let answer = self.server.post(
            "/api/v2/rum?ddsource=browser&dd-api-key=pub1",
            "text/plain",
            &[],
            event.to_string().as_bytes(),
        );
        let status = answer.map_or(0, |answer| answer.status);
        if status == 202 {
            self.acknowledged.insert(id);
        }
        status
    }

    fn send_until(&mut self, wanted: u16) {
        for _ in 0..5_000 {
            let status = self.send();
            if status == wanted {
                return;
            }
            assert!(matches!(status, 202 | 507), "answered {status}");
        }
        panic!("never answered {wanted}");
    }

    fn stored(&self) -> BTreeSet<String> {
        let sql = "SELECT event_id FROM action LIMIT 1000000";
        let rows = self.server.rows(sql);
        let stored: Vec<String> = rows
            .iter()
            .map(|row| row[0].as_str().unwrap().to_owned())
            .collect();
        let ids: BTreeSet<String> = stored.iter().cloned().collect();
        assert_eq!(ids.len(), stored.len(), "nothing is there twice");
        ids
    }

    fn metric(&self, name: &str) -> u64 {
        let metrics = self.server.get("/metrics").unwrap().body;
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no metric {name}"))
            .parse()
            .unwrap()
    }

    /// Polls until a metric is so large.
    fn wait_for(&self, name: &str, at_least: u64) {
        let begun = Instant::now();
        while self.metric(name) < at_least {
            assert!(begun.elapsed() < PATIENCE, "{name} stayed below {at_least}");
        }
    }

    fn wait_for_all(&self) {
        let begun = Instant::now();
        while !self.acknowledged.is_subset(&self.stored()) {
            assert!(
                begun.elapsed() < PATIENCE,
                "acknowledged events are not there"
            );
        }
    }

    fn segment_files(&self) -> Vec<PathBuf> {
        files_below(&self.disk.root().join("segments"))
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_full_disk_refuses_new_data_answers_queries_and_heals_without_a_restart() {
    let mut ground = Ground::new("1s");
    ground.send_until(202);
    ground.wait_for("footfall_store_flushes_total", 1);
    let flushed = ground.segment_files().len();
    ground.disk.set_space_left(Some(400_000));
    ground.send_until(507);
    ground.wait_for_all();
    let failures = "footfall_store_flush_failures_total";
    ground.wait_for(failures, 1);
    let seen = ground.metric(failures);
    ground.wait_for(failures, seen + 4);
    // Of two tables and days at most, with their keys.
    assert!(
        ground.segment_files().len() <= flushed + 8,
        "an attempt leaves no files to the next"
    );
    assert_eq!(ground.send(), 507, "still full");
    ground.wait_for_all();

    ground.disk.set_space_left(None);
    ground.send_until(202);
    let flushes = ground.metric("footfall_store_flushes_total");
    ground.wait_for("footfall_store_flushes_total", flushes + 1);
    ground.wait_for_all();
    ground.server.kill();
    ground.disk.lose_power(2).unwrap();
    ground.server = ground.start.ready();
    let stored = ground.stored();
    assert!(ground.acknowledged.is_subset(&stored));
}

#[test]
fn a_sync_of_the_log_that_fails_ends_the_process_and_acknowledges_nothing() {
    let mut ground = Ground::new("60s");
    ground.send_until(202);
    ground.wait_for_all();
    ground.disk.fail_syncs(1);
    assert_ne!(ground.send(), 202);
    assert_eq!(ground.server.wait_end().code(), Some(1));
    ground.disk.lose_power(2).unwrap();
    ground.server = ground.start.ready();
    assert_eq!(ground.stored(), ground.acknowledged);
    ground.send_until(202);
    ground.wait_for_all();
}
