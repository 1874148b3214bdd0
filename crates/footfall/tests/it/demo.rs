//! The demo's traffic: what its truth file says is what SQL finds.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testkit::server::API_KEY;

use crate::world::{World, binary};

fn demo(world: &World, truth: &Path, options: &[&str]) -> Value {
    let output = Command::new(binary())
        .args(["demo", "--seed", "11", "--api-key", API_KEY])
        .args(["--server", &world.server.url()])
        .arg("--truth")
        .arg(truth)
        .args(options)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&std::fs::read(truth).unwrap()).unwrap()
}

fn assert_rows(world: &World, truth: &Value) {
    for (app_id, application) in truth["applications"].as_object().unwrap() {
        for (table, rows) in application["rows"].as_object().unwrap() {
            let sql = format!("SELECT count(*) FROM {table} WHERE app_id = '{app_id}'");
            world.wait_for(&sql, rows.as_i64().unwrap());
        }
    }
    assert_eq!(
        world.server.number("SELECT count(*) FROM view"),
        world
            .server
            .number("SELECT sum(session_view_count) FROM session"),
        "each view counts in one session"
    );
}

#[test]
fn a_backfill_is_stored_as_its_truth_says_and_its_faults_are_found() {
    let mut world = World::new(&[("FOOTFALL_CREATE_APPLICATIONS", "false")]);
    let truth_file = world.start.data_dir.join("../truth.json");
    let options = ["--backfill", "3", "--sessions", "2000"];
    let truth = demo(&world, &truth_file, &options);
    assert_rows(&world, &truth);
    world.restart();
    assert_rows(&world, &truth);

    let faults = truth["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 4);
    for fault in faults {
        assert_found(&world, fault);
    }
}

/// What was planted can be counted; of the slow API and the bad LCP, that they stand out.
fn assert_found(world: &World, fault: &Value) {
    let text = |name: &str| fault[name].as_str().unwrap();
    let planted = |name: &str| fault[name].as_i64().unwrap();
    let page = like(text("page"));
    let at_page = format!(
        "app_id = '{}' AND view_url_path LIKE '{page}'",
        text("app_id")
    );
    let count = |table: &str, condition: &str| {
        let sql = format!("SELECT count(*) FROM {table} WHERE {at_page} AND {condition}");
        world.server.number(&sql)
    };
    match text("kind") {
        "bad_release" => {
            let (kind, version) = (text("error_type"), text("version"));
            let errors = count(
                "error",
                &format!("error_type = '{kind}' AND version >= '{version}'"),
            );
            assert_eq!(errors, planted("errors_since"), "{fault}");
        }
        "rage_clicks" => {
            let button = text("button");
            let rage = "array_has(action_frustration_types, 'rage_click')";
            let clicks = count("action", &format!("action_name = '{button}' AND {rage}"));
            assert!(clicks >= planted("actions"), "{clicks}: {fault}");
        }
        "slow_api" => {
            let request = format!(
                "app_id = '{}' AND resource_method = '{}' AND resource_url LIKE '%{}'",
                text("app_id"),
                text("method"),
                like(text("path"))
            );
            let country = text("country_code");
            let requests = format!(
                "SELECT count(*) FROM resource WHERE {request} AND country_code = '{country}'"
            );
            assert_eq!(
                world.server.number(&requests),
                planted("requests"),
                "{fault}"
            );
            let median = |condition: &str| {
                world.server.number(&format!(
                    "SELECT CAST(median(resource_duration) AS BIGINT) FROM resource WHERE {request} AND country_code {condition}"
                ))
            };
            let (there, elsewhere) = (
                median(&format!("= '{country}'")),
                median(&format!("<> '{country}'")),
            );
            assert!(
                there > elsewhere,
                "{there} ns against {elsewhere} ns: {fault}"
            );
        }
        _ => {
            let element = format!("lcp_target_selector = '{}'", text("selector"));
            let views = count("view", &element);
            assert!(views >= planted("views"), "{views}: {fault}");
            let median = |condition: &str| {
                let lcp = "CAST(median(largest_contentful_paint) AS BIGINT)";
                let sql = format!("SELECT {lcp} FROM view WHERE {condition}");
                world.server.number(&sql)
            };
            let (there, all) = (median(&at_page), median("true"));
            assert!(there > all, "{there} ns against {all} ns: {fault}");
        }
    }
}

/// A path with places for ids, as a pattern of SQL.
fn like(path: &str) -> String {
    let mut pattern = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        pattern.push_str(before);
        pattern.push('%');
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    pattern + rest
}

#[test]
fn live_traffic_is_stored_as_its_truth_says() {
    let world = World::new(&[]);
    let truth_file = world.start.data_dir.join("../truth.json");
    let options = [
        "--rate",
        "1200/min",
        "--duration",
        "5s",
        "--applications",
        "2",
    ];
    let truth = demo(&world, &truth_file, &options);
    assert_eq!(truth["requests_lost"], 0);
    assert_rows(&world, &truth);
}
