//! A store on a folder of its own with the log that feeds it, and reading a snapshot back as rows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use schema::arrow::rows_of;
use schema::tables::{common, session, view};
use schema::{Event, Row, TableId};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use store::{Applied, Batch, Incoming, Options, Snapshot, Store};
use tempfile::TempDir;

/// 2023-11-15T00:00:00Z, so that events around it fall into two days.
pub(crate) const MIDNIGHT: i64 = 1_700_006_400_000_000;
pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const HOUR: i64 = 3_600 * SECOND;

/// A store and the log of all that was applied to it: record n stands at position n and arrived n seconds past midnight.
pub(crate) struct Harness {
    pub(crate) store: Store,
    pub(crate) pool: SqlitePool,
    pub(crate) options: Options,
    pub(crate) log: Vec<Vec<Incoming>>,
    _dir: TempDir,
}

impl Harness {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With options changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = Options::new(dir.path().join("data"));
        change(&mut options);
        // A locked catalog is an error at once.
        let pool = pool(dir.path(), Duration::ZERO).await;
        let store = Store::open(options.clone(), pool.clone()).await.unwrap();
        Self {
            store,
            pool,
            options,
            log: Vec::new(),
            _dir: dir,
        }
    }

    /// Appends the events to the log as one record and applies it.
    pub(crate) async fn apply(&mut self, events: Vec<Event>) -> Applied {
        self.apply_deep(events, false).await
    }

    pub(crate) async fn apply_deep(
        &mut self,
        events: Vec<Event>,
        is_searched_deep: bool,
    ) -> Applied {
        let record = record(self.log.len(), events, is_searched_deep);
        self.log.push(record);
        self.store
            .apply(batch(&self.log, self.log.len() - 1))
            .await
            .unwrap()
    }

    pub(crate) async fn flush(&self) {
        self.store.flush(self.now()).await.unwrap();
    }

    /// Arrival of the newest record.
    pub(crate) fn now(&self) -> i64 {
        arrival(self.log.len())
    }

    /// Forgets the store as a crash would, opens it again and replays the log from where it was flushed.
    pub(crate) async fn reopen(&mut self) {
        self.store = Store::open(self.options.clone(), self.pool.clone())
            .await
            .unwrap();
        replay(&self.store, &self.log).await;
    }

    pub(crate) async fn rows(&self, table: TableId) -> Vec<Row> {
        rows(&self.store.snapshot(), table).await
    }

    pub(crate) async fn only_row(&self, table: TableId) -> Row {
        let mut rows = self.rows(table).await;
        assert_eq!(rows.len(), 1, "{} rows: {rows:?}", table.name());
        rows.remove(0)
    }

    pub(crate) async fn ids(&self, table: TableId) -> Vec<String> {
        self.rows(table)
            .await
            .iter()
            .map(|row| row.str(common::event_id).unwrap().to_owned())
            .collect()
    }

    /// Files under `segments`, by their path from the data folder, in order.
    pub(crate) fn segment_files(&self) -> Vec<String> {
        files_under(&self.options.dir, "segments")
    }

    /// Paths of the segments that the catalog names and of their keys, in order.
    pub(crate) async fn named_files(&self) -> Vec<String> {
        let paths: Vec<String> = sqlx::query_scalar("SELECT path FROM segment")
            .fetch_all(&self.pool)
            .await
            .unwrap();
        let mut named: Vec<String> = paths
            .iter()
            .flat_map(|path| [path.clone(), path.replace(".parquet", ".keys")])
            .collect();
        named.sort();
        named
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.options.dir.join(relative)
    }
}

/// The metadata database as the binary opens it.
pub(crate) async fn pool(dir: &Path, busy_timeout: Duration) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(dir.join("meta.sqlite"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(busy_timeout);
    SqlitePoolOptions::new()
        .max_connections(4)
        .connect_with(options)
        .await
        .unwrap()
}

pub(crate) fn arrival(position: usize) -> i64 {
    MIDNIGHT + i64::try_from(position).unwrap() * SECOND
}

/// The events of the log record at a position.
pub(crate) fn record(position: usize, events: Vec<Event>, is_searched_deep: bool) -> Vec<Incoming> {
    let incoming = |event: Event| Incoming {
        content: crc32c::crc32c(format!("{:?}", event.row).as_bytes()) | 1,
        event,
        arrival_us: arrival(position),
        position: position as u64,
        is_searched_deep,
    };
    events.into_iter().map(incoming).collect()
}

/// One record of the log as the pipeline hands it over.
pub(crate) fn batch(log: &[Vec<Incoming>], position: usize) -> Batch {
    Batch {
        events: log[position].clone(),
        end: position as u64 + 1,
        ..Batch::default()
    }
}

pub(crate) async fn replay(store: &Store, log: &[Vec<Incoming>]) {
    for position in usize::try_from(store.flushed_position()).unwrap()..log.len() {
        store.apply(batch(log, position)).await.unwrap();
    }
}

/// Every visible row of a table with its hidden columns, by application and id.
pub(crate) async fn rows(snapshot: &Snapshot, table: TableId) -> Vec<Row> {
    let mut rows = Vec::new();
    for segment in segment_rows(snapshot, table).await {
        rows.extend(segment);
    }
    for batch in &snapshot.table(table).batches {
        rows.extend(rows_of(table, batch, 0..batch.num_rows()));
    }
    rows.sort_by_cached_key(|row| {
        [common::app_id, common::event_id].map(|id| row.str(id).unwrap().to_owned())
    });
    rows
}

/// The visible rows of each segment of a table, in the snapshot's order.
pub(crate) async fn segment_rows(snapshot: &Snapshot, table: TableId) -> Vec<Vec<Row>> {
    let mut segments = Vec::new();
    for view in &snapshot.table(table).segments {
        let path = object_store::path::Path::from(view.segment.path.as_str());
        let object = object_store::ObjectStoreExt::get(&*snapshot.objects, &path)
            .await
            .unwrap();
        let mut reader =
            ParquetRecordBatchReaderBuilder::try_new(object.bytes().await.unwrap()).unwrap();
        if let Some(selection) = view.selection() {
            reader = reader.with_row_selection(selection);
        }
        let batches = reader.build().unwrap().map(Result::unwrap);
        segments.push(
            batches
                .flat_map(|batch| rows_of(table, &batch, 0..batch.num_rows()))
                .collect(),
        );
    }
    segments
}

/// Files below a folder, by their path from `root`, in order.
pub(crate) fn files_under(root: &Path, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(
                    path.strip_prefix(root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }
    found.sort();
    found
}

/// An event of application `shop`.
pub(crate) fn event(table: TableId, id: &str, time_us: i64) -> Event {
    let mut event = Event::new(table);
    event.row.set(common::app_id, "shop");
    event.row.set(common::event_id, id);
    event.row.set(common::time, time_us);
    if table == TableId::View {
        event.row.set(common::view_id, id);
    }
    event
}

/// An event of session `s`.
pub(crate) fn in_session(table: TableId, id: &str, time_us: i64) -> Event {
    let mut event = event(table, id, time_us);
    event.row.set(common::session_id, "s");
    event
}

/// A version of a view in session `s` that has lasted as many seconds as its number.
pub(crate) fn view_version(id: &str, version: i64) -> Event {
    let mut event = in_session(TableId::View, id, MIDNIGHT);
    event.row.set(view::view_version, version);
    event
        .row
        .set(view::view_time_spent, version * SECOND * 1000);
    event
}

/// Counts of a session row: views, actions, errors, resources.
pub(crate) fn counts(row: &Row) -> [i64; 4] {
    let columns = [
        session::session_view_count,
        session::session_action_count,
        session::session_error_count,
        session::session_resource_count,
    ];
    columns.map(|column| row.int(column).unwrap())
}
