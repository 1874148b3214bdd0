//! `golden/*.sql`: each result stands beside its statement, and is computed a second time from the rows as they were made.
//!
//! `UPDATE_GOLDEN=1` writes the results anew.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::ground::{DAY, Ground, MIDNIGHT, View, ground};

type Naive = fn(&Ground) -> Json;

const GOLDEN: [(&str, Naive); 10] = [
    ("cart_views", cart_views),
    ("count_by_application", count_by_application),
    ("error_messages", error_messages),
    ("lcp_by_page", lcp_by_page),
    ("newest_views", newest_views),
    ("plans", plans),
    ("second_day", second_day),
    ("sessions_with_errors", sessions_with_errors),
    ("slow_share", slow_share),
    ("versions", versions),
];

#[tokio::test(flavor = "multi_thread")]
async fn results_agree_with_the_file_and_with_the_rows() {
    let ground = ground().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    let on_disk = std::fs::read_dir(&folder).unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|e| e == "sql")
    });
    assert_eq!(
        on_disk.count(),
        GOLDEN.len(),
        "each statement has its naive twin"
    );
    for (name, naive) in GOLDEN {
        let sql = std::fs::read_to_string(folder.join(format!("{name}.sql"))).unwrap();
        let result = ground.rows(&sql).await;
        assert_eq!(result, naive(&ground), "{name}: engine and rows");
        let file = folder.join(format!("{name}.json"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            let lines: Vec<String> = result
                .as_array()
                .unwrap()
                .iter()
                .map(Json::to_string)
                .collect();
            std::fs::write(&file, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
        }
        let golden: Json = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(result, golden, "{name}: engine and file");
    }
}

fn cart_views(ground: &Ground) -> Json {
    let in_cart = ground
        .views
        .iter()
        .filter(|view| view.name.contains("cart") && view.cls > 0.1);
    in_cart
        .map(|view| json!([view.id, view.app, view.session, view.name, view.cls]))
        .collect()
}

fn count_by_application(ground: &Ground) -> Json {
    let mut counts = BTreeMap::new();
    for view in &ground.views {
        *counts.entry(view.app).or_insert(0) += 1;
    }
    counts
        .into_iter()
        .map(|(app, count)| json!([app, count]))
        .collect()
}

fn error_messages(ground: &Ground) -> Json {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for error in ground.errors.iter().filter(|error| {
        error.message.contains("property 2") || error.message.contains("property 3")
    }) {
        *counts.entry(&error.message).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(message, count)| json!([message, count]))
        .collect()
}

fn lcp_by_page(ground: &Ground) -> Json {
    let mut pages: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for view in &ground.views {
        pages.entry(view.name).or_default().extend(view.lcp_ns);
    }
    let row = |(name, mut values): (&str, Vec<i64>)| {
        values.sort_unstable();
        let sum: i64 = values.iter().sum();
        json!([name, values.len(), values.first(), values.last(), sum])
    };
    pages.into_iter().map(row).collect()
}

fn newest_views(ground: &Ground) -> Json {
    let mut views: Vec<&View> = ground
        .views
        .iter()
        .filter(|view| view.app == "shop")
        .collect();
    views.sort_by_key(|view| std::cmp::Reverse(view.time_us));
    views
        .iter()
        .take(5)
        .map(|view| json!([view.id, time(view.time_us), view.lcp_ns]))
        .collect()
}

fn plans(ground: &Ground) -> Json {
    let mut sums: BTreeMap<Option<&str>, (u32, f64)> = BTreeMap::new();
    for view in &ground.views {
        let entry = sums.entry(view.plan).or_default();
        *entry = (entry.0 + 1, entry.1 + view.amount);
    }
    // NULL stands last.
    let (named, unnamed): (Vec<_>, Vec<_>) = sums.into_iter().partition(|(plan, _)| plan.is_some());
    named
        .into_iter()
        .chain(unnamed)
        .map(|(plan, (count, sum))| json!([plan, count, sum]))
        .collect()
}

fn second_day(ground: &Ground) -> Json {
    let in_day = |view: &&View| (MIDNIGHT + DAY..MIDNIGHT + 2 * DAY).contains(&view.time_us);
    json!([[ground.views.iter().filter(in_day).count()]])
}

fn sessions_with_errors(ground: &Ground) -> Json {
    let mut sessions: BTreeMap<(&str, &str), (u32, u32)> = BTreeMap::new();
    for view in &ground.views {
        sessions.entry((view.app, &view.session)).or_default().0 += 1;
    }
    for error in &ground.errors {
        sessions.entry((error.app, &error.session)).or_default().1 += 1;
    }
    let with_errors = sessions.into_iter().filter(|(_, (_, errors))| *errors > 1);
    with_errors
        .map(|((app, session), (views, errors))| json!([app, session, views, errors]))
        .collect()
}

fn slow_share(ground: &Ground) -> Json {
    let known: Vec<i64> = ground.views.iter().filter_map(|view| view.lcp_ns).collect();
    json!([[
        known.len(),
        known.iter().filter(|lcp| **lcp > 2_500_000_000).count()
    ]])
}

fn versions(ground: &Ground) -> Json {
    let mut counts: BTreeMap<i64, u32> = BTreeMap::new();
    for view in &ground.views {
        *counts.entry(view.version).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(version, count)| json!([version, count]))
        .collect()
}

fn time(us: i64) -> String {
    chrono::DateTime::from_timestamp_micros(us)
        .unwrap()
        .format("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string()
}
