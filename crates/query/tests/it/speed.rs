//! Segments of several row groups, and a million views. No timing is asserted.

use query::{Engine, Limits, Options, Scope};
use schema::tables::{common, view};
use schema::{Event, Row, TableId};
use serde_json::json;

use crate::ground::{MIDNIGHT, MS, apply, open, request, rows};

/// Delete vectors are given as rows of the whole file, while it is read in row groups, by two threads.
#[tokio::test(flavor = "multi_thread")]
async fn dead_rows_stay_hidden_across_row_groups() {
    const COUNT: i64 = 140_000;
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    apply(&store, 0, (0..COUNT).map(event).collect()).await;
    store.flush(MIDNIGHT).await.unwrap();
    let newer = (0..COUNT).step_by(1000).map(|index| {
        let mut event = event(index);
        event.row.set(view::view_version, 2_i64);
        event.row.set(view::largest_contentful_paint, 9000 * MS);
        event
    });
    apply(&store, 1, newer.collect()).await;
    store.flush(MIDNIGHT).await.unwrap();
    let engine = Engine::new(Options::default()).unwrap();
    let check = async |sql: &str, expected: serde_json::Value| {
        let answer = engine
            .run(
                request(sql),
                &Scope::workspace(),
                &Limits::default(),
                store.snapshot(),
            )
            .await;
        assert_eq!(rows(&answer.unwrap()), expected, "{sql}");
    };
    let lcp = |index: i64| {
        if index % 1000 == 0 {
            9000 * MS
        } else {
            index * 7919 % 5000 * MS
        }
    };
    let sum: i64 = (0..COUNT).map(lcp).sum();
    check(
        "SELECT count(*), count(DISTINCT view_id), sum(lcp) FROM view",
        json!([[COUNT, COUNT, sum]]),
    )
    .await;
    check(
        "SELECT count(*) FROM view WHERE view_version = 2 AND lcp = 9000000000",
        json!([[140]]),
    )
    .await;
    check(
        "SELECT lcp FROM view WHERE view_id IN ('view-139000', 'view-139001') ORDER BY view_id",
        json!([[lcp(139_000)], [lcp(139_001)]]),
    )
    .await;
    check(
        "SELECT * FROM (SELECT view_id, lcp FROM view WHERE view_id LIKE 'view-%99999') t",
        json!([["view-99999", lcp(99_999)]]),
    )
    .await;
}

/// `cargo test -- --ignored --nocapture million` prints the milliseconds.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half a minute to write its million views"]
async fn a_million_views() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    for part in 0..10 {
        let events = (0..100_000)
            .map(|index| event(part * 100_000 + index))
            .collect();
        apply(&store, u64::try_from(part).unwrap(), events).await;
        store.flush(MIDNIGHT).await.unwrap();
    }
    let engine = Engine::new(Options::default()).unwrap();
    for sql in [
        "SELECT approx_percentile_cont(lcp, 0.75) FROM view",
        "SELECT approx_percentile_cont(lcp, 0.75) FROM view",
        "SELECT view_name, count(*), approx_percentile_cont(lcp, 0.75) FROM view GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
        "SELECT view_id FROM view ORDER BY time DESC LIMIT 100",
        "SELECT * FROM view WHERE view_id = 'view-777777'",
        "SELECT attributes->>'context.plan', count(*) FROM view GROUP BY 1",
    ] {
        let answer = engine
            .run(
                request(sql),
                &Scope::workspace(),
                &Limits::default(),
                store.snapshot(),
            )
            .await
            .unwrap();
        eprintln!(
            "{:>5} ms {:>9} rows {:>10} bytes  {sql}",
            answer.stats.elapsed_ms, answer.stats.rows_scanned, answer.stats.bytes_scanned
        );
    }
    let answer = engine
        .run(
            request("SELECT count(*), sum(lcp) FROM view"),
            &Scope::workspace(),
            &Limits::default(),
            store.snapshot(),
        )
        .await;
    let sum: i64 = (0..1_000_000_i64)
        .map(|index| index * 7919 % 5000 * MS)
        .sum();
    assert_eq!(rows(&answer.unwrap()), json!([[1_000_000, sum]]));
}

fn event(index: i64) -> Event {
    let mut row = Row::new();
    row.set(common::app_id, "shop");
    row.set(common::event_id, format!("view-{index}"));
    row.set(common::view_id, format!("view-{index}"));
    row.set(common::time, MIDNIGHT + index * 60_000);
    row.set(common::view_name, format!("/page/{}", index % 97));
    row.set(view::view_version, 1_i64);
    row.set(view::largest_contentful_paint, index * 7919 % 5000 * MS);
    row.attributes_mut(common::attributes).insert(
        "context.plan".into(),
        if index % 3 == 0 {
            "\"pro\""
        } else {
            "\"free\""
        }
        .into(),
    );
    Event {
        table: TableId::View,
        row,
        is_patch: false,
    }
}
