//! No text makes the engine panic.

use proptest::prelude::*;
use query::{Error, Limits, Request, Scope};

use crate::ground::{Ground, ground, request, short};

/// Pieces of real statements, so that random ones get past the parser.
const PIECES: [&str; 64] = [
    "SELECT", "*", "FROM", "view", "session", "WHERE", "lcp", "view.name", "v", "AS", "(", ")", ",", "=", ">", "1", "'x'", "NULL", "AND", "OR",
    "NOT", "IN", "LIKE", "'%a%'", "GROUP BY", "ORDER BY", "LIMIT", "10", "count(*)", "max(", "JOIN", "ON", "USING", "WITH", "x", "UNION ALL",
    "attributes", "->>", "->", "'context.plan'", "attr_number(", "$1", "time", "now()", "INTERVAL '1 day'", "-", "+", "/", "0", "CASE WHEN",
    "THEN", "ELSE", "END", "EXISTS", "LATERAL", "DISTINCT", "HAVING", "OVER (", "::", "bigint", "\"usr.id\"", "EXPLAIN", "DESCRIBE", ";",
];

fn run(ground: &Ground, runtime: &tokio::runtime::Runtime, sql: &str) {
    let limits = short(Limits { rows_default: 100, memory_bytes: 64 << 20, ..Limits::default() }, 5_000);
    let request = Request { params: vec![1.into()], ..request(sql) };
    let result = runtime.block_on(ground.engine.run(request, &Scope::workspace(), &limits, ground.store.snapshot()));
    assert!(!matches!(result, Err(Error::Panicked)), "{sql}");
    let without = Request { params: Vec::new(), ..self::request(sql) };
    let result = runtime.block_on(ground.engine.run(without, &Scope::workspace(), &limits, ground.store.snapshot()));
    assert!(!matches!(result, Err(Error::Panicked)), "{sql}");
    if let Ok(answer) = result {
        serde_json::from_slice::<serde_json::Value>(&query::render::json(&answer)).unwrap();
    }
}

#[test]
fn random_statements_never_panic() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ground = runtime.block_on(ground());
    let pieces = prop::collection::vec(prop::sample::select(&PIECES[..]), 1..24).prop_map(|pieces| pieces.join(" "));
    let selects = prop::collection::vec(prop::sample::select(&PIECES[..]), 1..12).prop_map(|pieces| format!("SELECT {} FROM view v", pieces.join(" ")));
    let text = "\\PC{0,80}".prop_map(|text: String| text);
    proptest!(ProptestConfig::with_cases(400), |(sql in prop_oneof![2 => pieces, 3 => selects, 1 => text])| run(&ground, &runtime, &sql));
}
