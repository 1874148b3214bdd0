//! The Datadog family: Datadog browser SDKs 5 to 7, OpenObserve, Flashduty, and the mobile SDKs.
//!
//! **Requests.** RUM events, replays, logs and profiles are posted to `/api/v2/{track}`, by OpenObserve to
//! `/rum/{version}/{organisation}/{track}`; a proxy hides path and query in one parameter (`ddforward`, `o2forward`); a mobile
//! client sends to exactly the path that was typed, hence `/intake/{token}/{track}`. 202 is the only success that every client
//! knows. See `endpoints`.
//!
//! **Bodies.** One JSON object a line, or one array; deflated when the *query* says so, gzipped when a header does.
//!
//! **Events.** `type` names the table. Durations are nanoseconds, `date` is milliseconds. A column of the dictionary names the
//! paths it takes (`dd: "view.loading_time"`); a path that no column takes becomes an attribute, so that nothing is lost:
//! - `context.…` and `feature_flags.…` as they are, `usr.…` as `user.…`, `account.…` as it is;
//! - anything else as `datadog.<path>`, in Datadog's spelling: OpenObserve's `_oo` is `_dd`, its `ootags` is `ddtags`.
//!
//! What must be reshaped on the way is a short list of `fixups`, one function a rule. What carries nothing is dropped, and
//! listed with its reason in `wire`.
//!
//! **Identity.** `{type}.id`, for views `view.id`; telemetry has none, so its id is a hash of what was sent (`decode`).
//!
//! Reading order: `endpoints`, `wire`, `paths`, `draft`, `fixups`, `decode`.

mod decode;
mod draft;
mod endpoints;
mod fixups;
mod paths;
mod peek;
mod sender;
mod wire;

use crate::Protocol;

pub(crate) const PROTOCOL: Protocol = Protocol {
    name: "datadog",
    route: endpoints::route,
    token: endpoints::token,
    answer: endpoints::answer,
    decode: decode::decode,
    named_applications: peek::named_applications,
    sdk: sender::sdk,
};
