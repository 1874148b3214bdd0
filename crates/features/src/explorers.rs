//! Slice `explorers`: lists of events with filter and sort, one event with all its fields, one session with all its events.
//!
//! **Reading order**: this file, `routes` (what is asked and answered), `queries` (statements), `cursor`, `session`.

mod cursor;
mod queries;
mod routes;
mod session;

use utoipa_axum::routes;

use crate::Slice;

pub(crate) const SLICE: Slice = Slice {
    name: "explorers",
    about: "Lists of events, single events and sessions",
    routes: || {
        vec![
            routes!(routes::list),
            routes!(routes::event),
            routes!(session::session),
        ]
    },
};
