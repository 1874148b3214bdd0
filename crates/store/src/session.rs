//! Sessions: a row computed from the distinct rows of a session, never incremented by what arrives.
//!
//! [`Session`] is that computation in a form that takes rows in any order: rows that never change are counted once, because the
//! identity check lets each in once; a view replaces what the view's earlier state contributed. It lives in memory while
//! the session is touched; when a row arrives for a session that is not in memory, it is folded anew from the segments.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use schema::tables::{action, common, error, long_task, resource, session, span, view, vital};
use schema::{ColumnId, Row, TableId, Value};

/// Apdex target of loading time, ns.
const APDEX_T_NS: i64 = 2_000_000_000;
const BLOCK_US: i64 = 4 * 3_600_000_000;
/// A session with more users than this keeps the first ones.
const USERS_MAX: usize = 100;

/// The state of one session.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    app_id: CompactString,
    session_id: CompactString,
    /// By table.
    counts: [i64; TableId::ALL.len()],
    crashes: i64,
    frustrations: i64,
    /// Of rows that are not views.
    span: Option<Span>,
    users: BTreeMap<CompactString, i64>,
    newest: Option<Newest>,
    /// Boxed: a node of the map has room for eleven, and most sessions have two.
    views: BTreeMap<CompactString, Box<View>>,
}

/// Begin and end, µs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    start_us: i64,
    end_us: i64,
}

/// The newest row that is not a view: its common columns describe a session without views. Shared with the hot table, because
/// most rows are the newest of their session when they come.
#[derive(Clone, Debug, PartialEq)]
struct Newest {
    start_us: i64,
    table: TableId,
    row: Arc<Row>,
}

impl Newest {
    fn is_older_than(&self, other: &Self) -> bool {
        let order = (self.start_us, self.table).cmp(&(other.start_us, other.table));
        order.then_with(|| self.id().cmp(&other.id())).is_lt()
    }

    fn id(&self) -> Option<&str> {
        self.row.str(common::event_id)
    }
}

/// What one view contributes.
#[derive(Clone, Debug, PartialEq)]
struct View {
    span: Span,
    /// Common columns that speak of the view.
    own: Row,
    /// Common columns that speak of user, device and release: mostly equal in all views of a session, so they share one.
    shared: Arc<Row>,
    loading_time: Option<i64>,
    lcp: Option<i64>,
    inp: Option<i64>,
    cls: Option<f64>,
    stopped: bool,
}

/// The columns a fold reads of rows that are not views.
pub const EVENT_COLUMNS: &[&str] = &["action_frustration_types", "error_is_crash"];

impl Session {
    /// A session without rows yet.
    #[must_use]
    pub fn new(app_id: &str, session_id: &str) -> Self {
        Self {
            app_id: app_id.into(),
            session_id: session_id.into(),
            counts: [0; TableId::ALL.len()],
            crashes: 0,
            frustrations: 0,
            span: None,
            users: BTreeMap::new(),
            newest: None,
            views: BTreeMap::new(),
        }
    }

    /// Application and session.
    pub(crate) fn ids(&self) -> (&str, &str) {
        (&self.app_id, &self.session_id)
    }

    /// Takes one distinct row of a table that is not `view`.
    pub fn add(&mut self, table: TableId, row: &Arc<Row>) {
        self.counts[table as usize - 1] += 1;
        if row.bool(error::error_is_crash) == Some(true) && table == TableId::Error {
            self.crashes += 1;
        }
        if table == TableId::Action {
            self.frustrations +=
                i64::try_from(row.list(action::action_frustration_types).len()).unwrap_or(0);
        }
        let span = span_of(table, row);
        self.span = Some(self.span.map_or(span, |known| known.union(span)));
        if let Some(user) = signed_in_user(row) {
            match self.users.get_mut(user) {
                Some(first) => *first = span.start_us.min(*first),
                None => drop(self.users.insert(user.into(), span.start_us)),
            }
        }
        let newest = Newest {
            start_us: span.start_us,
            table,
            row: Arc::clone(row),
        };
        if self
            .newest
            .as_ref()
            .is_none_or(|known| known.is_older_than(&newest))
        {
            self.newest = Some(newest);
        }
    }

    /// Takes the merged state of a view, replacing an earlier one.
    pub fn set_view(&mut self, row: Row) {
        let Some(view_id) = view_id_of(&row).map(CompactString::from) else {
            return;
        };
        let span = span_of(TableId::View, &row);
        let (loading_time, stopped) = (
            row.int(view::view_loading_time),
            row.bool(view::_session_is_active) == Some(false),
        );
        let (lcp, inp, cls) = (
            row.int(view::largest_contentful_paint),
            row.int(view::interaction_to_next_paint),
            row.float(view::cumulative_layout_shift),
        );
        let (own, shared) = split_common_columns(row);
        let state = View {
            span,
            own,
            shared: self.shared_with(&view_id, shared),
            loading_time,
            lcp,
            inp,
            cls,
            stopped,
        };
        match self.views.get_mut(&view_id) {
            Some(known) => **known = state,
            None => drop(self.views.insert(view_id, Box::new(state))),
        }
    }

    /// The same columns of the view's earlier state or of another view, if they are equal.
    fn shared_with(&self, view_id: &str, columns: Row) -> Arc<Row> {
        let known = [self.views.get(view_id), self.views.values().next_back()];
        let equal = known
            .into_iter()
            .flatten()
            .find(|view| *view.shared == columns);
        equal.map_or_else(|| Arc::new(columns), |view| Arc::clone(&view.shared))
    }

    /// Takes back a view that a newer version gave to another session.
    pub(crate) fn remove_view(&mut self, row: &Row) {
        if let Some(view_id) = view_id_of(row) {
            self.views.remove(view_id);
        }
    }

    /// Whether no row is left: its only view went to another session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.views.is_empty() && self.span.is_none()
    }

    /// The session's row. An empty session has none.
    #[must_use]
    pub fn row(&self) -> Row {
        let mut views: Vec<(&CompactString, &View)> =
            self.views.iter().map(|(id, view)| (id, &**view)).collect();
        views.sort_by_key(|(id, view)| (view.span.start_us, (*id).clone()));
        let mut row = match (views.last(), &self.newest) {
            (Some((_, view)), _) => view.common(),
            (None, Some(newest)) => common_columns(&newest.row),
            (None, None) => Row::new(),
        };
        let spans = views.iter().map(|(_, view)| view.span).chain(self.span);
        let span = spans.reduce(Span::union).unwrap_or(Span {
            start_us: 0,
            end_us: 0,
        });
        row.set(common::app_id, self.app_id.clone());
        row.set(common::session_id, self.session_id.clone());
        row.set(common::event_id, self.session_id.clone());
        row.set(common::time, span.start_us);
        row.set(session::session_start, span.start_us);
        row.set(session::session_end, span.end_us);
        row.set(
            session::session_duration,
            (span.end_us - span.start_us).saturating_mul(1000),
        );
        row.set(
            session::session_blocks_4h,
            (span.end_us - span.start_us) / BLOCK_US + 1,
        );
        self.set_counts(&mut row);
        self.set_users(&mut row);
        set_entry_and_exit(&mut row, &views);
        set_vitals(&mut row, &views);
        row.set(
            session::_ended,
            self.views.values().any(|view| view.stopped),
        );
        row
    }

    fn set_counts(&self, row: &mut Row) {
        let count = |table: TableId| self.counts[table as usize - 1];
        row.set(
            session::session_view_count,
            i64::try_from(self.views.len()).unwrap_or(i64::MAX),
        );
        row.set(session::session_action_count, count(TableId::Action));
        row.set(session::session_error_count, count(TableId::Error));
        row.set(session::session_resource_count, count(TableId::Resource));
        row.set(session::session_long_task_count, count(TableId::LongTask));
        row.set(session::session_crash_count, self.crashes);
        row.set(session::session_frustration_count, self.frustrations);
    }

    fn set_users(&self, row: &mut Row) {
        let mut users = self.users.clone();
        for view in self.views.values() {
            let Some(user) = signed_in_user(&view.shared) else {
                continue;
            };
            let first = users.entry(user.into()).or_insert(view.span.start_us);
            *first = view.span.start_us.min(*first);
        }
        let mut users: Vec<(i64, CompactString)> = users
            .into_iter()
            .map(|(user, first)| (first, user))
            .collect();
        users.sort();
        users.truncate(USERS_MAX);
        if !users.is_empty() {
            row.set(
                session::user_ids,
                Value::List(users.into_iter().map(|(_, user)| user).collect()),
            );
        }
    }

    /// About how many bytes the state takes in memory. Asked at every row of the session, so views are not visited.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        const SHARED: usize = 4096;
        const VIEW: usize = 1280;
        size_of::<Self>() + SHARED + self.views.len() * VIEW + self.users.len() * 64
    }
}

impl View {
    fn common(&self) -> Row {
        let mut row = (*self.shared).clone();
        for (column, value) in self.own.values() {
            row.set(*column, value.clone());
        }
        row
    }
}

impl Span {
    fn union(self, other: Self) -> Self {
        Self {
            start_us: self.start_us.min(other.start_us),
            end_us: self.end_us.max(other.end_us),
        }
    }
}

fn span_of(table: TableId, row: &Row) -> Span {
    let start_us = row.int(common::time).unwrap_or(0);
    let duration_ns = duration_column(table)
        .and_then(|column| row.int(column))
        .unwrap_or(0);
    Span {
        start_us,
        end_us: start_us.saturating_add(duration_ns / 1000),
    }
}

/// The column that says how long a row of the table lasted.
#[must_use]
pub fn duration_column(table: TableId) -> Option<ColumnId> {
    match table {
        TableId::View => Some(view::view_time_spent),
        TableId::Resource => Some(resource::resource_duration),
        TableId::Action => Some(action::action_loading_time),
        TableId::LongTask => Some(long_task::long_task_duration),
        TableId::Vital => Some(vital::vital_duration),
        TableId::Span => Some(span::span_duration),
        _ => None,
    }
}

fn view_id_of(row: &Row) -> Option<&str> {
    row.str(common::view_id)
        .or_else(|| row.str(common::event_id))
}

fn signed_in_user(row: &Row) -> Option<&str> {
    row.str(common::user_id)
        .filter(|_| row.bool(common::user_is_signed_in) != Some(false))
}

/// Whether a session takes a column over from a row: a common one that speaks of who and where, not of the event itself.
fn is_taken_over(column: ColumnId) -> bool {
    const OWN: [ColumnId; 9] = [
        common::event_id,
        common::time,
        common::time_adjusted,
        common::client_time,
        common::action_id,
        common::action_ids,
        common::trace_id,
        common::span_id,
        common::drift,
    ];
    column <= common::attributes && !OWN.contains(&column)
}

fn common_columns(row: &Row) -> Row {
    let values = row.values().iter();
    values
        .filter(|(id, _)| is_taken_over(*id))
        .cloned()
        .collect()
}

/// The common columns of a view: those that differ from view to view, and the others.
fn split_common_columns(row: Row) -> (Row, Row) {
    const OF_VIEW: [ColumnId; 11] = [
        common::received_at,
        common::view_id,
        common::view_name,
        common::view_url,
        common::view_referrer,
        common::view_url_host,
        common::view_url_path,
        common::view_url_path_group,
        common::view_url_query,
        common::view_in_foreground,
        common::attributes,
    ];
    let (mut own, mut shared) = (Row::new(), Row::new());
    for (id, value) in row.into_values() {
        if is_taken_over(id) {
            let part = if OF_VIEW.contains(&id) {
                &mut own
            } else {
                &mut shared
            };
            part.set(id, value);
        }
    }
    own.shrink();
    shared.shrink();
    (own, shared)
}

fn set_entry_and_exit(row: &mut Row, views: &[(&CompactString, &View)]) {
    let (Some((first_id, first)), Some((last_id, last))) = (views.first(), views.last()) else {
        return;
    };
    let copy = |row: &mut Row, to: ColumnId, view: &View, from: ColumnId| {
        row.set_option(to, view.own.get(from).cloned())
    };
    row.set(session::first_view_id, (*first_id).clone());
    row.set(session::last_view_id, (*last_id).clone());
    copy(row, session::entry_view_name, first, common::view_name);
    copy(row, session::entry_view_url, first, common::view_url);
    copy(
        row,
        session::entry_view_url_path_group,
        first,
        common::view_url_path_group,
    );
    copy(
        row,
        session::entry_view_referrer,
        first,
        common::view_referrer,
    );
    copy(row, session::session_referrer, first, common::view_referrer);
    copy(row, session::exit_view_name, last, common::view_name);
    copy(row, session::exit_view_url, last, common::view_url);
    copy(
        row,
        session::exit_view_url_path_group,
        last,
        common::view_url_path_group,
    );
    let referrer_host = first
        .own
        .str(common::view_referrer)
        .and_then(host_of)
        .map(CompactString::from);
    row.set_option(session::referrer_host, referrer_host);
    let query = first.own.str(common::view_url_query).unwrap_or_default();
    for (column, key) in [
        (session::utm_source, "utm_source"),
        (session::utm_medium, "utm_medium"),
        (session::utm_campaign, "utm_campaign"),
    ] {
        row.set_option(column, query_value(query, key));
    }
}

fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host).filter(|host| !host.is_empty())
}

fn query_value(query: &str, key: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.trim_start_matches('?').as_bytes());
    pairs
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.is_empty())
}

fn set_vitals(row: &mut Row, views: &[(&CompactString, &View)]) {
    let ints =
        |of: fn(&View) -> Option<i64>| p75(views.iter().filter_map(|(_, view)| of(view)).collect());
    row.set_option(session::session_lcp_p75, ints(|view| view.lcp));
    row.set_option(session::session_inp_p75, ints(|view| view.inp));
    let mut shifts: Vec<f64> = views.iter().filter_map(|(_, view)| view.cls).collect();
    shifts.sort_by(f64::total_cmp);
    row.set_option(session::session_cls_p75, nearest_rank(&shifts).copied());
    let loads: Vec<i64> = views
        .iter()
        .filter_map(|(_, view)| view.loading_time)
        .collect();
    row.set_option(session::session_apdex, apdex(&loads));
}

fn p75(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    nearest_rank(&values).copied()
}

/// The smallest value that at least three quarters of the values do not exceed.
fn nearest_rank<T>(sorted: &[T]) -> Option<&T> {
    sorted.get((sorted.len() * 3).div_ceil(4).saturating_sub(1))
}

/// Source: Apdex Alliance, technical specification 1.1: satisfied within T, tolerating within 4 T count half.
#[expect(
    clippy::cast_precision_loss,
    reason = "a session has far fewer than 2^53 views"
)]
fn apdex(loads: &[i64]) -> Option<f64> {
    if loads.is_empty() {
        return None;
    }
    let satisfied = loads.iter().filter(|load| **load <= APDEX_T_NS).count();
    let tolerating = loads
        .iter()
        .filter(|load| **load > APDEX_T_NS && **load <= 4 * APDEX_T_NS)
        .count();
    Some((satisfied as f64 + tolerating as f64 / 2.0) / loads.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(table: TableId, time_us: i64, id: &str) -> Row {
        let mut row = Row::new();
        row.set(common::app_id, "shop");
        row.set(common::event_id, id);
        row.set(common::time, time_us);
        if table == TableId::View {
            row.set(common::view_id, id);
        }
        row
    }

    #[test]
    fn a_view_that_changes_counts_once() {
        let mut state = Session::new("shop", "s");
        let mut view = row(TableId::View, 10, "v");
        state.set_view(view.clone());
        view.set(view::view_time_spent, 5_000_000_i64);
        state.set_view(view.clone());
        let row = state.row();
        assert_eq!(row.int(session::session_view_count), Some(1));
        assert_eq!(row.int(session::session_end), Some(5_010));
    }

    #[test]
    fn a_session_of_only_errors_exists_and_has_crashes() {
        let mut state = Session::new("shop", "s");
        let mut crash = row(TableId::Error, 7, "e");
        crash.set(error::error_is_crash, true);
        state.add(TableId::Error, &Arc::new(crash));
        let row = state.row();
        assert_eq!(row.int(session::session_error_count), Some(1));
        assert_eq!(row.int(session::session_crash_count), Some(1));
        assert_eq!(row.int(session::session_view_count), Some(0));
        assert_eq!(row.int(common::time), Some(7));
    }

    #[test]
    fn order_of_rows_does_not_matter() {
        let mut rows: Vec<(TableId, Row)> = Vec::new();
        for (number, time) in [(1, 30), (2, 10), (3, 20)] {
            let mut view = row(TableId::View, time, &format!("v{number}"));
            view.set(common::view_url, format!("https://shop.example/{number}"));
            view.set(common::user_id, format!("u{number}"));
            view.set(view::largest_contentful_paint, i64::from(number) * 100);
            rows.push((TableId::View, view));
            rows.push((
                TableId::Resource,
                row(TableId::Resource, time + 1, &format!("r{number}")),
            ));
        }
        let fold = |rows: &mut dyn Iterator<Item = &(TableId, Row)>| {
            let mut state = Session::new("shop", "s");
            for (table, row) in rows {
                match table {
                    TableId::View => state.set_view(row.clone()),
                    table => state.add(*table, &Arc::new(row.clone())),
                }
            }
            state.row()
        };
        let forward = fold(&mut rows.iter());
        assert_eq!(forward, fold(&mut rows.iter().rev()));
        assert_eq!(
            forward.str(session::entry_view_url),
            Some("https://shop.example/2")
        );
        assert_eq!(
            forward.str(session::exit_view_url),
            Some("https://shop.example/1")
        );
        assert_eq!(forward.int(session::session_lcp_p75), Some(300));
        assert_eq!(forward.list(session::user_ids), ["u2", "u3", "u1"]);
    }

    #[test]
    fn campaign_and_referrer_come_from_the_first_view() {
        let mut state = Session::new("shop", "s");
        let mut view = row(TableId::View, 1, "v");
        view.set(common::view_referrer, "https://news.example:8443/a?b");
        view.set(
            common::view_url_query,
            "utm_source=mail+list&utm_campaign=spring%20sale&x=1",
        );
        state.set_view(view.clone());
        let row = state.row();
        assert_eq!(row.str(session::referrer_host), Some("news.example:8443"));
        assert_eq!(row.str(session::utm_source), Some("mail list"));
        assert_eq!(row.str(session::utm_campaign), Some("spring sale"));
        assert_eq!(row.str(session::utm_medium), None);
    }
}
