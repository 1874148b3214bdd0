//! Refused requests, each with what to do.

use schema::EventTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::wire::Time;
use crate::surroundings::Refusal;

/// A kind of request that was refused, or whose events were.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusalEntry {
    /// Stable: `wrong_token`, `expired_token`, `revoked_token`, `missing_token`, `wrong_origin`, `unknown_application`, `wrong_application`,
    /// `missing_application`, `invalid_app_id`, `body_too_large`, `bad_request`, `overloaded`, `disk_full`, `not_ready`.
    code: String,
    /// The page that sent it.
    #[schema(required)]
    origin: Option<String>,
    /// First and last characters of its client token.
    #[schema(required)]
    token_hint: Option<String>,
    /// The application that its events name, else that of its token.
    #[schema(required)]
    app_id: Option<String>,
    sdk: SdkName,
    /// Since the server started.
    count: u64,
    last_at: Time,
    /// It came from the caller's own address and browser.
    is_yours: bool,
    /// What to do.
    help: String,
}

/// An SDK by family and version.
#[derive(Serialize, ToSchema)]
pub(crate) struct SdkName {
    /// As in the column `sdk_family`.
    name: String,
    #[schema(required)]
    version: Option<String>,
}

impl From<crate::surroundings::Sdk> for SdkName {
    fn from(sdk: crate::surroundings::Sdk) -> Self {
        Self {
            name: sdk.family,
            version: sdk.version,
        }
    }
}

/// A refusal as the API shows it, with help for the owner of `application` or, without one, for whoever tends the server.
pub(crate) fn entry(refusal: Refusal, application: Option<&meta::Application>) -> RefusalEntry {
    let help = help(&refusal, application);
    RefusalEntry {
        code: refusal.code.to_owned(),
        origin: refusal.origin,
        token_hint: refusal.token_hint,
        app_id: refusal.named_app.or(refusal.token_app),
        sdk: refusal.sdk.into(),
        count: refusal.count,
        last_at: Time(EventTime(refusal.last_us)),
        is_yours: refusal.is_yours,
        help,
    }
}

/// Whether a refusal was meant for an application, or could have been: it names no other one.
pub(crate) fn may_concern(
    refusal: &Refusal,
    application: &meta::Application,
    is_other: impl Fn(&str) -> bool,
) -> bool {
    let is_own = |app_id: &String| {
        let ids = application.earlier_app_ids.iter();
        ids.chain([&application.app_id])
            .any(|own| own.as_str() == app_id)
    };
    let [named, token] = [&refusal.named_app, &refusal.token_app].map(Option::as_ref);
    if named.is_some_and(is_own) || token.is_some_and(is_own) {
        return true;
    }
    !named.is_some_and(|app_id| is_other(app_id)) && !token.is_some_and(|app_id| is_other(app_id))
}

fn help(refusal: &Refusal, application: Option<&meta::Application>) -> String {
    let id = application.map_or("your application", |application| {
        application.app_id.as_str()
    });
    let token = match &refusal.token_hint {
        Some(hint) => format!("the token {hint}"),
        None => "the token".to_owned(),
    };
    let named = refusal.named_app.as_deref().unwrap_or("none");
    match refusal.code {
        "wrong_token" => format!("No application has {token}. Copy a client token of {id} from its settings into the SDK's options."),
        "expired_token" => format!("The time in which {token} was still accepted after its rotation is over. Put the new token of {id} into the SDK's options."),
        "revoked_token" => format!("Somebody revoked {token}. Put a live token of {id} into the SDK's options."),
        "missing_token" => format!("The SDK sent no client token. Set it in the SDK's options, or let {id} take events without one (access: open)."),
        "wrong_origin" => match &refusal.origin {
            Some(origin) => format!("Add {origin} to the allowed origins of {id}, if that page is yours."),
            None => format!("The request names no origin, and {id} requires one. Turn \"require origin\" off, if programs other than web pages send."),
        },
        "unknown_application" => format!("The SDK names the application {named}, which is not here. Set its application id to {id}."),
        "wrong_application" => {
            let owner = refusal.token_app.as_deref().unwrap_or("another application");
            format!("The SDK's token is one of {owner}, but its events name {named}. Use a token and an application id that belong together.")
        }
        "missing_application" => format!("The events name no application and came without a token. Set the application id to {id}, or a client token of it."),
        "invalid_app_id" => format!("The SDK's application id cannot be one: use 1 to 64 letters, digits, `_`, `-` and `.`. The one of this application is {id}."),
        "body_too_large" => "The request is larger than the server takes. Raise event_body_bytes_max, or send smaller batches.".to_owned(),
        "bad_request" => "The request broke off or came too slowly. If it stays, look at the proxy between the page and this server.".to_owned(),
        "overloaded" => "The server could not keep up and asked to send again; SDKs do so by themselves. If it stays, see Status.".to_owned(),
        "disk_full" => "The disk of the data folder is nearly full, so nothing new is taken. Free some space, or shorten the retention.".to_owned(),
        "not_ready" => "The server was starting or stopping; SDKs send again by themselves.".to_owned(),
        code => format!("The server's log says more about {code}."),
    }
}
