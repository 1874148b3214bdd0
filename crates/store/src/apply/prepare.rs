//! Before a batch enters: which of its events are stored already, and which views and sessions must be read back from segments.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::AsArray;
use foldhash::fast::RandomState;
use roaring::RoaringBitmap;
use schema::arrow::rows_of;
use schema::merge::Versioned;
use schema::tables::{common, session};
use schema::{Identity, Row, TableId};

use super::{Incoming, Named, session_of};
use crate::catalog::{Catalog, Entry};
use crate::hot::Position;
use crate::keys::{self, Keys};
use crate::metrics::add;
use crate::reader::{Columns, Which, read};
use crate::segment::{blocking, keys_of};
use crate::session::Session;
use crate::{Result, Segment, SegmentId, Store};

type Identities = HashSet<Identity, RandomState>;

/// What was looked up in segments before the batch enters.
#[derive(Default)]
pub(super) struct Prepared {
    /// Content hash of events that are stored already.
    pub(super) stored: HashMap<Identity, u32, RandomState>,
    pub(super) views: HashMap<Identity, StoredView, RandomState>,
    /// Views whose stored row is in a damaged segment: the version that comes takes its place.
    pub(super) lost_views: HashMap<Identity, Position, RandomState>,
    pub(super) sessions: HashMap<Identity, (Session, Position), RandomState>,
}

/// A view read back from its segment.
pub(super) struct StoredView {
    pub(super) state: Versioned,
    pub(super) position: Position,
    pub(super) session: Option<Identity>,
}

impl Store {
    pub(super) async fn prepare(&self, events: &[Incoming], named: &[Named]) -> Result<Prepared> {
        let mut prepared = Prepared::default();
        let mut unknown: Vec<(Identity, TableId, bool)> = Vec::new();
        // Hot first, then segments: what a flush moves in between is found in one or the other, never in neither.
        let catalog = {
            let state = self.state();
            for (incoming, named) in events.iter().zip(named) {
                let Some(identity) = named.event else {
                    continue;
                };
                let table = incoming.event.table;
                let is_hot = match table {
                    TableId::View => state.hot.views.contains_key(&identity),
                    _ => state.hot.content_of(identity).is_some(),
                };
                if !is_hot {
                    unknown.push((identity, table, incoming.is_searched_deep));
                }
            }
            Arc::clone(&state.catalog)
        };
        let tables = catalog.by_arrival();
        let mut views: BTreeMap<SegmentId, Vec<(u32, Identity)>> = BTreeMap::new();
        for (identity, table, deep) in unknown {
            let Some(entries) = tables.get(&table) else {
                continue;
            };
            match table {
                TableId::View => {
                    if let Some(position) = self.live_position(entries, identity).await? {
                        views
                            .entry(position.segment)
                            .or_default()
                            .push((position.row, identity));
                    }
                }
                _ => {
                    if let Some(content) = self.stored_content(entries, identity, deep).await? {
                        prepared.stored.insert(identity, content);
                    }
                }
            }
        }
        for (segment, rows) in views {
            self.reload_views(&catalog.entries[&segment], rows, &mut prepared)
                .await?;
        }
        self.reload_sessions(&catalog, events, named, &mut prepared)
            .await?;
        Ok(prepared)
    }

    /// The keys of a segment; made anew from the segment if their file is missing or damaged, none if both are.
    pub(crate) async fn keys_of<'a>(&self, segment: &'a Segment) -> Result<&'a Keys> {
        if let Some(keys) = segment.keys.get() {
            return Ok(keys);
        }
        let path = keys::path_of(&self.files().local(&segment.path));
        let keys = match Keys::open(segment.id, &path) {
            Ok(keys) => keys,
            Err(error) => {
                tracing::warn!(segment = segment.id.0, %error, "making the keys of a segment anew");
                match self.write_keys(segment, path.clone()).await {
                    Ok(keys) => keys,
                    Err(error) => {
                        self.note_damage(error)?;
                        Keys::unknown(path)
                    }
                }
            }
        };
        Ok(segment.keys.get_or_init(|| keys))
    }

    async fn write_keys(&self, segment: &Segment, path: std::path::PathBuf) -> Result<Keys> {
        let batches = read(
            &self.files().objects,
            segment,
            Columns::named(&["app_id", "event_id"]),
            Which::All,
        )
        .await?;
        let (id, table) = (segment.id, segment.table);
        blocking(move || {
            let mut all = Vec::new();
            for batch in &batches {
                let first = u32::try_from(all.len()).expect("a segment has fewer than 2^32 rows");
                all.extend(keys_of(table, batch, &[]).into_iter().map(|key| keys::Key {
                    row: key.row + first,
                    ..key
                }));
            }
            keys::write(&path, all)?;
            Keys::open(id, &path)
        })
        .await
    }

    async fn live_position(
        &self,
        entries: &[&Entry],
        identity: Identity,
    ) -> Result<Option<Position>> {
        for entry in entries {
            if let Some(found) = self.keys_of(&entry.segment).await?.find(identity)?
                && !entry.is_dead(found.row)
            {
                return Ok(Some(Position {
                    segment: entry.segment.id,
                    row: found.row,
                }));
            }
        }
        Ok(None)
    }

    async fn stored_content(
        &self,
        entries: &[&Entry],
        identity: Identity,
        deep: bool,
    ) -> Result<Option<u32>> {
        let mut seen = 0;
        for entry in entries {
            if seen >= self.inner.options.identity_window && !deep {
                return Ok(None);
            }
            let keys = self.keys_of(&entry.segment).await?;
            if let Some(found) = keys.find(identity)? {
                return Ok(Some(found.content));
            }
            seen += keys.count();
        }
        Ok(None)
    }

    async fn reload_views(
        &self,
        entry: &Entry,
        mut rows: Vec<(u32, Identity)>,
        prepared: &mut Prepared,
    ) -> Result<()> {
        rows.sort_unstable();
        rows.dedup();
        let wanted: RoaringBitmap = rows.iter().map(|(row, _)| *row).collect();
        let batches = read(
            &self.files().objects,
            &entry.segment,
            Columns::All,
            Which::Only(&wanted),
        )
        .await;
        let batches = match batches {
            Ok(batches) => batches,
            Err(error) => {
                self.note_damage(error)?;
                let segment = entry.segment.id;
                let positions = rows.into_iter();
                let positions = positions.map(|(row, id)| (id, Position { segment, row }));
                prepared.lost_views.extend(positions);
                return Ok(());
            }
        };
        let read_rows = batches
            .iter()
            .flat_map(|batch| rows_of(TableId::View, batch, 0..batch.num_rows()));
        for ((row, identity), stored) in rows.iter().zip(read_rows) {
            let position = Position {
                segment: entry.segment.id,
                row: *row,
            };
            let view = StoredView {
                state: Versioned::from_stored(&stored),
                position,
                session: session_of(&stored),
            };
            prepared.views.insert(*identity, view);
        }
        add(&self.inner.metrics.views_reloaded, rows.len());
        Ok(())
    }

    /// Reads back every session that gets a new row, or may lose a view to another session, is not in memory and is stored.
    async fn reload_sessions(
        &self,
        catalog: &Catalog,
        events: &[Incoming],
        named: &[Named],
        prepared: &mut Prepared,
    ) -> Result<()> {
        let mut missing = Identities::default();
        {
            let hot = &self.state().hot;
            let mut miss = |session: Option<Identity>| {
                missing.extend(session.filter(|session| !hot.sessions.contains_key(session)));
            };
            for (incoming, named) in events.iter().zip(named) {
                let Some(identity) = &named.event else {
                    continue;
                };
                if prepared.stored.contains_key(identity) {
                    continue;
                }
                miss(named.session);
                if incoming.event.table == TableId::View {
                    // A patch may leave its session out, and a late version may name another than the view's newest.
                    let hot_view = hot.views.get(identity).and_then(|view| view.session);
                    let stored_view = prepared.views.get(identity).and_then(|view| view.session);
                    miss(hot_view.or(stored_view));
                }
            }
        }
        let tables = catalog.by_arrival();
        let Some(entries) = tables.get(&TableId::Session) else {
            return Ok(());
        };
        let mut stored: BTreeMap<SegmentId, Vec<(u32, Identity)>> = BTreeMap::new();
        for identity in missing {
            if let Some(position) = self.live_position(entries, identity).await? {
                stored
                    .entry(position.segment)
                    .or_default()
                    .push((position.row, identity));
            }
        }
        if stored.is_empty() {
            return Ok(());
        }
        let mut ranges = Vec::new();
        for (segment, mut rows) in stored {
            rows.sort_unstable();
            let wanted: RoaringBitmap = rows.iter().map(|(row, _)| *row).collect();
            let entry = &catalog.entries[&segment];
            let batches = read(
                &self.files().objects,
                &entry.segment,
                Columns::named(&["app_id", "session_id", "session_start", "session_end"]),
                Which::Only(&wanted),
            )
            .await;
            let batches = match batches {
                Ok(batches) => batches,
                Err(error) => {
                    // The rows of the session may lie anywhere then.
                    self.note_damage(error)?;
                    for (row, identity) in rows {
                        let Some(state) = named_session(events, identity) else {
                            continue;
                        };
                        let position = Position { segment, row };
                        prepared.sessions.insert(identity, (state, position));
                        ranges.push((i64::MIN, i64::MAX));
                    }
                    continue;
                }
            };
            let read_rows = batches
                .iter()
                .flat_map(|batch| rows_of(TableId::Session, batch, 0..batch.num_rows()));
            for ((row, identity), stored) in rows.into_iter().zip(read_rows) {
                let state = Session::new(
                    stored.str(common::app_id).unwrap_or_default(),
                    stored.str(common::session_id).unwrap_or_default(),
                );
                prepared
                    .sessions
                    .insert(identity, (state, Position { segment, row }));
                let start = stored.int(session::session_start).unwrap_or(i64::MIN);
                ranges.push((start, stored.int(session::session_end).unwrap_or(i64::MAX)));
            }
        }
        add(
            &self.inner.metrics.sessions_recomputed,
            prepared.sessions.len(),
        );
        self.refold(catalog, &ranges, prepared).await
    }

    /// Folds the stored rows of the sessions in `prepared`. A session's rows all lie between its begin and its end.
    async fn refold(
        &self,
        catalog: &Catalog,
        ranges: &[(i64, i64)],
        prepared: &mut Prepared,
    ) -> Result<()> {
        for table in TableId::ALL
            .into_iter()
            .filter(|table| table.is_in_session())
        {
            for entry in catalog.of(table) {
                let segment = &entry.segment;
                let overlaps = |(start, end): &(i64, i64)| {
                    segment.min_time_us <= *end && segment.max_time_us >= *start
                };
                if !ranges.iter().any(overlaps) {
                    continue;
                }
                match self.rows_of_sessions(entry, &prepared.sessions).await {
                    Ok(rows) => fold(table, rows, prepared),
                    Err(error) => self.note_damage(error)?,
                }
            }
        }
        Ok(())
    }

    async fn rows_of_sessions(
        &self,
        entry: &Entry,
        sessions: &HashMap<Identity, (Session, Position), RandomState>,
    ) -> Result<Vec<Row>> {
        let batches = read(
            &self.files().objects,
            &entry.segment,
            Columns::named(&["app_id", "session_id"]),
            Which::All,
        )
        .await?;
        let ids: HashSet<(&str, &str), RandomState> =
            sessions.values().map(|(state, _)| state.ids()).collect();
        let mut wanted = RoaringBitmap::new();
        let mut first = 0;
        for batch in &batches {
            let text = |name| batch.column_by_name(name)?.as_string_view_opt();
            let Some((apps, of_rows)) = text("app_id").zip(text("session_id")) else {
                break;
            };
            for (row, (app, session)) in (first..).zip(apps.iter().zip(of_rows)) {
                if let Some(id) = app.zip(session)
                    && ids.contains(&id)
                    && !entry.is_dead(row)
                {
                    wanted.insert(row);
                }
            }
            first += u32::try_from(batch.num_rows()).expect("a segment has fewer than 2^32 rows");
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let which = Which::Only(&wanted);
        let batches = read(&self.files().objects, &entry.segment, Columns::All, which).await?;
        let rows = |batch| rows_of(entry.segment.table, batch, 0..batch.num_rows());
        Ok(batches.iter().flat_map(rows).collect())
    }
}

/// The empty state of a session that an event names.
fn named_session(events: &[Incoming], identity: Identity) -> Option<Session> {
    let mut rows = events.iter().map(|incoming| &incoming.event.row);
    let row = rows.find(|row| session_of(row) == Some(identity))?;
    Some(Session::new(
        row.str(common::app_id)?,
        row.str(common::session_id)?,
    ))
}

fn fold(table: TableId, rows: Vec<Row>, prepared: &mut Prepared) {
    for row in rows {
        let session = session_of(&row).and_then(|id| prepared.sessions.get_mut(&id));
        match (session, table) {
            (Some((state, _)), TableId::View) => state.set_view(row),
            (Some((state, _)), _) => state.add(table, &Arc::new(row)),
            (None, _) => {}
        }
    }
}
