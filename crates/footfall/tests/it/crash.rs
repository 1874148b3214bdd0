//! Kills under load and at named points: every acknowledged event is there once.

use testkit::faulty_disk::FaultyDisk;
use testkit::server::Server;

use crate::world::{World, action, binary, event};

/// Another seed each run finds more; a failure prints it.
fn seed() -> u64 {
    std::env::var("FOOTFALL_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| u64::from(std::process::id()))
}

#[test]
fn twenty_kills_under_load_lose_and_repeat_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let seed = seed();
    let report = testkit::crash::run(
        binary(),
        &dir.path().join("data"),
        20,
        seed,
        &[("FOOTFALL_FLUSH_INTERVAL", "1s")],
    );
    println!("seed {seed}: {report:?}");
    assert!(
        report.acknowledged_events > 0,
        "seed {seed}: the load reached the server"
    );
}

#[test]
fn twenty_losses_of_power_under_load_lose_and_repeat_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new(&dir.path().join("data"), &dir.path().join("disk"));
    // Writes that take half of their bytes besides: every caller must go on with the rest.
    disk.set_short_writes(13);
    let seed = seed();
    let settings = [("FOOTFALL_FLUSH_INTERVAL", "1s")];
    let report = testkit::crash::run_losing_power(binary(), &disk, 20, seed, &settings);
    println!("seed {seed}: {report:?}");
    assert!(
        report.acknowledged_events > 0 && report.lost > 0,
        "seed {seed}: the load reached the server and its disk"
    );
}

/// The server dies at the point during its first flush, by a kill and by a loss of power; what it had acknowledged is there after the
/// next start.
fn check_failpoint(name: &str) {
    let settings = [("FOOTFALL_FLUSH_INTERVAL", "1s")];
    check_failpoint_in(World::new(&settings), None, name);
    let (world, disk) = World::on_disk(&settings);
    check_failpoint_in(world, Some(&disk), name);
}

fn check_failpoint_in(mut world: World, disk: Option<&FaultyDisk>, name: &str) {
    world.server.kill();
    world.server = world.start.clone().with("FOOTFALL_FAILPOINT", name).ready();
    let mut sent = 0;
    let alive = |server: &Server| server.get("/healthz").is_some();
    let mut events = Vec::new();
    while alive(&world.server) && sent < 100_000 {
        let id = format!("a{sent}");
        let view = format!("v{}", sent % 7);
        let mut state = event("view", "s", &view);
        state["_dd"] = serde_json::json!({ "document_version": sent });
        let body = format!("{}\n{state}", action("s", &view, &id));
        let answer = world.server.post(
            "/api/v2/rum?dd-api-key=x",
            "text/plain",
            &[],
            body.as_bytes(),
        );
        if answer.is_some_and(|answer| answer.status == 202) {
            events.push(id);
        }
        sent += 1;
    }
    assert!(!alive(&world.server), "{name} was never passed");
    if let Some(disk) = disk {
        world.server.wait_end();
        disk.lose_power(seed()).unwrap();
    }
    world.server = world.start.ready();
    let found = world
        .server
        .rows("SELECT event_id, count(*) FROM action GROUP BY 1 LIMIT 1000000");
    let found: std::collections::HashMap<&str, i64> = found
        .iter()
        .map(|row| (row[0].as_str().unwrap(), row[1].as_i64().unwrap()))
        .collect();
    for id in &events {
        assert_eq!(
            found.get(id.as_str()),
            Some(&1),
            "{name}: acknowledged {id}"
        );
    }
    assert!(
        found.values().all(|count| *count == 1),
        "{name}: nothing is there twice"
    );
    let views = world.server.number("SELECT count(*) FROM view");
    assert_eq!(
        views,
        world
            .server
            .number("SELECT count(DISTINCT view_id) FROM view"),
        "{name}"
    );
    assert_eq!(
        world.server.number("SELECT count(*) FROM session"),
        1,
        "{name}"
    );
}

#[test]
fn a_kill_between_segments_of_a_flush_loses_nothing() {
    check_failpoint("flush_segment_written");
}

#[test]
fn a_kill_before_a_flush_commits_loses_nothing() {
    check_failpoint("flush_files_written");
    check_failpoint("flush_marked");
}

#[test]
fn a_kill_after_a_flush_committed_repeats_nothing() {
    check_failpoint("flush_committed");
}

#[test]
fn a_kill_in_a_compaction_loses_nothing() {
    check_failpoint("compaction_files_written");
    check_failpoint("compaction_committed");
}
