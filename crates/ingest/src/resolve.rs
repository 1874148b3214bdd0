//! Which application an event belongs to, and whether it may be stored there.

use meta::{Application, Directory};
use protocol::Request;
use schema::tables::common;
use schema::{AppId, Event};

use crate::admission::{check_origin, is_open};

/// Why an event is not stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

/// What is known of an event's application.
pub(crate) enum Resolved<'a> {
    Known(&'a Application),
    /// It does not exist, and may be created.
    ToCreate(AppId),
    Refused(Refusal),
}

/// The application of an event: its own, else its token's, else the only one its request names.
pub(crate) fn application_of(
    event: &Event,
    request: &Request,
    only_named: Option<&str>,
) -> Option<String> {
    let own = event.row.str(common::app_id);
    own.or(request.token_app.as_deref())
        .or(only_named)
        .map(str::to_owned)
}

/// Whether the request may write to the application.
pub(crate) fn resolve<'a>(
    directory: &'a Directory,
    request: &Request,
    app_id: Option<&str>,
    create_applications: bool,
) -> Resolved<'a> {
    let refused = |reason, detail: String| Resolved::Refused(Refusal { reason, detail });
    let Some(app_id) = app_id else {
        return refused(
            "missing_application",
            "the event names no application and its token has none".to_owned(),
        );
    };
    let app_id = match AppId::parse(app_id) {
        Err(error) => return refused("invalid_app_id", error.to_string()),
        Ok(app_id) => app_id,
    };
    let Some(application) = directory.by_app_id(&app_id) else {
        return if create_applications && !directory.is_deleted(&app_id) {
            Resolved::ToCreate(app_id)
        } else {
            refused(
                "unknown_application",
                format!("there is no application {app_id}"),
            )
        };
    };
    // By number: the application may have been renamed since the request came, and events may name any of its ids.
    let token_app = request.token_app.as_deref();
    let token_app = token_app.and_then(|app_id| directory.by_app_id(&AppId::parse(app_id).ok()?));
    let is_token_app = token_app.is_some_and(|token_app| token_app.number == application.number);
    if !is_token_app && !is_open(application) && !create_applications {
        return refused(
            "application_not_allowed",
            format!("the token does not belong to application {app_id}"),
        );
    }
    if !is_token_app && check_origin(application, request.header("origin")).is_err() {
        return refused(
            "origin_not_allowed",
            format!("application {app_id} does not allow the request's origin"),
        );
    }
    Resolved::Known(application)
}
