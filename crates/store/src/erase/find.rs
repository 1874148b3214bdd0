//! Finding the rows of an erasure: one pass for the rows that name the subject, one for all rows of the sessions these name.

use std::collections::{HashMap, HashSet};

use arrow::array::RecordBatch;
use compact_str::CompactString;
use foldhash::fast::RandomState;
use roaring::RoaringBitmap;
use schema::{Identity, SubjectKind, TableId};

use super::row::{At, COLUMNS, Texts};
use super::{Rows, Selector, SessionKey, of_entry};
use crate::catalog::Catalog;
use crate::reader::{Columns, Which, read};
use crate::snapshot::SegmentView;
use crate::{Result, SegmentId, Snapshot, Store};

/// Where rows are looked for: segments with their dead rows, and batches of rows that are not flushed.
pub(super) struct Parts {
    segments: Vec<SegmentView>,
    batches: Vec<(TableId, RecordBatch)>,
}

impl Parts {
    pub(super) fn of_catalog(catalog: &Catalog) -> Self {
        Self {
            segments: catalog.entries.values().map(of_entry).collect(),
            batches: Vec::new(),
        }
    }

    pub(super) fn of_snapshot(snapshot: &Snapshot) -> Self {
        let (mut segments, mut batches) = (Vec::new(), Vec::new());
        for table in TableId::ALL {
            let shown = snapshot.table(table);
            segments.extend(shown.segments.iter().cloned());
            batches.extend(shown.batches.iter().map(|batch| (table, batch.clone())));
        }
        Self { segments, batches }
    }
}

/// A row that names the subject, or one of its sessions.
struct Candidate {
    table: TableId,
    /// Nothing for a row that is not flushed.
    position: Option<(SegmentId, u32)>,
    is_live: bool,
    is_match: bool,
    /// Names nobody, and belongs to a view of theirs.
    is_in_their_view: bool,
    /// In [`Found::sessions`].
    session: Option<usize>,
    identity: Identity,
}

/// What a search found.
pub(super) struct Found {
    candidates: Vec<Candidate>,
    /// The sessions that matching rows name, and whether one of their rows names somebody else.
    sessions: Vec<(SessionKey, bool)>,
    /// Segments that could not be read.
    pub(super) damaged: HashSet<SegmentId>,
}

impl Found {
    fn is_shared(&self, candidate: &Candidate) -> bool {
        candidate
            .session
            .is_some_and(|index| self.sessions[index].1)
    }

    fn goes(&self, candidate: &Candidate) -> bool {
        if !self.is_shared(candidate) {
            return true;
        }
        // The row of a shared session is replaced by one that is computed anew.
        candidate.table == TableId::Session || candidate.is_match || candidate.is_in_their_view
    }

    fn gone(&self) -> impl Iterator<Item = &Candidate> {
        let candidates = self.candidates.iter();
        candidates.filter(|candidate| self.goes(candidate))
    }

    /// Live rows of a table that go. A shared session stays.
    pub(super) fn rows(&self, table: TableId) -> u64 {
        let is_counted = |row: &&Candidate| {
            row.table == table && row.is_live && !(table == TableId::Session && self.is_shared(row))
        };
        self.gone().filter(is_counted).count() as u64
    }

    pub(super) fn live_rows(&self) -> usize {
        self.gone().filter(|row| row.is_live).count()
    }

    /// Live sessions that stay with fewer rows.
    pub(super) fn changed_sessions(&self) -> u64 {
        let is_changed =
            |row: &&Candidate| row.table == TableId::Session && row.is_live && self.is_shared(row);
        self.gone().filter(is_changed).count() as u64
    }

    /// The rows to be dead, with those that are dead already: their segments have to be written anew.
    pub(super) fn dead(&self) -> Rows {
        let mut dead = Rows::new();
        for (segment, row) in self.gone().filter_map(|row| row.position) {
            dead.entry(segment).or_default().insert(row);
        }
        dead
    }

    /// Identities of the live events that go.
    pub(super) fn identities(&self) -> Vec<Identity> {
        self.gone()
            .filter(|row| row.is_live && row.table != TableId::Session)
            .map(|row| row.identity)
            .collect()
    }

    /// Rows of shared sessions that stay and count in them, with the session of each.
    pub(super) fn survivors(&self) -> Rows {
        let mut rows = Rows::new();
        let stays = |row: &&Candidate| {
            row.is_live && row.table.is_in_session() && row.session.is_some() && !self.goes(row)
        };
        for (segment, row) in self
            .candidates
            .iter()
            .filter(stays)
            .filter_map(|row| row.position)
        {
            rows.entry(segment).or_default().insert(row);
        }
        rows
    }

    /// Every session that matching rows name, and whether it is shared.
    pub(super) fn sessions(&self) -> impl Iterator<Item = (&SessionKey, bool)> {
        self.sessions.iter().map(|(key, shared)| (key, *shared))
    }

    /// Ids of the sessions that are wholly theirs.
    pub(super) fn own_sessions(&self) -> impl Iterator<Item = &str> {
        let own = self.sessions.iter().filter(|(_, shared)| !shared);
        own.map(|((_, session), _)| session.as_str())
    }
}

/// What the first pass leaves for the second.
#[derive(Default)]
struct Named {
    sessions: HashMap<SessionKey, usize, RandomState>,
    /// Application and view.
    views: HashSet<(CompactString, CompactString), RandomState>,
    /// User ids that stand beside an e-mail address that is searched.
    users: HashSet<CompactString, RandomState>,
}

impl Named {
    fn session_of(&self, table: TableId, row: &At<'_>) -> Option<usize> {
        let (app, session) = (row.app()?, row.session(table)?);
        self.sessions.get(&(app.into(), session.into())).copied()
    }

    fn add(&mut self, selector: &Selector, table: TableId, row: &At<'_>) {
        if let (Some(app), Some(session)) = (row.app(), row.session(table)) {
            let next = self.sessions.len();
            self.sessions
                .entry((app.into(), session.into()))
                .or_insert(next);
        }
        if let (TableId::View, Some(app), Some(view)) = (table, row.app(), row.event()) {
            self.views.insert((app.into(), view.into()));
        }
        if selector.subject.kind() == SubjectKind::Email {
            self.users
                .extend(row.signed_in_user().map(CompactString::from));
        }
    }
}

impl Store {
    /// Finds what an erasure takes. Segments that cannot be read are noted and left out.
    pub(super) async fn find(&self, parts: Parts, selector: &Selector) -> Result<Found> {
        let mut named = Named::default();
        let mut damaged = HashSet::new();
        if selector.subject.kind() == SubjectKind::Session {
            for app_id in &selector.app_ids {
                let next = named.sessions.len();
                let key = (app_id.into(), selector.subject.value().into());
                named.sessions.insert(key, next);
            }
        } else {
            self.each_row(&parts, selector, &mut damaged, |table, row, _, _| {
                if row.is_of(&selector.subject) {
                    named.add(selector, table, row);
                }
            })
            .await?;
        }
        let mut sessions: Vec<(SessionKey, bool)> = vec![Default::default(); named.sessions.len()];
        for (key, index) in &named.sessions {
            sessions[*index].0 = key.clone();
        }
        let mut candidates = Vec::new();
        self.each_row(
            &parts,
            selector,
            &mut damaged,
            |table, row, position, is_live| {
                let is_match = row.is_of(&selector.subject);
                let session = named.session_of(table, row);
                if !is_match && session.is_none() {
                    return;
                }
                let person = row.person(&selector.subject);
                let is_theirs = is_match || person.is_some_and(|user| named.users.contains(user));
                if let Some(index) = session
                    && is_live
                    && table != TableId::Session
                    && person.is_some()
                    && !is_theirs
                {
                    sessions[index].1 = true;
                }
                candidates.push(Candidate {
                    table,
                    position,
                    is_live,
                    is_match: is_theirs,
                    is_in_their_view: person.is_none() && row.is_in(&named.views),
                    session,
                    identity: row.identity(table),
                });
            },
        )
        .await?;
        Ok(Found {
            candidates,
            sessions,
            damaged,
        })
    }

    async fn each_row(
        &self,
        parts: &Parts,
        selector: &Selector,
        damaged: &mut HashSet<SegmentId>,
        mut each: impl FnMut(TableId, &At<'_>, Option<(SegmentId, u32)>, bool),
    ) -> Result<()> {
        let is_of_app =
            |app: Option<&str>| app.is_some_and(|app| selector.app_ids.iter().any(|id| id == app));
        for view in &parts.segments {
            let segment = &view.segment;
            if !segment.app_ids.iter().any(|app| is_of_app(Some(app))) {
                continue;
            }
            let columns = Columns::named(COLUMNS);
            let batches = match read(&self.files().objects, segment, columns, Which::All).await {
                Ok(batches) => batches,
                Err(error) => {
                    self.note_damage(error)?;
                    damaged.insert(segment.id);
                    continue;
                }
            };
            let is_hidden = |row: u32| {
                let hidden: Option<&RoaringBitmap> = view.hidden.as_deref();
                hidden.is_some_and(|hidden| hidden.contains(row))
            };
            let mut first = 0;
            for batch in &batches {
                let texts = Texts::of(batch);
                for row in 0..batch.num_rows() {
                    let at = At { texts: &texts, row };
                    let place = first + u32::try_from(row).expect("a batch is small");
                    if is_of_app(at.app()) {
                        each(
                            segment.table,
                            &at,
                            Some((segment.id, place)),
                            !is_hidden(place),
                        );
                    }
                }
                first += u32::try_from(batch.num_rows()).expect("a batch is small");
            }
        }
        for (table, batch) in &parts.batches {
            let texts = Texts::of(batch);
            for row in 0..batch.num_rows() {
                let at = At { texts: &texts, row };
                if is_of_app(at.app()) {
                    each(*table, &at, None, true);
                }
            }
        }
        Ok(())
    }
}
