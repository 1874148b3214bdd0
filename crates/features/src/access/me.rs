//! `/api/v1/me`: what a member sees and changes of their own.

use axum::Json;
use axum::extract;
use http::StatusCode;
use meta::{MemberSession, Name, Password, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::members::Member;
use crate::State;
use crate::api::auth::MemberAccess;
use crate::api::body::{Body, Path, field};
use crate::api::page::Page;
use crate::api::problems::Problem;
use crate::api::wire::Time;

/// A browser in which the member is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnSession {
    id: String,
    created_at: Time,
    /// To within some minutes.
    last_used_at: Time,
    user_agent: String,
    /// The address it was last used from.
    #[schema(required)]
    ip: Option<String>,
    /// Whether it is the one that asks.
    is_current: bool,
}

/// What to change of oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeUpdate {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// A change of one's password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    #[schema(format = Password)]
    current_password: String,
    /// 10 to 200 characters, and none of the best known.
    #[schema(min_length = 10, max_length = 200, format = Password)]
    new_password: String,
}

/// Change one's name
#[utoipa::path(patch, path = "/api/v1/me", request_body = MeUpdate, responses((status = OK, body = Member)))]
pub(crate) async fn rename(
    MemberAccess(current): MemberAccess,
    extract::State(state): extract::State<State>,
    Body(body): Body<MeUpdate>,
) -> Result<Json<Member>, Problem> {
    let name = field("/name", Name::parse(&body.name))?;
    let member = state.meta.rename_member(&current.member, name).await?;
    Ok(Json(member.into()))
}

/// Change one's password; the other sessions end
#[utoipa::path(
    post, path = "/api/v1/me/password", request_body = PasswordChange, responses((status = NO_CONTENT))
)]
pub(crate) async fn change_password(
    MemberAccess(current): MemberAccess,
    extract::State(state): extract::State<State>,
    Body(body): Body<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let new = field("/new_password", Password::parse(&body.new_password))?;
    let (member, session) = (&current.member, current.session);
    state
        .meta
        .change_password(member, session, &body.current_password, new, current.device)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List one's sessions, the one used last first
#[utoipa::path(get, path = "/api/v1/me/sessions", responses((status = OK, body = Page<OwnSession>)))]
pub(crate) async fn sessions(
    MemberAccess(current): MemberAccess,
    extract::State(state): extract::State<State>,
) -> Result<Json<Page<OwnSession>>, Problem> {
    let sessions = state.meta.sessions(&current.member).await?;
    let own = |session: MemberSession| OwnSession {
        is_current: session.id == current.session,
        id: session.id.0,
        created_at: Time(session.created_at),
        last_used_at: Time(session.last_used_at),
        user_agent: session.user_agent,
        ip: session.ip,
    };
    Ok(Json(Page {
        items: sessions.into_iter().map(own).collect(),
        next_cursor: None,
    }))
}

/// End one of one's sessions
#[utoipa::path(
    delete, path = "/api/v1/me/sessions/{id}", params(("id" = String, Path)), responses((status = NO_CONTENT))
)]
pub(crate) async fn end_session(
    MemberAccess(current): MemberAccess,
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    state
        .meta
        .end_session(&current.member, SessionId(id), &current.session)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
