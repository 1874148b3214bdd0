//! The catalog made anew from files shows the same rows as the one that was lost.

use std::collections::BTreeMap;

use schema::tables::common;
use schema::{Event, Row, TableId};
use store::rebuild::{Rebuilt, rebuild};
use store::{Batch, KeptRequest, Store};

use crate::harness::{Harness, MIDNIGHT, SECOND, event, in_session, view_version};

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % bound).unwrap()
    }
}

/// Versions of a few views in any order, events of several sessions around midnight, and repeats.
fn some_events(numbers: &mut Numbers) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..6 {
        let mut version = view_version(&format!("v{}", numbers.below(12)), numbers.below(9));
        version
            .row
            .set(common::session_id, format!("s{}", numbers.below(3)));
        events.push(version);
        let table = [TableId::Error, TableId::Action, TableId::Resource]
            [usize::try_from(numbers.below(3)).unwrap()];
        let time_us = MIDNIGHT + (numbers.below(200) - 100) * SECOND;
        let mut other = event(table, &format!("e{}", numbers.below(60)), time_us);
        other
            .row
            .set(common::session_id, format!("s{}", numbers.below(3)));
        events.push(other);
    }
    events
}

async fn all_rows(harness: &Harness) -> BTreeMap<&'static str, Vec<Row>> {
    let mut rows = BTreeMap::new();
    for table in TableId::ALL {
        rows.insert(table.name(), harness.rows(table).await);
    }
    rows
}

/// The catalog's rows by path, with the live rows of each; ids are given anew.
async fn catalog(harness: &Harness) -> Vec<(String, u64, u32, u64)> {
    let snapshot = harness.store.snapshot();
    let mut found = Vec::new();
    for table in TableId::ALL {
        for view in &snapshot.table(table).segments {
            let segment = &view.segment;
            let place = (segment.log_position, segment.level);
            found.push((segment.path.clone(), place.0, place.1, view.rows()));
        }
    }
    found.sort();
    found
}

async fn lose_catalog_and_rebuild(harness: &mut Harness) -> Rebuilt {
    for table in ["delete_vector", "segment", "store_state"] {
        let statement = sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE true"));
        sqlx::query(statement).execute(&harness.pool).await.unwrap();
    }
    for table in [
        "segment",
        "delete_vector",
        "kept_request",
        "quarantine",
        "erased",
        "forgotten",
    ] {
        let statement = sqlx::AssertSqlSafe(format!("DROP TABLE {table}"));
        sqlx::query(statement).execute(&harness.pool).await.unwrap();
    }
    let dir = harness.options.dir.canonicalize().unwrap();
    rebuild(&dir, &harness.pool, harness.now()).await.unwrap()
}

#[tokio::test]
async fn rows_are_the_same_before_and_after() {
    for seed in 0..6 {
        let mut harness = Harness::with(|options| {
            options.view_idle_us = 0;
            options.session_idle_us = 0;
        })
        .await;
        let mut numbers = Numbers(seed);
        for step in 0..30 {
            harness.apply(some_events(&mut numbers)).await;
            if numbers.below(2) == 0 {
                harness.flush().await;
            }
            if step % 9 == 8 {
                harness.store.compact(harness.now()).await.unwrap();
            }
            if step == 20 && seed % 3 == 0 {
                harness.store.compact_fully(harness.now()).await.unwrap();
            }
        }
        harness.flush().await;
        let before = (all_rows(&harness).await, catalog(&harness).await);
        let position = harness.store.flushed_position();
        let rebuilt = lose_catalog_and_rebuild(&mut harness).await;
        assert_eq!(rebuilt.log_position, position);
        assert_eq!(rebuilt.damaged, []);
        assert_eq!(rebuilt.app_ids.iter().collect::<Vec<_>>(), ["shop"]);
        harness.reopen().await;
        let after = (all_rows(&harness).await, catalog(&harness).await);
        assert_eq!(after.0, before.0, "seed {seed}");
        assert!(
            before.1.iter().all(|known| after.1.contains(known)),
            "seed {seed}"
        );
        // And it goes on: late versions, repeats, compaction.
        for _ in 0..5 {
            harness.apply(some_events(&mut numbers)).await;
            harness.flush().await;
        }
        let before = all_rows(&harness).await;
        harness.store.compact_fully(harness.now()).await.unwrap();
        assert_eq!(all_rows(&harness).await, before, "seed {seed}");
    }
}

#[tokio::test]
async fn a_session_that_lost_its_last_row_does_not_come_back() {
    let mut harness = Harness::new().await;
    for (session, version) in [("first", 1), ("second", 2)] {
        let mut view = view_version("v", version);
        view.row.set(common::session_id, session);
        harness.apply(vec![view]).await;
        harness.flush().await;
    }
    let row = harness.only_row(TableId::Session).await;
    assert_eq!(row.str(common::session_id), Some("second"));
    lose_catalog_and_rebuild(&mut harness).await;
    harness.reopen().await;
    assert_eq!(harness.only_row(TableId::Session).await, row);
}

#[tokio::test]
async fn half_a_flush_goes_and_is_read_from_the_log_again() {
    let mut harness = Harness::new().await;
    harness.apply(vec![view_version("v", 1)]).await;
    harness.flush().await;
    let marked = std::fs::read(harness.path("flushed")).unwrap();
    harness
        .apply(vec![
            view_version("v", 2),
            in_session(TableId::Error, "e", MIDNIGHT),
        ])
        .await;
    harness.flush().await;
    // As if the process had died before all files were there.
    std::fs::write(harness.path("flushed"), marked).unwrap();
    let lost = harness.segment_files();
    let lost = lost
        .iter()
        .find(|path| path.contains("/session/") && path.ends_with(".parquet"));
    std::fs::remove_file(harness.path(lost.unwrap())).unwrap();
    let before = all_rows_but_sessions(&harness).await;
    let rebuilt = lose_catalog_and_rebuild(&mut harness).await;
    assert_eq!(rebuilt.log_position, 1);
    assert!(!rebuilt.incomplete.is_empty());
    harness.reopen().await;
    assert_eq!(all_rows_but_sessions(&harness).await, before);
    harness.flush().await;
    assert_eq!(harness.segment_files(), harness.named_files().await);
}

async fn all_rows_but_sessions(harness: &Harness) -> [usize; 2] {
    [
        harness.ids(TableId::View).await.len(),
        harness.ids(TableId::Error).await.len(),
    ]
}

#[tokio::test]
async fn a_damaged_segment_is_put_aside_and_the_rest_goes_on() {
    let mut harness = Harness::new().await;
    for id in ["e1", "e2"] {
        harness
            .apply(vec![in_session(TableId::Error, id, MIDNIGHT)])
            .await;
        harness.flush().await;
    }
    let files = harness.segment_files();
    let errors: Vec<_> = files
        .iter()
        .filter(|path| path.contains("/error/") && path.ends_with(".parquet"))
        .collect();
    std::fs::write(harness.path(errors[0]), "no Parquet").unwrap();
    std::fs::remove_file(harness.path(errors[1]).with_extension("keys")).unwrap();
    let rebuilt = lose_catalog_and_rebuild(&mut harness).await;
    assert_eq!(rebuilt.damaged.len(), 1);
    assert_eq!(&rebuilt.damaged[0].0, errors[0]);
    assert!(harness.path("lost").join(errors[0]).exists());
    harness.reopen().await;
    assert_eq!(harness.ids(TableId::Error).await.len(), 1);
    harness.only_row(TableId::Session).await;
}

#[tokio::test]
async fn kept_requests_are_found_in_their_packs() {
    let mut harness = Harness::new().await;
    let kept = |log_position| KeptRequest {
        log_position,
        kind: "replay",
        app_id: Some("shop".into()),
        received_at_us: MIDNIGHT,
        payload: b"payload".to_vec().into(),
    };
    let batch = Batch {
        kept: vec![kept(0), kept(1)],
        end: 2,
        ..Batch::default()
    };
    harness.store.apply(batch).await.unwrap();
    harness.flush().await;
    let rebuilt = lose_catalog_and_rebuild(&mut harness).await;
    assert_eq!(rebuilt.kept_requests, 2);
    harness.store = Store::open(harness.options.clone(), harness.pool.clone())
        .await
        .unwrap();
    let packs = crate::harness::files_under(&harness.options.dir, "kept");
    assert_eq!(packs.len(), 1, "a start leaves it there");
}

#[tokio::test]
async fn backups_are_whole_private_and_bounded() {
    use std::os::unix::fs::PermissionsExt;

    const DAY: i64 = 86_400 * SECOND;
    let mut harness = Harness::new().await;
    harness
        .apply(vec![in_session(TableId::Error, "e", MIDNIGHT)])
        .await;
    harness.flush().await;
    for day in 0..9 {
        harness.store.back_up(MIDNIGHT + day * DAY).await.unwrap();
    }
    let newest = harness.store.back_up(MIDNIGHT + 8 * DAY).await.unwrap();
    let dir = harness.options.dir.canonicalize().unwrap();
    let backups = store::backup::backups(&dir).unwrap();
    assert_eq!(backups.len(), store::backup::BACKUPS_MAX);
    assert_eq!(backups[0], newest);
    assert!(newest.ends_with("backup/meta-2023-11-23.db"));
    let mode = std::fs::metadata(&newest).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    store::inspect::check_database(&newest).await.unwrap();
    let whole = std::fs::read(&newest).unwrap();
    std::fs::write(&newest, &whole[..whole.len() / 2]).unwrap();
    assert!(store::inspect::check_database(&newest).await.is_err());
}

#[tokio::test]
async fn an_inspection_names_what_is_damaged_missing_and_left_over() {
    let mut harness = Harness::new().await;
    for id in ["e1", "e2"] {
        harness
            .apply(vec![in_session(TableId::Error, id, MIDNIGHT)])
            .await;
        harness.flush().await;
    }
    let dir = harness.options.dir.canonicalize().unwrap();
    let whole = store::inspect::inspect(&dir, &harness.pool).await.unwrap();
    assert!(whole.is_whole() && whole.damaged_keys.is_empty() && whole.orphans.is_empty());
    assert_eq!(whole.tables["error"].rows, 2);
    assert_eq!(whole.tables["session"].dead_rows, 1);
    let errors: Vec<String> = harness
        .segment_files()
        .into_iter()
        .filter(|path| path.contains("/error/") && path.ends_with(".parquet"))
        .collect();
    let mut bytes = std::fs::read(harness.path(&errors[0])).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(harness.path(&errors[0]), bytes).unwrap();
    std::fs::remove_file(harness.path(&errors[1]).with_extension("keys")).unwrap();
    std::fs::write(harness.path("segments/error/left.parquet"), "half").unwrap();
    let found = store::inspect::inspect(&dir, &harness.pool).await.unwrap();
    assert!(!found.is_whole());
    assert_eq!(found.damaged_segments.len(), 1);
    assert_eq!(found.damaged_segments[0].0, errors[0]);
    assert_eq!(found.damaged_keys, [errors[1].clone()]);
    assert_eq!(
        found.orphans,
        [("segments/error/left.parquet".to_owned(), 4)]
    );
    assert!(!harness.path("segments/error/left.parquet").exists());
}
