//! Damaged and foreign input is refused with a message, never with a panic.

use schema::tables::view;
use schema::{Row, TableId};
use sqlx::SqlitePool;
use store::{Batch, Store};

use crate::harness::{Harness, MIDNIGHT, counts, in_session, view_version};

/// A store with one segment of errors, closed again, and the path of that segment's file.
async fn one_segment() -> (Harness, std::path::PathBuf) {
    let mut harness = Harness::with(|options| options.view_idle_us = 0).await;
    let errors = (0..50).map(|id| in_session(TableId::Error, &format!("e{id:02}"), MIDNIGHT + id));
    let views = (0..50).map(|id| view_version(&format!("v{id:02}"), id));
    harness.apply(errors.chain(views).collect()).await;
    harness.flush().await;
    let files = harness.segment_files();
    let file = files
        .iter()
        .find(|path| path.contains("/view/") && path.ends_with(".parquet"))
        .unwrap();
    let path = harness.path(file);
    (harness, path)
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

/// A late version of every view comes: each is one row of the new version, whether what it had before could be read or not.
/// Returns whether it could.
async fn check_late_versions(harness: &mut Harness, what: &str) -> bool {
    let log_position = harness.store.applied_position();
    let versions = (0..50).map(|id| view_version(&format!("v{id:02}"), 100));
    let record = crate::harness::record(harness.log.len(), versions.collect(), false);
    let batch = Batch {
        events: record,
        end: log_position + 1,
        ..Batch::default()
    };
    let applied = harness.store.apply(batch).await;
    applied.unwrap_or_else(|error| panic!("{what}: {}", chain(&error)));
    let views = harness.rows(TableId::View).await;
    assert_eq!(views.len(), 50, "{what}");
    harness.only_row(TableId::Session).await;
    if harness.store.metrics().damaged_reads == 0 {
        // Parquet has no checksum a page, so a flip may also pass as another value.
        return true;
    }
    let is_new = |row: &Row| row.int(view::view_version) == Some(100);
    assert!(views.iter().all(is_new), "{what}");
    false
}

#[tokio::test]
async fn a_cut_or_missing_segment_costs_its_rows_and_stops_nothing() {
    let (mut harness, path) = one_segment().await;
    let whole = std::fs::read(&path).unwrap();
    for len in (0..whole.len()).step_by(499).chain([whole.len() - 1]) {
        std::fs::write(&path, &whole[..len]).unwrap();
        harness.reopen().await;
        assert!(!check_late_versions(&mut harness, &format!("cut to {len}")).await);
    }
    std::fs::remove_file(&path).unwrap();
    harness.reopen().await;
    assert!(!check_late_versions(&mut harness, "no file").await);
    let session = harness.only_row(TableId::Session).await;
    assert_eq!(
        counts(&session),
        [50, 0, 50, 0],
        "what other segments hold is counted"
    );
    std::fs::write(&path, &whole).unwrap();
    harness.reopen().await;
    assert!(check_late_versions(&mut harness, "whole again").await);
}

#[tokio::test]
async fn a_flipped_byte_in_a_segment_is_never_a_panic_of_the_store() {
    let (mut harness, path) = one_segment().await;
    let whole = std::fs::read(&path).unwrap();
    let mut seen = 0;
    let mut flips = 0;
    for place in (0..whole.len()).step_by(37) {
        for mask in [0x01, 0xff] {
            let mut damaged = whole.clone();
            damaged[place] ^= mask;
            std::fs::write(&path, &damaged).unwrap();
            harness.reopen().await;
            let what = format!("byte {place} ^ {mask:#x}");
            seen += usize::from(!check_late_versions(&mut harness, &what).await);
            flips += 1;
        }
    }
    assert!(seen * 2 > flips, "only {seen} of {flips} flips were seen");
}

#[tokio::test]
async fn compaction_never_passes_damage_on_and_goes_on_with_the_other_segments() {
    let (mut harness, path) = one_segment().await;
    for number in 0..4 {
        harness
            .apply(vec![view_version(&format!("other{number}"), 1)])
            .await;
        harness.flush().await;
    }
    let whole = std::fs::read(&path).unwrap();
    for place in (0..whole.len()).step_by(211) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x10;
        std::fs::write(&path, &damaged).unwrap();
        let error = harness
            .store
            .compact_fully(harness.now())
            .await
            .unwrap_err();
        assert!(
            chain(&error).contains("the file is damaged"),
            "{}",
            chain(&error)
        );
    }
    let segments =
        async |harness: &Harness| harness.store.snapshot().table(TableId::View).segments.len();
    assert_eq!(segments(&harness).await, 5);
    harness.store.compact(harness.now()).await.unwrap();
    assert_eq!(
        segments(&harness).await,
        2,
        "the damaged one and one of four"
    );
    assert!(path.exists());
    std::fs::write(&path, &whole).unwrap();
    harness.store.compact_fully(harness.now()).await.unwrap();
    assert_eq!(harness.ids(TableId::View).await.len(), 54);
}

#[tokio::test]
async fn a_foreign_file_without_keys_in_the_place_of_a_segment_is_noted_and_the_start_goes_on() {
    let (mut harness, path) = one_segment().await;
    harness
        .apply(
            (0..70)
                .map(|id| view_version(&format!("w{id:02}"), id))
                .collect(),
        )
        .await;
    harness.flush().await;
    let files = harness.segment_files();
    let is_other = |file: &&String| {
        file.contains("/view/") && file.ends_with(".parquet") && harness.path(file) != path
    };
    std::fs::copy(harness.path(files.iter().find(is_other).unwrap()), &path).unwrap();
    std::fs::remove_file(path.with_extension("keys")).unwrap();
    harness.reopen().await;
    assert_eq!(harness.store.metrics().damaged_reads, 1);
    harness.apply(vec![view_version("new", 1)]).await;
    harness.flush().await;
    assert_eq!(harness.store.metrics().events_stored, 1);
}

async fn check_refused(harness: &Harness, statement: &'static str, expected: &str) {
    sqlx::query(statement).execute(&harness.pool).await.unwrap();
    let pool: SqlitePool = harness.pool.clone();
    let error = Store::open(harness.options.clone(), pool)
        .await
        .unwrap_err();
    assert!(chain(&error).contains(expected), "{}", chain(&error));
}

#[tokio::test]
async fn data_of_a_newer_version_is_refused() {
    let (harness, _) = one_segment().await;
    check_refused(
        &harness,
        "UPDATE store_state SET value = 2 WHERE name = 'format_version'",
        "newer version",
    )
    .await;
    let (harness, _) = one_segment().await;
    check_refused(
        &harness,
        "UPDATE store_state SET value = 99 WHERE name = 'catalog_migrations'",
        "newer version",
    )
    .await;
}

#[tokio::test]
async fn a_damaged_catalog_row_is_refused() {
    for (statement, expected) in [
        (
            "UPDATE segment SET table_name = 'cookies'",
            "unknown table cookies",
        ),
        ("UPDATE segment SET app_ids = '{'", "applications"),
        ("UPDATE segment SET row_count = -1", "row count"),
        (
            "UPDATE store_state SET value = -5 WHERE name = 'log_position'",
            "negative number -5",
        ),
        (
            "INSERT INTO delete_vector (segment_id, dead_rows) SELECT id, x'0102' FROM segment",
            "delete vector of segment",
        ),
    ] {
        let (harness, _) = one_segment().await;
        check_refused(&harness, statement, expected).await;
    }
}
