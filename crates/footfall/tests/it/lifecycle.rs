//! Starting, stopping, and what a start refuses.

use std::process::Command;

use serde_json::json;
use testkit::server::API_KEY;

use crate::world::{World, action, binary};

#[test]
fn a_clean_stop_flushes_and_the_next_start_has_everything() {
    let mut world = World::new(&[]);
    world.send(&[action("s", "v", "a1"), action("s", "v", "a2")]);
    world.wait_for("SELECT count(*) FROM action", 2);
    world.restart();
    assert_eq!(world.server.number("SELECT count(*) FROM action"), 2);
    let metrics = world.server.get("/metrics").unwrap().body;
    assert!(
        metrics
            .lines()
            .any(|line| line == "footfall_store_hot_rows 0"),
        "read from segments, not from the log"
    );
}

#[test]
fn a_second_process_on_the_same_folder_is_refused() {
    let world = World::new(&[]);
    let output = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&world.start.data_dir)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("another footfall process uses the data folder"),
        "{message}"
    );
}

#[test]
fn a_folder_of_a_newer_version_is_refused() {
    let mut world = World::new(&[]);
    assert_eq!(world.server.stop(), Some(0));
    let database = world.start.data_dir.join("meta.db");
    let script = "INSERT OR REPLACE INTO store_state VALUES ('format_version', 999)";
    let python = format!(
        "import sqlite3; c = sqlite3.connect({:?}); c.execute({script:?}); c.commit()",
        database.display().to_string()
    );
    assert!(
        Command::new("python3")
            .args(["-c", &python])
            .status()
            .unwrap()
            .success()
    );
    let output = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&world.start.data_dir)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("newer version"), "{message}");
}

#[test]
fn the_query_command_prints_every_format() {
    let world = World::new(&[]);
    world.send(&[action("s", "v", "a1")]);
    world.wait_for("SELECT count(*) FROM action", 1);
    let ask = |format: &str| {
        let output = Command::new(binary())
            .args([
                "query",
                "--server",
                &world.server.url(),
                "--api-key",
                API_KEY,
                "--format",
                format,
            ])
            .arg("SELECT action_name, count(*) AS n FROM action GROUP BY 1")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    let csv = String::from_utf8(ask("csv")).unwrap();
    assert_eq!(csv.trim(), "action_name,n\r\nBuy,1");
    let answer: serde_json::Value = serde_json::from_slice(&ask("json")).unwrap();
    assert_eq!(answer["rows"], json!([["Buy", 1]]));
    assert!(ask("parquet").starts_with(b"PAR1"));
    assert!(String::from_utf8(ask("table")).unwrap().contains("Buy"));
}

#[test]
fn a_query_that_fails_says_why_and_exits_with_an_error() {
    let world = World::new(&[]);
    let output = Command::new(binary())
        .args([
            "query",
            "--server",
            &world.server.url(),
            "--api-key",
            API_KEY,
            "SELECT vew_id FROM view",
        ])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("view_id"),
        "the nearest name is named: {message}"
    );
}
