//! `/api/v1/intake/health`: received, decoded, stored; and what was not.

use axum::Json;
use axum::extract;
use schema::EventTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::asker::Caller;
use super::forecast::{Growth, growth};
use super::refusals::{RefusalEntry, entry};
use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::problems::Problem;
use crate::api::wire::Time;
use crate::surroundings::Counts;

const REFUSALS_MAX: usize = 100;

/// What became of what clients sent since the server started.
#[derive(Serialize, ToSchema)]
pub(crate) struct IntakeHealth {
    /// The counts begin here: they are in memory.
    since: Time,
    totals: IntakeCounts,
    /// The last seen first.
    by_sdk: Vec<SdkHealth>,
    /// The last 60 minutes, oldest first.
    minutes: Vec<MinuteHealth>,
    /// The newest first.
    refusals: Vec<RefusalEntry>,
    /// The most frequent first; GET /api/v1/rejects has samples.
    rejects: Vec<RejectHealth>,
    /// Nearly all events of many sessions come from one address: a proxy that is not trusted (setting trusted_proxies).
    #[schema(required)]
    one_address: Option<OneAddress>,
    disk: DiskForecast,
    lag: Lag,
}

/// `received` = `decoded` + `rejected`; `decoded` = `stored` + `duplicates`.
#[derive(Serialize, ToSchema)]
pub(crate) struct IntakeCounts {
    received: u64,
    decoded: u64,
    /// New rows, and versions merged into views.
    stored: u64,
    /// Repeats, and events with the id of another one.
    duplicates: u64,
    rejected: u64,
    /// Requests, where the others are events: nobody knows what was in them.
    refused: u64,
}

/// The counts of an SDK.
#[derive(Serialize, ToSchema)]
pub(crate) struct SdkHealth {
    family: String,
    #[schema(required)]
    version: Option<String>,
    #[serde(flatten)]
    counts: IntakeCounts,
    last_at: Time,
}

/// The counts of a minute.
#[derive(Serialize, ToSchema)]
pub(crate) struct MinuteHealth {
    at: Time,
    #[serde(flatten)]
    counts: IntakeCounts,
}

/// How often a reason was given.
#[derive(Serialize, ToSchema)]
pub(crate) struct RejectHealth {
    reason: String,
    count: u64,
    last_at: Time,
}

/// The address of nearly all events.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneAddress {
    /// 0 to 1.
    share: f64,
    /// Shown to administrators only.
    #[schema(required)]
    address: Option<String>,
}

/// How long the disk lasts.
#[derive(Serialize, ToSchema)]
pub(crate) struct DiskForecast {
    #[schema(required)]
    free_bytes: Option<u64>,
    /// Intake stops when less is free.
    #[schema(required)]
    reserve_bytes: Option<u64>,
    /// Segments and log.
    used_bytes: u64,
    /// By the segments of the last 7 days.
    bytes_per_day: u64,
    /// Null when it does not fill: nothing arrives, or retention deletes in time.
    #[schema(required)]
    days_left: Option<f64>,
}

/// What is acknowledged and not visible yet.
#[derive(Serialize, ToSchema)]
pub(crate) struct Lag {
    bytes: u64,
    seconds: f64,
}

/// Show what became of what clients sent
#[utoipa::path(get, path = "/api/v1/intake/health", responses((status = OK, body = IntakeHealth)))]
pub(crate) async fn show(
    _: ReadAccess,
    caller: Caller,
    extract::State(state): extract::State<State>,
) -> Result<Json<IntakeHealth>, Problem> {
    let surroundings = &state.surroundings;
    let health = surroundings.health();
    let directory = state.meta.directory();
    let refusals = surroundings.refusals(&caller.asker).into_iter();
    let refusals = refusals.take(REFUSALS_MAX).map(|refusal| {
        let app_id = refusal.named_app.as_ref().or(refusal.token_app.as_ref());
        let application = app_id
            .and_then(|app_id| schema::AppId::parse(app_id).ok())
            .and_then(|app_id| directory.by_app_id(&app_id));
        entry(refusal, application.map(AsRef::as_ref))
    });
    let refusals = refusals.collect();
    let by_sdk = health
        .by_sdk
        .into_iter()
        .map(|(sdk, counts, last_us)| SdkHealth {
            family: sdk.family,
            version: sdk.version,
            counts: counts.into(),
            last_at: time(last_us),
        });
    let minutes = health
        .minutes
        .into_iter()
        .map(|(at_us, counts)| MinuteHealth {
            at: time(at_us),
            counts: counts.into(),
        });
    let rejects = health
        .rejects
        .into_iter()
        .map(|(reason, count, last_us)| RejectHealth {
            reason: reason.to_owned(),
            count,
            last_at: time(last_us),
        });
    let log = surroundings.log();
    Ok(Json(IntakeHealth {
        since: time(surroundings.since_us()),
        totals: health.totals.into(),
        by_sdk: by_sdk.collect(),
        minutes: minutes.collect(),
        refusals,
        rejects: rejects.collect(),
        one_address: health.one_address.map(|(address, share)| OneAddress {
            share,
            address: caller.is_admin.then(|| address.to_string()),
        }),
        disk: disk(&state),
        lag: Lag {
            bytes: log.lag_bytes,
            seconds: log.lag_us as f64 / 1e6,
        },
    }))
}

fn disk(state: &State) -> DiskForecast {
    let applications = state.meta.directory();
    let retentions = applications.applications().map(|application| {
        application
            .settings
            .retention
            .of(meta::RetentionClass::Events)
    });
    let retention_us = retentions
        .map(meta::RetentionDays::micros)
        .max()
        .unwrap_or(0);
    let segments = state.store.segments();
    let sizes = segments
        .iter()
        .map(|segment| (segment.min_time_us, segment.size_bytes));
    let Growth {
        bytes_per_day,
        covered_us,
    } = growth(sizes, state.meta.now().0);
    let used_by_segments: u64 = segments.iter().map(|segment| segment.size_bytes).sum();
    let disk = state.surroundings.disk();
    let room = disk.map(|disk| disk.free_bytes.saturating_sub(disk.reserve_bytes));
    let days_left = room.and_then(|room| {
        super::forecast::days_left(room, bytes_per_day, retention_us.saturating_sub(covered_us))
    });
    DiskForecast {
        free_bytes: disk.map(|disk| disk.free_bytes),
        reserve_bytes: disk.map(|disk| disk.reserve_bytes),
        used_bytes: used_by_segments + state.surroundings.log().size_bytes,
        bytes_per_day,
        days_left,
    }
}

fn time(us: i64) -> Time {
    Time(EventTime(us))
}

impl From<Counts> for IntakeCounts {
    fn from(counts: Counts) -> Self {
        let Counts {
            received,
            decoded,
            stored,
            duplicates,
            rejected,
            refused,
        } = counts;
        Self {
            received,
            decoded,
            stored,
            duplicates,
            rejected,
            refused,
        }
    }
}
