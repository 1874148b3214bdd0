//! Approximate percentiles: their stated error, their forms, and what they refuse.

use query::RELATIVE_ERROR;
use serde_json::{Value as Json, json};

use crate::ground::{Ground, ground, json};

/// 100,000 values over eleven orders of magnitude in seven groups, in an order of no meaning.
const VALUES: &str = "(SELECT value * 7919 % 100000 % 7 AS part, exp((value * 7919 % 100000) / 4000.0) * CASE WHEN value % 10 = 0 THEN -1 ELSE 1 END AS x \
    FROM generate_series(0, 99999)) AS t";

async fn numbers(ground: &Ground, sql: &str) -> Vec<Vec<f64>> {
    let answer = json(&ground.answer(sql).await);
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        row.as_array()
            .unwrap()
            .iter()
            .map(|value| value.as_f64().unwrap())
            .collect()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approximate_percentile_is_within_its_error_of_the_value_at_that_place() {
    let ground = ground().await;
    for share in [0.0, 0.001, 0.05, 0.25, 0.5, 0.75, 0.99, 0.9999, 1.0] {
        let approximate = numbers(
            &ground,
            &format!("SELECT part, count(*), approx_percentile_cont({share}) WITHIN GROUP (ORDER BY x) FROM {VALUES} GROUP BY part ORDER BY part"),
        )
        .await;
        assert_eq!(approximate.len(), 7);
        for row in approximate {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place among 100,000"
            )]
            let place = (share * (row[1] - 1.0)).floor() as u64;
            let exact = numbers(
                &ground,
                &format!(
                    "SELECT x FROM {VALUES} WHERE part = {} ORDER BY x LIMIT 1 OFFSET {place}",
                    row[0]
                ),
            )
            .await[0][0];
            let error = (row[2] - exact).abs() / exact.abs();
            assert!(
                error <= RELATIVE_ERROR * 1.000_001,
                "{share} of part {}: {} for {exact}",
                row[0],
                row[2]
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_call_gives_the_same_and_nothing_gives_null() {
    let ground = ground().await;
    let check = async |sql: &str, expected: Json| {
        assert_eq!(json(&ground.answer(sql).await)["rows"], expected, "{sql}");
    };
    let forms = numbers(
        &ground,
        &format!(
            "SELECT approx_percentile_cont(0.9) WITHIN GROUP (ORDER BY x), approx_percentile_cont(x, 0.9), approx_percentile(x, 0.9), \
             approx_percentile_cont(0.1) WITHIN GROUP (ORDER BY x DESC) FROM {VALUES}"
        ),
    )
    .await;
    assert!(
        forms[0].iter().all(|value| *value == forms[0][0]),
        "{forms:?}"
    );
    check(
        "SELECT approx_percentile(x, 0.5) FROM (VALUES (NULL::double)) AS t (x)",
        json!([[null]]),
    )
    .await;
    check(
        "SELECT approx_percentile(x, 0.5) FROM (VALUES (1.0)) AS t (x) WHERE x > 2",
        json!([[null]]),
    )
    .await;
    check(
        "SELECT approx_percentile(x, 0.5) FROM (VALUES (0), (0), (0)) AS t (x)",
        json!([[0.0]]),
    )
    .await;
    // What is no number has no place in an order.
    check(
        "SELECT approx_percentile(x, 1) FROM (VALUES (1.0), ('NaN'::double), ('inf'::double)) AS t (x)",
        json!([[1.0]]),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_outside_of_0_to_1_is_refused_in_words() {
    let ground = ground().await;
    for share in ["1.5", "-0.1", "NULL", "x"] {
        let sql = format!("SELECT approx_percentile(x, {share}) FROM (VALUES (1.0)) AS t (x)");
        let error = ground.error(&sql).await.to_string();
        assert!(error.contains("number from 0 to 1"), "{share}: {error}");
    }
}
