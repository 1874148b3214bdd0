//! The commit of an erasure, and what is in memory after it. Everything was flushed just before, so memory holds rows that are stored too,
//! and those that arrived since, which stay.

use std::sync::Arc;

use schema::arrow::rows_of;
use schema::{Identity, TableId};

use super::find::Found;
use super::sessions::{Folded, Positions, identity_of, key_of};
use crate::catalog::{self, Change};
use crate::hot::{Hot, Position};
use crate::session::Session;
use crate::{Result, Store};

impl Store {
    pub(super) async fn commit_erasure(
        &self,
        change: Change,
        found: &Found,
        mut folded: Folded,
        positions: &Positions,
    ) -> Result<()> {
        // Applying waits: what it has found in memory must stay true for it.
        let _positions = self.inner.positions.write().await;
        let catalog = Arc::clone(&self.state().catalog);
        let until_us = change
            .erasing
            .as_ref()
            .map_or(0, |erasing| erasing.until_us);
        let next = catalog::commit(&self.inner.pool, &catalog, change).await?;
        let identities = found.identities();
        let mut forgotten = (*self.forgotten()).clone();
        forgotten.extend(identities.iter().map(|identity| (*identity, until_us)));
        self.set_forgotten(forgotten);
        let mut state = self.state();
        state.catalog = Arc::new(next);
        let state = &mut *state;
        let catalog = &state.catalog;
        let is_gone = |position: Position| {
            let entry = catalog.entries.get(&position.segment);
            entry.is_none_or(|entry| entry.is_dead(position.row))
        };
        let hot = &mut state.hot;
        forget_views(hot, &identities);
        hot.changed_views.drop_unless(&mut hot.views, |view| {
            view.stored.is_some_and(|position| !is_gone(position))
        });
        for session in folded.values_mut() {
            refold(hot, session, positions);
        }
        hot.changed_sessions
            .drop_unless(&mut hot.sessions, |session| {
                session.stored.is_some_and(|position| !is_gone(position))
            });
        hot.changed_views.forget_old(&hot.views);
        hot.changed_sessions.forget_old(&hot.sessions);
        Ok(())
    }
}

/// A view that changed since the flush goes too: the change is merged with what is erased.
fn forget_views(hot: &mut Hot, identities: &[Identity]) {
    for identity in identities {
        if let Some(view) = hot.views.get_mut(identity) {
            (view.is_dirty, view.stored) = (false, None);
        }
    }
}

/// Puts a session that changed since the flush in the place of its old state: its rows that stay, and those that came since. One that did
/// not change is read back when its next row comes.
fn refold(hot: &mut Hot, session: &mut Session, positions: &Positions) {
    let (app_id, session_id) = session.ids();
    let key = (app_id.into(), session_id.into());
    let identity = identity_of(&key);
    let is_shown = hot
        .sessions
        .get(&identity)
        .is_some_and(|keyed| keyed.is_shown());
    if !is_shown {
        return;
    }
    for table in TableId::ALL {
        if !table.is_in_session() || table.is_versioned() {
            continue;
        }
        for batch in hot.pending.table(table).batches(table) {
            for row in rows_of(table, &batch, 0..batch.num_rows()) {
                if key_of(&row).as_ref() == Some(&key) {
                    session.add(table, &Arc::new(row));
                }
            }
        }
    }
    for view in hot.views.values().filter(|view| view.is_shown()) {
        let row = view.state.row();
        if view.session == Some(identity) {
            session.set_view(row);
        } else {
            session.remove_view(&row);
        }
    }
    let keyed = hot.sessions.get_mut(&identity).expect("it is shown");
    keyed.state = session.clone();
    keyed.stored = positions.get(&identity).copied();
    let (bytes, touched_us) = (keyed.state.memory_bytes(), keyed.touched_us);
    hot.changed_sessions
        .note(identity, keyed, touched_us, bytes);
}
