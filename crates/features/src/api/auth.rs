//! Who calls: a program with an API key as bearer token (RFC 6750), or a member by the cookie of their session.
//!
//! A browser adds the cookie by itself, also to a request that another site has made it send. What changes something therefore
//! needs a header that another site cannot send without our leave (there is no CORS under `/api`), and an `Origin`, where
//! there is one, that is our own.

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use meta::{Actor, Device, Member, Names, Rights, SessionId, WorkspaceId};

use super::client::{self, Client};
use super::cookie;
use super::problems::{self, Problem};
use crate::State;

/// Sent by our console with each request that is not a GET.
const CONSOLE_HEADER: &str = "x-footfall-console";

/// Who calls.
#[derive(Clone, Debug)]
pub enum Principal {
    ApiKey(meta::Principal),
    Member(CurrentMember),
}

/// A member and the session by which they call.
#[derive(Clone, Debug)]
pub struct CurrentMember {
    pub member: Member,
    pub session: SessionId,
    /// What their browser tells of itself.
    pub device: Device,
}

/// A caller who may read; taken as an argument, it guards its handler.
pub struct ReadAccess(pub Principal);

/// A caller who may also change things: an owner, an admin, or a key with full rights.
pub struct FullAccess(pub Principal);

/// A member, whatever their role: what belongs to a person is no matter for keys.
pub struct MemberAccess(pub CurrentMember);

/// Who is signed in, if anybody; for handlers that answer everybody.
pub struct MaybeMember(pub Option<CurrentMember>);

/// Somebody not signed in yet, on a page of ours: another site must not sign its visitors in to an account of its choice.
pub struct Stranger {
    pub client: Client,
    pub device: Device,
}

impl Principal {
    /// The caller as the one who acts, for audit entries.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::ApiKey(key) => key.actor(),
            Self::Member(current) => current.member.actor(),
        }
    }

    /// Whose data the caller sees.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        match self {
            Self::ApiKey(key) => key.workspace,
            Self::Member(current) => current.member.workspace,
        }
    }
}

impl FromRequestParts<State> for ReadAccess {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        authenticate(parts, state).await.map(Self)
    }
}

impl FromRequestParts<State> for FullAccess {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let principal = authenticate(parts, state).await?;
        match &principal {
            Principal::ApiKey(key) if key.rights == Rights::Read => {
                Err(problems::FORBIDDEN.because("this API key may only read"))
            }
            Principal::Member(current) if !current.member.role.may_manage() => {
                let role = current.member.role.as_str();
                Err(problems::FORBIDDEN.because(format!("a {role} may not do this")))
            }
            _ => Ok(Self(principal)),
        }
    }
}

impl FromRequestParts<State> for MemberAccess {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        match authenticate(parts, state).await? {
            Principal::Member(current) => Ok(Self(current)),
            Principal::ApiKey(_) => {
                Err(problems::MEMBERS_ONLY.because("an API key is no person with a session"))
            }
        }
    }
}

impl FromRequestParts<State> for MaybeMember {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        current_member(parts, state).await.map(Self)
    }
}

impl FromRequestParts<State> for Stranger {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Problem> {
        let client = client::of(parts);
        check_origin(parts, &client)?;
        let device = device(parts, &client);
        Ok(Self { client, device })
    }
}

async fn authenticate(parts: &Parts, state: &State) -> Result<Principal, Problem> {
    let unauthorized = |detail: &str| problems::UNAUTHORIZED.because(detail);
    let value = parts.headers.get(header::AUTHORIZATION);
    let key = value.and_then(|value| bearer(value.as_bytes()));
    if let Some(key) = key {
        let principal = state.meta.authenticate(key);
        return principal.map(Principal::ApiKey).ok_or_else(|| {
            unauthorized("this API key is not known here; it may have been deleted")
        });
    }
    // After the key only: a proxy with a password of its own leaves its `Authorization: Basic` on the browser's requests.
    if let Some(current) = current_member(parts, state).await? {
        return Ok(Principal::Member(current));
    }
    Err(match (value, cookie::secret_of(&parts.headers)) {
        (_, Some(_)) => unauthorized("this session has ended"),
        (Some(_), _) => unauthorized("the Authorization header is not of the form `Bearer KEY`"),
        (None, None) => unauthorized("the request has neither an API key nor a session"),
    })
}

async fn current_member(parts: &Parts, state: &State) -> Result<Option<CurrentMember>, Problem> {
    let Some(secret) = cookie::secret_of(&parts.headers) else {
        return Ok(None);
    };
    let client = client::of(parts);
    if !parts.method.is_safe() {
        if !parts.headers.contains_key(CONSOLE_HEADER) {
            let detail = format!("the request has a session but no header {CONSOLE_HEADER}");
            return Err(problems::CROSS_SITE.because(detail));
        }
        check_origin(parts, &client)?;
    }
    let found = state.meta.session(secret, client.ip).await?;
    Ok(found.map(|(session, member)| CurrentMember {
        member,
        session,
        device: device(parts, &client),
    }))
}

fn check_origin(parts: &Parts, client: &Client) -> Result<(), Problem> {
    let Some(origin) = parts.headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = String::from_utf8_lossy(origin.as_bytes());
    if client.is_own_origin(&origin) {
        Ok(())
    } else {
        let detail = format!("the request comes from a page of {origin}, which is not this server");
        Err(problems::CROSS_SITE.because(detail))
    }
}

fn device(parts: &Parts, client: &Client) -> Device {
    let user_agent = parts.headers.get(header::USER_AGENT);
    let user_agent = user_agent.map(|value| String::from_utf8_lossy(value.as_bytes()));
    Device {
        user_agent: user_agent.unwrap_or_default().into_owned(),
        ip: client.ip,
    }
}

fn bearer(value: &[u8]) -> Option<&str> {
    // As UTF-8 and not as a header string: FOOTFALL_API_KEY may be any text.
    let (scheme, key) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}
