//! The manifest: what it names is what is live, at one version; what it named stays for a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use schema::TableId;

use crate::harness::{Harness, MIDNIGHT, in_session, view_version};

const LONG: Duration = Duration::from_secs(3600);

/// A manifest as a reader outside sees it.
#[derive(Debug, PartialEq)]
struct Seen {
    version: Option<i64>,
    /// Row count and dead rows by path.
    files: BTreeMap<String, (i64, Vec<i64>)>,
}

fn batches(path: &std::path::Path) -> Vec<RecordBatch> {
    let file = std::fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

fn seen(harness: &Harness) -> Seen {
    let mut seen = Seen {
        version: None,
        files: BTreeMap::new(),
    };
    for batch in batches(&harness.path(store::manifest::PATH)) {
        let number = |name: &str, row: usize| {
            let column = batch.column_by_name(name).unwrap();
            column.as_primitive::<Int64Type>().value(row)
        };
        for row in 0..batch.num_rows() {
            let path = batch.column_by_name("path").unwrap().as_string::<i32>();
            let dead = batch.column_by_name("dead_rows").unwrap();
            let dead = dead.as_list::<i32>().value(row);
            let dead = dead.as_primitive::<Int64Type>().values().to_vec();
            seen.version = Some(number("catalog_version", row));
            seen.files
                .insert(path.value(row).to_owned(), (number("row_count", row), dead));
        }
    }
    seen
}

/// Live rows of a table, counted as a reader outside would.
fn counted(harness: &Harness, table: TableId) -> usize {
    let folder = format!("segments/{}/", table.name());
    let seen = seen(harness);
    let of_table = seen
        .files
        .iter()
        .filter(|(path, _)| path.starts_with(&folder));
    of_table
        .map(|(path, (rows, dead))| {
            let there: usize = batches(&harness.path(path))
                .iter()
                .map(RecordBatch::num_rows)
                .sum();
            assert_eq!(i64::try_from(there).unwrap(), *rows, "{path}");
            there - dead.len()
        })
        .sum()
}

/// At each flush a view that changes, one that stays as it is, and an error.
async fn flushed(harness: &mut Harness, flushes: i64) {
    for number in 1..=flushes {
        let events = vec![
            view_version("a", number),
            view_version(&format!("b{number}"), 1),
            in_session(TableId::Error, &format!("e{number}"), MIDNIGHT),
        ];
        harness.apply(events).await;
        harness.flush().await;
    }
}

async fn keeping(keep: Duration) -> Harness {
    Harness::with(|options| options.replaced_keep = keep).await
}

#[tokio::test]
async fn through_the_manifest_each_row_counts_once_whatever_was_replaced() {
    let mut harness = keeping(LONG).await;
    flushed(&mut harness, 3).await;
    let count = |harness: &Harness| {
        [TableId::View, TableId::Session, TableId::Error].map(|table| counted(harness, table))
    };
    assert_eq!(count(&harness), [4, 1, 3]);
    let with_dead = seen(&harness);
    assert!(with_dead.files.values().any(|(_, dead)| !dead.is_empty()));
    harness.store.compact_fully(harness.now()).await.unwrap();
    assert_eq!(count(&harness), [4, 1, 3]);
    let compacted = seen(&harness);
    assert!(compacted.version > with_dead.version);
    assert_eq!(compacted.files.len(), 3, "one a table: {compacted:?}");
}

#[tokio::test]
async fn what_a_manifest_named_stays_as_long_as_it_was_promised() {
    let mut harness = keeping(LONG).await;
    flushed(&mut harness, 3).await;
    let old = seen(&harness);
    harness.store.compact_fully(harness.now()).await.unwrap();
    let path_is_there = |path: &String| harness.path(path).exists();
    assert!(old.files.keys().all(path_is_there), "within the promise");
    harness.store.delete_all_retired().await.unwrap();
    assert_eq!(harness.segment_files(), harness.named_files().await);

    let mut harness = keeping(Duration::ZERO).await;
    flushed(&mut harness, 3).await;
    harness.store.compact_fully(harness.now()).await.unwrap();
    assert_eq!(
        harness.segment_files(),
        harness.named_files().await,
        "nothing was promised"
    );
}

#[tokio::test]
async fn after_a_crash_the_files_of_the_manifest_before_stay_too_and_a_clean_stop_removes_them() {
    let mut harness = keeping(LONG).await;
    flushed(&mut harness, 3).await;
    let old = seen(&harness);
    harness.store.compact_fully(harness.now()).await.unwrap();
    harness.reopen().await;
    assert!(old.files.keys().all(|path| harness.path(path).exists()));
    assert_eq!(counted(&harness, TableId::View), 4);
    let version = seen(&harness).version;
    assert!(version > old.version, "{version:?} goes on where it was");
    harness.store.delete_all_retired().await.unwrap();
    assert_eq!(harness.segment_files(), harness.named_files().await);
}

#[tokio::test]
async fn dropping_dead_rows_leaves_files_with_live_rows_only() {
    let mut harness = keeping(Duration::ZERO).await;
    flushed(&mut harness, 3).await;
    let late = Some(Instant::now());
    let left = harness.store.drop_dead_rows(harness.now(), late).await;
    assert!(left.unwrap() > 0, "no time, nothing done");
    assert!(
        seen(&harness)
            .files
            .values()
            .any(|(_, dead)| !dead.is_empty())
    );
    let left = harness.store.drop_dead_rows(harness.now(), None).await;
    assert_eq!(left.unwrap(), 0);
    harness.store.delete_all_retired().await.unwrap();
    assert!(
        seen(&harness)
            .files
            .values()
            .all(|(_, dead)| dead.is_empty())
    );
    assert_eq!(harness.segment_files(), harness.named_files().await);
    let by_glob: i64 = seen(&harness).files.values().map(|(rows, _)| rows).sum();
    assert_eq!(by_glob, 4 + 1 + 3);
    assert_eq!(harness.ids(TableId::View).await, ["a", "b1", "b2", "b3"]);
}

#[tokio::test]
async fn data_of_a_deleted_application_waits_for_no_reader() {
    let mut harness = keeping(LONG).await;
    flushed(&mut harness, 2).await;
    harness
        .store
        .forget_application("shop", harness.now())
        .await
        .unwrap();
    harness.store.delete_retired().await.unwrap();
    assert_eq!(harness.segment_files(), Vec::<String>::new());
    assert_eq!(seen(&harness).files, BTreeMap::new());
}
