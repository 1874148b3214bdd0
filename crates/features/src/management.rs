//! Slice `management`: applications, their client tokens, API keys, and what is deleted.

mod activity;
mod api_keys;
mod applications;
mod deletions;
mod erasures;
mod tokens;

use utoipa_axum::routes;

use crate::Slice;

pub(crate) const SLICE: Slice = Slice {
    name: "management",
    about: "Applications, client tokens, API keys, deletions and erasures",
    routes: || {
        vec![
            routes!(applications::list, applications::create),
            routes!(activity::list),
            routes!(
                applications::get,
                applications::update,
                applications::delete
            ),
            routes!(applications::rename),
            routes!(deletions::list),
            routes!(erasures::list, erasures::create),
            routes!(erasures::preview),
            routes!(erasures::get),
            routes!(tokens::list, tokens::create),
            routes!(tokens::revoke),
            routes!(tokens::rotate),
            routes!(api_keys::list, api_keys::create),
            routes!(api_keys::delete),
        ]
    },
};
