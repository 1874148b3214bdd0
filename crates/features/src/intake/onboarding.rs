//! `/api/v1/onboarding/{app_id}`: from the first preflight to the own visit.

use axum::Json;
use axum::extract;
use chrono::DateTime;
use schema::{AppId, EventTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::asker::Caller;
use super::refusals::{RefusalEntry, entry, may_concern};
use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::body::{Path, Query};
use crate::api::problems::{self, Problem};
use crate::api::stored::{rows, time_us};
use crate::api::wire::Time;

const VIEWS_MAX: usize = 20;
const REFUSALS_MAX: usize = 20;
/// A view of a page that stays open is older than its last event.
const VIEW_AGE_US: i64 = 86_400_000_000;

/// From when on to look.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OnboardingQuery {
    /// RFC 3339; what came before is left out.
    #[param(nullable = false)]
    since: Option<String>,
}

/// What the server saw of an application's SDK.
#[derive(Serialize, ToSchema)]
pub(crate) struct Onboarding {
    now: Time,
    server: OnboardingServer,
    steps: OnboardingSteps,
    /// The newest first.
    views: Vec<OnboardingView>,
}

/// This server, as an SDK reaches it.
#[derive(Serialize, ToSchema)]
pub(crate) struct OnboardingServer {
    /// `http://HOST:PORT` as the caller reached it.
    #[schema(required)]
    origin: Option<String>,
    is_https: bool,
    version: String,
    /// Applications are made for events that name unknown ones, and no token is needed.
    creates_applications: bool,
}

/// How far an SDK came.
#[derive(Serialize, ToSchema)]
pub(crate) struct OnboardingSteps {
    /// Browsers that asked whether they may send.
    #[schema(required)]
    preflight: Option<PreflightStep>,
    /// The newest first. Those that name no application are here too: they may have been meant for this one.
    refusals: Vec<RefusalEntry>,
    #[schema(required)]
    first_event_at: Option<Time>,
    /// Events that were taken; of an application that sends much, at least so many.
    accepted_events: u64,
}

/// Preflights for this application.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreflightStep {
    count: u64,
    last_at: Time,
    /// The page that asked last.
    #[schema(required)]
    origin: Option<String>,
}

/// A view that arrived.
#[derive(Serialize, ToSchema)]
pub(crate) struct OnboardingView {
    view_id: String,
    #[schema(required)]
    session_id: Option<String>,
    time: Time,
    #[schema(required)]
    url_path: Option<String>,
    #[schema(required)]
    view_name: Option<String>,
    /// Nanoseconds, as `lcp` and `inp`.
    #[schema(required)]
    loading_time: Option<i64>,
    #[schema(required)]
    lcp: Option<i64>,
    #[schema(required)]
    inp: Option<i64>,
    #[schema(required)]
    cls: Option<f64>,
    error_count: i64,
    #[schema(required)]
    browser: Option<String>,
    #[schema(required)]
    os: Option<String>,
    #[schema(required)]
    country_code: Option<String>,
    /// It came from the caller's own address and browser, as far as the server remembers.
    is_yours: bool,
}

/// Show what arrives for an application
///
/// Made to be asked every second: what a client sent is in the answer within a second.
#[utoipa::path(
    get, path = "/api/v1/onboarding/{app_id}", params(("app_id" = String, Path), OnboardingQuery),
    responses((status = OK, body = Onboarding))
)]
pub(crate) async fn show(
    _: ReadAccess,
    caller: Caller,
    extract::State(state): extract::State<State>,
    Path(app_id): Path<String>,
    Query(query): Query<OnboardingQuery>,
) -> Result<Json<Onboarding>, Problem> {
    let missing =
        |_| problems::APPLICATION_NOT_FOUND.because(format!("there is no application {app_id}"));
    let application = state
        .meta
        .application(&AppId::parse(&app_id).map_err(missing)?)?;
    let since_us = query.since.as_deref().map(parse_since).transpose()?;
    let views = views(&state, &application, since_us, &caller).await?;
    let (first_event_at, accepted_events) = accepted(&state, &application, since_us).await?;
    let steps = OnboardingSteps {
        preflight: preflight(&state, &application, since_us),
        refusals: refusals(&state, &application, since_us, &caller),
        first_event_at: first_event_at.map(|us| Time(EventTime(us))),
        accepted_events,
    };
    let is_https = caller
        .origin
        .as_deref()
        .is_some_and(|origin| origin.starts_with("https:"));
    Ok(Json(Onboarding {
        now: Time(state.meta.now()),
        server: OnboardingServer {
            origin: caller.origin,
            is_https,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            creates_applications: state.surroundings.creates_applications(),
        },
        steps,
        views,
    }))
}

fn parse_since(text: &str) -> Result<i64, Problem> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|error| {
        problems::INVALID_VALUE
            .because(format!("`since` is {text:?}: {error}"))
            .help("Write the time as 2026-11-21T09:00:00Z.")
    })?;
    Ok(time.timestamp_micros())
}

/// When the first event came, and how many came, since the given time or ever.
async fn accepted(
    state: &State,
    application: &meta::Application,
    since_us: Option<i64>,
) -> Result<(Option<i64>, u64), Problem> {
    let from_us = since_us.unwrap_or(i64::MIN);
    let app_id = application.app_id.as_str();
    let lately = state.surroundings.accepted(app_id, from_us);
    let earlier = application.earlier_app_ids.iter().map(AppId::as_str);
    let ids: Vec<&str> = earlier.chain([app_id]).collect();
    let stored = state.stored_arrivals.of(state, &ids).await?;
    // Of what was stored before the start only the ends are known: either may be the first since then.
    let stored = stored.and_then(|(first, last)| {
        let mut ends = [first, last].into_iter();
        ends.find(|arrival_us| *arrival_us >= from_us)
    });
    let first = match (stored, lately) {
        (Some(stored), Some((lately, _))) => Some(stored.min(lately)),
        (stored, lately) => stored.or(lately.map(|(first, _)| first)),
    };
    Ok((first, lately.map_or(0, |(_, events)| events)))
}

fn preflight(
    state: &State,
    application: &meta::Application,
    since_us: Option<i64>,
) -> Option<PreflightStep> {
    let mut step: Option<PreflightStep> = None;
    for seen in state.surroundings.preflights() {
        // A token that opens nothing may be a slip; one that opens another application is none.
        let is_other = seen
            .app_id
            .as_deref()
            .is_some_and(|app_id| app_id != application.app_id.as_str());
        if is_other || seen.last_us < since_us.unwrap_or(i64::MIN) {
            continue;
        }
        let step = step.get_or_insert(PreflightStep {
            count: 0,
            last_at: Time(EventTime(seen.last_us)),
            origin: seen.origin,
        });
        step.count += seen.count;
    }
    step
}

fn refusals(
    state: &State,
    application: &meta::Application,
    since_us: Option<i64>,
    caller: &Caller,
) -> Vec<RefusalEntry> {
    let directory = state.meta.directory();
    let is_other = |app_id: &str| {
        let app_id = AppId::parse(app_id);
        app_id.is_ok_and(|app_id| {
            let known = directory.by_app_id(&app_id);
            known.is_some_and(|known| known.number != application.number)
        })
    };
    let mut refusals = state.surroundings.refusals(&caller.asker);
    refusals.retain(|refusal| {
        refusal.last_us >= since_us.unwrap_or(i64::MIN)
            && may_concern(refusal, application, is_other)
    });
    refusals.truncate(REFUSALS_MAX);
    refusals
        .into_iter()
        .map(|refusal| entry(refusal, Some(application)))
        .collect()
}

async fn views(
    state: &State,
    application: &meta::Application,
    since_us: Option<i64>,
    caller: &Caller,
) -> Result<Vec<OnboardingView>, Problem> {
    let since_us = since_us.unwrap_or(state.meta.now().0 - VIEW_AGE_US);
    let since = DateTime::from_timestamp_micros(since_us);
    let since =
        since.ok_or_else(|| problems::INVALID_VALUE.because("`since` is beyond any time"))?;
    let sql = format!(
        "SELECT view_id, session_id, time, view_url_path, view_name, view_loading_time, largest_contentful_paint, \
         interaction_to_next_paint, cumulative_layout_shift, view_error_count, browser_name, os_name, country_code \
         FROM view WHERE app_id = $1 AND received_at >= CAST($2 AS TIMESTAMP) ORDER BY time DESC, view_id LIMIT {VIEWS_MAX}"
    );
    let app_id = application.app_id.as_str();
    let params = vec![json!(app_id), json!(since.to_rfc3339())];
    let from_us = since_us.saturating_sub(VIEW_AGE_US);
    let found = rows(state, sql, params, Some(from_us)).await?;
    let is_yours = |session_id: Option<&str>| {
        session_id.is_some_and(|session_id| {
            let surroundings = &state.surroundings;
            surroundings.is_session_of(&caller.asker, app_id, session_id)
        })
    };
    Ok(found
        .iter()
        .map(|row| view_of(row, is_yours(row[1].as_str())))
        .collect())
}

fn view_of(row: &[Value], is_yours: bool) -> OnboardingView {
    let text = |at: usize| row[at].as_str().map(str::to_owned);
    OnboardingView {
        view_id: text(0).unwrap_or_default(),
        session_id: text(1),
        time: Time(EventTime(time_us(&row[2]).unwrap_or_default())),
        url_path: text(3),
        view_name: text(4),
        loading_time: row[5].as_i64(),
        lcp: row[6].as_i64(),
        inp: row[7].as_i64(),
        cls: row[8].as_f64(),
        error_count: row[9].as_i64().unwrap_or(0),
        browser: text(10),
        os: text(11),
        country_code: text(12),
        is_yours,
    }
}
