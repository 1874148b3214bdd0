//! The catalog: which segments exist, which of their rows are dead, and how far the log is flushed. Its rows stand in the metadata
//! database, so that one transaction changes them all; a copy in memory answers every look-up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use roaring::RoaringBitmap;
use schema::TableId;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, SqlitePool, Transaction};

use crate::erase::Erasing;
use crate::kept::Indexed;
use crate::quarantine::{ENTRIES_MAX, KEEP_US, QuarantineEntry};
use crate::segment::FORMAT_VERSION;
use crate::{Error, KeptRequest, Result, Segment, SegmentId};

/// Changes to the catalog's tables, applied in order, each once.
const MIGRATIONS: &[&[&str]] = &[FIRST, ERASURES];

const FIRST: &[&str] = &[
    "CREATE TABLE segment (
        id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, path TEXT NOT NULL UNIQUE, row_count INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL, checksum INTEGER NOT NULL, min_time_us INTEGER NOT NULL, max_time_us INTEGER NOT NULL, app_ids TEXT NOT NULL,
        level INTEGER NOT NULL, log_position INTEGER NOT NULL, format_version INTEGER NOT NULL, created_at_us INTEGER NOT NULL)",
    "CREATE TABLE delete_vector (
        segment_id INTEGER PRIMARY KEY REFERENCES segment (id) ON DELETE CASCADE, dead_rows BLOB NOT NULL)",
    "CREATE TABLE kept_request (
        log_position INTEGER PRIMARY KEY, kind TEXT NOT NULL, app_id TEXT, received_at_us INTEGER NOT NULL,
        pack TEXT NOT NULL, pack_offset INTEGER NOT NULL, size_bytes INTEGER NOT NULL)",
    "CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY, received_at_us INTEGER NOT NULL, log_position INTEGER NOT NULL, place INTEGER NOT NULL,
        sdk_family TEXT NOT NULL, app_id TEXT, reason TEXT NOT NULL, detail TEXT NOT NULL, sample TEXT NOT NULL)",
    "CREATE INDEX quarantine_by_time ON quarantine (received_at_us)",
];

/// What erasures took away, and the identities of erased events, sixteen bytes each, which are refused for a while.
const ERASURES: &[&str] = &[
    "CREATE TABLE erased (
        erasure TEXT NOT NULL, name TEXT NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (erasure, name))",
    "CREATE TABLE forgotten (id INTEGER PRIMARY KEY, until_us INTEGER NOT NULL, identities BLOB NOT NULL)",
];

/// The catalog in memory; a change makes a new one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    /// Grows with each change, across restarts: readers of the manifest tell states apart by it.
    pub(crate) version: u64,
    /// Everything in the log before this is in segments.
    pub(crate) log_position: u64,
    pub(crate) next_segment: u64,
    pub(crate) entries: BTreeMap<SegmentId, Entry>,
}

/// A segment and its dead rows.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) segment: Arc<Segment>,
    pub(crate) dead: Option<Arc<RoaringBitmap>>,
}

impl Entry {
    pub(crate) fn is_dead(&self, row: u32) -> bool {
        self.dead.as_ref().is_some_and(|dead| dead.contains(row))
    }

    pub(crate) fn live_rows(&self) -> u64 {
        u64::from(self.segment.rows) - self.dead.as_ref().map_or(0, |dead| dead.len())
    }
}

impl Catalog {
    /// Segments of a table, the last written first.
    pub(crate) fn of(&self, table: TableId) -> impl Iterator<Item = &Entry> {
        self.entries
            .values()
            .rev()
            .filter(move |entry| entry.segment.table == table)
    }

    /// Segments of each table, the last arrived rows first: the order in which repeats are looked for.
    pub(crate) fn by_arrival(&self) -> BTreeMap<TableId, Vec<&Entry>> {
        let mut tables: BTreeMap<TableId, Vec<&Entry>> = BTreeMap::new();
        for entry in self.entries.values().rev() {
            tables.entry(entry.segment.table).or_default().push(entry);
        }
        for entries in tables.values_mut() {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.segment.log_position));
        }
        tables
    }
}

/// What one transaction changes.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) added: Vec<Segment>,
    pub(crate) removed: Vec<SegmentId>,
    /// Rows newly dead.
    pub(crate) dead: BTreeMap<SegmentId, RoaringBitmap>,
    pub(crate) log_position: Option<u64>,
    pub(crate) kept: Vec<(KeptRequest, String, u64)>,
    pub(crate) quarantine: Vec<QuarantineEntry>,
    pub(crate) erasing: Option<Erasing>,
    pub(crate) now_us: i64,
}

/// Brings the tables to this version's form and reads the catalog.
pub(crate) async fn load(pool: &SqlitePool) -> Result<Catalog> {
    migrate(pool).await?;
    let found = state(pool, "format_version")
        .await?
        .unwrap_or(FORMAT_VERSION);
    if found > FORMAT_VERSION {
        return Err(Error::NewerFormat {
            found,
            known: FORMAT_VERSION,
        });
    }
    let mut catalog = Catalog {
        version: unsigned(state(pool, "catalog_version").await?.unwrap_or(1))?,
        log_position: unsigned(state(pool, "log_position").await?.unwrap_or(0))?,
        next_segment: unsigned(state(pool, "next_segment").await?.unwrap_or(1))?,
        entries: BTreeMap::new(),
    };
    let rows = sqlx::query("SELECT * FROM segment")
        .fetch_all(pool)
        .await
        .map_err(Error::catalog("read segments"))?;
    for row in &rows {
        let segment = segment_of(row)?;
        catalog.entries.insert(
            segment.id,
            Entry {
                segment: Arc::new(segment),
                dead: None,
            },
        );
    }
    let vectors = sqlx::query("SELECT segment_id, dead_rows FROM delete_vector")
        .fetch_all(pool)
        .await;
    for row in vectors.map_err(Error::catalog("read delete vectors"))? {
        let id = SegmentId(unsigned(row.get("segment_id"))?);
        let bytes: Vec<u8> = row.get("dead_rows");
        let dead =
            RoaringBitmap::deserialize_from(&bytes[..]).map_err(|error| Error::DamagedCatalog {
                what: format!("delete vector of segment {id}: {error}"),
            })?;
        if let Some(entry) = catalog.entries.get_mut(&id) {
            entry.dead = Some(Arc::new(dead));
        }
    }
    Ok(catalog)
}

/// Paths of the packs that hold kept requests.
pub(crate) async fn packs(pool: &SqlitePool) -> Result<Vec<String>> {
    sqlx::query_scalar("SELECT DISTINCT pack FROM kept_request")
        .fetch_all(pool)
        .await
        .map_err(Error::catalog("read packs"))
}

/// The newest kept request of a pack, application and kind.
pub(crate) struct NewestKept {
    pub(crate) pack: String,
    pub(crate) app_id: Option<String>,
    pub(crate) kind: String,
    pub(crate) received_at_us: i64,
}

/// When the newest request of each pack, application and kind arrived.
pub(crate) async fn newest_kept(pool: &SqlitePool) -> Result<Vec<NewestKept>> {
    let rows = sqlx::query(
        "SELECT pack, app_id, kind, max(received_at_us) AS newest FROM kept_request GROUP BY pack, app_id, kind",
    )
    .fetch_all(pool)
    .await
    .map_err(Error::catalog("read kept requests"))?;
    let newest = |row: &SqliteRow| NewestKept {
        pack: row.get("pack"),
        app_id: row.get("app_id"),
        kind: row.get("kind"),
        received_at_us: row.get("newest"),
    };
    Ok(rows.iter().map(newest).collect())
}

/// What retention last took for the time; see [`crate::Store::retention_time`].
pub(crate) async fn retention_time(pool: &SqlitePool) -> Result<Option<i64>> {
    state(pool, "retention_time").await
}

/// Notes what retention took for the time.
pub(crate) async fn set_retention_time(pool: &SqlitePool, time_us: i64) -> Result<()> {
    let mut transaction = pool.begin().await.map_err(Error::catalog("begin"))?;
    set_state(&mut transaction, "retention_time", time_us).await?;
    transaction.commit().await.map_err(Error::catalog("commit"))
}

pub(crate) async fn migrate(pool: &SqlitePool) -> Result<()> {
    let mut transaction = pool.begin().await.map_err(Error::catalog("begin"))?;
    sqlx::query(
        "CREATE TABLE IF NOT EXISTS store_state (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    )
    .execute(&mut *transaction)
    .await
    .map_err(Error::catalog("create the state table"))?;
    let done: Option<i64> =
        sqlx::query_scalar("SELECT value FROM store_state WHERE name = 'catalog_migrations'")
            .fetch_optional(&mut *transaction)
            .await
            .map_err(Error::catalog("read the state"))?;
    let done = usize::try_from(done.unwrap_or(0)).unwrap_or(0);
    let known = i64::try_from(MIGRATIONS.len()).expect("few migrations");
    if done > MIGRATIONS.len() {
        return Err(Error::NewerFormat {
            found: i64::try_from(done).unwrap_or(i64::MAX),
            known,
        });
    }
    for statement in MIGRATIONS[done..].iter().copied().flatten().copied() {
        sqlx::query(statement)
            .execute(&mut *transaction)
            .await
            .map_err(Error::catalog("migrate"))?;
    }
    set_state(&mut transaction, "catalog_migrations", known).await?;
    transaction
        .commit()
        .await
        .map_err(Error::catalog("commit the migration"))
}

/// A transaction that changes nothing.
pub(crate) async fn touch(pool: &SqlitePool, log_position: u64) -> Result<()> {
    let mut transaction = pool.begin().await.map_err(Error::catalog("begin"))?;
    set_state(&mut transaction, "log_position", signed(log_position)).await?;
    transaction.commit().await.map_err(Error::catalog("commit"))
}

async fn state(pool: &SqlitePool, name: &'static str) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT value FROM store_state WHERE name = ?")
        .bind(name)
        .fetch_optional(pool)
        .await
        .map_err(Error::catalog("read the state"))
}

async fn set_state(
    transaction: &mut Transaction<'_, Sqlite>,
    name: &'static str,
    value: i64,
) -> Result<()> {
    sqlx::query("INSERT INTO store_state (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(name)
        .bind(value)
        .execute(&mut **transaction)
        .await
        .map_err(Error::catalog("write the state"))?;
    Ok(())
}

fn segment_of(row: &SqliteRow) -> Result<Segment> {
    let table: String = row.get("table_name");
    let app_ids: String = row.get("app_ids");
    let damaged = |what: String| Error::DamagedCatalog { what };
    Ok(Segment {
        id: SegmentId(unsigned(row.get("id"))?),
        table: TableId::from_name(&table)
            .ok_or_else(|| damaged(format!("unknown table {table}")))?,
        path: row.get("path"),
        rows: u32::try_from(row.get::<i64, _>("row_count"))
            .map_err(|_| damaged("row count of a segment".to_owned()))?,
        size_bytes: unsigned(row.get("size_bytes"))?,
        checksum: u32::try_from(row.get::<i64, _>("checksum"))
            .map_err(|_| damaged("checksum of a segment".to_owned()))?,
        min_time_us: row.get("min_time_us"),
        max_time_us: row.get("max_time_us"),
        app_ids: serde_json::from_str(&app_ids)
            .map_err(|_| damaged(format!("applications {app_ids:?}")))?,
        level: u32::try_from(row.get::<i64, _>("level")).unwrap_or(0),
        log_position: unsigned(row.get("log_position"))?,
        keys: OnceLock::new(),
    })
}

pub(crate) fn unsigned(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| Error::DamagedCatalog {
        what: format!("negative number {value}"),
    })
}

pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).expect("positions, ids and sizes stay below 2^63")
}

/// A catalog made anew from files.
pub(crate) struct Rebuild {
    pub(crate) segments: Vec<Segment>,
    pub(crate) dead: BTreeMap<SegmentId, RoaringBitmap>,
    /// Packs that are there.
    pub(crate) packs: BTreeSet<String>,
    /// Requests of packs that no row names, with their pack.
    pub(crate) packed: Vec<(Indexed, String)>,
    pub(crate) log_position: u64,
}

/// Puts another catalog in the place of the one that is there, in one transaction.
pub(crate) async fn replace(pool: &SqlitePool, rebuild: Rebuild, now_us: i64) -> Result<()> {
    let mut transaction = pool.begin().await.map_err(Error::catalog("begin"))?;
    for statement in ["DELETE FROM delete_vector", "DELETE FROM segment"] {
        sqlx::query(statement)
            .execute(&mut *transaction)
            .await
            .map_err(Error::catalog("empty the catalog"))?;
    }
    let packs = serde_json::to_string(&rebuild.packs).expect("texts always have a JSON form");
    sqlx::query("DELETE FROM kept_request WHERE pack NOT IN (SELECT value FROM json_each(?))")
        .bind(packs)
        .execute(&mut *transaction)
        .await
        .map_err(Error::catalog("remove kept requests"))?;
    for segment in &rebuild.segments {
        insert_segment(&mut transaction, segment.id, segment, now_us).await?;
    }
    for (id, dead) in &rebuild.dead {
        insert_vector(&mut transaction, *id, dead).await?;
    }
    for (request, pack) in &rebuild.packed {
        insert_packed(&mut transaction, request, pack).await?;
    }
    let next_segment = rebuild.segments.len() as u64 + 1;
    set_state(&mut transaction, "format_version", FORMAT_VERSION).await?;
    set_state(
        &mut transaction,
        "log_position",
        signed(rebuild.log_position),
    )
    .await?;
    set_state(&mut transaction, "next_segment", signed(next_segment)).await?;
    transaction.commit().await.map_err(Error::catalog("commit"))
}

/// Applies a change: one transaction on disk, then the new catalog in memory.
pub(crate) async fn commit(
    pool: &SqlitePool,
    catalog: &Catalog,
    change: Change,
) -> Result<Catalog> {
    let next = catalog.changed(
        change.added,
        &change.removed,
        &change.dead,
        change.log_position,
    );
    let mut transaction = pool.begin().await.map_err(Error::catalog("begin"))?;
    for (id, entry) in next
        .entries
        .iter()
        .filter(|(id, _)| !catalog.entries.contains_key(id))
    {
        insert_segment(&mut transaction, *id, &entry.segment, change.now_us).await?;
    }
    for id in &change.removed {
        for statement in [
            "DELETE FROM delete_vector WHERE segment_id = ?",
            "DELETE FROM segment WHERE id = ?",
        ] {
            let deleted = sqlx::query(statement)
                .bind(signed(id.0))
                .execute(&mut *transaction)
                .await;
            deleted.map_err(Error::catalog("remove a segment"))?;
        }
    }
    for id in change.dead.keys() {
        let Some(dead) = next.entries.get(id).and_then(|entry| entry.dead.as_ref()) else {
            continue;
        };
        insert_vector(&mut transaction, *id, dead).await?;
    }
    for (kept, pack, offset) in &change.kept {
        insert_kept(&mut transaction, kept, pack, *offset).await?;
    }
    insert_quarantine(&mut transaction, &change.quarantine, change.now_us).await?;
    if let Some(erasing) = &change.erasing {
        crate::erase::note(&mut transaction, erasing).await?;
    }
    set_state(&mut transaction, "format_version", FORMAT_VERSION).await?;
    set_state(&mut transaction, "catalog_version", signed(next.version)).await?;
    set_state(&mut transaction, "log_position", signed(next.log_position)).await?;
    set_state(&mut transaction, "next_segment", signed(next.next_segment)).await?;
    transaction
        .commit()
        .await
        .map_err(Error::catalog("commit"))?;
    Ok(next)
}

impl Catalog {
    fn changed(
        &self,
        added: Vec<Segment>,
        removed: &[SegmentId],
        dead: &BTreeMap<SegmentId, RoaringBitmap>,
        log_position: Option<u64>,
    ) -> Self {
        let mut next = self.clone();
        next.version += 1;
        next.log_position = log_position.unwrap_or(self.log_position);
        for segment in added {
            next.next_segment = next.next_segment.max(segment.id.0 + 1);
            next.entries.insert(
                segment.id,
                Entry {
                    segment: Arc::new(segment),
                    dead: None,
                },
            );
        }
        for (id, rows) in dead {
            if let Some(entry) = next.entries.get_mut(id) {
                let mut all = entry.dead.as_deref().cloned().unwrap_or_default();
                all |= rows;
                entry.dead = Some(Arc::new(all));
            }
        }
        for id in removed {
            next.entries.remove(id);
        }
        next
    }
}

async fn insert_segment(
    transaction: &mut Transaction<'_, Sqlite>,
    id: SegmentId,
    segment: &Segment,
    now_us: i64,
) -> Result<()> {
    let app_ids = serde_json::to_string(&segment.app_ids).expect("texts always have a JSON form");
    sqlx::query(
        "INSERT INTO segment (id, table_name, path, row_count, size_bytes, checksum, min_time_us, max_time_us, app_ids,
            level, log_position, format_version, created_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(id.0))
    .bind(segment.table.name())
    .bind(&segment.path)
    .bind(i64::from(segment.rows))
    .bind(signed(segment.size_bytes))
    .bind(i64::from(segment.checksum))
    .bind(segment.min_time_us)
    .bind(segment.max_time_us)
    .bind(app_ids)
    .bind(i64::from(segment.level))
    .bind(signed(segment.log_position))
    .bind(FORMAT_VERSION)
    .bind(now_us)
    .execute(&mut **transaction)
    .await
    .map_err(Error::catalog("add a segment"))?;
    Ok(())
}

async fn insert_vector(
    transaction: &mut Transaction<'_, Sqlite>,
    id: SegmentId,
    dead: &RoaringBitmap,
) -> Result<()> {
    let mut bytes = Vec::with_capacity(dead.serialized_size());
    dead.serialize_into(&mut bytes)
        .expect("writing into memory does not fail");
    sqlx::query(
        "INSERT INTO delete_vector (segment_id, dead_rows) VALUES (?, ?)
            ON CONFLICT (segment_id) DO UPDATE SET dead_rows = excluded.dead_rows",
    )
    .bind(signed(id.0))
    .bind(bytes)
    .execute(&mut **transaction)
    .await
    .map_err(Error::catalog("write a delete vector"))?;
    Ok(())
}

async fn insert_kept(
    transaction: &mut Transaction<'_, Sqlite>,
    kept: &KeptRequest,
    pack: &str,
    offset: u64,
) -> Result<()> {
    let request = Indexed {
        log_position: kept.log_position,
        kind: kept.kind.to_owned(),
        app_id: kept.app_id.as_ref().map(ToString::to_string),
        received_at_us: kept.received_at_us,
        offset,
        size_bytes: kept.payload.len() as u64,
    };
    insert_packed(transaction, &request, pack).await
}

async fn insert_packed(
    transaction: &mut Transaction<'_, Sqlite>,
    request: &Indexed,
    pack: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT OR IGNORE INTO kept_request (log_position, kind, app_id, received_at_us, pack, pack_offset, size_bytes)
            VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(request.log_position))
    .bind(&request.kind)
    .bind(&request.app_id)
    .bind(request.received_at_us)
    .bind(pack)
    .bind(signed(request.offset))
    .bind(signed(request.size_bytes))
    .execute(&mut **transaction)
    .await
    .map_err(Error::catalog("add a kept request"))?;
    Ok(())
}

async fn insert_quarantine(
    transaction: &mut Transaction<'_, Sqlite>,
    entries: &[QuarantineEntry],
    now_us: i64,
) -> Result<()> {
    for entry in entries {
        sqlx::query(
            "INSERT INTO quarantine (received_at_us, log_position, place, sdk_family, app_id, reason, detail, sample)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(entry.received_at_us)
        .bind(signed(entry.log_position))
        .bind(signed(entry.place as u64))
        .bind(entry.sdk_family.as_str())
        .bind(entry.app_id.as_deref())
        .bind(entry.reason.as_str())
        .bind(&entry.detail)
        .bind(&entry.sample)
        .execute(&mut **transaction)
        .await
        .map_err(Error::catalog("add to the quarantine"))?;
    }
    if !entries.is_empty() {
        sqlx::query(
            "DELETE FROM quarantine WHERE received_at_us < ? OR id <= (SELECT max(id) FROM quarantine) - ?",
        )
        .bind(now_us - KEEP_US)
        .bind(ENTRIES_MAX)
        .execute(&mut **transaction)
        .await
        .map_err(Error::catalog("trim the quarantine"))?;
    }
    Ok(())
}
