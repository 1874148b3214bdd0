//! `/api/v1/applications/activity`: which applications send now.

use axum::Json;
use axum::extract;
use schema::{AppId, EventTime};
use serde::Serialize;
use utoipa::ToSchema;

use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::page::Page;
use crate::api::problems::Problem;
use crate::api::wire::Time;
use crate::surroundings::Activity as Lately;

/// An application whose last event is younger is live.
const LIVE_US: i64 = 5 * 60_000_000;

/// What an application sent lately.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationActivity {
    app_id: String,
    /// When the last event arrived; null when there was none.
    #[schema(required)]
    last_event_at: Option<Time>,
    /// Events that arrived in the last 60 seconds.
    events_per_minute: u64,
    /// Seen since the server started, the last seen first.
    sdks: Vec<ApplicationSdk>,
    state: ActivityState,
}

/// An SDK that sends.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationSdk {
    /// As in the column `sdk_family`.
    name: String,
    #[schema(required)]
    version: Option<String>,
    last_event_at: Time,
}

/// `waiting` for the first event, `live` with one in the last 5 minutes, `quiet` otherwise.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActivityState {
    Waiting,
    Live,
    Quiet,
}

/// List what each application sent lately
#[utoipa::path(
    get, path = "/api/v1/applications/activity", responses((status = OK, body = Page<ApplicationActivity>))
)]
pub(crate) async fn list(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
) -> Result<Json<Page<ApplicationActivity>>, Problem> {
    let mut items = Vec::new();
    for application in state.meta.applications() {
        let app_id = application.app_id.as_str();
        let lately = state.surroundings.activity(app_id);
        let last_us = match &lately {
            Some(lately) => Some(lately.last_event_us),
            None => {
                let earlier = application.earlier_app_ids.iter().map(AppId::as_str);
                let ids: Vec<&str> = earlier.chain([app_id]).collect();
                let stored = state.stored_arrivals.of(&state, &ids).await?;
                stored.map(|(_, last)| last)
            }
        };
        items.push(activity_of(app_id, lately, last_us, state.meta.now().0));
    }
    Ok(Json(Page {
        items,
        next_cursor: None,
    }))
}

fn activity_of(
    app_id: &str,
    lately: Option<Lately>,
    last_us: Option<i64>,
    now_us: i64,
) -> ApplicationActivity {
    let state = match last_us {
        None => ActivityState::Waiting,
        Some(last_us) if now_us - last_us < LIVE_US => ActivityState::Live,
        Some(_) => ActivityState::Quiet,
    };
    let events_per_minute = lately.as_ref().map_or(0, |lately| lately.events_per_minute);
    let sdks = lately.into_iter().flat_map(|lately| lately.sdks);
    let sdks = sdks.map(|(sdk, last_us)| ApplicationSdk {
        name: sdk.family,
        version: sdk.version,
        last_event_at: Time(EventTime(last_us)),
    });
    ApplicationActivity {
        app_id: app_id.to_owned(),
        last_event_at: last_us.map(|us| Time(EventTime(us))),
        events_per_minute,
        sdks: sdks.collect(),
        state,
    }
}
