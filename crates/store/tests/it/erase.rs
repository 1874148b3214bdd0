//! Erasing a user or a session: gone from answers and from files, others and their sessions as if it had never been there.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use compact_str::CompactString;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use schema::arrow::rows_of;
use schema::tables::{common, view};
use schema::{Event, Mentions, Subject, SubjectKind, TableId};
use store::erase::{FORGOTTEN_US, RowsGone};
use store::{Batch, KeptReader, KeptRequest, QuarantineEntry, Selector, Store};

use crate::harness::{
    HOUR, Harness, MIDNIGHT, SECOND, batch, counts, event, files_under, in_session, record,
};

fn selector(kind: SubjectKind, value: &str) -> Selector {
    Selector {
        app_ids: vec!["shop".to_owned()],
        subject: Subject::parse(kind, value).unwrap(),
    }
}

fn reader() -> KeptReader {
    Arc::new(|payload: &bytes::Bytes, mentions: &Mentions| mentions.is_in(payload))
}

impl Harness {
    async fn erase(&self, kind: SubjectKind, value: &str) -> RowsGone {
        self.store
            .erase("e1", &selector(kind, value), &reader(), self.now())
            .await
            .unwrap()
    }
}

fn amount(gone: &RowsGone, name: &str) -> u64 {
    gone.amounts.get(name).copied().unwrap_or(0)
}

/// An event of a user in a session.
fn of_user(table: TableId, id: &str, session: &str, user: Option<&str>) -> Event {
    let mut event = event(table, id, MIDNIGHT + HOUR);
    event.row.set(common::session_id, session);
    if let Some(user) = user {
        event.row.set(common::user_id, user);
    }
    event
}

/// Files below the data folder that have a text, in their bytes or in a row of theirs, dead or live.
fn files_with(dir: &Path, text: &str) -> Vec<String> {
    let has = |path: &String| {
        let bytes = bytes::Bytes::from(std::fs::read(dir.join(path)).unwrap());
        let mut windows = bytes.windows(text.len());
        if windows.any(|window| window == text.as_bytes()) {
            return true;
        }
        let Some(table) = path.split('/').nth(1).and_then(TableId::from_name) else {
            return false;
        };
        if !path.ends_with(".parquet") {
            return false;
        }
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        let mut batches = reader.build().unwrap().map(Result::unwrap);
        batches.any(|batch| {
            let rows = rows_of(table, &batch, 0..batch.num_rows());
            format!("{rows:?}").contains(text)
        })
    };
    let files = files_under(dir, "").into_iter();
    files.filter(has).collect()
}

#[tokio::test]
async fn a_user_is_gone_from_memory_and_from_files_and_others_stay() {
    let mut harness = Harness::new().await;
    harness
        .apply(vec![
            of_user(TableId::View, "v1", "s1", Some("mallory-1")),
            of_user(TableId::Error, "e1", "s1", None),
            of_user(TableId::View, "v2", "s2", Some("bob")),
            of_user(TableId::Error, "e2", "s2", Some("bob")),
        ])
        .await;
    harness.flush().await;
    harness
        .apply(vec![
            of_user(TableId::Action, "a1", "s1", Some("mallory-1")),
            of_user(TableId::Action, "a2", "s2", None),
        ])
        .await;
    let preview = harness
        .store
        .preview_erasure(&selector(SubjectKind::User, "mallory-1"), &reader())
        .await
        .unwrap();
    assert!(!files_with(&harness.options.dir, "mallory-1").is_empty());
    let gone = harness.erase(SubjectKind::User, "mallory-1").await;
    let counted =
        ["session", "view", "error", "action", "changed_session"].map(|name| amount(&gone, name));
    assert_eq!(counted, [1, 1, 1, 1, 0]);
    assert_eq!(preview, gone.amounts, "what was shown is what went");
    for _ in 0..2 {
        assert_eq!(harness.ids(TableId::View).await, ["v2"]);
        assert_eq!(harness.ids(TableId::Error).await, ["e2"]);
        assert_eq!(harness.ids(TableId::Action).await, ["a2"]);
        assert_eq!(
            counts(&harness.only_row(TableId::Session).await),
            [1, 1, 1, 0]
        );
        harness.reopen().await;
    }
    assert_eq!(files_with(&harness.options.dir, "mallory-1"), [""; 0]);
    assert_eq!(harness.segment_files(), harness.named_files().await);
}

#[tokio::test]
async fn a_session_with_somebody_else_stays_without_what_names_the_user() {
    let mut harness = Harness::new().await;
    let mut on_view = of_user(TableId::Resource, "r1", "s", None);
    on_view.row.set(common::view_id, "v1");
    harness
        .apply(vec![
            of_user(TableId::View, "v1", "s", Some("mallory-1")),
            of_user(TableId::View, "v2", "s", Some("bob")),
            of_user(TableId::Action, "a1", "s", Some("mallory-1")),
            of_user(TableId::Action, "a2", "s", None),
            on_view,
        ])
        .await;
    harness.flush().await;
    let gone = harness.erase(SubjectKind::User, "mallory-1").await;
    assert_eq!(amount(&gone, "changed_session"), 1);
    assert_eq!(amount(&gone, "session"), 0);
    assert_eq!(harness.ids(TableId::View).await, ["v2"]);
    assert_eq!(harness.ids(TableId::Action).await, ["a2"], "of nobody");
    assert_eq!(
        harness.ids(TableId::Resource).await,
        [""; 0],
        "of their view"
    );
    let session = harness.only_row(TableId::Session).await;
    assert_eq!(counts(&session), [1, 1, 0, 0]);
    assert_eq!(session.list(schema::tables::session::user_ids), ["bob"]);
    assert_eq!(files_with(&harness.options.dir, "mallory-1"), [""; 0]);
    // The next row of the session finds its new form.
    harness
        .apply(vec![of_user(TableId::Action, "a3", "s", Some("bob"))])
        .await;
    harness.flush().await;
    harness.reopen().await;
    assert_eq!(
        counts(&harness.only_row(TableId::Session).await),
        [1, 2, 0, 0]
    );
}

#[tokio::test]
async fn an_erased_event_is_refused_for_a_week_and_a_new_one_is_kept() {
    let mut harness = Harness::new().await;
    let mut version = of_user(TableId::View, "v1", "s", Some("mallory-1"));
    version.row.set(view::view_version, 1_i64);
    let events = vec![
        version,
        of_user(TableId::Action, "a1", "s", Some("mallory-1")),
    ];
    harness.apply(events.clone()).await;
    harness.erase(SubjectKind::User, "mallory-1").await;
    let mut newer = events[0].clone();
    newer.row.set(view::view_version, 2_i64);
    for _ in 0..2 {
        let again = [events.clone(), vec![newer.clone()]].concat();
        let applied = harness.apply_deep(again, true).await;
        assert_eq!(applied.duplicates, 3);
        assert_eq!(harness.ids(TableId::View).await, [""; 0]);
        harness.flush().await;
        harness.reopen().await;
    }
    let later = of_user(TableId::Action, "a2", "s", Some("mallory-1"));
    assert_eq!(harness.apply(vec![later]).await.stored, 1);
    assert_eq!(
        counts(&harness.only_row(TableId::Session).await),
        [0, 1, 0, 0]
    );

    let week = harness.now() + FORGOTTEN_US;
    harness.store.expire_forgotten(week).await.unwrap();
    assert_eq!(harness.apply(events.clone()).await.stored, 2, "forgotten");
}

#[tokio::test]
async fn rows_that_newer_ones_replaced_leave_the_files_too() {
    let mut harness = Harness::new().await;
    for (number, user) in [(1, "mallory-1"), (2, "bob")] {
        let mut version = of_user(TableId::View, "v", "s", Some(user));
        version.row.set(view::view_version, i64::from(number));
        harness.apply(vec![version]).await;
        harness.flush().await;
    }
    assert!(!files_with(&harness.options.dir, "mallory-1").is_empty());
    harness.erase(SubjectKind::User, "mallory-1").await;
    assert_eq!(
        harness.ids(TableId::View).await,
        ["v"],
        "it is bob's by now"
    );
    assert_eq!(files_with(&harness.options.dir, "mallory-1"), [""; 0]);
}

#[tokio::test]
async fn files_that_compaction_replaced_do_not_stay_for_readers_outside() {
    let mut harness =
        Harness::with(|options| options.replaced_keep = std::time::Duration::from_secs(3600)).await;
    for id in ["a1", "a2"] {
        harness
            .apply(vec![of_user(TableId::Action, id, id, Some("mallory-1"))])
            .await;
        harness.flush().await;
    }
    harness.store.compact_fully(harness.now()).await.unwrap();
    let before = files_with(&harness.options.dir, "mallory-1").len();
    assert!(before > 2, "replaced files stay");
    let pinned = harness.store.snapshot();
    let gone = harness.erase(SubjectKind::User, "mallory-1").await;
    assert!(!files_with(&harness.options.dir, "mallory-1").is_empty());
    drop(pinned);
    let version = gone.catalog_version;
    let left = harness.store.delete_retired_before(version).await.unwrap();
    assert_eq!(left, 0);
    assert_eq!(files_with(&harness.options.dir, "mallory-1"), [""; 0]);
}

#[tokio::test]
async fn a_session_goes_by_its_id_in_its_application_only() {
    let mut harness = Harness::new().await;
    let mut elsewhere = of_user(TableId::Error, "e2", "s", None);
    elsewhere.row.set(common::app_id, "blog");
    harness
        .apply(vec![
            of_user(TableId::Error, "e1", "s", Some("ann")),
            of_user(TableId::Telemetry, "t1", "s", None),
            of_user(TableId::Error, "e3", "other", Some("ann")),
            elsewhere,
        ])
        .await;
    for hostile in ["*", "%", "s' OR '1'='1", "\"s\"", "S"] {
        let gone = harness.erase(SubjectKind::Session, hostile).await;
        assert_eq!(gone.amounts.len(), 0, "{hostile}");
    }
    let gone = harness.erase(SubjectKind::Session, "s").await;
    let counted = ["error", "telemetry", "session"].map(|name| amount(&gone, name));
    assert_eq!(counted, [1, 1, 1]);
    assert_eq!(harness.ids(TableId::Error).await, ["e2", "e3"]);
    assert_eq!(harness.rows(TableId::Session).await.len(), 2);
    assert_eq!(harness.rows(TableId::Telemetry).await.len(), 0);
}

#[tokio::test]
async fn an_email_finds_the_rows_of_its_session_that_name_only_the_user_id() {
    let mut harness = Harness::new().await;
    let mut with_email = of_user(TableId::View, "v1", "s", Some("u1"));
    with_email.row.set(common::user_email, "Ann@Shop.example");
    harness
        .apply(vec![
            with_email,
            of_user(TableId::Action, "a1", "s", Some("u1")),
            of_user(TableId::Action, "a2", "s2", Some("u2")),
        ])
        .await;
    harness.erase(SubjectKind::Email, "ann@shop.EXAMPLE").await;
    assert_eq!(harness.ids(TableId::Action).await, ["a2"]);
    assert_eq!(harness.ids(TableId::View).await, [""; 0]);
}

#[tokio::test]
async fn recordings_and_quarantined_samples_go_and_those_of_others_stay() {
    let harness = Harness::new().await;
    let kept = |log_position, app_id: Option<&str>, payload: &'static str| KeptRequest {
        log_position,
        kind: "replay",
        app_id: app_id.map(CompactString::from),
        received_at_us: MIDNIGHT,
        payload: payload.as_bytes().into(),
    };
    let refused = |app_id: &str, sample: &str| QuarantineEntry {
        received_at_us: MIDNIGHT,
        log_position: 0,
        sdk_family: "datadog".into(),
        reason: "malformed_json".into(),
        detail: "not JSON".to_owned(),
        place: 1,
        app_id: Some(app_id.into()),
        sample: sample.to_owned(),
    };
    let events = vec![
        of_user(TableId::View, "v1", "session-of-mallory", Some("mallory-1")),
        of_user(TableId::View, "v2", "session-of-bob", Some("bob")),
    ];
    let log = vec![record(0, events, false)];
    let batch = Batch {
        kept: vec![
            kept(
                0,
                Some("shop"),
                r#"{"session":{"id":"session-of-mallory"}} recording of mallory"#,
            ),
            kept(1, Some("shop"), r#"{"session":{"id":"session-of-bob"}}"#),
            kept(2, None, r#"{"session":{"id":"session-of-mallory"}} second"#),
            kept(
                3,
                Some("blog"),
                r#"{"session":{"id":"session-of-mallory"}} elsewhere"#,
            ),
        ],
        quarantine: vec![
            refused("shop", "{\"usr\":{\"id\":\"mallory-1\""),
            refused("shop", "{\"usr\":{\"id\":\"mallory-12\""),
        ],
        end: 4,
        ..batch(&log, 0)
    };
    harness.store.apply(batch).await.unwrap();
    harness.flush().await;
    harness.store.back_up(MIDNIGHT).await.unwrap();
    std::fs::write(harness.path("backup/meta-2020-01-01.db"), "\"mallory-1\"").unwrap();
    let gone = harness.erase(SubjectKind::User, "mallory-1").await;
    assert_eq!(amount(&gone, "kept_request"), 2);
    assert_eq!(amount(&gone, "quarantine"), 1);
    for text in ["recording of mallory", "} second", "\"mallory-1\""] {
        assert_eq!(files_with(&harness.options.dir, text), [""; 0], "{text}");
    }
    for text in ["session-of-bob", "} elsewhere", "mallory-12"] {
        assert!(!files_with(&harness.options.dir, text).is_empty(), "{text}");
    }
    let left = harness.store.quarantined(None, None, 10).await.unwrap();
    assert_eq!(left.len(), 1);
    let store = Store::open(harness.options.clone(), harness.pool.clone()).await;
    store.unwrap();
    let packs = files_under(&harness.options.dir, "kept");
    assert_eq!(packs.len(), 1, "the catalog names the new pack: {packs:?}");
}

/// The same rule over the events alone: which of them an erasure of a user takes.
fn taken<'a>(
    events: impl Iterator<Item = &'a Event> + Clone,
    user: &str,
) -> HashSet<(TableId, String)> {
    let text = |event: &Event, column| event.row.str(column).map(str::to_owned);
    let is_theirs = |event: &&Event| text(event, common::user_id).as_deref() == Some(user);
    let session = |event: &Event| text(event, common::session_id).unwrap();
    let sessions: HashSet<String> = events.clone().filter(is_theirs).map(session).collect();
    let views: HashSet<String> = events
        .clone()
        .filter(is_theirs)
        .filter(|event| event.table == TableId::View)
        .filter_map(|event| text(event, common::event_id))
        .collect();
    let is_others =
        |event: &&Event| text(event, common::user_id).is_some_and(|other| other != user);
    let shared: HashSet<String> = events.clone().filter(is_others).map(session).collect();
    let goes = |event: &&Event| {
        let named = sessions.contains(&session(event));
        let of_view = || text(event, common::view_id).is_some_and(|view| views.contains(&view));
        let is_nobodys = text(event, common::user_id).is_none();
        named
            && (!shared.contains(&session(event)) || is_theirs(event) || (is_nobodys && of_view()))
    };
    let id = |event: &Event| (event.table, text(event, common::event_id).unwrap());
    events.filter(goes).map(id).collect()
}

/// Random events, flushes, compactions, erasures and restarts; after each erasure a store that never saw the erased events has the same rows.
#[tokio::test]
async fn what_stays_is_as_if_the_erased_events_had_never_come() {
    let mut seed = 7_u64;
    let mut below = move |bound: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    let mut harness = Harness::new().await;
    let mut forgotten: HashSet<(TableId, String)> = HashSet::new();
    let mut kept: Vec<Vec<Event>> = Vec::new();
    let user_of = |number: u64| {
        ["u1", "u2", "u3"]
            .get(usize::try_from(number).unwrap())
            .copied()
    };
    for step in 0..120 {
        let mut events = Vec::new();
        for _ in 0..3 {
            // A view has one user and one session for good; sessions 4 and 5 are shared.
            let number = below(12);
            let (user, session) = (
                user_of(number % 4),
                format!("s{}", number % 4 + number / 8 * 2),
            );
            let mut version = of_user(TableId::View, &format!("v{number}"), &session, user);
            version.row.set(view::view_version, step);
            version.row.set(
                view::view_time_spent,
                i64::try_from(below(90)).unwrap() * SECOND * 1000,
            );
            events.push(version);
            let mut action = of_user(
                TableId::Action,
                &format!("a{}", below(300)),
                &session,
                user_of(below(5)),
            );
            action.row.set(common::view_id, format!("v{number}"));
            events.push(action);
        }
        // The first of an id wins; a repeat with another user would not be the same event.
        let known: HashMap<(TableId, String), Event> = kept
            .iter()
            .flatten()
            .filter(|event| event.table != TableId::View)
            .map(|event| (id_of(event), event.clone()))
            .collect();
        events.retain(|event| !known.contains_key(&id_of(event)));
        harness.apply(events.clone()).await;
        events.retain(|event| !forgotten.contains(&id_of(event)));
        kept.push(events);
        match below(9) {
            0 | 1 => harness.flush().await,
            2 => harness.reopen().await,
            3 => drop(harness.store.compact(harness.now()).await.unwrap()),
            4 => {
                let user = user_of(below(3)).unwrap();
                let gone = taken(kept.iter().flatten(), user);
                harness.erase(SubjectKind::User, user).await;
                for record in &mut kept {
                    record.retain(|event| !gone.contains(&id_of(event)));
                }
                forgotten.extend(gone);
                check_same(&harness, &kept, step).await;
            }
            _ => {}
        }
    }
    check_same(&harness, &kept, 120).await;
}

fn id_of(event: &Event) -> (TableId, String) {
    (
        event.table,
        event.row.str(common::event_id).unwrap().to_owned(),
    )
}

async fn check_same(harness: &Harness, kept: &[Vec<Event>], step: i64) {
    let mut pristine = Harness::new().await;
    for events in kept {
        pristine.apply(events.clone()).await;
    }
    for is_flushed in [false, true] {
        if is_flushed {
            harness.flush().await;
            pristine.flush().await;
        }
        for table in [TableId::Action, TableId::Session, TableId::View] {
            // Stored views have a hidden column that those in memory have not.
            if table == TableId::View && !is_flushed {
                continue;
            }
            let (found, expected) = (harness.rows(table).await, pristine.rows(table).await);
            assert_eq!(found, expected, "{} after step {step}", table.name());
        }
    }
}

/// Rows keep coming while their session is erased: whatever stays, the session's counts say the same as its rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_goes_on_during_its_erasure_is_counted_right() {
    let mut harness = Harness::new().await;
    for id in 0..40 {
        let user = ["mallory-1", "bob"][id % 2];
        harness
            .apply(vec![of_user(
                TableId::Action,
                &format!("a{id}"),
                "s",
                Some(user),
            )])
            .await;
    }
    let store = harness.store.clone();
    let mut log = harness.log.clone();
    let coming = async move {
        for id in 0..200 {
            let user = ["mallory-1", "bob"][id % 2];
            let mut on_view = of_user(TableId::View, &format!("v{}", id % 7), "s", Some(user));
            on_view
                .row
                .set(view::view_version, i64::try_from(id).unwrap());
            let events = vec![
                of_user(TableId::Action, &format!("b{id}"), "s", Some(user)),
                on_view,
            ];
            log.push(record(log.len(), events, false));
            store.apply(batch(&log, log.len() - 1)).await.unwrap();
        }
        log
    };
    let erasing = async {
        for _ in 0..4 {
            harness.erase(SubjectKind::User, "mallory-1").await;
        }
    };
    let (log, ()) = tokio::join!(coming, erasing);
    harness.log = log;
    for _ in 0..2 {
        let session = harness.only_row(TableId::Session).await;
        let views = harness.ids(TableId::View).await.len();
        let actions = harness.ids(TableId::Action).await.len();
        let expected = [views, actions].map(|count| i64::try_from(count).unwrap());
        assert_eq!(counts(&session)[..2], expected);
        harness.reopen().await;
    }
    let bobs = in_session(TableId::Error, "e", MIDNIGHT);
    harness.apply(vec![bobs]).await;
    assert_eq!(counts(&harness.only_row(TableId::Session).await)[2], 1);
}
