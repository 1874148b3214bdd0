//! Retention by row: several applications in a segment, the day at the border, sessions by their end, kept requests, and clocks that jump.

use schema::TableId;
use schema::tables::{common, session};
use store::{Batch, KeptRequest};

use crate::harness::{
    HOUR, Harness, MIDNIGHT, SECOND, event, files_under, in_session, view_version,
};

const DAY: i64 = 24 * HOUR;

#[tokio::test]
async fn rows_expire_by_their_own_application_at_the_border() {
    let mut harness = Harness::new().await;
    let mut other = event(TableId::Error, "other", MIDNIGHT + HOUR);
    other.row.set(common::app_id, "blog");
    let events = [1, 5, 20].map(|hour| {
        event(
            TableId::Error,
            &format!("e{hour:02}"),
            MIDNIGHT + hour * HOUR,
        )
    });
    harness
        .apply(events.into_iter().chain([other]).collect())
        .await;
    harness.flush().await;
    let keep = |app: &str, _| Some(if app == "shop" { 3 * DAY } else { 7 * DAY });
    let now = MIDNIGHT + 3 * DAY + 6 * HOUR;
    assert_eq!(harness.store.expire(now, keep).await.unwrap(), 0);
    assert_eq!(harness.store.expire_rows(now, keep).await.unwrap(), 2);
    assert_eq!(harness.ids(TableId::Error).await, ["other", "e20"]);
    assert_eq!(
        harness.store.expire_rows(now, keep).await.unwrap(),
        0,
        "once"
    );
    harness.reopen().await;
    assert_eq!(harness.ids(TableId::Error).await, ["other", "e20"]);
    harness.store.compact(now).await.unwrap();
    let files = harness.segment_files();
    assert_eq!(files.len(), 2, "written anew without them");
    let later = MIDNIGHT + 9 * DAY;
    assert_eq!(harness.store.expire(later, keep).await.unwrap(), 1);
    assert_eq!(harness.segment_files(), Vec::<String>::new());
}

#[tokio::test]
async fn a_session_row_stays_as_long_as_its_last_event() {
    let mut harness = Harness::new().await;
    let late = MIDNIGHT + 3 * HOUR;
    harness
        .apply(vec![
            in_session(TableId::Error, "first", MIDNIGHT - HOUR),
            in_session(TableId::Error, "last", late),
        ])
        .await;
    harness.flush().await;
    let keep = |_: &str, _| Some(3 * DAY);
    for (now, errors, sessions) in [
        (MIDNIGHT + 3 * DAY + HOUR, 1, 1),
        (late + 3 * DAY, 1, 1),
        (late + 3 * DAY + SECOND, 0, 0),
    ] {
        harness.store.expire(now, keep).await.unwrap();
        harness.store.expire_rows(now, keep).await.unwrap();
        assert_eq!(harness.ids(TableId::Error).await.len(), errors, "at {now}");
        let rows = harness.rows(TableId::Session).await;
        assert_eq!(rows.len(), sessions, "at {now}");
        for row in rows {
            assert_eq!(row.int(session::session_end), Some(late));
        }
    }
    assert_eq!(harness.segment_files(), Vec::<String>::new());
}

#[tokio::test]
async fn packs_of_kept_requests_expire_once_all_of_them_are_past() {
    let harness = Harness::new().await;
    let kept = |log_position, app_id: &str, received_at_us| KeptRequest {
        log_position,
        kind: "replay",
        app_id: Some(app_id.into()),
        received_at_us,
        payload: format!("request of {app_id}").into_bytes().into(),
    };
    let batch = Batch {
        kept: vec![kept(0, "shop", MIDNIGHT), kept(1, "blog", MIDNIGHT)],
        end: 2,
        ..Batch::default()
    };
    harness.store.apply(batch).await.unwrap();
    harness.flush().await;
    let keep = |app: Option<&str>, _: &str| {
        Some(if app == Some("blog") {
            7 * DAY
        } else {
            3 * DAY
        })
    };
    let packs = || files_under(&harness.options.dir, "kept").len();
    for (now, expired, left) in [
        (MIDNIGHT + 4 * DAY, 0, 1),
        (MIDNIGHT + 7 * DAY + 1, 1, 0),
        (MIDNIGHT + 8 * DAY, 0, 0),
    ] {
        let found = harness.store.expire_kept(now, keep).await.unwrap();
        assert_eq!((found, packs()), (expired, left), "at {now}");
        if let [pack] = &files_under(&harness.options.dir, "kept")[..] {
            let bytes = std::fs::read(harness.path(pack)).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(text.starts_with("request of blog["), "alone by now: {text}");
        }
    }
}

#[tokio::test]
async fn recordings_go_by_a_time_of_their_own() {
    let mut harness = Harness::new().await;
    let segment = event(TableId::ReplaySegment, "r", MIDNIGHT + HOUR);
    let events = vec![segment, in_session(TableId::Error, "e", MIDNIGHT + HOUR)];
    harness.apply(events).await;
    let kept = |log_position, kind| KeptRequest {
        log_position,
        kind,
        app_id: Some("shop".into()),
        received_at_us: MIDNIGHT + HOUR,
        payload: format!("one of {kind}").into_bytes().into(),
    };
    let batch = Batch {
        kept: vec![kept(1, "replay"), kept(2, "logs")],
        end: 3,
        ..Batch::default()
    };
    harness.store.apply(batch).await.unwrap();
    harness.flush().await;
    let of_table = |_: &str, table| {
        let days = if table == TableId::ReplaySegment {
            3
        } else {
            7
        };
        Some(days * DAY)
    };
    let of_kept = |_: Option<&str>, kind: &str| Some(if kind == "replay" { 3 } else { 7 } * DAY);
    let now = MIDNIGHT + 4 * DAY;
    harness.store.expire(now, of_table).await.unwrap();
    harness.store.expire_rows(now, of_table).await.unwrap();
    assert_eq!(harness.store.expire_kept(now, of_kept).await.unwrap(), 0);
    assert_eq!(harness.ids(TableId::ReplaySegment).await, [""; 0]);
    assert_eq!(harness.ids(TableId::Error).await, ["e"]);
    let packs = files_under(&harness.options.dir, "kept");
    let bytes = std::fs::read(harness.path(&packs[0])).unwrap();
    assert!(bytes.starts_with(b"one of logs["), "the recording is gone");
    assert_eq!(packs.len(), 1);
    let later = MIDNIGHT + 8 * DAY;
    assert_eq!(harness.store.expire_kept(later, of_kept).await.unwrap(), 1);
    assert_eq!(files_under(&harness.options.dir, "kept"), [""; 0]);
}

/// Flushes, evicts and compacts by a clock that goes back and ahead by hours between them.
#[tokio::test]
async fn a_clock_that_jumps_between_flushes_changes_no_row() {
    let mut steady = Harness::new().await;
    let mut jumping = Harness::new().await;
    let jumps = [5 * HOUR, -8 * HOUR, 0, 30 * HOUR, -2 * HOUR, HOUR];
    for (step, jump) in (0..).zip(jumps.into_iter().cycle().take(18)) {
        let id = format!("e{step:02}");
        let events = vec![
            in_session(TableId::Error, &id, MIDNIGHT + step * SECOND),
            view_version(&format!("v{}", step % 4), step),
        ];
        steady.apply(events.clone()).await;
        jumping.apply(events).await;
        steady.flush().await;
        let now = jumping.now() + jump;
        jumping.store.flush(now).await.unwrap();
        jumping.store.compact(now).await.unwrap();
        if step % 5 == 4 {
            jumping.reopen().await;
        }
    }
    for table in [TableId::Error, TableId::View, TableId::Session] {
        assert_eq!(
            jumping.rows(table).await,
            steady.rows(table).await,
            "{}",
            table.name()
        );
    }
}
