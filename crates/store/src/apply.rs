//! Rows in: what the pipeline decoded from the log becomes visible, each event once.
//!
//! A batch is prepared without the lock (which of its events are stored already, which views and sessions must be read back),
//! then enters the hot tables under the lock in one step, together with its log position.

mod prepare;

use std::sync::Arc;

use schema::merge::{Version, Versioned};
use schema::tables::{common, view};
use schema::{Event, Identity, Row, TableId};

use crate::erase::Forgotten;
use crate::hot::{Hot, Keyed};
use crate::metrics::add;
use crate::quarantine::ENTRIES_PER_FLUSH_MAX;
use crate::session::Session;
use crate::{KeptRequest, QuarantineEntry, Result, Store};
use prepare::Prepared;

/// One event on its way into the store. Its row has app_id, event_id and time.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub event: Event,
    /// Hash of what the client sent, never 0: tells a repeat from a conflict.
    pub content: u32,
    /// Arrival of its request, µs.
    pub arrival_us: i64,
    /// Log position of its request.
    pub position: u64,
    /// Look for repeats beyond the identity window too: a retry, a mobile client, or an old event.
    pub is_searched_deep: bool,
}

/// What a stretch of the log decoded to.
#[derive(Debug, Default)]
pub struct Batch {
    /// In the order of the log.
    pub events: Vec<Incoming>,
    pub kept: Vec<KeptRequest>,
    pub quarantine: Vec<QuarantineEntry>,
    /// Where the stretch ends.
    pub end: u64,
}

/// What became of a batch's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    pub stored: usize,
    pub duplicates: usize,
    pub conflicts: usize,
    /// Versions merged into a known view.
    pub merged: usize,
}

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Stored,
    /// A version merged into a known view.
    Merged,
    /// It was stored already.
    Duplicate,
    /// Another event of its id was stored already; that one stays.
    Conflict,
}

impl Applied {
    fn of(fates: &[Fate]) -> Self {
        let mut applied = Self::default();
        for fate in fates {
            match fate {
                Fate::Stored => applied.stored += 1,
                Fate::Merged => applied.merged += 1,
                Fate::Duplicate => applied.duplicates += 1,
                Fate::Conflict => applied.conflicts += 1,
            }
        }
        applied
    }
}

/// The identities of an event and of the session that it names; hashed once.
#[derive(Clone, Copy)]
struct Named {
    /// Nothing for an event without a name, which cannot be told from another (the pipeline makes none), and for an erased one.
    event: Option<Identity>,
    session: Option<Identity>,
}

impl Named {
    fn of(event: &Event) -> Self {
        Self {
            event: event.identity(),
            session: event
                .table
                .is_in_session()
                .then(|| session_of(&event.row))
                .flatten(),
        }
    }

    /// An erased event that comes again is a repeat.
    fn unless_in(self, forgotten: &Forgotten) -> Self {
        Self {
            event: self.event.filter(|event| !forgotten.contains_key(event)),
            ..self
        }
    }
}

impl Store {
    /// Applies a batch; when this returns, queries see it. One caller at a time, in the order of the log.
    ///
    /// # Errors
    /// When segments cannot be read; nothing of the batch has entered then.
    pub async fn apply(&self, batch: Batch) -> Result<Applied> {
        let fates = self.apply_each(batch).await?;
        Ok(Applied::of(&fates))
    }

    /// As [`Store::apply`], and says what became of each event, in their order.
    ///
    /// # Errors
    /// As [`Store::apply`].
    pub async fn apply_each(&self, batch: Batch) -> Result<Vec<Fate>> {
        let _positions = self.inner.positions.read().await;
        let forgotten = self.forgotten();
        let named: Vec<Named> = batch
            .events
            .iter()
            .map(|incoming| Named::of(&incoming.event).unless_in(&forgotten))
            .collect();
        let prepared = self.prepare(&batch.events, &named).await?;
        let fates = self.enter(batch, named, prepared);
        let applied = Applied::of(&fates);
        let metrics = &self.inner.metrics;
        add(&metrics.events_stored, applied.stored);
        add(&metrics.events_duplicate, applied.duplicates);
        add(&metrics.events_conflict, applied.conflicts);
        add(&metrics.view_versions_merged, applied.merged);
        Ok(fates)
    }

    fn enter(&self, batch: Batch, named: Vec<Named>, mut prepared: Prepared) -> Vec<Fate> {
        let mut state = self.state();
        let hot = &mut state.hot;
        let mut fates = Vec::with_capacity(batch.events.len());
        for (incoming, named) in batch.events.into_iter().zip(named) {
            let fate = match named.event {
                None => Fate::Duplicate,
                Some(identity) if incoming.event.table == TableId::View => {
                    enter_view(hot, &mut prepared, incoming, identity)
                }
                Some(identity) => {
                    enter_appended(hot, &mut prepared, incoming, identity, named.session)
                }
            };
            fates.push(fate);
        }
        hot.pending.kept_bytes += batch
            .kept
            .iter()
            .map(|kept| kept.payload.len())
            .sum::<usize>();
        hot.pending.kept.extend(batch.kept);
        let room = ENTRIES_PER_FLUSH_MAX.saturating_sub(hot.pending.quarantine.len());
        hot.pending
            .quarantine
            .extend(batch.quarantine.into_iter().take(room));
        hot.log_position = hot.log_position.max(batch.end);
        fates
    }
}

fn enter_appended(
    hot: &mut Hot,
    prepared: &mut Prepared,
    incoming: Incoming,
    identity: Identity,
    session: Option<Identity>,
) -> Fate {
    let Incoming {
        event,
        content,
        arrival_us,
        ..
    } = incoming;
    if let Some(stored) = hot
        .content_of(identity)
        .or_else(|| prepared.stored.get(&identity).copied())
    {
        let is_conflict = stored != 0 && stored != content;
        return if is_conflict {
            Fate::Conflict
        } else {
            Fate::Duplicate
        };
    }
    let row = Arc::new(event.row);
    if let Some(session) = session {
        let session = open_session(hot, prepared, session, &row, arrival_us);
        session.add(event.table, &row);
    }
    hot.pending.identities.insert(identity, content);
    let table = hot.pending.table(event.table);
    table.push(event.table, row, content);
    Fate::Stored
}

fn enter_view(
    hot: &mut Hot,
    prepared: &mut Prepared,
    incoming: Incoming,
    identity: Identity,
) -> Fate {
    let Incoming {
        event,
        arrival_us,
        position,
        ..
    } = incoming;
    let number = event.row.int(view::view_version).unwrap_or(0);
    let version = Version {
        number,
        arrival_us,
        position,
    };
    if !hot.views.contains_key(&identity)
        && let Some(view) = prepared.views.remove(&identity)
    {
        let mut keyed = Keyed::new(view.state, Some(view.position));
        keyed.session = view.session;
        hot.views.insert(identity, keyed);
    }
    let (fate, keyed) = match hot.views.entry(identity) {
        std::collections::hash_map::Entry::Occupied(known) => {
            let keyed = known.into_mut();
            keyed.state.absorb(&event.row, version, event.is_patch);
            (Fate::Merged, keyed)
        }
        std::collections::hash_map::Entry::Vacant(vacant) => {
            let keyed = Keyed::new(
                Versioned::of(&event.row, version, event.is_patch),
                prepared.lost_views.remove(&identity),
            );
            (Fate::Stored, vacant.insert(keyed))
        }
    };
    let bytes = keyed.state.memory_bytes();
    hot.changed_views.note(identity, keyed, arrival_us, bytes);
    let row = keyed.state.row();
    let session = session_of(&row);
    let before = std::mem::replace(&mut keyed.session, session);
    if let Some(left) = before.filter(|_| before != session) {
        leave_session(hot, prepared, left, &row, arrival_us);
    }
    if let Some(session) = session {
        open_session(hot, prepared, session, &row, arrival_us).set_view(row);
    }
    fate
}

/// Takes a view out of the session it counted in before.
fn leave_session(
    hot: &mut Hot,
    prepared: &mut Prepared,
    identity: Identity,
    view: &Row,
    arrival_us: i64,
) {
    if let Some((state, position)) = prepared.sessions.remove(&identity) {
        hot.sessions
            .entry(identity)
            .or_insert_with(|| Keyed::new(state, Some(position)));
    }
    if let Some(keyed) = hot.sessions.get_mut(&identity) {
        keyed.state.remove_view(view);
        let bytes = keyed.state.memory_bytes();
        hot.changed_sessions
            .note(identity, keyed, arrival_us, bytes);
    }
}

/// The state of the row's session, made dirty.
fn open_session<'a>(
    hot: &'a mut Hot,
    prepared: &mut Prepared,
    identity: Identity,
    row: &Row,
    arrival_us: i64,
) -> &'a mut Session {
    let keyed =
        hot.sessions
            .entry(identity)
            .or_insert_with(|| match prepared.sessions.remove(&identity) {
                Some((state, position)) => Keyed::new(state, Some(position)),
                None => {
                    let text = |column| row.str(column).unwrap_or_default();
                    Keyed::new(
                        Session::new(text(common::app_id), text(common::session_id)),
                        None,
                    )
                }
            });
    // As of before the row that comes: its next row brings it up to date.
    let bytes = keyed.state.memory_bytes();
    hot.changed_sessions
        .note(identity, keyed, arrival_us, bytes);
    &mut keyed.state
}

fn session_of(row: &Row) -> Option<Identity> {
    Some(Identity::new(
        row.str(common::app_id)?,
        TableId::Session,
        row.str(common::session_id)?,
    ))
}
