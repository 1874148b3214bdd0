//! What a statement may not do, and what a scope hides.

use query::{Engine, Error, Limits, Request, Scope, functions};
use serde_json::json;

use crate::ground::{DAY, MIDNIGHT, ground, request, rows};

/// Each is refused as such, not by accident of planning.
const REFUSED: [&str; 58] = [
    "COPY view TO '/tmp/x.parquet'",
    "COPY (SELECT 1) TO 'x.csv'",
    "CREATE TABLE x (a INT)",
    "CREATE TABLE x AS SELECT 1",
    "CREATE VIEW x AS SELECT 1",
    "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
    "CREATE FUNCTION f(a INT) RETURNS INT RETURN a",
    "CREATE SCHEMA x",
    "CREATE DATABASE x",
    "DROP TABLE view",
    "DROP VIEW view",
    "ALTER TABLE view ADD COLUMN x INT",
    "TRUNCATE TABLE view",
    "INSERT INTO view VALUES (1)",
    "UPDATE view SET view_name = 'x'",
    "DELETE FROM view",
    "MERGE INTO view USING action ON true WHEN MATCHED THEN DELETE",
    "SET datafusion.execution.batch_size = 1",
    "RESET datafusion.execution.batch_size",
    "SHOW ALL",
    "SHOW datafusion.execution.batch_size",
    "SHOW FUNCTIONS",
    "SHOW CREATE TABLE view",
    "SHOW TABLES FROM information_schema",
    "SHOW TABLES LIKE 'v%'",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "GRANT SELECT ON view TO x",
    "USE x",
    "KILL 1",
    "VACUUM",
    "CALL x()",
    "SELECT 1; SELECT 2",
    "SELECT 1 INTO x",
    "SELECT * INTO x FROM view",
    "WITH x AS (DELETE FROM view) SELECT 1",
    "WITH x AS (INSERT INTO view VALUES (1)) SELECT 1",
    "EXPLAIN CREATE TABLE x (a INT)",
    "EXPLAIN INSERT INTO view VALUES (1)",
    "EXPLAIN COPY view TO 'x.csv'",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM information_schema.df_settings",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM footfall.public.view",
    "SELECT * FROM public.view",
    "SELECT (SELECT count(*) FROM information_schema.tables)",
    "SELECT * FROM view WHERE view_id IN (SELECT table_name FROM information_schema.tables)",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_parquet('x')",
    "SELECT * FROM parquet_metadata('x')",
    "SELECT * FROM LATERAL read_csv('/etc/passwd')",
    "SELECT * FROM view TABLESAMPLE BERNOULLI (1)",
    "SELECT * FROM view FOR UPDATE",
    "TABLE view",
];

#[tokio::test(flavor = "multi_thread")]
async fn everything_but_reading_events_is_refused() {
    let ground = ground().await;
    for sql in REFUSED {
        let error = ground.error(sql).await;
        assert!(
            matches!(error, Error::NotAllowed { .. } | Error::Syntax { .. }),
            "{sql}: {error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_have_no_name() {
    let ground = ground().await;
    for sql in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM \"segments/view\"",
    ] {
        let error = ground.error(sql).await;
        assert!(
            matches!(error, Error::UnknownTable { .. } | Error::Syntax { .. }),
            "{sql}: {error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_functions_are_refused_and_bounded_ones_have_bounds() {
    let ground = ground().await;
    let registered = functions::registered();
    for (name, _) in functions::DENIED {
        let is_table_function = functions::TABLE_FUNCTIONS.contains(&name);
        assert!(
            is_table_function || !registered.contains(name),
            "{name} is registered"
        );
        for sql in [
            format!("SELECT {name}(1, 2)"),
            format!("SELECT \"{}\"(1)", name),
            format!("SELECT abs({name}(1)) FROM view"),
        ] {
            assert!(
                matches!(ground.error(&sql).await, Error::NotAllowed { .. }),
                "{sql}"
            );
        }
    }
    let refused = [
        "SELECT repeat('a', 1000000000)",
        "SELECT length(repeat('a', 10001))",
        "SELECT repeat('a', view_version) FROM view",
        "SELECT repeat('a', 5000 * 5000)",
        "SELECT view_id FROM view WHERE view_id IN (SELECT repeat('a', 20000))",
        "SELECT lpad('a', 100000, 'b')",
        "SELECT rpad('a', 100000, 'b')",
        "SELECT array_repeat(1, 1000000000)",
        "SELECT list_repeat(1, 1000000000)",
        "SELECT array_resize(user_ids, 1000000000) FROM session",
    ];
    for sql in refused {
        assert!(
            matches!(ground.error(sql).await, Error::NotAllowed { .. }),
            "{sql}"
        );
    }
    ground
        .check(
            "SELECT repeat('ab', 2), lpad('1', 3, '0')",
            json!([["abab", "001"]]),
        )
        .await;
}

/// A new version of DataFusion may bring functions; each is looked at before it is let in, for what it can reach and how much it
/// can allocate.
#[test]
fn the_functions_are_the_known_ones() {
    let known: Vec<&str> = include_str!("functions.txt").lines().collect();
    let registered = functions::registered();
    let registered: Vec<&str> = registered.iter().map(String::as_str).collect();
    assert_eq!(registered, known, "\n{}\n", registered.join("\n"));
}

fn scoped(apps: &[&str]) -> Scope {
    Scope {
        app_ids: Some(apps.iter().map(|app| (*app).to_owned()).collect()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outside_the_scope_can_be_seen() {
    let ground = ground().await;
    let statements = [
        "SELECT DISTINCT app_id FROM view",
        "SELECT DISTINCT app_id FROM \"view\"",
        "SELECT DISTINCT v.app_id FROM view v WHERE true OR app_id = 'shop'",
        "WITH view AS (SELECT * FROM view) SELECT DISTINCT app_id FROM view",
        "WITH a AS (SELECT app_id FROM view), b AS (SELECT * FROM a) SELECT DISTINCT app_id FROM b",
        "SELECT app_id FROM view UNION SELECT app_id FROM error UNION SELECT app_id FROM session",
        "SELECT DISTINCT app_id FROM (SELECT * FROM view) AS error",
        "SELECT DISTINCT e.app_id FROM error e FULL OUTER JOIN view v ON e.app_id <> v.app_id WHERE e.app_id IS NOT NULL",
        "SELECT DISTINCT (SELECT max(app_id) FROM view) FROM view",
        "SELECT max(app_id) FROM view GROUP BY app_id",
        "SELECT DISTINCT first_value(app_id) OVER (ORDER BY app_id DESC) FROM view",
        "SELECT min(app_id) FROM view WHERE app_id IN (SELECT app_id FROM view)",
    ];
    for sql in statements {
        let answer = ground
            .engine
            .run(
                request(sql),
                &scoped(&["blog"]),
                &Limits::default(),
                ground.store.snapshot(),
            )
            .await;
        assert_eq!(rows(&answer.unwrap()), json!([["blog"]]), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_follow_scope_and_range() {
    let ground = ground().await;
    let blog = ground
        .views
        .iter()
        .filter(|view| view.app == "blog")
        .count();
    let in_day = ground
        .views
        .iter()
        .filter(|view| (MIDNIGHT..MIDNIGHT + DAY).contains(&view.time_us))
        .count();
    let count = async |scope: Scope, from_us: Option<i64>, to_us: Option<i64>| {
        let request = Request {
            from_us,
            to_us,
            ..request("SELECT count(*) FROM view")
        };
        let answer = ground
            .engine
            .run(request, &scope, &Limits::default(), ground.store.snapshot())
            .await
            .unwrap();
        rows(&answer)
    };
    assert_eq!(count(scoped(&["blog"]), None, None).await, json!([[blog]]));
    assert_eq!(
        count(scoped(&["blog", "shop"]), None, None).await,
        json!([[ground.views.len()]])
    );
    assert_eq!(count(scoped(&["other"]), None, None).await, json!([[0]]));
    assert_eq!(count(scoped(&[]), None, None).await, json!([[0]]));
    assert_eq!(
        count(Scope::workspace(), Some(MIDNIGHT), Some(MIDNIGHT + DAY)).await,
        json!([[in_day]])
    );
    // From is inclusive, to is exclusive.
    let time = ground.views[10].time_us;
    assert_eq!(
        count(Scope::workspace(), Some(time), Some(time + 1)).await,
        json!([[1]])
    );
    assert_eq!(
        count(Scope::workspace(), Some(time), Some(time)).await,
        json!([[0]])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_out_of_range_are_not_opened() {
    let ground = ground().await;
    let scanned = async |sql: &str| ground.answer(sql).await.stats;
    let all = scanned("SELECT sum(cls) FROM view").await;
    let one_day = scanned("SELECT sum(cls) FROM view WHERE time < '2023-11-16'").await;
    let other_app =
        scanned("SELECT sum(cls) FROM view WHERE app_id IN ('x', 'y', 'z', 'w', 'v')").await;
    assert!(
        one_day.rows_scanned < all.rows_scanned,
        "{one_day:?} {all:?}"
    );
    // Only the hot rows are left, and those are not on disk.
    assert_eq!(other_app.bytes_scanned, 0);
    for filter in [
        "time > now() - INTERVAL '10 minutes'",
        "time >= DATE '2024-01-01'",
        "time BETWEEN '2024-01-01' AND '2024-01-02'",
        "time < TIMESTAMP '2023-01-01T00:00:00Z'",
        "app_id = 'other'",
        "app_id = 'other' OR app_id = 'another'",
    ] {
        let scanned = scanned(&format!("SELECT sum(cls) FROM view WHERE {filter}")).await;
        assert_eq!(scanned.bytes_scanned, 0, "{filter}");
    }
    let later = Request {
        from_us: Some(MIDNIGHT + 10 * DAY),
        ..request("SELECT sum(cls) FROM view")
    };
    let answer = ground
        .engine
        .run(
            later,
            &scoped(&["blog"]),
            &Limits::default(),
            ground.store.snapshot(),
        )
        .await
        .unwrap();
    assert_eq!(answer.stats.bytes_scanned, 0);
    assert_eq!(all.rows_scanned, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_can_be_dropped_where_async_code_runs() {
    drop(Engine::new(query::Options::default()).unwrap());
}
