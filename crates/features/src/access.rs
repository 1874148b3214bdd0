//! Slice `access`: who signs in, what they may do, and what was done by whom.

mod audit;
mod invitations;
mod me;
mod members;
mod session;
mod setup;

use utoipa_axum::routes;

use crate::Slice;

pub(crate) const SLICE: Slice = Slice {
    name: "access",
    about: "Sign-in, members, invitations and audit entries",
    routes: || {
        vec![
            routes!(session::show, session::sign_in, session::sign_out),
            routes!(setup::set_up),
            routes!(setup::reset_password),
            routes!(me::rename),
            routes!(me::change_password),
            routes!(me::sessions),
            routes!(me::end_session),
            routes!(members::list),
            routes!(members::set_role, members::remove),
            routes!(invitations::list, invitations::create),
            routes!(invitations::show, invitations::accept),
            routes!(invitations::delete),
            routes!(audit::list),
        ]
    },
};
