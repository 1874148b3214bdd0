//! `/api/v1/session`: who is signed in in this browser.

use axum::Json;
use axum::extract;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use meta::{Member, Role, SignedIn, WorkspaceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::State;
use crate::api::auth::{MaybeMember, MemberAccess, Stranger};
use crate::api::body::Body;
use crate::api::client::Client;
use crate::api::cookie;
use crate::api::problems::Problem;
use crate::api::wire::Named;

type RoleName = Named<Role>;

/// How far somebody is.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CurrentSessionState {
    /// The server has no member yet: the link that it printed at its start makes the first one.
    Setup,
    SignedOut,
    SignedIn,
}

/// Who is signed in in this browser.
#[derive(Serialize, ToSchema)]
pub(crate) struct CurrentSession {
    state: CurrentSessionState,
    /// Null for who is not signed in.
    #[schema(required)]
    workspace: Option<CurrentWorkspace>,
    /// Null for who is not signed in.
    #[schema(required)]
    member: Option<CurrentMember>,
    /// Of the server.
    version: &'static str,
}

/// A workspace: what shares members, applications and data.
#[derive(Serialize, ToSchema)]
pub(crate) struct CurrentWorkspace {
    id: i64,
    name: String,
}

/// The member who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct CurrentMember {
    id: String,
    email: String,
    name: String,
    role: RoleName,
}

/// What a member signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    email: String,
    #[schema(format = Password)]
    password: String,
}

/// Tell who is signed in
///
/// Renews the cookie, which otherwise ends 30 days after the sign-in.
#[utoipa::path(get, path = "/api/v1/session", security(()), responses((status = OK, body = CurrentSession)))]
pub(crate) async fn show(
    MaybeMember(current): MaybeMember,
    client: Client,
    extract::State(state): extract::State<State>,
    headers: http::HeaderMap,
) -> Result<Response, Problem> {
    if let Some(current) = current {
        let session = CurrentSession::of(&state, &current.member).await?;
        let secret = cookie::secret_of(&headers).unwrap_or_default();
        return Ok((cookie::set(secret, &client), Json(session)).into_response());
    }
    let is_set_up = state.meta.has_members(WorkspaceId::FIRST).await?;
    let session = CurrentSession {
        state: if is_set_up {
            CurrentSessionState::SignedOut
        } else {
            CurrentSessionState::Setup
        },
        workspace: None,
        member: None,
        version: env!("CARGO_PKG_VERSION"),
    };
    Ok(Json(session).into_response())
}

/// Sign in
#[utoipa::path(
    post, path = "/api/v1/session", security(()), request_body = SignIn,
    responses((status = OK, body = CurrentSession, headers(("set-cookie", description = "The session"))))
)]
pub(crate) async fn sign_in(
    Stranger { client, device }: Stranger,
    extract::State(state): extract::State<State>,
    Body(body): Body<SignIn>,
) -> Result<Response, Problem> {
    let signed_in = state
        .meta
        .sign_in(WorkspaceId::FIRST, &body.email, &body.password, device)
        .await?;
    answer(&state, &client, signed_in).await
}

/// Sign out
#[utoipa::path(delete, path = "/api/v1/session", responses((status = NO_CONTENT)))]
pub(crate) async fn sign_out(
    MemberAccess(current): MemberAccess,
    client: Client,
    extract::State(state): extract::State<State>,
) -> Result<Response, Problem> {
    let session = current.session;
    state
        .meta
        .end_session(&current.member, session.clone(), &session)
        .await?;
    Ok((StatusCode::NO_CONTENT, cookie::clear(&client)).into_response())
}

/// Tells a member who has just signed in who they are, and gives their browser the session.
pub(super) async fn answer(
    state: &State,
    client: &Client,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    let session = CurrentSession::of(state, &signed_in.member).await?;
    Ok((cookie::set(&signed_in.secret, client), Json(session)).into_response())
}

impl CurrentSession {
    async fn of(state: &State, member: &Member) -> Result<Self, Problem> {
        let workspace = state.meta.workspace(member.workspace).await?;
        Ok(Self {
            state: CurrentSessionState::SignedIn,
            workspace: Some(CurrentWorkspace {
                id: workspace.id.0,
                name: workspace.name,
            }),
            member: Some(CurrentMember {
                id: member.id.0.clone(),
                email: member.email.to_string(),
                name: member.name.to_string(),
                role: Named(member.role),
            }),
            version: env!("CARGO_PKG_VERSION"),
        })
    }
}
