//! The store against a model that keeps every distinct row in a map: random operations, faults, crashes and reopenings.
//!
//! The model folds a session from all rows of the moment each time it is asked, so the store's incremental state must equal
//! recomputation. Merging itself is proven in `schema`; here a view's versions are merged in their order, in the store as they come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use schema::merge::{Version, Versioned};
use schema::tables::{action, common, error, resource, session, view};
use schema::{Event, Row, TableId, Value};
use store::session::Session;
use store::{Applied, Incoming};

use crate::harness::{HOUR, Harness, MIDNIGHT, SECOND, counts, event, segment_rows};
use crate::versions::runtime;

const TABLES: [TableId; 8] = [
    TableId::View,
    TableId::Resource,
    TableId::Action,
    TableId::Error,
    TableId::LongTask,
    TableId::Vital,
    TableId::Log,
    TableId::Telemetry,
];

/// What decides one event. Small ranges, so that ids, versions and times meet often.
#[derive(Clone, Debug)]
struct Spec {
    table: usize,
    app: usize,
    id: u8,
    version: u8,
    /// Times differ by half hours around midnight.
    half_hour: i64,
    content: u8,
    is_patch: bool,
}

#[derive(Clone, Debug)]
enum Op {
    /// One record of the log.
    Apply(Vec<Spec>),
    /// A record that was applied before comes once more.
    Resend(prop::sample::Index),
    Flush,
    /// A flush so late that everything idle leaves memory.
    FlushLate,
    /// The folder of this table's segments cannot be written.
    FailAtFolder(usize),
    /// Another process holds the catalog.
    FailAtCatalog,
    Compact,
    CompactFully,
    /// The store is dropped as a crash would, and the log replayed.
    Reopen,
    /// Segments of the first day go.
    Expire,
    Forget(usize),
}

fn spec() -> impl Strategy<Value = Spec> {
    let table = prop_oneof![4 => Just(0_usize), 6 => 1..TABLES.len()];
    (
        table,
        0..2_usize,
        0..7_u8,
        0..6_u8,
        -4..4_i64,
        0..3_u8,
        prop::bool::weighted(0.3),
    )
        .prop_map(
            |(table, app, id, version, half_hour, content, is_patch)| Spec {
                table,
                app,
                id,
                version,
                half_hour,
                content,
                is_patch,
            },
        )
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => prop::collection::vec(spec(), 1..8).prop_map(Op::Apply),
        2 => any::<prop::sample::Index>().prop_map(Op::Resend),
        4 => Just(Op::Flush),
        3 => Just(Op::FlushLate),
        2 => (0..=TABLES.len()).prop_map(Op::FailAtFolder),
        1 => Just(Op::FailAtCatalog),
        2 => Just(Op::Compact),
        1 => Just(Op::CompactFully),
        2 => Just(Op::Reopen),
        1 => Just(Op::Expire),
        1 => (0..2_usize).prop_map(Op::Forget),
    ]
}

type Key = (TableId, String, String);
type Versions = BTreeMap<Version, (Row, bool)>;

/// Every distinct row that should be visible.
#[derive(Default)]
struct Model {
    rows: BTreeMap<Key, (Row, u32)>,
    views: BTreeMap<Key, Versions>,
    /// Sessions that lost rows to retention: what they count is no longer said.
    cut: BTreeSet<(String, String)>,
    /// How often each application was deleted; its successor has another id.
    generations: [u32; 2],
}

impl Model {
    fn event(&self, spec: &Spec) -> Event {
        let table = TABLES[spec.table];
        let time_us = MIDNIGHT + spec.half_hour * HOUR / 2;
        let mut event = event(table, &format!("id{}", spec.id), time_us);
        let row = &mut event.row;
        row.set(
            common::app_id,
            format!("app{}-{}", spec.app, self.generations[spec.app]),
        );
        row.set(common::user_id, format!("u{}", spec.content));
        row.set(
            common::view_url_path_group,
            format!("/{}/{}", spec.content, spec.id),
        );
        // Versions of a view may name different sessions, and patches leave theirs out.
        let session = (spec.id + spec.content) % 4;
        if session < 3 && !(spec.is_patch && spec.content == 0) {
            row.set(common::session_id, format!("s{session}"));
        }
        let duration_ns = i64::from(spec.content) * 1000 * SECOND;
        match table {
            TableId::View => {
                event.is_patch = spec.is_patch;
                set_view(&mut event.row, spec);
            }
            TableId::Resource => row.set(resource::resource_duration, duration_ns),
            TableId::Action if spec.content > 0 => {
                row.set(
                    action::action_frustration_types,
                    Value::List(vec!["rage_click".into(); spec.content.into()]),
                );
                row.set(action::action_loading_time, duration_ns);
            }
            TableId::Error => row.set(error::error_is_crash, spec.content == 2),
            _ => {}
        }
        event
    }

    /// What applying the record must answer.
    fn apply(&mut self, record: &[Incoming]) -> Applied {
        let mut applied = Applied::default();
        for Incoming {
            event,
            content,
            arrival_us,
            position,
            ..
        } in record
        {
            let key = key(event.table, &event.row);
            if event.table == TableId::View {
                let number = event.row.int(view::view_version).unwrap();
                let version = Version {
                    number,
                    arrival_us: *arrival_us,
                    position: *position,
                };
                let versions = self.views.entry(key).or_default();
                applied.merged += usize::from(!versions.is_empty());
                applied.stored += usize::from(versions.is_empty());
                versions.insert(version, (event.row.clone(), event.is_patch));
            } else if let Some((_, first)) = self.rows.get(&key) {
                applied.duplicates += usize::from(first == content);
                applied.conflicts += usize::from(first != content);
            } else {
                applied.stored += 1;
                self.rows.insert(key, (event.row.clone(), *content));
            }
        }
        applied
    }

    fn expected(&self, table: TableId) -> Vec<Row> {
        match table {
            TableId::View => self.views.values().map(merged).collect(),
            TableId::Session => self.sessions(),
            _ => self
                .rows
                .iter()
                .filter(|(key, _)| key.0 == table)
                .map(|(_, (row, _))| row.clone())
                .collect(),
        }
    }

    fn sessions(&self) -> Vec<Row> {
        let mut sessions: BTreeMap<(String, String), Session> = BTreeMap::new();
        let views = self
            .views
            .values()
            .map(|versions| (TableId::View, merged(versions)));
        let rows = self.rows.iter().map(|(key, (row, _))| (key.0, row.clone()));
        for (table, row) in rows.chain(views).filter(|(table, _)| table.is_in_session()) {
            let Some(key) = session_key(&row) else {
                continue;
            };
            let session = sessions
                .entry(key)
                .or_insert_with_key(|(app, id)| Session::new(app, id));
            match table {
                TableId::View => session.set_view(row),
                _ => session.add(table, &Arc::new(row)),
            }
        }
        let rows = sessions
            .into_iter()
            .filter(|(key, _)| !self.cut.contains(key))
            .map(|(_, session)| session.row());
        rows.inspect(|row| self.check_counts(row)).collect()
    }

    /// Counts and span of a session by plain filters over the rows, so that a mistake of the fold itself shows too.
    fn check_counts(&self, session_row: &Row) {
        let key = session_key(session_row).unwrap();
        let of_session = |row: &&Row| session_key(row).as_ref() == Some(&key);
        let count = |table| {
            let rows = self
                .rows
                .iter()
                .filter(|(key, _)| key.0 == table)
                .map(|(_, (row, _))| row)
                .filter(of_session);
            i64::try_from(rows.count()).unwrap()
        };
        let views: Vec<Row> = self
            .views
            .values()
            .map(merged)
            .filter(|row| of_session(&row))
            .collect();
        let view_count = i64::try_from(views.len()).unwrap();
        assert_eq!(
            counts(session_row),
            [
                view_count,
                count(TableId::Action),
                count(TableId::Error),
                count(TableId::Resource)
            ]
        );
        let in_session = self
            .rows
            .iter()
            .filter(|(key, _)| key.0.is_in_session())
            .map(|(_, (row, _))| row);
        let times = in_session
            .filter(of_session)
            .chain(&views)
            .map(|row| row.int(common::time).unwrap());
        assert_eq!(session_row.int(session::session_start), times.min());
    }

    /// Takes away a row that retention or deletion removed.
    fn remove(&mut self, table: TableId, row: &Row) {
        let key = key(table, row);
        self.rows.remove(&key);
        self.views.remove(&key);
    }
}

fn set_view(row: &mut Row, spec: &Spec) {
    let (version, content) = (i64::from(spec.version), i64::from(spec.content));
    row.set(view::view_version, version);
    row.set(view::view_time_spent, version * 1000 * SECOND);
    row.set(view::view_page_states, format!("[{version},{content}]"));
    row.attributes_mut(common::attributes).insert(
        format!("context.k{content}").into(),
        version.to_string().into(),
    );
    if content > 0 {
        row.set(view::largest_contentful_paint, content * 100);
        row.set(view::lcp_target_selector, format!("#{version}"));
        row.set(view::view_loading_time, content * 1000 * SECOND);
        row.set(view::cumulative_layout_shift, 0.1 * f64::from(spec.version));
    }
    if content == 2 {
        row.attributes_mut(common::attributes)
            .insert("context.k1".into(), "null".into());
        row.set(view::_session_is_active, version < 5);
    }
}

fn merged(versions: &Versions) -> Row {
    let mut versions = versions.iter();
    let (version, (row, is_patch)) = versions.next().unwrap();
    let mut merged = Versioned::of(row, *version, *is_patch);
    for (version, (row, is_patch)) in versions {
        merged.absorb(row, *version, *is_patch);
    }
    merged.row()
}

fn key(table: TableId, row: &Row) -> Key {
    (
        table,
        row.str(common::app_id).unwrap().to_owned(),
        row.str(common::event_id).unwrap().to_owned(),
    )
}

fn session_key(row: &Row) -> Option<(String, String)> {
    Some((
        row.str(common::app_id)?.to_owned(),
        row.str(common::session_id)?.to_owned(),
    ))
}

struct Run {
    harness: Harness,
    model: Model,
}

impl Run {
    async fn step(&mut self, op: Op) {
        match op {
            Op::Apply(specs) => {
                // One request never carries two different contents under one version of a view.
                let mut seen = BTreeSet::new();
                let is_first = |spec: &&Spec| {
                    spec.table != 0 || seen.insert((spec.app, spec.id, spec.version))
                };
                let events = specs
                    .iter()
                    .filter(is_first)
                    .map(|spec| self.model.event(spec))
                    .collect();
                self.apply(events).await;
            }
            Op::Resend(index) if !self.harness.log.is_empty() => {
                let record = index.get(&self.harness.log);
                let is_live =
                    |incoming: &&Incoming| self.is_of_a_live_application(&incoming.event.row);
                let events = record
                    .iter()
                    .filter(is_live)
                    .map(|incoming| incoming.event.clone())
                    .collect();
                self.apply(events).await;
            }
            Op::Resend(_) => {}
            Op::Flush => self.harness.flush().await,
            Op::FlushLate => drop(
                self.harness
                    .store
                    .flush(MIDNIGHT + 100 * HOUR)
                    .await
                    .unwrap(),
            ),
            Op::FailAtFolder(table) => self.fail_at_folder(table).await,
            Op::FailAtCatalog => self.fail_at_catalog().await,
            Op::Compact => drop(
                self.harness
                    .store
                    .compact(self.harness.now())
                    .await
                    .unwrap(),
            ),
            Op::CompactFully => self
                .harness
                .store
                .compact_fully(self.harness.now())
                .await
                .unwrap(),
            Op::Reopen => self.harness.reopen().await,
            Op::Expire => self.expire().await,
            Op::Forget(app) => self.forget(app).await,
        }
    }

    async fn apply(&mut self, events: Vec<Event>) {
        let applied = self.harness.apply(events).await;
        assert_eq!(
            applied,
            self.model.apply(self.harness.log.last().unwrap()),
            "what applying answers"
        );
    }

    fn is_of_a_live_application(&self, row: &Row) -> bool {
        let app = row.str(common::app_id).unwrap();
        (0..2).any(|number| app == format!("app{number}-{}", self.model.generations[number]))
    }

    /// A file stands where the folder of a table's segments should be; index 0 of the tables past the end is `session`.
    async fn fail_at_folder(&mut self, table: usize) {
        let name = TABLES.get(table).map_or("session", |table| table.name());
        let folder = self.harness.path(&format!("segments/{name}"));
        let aside = self.harness.path("aside");
        let was_there = folder.exists();
        if was_there {
            std::fs::rename(&folder, &aside).unwrap();
        }
        std::fs::write(&folder, "in the way").unwrap();
        let position = self.harness.store.flushed_position();
        if self.harness.store.flush(self.harness.now()).await.is_err() {
            assert_eq!(self.harness.store.flushed_position(), position);
        }
        std::fs::remove_file(&folder).unwrap();
        if was_there {
            // What the flush left beside the file cannot be there: the file was in the way of it.
            std::fs::rename(&aside, &folder).unwrap();
        }
    }

    async fn fail_at_catalog(&mut self) {
        let mut other = self.harness.pool.acquire().await.unwrap();
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut *other)
            .await
            .unwrap();
        let position = self.harness.store.flushed_position();
        let is_behind = position < self.harness.store.applied_position();
        assert_eq!(
            self.harness.store.flush(self.harness.now()).await.is_err(),
            is_behind
        );
        assert_eq!(self.harness.store.flushed_position(), position);
        sqlx::query("ROLLBACK").execute(&mut *other).await.unwrap();
    }

    /// Everything is flushed first: what retention takes is then exactly what stands in the segments of the first day.
    async fn expire(&mut self) {
        self.harness
            .store
            .flush(MIDNIGHT + 100 * HOUR)
            .await
            .unwrap();
        let snapshot = self.harness.store.snapshot();
        let mut expected = 0;
        // A session counts from its end, row by row (`expiry.rs`).
        let tables = TableId::ALL.into_iter();
        for table in tables.filter(|table| *table != TableId::Session) {
            let segments = snapshot.table(table).segments.clone();
            for (shown, rows) in segments.iter().zip(segment_rows(&snapshot, table).await) {
                if shown.segment.max_time_us >= MIDNIGHT {
                    continue;
                }
                expected += 1;
                for row in rows {
                    self.model.cut.extend(session_key(&row));
                    self.model.remove(table, &row);
                }
            }
        }
        drop(snapshot);
        let expired = self
            .harness
            .store
            .expire(MIDNIGHT + HOUR, |_, _| Some(HOUR))
            .await
            .unwrap();
        // Segments without a visible row are in no snapshot and go too.
        assert!(expired >= expected, "{expired} of {expected} segments");
    }

    async fn forget(&mut self, app: usize) {
        let app_id = format!("app{app}-{}", self.model.generations[app]);
        self.model.generations[app] += 1;
        let is_gone = |key: &Key| key.1 == app_id;
        let events = self
            .model
            .rows
            .keys()
            .chain(self.model.views.keys())
            .filter(|key| is_gone(key))
            .count();
        self.model.rows.retain(|key, _| !is_gone(key));
        self.model.views.retain(|key, _| !is_gone(key));
        let sessions = self.harness.rows(TableId::Session).await;
        let sessions = sessions
            .iter()
            .filter(|row| row.str(common::app_id) == Some(&app_id))
            .count();
        let forgotten = self
            .harness
            .store
            .forget_application(&app_id, self.harness.now())
            .await
            .unwrap();
        assert_eq!(
            forgotten,
            (events + sessions) as u64,
            "rows that were visible"
        );
    }

    async fn check(&self) {
        for table in TableId::ALL {
            let mut rows = self.harness.rows(table).await;
            if table == TableId::View {
                rows.iter_mut().for_each(|row| drop(row.take(view::_merge)));
            }
            if table == TableId::Session {
                rows.retain(|row| !self.model.cut.contains(&session_key(row).unwrap()));
            }
            assert_eq!(rows, self.model.expected(table), "table {}", table.name());
        }
    }
}

async fn check_ops(ops: Vec<Op>) {
    let mut run = Run {
        harness: Harness::new().await,
        model: Model::default(),
    };
    for op in ops {
        let is_apply = matches!(op, Op::Apply(_));
        run.step(op).await;
        if !is_apply {
            run.check().await;
        }
    }
    run.check().await;
    run.step(Op::Reopen).await;
    run.check().await;
    run.step(Op::FlushLate).await;
    run.step(Op::CompactFully).await;
    run.check().await;
    run.step(Op::Reopen).await;
    run.check().await;
    assert_eq!(run.harness.segment_files(), run.harness.named_files().await);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_equals_its_model(ops in prop::collection::vec(op(), 1..40)) {
        runtime().block_on(check_ops(ops));
    }
}
