//! What a refusal looks like to who has to mend it: finer than the outcome that the client is told.

use meta::{Directory, TokenRefusal};
use protocol::{Limits, Outcome, Request};
use schema::{AppId, EventTime};

use crate::Account;
use crate::account::{Refusal, token_hint};

/// What is known when a request is refused.
pub(crate) struct Facts<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) token: Option<&'a str>,
    pub(crate) now: EventTime,
    pub(crate) request: &'a Request,
    pub(crate) account: &'a Account,
}

/// A refusal by token or origin. The body is read for the application it names, so that the right screen shows it.
pub(crate) fn at_admission(facts: &Facts<'_>, outcome: &Outcome, limits: &Limits) -> Refusal {
    let named = if facts.account.may_peek() {
        protocol::named_applications(facts.request, limits)
    } else {
        Vec::new()
    };
    let is_known = |app_id: &&String| {
        let app_id = AppId::parse(app_id);
        app_id.is_ok_and(|app_id| facts.directory.by_app_id(&app_id).is_some())
    };
    let known = named.iter().find(is_known);
    let refusal = facts.token.map(|token| {
        facts
            .directory
            .by_token(token, facts.now)
            .err()
            .unwrap_or(TokenRefusal::Unknown)
    });
    let code = match (outcome, refusal) {
        (Outcome::OriginNotAllowed, _) => "wrong_origin",
        // Where an application needs no token, a name that nobody has is what is wrong.
        (Outcome::UnknownToken | Outcome::MissingToken, None | Some(TokenRefusal::Unknown))
            if facts.directory.any_open() && known.is_none() && !named.is_empty() =>
        {
            "unknown_application"
        }
        (_, Some(TokenRefusal::Expired)) => "expired_token",
        (_, Some(TokenRefusal::Revoked)) => "revoked_token",
        (_, Some(TokenRefusal::Unknown)) => "wrong_token",
        (_, None) => "missing_token",
    };
    let named_app = known.or(named.first()).cloned();
    Refusal {
        named_app,
        ..without_body(facts, code)
    }
}

/// A refusal that says nothing about who sent it, or whose body is not there.
pub(crate) fn without_body(facts: &Facts<'_>, code: &'static str) -> Refusal {
    let by_token = facts
        .token
        .and_then(|token| facts.directory.by_token(token, facts.now).ok());
    let request = facts.request;
    Refusal {
        code,
        origin: request.header("origin").map(str::to_owned),
        token_hint: facts
            .token
            .filter(|token| !token.is_empty())
            .map(token_hint),
        token_app: by_token.map(|application| application.app_id.to_string()),
        named_app: None,
        sdk: protocol::sdk(request),
        visitor: facts
            .account
            .visitor(request.peer, request.header("user-agent")),
    }
}

/// The code of a refused event, where its reason is one that an application's owner can mend.
pub(crate) fn code_of_reject(reason: &str) -> Option<&'static str> {
    match reason {
        "unknown_application" => Some("unknown_application"),
        "missing_application" => Some("missing_application"),
        "invalid_app_id" => Some("invalid_app_id"),
        "application_not_allowed" => Some("wrong_application"),
        "origin_not_allowed" => Some("wrong_origin"),
        _ => None,
    }
}
