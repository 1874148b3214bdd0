//! No text makes the engine panic, whether it is SQL or not.

use std::sync::Arc;

use proptest::prelude::*;
use query::{Error, Limits, Request, Scope};
use tokio::runtime::Runtime;

use crate::ground::{Ground, ground, request, short};

/// Pieces of statements in any order: most of it is no SQL.
const PIECES: [&str; 64] = [
    "SELECT",
    "*",
    "FROM",
    "view",
    "session",
    "WHERE",
    "lcp",
    "view.name",
    "v",
    "AS",
    "(",
    ")",
    ",",
    "=",
    ">",
    "1",
    "'x'",
    "NULL",
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "'%a%'",
    "GROUP BY",
    "ORDER BY",
    "LIMIT",
    "10",
    "count(*)",
    "max(",
    "JOIN",
    "ON",
    "USING",
    "WITH",
    "x",
    "UNION ALL",
    "attributes",
    "->>",
    "->",
    "'context.plan'",
    "attr_number(",
    "$1",
    "time",
    "now()",
    "INTERVAL '1 day'",
    "-",
    "+",
    "/",
    "0",
    "CASE WHEN",
    "THEN",
    "ELSE",
    "END",
    "EXISTS",
    "LATERAL",
    "DISTINCT",
    "HAVING",
    "OVER (",
    "::",
    "bigint",
    "\"usr.id\"",
    "EXPLAIN",
    "DESCRIBE",
    ";",
];

const LEAVES: [&str; 24] = [
    "lcp",
    "view.name",
    "v.cls",
    "view_id",
    "time",
    "attributes",
    "\"usr.id\"",
    "user_ids",
    "session_is_active",
    "1",
    "-1",
    "0",
    "2.5",
    "'x'",
    "'2023-11-15'",
    "NULL",
    "true",
    "$1",
    "now()",
    "count(*)",
    "INTERVAL '1 day'",
    "nosuch",
    "x",
    "[1, 2]",
];

const SHAPES: [&str; 30] = [
    "({} + {})",
    "({} - {})",
    "({} * {})",
    "({} / {})",
    "({} = {})",
    "({} <> {})",
    "({} < {})",
    "({} AND {})",
    "({} OR {})",
    "({} LIKE {})",
    "({} IN ({}, 1))",
    "({} BETWEEN {} AND 3)",
    "NOT ({} IS NULL AND {})",
    "({} ->> {})",
    "({} || {})",
    "coalesce({}, {})",
    "nullif({}, {})",
    "CASE WHEN {} THEN {} END",
    "max({}) + {}",
    "sum({}) > {}",
    "attr_number({}, {})",
    "date_trunc('hour', {}) = {}",
    "CAST({} AS BIGINT) + {}",
    "({})::text = {}",
    "lower({}) = {}",
    "approx_percentile_cont({}, 0.75) < {}",
    "row_number() OVER (PARTITION BY {} ORDER BY {})",
    "EXISTS (SELECT {} FROM error WHERE {})",
    "(SELECT max({}) FROM session x WHERE {})",
    "array_length({}) = {}",
];

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(&LEAVES[..]).prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 2, |inner| {
        (prop::sample::select(&SHAPES[..]), inner.clone(), inner).prop_map(
            |(shape, left, right)| shape.replacen("{}", &left, 1).replacen("{}", &right, 1),
        )
    })
}

fn statement() -> impl Strategy<Value = String> {
    let from = prop::sample::select(
        &[
            "view v",
            "session x",
            "view v JOIN session x USING (session_id)",
            "error, (SELECT lcp FROM view) x",
            "generate_series(1, 5) AS x",
            "view v LEFT JOIN error x ON v.view_id = x.view.id",
        ][..],
    );
    let clause = |word: &'static str| {
        prop::option::weighted(0.4, expression())
            .prop_map(move |expr| expr.map_or(String::new(), |expr| format!(" {word} {expr}")))
    };
    (
        expression(),
        expression(),
        from,
        clause("WHERE"),
        clause("GROUP BY"),
        clause("HAVING"),
        clause("ORDER BY"),
    )
        .prop_map(|(first, second, from, filter, group, having, order)| {
            format!("SELECT {first}, {second} AS n FROM {from}{filter}{group}{having}{order}")
        })
}

fn run(ground: &Arc<Ground>, runtime: &Runtime, sql: &str, params: Vec<serde_json::Value>) {
    let limits = short(
        Limits {
            rows_default: 100,
            memory_bytes: 64 << 20,
            ..Limits::default()
        },
        10_000,
    );
    let request = Request {
        params,
        ..request(sql)
    };
    match runtime.block_on(ground.engine.run(
        request,
        &Scope::workspace(),
        &limits,
        ground.store.snapshot(),
    )) {
        Err(Error::Panicked) => panic!("{sql}"),
        Err(error) => assert!(!error.help().is_empty()),
        Ok(answer) => {
            serde_json::from_slice::<serde_json::Value>(&query::render::json(&answer)).unwrap();
        }
    }
}

fn check(cases: u32, statements: impl Strategy<Value = String>) {
    let runtime = Runtime::new().unwrap();
    let ground = runtime.block_on(ground());
    proptest!(ProptestConfig::with_cases(cases), |(sql in statements)| {
        run(&ground, &runtime, &sql, vec![1.into()]);
        run(&ground, &runtime, &sql, Vec::new());
    });
}

#[test]
fn random_text_never_panics() {
    check(200, "\\PC{0,80}".prop_map(|text: String| text));
}

#[test]
fn random_words_never_panic() {
    check(
        400,
        prop::collection::vec(prop::sample::select(&PIECES[..]), 1..24)
            .prop_map(|pieces| pieces.join(" ")),
    );
}

#[test]
fn random_queries_never_panic() {
    check(300, statement());
}
