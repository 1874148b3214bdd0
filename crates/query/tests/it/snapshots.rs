//! Named snapshots: what they show, whose they are, and when they end.

use query::{SnapshotOptions, Snapshots};
use schema::tables::common;
use schema::{Event, Row, TableId};
use tempfile::TempDir;

use crate::ground::{MIDNIGHT, apply, open};

const ONE: i64 = 1;
const SECOND: i64 = 1_000_000;

fn error_event(name: &str) -> Event {
    let mut row = Row::new();
    row.set(common::app_id, "shop");
    row.set(common::event_id, name);
    row.set(common::time, MIDNIGHT);
    Event {
        table: TableId::Error,
        row,
        is_patch: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_shows_the_same_rows_while_others_arrive_and_belongs_to_one_workspace() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).await;
    apply(&store, 0, vec![error_event("a")]).await;
    let snapshots = Snapshots::default();
    let first = snapshots.keep(ONE, store.snapshot(), 0);
    let again = snapshots.keep(ONE, store.snapshot(), SECOND);
    assert_eq!(first.id, again.id, "nothing arrived");
    apply(&store, 1, vec![error_event("b")]).await;
    let second = snapshots.keep(ONE, store.snapshot(), SECOND);
    assert_ne!(first.id, second.id);
    let rows = |id: &str| {
        let named = snapshots.get(ONE, id, SECOND).unwrap();
        named
            .snapshot
            .table(TableId::Error)
            .batches
            .iter()
            .map(|batch| batch.num_rows())
            .sum::<usize>()
    };
    assert_eq!((rows(&first.id), rows(&second.id)), (1, 2));
    assert!(
        snapshots.get(2, &first.id, SECOND).is_none(),
        "another workspace"
    );
    assert!(snapshots.get(ONE, "guess", SECOND).is_none());
    let gauges = snapshots.gauges();
    assert_eq!((gauges.live, gauges.taken, gauges.missed), (2, 2, 2));
    assert!(gauges.bytes > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn age_number_and_memory_are_bounded() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir).await;
    let snapshots = Snapshots::new(SnapshotOptions {
        count_max: 3,
        age_us_max: 60 * SECOND,
        bytes_max: usize::MAX,
    });
    let mut ids = Vec::new();
    for position in 0..5 {
        apply(&store, position, vec![error_event(&format!("e{position}"))]).await;
        let now_us = i64::try_from(position).unwrap() * SECOND;
        ids.push(snapshots.keep(ONE, store.snapshot(), now_us).id);
    }
    let live = |now_us: i64| {
        ids.iter()
            .map(|id| snapshots.get(ONE, id, now_us).is_some())
            .collect::<Vec<_>>()
    };
    assert_eq!(live(4 * SECOND), [false, false, true, true, true]);
    assert_eq!(live(62 * SECOND), [false, false, false, true, true]);
    snapshots.expire(100 * SECOND);
    assert_eq!(snapshots.gauges().live, 0);
    assert_eq!(snapshots.gauges().evicted, 2);

    let poor = Snapshots::new(SnapshotOptions {
        bytes_max: 1,
        ..SnapshotOptions::default()
    });
    let first = poor.keep(ONE, store.snapshot(), 0);
    assert!(
        poor.get(ONE, &first.id, 0).is_some(),
        "the newest is kept whatever it holds"
    );
    let later = poor.keep(ONE, store.snapshot(), 11 * SECOND);
    assert_ne!(first.id, later.id, "an old name is not given again");
    assert!(poor.get(ONE, &first.id, 11 * SECOND).is_none());
}
