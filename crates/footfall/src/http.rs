//! The one port: API, intake of every protocol, health and metrics.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router, middleware};
use features::api::auth::FullAccess;
use features::api::client::Client;
use ingest::{Intake, TrustedProxies, relay};
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use wal::Log;

use crate::console;

/// What the handlers of this module work with.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) intake: Arc<Intake>,
    pub(crate) log: Arc<Log>,
    pub(crate) store: Store,
    pub(crate) engine: Arc<query::Engine>,
    pub(crate) snapshots: Arc<query::Snapshots>,
    pub(crate) metrics: Arc<ingest::Metrics>,
    pub(crate) is_ready: watch::Receiver<bool>,
    pub(crate) started_us: i64,
    pub(crate) reach: Arc<Reach>,
    pub(crate) data_dir: PathBuf,
    pub(crate) disk_reserve: u64,
    /// Connections of the PostgreSQL protocol.
    pub(crate) postgres: Arc<postgres::Counts>,
}

/// What tells how browsers reach this server.
pub(crate) struct Reach {
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) public_url: Option<String>,
}

impl Reach {
    /// Who sent a request that came from `peer`.
    fn client_of(&self, peer: SocketAddr, headers: &HeaderMap) -> Client {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_forwarded = self.trusted_proxies.contains(peer.ip());
        let forwarded = |name: &str| text(name).filter(|_| is_forwarded);
        // Of several proxies each adds its own word at the end; the browser spoke to the first.
        let first = |list: &str| list.split(',').next().unwrap_or_default().trim().to_owned();
        let public = self.public_url.as_deref();
        let public_host = public.and_then(|url| url.split_once("://"));
        let hosts = [
            text("host").map(str::to_owned),
            forwarded("x-forwarded-host").map(first),
            public_host.map(|(_, host)| host.to_owned()),
        ];
        Client {
            ip: Some(self.trusted_proxies.client_of(peer.ip(), headers)),
            is_https: self.trusted_proxies.is_https(peer.ip(), headers)
                || public.is_some_and(|url| url.starts_with("https://")),
            hosts: hosts.into_iter().flatten().collect(),
        }
    }
}

/// Lays the sender on each request, for the slices.
async fn identify(
    State(reach): State<Arc<Reach>>,
    mut request: Request,
    next: middleware::Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if let Some(ConnectInfo(peer)) = peer {
        let client = reach.client_of(*peer, request.headers());
        request.extensions_mut().insert(client);
    }
    next.run(request).await
}

/// Everything the port answers.
pub(crate) fn router(server: Server, state: features::State) -> Router {
    let intake = Arc::clone(&server.intake);
    let identify = middleware::from_fn_with_state(Arc::clone(&server.reach), identify);
    let relay = move |_: FullAccess, body: Bytes| async move { Json(intake.relay(&body).await) };
    let relay = Router::new()
        .route(
            "/api/v1/relay",
            post(relay).layer(DefaultBodyLimit::max(relay::BODY_BYTES_MAX)),
        )
        .layer(identify.clone())
        .with_state(state.clone());
    let own = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(server.clone())
        .merge(relay);
    let api = features::router(state).layer(identify);
    let fallback = move |request: Request| {
        let (server, api) = (server.clone(), api.clone());
        async move { route(server, api, request).await }
    };
    own.fallback(fallback).layer(CatchPanicLayer::new())
}

/// Client paths first: they are reserved on the shared port, and some may be any path at all.
async fn route(server: Server, api: Router, request: Request) -> Response {
    use tower::ServiceExt;

    let uri = request.uri();
    match protocol::route(
        request.method().as_str(),
        uri.path(),
        uri.query().unwrap_or_default(),
    ) {
        Some(route) => server.intake.handle(route, request).await,
        None if !is_api(uri.path()) => {
            console::answer(request.method(), uri.path(), request.headers())
        }
        None => api
            .oneshot(request)
            .await
            .unwrap_or_else(|never| match never {}),
    }
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Serves until cancelled, then lets requests under way finish.
pub(crate) async fn serve(listener: TcpListener, router: Router, cancel: CancellationToken) {
    let listener = listener.tap_io(|stream| {
        // Answers are small and clients wait for them.
        let _ = stream.set_nodelay(true);
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service)
        .with_graceful_shutdown(cancel.cancelled_owned())
        .await
    {
        tracing::error!(%error, "the HTTP server ended");
    }
}

async fn readyz(State(server): State<Server>) -> Response {
    if *server.is_ready.borrow() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "reading the log\n").into_response()
    }
}

async fn metrics(State(server): State<Server>) -> Response {
    let text = render_metrics(&server);
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        Body::from(text),
    )
        .into_response()
}

/// Prometheus text format 0.0.4.
fn render_metrics(server: &Server) -> String {
    let mut text = String::new();
    let mut counter = |name: &str, help: &str, value: u64| {
        let _ = write!(
            text,
            "# HELP {name} {}\n# TYPE {name} counter\n{name} {value}\n",
            help.trim()
        );
    };
    for (name, help, value) in server.store.metrics().entries() {
        counter(&format!("footfall_store_{name}_total"), help, value);
    }
    let log = server.log.metrics();
    counter(
        "footfall_log_records_total",
        "Records appended.",
        log.records,
    );
    counter(
        "footfall_log_payload_bytes_total",
        "Bytes of appended payloads.",
        log.payload_bytes,
    );
    counter(
        "footfall_log_fsyncs_total",
        "Syncs of files and folders.",
        log.fsyncs,
    );
    counter(
        "footfall_log_commits_total",
        "Group commits.",
        log.commit_batches,
    );
    counter(
        "footfall_log_torn_tails_total",
        "Torn tails cut.",
        log.torn_tails_cut,
    );
    counter(
        "footfall_log_corrupt_records_total",
        "Damaged records skipped.",
        log.corrupt_records_skipped,
    );
    counter(
        "footfall_log_full_total",
        "Appends refused because the queue was full.",
        log.full_refusals,
    );
    counter(
        "footfall_log_disk_full_total",
        "Appends refused because the disk was full.",
        log.disk_full_refusals,
    );
    counter(
        "footfall_postgres_connections_total",
        "Connections of the PostgreSQL protocol.",
        server.postgres.accepted(),
    );
    counter(
        "footfall_postgres_connections_refused_total",
        "Connections of the PostgreSQL protocol beyond the bound.",
        server.postgres.refused(),
    );
    let snapshots = server.snapshots.gauges();
    counter(
        "footfall_query_snapshots_taken_total",
        "Named snapshots taken.",
        snapshots.taken,
    );
    counter(
        "footfall_query_snapshots_evicted_total",
        "Named snapshots given up before their time, for lack of room.",
        snapshots.evicted,
    );
    counter(
        "footfall_query_snapshots_missed_total",
        "Requests for a named snapshot that was not there any more.",
        snapshots.missed,
    );
    let columns = server.engine.gauges().columns;
    counter(
        "footfall_query_column_cache_hits_total",
        "Columns of segments that a query found in memory.",
        columns.hits,
    );
    counter(
        "footfall_query_column_cache_misses_total",
        "Columns of segments that a query had to read.",
        columns.misses,
    );
    let mut last = "";
    for (key, value) in server.metrics.snapshot() {
        if key.name != last {
            let _ = writeln!(text, "# TYPE {} counter", key.name);
            last = key.name;
        }
        let _ = writeln!(
            text,
            "{}{{{}=\"{}\"}} {value}",
            key.name, key.label, key.value
        );
    }
    let gauges = server.store.gauges();
    let mut gauge = |name: &str, help: &str, value: i64| {
        let _ = write!(
            text,
            "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n"
        );
    };
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    gauge(
        "footfall_postgres_connections_open",
        "Connections of the PostgreSQL protocol that are open.",
        number(server.postgres.open()),
    );
    gauge(
        "footfall_store_segments",
        "Segments in the catalog.",
        number(gauges.segments),
    );
    gauge(
        "footfall_store_segment_bytes",
        "Bytes of all segments.",
        number(gauges.segment_bytes),
    );
    gauge(
        "footfall_store_rows",
        "Rows in segments that are not dead.",
        number(gauges.stored_rows),
    );
    gauge(
        "footfall_store_dead_rows",
        "Rows in segments that are dead and not compacted yet.",
        number(gauges.dead_rows),
    );
    gauge(
        "footfall_store_hot_rows",
        "Rows that no segment has yet, without open views and sessions.",
        number(gauges.hot_rows),
    );
    gauge(
        "footfall_store_hot_bytes",
        "Memory of rows that no segment has yet.",
        number(gauges.hot_bytes),
    );
    gauge(
        "footfall_store_open_views",
        "Views in memory.",
        number(gauges.open_views),
    );
    gauge(
        "footfall_store_open_sessions",
        "Sessions in memory.",
        number(gauges.open_sessions),
    );
    gauge(
        "footfall_store_keys_memory_bytes",
        "Memory of the filters of the identity window.",
        number(gauges.keys_memory_bytes),
    );
    let covered = (gauges.identity_window_start_us > 0)
        .then(|| (crate::serve::now_us() - gauges.identity_window_start_us) / 1_000_000);
    gauge(
        "footfall_store_identity_window_seconds",
        "Age of the oldest event that the identity window covers.",
        covered.unwrap_or(0),
    );
    let committed = server.log.committed().0;
    let lag = |position: u64| number(committed.saturating_sub(position));
    gauge(
        "footfall_log_lag_bytes",
        "Bytes of the log that are not visible yet.",
        lag(gauges.log_position_applied),
    );
    gauge(
        "footfall_log_unflushed_bytes",
        "Bytes of the log that are not in segments yet.",
        lag(gauges.log_position_flushed),
    );
    gauge(
        "footfall_log_size_bytes",
        "Bytes of the log on disk.",
        number(server.log.size_bytes()),
    );
    gauge(
        "footfall_query_running",
        "Queries that run now.",
        number(server.engine.gauges().running as u64),
    );
    gauge(
        "footfall_query_column_cache_bytes",
        "Memory of segments' columns that queries asked for lately.",
        number(columns.bytes as u64),
    );
    gauge(
        "footfall_query_column_cache_columns",
        "Columns of segments in memory.",
        number(columns.columns as u64),
    );
    gauge(
        "footfall_query_snapshots",
        "Named snapshots that are kept.",
        number(snapshots.live as u64),
    );
    gauge(
        "footfall_query_snapshot_bytes",
        "Memory of the hot rows that named snapshots hold.",
        number(snapshots.bytes as u64),
    );
    gauge(
        "footfall_ready",
        "1 once every acknowledged event can be queried.",
        i64::from(*server.is_ready.borrow()),
    );
    gauge(
        "footfall_start_time_seconds",
        "When the process started, seconds since 1970.",
        server.started_us / 1_000_000,
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, public_url: Option<&str>, headers: &[(&'static str, &str)]) -> Client {
        let reach = Reach {
            trusted_proxies: TrustedProxies(vec!["10.0.0.0/8".parse().unwrap()]),
            public_url: public_url.map(str::to_owned),
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        reach.client_of(peer.parse().unwrap(), &map)
    }

    #[test]
    fn forwarding_headers_count_only_from_a_trusted_proxy() {
        let headers = [
            ("host", "footfall:7340"),
            ("x-forwarded-for", "198.51.100.7"),
            ("x-forwarded-proto", "https, http"),
            ("x-forwarded-host", "rum.example.com"),
        ];
        let through = client("10.0.0.1:80", None, &headers);
        assert_eq!(through.ip, Some("198.51.100.7".parse().unwrap()));
        assert!(through.is_https);
        assert_eq!(through.hosts, ["footfall:7340", "rum.example.com"]);
        let direct = client("203.0.113.5:80", None, &headers);
        assert_eq!(direct.ip, Some("203.0.113.5".parse().unwrap()));
        assert!(!direct.is_https);
        assert_eq!(direct.hosts, ["footfall:7340"]);
    }

    #[test]
    fn the_public_address_says_https_where_no_proxy_does() {
        let public = client("10.0.0.1:80", Some("https://rum.example.com"), &[]);
        assert!(public.is_https);
        assert_eq!(public.hosts, ["rum.example.com"]);
        assert!(!client("10.0.0.1:80", Some("http://rum.example.com"), &[]).is_https);
    }
}
