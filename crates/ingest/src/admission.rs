//! Who may send what: token, origin, room.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use meta::{Access, Application, Directory};
use protocol::Outcome;
use schema::{AppId, EventTime};

/// Refusals that were logged, so that a misconfigured page does not fill the log.
const LOGGED_MAX: usize = 1_000;

/// What a request presents.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    pub token: Option<&'a str>,
    pub origin: Option<&'a str>,
    /// When it is presented: tokens expire.
    pub now: EventTime,
}

/// Decides about one request: the application of its token (nothing when an open application or `--create-applications` lets it
/// in without one), or why not. `named` finds the applications its body names and is asked only when that decides.
///
/// # Errors
/// The protocol-neutral reason; the protocol words it.
pub fn admit(
    directory: &Directory,
    credentials: Credentials<'_>,
    create_applications: bool,
    named: impl FnOnce() -> Vec<String>,
) -> Result<Option<String>, Outcome> {
    let by_token = credentials
        .token
        .and_then(|token| directory.by_token(token, credentials.now).ok());
    if let Some(application) = by_token {
        check_origin(application, credentials.origin)?;
        return Ok(Some(application.app_id.to_string()));
    }
    if create_applications {
        return Ok(None);
    }
    let refusal = || {
        if credentials.token.is_some() {
            Outcome::UnknownToken
        } else {
            Outcome::MissingToken
        }
    };
    if !directory.any_open() {
        return Err(refusal());
    }
    let named = named();
    let mut known = named
        .iter()
        .filter_map(|app_id| directory.by_app_id(&AppId::parse(app_id).ok()?));
    let open = known
        .find(|application| is_open(application))
        .ok_or_else(refusal)?;
    check_origin(open, credentials.origin)?;
    Ok(None)
}

/// Empty allowed origins let any origin in; a request without `Origin` passes unless one is required.
pub(crate) fn check_origin(application: &Application, origin: Option<&str>) -> Result<(), Outcome> {
    if application.accepts_origin(origin) {
        Ok(())
    } else {
        Err(Outcome::OriginNotAllowed)
    }
}

/// Whether the application takes events without a token.
pub(crate) fn is_open(application: &Application) -> bool {
    application.settings.access == Access::Open
}

/// The outcome's name in metrics and logs.
#[must_use]
pub fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::UnknownToken => "unknown_token",
        Outcome::MissingToken => "missing_token",
        Outcome::OriginNotAllowed => "origin_not_allowed",
        Outcome::BodyTooLarge { .. } => "body_too_large",
        Outcome::Overloaded { .. } => "overloaded",
        Outcome::DiskFull => "disk_full",
        Outcome::NotReady => "not_ready",
        Outcome::UnknownApplication => "unknown_application",
        Outcome::BadRequest { .. } => "bad_request",
        Outcome::Quota => "quota",
    }
}

/// Whether there is room for more; kept up to date by the server's watch on disk and log.
#[derive(Debug, Default)]
pub struct Room {
    disk_full: AtomicBool,
    lagging: AtomicBool,
}

impl Room {
    /// Sets whether the disk has less free space than is reserved.
    pub fn set_disk_full(&self, full: bool) {
        if self.disk_full.swap(full, Ordering::Relaxed) != full {
            tracing::warn!(full, "the reserve of free disk space was crossed");
        }
    }

    /// Sets whether more is unflushed than a start should have to decode.
    pub fn set_lagging(&self, lagging: bool) {
        if self.lagging.swap(lagging, Ordering::Relaxed) != lagging {
            tracing::warn!(lagging, "the bound of unflushed data was crossed");
        }
    }

    /// Why nothing can be taken now, if so.
    #[must_use]
    pub fn refusal(&self) -> Option<Outcome> {
        if self.disk_full.load(Ordering::Relaxed) {
            Some(Outcome::DiskFull)
        } else if self.lagging.load(Ordering::Relaxed) {
            Some(Outcome::Overloaded { retry_after_s: 5 })
        } else {
            None
        }
    }
}

/// Says each refusal once per (reason, origin).
#[derive(Debug, Default)]
pub struct Refusals {
    logged: Mutex<HashSet<(&'static str, String)>>,
}

impl Refusals {
    /// Logs a refusal that was not logged before.
    pub fn note(&self, reason: &'static str, origin: Option<&str>) {
        let origin = origin.unwrap_or("none");
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.len() < LOGGED_MAX && logged.insert((reason, origin.to_owned())) {
            tracing::warn!(
                reason,
                origin,
                "refused requests; see the applications' tokens and allowed origins"
            );
        }
    }
}
