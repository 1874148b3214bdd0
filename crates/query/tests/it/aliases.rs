//! Aliases of the dictionary in statements that run.

use query::Error;
use serde_json::json;

use crate::ground::{ground, json};

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_reads_the_same_column() {
    let ground = ground().await;
    let expected = ground
        .rows("SELECT largest_contentful_paint FROM view WHERE view_id = 'view-045'")
        .await;
    assert_eq!(expected, json!([[ground.views[45].lcp_ns]]));
    for item in [
        "lcp",
        "LCP",
        "view.largest_contentful_paint",
        "\"view.largest_contentful_paint\"",
        "view.lcp",
        "view.performance.lcp.timestamp",
    ] {
        ground
            .check(
                &format!("SELECT {item} FROM view WHERE view.id = 'view-045'"),
                expected.clone(),
            )
            .await;
    }
    ground.check("SELECT v.lcp FROM view v WHERE v.usr.id = 'user-session-04' AND v.view.id = 'view-045'", expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_called_what_was_typed() {
    let ground = ground().await;
    let check = async |sql: &str, names: &[&str]| {
        let answer = ground.answer(sql).await;
        let found: Vec<&str> = answer
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        assert_eq!(found, names, "{sql}");
    };
    check(
        "SELECT lcp, view.name, v.cls, usr.id AS who, max(fcp) FROM view v GROUP BY 1, 2, 3, 4",
        &["lcp", "view.name", "cls", "who", "max(fcp)"],
    )
    .await;
    check(
        "SELECT count(*), attributes->>'context.plan' FROM view GROUP BY 2",
        &["count(*)", "attributes ->> 'context.plan'"],
    )
    .await;
    check(
        "SELECT DISTINCT view.name FROM view ORDER BY view.name",
        &["view.name"],
    )
    .await;
    check(
        "SELECT \"view.name\" FROM (SELECT view.name FROM view) t LIMIT 1",
        &["view.name"],
    )
    .await;
    check(
        "SELECT a.view_id, b.view_id FROM view a JOIN view b ON a.view.id = b.view.id LIMIT 1",
        &["view_id", "view_id"],
    )
    .await;
    check(
        "SELECT time_spent, is_active FROM session LIMIT 1",
        &["time_spent", "is_active"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_star_shows_the_dictionary_and_nothing_hidden() {
    let ground = ground().await;
    for id in schema::TableId::ALL {
        let answer = ground
            .answer(&format!("SELECT * FROM {} LIMIT 1", id.name()))
            .await;
        let shown: Vec<&str> = answer
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let declared: Vec<&str> = id
            .table()
            .columns()
            .iter()
            .filter(|column| !column.hidden)
            .map(|column| column.name)
            .collect();
        assert_eq!(shown, declared, "{}", id.name());
        assert!(
            shown.iter().all(|name| !name.starts_with('_')),
            "{}",
            id.name()
        );
    }
    for sql in [
        "SELECT _merge FROM view",
        "SELECT view._merge FROM view",
        "SELECT _ended FROM session",
        "SELECT \"session.is_active\" FROM view",
    ] {
        assert!(
            matches!(ground.error(sql).await, Error::UnknownColumn { .. }),
            "{sql}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_get_a_suggestion() {
    let ground = ground().await;
    let check = async |sql: &str, expected: (&str, Option<&str>, Option<&str>)| match ground
        .error(sql)
        .await
    {
        Error::UnknownColumn {
            name,
            table,
            nearest,
        } => assert_eq!(
            (name.as_str(), table, nearest.as_deref()),
            expected,
            "{sql}"
        ),
        other => panic!("{sql}: {other:?}"),
    };
    check(
        "SELECT view_loadng_time FROM view",
        ("view_loadng_time", Some("view"), Some("view_loading_time")),
    )
    .await;
    check(
        "SELECT view_id FROM view WHERE sesion_id = 'x'",
        ("sesion_id", Some("view"), Some("session_id")),
    )
    .await;
    check(
        "SELECT nonsense FROM view JOIN error USING (view_id)",
        ("nonsense", None, None),
    )
    .await;
    let error = ground.error("SELECT 1 FROM veiw").await;
    assert!(
        matches!(&error, Error::UnknownTable { nearest: Some(name), .. } if name == "view"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_of_two_tables_is_asked_about() {
    let ground = ground().await;
    let error = ground
        .error("SELECT usr.id FROM view JOIN error USING (session_id)")
        .await;
    assert_eq!(
        error.to_string(),
        "`usr.id` can mean `view.user_id` or `error.user_id`"
    );
    let error = ground
        .error("SELECT view_name FROM view JOIN error USING (session_id)")
        .await;
    assert!(matches!(error, Error::AmbiguousColumn { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_with_aliases_everywhere_run() {
    let ground = ground().await;
    let statements = [
        "SELECT view.name, max(lcp) FROM view WHERE lcp > 0 GROUP BY view.name HAVING max(lcp) > 1 ORDER BY max(lcp) DESC, view.name LIMIT 2",
        "SELECT view.name AS n, approx_percentile_cont(lcp, 0.75) AS p FROM view GROUP BY n ORDER BY p DESC",
        "SELECT view.name, row_number() OVER (PARTITION BY view.name ORDER BY lcp DESC) AS r FROM view QUALIFY r = 1",
        "SELECT view_id FROM view WHERE lcp > (SELECT avg(lcp) FROM view) ORDER BY lcp",
        "SELECT s.session_id FROM session s WHERE EXISTS (SELECT 1 FROM error e WHERE e.session.id = s.session.id)",
        "SELECT DISTINCT ON (view.name) view.name, lcp FROM view ORDER BY view.name, lcp DESC",
        "SELECT view.name FROM view UNION ALL SELECT view.name FROM error ORDER BY view.name",
        "SELECT date_trunc('hour', time) AS hour, count(*) FROM view GROUP BY hour ORDER BY hour",
        "SELECT date_bin(INTERVAL '15 minutes', time) AS bucket, count(*) FROM view GROUP BY 1 ORDER BY 1",
        "SELECT CASE WHEN lcp > 2500000000 THEN 'slow' ELSE 'fast' END AS pace, count(*) FROM view GROUP BY pace",
        "SELECT u.value, count(*) FROM session, generate_series(1, 3) AS u GROUP BY u.value",
        "SELECT unnest(action_frustration_types) AS kind, count(*) FROM action GROUP BY kind",
        "SELECT v.view_id, lcp FROM view v, LATERAL (SELECT max(e.time) AS last FROM error e WHERE e.session_id = v.session_id) x LIMIT 1",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n",
        "EXPLAIN SELECT lcp FROM view",
        "EXPLAIN ANALYZE SELECT lcp FROM view",
        "SHOW TABLES",
        "SHOW COLUMNS FROM view",
        "DESCRIBE view",
    ];
    for sql in statements {
        assert!(ground.answer(sql).await.rows() > 0, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn units_follow_their_column() {
    let ground = ground().await;
    let sql = "WITH slow AS (SELECT view.name, lcp FROM view WHERE lcp > 0) \
               SELECT slow.\"view.name\", max(lcp), min(lcp) AS m, avg(lcp), sum(lcp), median(lcp), approx_percentile_cont(lcp, 0.75) AS p75, \
               count(lcp), max(lcp) - min(lcp) AS spread, max(lcp) / 2 AS half FROM slow GROUP BY 1";
    let answer = json(&ground.answer(sql).await);
    let columns: Vec<(&str, &str)> = answer["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| {
            (
                column["type"].as_str().unwrap(),
                column["unit"].as_str().unwrap_or("-"),
            )
        })
        .collect();
    let expected = [
        ("string", "-"),
        ("integer", "ns"),
        ("integer", "ns"),
        ("number", "ns"),
        ("integer", "ns"),
        ("number", "ns"),
        ("number", "ns"),
        ("integer", "-"),
        ("integer", "ns"),
        ("integer", "-"),
    ];
    assert_eq!(columns, expected);
    let units = async |sql: &str| {
        ground
            .answer(sql)
            .await
            .columns
            .iter()
            .map(|column| column.unit)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        units("SELECT memory_max, viewport_width, sample_rate, drift FROM view LIMIT 1").await,
        [Some("B"), Some("px"), Some("%"), Some("ns")]
    );
    assert_eq!(
        units("SELECT lcp FROM view UNION ALL SELECT duration FROM resource").await,
        [Some("ns")]
    );
    assert_eq!(units("SELECT v.lcp, r.resource_size FROM view v LEFT JOIN resource r ON v.view_id = r.view_id").await, [Some("ns"), Some("B")]);
    assert_eq!(
        units("SELECT max(lcp) OVER () AS m, lag(fcp) OVER (ORDER BY time) AS l FROM view").await,
        [Some("ns"), Some("ns")]
    );
}
