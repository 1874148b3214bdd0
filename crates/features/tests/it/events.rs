//! A store with known events, as rows and as what is known of them.

use schema::tables::{action, common, error, resource, view};
use schema::{Event, Row, TableId};
use store::{Batch, Incoming, Store};

/// 2023-11-15T00:00:00Z.
pub(crate) const MIDNIGHT: i64 = 1_700_006_400_000_000;
pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const MS: i64 = 1_000_000;

/// What is known of a view.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) app: &'static str,
    pub(crate) env: &'static str,
    pub(crate) session: String,
    pub(crate) time_us: i64,
    pub(crate) is_person: bool,
    pub(crate) is_page_view: bool,
    pub(crate) visitor: String,
    pub(crate) page: Option<&'static str>,
    pub(crate) country: Option<&'static str>,
    pub(crate) lcp: Option<i64>,
    pub(crate) inp: Option<i64>,
    pub(crate) cls: Option<f64>,
    pub(crate) loading: Option<i64>,
    pub(crate) errors: i64,
    pub(crate) row: Row,
}

/// What is known of a session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) app: &'static str,
    pub(crate) env: &'static str,
    pub(crate) time_us: i64,
    pub(crate) is_person: bool,
    pub(crate) country: Option<&'static str>,
    pub(crate) views: usize,
    pub(crate) actions: usize,
    pub(crate) errors: usize,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) views: Vec<View>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) events: Vec<Event>,
}

impl World {
    /// Sessions of these numbers, one every 20 minutes from midnight on.
    pub(crate) fn of(numbers: std::ops::Range<i64>) -> Self {
        let mut world = Self::default();
        numbers.for_each(|number| world.add_session(number));
        world
    }

    fn add_session(&mut self, s: i64) {
        let has = |every: i64| s % every == 0;
        let mut common = Row::new();
        let session = Session {
            id: format!("session-{s:03}"),
            app: if has(4) { "blog" } else { "shop" },
            env: if has(5) { "staging" } else { "prod" },
            time_us: MIDNIGHT + s * 20 * MINUTE,
            is_person: !has(11) && !has(13),
            country: [Some("DE"), Some("FR"), None][usize::try_from(s % 3).unwrap()],
            views: usize::try_from(1 + s % 4).unwrap(),
            actions: usize::from(!has(3)),
            errors: usize::from(has(6)),
        };
        common.set(common::app_id, session.app);
        common.set(common::env, session.env);
        common.set(common::platform, if has(17) { "ios" } else { "web" });
        common.set(common::session_id, session.id.as_str());
        common.set(
            common::session_type,
            if has(13) { "synthetics" } else { "user" },
        );
        if has(11) {
            common.set(common::bot, true);
        }
        common.set_option(common::country_code, session.country);
        common.set(
            common::browser_name,
            if has(2) { "Chrome" } else { "Fire'fox" },
        );
        let signed_in = format!("user-{}", s % 7);
        let anonymous = format!("anonymous-{}", s % 10);
        let visitor = if has(3) {
            common.set(common::user_id, signed_in.as_str());
            common.set(common::user_is_signed_in, true);
            signed_in
        } else if has(2) {
            common.set(common::user_id, anonymous.as_str());
            common.set(common::user_is_signed_in, false);
            common.set(common::anonymous_id, anonymous.as_str());
            anonymous
        } else {
            session.id.clone()
        };
        for v in 0..i64::try_from(session.views).unwrap() {
            let view = self.view(&session, &common, &visitor, s, v);
            self.events.push(Event {
                table: TableId::View,
                row: view.row.clone(),
                is_patch: false,
            });
            for r in 0..2_i64 {
                let mut row = view_columns(&common, &view.id);
                row.set(common::event_id, format!("{}-resource-{r}", view.id));
                row.set(common::time, view.time_us + (r + 1) * MS / 1000);
                row.set(resource::resource_url, "https://api.example/items?x='y'");
                row.set(resource::resource_url_path, "/items");
                row.set(resource::resource_method, "GET");
                row.set(
                    resource::resource_status,
                    [200_i64, 404][usize::try_from(r).unwrap()],
                );
                row.set(
                    resource::resource_duration,
                    (s * 7 + v * 3 + r) % 11 * 10 * MS,
                );
                self.events.push(Event {
                    table: TableId::Resource,
                    row,
                    is_patch: false,
                });
            }
            self.views.push(view);
        }
        let first_view = format!("{}-view-0", session.id);
        let mut other = |table: TableId, minutes: i64, name: &str, fill: &dyn Fn(&mut Row)| {
            let mut row = view_columns(&common, &first_view);
            row.set(common::event_id, format!("{}-{name}", session.id));
            row.set(common::time, session.time_us + minutes * MINUTE / 4);
            fill(&mut row);
            self.events.push(Event {
                table,
                row,
                is_patch: false,
            });
        };
        if session.actions > 0 {
            other(TableId::Action, 1, "click", &|row| {
                row.set(action::action_type, "click");
                row.set(action::action_name, "Buy \"now\"");
            });
        }
        if session.errors > 0 {
            other(TableId::Error, 2, "error", &|row| {
                row.set(error::error_type, "TypeError");
                row.set(error::error_message, "x is not a function");
            });
        }
        self.sessions.push(session);
    }

    fn view(&self, session: &Session, common: &Row, visitor: &str, s: i64, v: i64) -> View {
        const TYPES: [Option<&str>; 4] = [
            Some("initial_load"),
            Some("route_change"),
            Some("prerender"),
            None,
        ];
        const PAGES: [Option<&str>; 5] = [
            Some("/"),
            Some("/product/?"),
            Some("/cart's \"own\""),
            None,
            Some("/help"),
        ];
        let pick = |count: usize, seed: i64| usize::try_from(seed).unwrap() % count;
        let n = s * 4 + v;
        let loading_type = TYPES[pick(4, s + v)];
        let id = format!("{}-view-{v}", session.id);
        let view = View {
            app: session.app,
            env: session.env,
            session: session.id.clone(),
            time_us: session.time_us + v * MINUTE,
            is_person: session.is_person,
            is_page_view: match loading_type {
                Some(kind) => kind != "prerender",
                None => s % 17 == 0,
            },
            visitor: visitor.to_owned(),
            page: PAGES[pick(5, n)],
            country: session.country,
            lcp: (n % 3 != 0).then_some(n * 37 % 60 * 100 * MS),
            inp: (n % 4 == 1).then_some(n * 13 % 80 * 10 * MS),
            cls: (n % 5 != 2).then(|| f64::from(i32::try_from(n * 7 % 40).unwrap()) / 97.0),
            loading: (n % 2 == 0).then_some(n * 31 % 100 * 100 * MS),
            errors: i64::from(n % 6 == 0) * 2,
            row: Row::new(),
            id,
        };
        let mut row = view_columns(common, &view.id);
        row.set(common::event_id, view.id.as_str());
        row.set(common::time, view.time_us);
        row.set_option(common::view_url_path_group, view.page);
        row.set(common::view_name, "it's / a \"view\"");
        row.set(view::view_version, 1_i64);
        row.set_option(view::view_loading_type, loading_type);
        row.set_option(view::largest_contentful_paint, view.lcp);
        row.set_option(view::interaction_to_next_paint, view.inp);
        row.set_option(view::cumulative_layout_shift, view.cls);
        row.set_option(view::view_loading_time, view.loading);
        row.set(view::view_error_count, view.errors);
        let set = row.attributes_mut(common::attributes);
        set.insert("context.plan".into(), "\"pro\"".into());
        View { row, ..view }
    }
}

fn view_columns(common: &Row, view_id: &str) -> Row {
    let mut row = common.clone();
    row.set(common::view_id, view_id);
    row
}

/// Applies events as one record of the log.
pub(crate) async fn apply(store: &Store, position: u64, events: Vec<Event>) {
    let incoming = events
        .into_iter()
        .enumerate()
        .map(|(index, event)| Incoming {
            event,
            content: u32::try_from(index).unwrap() + 1,
            arrival_us: MIDNIGHT + 72 * HOUR + i64::try_from(position).unwrap(),
            position,
            is_searched_deep: false,
        });
    let batch = Batch {
        events: incoming.collect(),
        end: position + 1,
        ..Batch::default()
    };
    store.apply(batch).await.unwrap();
}
