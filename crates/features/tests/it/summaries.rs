//! Figures, pages and breakdowns from summaries: the same counts as from rows, percentiles within the stated error.

use std::path::PathBuf;

use http::StatusCode;
use schema::tables::view;
use schema::{Event, TableId};
use serde_json::{Value as Json, json};

use crate::Api;
use crate::events::{HOUR, MIDNIGHT, View, World, apply};

/// Ranges within the 27 hours of the events: whole hours, hours cut on both sides, less than an hour, everything.
const RANGES: [(&str, &str); 4] = [
    ("2023-11-15T10:00:00Z", "2023-11-15T20:00:00Z"),
    ("2023-11-15T03:17:11Z", "2023-11-15T21:48:03.5Z"),
    ("2023-11-15T09:05:00Z", "2023-11-15T09:45:00Z"),
    ("2023-11-14T00:00:00Z", "2023-11-20T00:00:00Z"),
];

struct Two {
    /// Answers from summaries.
    api: Api,
    /// The same store without them.
    exact: axum::Router,
}

impl Two {
    /// 76 flushed sessions of two days, and four in memory.
    async fn new() -> (Self, World) {
        let api = Api::new().await;
        let world = World::of(0..80);
        let (flushed, hot) = world.events.split_at(world.events.len() * 19 / 20);
        apply(&api.store, 0, flushed.to_vec()).await;
        api.store.flush(MIDNIGHT + 72 * HOUR).await.unwrap();
        apply(&api.store, 1, hot.to_vec()).await;
        let options = query::summary::Options {
            rows_min: u64::MAX,
            ..Default::default()
        };
        let without = features::State {
            summaries: std::sync::Arc::new(features::summaries(options)),
            ..api.state.clone()
        };
        let exact = features::router(without);
        (Self { api, exact }, world)
    }

    /// Makes the summaries that are due; segments must have come to rest, so that it takes two calls.
    async fn summarise(&self) -> usize {
        self.api.state.keep_summaries().await.unwrap();
        self.api.state.keep_summaries().await.unwrap()
    }

    /// Both answers, that from summaries first.
    async fn ask(&self, path: &str) -> (Json, Json) {
        let of_cells = self.api.ok(path).await;
        let request = crate::request_of(&format!("GET {path}"), Some(crate::KEY), String::new());
        let exact = Api::answer_of(&self.exact, request).await;
        (of_cells, exact.json(StatusCode::OK))
    }
}

fn close(found: &Json, expected: &Json, what: &str) {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => {
            assert!(
                (found - expected).abs() < 1e-9,
                "{what}: {found} for {expected}"
            );
        }
        _ => assert_eq!(found, expected, "{what}"),
    }
}

/// Values of the world in a range, ascending.
fn sorted(world: &World, from_us: i64, to_us: i64, of: fn(&View) -> Option<f64>) -> Vec<f64> {
    let views = world.views.iter();
    let is_in = |view: &&View| view.is_person && (from_us..to_us).contains(&view.time_us);
    let mut values: Vec<f64> = views.filter(is_in).filter_map(of).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn time_us(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text)
        .unwrap()
        .timestamp_micros()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_from_summaries_count_the_same_and_percentiles_are_within_their_error() {
    let (two, world) = Two::new().await;
    assert_eq!(two.summarise().await, 2, "a segment each of two days");
    for (from, to) in RANGES {
        for rest in [
            "",
            "&app=shop",
            "&env=staging",
            "&include=bots",
            "&compare=none",
        ] {
            let path = format!("/api/v1/overview/figures?from={from}&to={to}{rest}");
            let (found, exact) = two.ask(&path).await;
            // That of the LCP tells where the figures come from.
            assert_eq!(exact["figures"][7]["relative_error"], Json::Null);
            if found["figures"][7]["relative_error"].is_null() {
                assert_eq!(found["figures"], exact["figures"], "no whole bin: {path}");
                assert_eq!(from, "2023-11-15T09:05:00Z", "{path}");
                continue;
            }
            assert_eq!(found["figures"][7]["relative_error"], 0.01);
            let figures = found["figures"].as_array().unwrap().iter();
            for (found, exact) in figures.zip(exact["figures"].as_array().unwrap()) {
                let what = format!("{} of {path}", found["name"]);
                for name in [
                    "name",
                    "unit",
                    "n",
                    "previous_n",
                    "table",
                    "filter",
                    "listed",
                ] {
                    assert_eq!(found[name], exact[name], "{name} of {what}");
                }
                let pasted = two.api.pasted(found["sql"].as_str().unwrap()).await;
                close(&found["value"], &pasted[0], &format!("pasted {what}"));
                match exact["shares"].as_object() {
                    Some(shares) => shares
                        .iter()
                        .for_each(|(name, share)| close(&found["shares"][name], share, &what)),
                    None => assert_eq!(found["shares"], Json::Null, "{what}"),
                }
                if !found["name"].as_str().unwrap().ends_with("_p75") {
                    close(&found["value"], &exact["value"], &what);
                    close(&found["previous"], &exact["previous"], &what);
                }
            }
        }
    }
    let (from, to) = RANGES[0];
    let (found, _) = two
        .ask(&format!("/api/v1/overview/figures?from={from}&to={to}"))
        .await;
    let check = |place: usize, name: &str, of: fn(&View) -> Option<f64>| {
        let figure = &found["figures"][place];
        assert_eq!(figure["name"], name);
        let values = sorted(&world, time_us(from), time_us(to), of);
        let at = values[3 * (values.len() - 1) / 4];
        let value = figure["value"].as_f64().unwrap();
        assert!(
            (value - at).abs() <= 0.0101 * at,
            "{name}: {value} for {at}"
        );
    };
    check(7, "lcp_p75", |view| view.lcp.map(|ns| ns as f64));
    check(8, "inp_p75", |view| view.inp.map(|ns| ns as f64));
    check(9, "cls_p75", |view| view.cls);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_breakdowns_from_summaries_have_the_same_rows_in_the_same_order() {
    let (two, _) = Two::new().await;
    two.summarise().await;
    let (from, to) = RANGES[3];
    let paths = [
        "pages?limit=3",
        "pages?sort=visitors",
        "pages?sort=errors",
        "breakdown?by=country",
        "breakdown?by=country&limit=1&app=shop",
        "breakdown?by=browser",
        "breakdown?by=release&include=bots",
    ];
    for path in paths {
        let path = format!("/api/v1/overview/{path}&from={from}&to={to}");
        let (found, exact) = two.ask(&path).await;
        assert_eq!(
            (&found["relative_error"], &exact["relative_error"]),
            (&0.01.into(), &Json::Null),
            "{path}"
        );
        assert_eq!(found["total"], exact["total"], "{path}");
        let statement = json!({ "sql": found["sql"] });
        let pasted = two.api.call("POST /api/v1/query", statement).await;
        let pasted = pasted.json(StatusCode::OK);
        let columns = pasted["columns"].as_array().unwrap();
        let place = columns
            .iter()
            .position(|column| column["name"] == "lcp_p75");
        let (items, expected) = (
            found["items"].as_array().unwrap(),
            exact["items"].as_array().unwrap(),
        );
        assert_eq!(items.len(), expected.len(), "{path}");
        for (row, (found, exact)) in items.iter().zip(expected).enumerate() {
            let by_statement = &pasted["rows"][row][place.unwrap()];
            close(
                &found["lcp_p75"],
                by_statement,
                &format!("row {row} of {path}"),
            );
            for (name, value) in exact.as_object().unwrap() {
                let what = format!("{name} of {found} in {path}");
                match name.ends_with("_p75") {
                    true => assert_eq!(found[name].is_null(), value.is_null(), "{what}"),
                    false => close(&found[name], value, &what),
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_a_summary_was_made_is_read_from_rows() {
    let (two, world) = Two::new().await;
    two.summarise().await;
    let (from, to) = RANGES[3];
    let path = format!("/api/v1/overview/figures?from={from}&to={to}");
    // Newer versions of flushed views: their rows in segments are dead now.
    let is_view = |event: &&Event| event.table == TableId::View;
    let newer = world.events.iter().filter(is_view).take(60).cloned();
    let newer = newer.map(|mut event| {
        event.row.set(view::view_version, 2_i64);
        event.row.set(view::view_error_count, 5_i64);
        event
    });
    apply(&two.api.store, 2, newer.collect()).await;
    let check = async |state: &str| {
        let (found, exact) = two.ask(&path).await;
        for place in 0..7 {
            let (found, exact) = (&found["figures"][place], &exact["figures"][place]);
            close(
                &found["value"],
                &exact["value"],
                &format!("{} {state}", found["name"]),
            );
        }
    };
    check("while they are in memory").await;
    two.api.store.flush(MIDNIGHT + 73 * HOUR).await.unwrap();
    check("when they are flushed").await;
    assert!(two.summarise().await > 0, "outdated and new segments");
    check("with new summaries").await;
    assert_eq!(two.summarise().await, 0, "all are there");
    two.api
        .store
        .drop_dead_rows(MIDNIGHT + 73 * HOUR, None)
        .await
        .unwrap();
    check("when segments were rewritten").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn summaries_are_found_again_after_a_start_and_damaged_ones_are_made_anew() {
    let (two, _) = Two::new().await;
    assert_eq!(two.summarise().await, 2);
    let fresh = || {
        let options = query::summary::Options {
            rows_min: 1,
            spared_min: 1,
            size_percent_max: 10_000,
            ..Default::default()
        };
        features::State {
            summaries: std::sync::Arc::new(features::summaries(options)),
            ..two.api.state.clone()
        }
    };
    let again = fresh();
    again.keep_summaries().await.unwrap();
    assert_eq!(
        again.keep_summaries().await.unwrap(),
        0,
        "they are beside the segments"
    );
    let is_summary = |path: &PathBuf| path.extension().is_some_and(|name| name == "summary");
    let files: Vec<PathBuf> = two.api.files().into_iter().filter(is_summary).collect();
    assert_eq!(files.len(), 2);
    std::fs::write(&files[0], b"PAR1 is not all of it").unwrap();
    let again = fresh();
    again.keep_summaries().await.unwrap();
    assert_eq!(again.keep_summaries().await.unwrap(), 1, "the damaged one");
}
