//! Every error that a user of the API can see: one list, one shape (RFC 9457, `application/problem+json`).
//!
//! A problem is a kind from the list (status, stable code, title, help) and a `detail` that says what happened this time, with the
//! value. Causes inside the server are never shown: they go to the log under the same `request_id`.

use std::any::Any;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::request_id;

/// A kind of problem. Its code never changes once released: clients branch on it.
#[derive(PartialEq, Eq, Debug)]
pub struct Kind {
    pub status: StatusCode,
    /// Stable, snake_case.
    pub code: &'static str,
    /// What this kind is, the same each time.
    pub title: &'static str,
    /// What to do.
    pub help: &'static str,
}

macro_rules! problems {
    ($($name:ident: $status:ident $code:literal $title:literal $help:literal;)+) => {
        $(pub const $name: Kind =
            Kind { status: StatusCode::$status, code: $code, title: $title, help: $help };)+

        /// All kinds, in the order of the list.
        pub const ALL: &[&Kind] = &[$(&$name),+];
    };
}

problems! {
    UNAUTHORIZED: UNAUTHORIZED "unauthorized" "Neither a session nor a valid API key"
        "Sign in, or send a valid API key as `Authorization: Bearer KEY`.";
    FORBIDDEN: FORBIDDEN "forbidden" "The role or the API key does not allow this"
        "Ask an owner or an admin, or use an API key with full rights.";
    CROSS_SITE: FORBIDDEN "cross_site" "The request may come from another site"
        "Send the header `x-footfall-console: 1` from a page of this server. Behind a proxy, pass `Host` on or set public_url.";
    MEMBERS_ONLY: FORBIDDEN "members_only" "Only a member can ask for this"
        "Sign in; an API key has no sessions and no password.";
    WRONG_CREDENTIALS: UNAUTHORIZED "wrong_credentials" "The e-mail or the password is wrong"
        "Try again; `footfall admin reset-link --email E` on the server makes a link for a new password.";
    WRONG_PASSWORD: FORBIDDEN "wrong_password" "The current password is wrong"
        "Try again; `footfall admin reset-link --email E` on the server makes a link for a new password.";
    TOO_MANY_ATTEMPTS: TOO_MANY_REQUESTS "too_many_attempts" "There were too many wrong passwords"
        "Wait as long as `retry_after_s` says.";
    SIGN_IN_BUSY: SERVICE_UNAVAILABLE "sign_in_busy" "Too many passwords are being checked"
        "Try again in a few seconds.";
    ALREADY_SET_UP: CONFLICT "already_set_up" "The server has its first administrator"
        "Sign in, or ask an owner or an admin for an invitation.";
    LINK_INVALID: GONE "link_invalid" "The link does not work any more"
        "Ask for a new one; on the server `footfall admin reset-link` makes one.";
    MEMBER_NOT_FOUND: NOT_FOUND "member_not_found" "There is no such member"
        "GET /api/v1/members lists the members.";
    MEMBER_EXISTS: CONFLICT "member_exists" "There is a member with this e-mail"
        "Change the member's role instead, or use another e-mail.";
    LAST_OWNER: CONFLICT "last_owner" "The last owner stays"
        "Make somebody else an owner first.";
    OWNERS_ONLY: FORBIDDEN "owners_only" "Only an owner can do this"
        "Ask an owner.";
    SIGN_IN_NOT_FOUND: NOT_FOUND "sign_in_not_found" "There is no such session of yours"
        "GET /api/v1/me/sessions lists your sessions.";
    INVITATION_NOT_FOUND: NOT_FOUND "invitation_not_found" "There is no such open invitation"
        "GET /api/v1/invitations lists the open invitations.";
    ERASURE_NOT_FOUND: NOT_FOUND "erasure_not_found" "There is no such erasure"
        "GET /api/v1/erasures lists the erasures.";
    UNKNOWN_PATH: NOT_FOUND "unknown_path" "There is no such path"
        "The paths of the API are listed at /api/v1/openapi.json.";
    METHOD_NOT_ALLOWED: METHOD_NOT_ALLOWED "method_not_allowed" "The path does not take this method"
        "The `Allow` header of this answer names the methods that the path takes.";
    UNSUPPORTED_MEDIA_TYPE: UNSUPPORTED_MEDIA_TYPE "unsupported_media_type" "The body is not announced as JSON"
        "Send `Content-Type: application/json`.";
    BODY_TOO_LARGE: PAYLOAD_TOO_LARGE "body_too_large" "The body is too large"
        "Send less in one request.";
    BODY_SYNTAX: BAD_REQUEST "body_syntax" "The body is not valid JSON"
        "Mend the JSON at the given position.";
    BODY_UNREADABLE: BAD_REQUEST "body_unreadable" "The body could not be read"
        "Send the request again, whole.";
    UNKNOWN_FIELD: BAD_REQUEST "unknown_field" "There is no such field"
        "Leave the field out; the fields are listed at /api/v1/openapi.json.";
    INVALID_VALUE: BAD_REQUEST "invalid_value" "A value cannot be used"
        "Send a value that the detail allows.";
    INVALID_CURSOR: BAD_REQUEST "invalid_cursor" "The cursor was not made by this list"
        "Start without a cursor, then send back `next_cursor` as it was given.";
    APPLICATION_NOT_FOUND: NOT_FOUND "application_not_found" "There is no such application"
        "GET /api/v1/applications lists the applications.";
    TOKEN_NOT_FOUND: NOT_FOUND "token_not_found" "There is no such live client token"
        "GET /api/v1/applications/{app_id}/tokens lists the tokens; an expired or revoked one cannot be changed.";
    API_KEY_NOT_FOUND: NOT_FOUND "api_key_not_found" "There is no such API key"
        "GET /api/v1/api_keys lists the keys.";
    APPLICATION_EXISTS: CONFLICT "application_exists" "The application id is taken"
        "Choose another app_id, or change the application with PATCH.";
    APP_ID_RESERVED: CONFLICT "app_id_reserved" "The application id belongs to a renamed application"
        "Choose another app_id.";
    APP_ID_DELETED: CONFLICT "app_id_deleted" "The application id was deleted"
        "Choose another app_id: the events of a deleted one are refused for good.";
    API_KEY_OF_ENVIRONMENT: CONFLICT "api_key_of_environment" "The API key is given by the server's settings"
        "Take the setting api_key (FOOTFALL_API_KEY) away and restart the server.";
    LIMIT_REACHED: CONFLICT "limit_reached" "There can be no more of these"
        "Delete what is no longer used.";
    SQL_SYNTAX: BAD_REQUEST "sql_syntax" "The statement is not SQL"
        "Correct the statement at the given position.";
    UNKNOWN_COLUMN: BAD_REQUEST "unknown_column" "There is no such column"
        "`DESCRIBE <table>` lists the columns of a table.";
    UNKNOWN_TABLE: BAD_REQUEST "unknown_table" "There is no such table"
        "`SHOW TABLES` lists the tables.";
    AMBIGUOUS_COLUMN: BAD_REQUEST "ambiguous_column" "A name can mean several columns"
        "Put the table's name before the column.";
    SQL_NOT_ALLOWED: BAD_REQUEST "sql_not_allowed" "The statement is not allowed"
        "Only SELECT, WITH, EXPLAIN, SHOW and DESCRIBE over the event tables are answered.";
    SQL_PARAMETERS: BAD_REQUEST "sql_parameters" "The parameters do not fit the statement"
        "Give one value for each of $1, $2 and so on.";
    SQL_INVALID: BAD_REQUEST "sql_invalid" "The statement cannot be answered"
        "Correct the statement.";
    SEARCH_SYNTAX: BAD_REQUEST "search_syntax" "The search cannot be read"
        "Correct the search at the given position.";
    EVENT_NOT_FOUND: NOT_FOUND "event_not_found" "There is no such event"
        "Check the table, the id and the application; events older than the retention are gone.";
    SESSION_NOT_FOUND: NOT_FOUND "session_not_found" "There is no such session"
        "Check the id and the application; sessions older than the retention are gone.";
    QUERY_MEMORY: BAD_REQUEST "query_memory" "The query needs too much memory"
        "Group by fewer values, sort fewer rows, or give a shorter time range.";
    QUERY_TIMEOUT: GATEWAY_TIMEOUT "query_timeout" "The query took too long"
        "Give a shorter time range or a more selective filter.";
    QUERY_TOO_BUSY: SERVICE_UNAVAILABLE "query_too_busy" "Too many queries run at once"
        "Try again in a few seconds.";
    QUERY_FAILED: INTERNAL_SERVER_ERROR "query_failed" "The query failed"
        "Try again; if it stays, look for the request id in the server's log.";
    NOT_READY: SERVICE_UNAVAILABLE "not_ready" "The server is still starting"
        "Wait until /readyz answers 200.";
    DISK_FULL: INSUFFICIENT_STORAGE "disk_full" "The server's disk is full"
        "Free some space on the disk of the data directory; nothing was changed.";
    INTERNAL: INTERNAL_SERVER_ERROR "internal" "The server made a mistake"
        "Look for the request_id in the server's log; please report what you find there.";
}

/// Where in the request's text, both from 1.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema, Debug)]
pub struct Position {
    pub line: usize,
    /// In characters.
    pub column: usize,
}

/// A part of one value of the request, as the search of `q`: bytes from 0, the end exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema, Debug)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

/// Where a mistake is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema, Debug)]
#[serde(untagged)]
pub enum Place {
    Position(Position),
    Span(Span),
}

impl From<Position> for Place {
    fn from(position: Position) -> Self {
        Self::Position(position)
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self::Span(span)
    }
}

/// One problem, ready to be answered.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: &'static Kind,
    detail: String,
    help: Option<Box<str>>,
    position: Option<Place>,
    pointer: Option<Box<str>>,
    retry_after_s: Option<u64>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// What is sent. `pointer` and `position` are there where they say something.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
struct Document<'a> {
    /// Names the kind: `urn:footfall:problem:` and the code.
    #[schema(format = "uri")]
    r#type: String,
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// Stable name of the kind, for programs.
    code: &'a str,
    /// What happened this time.
    detail: &'a str,
    /// What to do.
    help: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    position: Option<Place>,
    /// The field of the body that is meant (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pointer: Option<&'a str>,
    /// When to try again, in seconds; also in the header `retry-after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_s: Option<u64>,
    /// Also in the header `x-request-id` and in the server's log.
    request_id: &'a str,
}

impl Kind {
    /// This problem, with what happened.
    pub fn because(&'static self, detail: impl fmt::Display) -> Problem {
        let detail = detail.to_string();
        Problem {
            kind: self,
            detail,
            help: None,
            position: None,
            pointer: None,
            retry_after_s: None,
            source: None,
        }
    }
}

impl Problem {
    /// With help that knows more than that of the kind.
    #[must_use]
    pub fn help(self, help: impl fmt::Display) -> Self {
        Self {
            help: Some(help.to_string().into()),
            ..self
        }
    }

    /// With the place in the request's text.
    #[must_use]
    pub fn at(self, place: impl Into<Place>) -> Self {
        Self {
            position: Some(place.into()),
            ..self
        }
    }

    /// With the field of the body, as a JSON pointer.
    #[must_use]
    pub fn pointing(self, pointer: impl fmt::Display) -> Self {
        Self {
            pointer: Some(pointer.to_string().into()),
            ..self
        }
    }

    /// With the time until another try can succeed.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    /// With the cause, for the log only.
    #[must_use]
    pub fn caused_by(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self {
            source: Some(Arc::new(source)),
            ..self
        }
    }

    #[must_use]
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// Renders the document. Logs the cause, if there is one: this is where it is handled.
    fn answer(&self, request_id: &str) -> Response {
        if let Some(source) = &self.source {
            let cause = chain(source.as_ref());
            tracing::error!(request_id, code = self.kind.code, cause, "request failed");
        }
        let document = Document {
            r#type: format!("urn:footfall:problem:{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status.as_u16(),
            code: self.kind.code,
            detail: &self.detail,
            help: self.help.as_deref().unwrap_or(self.kind.help),
            position: self.position,
            pointer: self.pointer.as_deref(),
            retry_after_s: self.retry_after_s,
            request_id,
        };
        let body = serde_json::to_vec(&document).expect("a problem has only text and numbers");
        let content_type = [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        )];
        let mut response = (self.kind.status, content_type, body).into_response();
        if self.kind.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let request_id = request_id::new();
        let mut response = self.answer(&request_id);
        request_id::set(&mut response, &request_id);
        response
    }
}

impl From<meta::Error> for Problem {
    fn from(error: meta::Error) -> Self {
        use meta::Error as E;
        if let E::TooManyAttempts { retry_after_s } = error {
            return TOO_MANY_ATTEMPTS.because(&error).retry_after(retry_after_s);
        }
        let kind = match &error {
            E::AppIdTaken { .. } => &APPLICATION_EXISTS,
            E::AppIdReserved { .. } => &APP_ID_RESERVED,
            E::AppIdDeleted { .. } => &APP_ID_DELETED,
            E::NoApplication { .. } => &APPLICATION_NOT_FOUND,
            E::NoToken { .. } => &TOKEN_NOT_FOUND,
            E::NoApiKey { .. } => &API_KEY_NOT_FOUND,
            E::EnvironmentApiKey => &API_KEY_OF_ENVIRONMENT,
            E::Limit { .. } => &LIMIT_REACHED,
            E::Retention { .. }
            | E::NameLength { .. }
            | E::NameCharacter { .. }
            | E::Email { .. }
            | E::PasswordLength { .. }
            | E::PasswordKnown
            | E::ShortApiKey { .. } => &INVALID_VALUE,
            E::HashingBusy => &SIGN_IN_BUSY,
            E::WrongCredentials => &WRONG_CREDENTIALS,
            E::WrongPassword => &WRONG_PASSWORD,
            E::SetUpAlready => &ALREADY_SET_UP,
            E::Link => &LINK_INVALID,
            E::NoMember { .. } | E::NoMemberOfEmail { .. } => &MEMBER_NOT_FOUND,
            E::MemberExists { .. } => &MEMBER_EXISTS,
            E::LastOwner => &LAST_OWNER,
            E::OwnersOnly => &OWNERS_ONLY,
            E::MayNotManage { .. } => &FORBIDDEN,
            E::NoSession { .. } => &SIGN_IN_NOT_FOUND,
            E::NoInvitation { .. } => &INVITATION_NOT_FOUND,
            E::NoErasure { .. } => &ERASURE_NOT_FOUND,
            _ if error.is_disk_full() => &DISK_FULL,
            _ => {
                return INTERNAL
                    .because("the metadata database failed")
                    .caused_by(error);
            }
        };
        kind.because(&error)
    }
}

/// The problem of a handler that panicked.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer that catches panics hands it over so"
)]
pub(crate) fn of_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("(no message)");
    INTERNAL
        .because("the request met a fault in the server")
        .caused_by(Panic(text.to_owned()))
        .into_response()
}

#[derive(Debug)]
struct Panic(String);

impl fmt::Display for Panic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "panic: {}", self.0)
    }
}

impl Error for Panic {}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let _ = write!(text, ": {error}");
        next = error.source();
    }
    text
}

/// The schema of the document, for the OpenAPI document.
pub(crate) fn schemas() -> Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)> {
    use utoipa::PartialSchema;
    let mut schemas = vec![(Document::name().into_owned(), Document::schema())];
    Document::schemas(&mut schemas);
    schemas
}

/// The list as Markdown, for `docs/reference/problems.md`.
#[must_use]
pub fn reference_markdown() -> String {
    let mut text = String::from(
        "# Problems of the API\n\n| code | status | title | what to do |\n|---|---|---|---|\n",
    );
    for kind in ALL {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            kind.code,
            kind.status.as_u16(),
            kind.title,
            kind.help
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_every_kind_says_what_to_do() {
        let mut codes: Vec<&str> = ALL.iter().map(|kind| kind.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ALL.len());
        for kind in ALL {
            assert!(
                kind.status.is_client_error() || kind.status.is_server_error(),
                "{kind:?}"
            );
            assert!(
                kind.help.ends_with('.') && !kind.title.ends_with('.'),
                "{kind:?}"
            );
        }
    }
}
