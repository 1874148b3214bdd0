//! Columns in memory give the answers of the files: cold, warm, with a budget that holds hardly one column, and with none.

use query::{Engine, Limits, Options, Request, Scope};

use crate::ground::{DAY, Ground, MIDNIGHT, MINUTE, ground};

const STATEMENTS: &[&str] = &[
    "SELECT count(*) FROM view",
    "SELECT count(*), min(time), max(time) FROM view WHERE app_id = 'shop'",
    "SELECT view_name, count(*), sum(view_error_count), max(largest_contentful_paint) FROM view GROUP BY 1 ORDER BY 1",
    "SELECT session_id, count(*) FROM view WHERE app_id = 'docs' GROUP BY 1 ORDER BY 1",
    "SELECT count(*) FROM view WHERE time < TIMESTAMPTZ '1970-01-01 00:00:00+00:00'",
    "SELECT session_view_count, count(*) FROM session GROUP BY 1 ORDER BY 1",
    "SELECT app_id, error_message, count(*) FROM error WHERE error_message LIKE '%1%' GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT count(*) FROM view v JOIN session s ON v.app_id = s.app_id AND v.session_id = s.session_id",
    "SELECT error_message FROM error ORDER BY time DESC, error_message LIMIT 7",
];

async fn answers(
    ground: &Ground,
    engine: &Engine,
    from_us: Option<i64>,
    to_us: Option<i64>,
) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    for sql in STATEMENTS {
        let request = Request {
            sql: (*sql).to_owned(),
            from_us,
            to_us,
            now_us: MIDNIGHT + 4 * DAY,
            ..Request::default()
        };
        let answer = engine
            .run(
                request,
                &Scope::workspace(),
                &Limits::default(),
                ground.store.snapshot(),
            )
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        answers.push(query::render::csv(&answer));
    }
    answers
}

fn engine(column_cache_bytes: usize) -> Engine {
    Engine::new(Options {
        column_cache_bytes,
        ..Options::default()
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_those_of_the_files() {
    let ground = ground().await;
    let (without, with, tiny) = (engine(0), engine(64 << 20), engine(100_000));
    let ranges = [
        (None, None),
        (Some(MIDNIGHT), Some(MIDNIGHT + 20 * MINUTE)),
        (Some(MIDNIGHT + 7 * MINUTE + 1), None),
        (None, Some(MIDNIGHT + DAY)),
        (Some(MIDNIGHT + 90 * DAY), None),
    ];
    for (from, to) in ranges {
        let expected = answers(&ground, &without, from, to).await;
        for (engine, name) in [(&with, "cold"), (&with, "warm"), (&tiny, "tiny")] {
            let found = answers(&ground, engine, from, to).await;
            for (place, sql) in STATEMENTS.iter().enumerate() {
                assert_eq!(
                    String::from_utf8_lossy(&found[place]),
                    String::from_utf8_lossy(&expected[place]),
                    "{name}, {from:?} to {to:?}: {sql}"
                );
            }
        }
    }
    let (none, some) = (without.gauges().columns, with.gauges().columns);
    assert_eq!((none.columns, none.bytes), (0, 0));
    assert!(some.hits > some.misses && some.misses > 0, "{some:?}");
    assert!(
        tiny.gauges().columns.bytes <= 100_000,
        "{:?}",
        tiny.gauges()
    );
}
