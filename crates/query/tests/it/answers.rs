//! Values, types and forms of answers; parameters; computed columns.

use arrow::array::AsArray;
use query::render::{Format, render};
use query::{Error, Request};
use serde_json::{Value as Json, json};

use crate::ground::{DAY, MIDNIGHT, MINUTE, ground, json, request, rows};

#[tokio::test(flavor = "multi_thread")]
async fn values_are_written_as_the_api_says() {
    let ground = ground().await;
    let check = async |expression: &str, column_type: &str, expected: Json| {
        let answer = json(&ground.answer(&format!("SELECT {expression} AS x")).await);
        assert_eq!(
            (
                answer["columns"][0]["type"].as_str().unwrap(),
                &answer["rows"][0][0]
            ),
            (column_type, &expected),
            "{expression}"
        );
    };
    check(
        "9007199254740992",
        "integer",
        json!(9_007_199_254_740_992_i64),
    )
    .await;
    check("9007199254740993", "integer", json!("9007199254740993")).await;
    check("-9007199254740993", "integer", json!("-9007199254740993")).await;
    check(
        "18446744073709551615",
        "integer",
        json!("18446744073709551615"),
    )
    .await;
    check("CAST('NaN' AS DOUBLE)", "number", Json::Null).await;
    check("CAST('inf' AS DOUBLE)", "number", Json::Null).await;
    check("1.5", "number", json!(1.5)).await;
    check("CAST(1.25 AS DECIMAL(10,2))", "number", json!(1.25)).await;
    check("1 = 1", "boolean", json!(true)).await;
    check("NULL", "string", Json::Null).await;
    check("'a\"b\nü'", "string", json!("a\"b\nü")).await;
    check(
        "TIMESTAMP '1969-07-20T20:17:40.123456Z'",
        "timestamp",
        json!("1969-07-20T20:17:40.123456Z"),
    )
    .await;
    check(
        "arrow_cast('0001-01-01T00:00:00Z', 'Timestamp(Microsecond, None)')",
        "timestamp",
        json!("0001-01-01T00:00:00.000000Z"),
    )
    .await;
    check(
        "DATE '2024-02-29'",
        "timestamp",
        json!("2024-02-29T00:00:00.000000Z"),
    )
    .await;
    check(
        "TIMESTAMP '2024-01-02' - TIMESTAMP '2024-01-01'",
        "integer",
        json!(86_400_000_000_000_i64),
    )
    .await;
    check("[1, NULL, 3]", "list", json!([1, null, 3])).await;
    check("[[1.5], []]", "list", json!([[1.5], []])).await;
    check(
        "named_struct('a', 1, 'b', 'x')",
        "map",
        json!({ "a": 1, "b": "x" }),
    )
    .await;
    check("INTERVAL '90 minutes'", "string", json!("1 hours 30 mins")).await;
    check(
        "arrow_cast('x', 'Dictionary(Int32, Utf8)')",
        "string",
        json!("x"),
    )
    .await;
    check("now()", "timestamp", json!("2023-11-18T00:00:00.000000Z")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_lists_sets_and_large_integers_come_out_whole() {
    let ground = ground().await;
    let sql = "SELECT action_frustration_types, device_memory_bytes FROM action WHERE event_id IN ('click-0', 'click-1') ORDER BY event_id";
    ground
        .check(
            sql,
            json!([
                [["rage_click", "dead_click"], "9007199254740993"],
                [["dead_click"], 9_007_199_254_740_992_i64]
            ]),
        )
        .await;
    let answer = json(
        &ground
            .answer("SELECT attributes FROM view WHERE view_id = 'view-000'")
            .await,
    );
    assert_eq!(answer["columns"][0]["type"], "map");
    assert_eq!(
        answer["rows"][0][0],
        json!({ "context.amount": 0, "context.plan": "pro", "context.tags": ["a", "b"] })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_are_read_by_key() {
    let ground = ground().await;
    let sql = "SELECT attributes->>'context.plan', attributes->>'context.amount', attributes->>'context.tags', attributes->>'context.none', \
               attributes->'context.plan', attr_number(attributes, 'context.amount'), attr_number(attributes, 'context.plan') \
               FROM view WHERE view_id = 'view-003'";
    ground
        .check(
            sql,
            json!([["pro", "4.5", "[\"a\",\"b\"]", null, "\"pro\"", 4.5, null]]),
        )
        .await;
    let free = ground
        .views
        .iter()
        .filter(|view| view.plan == Some("free"))
        .count();
    ground
        .check(
            "SELECT count(*) FROM view WHERE attributes->>'context.plan' = 'free'",
            json!([[free]]),
        )
        .await;
    let large = ground
        .views
        .iter()
        .filter(|view| view.amount > 400.0)
        .count();
    ground
        .check(
            "SELECT count(*) FROM view WHERE attr_number(attributes, 'context.amount') > 400",
            json!([[large]]),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_mean_what_the_literal_would() {
    let ground = ground().await;
    let run = async |sql: &str, params: Json| {
        let Json::Array(params) = params else {
            panic!("an array")
        };
        ground
            .run(Request {
                params,
                ..request(sql)
            })
            .await
    };
    let check = async |sql: &str, params: Json, expected: Json| {
        assert_eq!(rows(&run(sql, params).await.unwrap()), expected, "{sql}");
    };
    check(
        "SELECT $1, $2, $3, $4, $5",
        json!(["a'; --", 7, 2.5, true, null]),
        json!([["a'; --", 7, 2.5, true, null]]),
    )
    .await;
    check("SELECT -$1, $1 + $2", json!([-3, 1]), json!([[3, -2]])).await;
    check(
        "SELECT view_id FROM view WHERE view_id = $1 AND time >= $2 LIMIT $3",
        json!(["view-001", "2023-11-15T00:00:00Z", 1]),
        json!([["view-001"]]),
    )
    .await;
    check(
        "SELECT attributes->>$1 FROM view WHERE view_id = 'view-000'",
        json!(["context.plan"]),
        json!([["pro"]]),
    )
    .await;
    check(
        "SELECT count(*) FROM view WHERE (lcp IS NOT DISTINCT FROM $1) AND app_id IN ($2, $3)",
        json!([null, "shop", "blog"]),
        json!([[ground
            .views
            .iter()
            .filter(|view| view.lcp_ns.is_none())
            .count()]]),
    )
    .await;
    let problem = async |sql: &str, params: Json, expected: &str| match run(sql, params).await {
        Err(Error::Parameters { problem }) => {
            assert!(problem.contains(expected), "{sql}: {problem}")
        }
        other => panic!("{sql}: {other:?}"),
    };
    problem("SELECT $1, $2", json!([1]), "names $2, but 1").await;
    problem("SELECT $1", json!([1, 2]), "names $1, but 2").await;
    problem("SELECT 1", json!([1]), "no parameter, but 1").await;
    problem("SHOW TABLES", json!([1]), "no parameter").await;
    problem("SELECT $1", json!([[1]]), "is an array").await;
    problem("SELECT $1", json!([{}]), "is an object").await;
    problem("SELECT $name", json!([1]), "$name").await;
    problem("SELECT $0", json!([1]), "$0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_active_by_the_clock_of_the_request() {
    let ground = ground().await;
    let last = ground.views.iter().map(|view| view.time_us).max().unwrap();
    let active = async |now_us: i64| {
        let sql =
            "SELECT count(*) FROM session WHERE session_is_active AND session_end >= session_start";
        rows(
            &ground
                .run(Request {
                    now_us,
                    ..request(sql)
                })
                .await
                .unwrap(),
        )
    };
    assert_eq!(active(MIDNIGHT + 10 * DAY).await, json!([[0]]));
    assert!(active(last + MINUTE).await[0][0].as_u64().unwrap() > 0);
    ground
        .check(
            "SELECT count(*) FROM session WHERE session_is_active IS NULL",
            json!([[0]]),
        )
        .await;
    ground
        .check(
            "SELECT count(issue_id), count(error_stack_source), count(*) FROM error",
            json!([[0, 0, ground.errors.len()]]),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_from_failures() {
    let ground = ground().await;
    let check =
        async |sql: &str, code: &str| assert_eq!(ground.error(sql).await.code(), code, "{sql}");
    check("SELEC 1", "sql_syntax").await;
    check("", "sql_syntax").await;
    check("   -- nothing", "sql_syntax").await;
    check("SELECT 'open", "sql_syntax").await;
    check("SELECT 1 / 0", "sql_invalid").await;
    check("SELECT CAST(view_id AS INT) FROM view", "sql_invalid").await;
    check("SELECT nosuch(1)", "sql_invalid").await;
    check("SELECT view_id, count(*) FROM view", "sql_invalid").await;
    check("SELECT sum(view_id) FROM view", "sql_invalid").await;
    check(
        &format!("SELECT '{}'", "x".repeat(300_000)),
        "sql_not_allowed",
    )
    .await;
    check(
        &format!("SELECT 1{}", " + 1".repeat(50_000)),
        "sql_not_allowed",
    )
    .await;
    check(
        &format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000)),
        "sql_not_allowed",
    )
    .await;
    let error = ground.error("SELECT view_id\nFROM view WHERE )").await;
    let place = error.position().unwrap();
    assert_eq!((place.line, place.column), (2, 17), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_but_allowed_statements_are_answered() {
    let ground = ground().await;
    ground
        .check(
            &format!("SELECT 1{} AS n", " + 1".repeat(3_900)),
            json!([[3_901]]),
        )
        .await;
    let ids: Vec<String> = (0..10_000).map(|n| format!("'view-{n:03}'")).collect();
    ground
        .check(
            &format!(
                "SELECT count(*) FROM view WHERE view_id IN ({})",
                ids.join(", ")
            ),
            json!([[300]]),
        )
        .await;
    let any: Vec<String> = (0..900)
        .map(|n| format!("view_id = 'view-{n:03}'"))
        .collect();
    ground
        .check(
            &format!("SELECT count(*) FROM view WHERE {}", any.join(" OR ")),
            json!([[300]]),
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_four_forms() {
    let ground = ground().await;
    let sql = "SELECT view_id, lcp, time, attributes->>'context.tags' AS tags, NULL AS nothing FROM view WHERE view_id < 'view-002' ORDER BY 1";
    let answer = ground.answer(sql).await;
    let text = |format| String::from_utf8(render(&answer, format).unwrap()).unwrap();
    assert_eq!(
        text(Format::Csv),
        "view_id,lcp,time,tags,nothing\r\n\
         view-000,10000000,2023-11-15T00:00:00.000000Z,\"[\"\"a\"\",\"\"b\"\"]\",\r\n\
         view-001,1860000000,2023-11-15T00:09:00.000000Z,\"[\"\"a\"\",\"\"b\"\"]\",\r\n"
    );
    let table = text(Format::Table);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines[0],
        " view_id  | lcp        | time                        | tags      | nothing"
    );
    assert_eq!(
        lines[2],
        " view-000 |   10000000 | 2023-11-15T00:00:00.000000Z | [\"a\",\"b\"] | "
    );
    assert_eq!(lines[4], "(2 rows)");
    let bytes = bytes::Bytes::from(render(&answer, Format::Parquet).unwrap());
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    assert_eq!(reader.schema().field(1).metadata()["unit"], "ns");
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    assert_eq!(
        batch
            .column(1)
            .as_primitive::<arrow::datatypes::Int64Type>()
            .value(0),
        10_000_000
    );
    let nothing = ground.answer("SELECT view_id FROM view WHERE false").await;
    assert_eq!(rows(&nothing), json!([]));
    assert!(render(&nothing, Format::Parquet).unwrap().len() > 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dictionary_describes_itself() {
    let ground = ground().await;
    let tables = ground.rows("SHOW TABLES").await;
    assert_eq!(tables.as_array().unwrap().len(), 11);
    let columns = ground.rows("DESCRIBE view").await;
    let lcp = columns
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row[0] == "largest_contentful_paint")
        .unwrap();
    assert_eq!((&lcp[1], &lcp[2]), (&json!("int64 (ns)"), &json!("ns")));
    assert_eq!(ground.rows("SHOW COLUMNS FROM view").await, columns);
    assert!(matches!(
        ground.error("DESCRIBE nothing").await,
        Error::UnknownTable { .. }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn distinct_texts_are_counted_alone_in_groups_under_filters_and_without_nulls() {
    let ground = ground().await;
    let check = async |sql: &str, expected: Json| {
        let texts =
            "FROM (VALUES (1, 'a'), (1, 'a'), (1, NULL), (2, 'b'), (2, ''), (2, 'a')) AS t (n, x)";
        let answer = json(&ground.answer(&sql.replace("FROM t", texts)).await);
        assert_eq!(answer["rows"], expected, "{sql}");
        answer["columns"][0]["name"].clone()
    };
    let of_texts = check("SELECT count(DISTINCT x) FROM t", json!([[3]])).await;
    let of_numbers = check("SELECT count(DISTINCT n) FROM t", json!([[2]])).await;
    let of_texts = of_texts.as_str().unwrap();
    assert_eq!(of_texts.replace('x', "n"), of_numbers, "{of_texts}");
    check(
        "SELECT n, count(DISTINCT x) AS c, count(x) FROM t GROUP BY n ORDER BY n",
        json!([[1, 1, 2], [2, 3, 3]]),
    )
    .await;
    check(
        "SELECT count(DISTINCT x) FILTER (WHERE n = 1), count(DISTINCT concat(n, ' ', x)), count(DISTINCT n) FROM t",
        json!([[1, 5, 2]]),
    )
    .await;
    check("SELECT count(DISTINCT 'z') FROM t", json!([[1]])).await;
    check(
        "SELECT n FROM t GROUP BY n HAVING count(DISTINCT x) > 1",
        json!([[2]]),
    )
    .await;
    check(
        "SELECT (SELECT count(DISTINCT x) FROM t) AS c",
        json!([[3]]),
    )
    .await;
}
