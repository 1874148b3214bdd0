//! `/api/v1/invitations`.

use axum::Json;
use axum::extract;
use axum::response::Response;
use http::StatusCode;
use meta::{Email, InvitationId, NewInvitation, Role, WorkspaceId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::session::{CurrentSession, answer};
use super::setup::newcomer;
use crate::State;
use crate::api::auth::{FullAccess, Stranger};
use crate::api::body::{Body, Path, Query, field};
use crate::api::page::{Page, PageKey, PageQuery};
use crate::api::problems::Problem;
use crate::api::wire::{Named, Time};

type RoleName = Named<Role>;

/// An open invitation.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invitation {
    id: String,
    email: String,
    role: RoleName,
    created_at: Time,
    expires_at: Time,
}

/// A new invitation with its link.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationCreated {
    #[serde(flatten)]
    invitation: Invitation,
    /// Path and query of the link. It is shown only here: only a hash of its token is kept.
    path: String,
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationCreate {
    email: String,
    role: RoleName,
}

/// Which invitation is meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InvitationQuery {
    /// Of the link.
    token: String,
}

/// To what somebody is invited.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationShown {
    email: String,
    role: RoleName,
    /// Name of the workspace.
    workspace: String,
}

/// Who accepts an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationAccept {
    /// Of the link.
    token: String,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// 10 to 200 characters, and none of the best known.
    #[schema(min_length = 10, max_length = 200, format = Password)]
    password: String,
}

/// List the open invitations
#[utoipa::path(get, path = "/api/v1/invitations", params(PageQuery), responses((status = OK, body = Page<Invitation>)))]
pub(crate) async fn list(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Invitation>>, Problem> {
    let invitations = state.meta.invitations(principal.workspace()).await?;
    Page::cut(invitations, &query, Invitation::from).map(Json)
}

/// Invite somebody for 7 days; an earlier invitation of the same e-mail ends
#[utoipa::path(
    post, path = "/api/v1/invitations", request_body = InvitationCreate,
    responses((status = CREATED, body = InvitationCreated))
)]
pub(crate) async fn create(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Body(body): Body<InvitationCreate>,
) -> Result<(StatusCode, Json<InvitationCreated>), Problem> {
    let new = NewInvitation {
        email: field("/email", Email::parse(&body.email))?,
        role: body.role.0,
    };
    let created = state.meta.create_invitation(principal.actor(), new).await?;
    let answer = InvitationCreated {
        invitation: created.invitation.into(),
        path: created.path,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Take an invitation back
#[utoipa::path(
    delete, path = "/api/v1/invitations/{id}", params(("id" = String, Path)), responses((status = NO_CONTENT))
)]
pub(crate) async fn delete(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let actor = principal.actor();
    state
        .meta
        .delete_invitation(actor, InvitationId(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show to whom a link belongs
#[utoipa::path(
    get, path = "/api/v1/invitations/accept", security(()), params(InvitationQuery),
    responses((status = OK, body = InvitationShown))
)]
pub(crate) async fn show(
    extract::State(state): extract::State<State>,
    Query(query): Query<InvitationQuery>,
) -> Result<Json<InvitationShown>, Problem> {
    let workspace = WorkspaceId::FIRST;
    let invitation = state.meta.invitation_of(workspace, &query.token).await?;
    Ok(Json(InvitationShown {
        email: invitation.email.to_string(),
        role: Named(invitation.role),
        workspace: state.meta.workspace(workspace).await?.name,
    }))
}

/// Accept an invitation, and sign in
#[utoipa::path(
    post, path = "/api/v1/invitations/accept", security(()), request_body = InvitationAccept,
    responses((status = OK, body = CurrentSession, headers(("set-cookie", description = "The session"))))
)]
pub(crate) async fn accept(
    Stranger { client, device }: Stranger,
    extract::State(state): extract::State<State>,
    Body(body): Body<InvitationAccept>,
) -> Result<Response, Problem> {
    let newcomer = newcomer(&body.name, &body.password)?;
    let signed_in = state
        .meta
        .accept_invitation(WorkspaceId::FIRST, &body.token, newcomer, device)
        .await?;
    answer(&state, &client, signed_in).await
}

impl From<meta::Invitation> for Invitation {
    fn from(invitation: meta::Invitation) -> Self {
        Self {
            id: invitation.id.0,
            email: invitation.email.to_string(),
            role: Named(invitation.role),
            created_at: Time(invitation.created_at),
            expires_at: Time(invitation.expires_at),
        }
    }
}

impl PageKey for meta::Invitation {
    fn page_key(&self) -> (i64, &str) {
        (self.created_at.0, &self.id.0)
    }
}
