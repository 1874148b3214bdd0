//! Slice `intake`: what arrives, what does not, and why; and the figures of the server.

mod asker;
mod forecast;
mod health;
mod onboarding;
mod refusals;
mod status;

use utoipa_axum::routes;

use crate::Slice;

pub(crate) const SLICE: Slice = Slice {
    name: "intake",
    about: "What arrives, what does not, and why",
    routes: || {
        vec![
            routes!(onboarding::show),
            routes!(health::show),
            routes!(status::show),
        ]
    },
};
