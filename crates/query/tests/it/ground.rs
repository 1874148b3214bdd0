//! A store with known rows: flushed ones, replaced ones (so that delete vectors exist) and hot ones; and asking it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use query::{Answer, Engine, Error, Limits, Options, Request, Scope, render};
use schema::tables::{action, common, error, view};
use schema::{Event, Row, TableId, Value};
use serde_json::Value as Json;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use store::{Batch, Incoming, Store};
use tempfile::TempDir;

/// 2023-11-15T00:00:00Z.
pub(crate) const MIDNIGHT: i64 = 1_700_006_400_000_000;
pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const DAY: i64 = 1440 * MINUTE;
pub(crate) const MS: i64 = 1_000_000;

/// What is known of a view: its newest state.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) app: &'static str,
    pub(crate) id: String,
    pub(crate) session: String,
    pub(crate) time_us: i64,
    pub(crate) name: &'static str,
    pub(crate) lcp_ns: Option<i64>,
    pub(crate) cls: f64,
    pub(crate) plan: Option<&'static str>,
    pub(crate) amount: f64,
    pub(crate) version: i64,
}

/// An error row.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) app: &'static str,
    pub(crate) session: String,
    pub(crate) message: String,
}

/// A store, an engine, and the rows as they should be seen.
pub(crate) struct Ground {
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) views: Vec<View>,
    pub(crate) errors: Vec<Failure>,
    _dir: TempDir,
}

/// Tests only read, so that all share one.
pub(crate) async fn ground() -> Arc<Ground> {
    static GROUND: OnceLock<Arc<Ground>> = OnceLock::new();
    static MAKING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _making = MAKING.lock().await;
    if let Some(ground) = GROUND.get() {
        return Arc::clone(ground);
    }
    let ground = Arc::new(Ground::new().await);
    Arc::clone(GROUND.get_or_init(|| ground))
}

pub(crate) async fn open(dir: &TempDir) -> Store {
    let options = SqliteConnectOptions::new()
        .filename(dir.path().join("meta.sqlite"))
        .create_if_missing(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await
        .unwrap();
    Store::open(store::Options::new(dir.path().join("data")), pool)
        .await
        .unwrap()
}

/// Applies events as one record of the log.
pub(crate) async fn apply(store: &Store, position: u64, events: Vec<Event>) {
    let incoming = events
        .into_iter()
        .enumerate()
        .map(|(index, event)| Incoming {
            event,
            content: u32::try_from(index).unwrap() + 1,
            arrival_us: MIDNIGHT + 3 * DAY + i64::try_from(position).unwrap(),
            position,
            is_searched_deep: false,
        });
    store
        .apply(Batch {
            events: incoming.collect(),
            end: position + 1,
            ..Batch::default()
        })
        .await
        .unwrap();
}

impl Ground {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir).await;
        let mut views: Vec<View> = (0..300).map(first_version).collect();
        let errors: Vec<Failure> = (0..40).map(failure).collect();
        let events = |views: &[View]| views.iter().map(View::event).collect::<Vec<_>>();
        let mut first = events(&views[..200]);
        first.extend(
            errors[..30]
                .iter()
                .enumerate()
                .map(|(index, error)| error.event(index)),
        );
        first.extend((0..20).map(click));
        apply(&store, 0, first).await;
        store.flush(MIDNIGHT + 3 * DAY).await.unwrap();
        // Newer versions of flushed views, flushed themselves: rows of the first segments are dead now.
        views[..50].iter_mut().for_each(View::next_version);
        apply(&store, 1, events(&views[..50])).await;
        store.flush(MIDNIGHT + 3 * DAY).await.unwrap();
        // And some that are hot: views never flushed, and newer versions of flushed ones.
        views[40..60].iter_mut().for_each(View::next_version);
        let mut hot = events(&views[40..60]);
        hot.extend(events(&views[200..]));
        hot.extend(
            errors[30..]
                .iter()
                .enumerate()
                .map(|(index, error)| error.event(index + 30)),
        );
        apply(&store, 2, hot).await;
        let options = Options {
            memory_bytes: 512 << 20,
            ..Options::default()
        };
        Self {
            store,
            engine: Engine::new(options).unwrap(),
            views,
            errors,
            _dir: dir,
        }
    }

    pub(crate) async fn run(&self, request: Request) -> Result<Answer, Error> {
        self.engine
            .run(
                request,
                &Scope::workspace(),
                &Limits::default(),
                self.store.snapshot(),
            )
            .await
    }

    pub(crate) async fn answer(&self, sql: &str) -> Answer {
        self.run(request(sql))
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// The rows as JSON.
    pub(crate) async fn rows(&self, sql: &str) -> Json {
        rows(&self.answer(sql).await)
    }

    pub(crate) async fn error(&self, sql: &str) -> Error {
        match self.run(request(sql)).await {
            Err(error) => error,
            Ok(answer) => panic!("{sql} gave {:?}", rows(&answer)),
        }
    }

    pub(crate) async fn check(&self, sql: &str, expected: Json) {
        assert_eq!(self.rows(sql).await, expected, "{sql}");
    }
}

pub(crate) fn request(sql: &str) -> Request {
    Request {
        sql: sql.to_owned(),
        now_us: MIDNIGHT + 3 * DAY,
        ..Request::default()
    }
}

pub(crate) fn json(answer: &Answer) -> Json {
    serde_json::from_slice(&render::json(answer)).unwrap()
}

pub(crate) fn rows(answer: &Answer) -> Json {
    json(answer)["rows"].take()
}

pub(crate) fn short(limits: Limits, ms: u64) -> Limits {
    Limits {
        timeout: Duration::from_millis(ms),
        ..limits
    }
}

fn first_version(index: usize) -> View {
    const NAMES: [&str; 5] = ["/", "/cart", "/product/?", "/login", "/help"];
    let number = i64::try_from(index).unwrap();
    View {
        app: if index.is_multiple_of(3) {
            "blog"
        } else {
            "shop"
        },
        id: format!("view-{index:03}"),
        session: format!("session-{:02}", index / 10),
        time_us: MIDNIGHT + number * 9 * MINUTE,
        name: NAMES[index % NAMES.len()],
        lcp_ns: (!index.is_multiple_of(7)).then_some((number * 37 % 101) * 50 * MS),
        cls: f64::from(u32::try_from(index % 13).unwrap()) / 100.0,
        plan: [Some("pro"), Some("free"), None][index % 3],
        amount: f64::from(u32::try_from(index).unwrap()) * 1.5,
        version: 1,
    }
}

fn failure(index: usize) -> Failure {
    Failure {
        app: if index.is_multiple_of(3) {
            "blog"
        } else {
            "shop"
        },
        session: format!("session-{:02}", index % 25),
        message: format!("cannot read property {} of undefined", index % 4),
    }
}

impl View {
    fn next_version(&mut self) {
        self.version += 1;
        self.lcp_ns = Some(self.lcp_ns.unwrap_or(0) + 10 * MS);
    }

    fn event(&self) -> Event {
        let mut row = Row::new();
        row.set(common::app_id, self.app);
        row.set(common::event_id, self.id.as_str());
        row.set(common::view_id, self.id.as_str());
        row.set(common::session_id, self.session.as_str());
        row.set(common::time, self.time_us);
        row.set(common::view_name, self.name);
        row.set(common::user_id, format!("user-{}", self.session));
        row.set(view::view_version, self.version);
        row.set_option(view::largest_contentful_paint, self.lcp_ns);
        row.set(view::cumulative_layout_shift, self.cls);
        row.set(view::view_error_count, i64::from(self.cls > 0.1));
        let set = row.attributes_mut(common::attributes);
        if let Some(plan) = self.plan {
            set.insert("context.plan".into(), format!("\"{plan}\"").into());
        }
        set.insert("context.amount".into(), self.amount.to_string().into());
        set.insert("context.tags".into(), r#"["a","b"]"#.into());
        Event {
            table: TableId::View,
            row,
            is_patch: false,
        }
    }
}

impl Failure {
    fn event(&self, index: usize) -> Event {
        let mut row = Row::new();
        row.set(common::app_id, self.app);
        row.set(common::event_id, format!("error-{index}"));
        row.set(common::session_id, self.session.as_str());
        row.set(
            common::time,
            MIDNIGHT + i64::try_from(index).unwrap() * MINUTE,
        );
        row.set(error::error_message, self.message.as_str());
        row.set(error::error_is_crash, index.is_multiple_of(5));
        Event {
            table: TableId::Error,
            row,
            is_patch: false,
        }
    }
}

fn click(index: usize) -> Event {
    let mut row = Row::new();
    row.set(common::app_id, "shop");
    row.set(common::event_id, format!("click-{index}"));
    row.set(common::session_id, "session-01");
    row.set(
        common::time,
        MIDNIGHT + i64::try_from(index).unwrap() * MINUTE,
    );
    row.set(action::action_type, "click");
    row.set(
        common::device_memory_bytes,
        9_007_199_254_740_993_i64 - i64::try_from(index).unwrap(),
    );
    let kinds = if index.is_multiple_of(2) {
        vec!["rage_click".into(), "dead_click".into()]
    } else {
        vec!["dead_click".into()]
    };
    row.set(action::action_frustration_types, Value::List(kinds));
    Event {
        table: TableId::Action,
        row,
        is_patch: false,
    }
}
