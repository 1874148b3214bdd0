//! The layout of changing rows, measured: versions of views in random and in natural order, a flush each minute of data, one
//! compaction at the end; beside them a store that was given merged rows only. `docs/decisions/0003` reads the result.
//!
//! `layout [views]`, 500,000 by default, each in 2.4 versions on average, over one simulated hour.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use schema::tables::{common, view};
use schema::{Event, TableId};
use serde_json::{Value, json};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use store::{Batch, Incoming, Options, Store};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const START_US: i64 = 1_700_010_000_000_000;
const HOUR_US: i64 = 3_600_000_000;
const MINUTE_US: i64 = 60_000_000;
const VIEWS_PER_SESSION: u32 = 5;
const PATHS: u32 = 200;
/// About what the 256 requests of the pipeline's largest batch carry.
const BATCH_EVENTS: usize = 2_048;

/// One version of a view and when it arrives.
#[derive(Clone, Copy)]
struct Sent {
    view: u32,
    number: i64,
    arrival_us: i64,
}

fn main() -> Result<()> {
    let views = std::env::args()
        .nth(1)
        .map_or(Ok(500_000), |text| text.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut random = versions(views);
    random.shuffle(&mut StdRng::seed_from_u64(1));
    let spacing = HOUR_US / i64::try_from(random.len())?;
    for (place, sent) in (0_i64..).zip(&mut random) {
        sent.arrival_us = START_US + place * spacing;
    }
    let natural = {
        let mut natural = versions(views);
        natural.sort_by_key(|sent| sent.arrival_us);
        natural
    };
    runtime.block_on(async {
        report("memory", memory(&natural).await?)?;
        let mut runs = Vec::new();
        for (name, sent) in [
            ("merged rows only", &merged(&natural)),
            ("versions in natural order", &natural),
            ("versions in random order", &random),
        ] {
            let run = Run::fill(sent).await?;
            report(name, run.figures().await?)?;
            runs.push((name, run));
        }
        // Scans take turns, so that what else the machine does meets all of them alike.
        let before = scans(&runs).await?;
        for (name, run) in &runs {
            report(name, run.compact().await?)?;
        }
        let after = scans(&runs).await?;
        report(
            "p75 by path, ms",
            json!({ "segments_with_vectors": before, "after_compaction": after }),
        )
    })
}

fn report(name: &str, mut figures: Value) -> Result<()> {
    figures["run"] = name.into();
    Ok(writeln!(std::io::stdout(), "{figures}")?)
}

/// All versions of all views: one to four each, the next on average half a minute after the one before.
fn versions(views: u32) -> Vec<Sent> {
    let mut random = StdRng::seed_from_u64(7);
    let mut all = Vec::new();
    for view in 0..views {
        let mut arrival_us = begin_us(view, views);
        // 20 % one, 35 % two, 30 % three, 15 % four: 2.4 on average.
        let count = match random.random_range(0..100) {
            0..20 => 1,
            20..55 => 2,
            55..85 => 3,
            _ => 4,
        };
        for number in 1..=count {
            all.push(Sent {
                view,
                number,
                arrival_us,
            });
            arrival_us += random.random_range(5 * MINUTE_US / 60..MINUTE_US);
        }
    }
    all
}

/// Only the last version of each view, as if versions had been merged before.
fn merged(natural: &[Sent]) -> Vec<Sent> {
    let mut last: HashMap<u32, Sent> = HashMap::new();
    for sent in natural {
        last.insert(sent.view, *sent);
    }
    let mut merged: Vec<Sent> = last.into_values().collect();
    merged.sort_by_key(|sent| sent.arrival_us);
    merged
}

fn begin_us(view: u32, views: u32) -> i64 {
    START_US + HOUR_US / i64::from(views) * i64::from(view)
}

/// A number that looks random and is the same for the same input.
fn mixed(number: u32, salt: u64) -> u64 {
    let mut bits = (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits ^= bits >> 31;
    bits = bits.wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 29)
}

fn uuid(number: u32, salt: u64) -> String {
    let (high, low) = (mixed(number, salt), mixed(number, salt + 1));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// About what a browser SDK sends in a view event: 45 columns.
fn event(sent: Sent, views: u32) -> Event {
    let Sent {
        view: number,
        number: version,
        arrival_us,
    } = sent;
    let share =
        |salt: u64, of: u64| i64::try_from(mixed(number, salt) % of).expect("a small number");
    let session = number / VIEWS_PER_SESSION;
    let quarter = (session % 4) as usize;
    let path = mixed(number, 3) % u64::from(PATHS);
    let mut event = Event::new(TableId::View);
    let row = &mut event.row;
    let id = uuid(number, 100);
    row.set(
        common::app_id,
        if path.is_multiple_of(3) {
            "shop"
        } else {
            "blog"
        },
    );
    row.set(common::event_id, id.clone());
    row.set(common::view_id, id);
    row.set(common::time, begin_us(number, views));
    row.set(common::client_time, begin_us(number, views));
    row.set(common::received_at, arrival_us);
    row.set(common::sdk_family, "datadog");
    row.set(common::sdk_name, "rum");
    row.set(common::sdk_version, "6.5.1");
    row.set(common::platform, "browser");
    row.set(common::service, "web");
    row.set(common::env, "prod");
    row.set(common::version, format!("1.{}.0", path % 7));
    // A session lies in one application.
    row.set(
        common::session_id,
        uuid(session, if path.is_multiple_of(3) { 200 } else { 300 }),
    );
    row.set(common::session_type, "user");
    row.set(common::anonymous_id, uuid(session / 2, 400));
    row.set(
        common::view_url,
        format!(
            "https://shop.example/section{path}/item/{}?ref={}",
            number % 9973,
            share(9, 50)
        ),
    );
    row.set(common::view_url_host, "shop.example");
    row.set(
        common::view_url_path,
        format!("/section{path}/item/{}", number % 9973),
    );
    row.set(
        common::view_url_path_group,
        format!("/section{path}/item/?"),
    );
    row.set(common::view_referrer, "https://shop.example/");
    row.set(
        common::device_type,
        if share(4, 3) == 0 {
            "mobile"
        } else {
            "desktop"
        },
    );
    row.set(
        common::os_name,
        ["Windows", "macOS", "Android", "iOS"][quarter],
    );
    row.set(common::browser_name, "Chrome");
    row.set(
        common::browser_version,
        format!("{}.0.0.0", 120 + session % 9),
    );
    row.set(common::viewport_width, 1280 + share(5, 640));
    row.set(common::viewport_height, 700 + share(6, 300));
    row.set(
        common::country,
        ["Germany", "France", "Japan", "Brazil"][quarter],
    );
    row.set(common::sample_rate, 100.0);
    row.attributes_mut(common::attributes)
        .insert("context.plan".into(), "\"pro\"".into());
    row.attributes_mut(common::attributes)
        .insert("context.cart".into(), share(8, 100_000).to_string().into());
    row.set(view::view_version, version);
    row.set(view::view_loading_type, "route_change");
    row.set(view::view_is_active, version < 4);
    row.set(
        view::view_time_spent,
        (arrival_us - begin_us(number, views)).max(0) * 1000,
    );
    row.set(view::view_loading_time, share(10, 4_000_000_000));
    row.set(view::first_contentful_paint, share(11, 1_500_000_000));
    row.set(
        view::largest_contentful_paint,
        share(12, 4_000_000_000) / 4 * version,
    );
    row.set(
        view::lcp_target_selector,
        format!("#main>img:nth-child({})", share(13, 9)),
    );
    row.set(view::cumulative_layout_shift, 0.01);
    row.set(view::dom_complete, share(14, 3_000_000_000));
    row.set(view::load_event, share(15, 3_000_000_000));
    row.set(view::view_resource_count, version * 7);
    row.set(view::view_action_count, version);
    row.set(view::view_error_count, 0);
    row.set(
        view::view_page_states,
        format!("[{{\"state\":\"active\",\"start\":{version}}}]"),
    );
    event
}

async fn open(dir: &Path) -> Result<(Store, SqlitePool)> {
    let options = SqliteConnectOptions::new()
        .filename(dir.join("meta.sqlite"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await?;
    Ok((
        Store::open(Options::new(dir.join("data")), pool.clone()).await?,
        pool,
    ))
}

fn batch(sent: &[Sent], first: usize, views: u32) -> Batch {
    let incoming = |(place, sent): (u64, &Sent)| Incoming {
        event: event(*sent, views),
        content: 1,
        arrival_us: sent.arrival_us,
        position: first as u64 + place,
        is_searched_deep: false,
    };
    Batch {
        events: (0..).zip(sent).map(incoming).collect(),
        end: (first + sent.len()) as u64,
        ..Batch::default()
    }
}

/// A store that was filled, with what that took.
struct Run {
    store: Store,
    pool: SqlitePool,
    events: usize,
    applying: Duration,
    flushes: Vec<f64>,
    snapshots: Vec<f64>,
    vector_bytes_written: i64,
    _dir: tempfile::TempDir,
}

impl Run {
    /// Applies everything with a flush each minute of data.
    async fn fill(all: &[Sent]) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let (store, pool) = open(dir.path()).await?;
        let mut run = Self {
            store,
            pool,
            events: all.len(),
            applying: Duration::ZERO,
            flushes: Vec::new(),
            snapshots: Vec::new(),
            vector_bytes_written: 0,
            _dir: dir,
        };
        let views = all
            .iter()
            .map(|sent| sent.view)
            .max()
            .map_or(0, |view| view + 1);
        let mut first = 0;
        let mut next_flush = START_US + MINUTE_US;
        for chunk in all.chunks(BATCH_EVENTS) {
            let batch = batch(chunk, first, views);
            first += chunk.len();
            let begin = Instant::now();
            run.store.apply(batch).await?;
            run.applying += begin.elapsed();
            run.snapshots
                .push(elapsed_ms(|| drop(run.store.snapshot())));
            let now_us = chunk[chunk.len() - 1].arrival_us;
            if now_us >= next_flush {
                next_flush += MINUTE_US;
                run.flush(now_us).await?;
            }
        }
        // So late that nothing stays in memory.
        run.flush(START_US + 10 * HOUR_US).await?;
        Ok(run)
    }

    async fn flush(&mut self, now_us: i64) -> Result<()> {
        let begin = Instant::now();
        self.store.flush(now_us).await?;
        self.flushes.push(ms(begin.elapsed()));
        let bytes = "SELECT sum(length(dead_rows)) FROM delete_vector";
        self.vector_bytes_written += sql(&self.pool, bytes).await?;
        Ok(())
    }

    async fn figures(&self) -> Result<Value> {
        let of_views = async |query| sql(&self.pool, query).await;
        let written =
            of_views("SELECT sum(row_count) FROM segment WHERE table_name = 'view'").await?;
        let live = of_views("SELECT count(*) FROM segment WHERE table_name = 'view'").await?;
        let vectors = "SELECT sum(length(dead_rows)) FROM delete_vector JOIN segment ON id = segment_id WHERE table_name = 'view'";
        let metrics = self.store.metrics();
        Ok(json!({
            "events": self.events,
            "view_segments": live,
            "view_rows_written": written,
            "view_bytes": of_views("SELECT sum(size_bytes) FROM segment WHERE table_name = 'view'").await?,
            "session_rows_written": of_views("SELECT sum(row_count) FROM segment WHERE table_name = 'session'").await?,
            "view_vector_bytes": of_views(vectors).await?,
            "vector_bytes_written_by_all_flushes": self.vector_bytes_written,
            "apply_us_per_event": self.applying.as_secs_f64() * 1e6 / self.events as f64,
            "views_reloaded": metrics.views_reloaded,
            "sessions_recomputed": metrics.sessions_recomputed,
            "flush_ms": percentiles(&self.flushes),
            "snapshot_ms": percentiles(&self.snapshots),
        }))
    }

    async fn compact(&self) -> Result<Value> {
        let begin = Instant::now();
        self.store.compact_fully(START_US + HOUR_US).await?;
        let views = "SELECT sum(row_count) FROM segment WHERE table_name = 'view'";
        let bytes = "SELECT sum(size_bytes) FROM segment WHERE table_name = 'view'";
        Ok(json!({
            "compaction_s": begin.elapsed().as_secs_f64(),
            "view_rows_live": sql(&self.pool, views).await?,
            "view_bytes": sql(&self.pool, bytes).await?,
        }))
    }
}

/// Best of nine scans of each store in ms; all must give the same percentiles.
async fn scans(runs: &[(&str, Run)]) -> Result<Value> {
    let mut best = vec![f64::MAX; runs.len()];
    for _ in 0..9 {
        let mut sums = Vec::new();
        for (best, (_, run)) in best.iter_mut().zip(runs) {
            let begin = Instant::now();
            sums.push(p75_by_path(&run.store).await?);
            *best = best.min(ms(begin.elapsed()));
        }
        assert!(
            sums.iter().all(|sum| *sum == sums[0]),
            "stores differ: {sums:?}"
        );
    }
    Ok(runs
        .iter()
        .zip(best)
        .map(|((name, _), ms)| ((*name).to_owned(), json!(ms)))
        .collect())
}

/// The sum of the 75th percentiles of LCP of all paths.
async fn p75_by_path(store: &Store) -> Result<i64> {
    let mut groups: HashMap<String, Vec<i64>> = HashMap::new();
    let columns = &["view_url_path_group", "largest_contentful_paint"];
    for batch in store.snapshot().read(TableId::View, columns).await? {
        let paths = batch
            .column_by_name(columns[0])
            .ok_or("no path")?
            .as_string_view();
        let lcps = batch
            .column_by_name(columns[1])
            .ok_or("no LCP")?
            .as_primitive::<Int64Type>();
        for row in (0..batch.num_rows()).filter(|row| !lcps.is_null(*row)) {
            let path = paths.value(row);
            match groups.get_mut(path) {
                Some(group) => group.push(lcps.value(row)),
                None => drop(groups.insert(path.to_owned(), vec![lcps.value(row)])),
            }
        }
    }
    let p75 = |group: &mut Vec<i64>| {
        let rank = (group.len() * 3).div_ceil(4) - 1;
        *group.select_nth_unstable(rank).1
    };
    Ok(groups.values_mut().map(p75).sum())
}

/// What open views take in memory: resident memory after 20 minutes of flushes, when as many views leave as come.
async fn memory(natural: &[Sent]) -> Result<Value> {
    let dir = tempfile::tempdir()?;
    let (store, _) = open(dir.path()).await?;
    let views = natural
        .iter()
        .map(|sent| sent.view)
        .max()
        .map_or(0, |view| view + 1);
    let before = resident_bytes()?;
    let mut first = 0;
    let mut next_flush = START_US + MINUTE_US;
    for chunk in natural.chunks(BATCH_EVENTS) {
        store.apply(batch(chunk, first, views)).await?;
        first += chunk.len();
        let now_us = chunk[chunk.len() - 1].arrival_us;
        if now_us >= next_flush {
            next_flush += MINUTE_US;
            store.flush(now_us).await?;
        }
        if now_us > START_US + 20 * MINUTE_US {
            break;
        }
    }
    let resident = resident_bytes()? - before;
    let gauges = store.gauges();
    Ok(json!({
        "open_views": gauges.open_views,
        "open_sessions": gauges.open_sessions,
        "resident_bytes": resident,
        "resident_bytes_per_open_view": resident / i64::try_from(gauges.open_views.max(1))?,
    }))
}

fn resident_bytes() -> Result<i64> {
    let pages: i64 = std::fs::read_to_string("/proc/self/statm")?
        .split(' ')
        .nth(1)
        .ok_or("statm has two fields")?
        .parse()?;
    Ok(pages * 4096)
}

async fn sql(pool: &SqlitePool, query: &'static str) -> Result<i64> {
    Ok(sqlx::query_scalar::<_, Option<i64>>(query)
        .fetch_one(pool)
        .await?
        .unwrap_or(0))
}

fn elapsed_ms(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    ms(begin.elapsed())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn percentiles(values: &[f64]) -> Value {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    json!({ "p50": values.get(values.len() / 2), "max": values.last() })
}
