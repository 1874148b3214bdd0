//! Deleting a person's data: afterwards no file of the data folder has a byte of it, and what others sent is all there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::server::API_KEY;

use crate::world::{World, action, binary, event};

const USER: &str = "mallory-7f3a91";
const SESSION: &str = "5e55-mallory";
const WITHIN: Duration = Duration::from_secs(60);

fn of_user(mut event: Value, user: &str) -> Value {
    event["usr"] = json!({ "id": user, "email": format!("{user}@shop.example") });
    event
}

/// Two sessions in two flushes, with a recording, a refused event and a version of each view in the second.
fn send_both(world: &World) {
    for round in 0..2 {
        for (session, user) in [(SESSION, USER), ("s-bob", "bob")] {
            let view = format!("view-of-{user}");
            let mut version = of_user(event("view", session, &view), user);
            version["_dd"] = json!({ "document_version": round + 1 });
            let click = action(session, &view, &format!("{user}-{round}"));
            world.send(&[version, of_user(click, user)]);
            world.send_body(format!("{{\"type\": \"action\", \"usr\": \"{user}\"").as_bytes());
            let recording = format!(
                "--x\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\n{{\"session\":{{\"id\":\"{session}\"}}}}\r\n--x--\r\n"
            );
            let headers = [("content-type", "multipart/form-data; boundary=x")];
            let answer = world.send_to(
                "/api/v2/replay?dd-api-key=pub1",
                &headers,
                recording.as_bytes(),
            );
            assert_eq!(answer.status, 202, "{}", answer.body);
        }
        world.wait_for("SELECT count(*) FROM action", 2 * (round + 1));
        wait_until(|| metric(world, "footfall_store_hot_rows") == 0.0);
    }
}

fn metric(world: &World, name: &str) -> f64 {
    let metrics = world.server.get("/metrics").unwrap().body;
    let line = metrics
        .lines()
        .find(|line| line.starts_with(&format!("{name} ")));
    let value = line.and_then(|line| line.rsplit(' ').next());
    value
        .unwrap_or_else(|| panic!("no {name}"))
        .parse()
        .unwrap()
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < WITHIN, "it does not come");
    }
}

/// Files below the data folder that hold a text.
fn files_with(world: &World, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![world.start.data_dir.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if has(&path, text) {
                found.push(path);
            }
        }
    }
    found
}

fn has(path: &Path, text: &str) -> bool {
    let bytes = std::fs::read(path).unwrap_or_default();
    memchr::memmem::find(&bytes, text.as_bytes()).is_some()
}

fn delete(world: &World, flags: &[&str]) -> Output {
    Command::new(binary())
        .args(["delete", "--api-key", API_KEY, "--app", "shop"])
        .args(["--server", &world.server.url()])
        .args(flags)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn check_only_bob(world: &World) {
    let server = &world.server;
    assert_eq!(
        server.rows("SELECT event_id FROM action ORDER BY 1"),
        [["bob-0"], ["bob-1"]].map(|row| row.map(Value::from).to_vec())
    );
    let sessions =
        "SELECT session_id, session_view_count, session_action_count, user_id FROM session";
    assert_eq!(
        server.rows(sessions),
        [vec![json!("s-bob"), json!(1), json!(2), json!("bob")]]
    );
    assert_eq!(server.number("SELECT count(*) FROM view"), 1);
    for text in [USER, SESSION] {
        let left = files_with(world, text);
        assert!(left.is_empty(), "{text}: {left:?}");
    }
}

#[test]
fn a_user_is_gone_from_every_file_and_others_are_whole() {
    let mut world = World::new(&[("FOOTFALL_FLUSH_INTERVAL", "1s")]);
    send_both(&world);
    let before = files_with(&world, USER);
    for part in ["log/", "segments/view/", "segments/action/", "meta.db"] {
        let is_there = |path: &PathBuf| path.display().to_string().contains(part);
        assert!(before.iter().any(is_there), "{part}: {before:?}");
    }
    assert!(
        files_with(&world, SESSION)
            .iter()
            .any(|path| path.extension().is_some_and(|e| e == "pack"))
    );

    let refused = delete(&world, &["--user", USER]);
    assert!(said(&refused).contains("give --yes"), "{}", said(&refused));
    assert_eq!(
        world.server.number("SELECT count(*) FROM action"),
        4,
        "only shown"
    );

    let done = delete(&world, &["--user", USER, "--yes"]);
    let receipt = said(&done);
    assert!(done.status.success(), "{receipt}");
    for part in [
        "complete",
        "2 action",
        "1 view",
        "1 session",
        "2 kept_request",
        "2 quarantine",
    ] {
        assert!(receipt.contains(part), "{part}: {receipt}");
    }
    check_only_bob(&world);
    let audit = world.server.get("/api/v1/audit_entries").unwrap().body;
    assert!(
        audit.contains("erasure.requested") && !audit.contains(USER),
        "{audit}"
    );

    send_both_again(&world);
    world.restart();
    check_only_bob(&world);
    assert_eq!(world.server.stop(), Some(0));
    let doctor = Command::new(binary())
        .args(["doctor", "--rebuild-catalog", "--data-dir"])
        .arg(&world.start.data_dir)
        .output()
        .unwrap();
    assert!(doctor.status.success(), "{}", said(&doctor));
    world.server = world.start.ready();
    check_only_bob(&world);

    let later = action(SESSION, "another", "later");
    world.send(&[of_user(later, USER)]);
    world.wait_for("SELECT count(*) FROM action", 3);
}

/// The requests once more, as a client does that heard no answer. Nothing of it is stored; the log has it until it is cut.
fn send_both_again(world: &World) {
    let again = [0, 1].map(|round| {
        let click = action(
            SESSION,
            &format!("view-of-{USER}"),
            &format!("{USER}-{round}"),
        );
        of_user(click, USER)
    });
    world.send(&again);
    let bob = of_user(action("s-bob", "view-of-bob", "bob-0"), "bob");
    world.send(&[bob]);
    let repeats = || {
        metric(world, "footfall_store_events_duplicate_total")
            + metric(world, "footfall_store_events_conflict_total")
    };
    wait_until(|| repeats() >= 3.0);
    assert_eq!(world.server.number("SELECT count(*) FROM action"), 2);
    // Only to have the log empty again.
    let done = delete(world, &["--user", USER, "--yes"]);
    assert!(said(&done).contains("nothing"), "{}", said(&done));
}

fn erasure(world: &World, body: &Value) -> Value {
    let answer = world.server.api("/api/v1/erasures", body).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

#[test]
fn a_kill_at_any_step_of_an_erasure_is_made_up_for_by_the_next_start() {
    let points = [
        "erasure_files_written",
        "erasure_committed",
        "erasure_rewritten",
    ];
    for point in points {
        let mut world = World::new(&[("FOOTFALL_FLUSH_INTERVAL", "1s")]);
        send_both(&world);
        world.server.kill();
        world.server = world
            .start
            .clone()
            .with("FOOTFALL_FAILPOINT", point)
            .ready();
        let body = json!({ "app_id": "shop", "by": "user_id", "value": USER });
        let asked = erasure(&world, &body);
        world.server.wait_end();
        world.server = world.start.ready();
        let path = format!("/api/v1/erasures/{}", asked["id"].as_str().unwrap());
        let mut receipt = Value::Null;
        wait_until(|| {
            receipt = world.server.get(&path).unwrap().json();
            receipt["state"] == "complete"
        });
        let erased = receipt["erased"].as_array().unwrap();
        for (name, count) in [
            ("action", 2),
            ("view", 1),
            ("session", 1),
            ("kept_request", 2),
        ] {
            let amount = json!({ "name": name, "count": count });
            assert!(erased.contains(&amount), "{point}: {receipt}");
        }
        assert_eq!(receipt["value_hash"], asked["value_hash"]);
        check_only_bob(&world);
    }
}

#[test]
fn a_value_that_names_nobody_is_refused_and_a_wildcard_is_a_name_like_any_other() {
    let world = World::new(&[("FOOTFALL_FLUSH_INTERVAL", "1s")]);
    send_both(&world);
    for value in [
        String::new(),
        "  ".to_owned(),
        "x".repeat(1025),
        "a\u{0}b".to_owned(),
    ] {
        for path in ["/api/v1/erasures", "/api/v1/erasures/preview"] {
            let body = json!({ "app_id": "shop", "by": "user_id", "value": value });
            let answer = world.server.api(path, &body).unwrap();
            assert_eq!(answer.json()["code"], "invalid_value", "{}", answer.body);
        }
    }
    for by in ["user_id", "session_id", "user_email", "anonymous_id"] {
        for value in ["*", "%", "mallory*", "x' OR '1'='1", "\"bob\"", "BOB"] {
            let body = json!({ "app_id": "shop", "by": by, "value": value });
            let answer = world.server.api("/api/v1/erasures/preview", &body).unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert_eq!(
                answer.json()["amounts"],
                quarantined_bobs(value),
                "{by} {value}"
            );
        }
    }
    let done = delete(
        &world,
        &["--session", "s-bob", "--email", "bob@shop.example"],
    );
    assert!(!done.status.success(), "one at a time");
    assert_eq!(world.server.number("SELECT count(*) FROM action"), 4);
}

/// Samples are text, in which an id has no case.
fn quarantined_bobs(value: &str) -> Value {
    match value {
        "BOB" | "\"bob\"" => json!([{ "name": "quarantine", "count": 2 }]),
        _ => json!([]),
    }
}
