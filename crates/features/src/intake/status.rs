//! `/api/v1/status`: the server's own figures, for operators.

use axum::Json;
use axum::extract;
use schema::{EventTime, TableId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::State;
use crate::api::auth::FullAccess;
use crate::api::problems::{self, Problem};
use crate::api::wire::Time;

/// Figures of the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct Status {
    version: String,
    started_at: Time,
    uptime_s: i64,
    #[schema(required)]
    data_dir_free_bytes: Option<u64>,
    #[schema(required)]
    disk_reserve_bytes: Option<u64>,
    /// Every acknowledged event can be queried.
    is_ready: bool,
    log: LogStatus,
    store: StoreStatus,
    queries: QueryStatus,
    tables: Vec<TableStatus>,
}

/// The log of requests.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogStatus {
    size_bytes: u64,
    /// Acknowledged and not visible yet.
    lag_bytes: u64,
    lag_seconds: f64,
    /// Acknowledged and not in segments yet: what a start reads again.
    unflushed_bytes: u64,
    /// From here on since the start.
    records: u64,
    fsyncs: u64,
    commits: u64,
    refused_full: u64,
    refused_disk_full: u64,
    corrupt_records: u64,
}

/// Hot tables and segments.
#[derive(Serialize, ToSchema)]
pub(crate) struct StoreStatus {
    hot_rows: u64,
    hot_bytes: u64,
    open_views: u64,
    open_sessions: u64,
    segments: u64,
    segment_bytes: u64,
    /// Without dead ones.
    stored_rows: u64,
    /// Replaced or deleted, and still in their files.
    dead_rows: u64,
    keys_memory_bytes: u64,
    /// The oldest event that repeats are looked for among; null when there is none.
    #[schema(required)]
    identity_window_start: Option<Time>,
    /// Since the start.
    flushes: u64,
    flush_failures: u64,
    compactions: u64,
    damaged_reads: u64,
}

/// The query engine.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueryStatus {
    running: usize,
    waiting: usize,
    memory_used_bytes: usize,
}

/// One event table.
#[derive(Serialize, ToSchema)]
pub(crate) struct TableStatus {
    table: String,
    /// Visible ones, hot ones included.
    rows: u64,
    /// Of its segments.
    bytes: u64,
    segments: usize,
}

/// Show the server's figures
#[utoipa::path(get, path = "/api/v1/status", responses((status = OK, body = Status)))]
pub(crate) async fn show(
    _: FullAccess,
    extract::State(state): extract::State<State>,
) -> Result<Json<Status>, Problem> {
    let disk = state.surroundings.disk();
    let started_us = state.surroundings.started_us();
    let queries = state.engine.gauges();
    let is_ready = *state.is_ready.borrow();
    Ok(Json(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: Time(EventTime(started_us)),
        uptime_s: (state.meta.now().0 - started_us).max(0) / 1_000_000,
        data_dir_free_bytes: disk.map(|disk| disk.free_bytes),
        disk_reserve_bytes: disk.map(|disk| disk.reserve_bytes),
        is_ready,
        log: log(&state),
        store: store(&state),
        queries: QueryStatus {
            running: queries.running,
            waiting: queries.waiting,
            memory_used_bytes: queries.memory_used_bytes,
        },
        tables: tables(&state).await?,
    }))
}

fn log(state: &State) -> LogStatus {
    let log = state.surroundings.log();
    LogStatus {
        size_bytes: log.size_bytes,
        lag_bytes: log.lag_bytes,
        lag_seconds: log.lag_us as f64 / 1e6,
        unflushed_bytes: log.unflushed_bytes,
        records: log.records,
        fsyncs: log.fsyncs,
        commits: log.commits,
        refused_full: log.refused_full,
        refused_disk_full: log.refused_disk_full,
        corrupt_records: log.corrupt_records,
    }
}

fn store(state: &State) -> StoreStatus {
    let gauges = state.store.gauges();
    let metrics = state.store.metrics();
    let window_us = gauges.identity_window_start_us;
    StoreStatus {
        hot_rows: gauges.hot_rows,
        hot_bytes: gauges.hot_bytes,
        open_views: gauges.open_views,
        open_sessions: gauges.open_sessions,
        segments: gauges.segments,
        segment_bytes: gauges.segment_bytes,
        stored_rows: gauges.stored_rows,
        dead_rows: gauges.dead_rows,
        keys_memory_bytes: gauges.keys_memory_bytes,
        identity_window_start: (window_us > 0).then_some(Time(EventTime(window_us))),
        flushes: metrics.flushes,
        flush_failures: metrics.flush_failures,
        compactions: metrics.compactions,
        damaged_reads: metrics.damaged_reads,
    }
}

async fn tables(state: &State) -> Result<Vec<TableStatus>, Problem> {
    // Building a snapshot turns hot rows into batches: too long for an async thread.
    let store = state.store.clone();
    let snapshot = tokio::task::spawn_blocking(move || store.snapshot()).await;
    let snapshot = snapshot.map_err(|error| {
        problems::INTERNAL
            .because("the snapshot failed")
            .caused_by(error)
    })?;
    let mut tables = Vec::with_capacity(TableId::ALL.len());
    for id in TableId::ALL {
        let table = snapshot.table(id);
        let hot: usize = table.batches.iter().map(|batch| batch.num_rows()).sum();
        let stored: u64 = table.segments.iter().map(store::SegmentView::rows).sum();
        let sizes = table.segments.iter().map(|view| view.segment.size_bytes);
        tables.push(TableStatus {
            table: id.name().to_owned(),
            rows: stored + hot as u64,
            bytes: sizes.sum(),
            segments: table.segments.len(),
        });
    }
    Ok(tables)
}
