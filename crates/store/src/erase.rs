//! Erasing the data of one user or one session: out of the answers in one transaction, out of the files soon after.
//!
//! **Which rows go** (`docs/decisions/0016-erasing-a-person.md`). By a session: every row that names it. By a user: every row whose
//! column has the value; and of the sessions that these rows name all rows, if the session names nobody else. Of a session that names
//! somebody else go besides only the rows that name nobody and belong to a view of theirs, and the session is computed anew.
//!
//! **How.** Everything in memory is flushed first, so that rows are looked for in segments only. One transaction then marks the rows dead,
//! puts sessions that shrank into a new segment, points kept requests to packs without theirs, empties the quarantine of them, notes
//! what went, and remembers the events' identities, which are refused for [`FORGOTTEN_US`]: a client that repeats a request brings
//! nothing back. Views and sessions in memory follow under the same lock. Afterwards each segment that ever had such a row, dead ones among
//! them, is written anew without it. All of it can be done again from any point: dead rows are looked for as well.

mod find;
mod forget;
mod hot;
mod row;
mod sessions;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use compact_str::CompactString;
use foldhash::fast::RandomState;
use futures::TryStreamExt;
use roaring::RoaringBitmap;
use schema::{Identity, Mentions, Subject, TableId};
use sqlx::Row as _;

use crate::catalog::Change;
use crate::compaction::Pace;
use crate::failpoint;
use crate::metrics::add;
use crate::open::to_its_end;
use crate::packs::Thinned;
use crate::snapshot::SegmentView;
use crate::{Error, Result, SegmentId, Store};
use find::{Found, Parts};
pub(crate) use forget::{Erasing, forgotten, note};

/// How long an erased event is refused when it is sent again, µs.
pub const FORGOTTEN_US: i64 = 7 * 86_400_000_000;

pub(crate) type Forgotten = HashMap<Identity, i64, RandomState>;

/// Says whether a request that is kept whole mentions an id. The store does not know what is in one.
pub type KeptReader = Arc<dyn Fn(&Bytes, &Mentions) -> bool + Send + Sync>;

/// Whose data of which application.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The application's id and its earlier ones.
    pub app_ids: Vec<String>,
    pub subject: Subject,
}

/// What goes or went, by name: rows by table, `changed_session` for sessions that stay with fewer rows, `kept_request`, `quarantine`,
/// and `damaged_segment` for files that could not be looked into.
pub type Amounts = BTreeMap<String, u64>;

/// An erasure whose rows are in no answer any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsGone {
    /// Of all attempts together.
    pub amounts: Amounts,
    /// The catalog does not name a file with the rows from this version on.
    pub catalog_version: u64,
}

impl Store {
    /// Counts what an erasure would take now.
    ///
    /// # Errors
    /// When a segment, a pack or the catalog cannot be read.
    pub async fn preview_erasure(
        &self,
        selector: &Selector,
        reader: &KeptReader,
    ) -> Result<Amounts> {
        let store = self.clone();
        // Turning hot rows into batches takes too long for an async thread.
        let snapshot = crate::segment::blocking(move || store.snapshot()).await;
        let found = self.find(Parts::of_snapshot(&snapshot), selector).await?;
        let mentions = mentions(selector, &found);
        let thinned = self.find_kept(selector, &mentions, reader).await?;
        let quarantined = self.find_quarantined(selector, &mentions).await?;
        Ok(amounts(&found, &thinned, quarantined.len()))
    }

    /// Erases everything of the selector that is applied; when this returns no answer and no live file has it. `erasure` names the
    /// request: attempts under the same name are counted together.
    ///
    /// # Errors
    /// When something cannot be read or written; another attempt goes on.
    pub async fn erase(
        &self,
        erasure: &str,
        selector: &Selector,
        reader: &KeptReader,
        now_us: i64,
    ) -> Result<RowsGone> {
        let (store, erasure) = (self.clone(), erasure.to_owned());
        let (selector, reader) = (selector.clone(), Arc::clone(reader));
        to_its_end(async move {
            store.flush(now_us).await?;
            let touched = store
                .erase_rows(&erasure, &selector, &reader, now_us)
                .await?;
            failpoint::pass("erasure_committed");
            store.rewrite_touched(touched, now_us).await?;
            let catalog_version = store.state().catalog.version;
            store.delete_retired_before(catalog_version).await?;
            Ok(RowsGone {
                amounts: forget::amounts(&store.inner.pool, &erasure).await?,
                catalog_version,
            })
        })
        .await
    }

    /// Marks rows dead and all that goes with it. Returns the segments to be written anew.
    async fn erase_rows(
        &self,
        erasure: &str,
        selector: &Selector,
        reader: &KeptReader,
        now_us: i64,
    ) -> Result<Vec<SegmentId>> {
        // A compaction that read its segments before would write the rows into a new one.
        let _excluding = self.exclude_writers().await;
        self.settle().await?;
        let catalog = Arc::clone(&self.state().catalog);
        let found = self.find(Parts::of_catalog(&catalog), selector).await?;
        let mentions = mentions(selector, &found);
        let thinned = self.find_kept(selector, &mentions, reader).await?;
        let quarantined = self.find_quarantined(selector, &mentions).await?;
        // First, as what comes after a crash knows no more which sessions were theirs.
        self.erase_in_backups(selector, &mentions).await?;
        let amounts = amounts(&found, &thinned, quarantined.len());
        let folded = self.fold_survivors(&catalog, &found).await?;
        let (added, positions) = self
            .write_sessions(&folded, catalog.log_position)
            .await
            .inspect_err(|_| self.note_unsettled())?;
        let packs = self
            .write_thinned(thinned)
            .await
            .inspect_err(|_| self.note_unsettled())?;
        failpoint::pass("erasure_files_written");
        let dead = found.dead();
        let touched: Vec<SegmentId> = dead.keys().copied().collect();
        let old_packs: Vec<String> = packs.iter().map(|pack| pack.old.clone()).collect();
        let change = Change {
            added,
            dead,
            erasing: Some(Erasing {
                erasure: erasure.to_owned(),
                amounts,
                forgotten: found.identities(),
                until_us: now_us.saturating_add(FORGOTTEN_US),
                quarantined,
                packs,
            }),
            now_us,
            ..Change::default()
        };
        self.commit_erasure(change, &found, folded, &positions)
            .await
            .inspect_err(|_| self.note_unsettled())?;
        add(&self.inner.metrics.rows_erased, found.live_rows());
        self.delete_packs(old_packs)
            .await
            .inspect_err(|_| self.note_unsettled())?;
        Ok(touched)
    }

    /// Compaction of just these. Flushes go on meanwhile; what compaction took before has no such row any more.
    async fn rewrite_touched(&self, touched: Vec<SegmentId>, now_us: i64) -> Result<()> {
        for id in touched {
            let _rewriting = self.inner.rewriting.lock().await;
            let entry = self.state().catalog.entries.get(&id).cloned();
            let Some(entry) = entry else { continue };
            let pace = Arc::new(Pace::unbounded());
            if let Err(error) = self.rewrite(vec![entry], now_us, &pace).await {
                self.note_damage(error)?;
            }
            failpoint::pass("erasure_rewritten");
        }
        Ok(())
    }

    /// The next attempt, flush or compaction removes what this one wrote.
    pub(crate) fn note_unsettled(&self) {
        self.inner
            .is_unsettled
            .store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Identities of erased events.
    pub(crate) fn forgotten(&self) -> Arc<Forgotten> {
        let forgotten = self.inner.forgotten.lock();
        Arc::clone(&forgotten.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_forgotten(&self, forgotten: Forgotten) {
        let held = self.inner.forgotten.lock();
        *held.unwrap_or_else(PoisonError::into_inner) = Arc::new(forgotten);
    }

    async fn find_quarantined(&self, selector: &Selector, mentions: &Mentions) -> Result<Vec<i64>> {
        let mut connection = self
            .inner
            .pool
            .acquire()
            .await
            .map_err(Error::catalog("connect"))?;
        quarantined_of(&mut connection, selector, mentions).await
    }
}

/// Ids of quarantined samples of the application, or of none that is known, that mention the subject or one of their sessions.
pub(crate) async fn quarantined_of(
    connection: &mut sqlx::SqliteConnection,
    selector: &Selector,
    mentions: &Mentions,
) -> Result<Vec<i64>> {
    // Row by row: all samples together are a few hundred MB at most.
    let mut rows = sqlx::query(
        "SELECT id, detail, sample FROM quarantine
            WHERE app_id IS NULL OR app_id IN (SELECT value FROM json_each(?))",
    )
    .bind(json_list(&selector.app_ids))
    .fetch(connection);
    let mut mentioned = Vec::new();
    while let Some(row) = rows
        .try_next()
        .await
        .map_err(Error::catalog("read the quarantine"))?
    {
        let texts = ["detail", "sample"].map(|name| row.get::<String, _>(name));
        if texts.iter().any(|text| mentions.is_in(text.as_bytes())) {
            mentioned.push(row.get("id"));
        }
    }
    Ok(mentioned)
}

pub(crate) fn json_list(texts: &[String]) -> String {
    serde_json::to_string(texts).expect("texts always have a JSON form")
}

/// What is looked for in texts: the subject, and the sessions that are wholly theirs.
fn mentions(selector: &Selector, found: &Found) -> Mentions {
    let mut mentions = Mentions::default();
    mentions.add(selector.subject.value());
    for session in found.own_sessions() {
        mentions.add(session);
    }
    mentions
}

fn amounts(found: &Found, thinned: &[Thinned], quarantined: usize) -> Amounts {
    let kept: usize = thinned.iter().map(Thinned::taken).sum();
    let others = [
        ("changed_session", found.changed_sessions()),
        ("damaged_segment", found.damaged.len() as u64),
        ("kept_request", kept as u64),
        ("quarantine", quarantined as u64),
    ];
    let tables = TableId::ALL.into_iter();
    let tables = tables.map(|table| (table.name(), found.rows(table)));
    tables
        .chain(others)
        .filter(|(_, amount)| *amount > 0)
        .map(|(name, amount)| (name.to_owned(), amount))
        .collect()
}

/// Application and session.
type SessionKey = (CompactString, CompactString);

/// Which rows of which segments.
type Rows = BTreeMap<SegmentId, RoaringBitmap>;

fn of_entry(entry: &crate::catalog::Entry) -> SegmentView {
    SegmentView {
        segment: Arc::clone(&entry.segment),
        hidden: entry.dead.clone(),
    }
}
