//! `footfall doctor`, and what a start says of a damaged metadata database.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::world::{World, action, binary, event};

fn doctor(world: &World, flags: &[&str]) -> Output {
    Command::new(binary())
        .arg("doctor")
        .args(flags)
        .arg("--data-dir")
        .arg(&world.start.data_dir)
        .output()
        .unwrap()
}

fn printed(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).into_owned()
}

fn start_is_refused(world: &World) -> String {
    let output = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&world.start.data_dir)
        .output()
        .unwrap();
    assert!(!output.status.success());
    printed(&output)
}

/// Views in several versions, actions and repeats over some flushes, then a clean stop.
fn stopped_world() -> (World, Vec<Vec<Vec<Value>>>) {
    let mut world = World::new(&[("FOOTFALL_FLUSH_INTERVAL", "1s")]);
    for round in 0..4 {
        let mut events = Vec::new();
        for number in 0..6 {
            let view = format!("v{number}");
            let mut version = event("view", "s", &view);
            version["_dd"] = json!({ "document_version": round * 2 + number % 2 });
            events.push(version);
            events.push(action("s", &view, &format!("a{}", round * 3 + number)));
        }
        world.send(&events);
        world.restart();
    }
    let rows = all(&world);
    assert_eq!(world.server.stop(), Some(0));
    (world, rows)
}

fn all(world: &World) -> Vec<Vec<Vec<Value>>> {
    let queries = [
        "SELECT event_id, view_id, time FROM action ORDER BY 1",
        "SELECT view_id, view_version, time FROM view ORDER BY 1",
        "SELECT session_id, session_view_count, session_action_count, session_start, session_end FROM session ORDER BY 1",
    ];
    queries.map(|sql| world.server.rows(sql)).to_vec()
}

fn database(world: &World) -> PathBuf {
    world.start.data_dir.join("meta.db")
}

#[test]
fn a_damaged_database_is_named_with_its_backup_and_the_catalog_comes_back_from_the_segments() {
    let (mut world, before) = stopped_world();
    for damage in ["no database", ""] {
        let bytes = std::fs::read(database(&world)).unwrap();
        let damaged = if damage.is_empty() {
            // A whole header before garbage.
            let half = bytes.len() / 2;
            [&bytes[..100], &vec![0xa5; half][..]].concat()
        } else {
            damage.as_bytes().to_vec()
        };
        std::fs::write(database(&world), damaged).unwrap();
        let message = start_is_refused(&world);
        for part in ["meta-", "footfall doctor --rebuild-catalog", "damaged"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        let output = doctor(&world, &[]);
        assert!(!output.status.success());
        assert!(printed(&output).contains("--rebuild-catalog"));

        let output = doctor(&world, &["--rebuild-catalog"]);
        assert!(output.status.success(), "{}", printed(&output));
        assert!(
            printed(&output).contains("taken from"),
            "{}",
            printed(&output)
        );
        world.server = world.start.ready();
        assert_eq!(all(&world), before);
        assert_eq!(world.server.stop(), Some(0));
    }
}

#[test]
fn without_a_backup_applications_come_back_from_the_segments() {
    let (mut world, before) = stopped_world();
    std::fs::remove_dir_all(world.start.data_dir.join("backup")).unwrap();
    for file in ["meta.db", "meta.db-wal", "meta.db-shm"] {
        let _ = std::fs::remove_file(world.start.data_dir.join(file));
    }
    let output = doctor(&world, &["--rebuild-catalog"]);
    assert!(output.status.success(), "{}", printed(&output));
    world.server = world.start.ready();
    assert_eq!(all(&world), before);
    let applications = world.server.get("/api/v1/applications").unwrap().json();
    assert_eq!(applications["items"][0]["app_id"], "shop");
    assert_eq!(world.send(&[action("s", "v0", "late")]).status, 202);
    world.wait_for("SELECT count(*) FROM action WHERE event_id = 'late'", 1);
}

#[test]
fn a_whole_folder_is_reported_with_its_sizes_and_a_folder_in_use_is_refused() {
    let (mut world, _) = stopped_world();
    let left = world.start.data_dir.join("segments/view/left.parquet");
    std::fs::write(&left, "half").unwrap();
    let output = doctor(&world, &[]);
    let report = printed(&output);
    assert!(output.status.success(), "{report}");
    for part in [
        "metadata database: whole",
        "segments of view: ",
        "segments of session: ",
        "log: ",
        "removed orphan file segments/view/left.parquet, 4 bytes",
        "newest backup: ",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert!(!left.exists());
    world.server = world.start.ready();
    let output = doctor(&world, &["--rebuild-catalog"]);
    assert!(!output.status.success());
    assert!(printed(&output).contains("another footfall process"));
}

#[test]
fn a_damaged_segment_is_named_and_the_server_starts_without_its_rows() {
    let (mut world, _) = stopped_world();
    let folder = world.start.data_dir.join("segments/action");
    let day = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    let segment = std::fs::read_dir(day.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "parquet"))
        .unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(&segment, bytes).unwrap();
    let output = doctor(&world, &[]);
    assert!(!output.status.success());
    assert!(printed(&output).contains("damaged segment segments/action/"));
    world.server = world.start.ready();
    assert_eq!(world.server.number("SELECT count(*) FROM session"), 1);
}
