//! Work beside other work, and callers that leave before it is done.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use schema::TableId;
use schema::tables::{common, session, view};
use store::{Options, Store};

use crate::harness::{
    HOUR, Harness, MIDNIGHT, SECOND, batch, counts, in_session, record, view_version,
};

/// Polls a future at most this often, then drops it. Whether it was ready.
async fn poll_at_most(polls: usize, future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut polled = 0;
    std::future::poll_fn(|context| {
        polled += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if polled >= polls => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn check_rows(harness: &Harness, resources: usize) {
    let expected: Vec<String> = (0..resources)
        .map(|number| format!("r{number:03}"))
        .collect();
    assert_eq!(harness.ids(TableId::Resource).await, expected);
    assert_eq!(
        harness
            .only_row(TableId::View)
            .await
            .int(view::view_version),
        i64::try_from(resources).ok()
    );
    let row = harness.only_row(TableId::Session).await;
    assert_eq!(counts(&row), [1, 0, 0, i64::try_from(resources).unwrap()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_whose_caller_leaves_at_any_point_loses_and_doubles_nothing() {
    let mut harness = Harness::new().await;
    let mut polls = 0;
    loop {
        polls += 1;
        let resource = in_session(TableId::Resource, &format!("r{:03}", polls - 1), MIDNIGHT);
        harness
            .apply(vec![
                resource,
                view_version("v", i64::try_from(polls).unwrap()),
            ])
            .await;
        let was_ready = poll_at_most(polls, harness.store.flush(harness.now())).await;
        check_rows(&harness, polls).await;
        if was_ready {
            break;
        }
    }
    harness.flush().await;
    check_rows(&harness, polls).await;
    harness.reopen().await;
    check_rows(&harness, polls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compaction_whose_caller_leaves_at_any_point_loses_and_doubles_nothing() {
    let mut harness = Harness::new().await;
    for polls in 1..60 {
        let resource = in_session(TableId::Resource, &format!("r{:03}", polls - 1), MIDNIGHT);
        harness
            .apply(vec![
                resource,
                view_version("v", i64::try_from(polls).unwrap()),
            ])
            .await;
        harness.flush().await;
        poll_at_most(polls, harness.store.compact_fully(harness.now())).await;
        harness.flush().await;
        check_rows(&harness, polls).await;
    }
    harness.reopen().await;
    check_rows(&harness, 59).await;
}

/// A batch that is being applied counts on the view it found in memory, while it waits for another to be read back.
#[tokio::test]
async fn a_flush_evicts_nothing_that_a_running_batch_has_found() {
    let mut harness = Harness::new().await;
    let late = harness.now() + 24 * HOUR;
    let mut stored = view_version("stored", 1);
    stored.row.set(common::session_id, "other");
    harness.apply(vec![stored.clone()]).await;
    harness.store.flush(late).await.unwrap();
    harness.apply(vec![view_version("open", 1)]).await;
    harness.flush().await;

    let log = [record(2, vec![view_version("open", 2), stored], false)];
    let mut next = batch(&log, 0);
    next.end = 3;
    let mut applying = pin!(harness.store.apply(next));
    assert!(
        !poll_at_most(1, applying.as_mut()).await,
        "reads the stored view back"
    );
    let (flushed, applied) = tokio::join!(harness.store.flush(late), applying);
    flushed.unwrap();
    assert_eq!(applied.unwrap().merged, 2);
    assert_eq!(harness.ids(TableId::View).await, ["open", "stored"]);
    assert_eq!(harness.ids(TableId::Session).await, ["other", "s"]);
}

/// Nothing stays in memory after a flush, so each version meets the view and the session just before or after they left.
#[expect(clippy::disallowed_methods, reason = "the test ends the task itself")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_and_sessions_stay_one_row_while_flushes_and_compactions_run_beside() {
    const VERSIONS: usize = 300;
    let harness = Harness::with(|options: &mut Options| {
        (options.view_idle_us, options.session_idle_us) = (0, 0)
    })
    .await;
    let log: Vec<_> = (0..VERSIONS)
        .map(|position| {
            let number = i64::try_from(position).unwrap();
            let mut other = view_version("w", number);
            other.row.set(common::session_id, "other");
            record(position, vec![view_version("v", number), other], false)
        })
        .collect();
    let maintain = async |store: Store| {
        while store.flushed_position() < VERSIONS as u64 {
            store.flush(MIDNIGHT).await.unwrap();
            store.compact(MIDNIGHT).await.unwrap();
        }
    };
    let maintenance = tokio::spawn(maintain(harness.store.clone()));
    for position in 0..VERSIONS {
        harness.store.apply(batch(&log, position)).await.unwrap();
    }
    maintenance.await.unwrap();
    assert_eq!(harness.ids(TableId::View).await, ["v", "w"]);
    let sessions = harness.rows(TableId::Session).await;
    assert_eq!(
        sessions
            .iter()
            .map(|row| row.str(common::session_id).unwrap())
            .collect::<Vec<_>>(),
        ["other", "s"]
    );
    for row in &sessions {
        assert_eq!(
            row.int(session::session_end),
            Some(MIDNIGHT + (VERSIONS as i64 - 1) * SECOND)
        );
    }
}
