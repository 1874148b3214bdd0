//! What is known of a statement before it is run, and what clients of PostgreSQL may name.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use query::{Error, Limits, ParameterType, PostgresClient, Prepared, Request, Scope};
use serde_json::json;

use crate::ground::{Ground, ground, request, rows};

async fn prepare(ground: &Ground, request: Request) -> Result<Prepared, Error> {
    let (scope, limits) = (Scope::workspace(), Limits::default());
    let snapshot = ground.store.snapshot();
    ground
        .engine
        .prepare(request, &scope, &limits, snapshot)
        .await
}

fn postgres(sql: &str) -> Request {
    let text = str::to_owned;
    Request {
        postgres: Some(Arc::new(PostgresClient {
            database: text("shop"),
            user: text("grafana"),
            version: text("PostgreSQL 15.0"),
            settings: vec![(text("search_path"), text("public"))],
        })),
        ..request(sql)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_have_the_types_of_what_they_are_compared_with() {
    let ground = ground().await;
    let sql = "SELECT view_id AS id, count(*) FROM view WHERE time > $1 AND largest_contentful_paint < $3 AND view_id = $2 \
               GROUP BY 1 LIMIT $4";
    let prepared = prepare(&ground, request(sql)).await.unwrap();
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let expected = [time, DataType::Utf8View, DataType::Int64, DataType::Int64];
    assert_eq!(prepared.parameters, expected.map(Some));
    let names: Vec<_> = prepared
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["id", "count(*)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_whose_place_does_not_tell_a_type_is_planned_all_the_same() {
    let ground = ground().await;
    for sql in [
        "SELECT $1",
        "SELECT upper($1), $2 + 1 FROM view",
        "SELECT date_trunc('hour', $1)",
        "SELECT coalesce($1, view_name) FROM view",
    ] {
        let prepared = prepare(&ground, request(sql)).await;
        let prepared = prepared.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert!(!prepared.parameters.is_empty(), "{sql}");
    }
    let typed = Request {
        parameter_types: vec![Some(ParameterType::Timestamp)],
        ..request("SELECT $1 AS a")
    };
    let prepared = prepare(&ground, typed).await.unwrap();
    assert!(matches!(
        prepared.schema.field(0).data_type(),
        DataType::Timestamp(..)
    ));
    let unknown = prepare(&ground, request("SELECT $1, vew_id FROM view")).await;
    assert!(matches!(unknown, Err(Error::UnknownColumn { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_is_a_time_wherever_its_parameter_stands() {
    let ground = ground().await;
    let typed = Request {
        params: vec![json!("2023-11-15T10:30:00Z"), json!(null)],
        parameter_types: vec![Some(ParameterType::Timestamp), Some(ParameterType::Integer)],
        ..request("SELECT date_trunc('hour', $1), $2 + 1")
    };
    let answer = ground.run(typed).await.unwrap();
    assert_eq!(
        rows(&answer),
        json!([["2023-11-15T10:00:00.000000Z", null]])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_exists_for_clients_of_postgresql_only() {
    let ground = ground().await;
    let check = async |sql: &str, expected: serde_json::Value| {
        let answer = ground.run(postgres(sql)).await;
        let answer = answer.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert_eq!(rows(&answer), expected, "{sql}");
        assert!(ground.run(request(sql)).await.is_err(), "{sql}");
    };
    let count = "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_namespace n ON c.relnamespace = n.oid WHERE nspname = 'public'";
    check(count, json!([[11]])).await;
    check(
        "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'vi%'",
        json!([["view"], ["vital"]]),
    )
    .await;
    check(
        "SELECT current_database(), session_user, current_setting('search_path')",
        json!([["shop", "grafana", "public"]]),
    )
    .await;
    check("SELECT count(*) FROM public.view", json!([[300]])).await;
    check(
        "SELECT 'view'::regclass::oid = 'public.view'::regclass::oid",
        json!([[true]]),
    )
    .await;
    check("SELECT extversion FROM pg_extension", json!([])).await;
    check("SELECT count(*) FROM pg_extension", json!([[0]])).await;
    check(
        "SELECT quote_ident('a b'), format_type(1184, NULL)",
        json!([["\"a b\"", "timestamp with time zone"]]),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_postgresql_may_do_no_more_than_others() {
    let ground = ground().await;
    for sql in [
        "SELECT * FROM footfall.secret.view",
        "SELECT * FROM pg_authid",
        "SELECT * FROM pg_catalog.pg_shadow",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_catalog.lo_import('/etc/passwd')",
        "SELECT * FROM pg_catalog.read_parquet('/etc/passwd')",
        "SELECT pg_catalog.input_file_name() FROM view",
        "SELECT pg_catalog.repeat('a', 1000000000)",
        "SELECT ARRAY(SELECT view_id FROM view)",
        "SELECT 'nothing'::regclass",
        "SELECT * INTO x FROM view",
    ] {
        assert!(ground.run(postgres(sql)).await.is_err(), "{sql}");
    }
}
