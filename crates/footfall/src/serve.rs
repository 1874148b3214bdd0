//! `footfall serve`: builds every part from the configuration, starts them in order, and stops them in order.
//!
//! Start: data folder locked → metadata → log → store → intake and, if wished, the PostgreSQL protocol listen → pipeline replays the log → ready. Stop, on SIGTERM or
//! SIGINT: no new connections → log closed → pipeline drained → last flush → dead rows dropped and replaced files deleted → exit 0. A failed fsync of the log, or a pipeline
//! that cannot go on, ends the process at once: what is not flushed is in the log.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use ingest::admission::{Refusals, Room};
use ingest::{Account, Clock, Intake, Pipeline, TrustedProxies};
use meta::{Meta, RetentionDays};
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wal::{Log, LogPosition, RealFs};

use crate::admin;
use crate::config::Config;
use crate::doctor;
use crate::http::{self, Reach, Server};
use crate::maintenance::Maintenance;
use crate::summaries;

/// How long a stop waits for requests under way, and for the pipeline to reach the end of the log.
const DRAIN: Duration = Duration::from_secs(3);
/// How long after the signal segments may still be written anew without their dead rows: a stop ends within 10 s.
const REWRITE_UNTIL: Duration = Duration::from_secs(6);

/// Runs the server until it is told to stop.
///
/// # Errors
/// When it cannot start, or had to stop because a part failed.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .thread_name("footfall")
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    runtime.block_on(serve(config))
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    std::fs::create_dir_all(&config.data_dir).with_context(|| {
        format!(
            "could not create the data folder {}",
            config.data_dir.display()
        )
    })?;
    let _lock = lock(&config.data_dir)?;
    let clock: Clock = Arc::new(now_us);
    let meta = open_meta(config).await?;
    let store = Store::open(store_options(config), meta.pool().clone()).await;
    let store = store.map_err(|error| {
        let is_damaged = error.is_damaged_database();
        with_advice(error, is_damaged, &config.data_dir)
    })?;
    // Should the log's end be lost, new records must not take positions that the store has flushed already.
    let log_options = wal::Options {
        position_min: LogPosition(store.flushed_position()),
        ..wal::Options::new(config.data_dir.join("log"))
    };
    let (log, report) = Log::open(log_options, Arc::new(RealFs))?;
    let log = Arc::new(log);
    let engine =
        query::Engine::new(query_options(config)).context("could not start the query engine")?;
    let engine = Arc::new(engine);
    let snapshots = Arc::new(query::Snapshots::default());
    let room = Arc::new(Room::default());
    let metrics = Arc::new(ingest::Metrics::default());
    let account = Arc::new(Account::new(Arc::clone(&clock)));
    let intake = Arc::new(Intake {
        log: Arc::clone(&log),
        meta: meta.clone(),
        limits: config.limits(),
        event_body_bytes_max: size(config.event_body_bytes_max),
        replay_body_bytes_max: size(config.replay_body_bytes_max),
        trusted_proxies: TrustedProxies(config.trusted_proxies.clone()),
        create_applications: config.create_applications,
        room: Arc::clone(&room),
        refusals: Refusals::default(),
        metrics: Arc::clone(&metrics),
        account: Arc::clone(&account),
        clock: Arc::clone(&clock),
    });

    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("could not listen on {}", config.listen))?;
    let address = listener
        .local_addr()
        .context("could not tell the listening address")?;
    let postgres = postgres_listener(config).await?;
    let cancel = CancellationToken::new();
    let stop_serving = cancel.child_token();
    let (ready, is_ready) = watch::channel(false);
    let server = Server {
        intake,
        log: Arc::clone(&log),
        store: store.clone(),
        engine: Arc::clone(&engine),
        snapshots: Arc::clone(&snapshots),
        metrics: Arc::clone(&metrics),
        is_ready: is_ready.clone(),
        started_us: now_us(),
        reach: Arc::new(Reach {
            trusted_proxies: TrustedProxies(config.trusted_proxies.clone()),
            public_url: config.public_url.clone(),
        }),
        data_dir: config.data_dir.clone(),
        disk_reserve: config.disk_reserve,
        postgres: Arc::default(),
    };
    let default_retention = RetentionDays::parse(config.default_retention)?;
    let state = features::State {
        meta: meta.clone(),
        default_retention,
        store: store.clone(),
        engine,
        query_limits: query::Limits {
            timeout: config.query_timeout,
            ..query::Limits::default()
        },
        snapshots: Arc::clone(&snapshots),
        summaries: Arc::new(features::summaries(query::summary::Options::default())),
        is_ready,
        surroundings: Arc::new(server.clone()),
        stored_arrivals: Arc::default(),
    };
    let tracker = TaskTracker::new();
    if let Some((listener, address)) = postgres {
        let server = postgres_server(config, &state, Arc::clone(&server.postgres));
        tracker.spawn(postgres::serve(listener, server, stop_serving.clone()));
        announce_postgres(address);
    }
    tracker.spawn(summaries::keep(state.clone(), stop_serving.clone()));
    let http = tracker.spawn(http::serve(
        listener,
        http::router(server, state),
        stop_serving.clone(),
    ));

    let (applied, mut is_applied) = watch::channel(store.applied_position());
    let pipeline = Pipeline {
        log: Arc::clone(&log),
        store: store.clone(),
        meta: meta.clone(),
        enricher: Arc::new(enrich::Enricher::new(enrich_options(config)?)?),
        settings: protocol::Settings {
            limits: config.limits(),
        },
        create_applications: config.create_applications,
        default_retention,
        metrics,
        account: Arc::clone(&account),
        replay_end: report.committed.0,
        applied,
        cancel: cancel.child_token(),
    };
    let (failed, mut has_failed) = watch::channel(None::<String>);
    let pipeline_cancel = pipeline.cancel.clone();
    let pipeline_thread = spawn_pipeline(pipeline, failed.clone())?;
    let maintenance = Maintenance {
        log: Arc::clone(&log),
        store: store.clone(),
        meta: meta.clone(),
        room,
        snapshots: Arc::clone(&snapshots),
        account,
        config: config.clone(),
    };
    let maintenance_cancel = cancel.child_token();
    let mut maintenance_task = tracker.spawn(maintenance.run(maintenance_cancel.clone(), clock));

    let recovered = tokio::select! {
        applied = is_applied.wait_for(|position| *position >= report.committed.0) => applied.is_ok(),
        _ = has_failed.changed() => false,
        () = stop_signal() => false,
    };
    if recovered {
        // Intake goes on without it (the disk may be full), and `footfall admin reset-link` makes another.
        if let Err(error) = admin::print_setup_link(&meta, &admin::base_url(config, address)).await
        {
            tracing::warn!(%error, "could not make the link for the first administrator");
        }
        announce(address, &ready);
        tokio::select! {
            () = stop_signal() => tracing::info!("stopping"),
            _ = has_failed.changed() => {}
            // It only ends when it is told to: without flushes memory and log would grow until they are full.
            _ = &mut maintenance_task => failed.send_modify(|why| *why = Some("the task that flushes and compacts panicked".to_owned())),
            () = poisoned(&log) => failed.send_modify(|why| *why = Some("the log could not be synced to disk".to_owned())),
        }
    }
    if let Some(why) = has_failed.borrow().clone() {
        tracing::error!(
            why,
            "stopping at once; what is not flushed is in the log and is read at the next start"
        );
        std::process::exit(1);
    }

    let stopping = Instant::now();
    stop_serving.cancel();
    let _ = tokio::time::timeout(DRAIN, http).await;
    let closing = Arc::clone(&log);
    tokio::task::spawn_blocking(move || closing.close())
        .await
        .context("closing the log panicked")?;
    let end = log.committed().0;
    let _ = tokio::time::timeout(DRAIN, is_applied.wait_for(|position| *position >= end)).await;
    pipeline_cancel.cancel();
    maintenance_cancel.cancel();
    let _ = tokio::task::spawn_blocking(move || pipeline_thread.join()).await;
    let _ = tokio::time::timeout(DRAIN, maintenance_task).await;
    store
        .flush(now_us())
        .await
        .context("the last flush failed; the log is read at the next start")?;
    leave_live_files(&store, stopping + REWRITE_UNTIL).await;
    // What it pins would stay on disk.
    snapshots.clear();
    store.delete_all_retired().await?;
    meta.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Who reads the folder of a stopped server by a plain glob should count each row once.
async fn leave_live_files(store: &Store, until: Instant) {
    match store.drop_dead_rows(now_us(), Some(until)).await {
        Ok(0) => {}
        Ok(segments) => tracing::info!(
            segments,
            "segments were left with dead rows for lack of time: read them through the manifest, or run `footfall compact`"
        ),
        Err(error) => {
            tracing::warn!(%error, "dead rows could not be dropped: read segments through the manifest");
        }
    }
}

/// How the store is set up.
pub(crate) fn store_options(config: &Config) -> store::Options {
    store::Options {
        identity_window: config.identity_window,
        hot_bytes_max: size(config.hot_bytes_max),
        replaced_keep: config.replaced_keep,
        ..store::Options::new(config.data_dir.clone())
    }
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn query_options(config: &Config) -> query::Options {
    query::Options {
        memory_bytes: size(config.query_memory_max),
        column_cache_bytes: size(config.query_column_cache),
        concurrency: size(config.query_concurrency),
        ..query::Options::default()
    }
}

fn enrich_options(config: &Config) -> anyhow::Result<enrich::Options> {
    let read = |path: &Option<PathBuf>| {
        let read = |path: &PathBuf| {
            std::fs::read(path).with_context(|| format!("could not read {}", path.display()))
        };
        path.as_ref().map(read).transpose()
    };
    Ok(enrich::Options {
        city_database: read(&config.city_database)?,
        network_database: read(&config.network_database)?,
        ..enrich::Options::default()
    })
}

async fn open_meta(config: &Config) -> anyhow::Result<Meta> {
    let meta = Meta::open(meta::Options::at(&admin::database(config))).await;
    let meta = meta.map_err(|error| {
        let is_damaged = error.is_damaged_database();
        with_advice(error, is_damaged, &config.data_dir)
    })?;
    meta.ensure_environment_key(config.api_key.as_deref())
        .await?;
    Ok(meta)
}

/// Tells who cannot start what to do.
fn with_advice(
    error: impl Into<anyhow::Error>,
    is_damaged: bool,
    data_dir: &Path,
) -> anyhow::Error {
    let error = error.into();
    if is_damaged {
        error.context(doctor::advice(data_dir))
    } else {
        error
    }
}

/// A second process on the same folder would write the same log.
pub(crate) fn lock(dir: &Path) -> anyhow::Result<File> {
    let path = dir.join("lock");
    let file =
        File::create(&path).with_context(|| format!("could not create {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => bail!(
            "another footfall process uses the data folder {}",
            dir.display()
        ),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("could not lock {}", path.display()))
        }
    }
}

fn spawn_pipeline(
    pipeline: Pipeline,
    failed: watch::Sender<Option<String>>,
) -> anyhow::Result<std::thread::JoinHandle<()>> {
    let runtime = tokio::runtime::Handle::current();
    let body = move || {
        if let Err(error) = pipeline.run(&runtime) {
            failed.send_modify(|why| *why = Some(format!("{:#}", anyhow::Error::new(error))));
        }
    };
    std::thread::Builder::new()
        .name("pipeline".into())
        .spawn(body)
        .context("could not start the pipeline")
}

/// The address of the PostgreSQL protocol, if there is to be one.
async fn postgres_listener(config: &Config) -> anyhow::Result<Option<(TcpListener, SocketAddr)>> {
    let Some(wished) = config.postgres_listen else {
        return Ok(None);
    };
    let listener = TcpListener::bind(wished)
        .await
        .with_context(|| format!("could not listen on {wished} for the PostgreSQL protocol"))?;
    let address = listener
        .local_addr()
        .context("could not tell the listening address")?;
    Ok(Some((listener, address)))
}

fn postgres_server(
    config: &Config,
    state: &features::State,
    counts: Arc<postgres::Counts>,
) -> postgres::Server {
    postgres::Server {
        meta: state.meta.clone(),
        store: state.store.clone(),
        engine: Arc::clone(&state.engine),
        limits: state.query_limits,
        is_ready: state.is_ready.clone(),
        counts,
        options: postgres::Options {
            connections_max: size(config.postgres_connections_max),
            ..postgres::Options::default()
        },
    }
}

#[expect(clippy::print_stdout, reason = "scripts wait for this line")]
fn announce_postgres(address: SocketAddr) {
    println!("postgres on {address}");
    tracing::info!(%address, "listening for the PostgreSQL protocol");
}

#[expect(clippy::print_stdout, reason = "scripts wait for this line")]
fn announce(address: SocketAddr, ready: &watch::Sender<bool>) {
    ready.send_replace(true);
    println!("ready on http://{address}");
    tracing::info!(%address, "ready");
}

async fn poisoned(log: &Log) {
    let mut poisoned = log.watch_poisoned();
    let _ = poisoned.wait_for(|poisoned| *poisoned).await;
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Microseconds since 1970 by the wall clock.
pub(crate) fn now_us() -> i64 {
    chrono::Utc::now().timestamp_micros()
}
