//! Each event is stored once, however often and wherever it comes again.

use schema::tables::{common, error};
use schema::{Event, TableId};
use store::Applied;

use crate::harness::{Harness, MIDNIGHT, event, in_session};

fn errors(ids: std::ops::Range<usize>) -> Vec<Event> {
    ids.map(|id| in_session(TableId::Error, &format!("e{id:02}"), MIDNIGHT))
        .collect()
}

fn duplicates(duplicates: usize) -> Applied {
    Applied {
        duplicates,
        ..Applied::default()
    }
}

fn stored(stored: usize) -> Applied {
    Applied {
        stored,
        ..Applied::default()
    }
}

#[tokio::test]
async fn a_repeat_is_found_in_its_batch_in_memory_in_segments_and_after_compaction() {
    let mut harness = Harness::new().await;
    let twice = [errors(0..3), errors(0..3)].concat();
    assert_eq!(
        harness.apply(twice).await,
        Applied {
            stored: 3,
            duplicates: 3,
            ..Applied::default()
        }
    );
    assert_eq!(
        harness.apply(errors(0..3)).await,
        duplicates(3),
        "in memory"
    );
    harness.flush().await;
    assert_eq!(
        harness.apply(errors(0..3)).await,
        duplicates(3),
        "in a segment"
    );
    assert_eq!(harness.store.metrics().events_duplicate, 9);
    harness.reopen().await;
    assert_eq!(
        harness.apply(errors(0..3)).await,
        duplicates(3),
        "after reopening"
    );
    harness.apply(errors(3..6)).await;
    harness.flush().await;
    harness.store.compact_fully(harness.now()).await.unwrap();
    assert_eq!(
        harness.apply(errors(0..6)).await,
        duplicates(6),
        "in a compacted segment"
    );
    assert_eq!(harness.ids(TableId::Error).await.len(), 6);
}

#[tokio::test]
async fn other_content_under_a_stored_id_is_a_conflict_and_the_first_wins() {
    let mut harness = Harness::new().await;
    let message = |text: &str| {
        let mut event = in_session(TableId::Error, "e", MIDNIGHT);
        event.row.set(error::error_message, text);
        event
    };
    let conflict = Applied {
        conflicts: 1,
        ..Applied::default()
    };
    assert_eq!(
        harness
            .apply(vec![message("first"), message("second")])
            .await
            .conflicts,
        1
    );
    harness.flush().await;
    assert_eq!(
        harness.apply(vec![message("second")]).await,
        conflict,
        "in a segment"
    );
    harness.store.compact_fully(harness.now()).await.unwrap();
    harness.reopen().await;
    assert_eq!(
        harness.apply(vec![message("second")]).await,
        conflict,
        "after compaction and reopening"
    );
    assert_eq!(
        harness
            .only_row(TableId::Error)
            .await
            .str(error::error_message),
        Some("first")
    );
}

#[tokio::test]
async fn one_id_in_two_tables_and_two_applications_is_four_events() {
    let mut harness = Harness::new().await;
    let mut events = Vec::new();
    for table in [TableId::Error, TableId::Action] {
        for app in ["shop", "blog"] {
            let mut event = event(table, "same", MIDNIGHT);
            event.row.set(common::app_id, app);
            events.push(event);
        }
    }
    assert_eq!(harness.apply(events.clone()).await, stored(4));
    harness.flush().await;
    assert_eq!(harness.apply(events).await, duplicates(4));
}

#[tokio::test]
async fn keys_that_are_missing_or_damaged_are_made_anew() {
    let mut harness = Harness::new().await;
    harness.apply(errors(0..40)).await;
    harness.flush().await;
    let files = harness.segment_files();
    let keys = harness.path(
        files
            .iter()
            .find(|path| path.contains("/error/") && path.ends_with(".keys"))
            .unwrap(),
    );
    let whole = std::fs::read(&keys).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [
        None,
        Some(&whole[..whole.len() - 1]),
        Some(&flipped[..]),
        Some(&[][..]),
    ] {
        match damaged {
            None => std::fs::remove_file(&keys).unwrap(),
            Some(bytes) => std::fs::write(&keys, bytes).unwrap(),
        }
        harness.reopen().await;
        assert_eq!(std::fs::read(&keys).unwrap().len(), whole.len());
        assert_eq!(harness.apply(errors(0..40)).await, duplicates(40));
    }
    // What was sent is not known from the rows, so a repeat with other content passes for an equal one.
    let mut other = errors(0..1);
    other[0].row.set(error::error_message, "other");
    assert_eq!(harness.apply(other).await, duplicates(1));
}

/// Ten events a segment and a window of ten ids: the newest segment is always looked through, older ones only on demand.
#[tokio::test]
async fn beyond_the_window_only_a_deep_search_finds_a_repeat() {
    let mut harness = Harness::with(|options| options.identity_window = 10).await;
    for first in [0, 10, 20] {
        harness.apply(errors(first..first + 10)).await;
        harness.flush().await;
    }
    assert_eq!(harness.apply(errors(20..30)).await, duplicates(10));
    assert_eq!(
        harness.apply_deep(errors(0..10), true).await,
        duplicates(10)
    );
    assert_eq!(
        harness.apply(errors(0..1)).await,
        stored(1),
        "forgotten, as the setting says"
    );
}

/// Compaction writes old rows into a new segment; they must not push newer ones out of the window.
#[tokio::test]
async fn compaction_of_old_segments_leaves_the_window_on_the_newest_events() {
    let mut harness = Harness::with(|options| options.identity_window = 10).await;
    let yesterday = MIDNIGHT - 1;
    for first in (0..40).step_by(10) {
        let mut old = errors(first..first + 10);
        old.iter_mut()
            .for_each(|event| event.row.set(common::time, yesterday));
        harness.apply(old).await;
        harness.flush().await;
    }
    harness.apply(errors(40..50)).await;
    harness.flush().await;
    assert!(
        harness.store.compact(harness.now()).await.unwrap() > 0,
        "the four old segments become one"
    );
    assert_eq!(harness.apply(errors(40..50)).await, duplicates(10));
    harness.reopen().await;
    assert_eq!(
        harness.apply(errors(40..50)).await,
        duplicates(10),
        "after reopening"
    );
}
