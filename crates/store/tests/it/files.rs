//! Files: a snapshot keeps those it reads, and none stays that the catalog does not name.

use schema::{Reject, TableId};
use sqlx::Row as _;
use store::{Batch, KeptRequest, QuarantineEntry};

use crate::harness::{Harness, MIDNIGHT, files_under, in_session, rows, view_version};

const DAY: i64 = 86_400_000_000;

#[tokio::test]
async fn a_snapshot_reads_its_segments_until_it_is_dropped() {
    let mut harness = Harness::new().await;
    for number in 1..=3 {
        harness
            .apply(vec![
                in_session(TableId::Error, &format!("e{number}"), MIDNIGHT),
                view_version("v", number),
            ])
            .await;
        harness.flush().await;
    }
    let snapshot = harness.store.snapshot();
    let tables = [TableId::Error, TableId::View, TableId::Session];
    let before = [
        rows(&snapshot, tables[0]).await,
        rows(&snapshot, tables[1]).await,
        rows(&snapshot, tables[2]).await,
    ];
    harness.store.compact_fully(harness.now()).await.unwrap();
    harness
        .store
        .expire(MIDNIGHT + 10 * DAY, |_, _| Some(DAY))
        .await
        .unwrap();
    harness
        .store
        .expire_rows(MIDNIGHT + 10 * DAY, |_, _| Some(DAY))
        .await
        .unwrap();
    assert_eq!(
        harness.rows(TableId::Error).await,
        [],
        "the store has moved on"
    );

    for (table, before) in tables.into_iter().zip(&before) {
        assert_eq!(
            &rows(&snapshot, table).await,
            before,
            "the snapshot has not"
        );
    }
    harness.store.delete_retired().await.unwrap();
    assert_eq!(rows(&snapshot, TableId::Error).await.len(), 3);
    drop(snapshot);
    harness.store.delete_retired().await.unwrap();
    assert_eq!(harness.segment_files(), Vec::<String>::new());
}

#[tokio::test]
async fn after_compaction_only_files_remain_that_the_catalog_names() {
    let mut harness = Harness::new().await;
    for number in 1..=9 {
        harness
            .apply(vec![
                in_session(TableId::Error, &format!("e{number}"), MIDNIGHT),
                view_version("v", number),
            ])
            .await;
        harness.flush().await;
    }
    assert!(harness.store.compact(harness.now()).await.unwrap() > 0);
    let files = harness.segment_files();
    assert_eq!(files, harness.named_files().await);
    assert_eq!(
        files.iter().filter(|path| path.contains("/error/")).count(),
        2,
        "nine small segments become one, with its keys"
    );
    assert_eq!(harness.ids(TableId::Error).await.len(), 9);
    assert_eq!(
        harness
            .only_row(TableId::View)
            .await
            .int(schema::tables::view::view_version),
        Some(9)
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_deleted_is_tried_again() {
    let mut harness = Harness::new().await;
    for id in ["e1", "e2"] {
        harness
            .apply(vec![in_session(TableId::Error, id, MIDNIGHT)])
            .await;
        harness.flush().await;
    }
    let keys: Vec<_> = harness
        .segment_files()
        .into_iter()
        .filter(|path| path.contains("/error/"))
        .collect();
    let in_the_way = harness.path(keys.iter().find(|path| path.ends_with(".keys")).unwrap());
    std::fs::remove_file(&in_the_way).unwrap();
    let contents =
        |path: &std::path::Path| path.join("a folder with a file is not deleted as a file");
    let snapshot = harness.store.snapshot();
    harness
        .store
        .expire(MIDNIGHT + 10 * DAY, |_, _| Some(DAY))
        .await
        .unwrap();
    harness
        .store
        .expire_rows(MIDNIGHT + 10 * DAY, |_, _| Some(DAY))
        .await
        .unwrap();
    std::fs::create_dir(&in_the_way).unwrap();
    std::fs::write(contents(&in_the_way), "").unwrap();
    drop(snapshot);
    assert!(harness.store.delete_retired().await.is_err());
    std::fs::remove_dir_all(&in_the_way).unwrap();
    harness.store.delete_retired().await.unwrap();
    assert_eq!(harness.segment_files(), Vec::<String>::new());
}

#[tokio::test]
async fn opening_removes_what_an_interrupted_flush_left() {
    let mut harness = Harness::new().await;
    harness
        .apply(vec![in_session(TableId::Error, "e", MIDNIGHT)])
        .await;
    harness.flush().await;
    let files = harness.segment_files();
    let day = harness.path("segments/error/2023-11-15");
    for orphan in ["a.parquet", "a.keys", "b.parquet#1"] {
        std::fs::write(day.join(orphan), "half").unwrap();
    }
    std::fs::create_dir_all(harness.path("kept/2023-11-15")).unwrap();
    std::fs::write(harness.path("kept/2023-11-15/a.pack"), "half").unwrap();
    harness.reopen().await;
    assert_eq!(harness.segment_files(), files);
    assert_eq!(
        files_under(&harness.options.dir, "kept"),
        Vec::<String>::new()
    );
    assert_eq!(harness.store.metrics().orphans_removed, 4);
}

#[tokio::test]
async fn what_a_failed_flush_wrote_is_gone_before_the_next_one_writes() {
    let mut harness = Harness::new().await;
    harness
        .apply(vec![in_session(TableId::Error, "e1", MIDNIGHT)])
        .await;
    harness.flush().await;
    harness
        .apply(vec![in_session(TableId::Error, "e2", MIDNIGHT)])
        .await;
    let other = harness.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(harness.store.flush(harness.now()).await.is_err());
    let left = harness.segment_files();
    assert!(left.len() > harness.named_files().await.len());
    for _ in 0..3 {
        assert!(harness.store.flush(harness.now()).await.is_err());
        assert_eq!(
            harness.segment_files(),
            left,
            "no attempt before it is clear what became of the last"
        );
    }
    other.rollback().await.unwrap();
    harness.flush().await;
    assert_eq!(harness.segment_files(), harness.named_files().await);
    assert_eq!(harness.ids(TableId::Error).await, ["e1", "e2"]);
    assert!(harness.store.metrics().orphans_removed > 0);
}

#[tokio::test]
async fn files_that_a_snapshot_reads_outlive_the_sweep_after_a_failed_flush() {
    let mut harness = Harness::new().await;
    for number in 1..=2 {
        harness.apply(vec![view_version("v", number)]).await;
        harness.flush().await;
    }
    let snapshot = harness.store.snapshot();
    harness.store.compact_fully(harness.now()).await.unwrap();
    harness.apply(vec![view_version("v", 3)]).await;
    let other = harness.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(harness.store.flush(harness.now()).await.is_err());
    other.rollback().await.unwrap();
    harness.flush().await;
    assert_eq!(rows(&snapshot, TableId::View).await.len(), 1);
}

fn kept(log_position: u64, payload: &str) -> KeptRequest {
    KeptRequest {
        log_position,
        kind: "replay",
        app_id: Some("shop".into()),
        received_at_us: MIDNIGHT,
        payload: payload.as_bytes().to_vec().into(),
    }
}

#[tokio::test]
async fn kept_requests_stand_whole_and_once_in_the_pack_that_the_catalog_names() {
    let mut harness = Harness::new().await;
    let batch = |requests: Vec<KeptRequest>, end| Batch {
        kept: requests,
        end,
        ..Batch::default()
    };
    harness
        .store
        .apply(batch(vec![kept(0, "first"), kept(1, "second")], 2))
        .await
        .unwrap();
    harness.flush().await;
    harness
        .store
        .apply(batch(vec![kept(1, "second"), kept(2, "third")], 3))
        .await
        .unwrap();
    harness.flush().await;
    harness.reopen().await;
    let rows = sqlx::query("SELECT * FROM kept_request ORDER BY log_position")
        .fetch_all(&harness.pool)
        .await
        .unwrap();
    let payload = |row: &sqlx::sqlite::SqliteRow| {
        let pack = std::fs::read(harness.path(row.get("pack"))).unwrap();
        let number = |name: &str| usize::try_from(row.get::<i64, _>(name)).unwrap();
        let bytes = &pack[number("pack_offset")..][..number("size_bytes")];
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    assert_eq!(
        rows.iter().map(payload).collect::<Vec<_>>(),
        ["first", "second", "third"]
    );
}

#[tokio::test]
async fn the_quarantine_is_bounded_and_trimmed_by_age() {
    let harness = Harness::new().await;
    let entry = |received_at_us: i64| {
        let reject = Reject {
            reason: "unknown_type",
            detail: String::new(),
            place: 1,
            app_id: None,
            sample: String::new(),
        };
        QuarantineEntry::new(reject, "datadog".into(), received_at_us, 0)
    };
    let quarantined = async |entries: Vec<QuarantineEntry>, end: u64, now_us: i64| {
        harness
            .store
            .apply(Batch {
                quarantine: entries,
                end,
                ..Batch::default()
            })
            .await
            .unwrap();
        harness.store.flush(now_us).await.unwrap();
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM quarantine")
            .fetch_one(&harness.pool)
            .await
            .unwrap();
        count
    };
    assert_eq!(
        quarantined(vec![entry(MIDNIGHT); 2_500], 1, MIDNIGHT).await,
        2_000,
        "of one flush"
    );
    assert_eq!(
        quarantined(vec![entry(MIDNIGHT + 8 * DAY)], 2, MIDNIGHT + 8 * DAY).await,
        1,
        "a week later"
    );
}
