//! Sessions that stay with fewer rows: computed anew from these, and written into a segment of their own, so that the transaction that takes
//! the others away has them too.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use schema::arrow::{batch_of, rows_of};
use schema::tables::common;
use schema::{Identity, Row, TableId};

use super::SessionKey;
use super::find::Found;
use crate::catalog::Catalog;
use crate::hot::Position;
use crate::reader::{Columns, Which, read};
use crate::segment::{self, Origin, Rows, blocking, identities_of};
use crate::session::Session;
use crate::{Result, Segment, Store};

const ZSTD: i32 = 3;

/// Every session that was looked at, in its new form; empty where nothing of it stays.
pub(super) type Folded = HashMap<SessionKey, Session, RandomState>;

/// Where the new rows stand.
pub(super) type Positions = HashMap<Identity, Position, RandomState>;

pub(super) fn identity_of((app_id, session_id): &SessionKey) -> Identity {
    Identity::new(app_id, TableId::Session, session_id)
}

pub(super) fn key_of(row: &Row) -> Option<SessionKey> {
    Some((
        row.str(common::app_id)?.into(),
        row.str(common::session_id)?.into(),
    ))
}

impl Store {
    pub(super) async fn fold_survivors(&self, catalog: &Catalog, found: &Found) -> Result<Folded> {
        let mut folded: Folded = found
            .sessions()
            .map(|(key, _)| (key.clone(), Session::new(&key.0, &key.1)))
            .collect();
        for (id, rows) in found.survivors() {
            let segment = &catalog.entries[&id].segment;
            let which = Which::Only(&rows);
            let batches = read(&self.files().objects, segment, Columns::All, which).await?;
            for batch in &batches {
                for row in rows_of(segment.table, batch, 0..batch.num_rows()) {
                    let session = key_of(&row).and_then(|key| folded.get_mut(&key));
                    match (session, segment.table) {
                        (Some(session), TableId::View) => session.set_view(row),
                        (Some(session), table) => session.add(table, &Arc::new(row)),
                        (None, _) => {}
                    }
                }
            }
        }
        Ok(folded)
    }

    /// Writes the sessions that are not empty. Of a higher level than what a flush writes: in a rebuild of the catalog they win over the
    /// rows that they replace, which may come from as late in the log.
    pub(super) async fn write_sessions(
        &self,
        folded: &Folded,
        log_position: u64,
    ) -> Result<(Vec<Segment>, Positions)> {
        let filled = folded.values().filter(|session| !session.is_empty());
        let rows: Vec<Row> = filled.map(Session::row).collect();
        let (mut added, mut positions) = (Vec::new(), Positions::default());
        if rows.is_empty() {
            return Ok((added, positions));
        }
        let rows = Rows {
            table: TableId::Session,
            contents: vec![0; rows.len()],
            batches: vec![batch_of(TableId::Session, rows.iter())],
        };
        let origin = Origin {
            level: 1,
            log_position,
        };
        for day in blocking(move || segment::sort_into_days(&rows)).await? {
            let identities = identities_of(TableId::Session, &day.batch);
            let id = self.new_segment_id();
            let segment = segment::write(self.files(), id, day, origin, ZSTD).await?;
            for (row, identity) in (0_u32..).zip(identities) {
                positions.insert(identity, Position { segment: id, row });
            }
            added.push(segment);
        }
        Ok((added, positions))
    }
}
