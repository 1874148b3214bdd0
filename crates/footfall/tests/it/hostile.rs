//! Bad input: each its documented answer, good lines beside a bad one kept, memory bounded, nothing stops.

use std::io::Write;

use serde_json::json;

use crate::world::{World, action, now_ms};

fn rejects(world: &World, reason: &str) -> bool {
    let metrics = world.server.get("/metrics").unwrap().body;
    metrics.contains(&format!(
        "footfall_pipeline_rejects_total{{reason=\"{reason}\"}}"
    ))
}

/// A bad line between two good ones: the good ones are stored, the bad one is counted under its reason.
fn check_line(bad: &[u8], reason: &str) {
    let world = World::new(&[]);
    let (first, last) = (
        action("s", "v", "first").to_string(),
        action("s", "v", "last").to_string(),
    );
    let body = [first.as_bytes(), bad, last.as_bytes()].join(&b'\n');
    assert_eq!(world.send_body(&body).status, 202);
    world.wait_for("SELECT count(*) FROM action", 2);
    assert!(
        rejects(&world, reason),
        "{reason}: {}",
        world.server.get("/metrics").unwrap().body
    );
}

#[test]
fn half_a_line_costs_only_itself() {
    check_line(br#"{"type":"action","date":17952444"#, "malformed_json");
}

#[test]
fn invalid_utf8_costs_only_its_line() {
    check_line(b"{\"type\":\"action\",\"x\":\"\xff\xfe\"}", "invalid_utf8");
}

#[test]
fn deep_json_costs_only_its_line() {
    let deep = format!(
        "{{\"type\":\"action\",\"a\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    check_line(deep.as_bytes(), "too_deep");
}

#[test]
fn not_a_number_costs_only_its_line() {
    check_line(br#"{"type":"action","date":NaN}"#, "malformed_json");
}

#[test]
fn an_unknown_type_is_quarantined() {
    check_line(
        br#"{"type":"transition","date":1795244487281,"application":{"id":"shop"}}"#,
        "unknown_type",
    );
}

#[test]
fn an_event_above_a_mebibyte_costs_only_itself() {
    let mut huge = action("s", "v", "huge");
    huge["context"] = json!({ "blob": "x".repeat(2 << 20) });
    check_line(huge.to_string().as_bytes(), "event_too_large");
}

#[test]
fn a_body_above_its_limit_is_refused_with_413() {
    let world = World::new(&[]);
    assert_eq!(world.send_body(&vec![b'x'; 20 << 20]).status, 413);
    assert_eq!(
        world.send(&[action("s", "v", "a")]).status,
        202,
        "the server goes on"
    );
    world.wait_for("SELECT count(*) FROM action", 1);
}

#[test]
fn a_zip_bomb_is_cut_at_the_limit_and_memory_stays_bounded() {
    let world = World::new(&[]);
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder
        .write_all(format!("{}\n", action("s", "v", "good")).as_bytes())
        .unwrap();
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 2 << 20, "a gibibyte in {} bytes", bomb.len());
    let before = peak_mb(world.server.pid());
    let answer = world.send_to(
        "/api/v2/rum?dd-api-key=x&dd-evp-encoding=deflate",
        &[],
        &bomb,
    );
    assert_eq!(answer.status, 202);
    world.wait_for("SELECT count(*) FROM action", 1);
    let grown = peak_mb(world.server.pid()) - before;
    assert!(
        grown < 300.0,
        "memory grew by {grown} MB for 1 GiB inflated"
    );
}

fn peak_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1024.0
}

#[test]
fn dates_far_off_are_refused_or_moved() {
    let world = World::new(&[]);
    let mut old = action("s", "v", "old");
    old["date"] = json!(1_000);
    let mut future = action("s", "v", "future");
    future["date"] = json!(4_102_444_800_000_i64);
    world.send(&[old, future, action("s", "v", "now")]);
    world.wait_for("SELECT count(*) FROM action", 2);
    assert!(rejects(&world, "too_late"));
    let rows = world.server.rows(
        "SELECT CAST(client_time AS BIGINT), CAST(time AS BIGINT) FROM action WHERE event_id = 'future' AND time_adjusted",
    );
    assert_eq!(
        rows[0][0],
        json!(4_102_444_800_000_000_i64),
        "what was sent is kept"
    );
    let moved = rows[0][1].as_i64().unwrap();
    assert!(
        (moved / 1000 - now_ms()).abs() < 60_000,
        "moved to its arrival"
    );
}

#[test]
fn bad_queries_are_answered_with_what_was_wrong() {
    let world = World::new(&[]);
    let check = |sql: &str, status: u16, code: &str| {
        let answer = world
            .server
            .api("/api/v1/query", &json!({ "sql": sql }))
            .unwrap();
        assert_eq!(answer.status, status, "{sql}: {}", answer.body);
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{sql}: {}", answer.body);
        assert!(
            !problem["detail"].as_str().unwrap().is_empty()
                && !problem["help"].as_str().unwrap().is_empty()
        );
        problem
    };
    let problem = check("SELECT vew_id FROM view", 400, "unknown_column");
    assert!(problem["detail"].as_str().unwrap().contains("vew_id"));
    check("SELEC 1", 400, "sql_syntax");
    check("SELECT * FROM nothing", 400, "unknown_table");
    check("DROP TABLE view", 400, "sql_not_allowed");
    check("COPY view TO '/tmp/x.parquet'", 400, "sql_not_allowed");
    check(
        "SET datafusion.execution.batch_size = 1",
        400,
        "sql_not_allowed",
    );
    let answer = world
        .server
        .api(
            "/api/v1/query",
            &json!({ "sql": "SELECT $1", "params": [] }),
        )
        .unwrap();
    assert_eq!(answer.status, 400);
    let garbage = world
        .server
        .post(
            "/api/v1/query",
            "application/json",
            &[(
                "authorization",
                &format!("Bearer {}", testkit::server::API_KEY),
            )],
            b"{",
        )
        .unwrap();
    assert_eq!(garbage.status, 400);
    assert!(garbage.json()["code"].is_string());
}

#[test]
fn what_no_protocol_and_no_route_has_is_a_problem_document() {
    let world = World::new(&[]);
    let answer = world.server.get("/api/v1/nothing").unwrap();
    assert_eq!(answer.status, 404);
    assert!(answer.json()["code"].is_string(), "{}", answer.body);
    assert_eq!(world.server.get("/healthz").unwrap().status, 200);
    assert_eq!(world.server.get("/readyz").unwrap().status, 200);
}
