//! Rows, memory, time, queue, cancellation.

use std::sync::Arc;
use std::time::Duration;

use query::{Engine, Error, Limits, Options, Scope};
use serde_json::json;

use crate::ground::{ground, request, rows, short};

/// Runs until it is stopped, through many batches.
const ENDLESS: &str = "SELECT sum(a.value * b.value % 7) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_cut_by_the_default_or_by_the_statements_own_limit() {
    let ground = ground().await;
    let limits = Limits {
        rows_default: 10,
        rows_max: 100,
        ..Limits::default()
    };
    let check = async |sql: &str, count: usize, truncated: bool| {
        let answer = ground
            .engine
            .run(
                request(sql),
                &Scope::workspace(),
                &limits,
                ground.store.snapshot(),
            )
            .await
            .unwrap();
        assert_eq!(
            (answer.rows(), answer.truncated),
            (count, truncated),
            "{sql}"
        );
    };
    check("SELECT view_id FROM view", 10, true).await;
    check("SELECT view_id FROM view ORDER BY time DESC", 10, true).await;
    check("SELECT view_id FROM view LIMIT 50", 50, false).await;
    check("SELECT view_id FROM view LIMIT 100", 100, false).await;
    check("SELECT view_id FROM view LIMIT 101", 100, true).await;
    check("SELECT view_id FROM view LIMIT 5", 5, false).await;
    check("SELECT view_id FROM view OFFSET 295", 5, false).await;
    check("SELECT view_id FROM view LIMIT ALL", 10, true).await;
    check(
        "SELECT * FROM (SELECT view_id FROM view LIMIT 50) t",
        10,
        true,
    )
    .await;
    check("(SELECT view_id FROM view LIMIT 50)", 50, false).await;
    check("SELECT value FROM generate_series(1, 10)", 10, false).await;
    check("SELECT value FROM generate_series(1, 11)", 10, true).await;
    check(
        "SELECT value FROM generate_series(1, 1000000000000)",
        10,
        true,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_never_grows_past_its_bytes() {
    let ground = ground().await;
    let limits = Limits {
        answer_bytes_max: 100_000,
        ..Limits::default()
    };
    let sql =
        "SELECT value, repeat('x', 100) AS text FROM generate_series(1, 1000000) LIMIT 1000000";
    let answer = ground
        .engine
        .run(
            request(sql),
            &Scope::workspace(),
            &limits,
            ground.store.snapshot(),
        )
        .await
        .unwrap();
    assert!(
        answer.truncated && answer.rows() < 1_000_000,
        "{}",
        answer.rows()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_past_its_memory_is_told_so_and_frees_it() {
    let ground = ground().await;
    let engine = Engine::new(Options {
        memory_bytes: 8 << 20,
        ..Options::default()
    })
    .unwrap();
    let limits = Limits {
        memory_bytes: 4 << 20,
        ..Limits::default()
    };
    let sql = "SELECT value, count(*) FROM generate_series(1, 3000000) GROUP BY value ORDER BY 2";
    let error = engine
        .run(
            request(sql),
            &Scope::workspace(),
            &limits,
            ground.store.snapshot(),
        )
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Memory { limit_bytes, .. } if limit_bytes == 4 << 20),
        "{error:?}"
    );
    freed(&engine).await;
    let answer = engine
        .run(
            request("SELECT count(*) FROM view"),
            &Scope::workspace(),
            &limits,
            ground.store.snapshot(),
        )
        .await;
    assert_eq!(rows(&answer.unwrap()), json!([[300]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_past_its_time_is_told_so_and_stops() {
    let ground = ground().await;
    let engine = Engine::new(Options::default()).unwrap();
    let limits = short(Limits::default(), 200);
    let nested_loop = "SELECT count(*) FROM generate_series(1, 1000000) a JOIN generate_series(1, 1000000) b ON a.value * b.value < 0";
    let same_key = "SELECT count(*) FROM generate_series(1, 1000000) a JOIN generate_series(1, 1000000) b ON a.value % 1 = b.value % 1";
    let recursive =
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i FROM n) SELECT count(*) FROM n";
    for sql in [
        ENDLESS,
        nested_loop,
        same_key,
        recursive,
        "SELECT count(*) FROM generate_series(1, 1000000000000000)",
    ] {
        let error = engine
            .run(
                request(sql),
                &Scope::workspace(),
                &limits,
                ground.store.snapshot(),
            )
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::Timeout { limit_ms: 200 }),
            "{sql}: {error:?}"
        );
        freed(&engine).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_run_frees_threads_and_memory() {
    let ground = ground().await;
    let engine = Arc::new(
        Engine::new(Options {
            concurrency: 1,
            ..Options::default()
        })
        .unwrap(),
    );
    let task = spawn(&engine, ENDLESS, ground.store.snapshot());
    until(|| engine.gauges().memory_used_bytes > 0).await;
    task.abort();
    freed(&engine).await;
    let answer = engine
        .run(
            request("SELECT 1"),
            &Scope::workspace(),
            &Limits::default(),
            ground.store.snapshot(),
        )
        .await;
    assert_eq!(rows(&answer.unwrap()), json!([[1]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_query_too_many_is_refused_at_once() {
    let ground = ground().await;
    let engine = Arc::new(
        Engine::new(Options {
            concurrency: 1,
            queue_max: 1,
            ..Options::default()
        })
        .unwrap(),
    );
    let running = spawn(&engine, ENDLESS, ground.store.snapshot());
    until(|| engine.gauges().running == 1).await;
    let waiting = spawn(&engine, "SELECT 2", ground.store.snapshot());
    until(|| engine.gauges().waiting == 1).await;
    let error = engine
        .run(
            request("SELECT 3"),
            &Scope::workspace(),
            &Limits::default(),
            ground.store.snapshot(),
        )
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooBusy {
                running: 1,
                waiting: 1
            }
        ),
        "{error:?}"
    );
    running.abort();
    assert_eq!(waiting.await.unwrap().unwrap().rows(), 1);
}

#[expect(clippy::disallowed_methods, reason = "the test ends the task itself")]
fn spawn(
    engine: &Arc<Engine>,
    sql: &'static str,
    snapshot: store::Snapshot,
) -> tokio::task::JoinHandle<Result<query::Answer, Error>> {
    let engine = Arc::clone(engine);
    tokio::spawn(async move {
        engine
            .run(
                request(sql),
                &Scope::workspace(),
                &Limits::default(),
                snapshot,
            )
            .await
    })
}

async fn freed(engine: &Engine) {
    until(|| engine.gauges().running == 0 && engine.gauges().memory_used_bytes == 0).await;
}

/// Waits for a state; a test that waits for ever is stopped here.
async fn until(is_reached: impl Fn() -> bool) {
    let wait = async {
        while !is_reached() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait)
        .await
        .expect("the state is reached");
}
