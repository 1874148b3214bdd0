//! `/api/v1/members`.

use axum::Json;
use axum::extract;
use http::StatusCode;
use meta::{MemberId, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::State;
use crate::api::auth::{FullAccess, ReadAccess};
use crate::api::body::{Body, Path, Query};
use crate::api::page::{Page, PageKey, PageQuery};
use crate::api::problems::Problem;
use crate::api::wire::{Named, Time};

type RoleName = Named<Role>;

/// A person with a role.
#[derive(Serialize, ToSchema)]
pub(crate) struct Member {
    id: String,
    email: String,
    name: String,
    role: RoleName,
    created_at: Time,
    /// To within some minutes.
    #[schema(required)]
    last_seen_at: Option<Time>,
}

/// What to change of a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberUpdate {
    role: RoleName,
}

/// List the members
#[utoipa::path(get, path = "/api/v1/members", params(PageQuery), responses((status = OK, body = Page<Member>)))]
pub(crate) async fn list(
    ReadAccess(principal): ReadAccess,
    extract::State(state): extract::State<State>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Member>>, Problem> {
    let members = state.meta.members(principal.workspace()).await?;
    Page::cut(members, &query, Member::from).map(Json)
}

/// Give a member another role; it holds from that moment
#[utoipa::path(
    patch, path = "/api/v1/members/{id}", params(("id" = String, Path)),
    request_body = MemberUpdate, responses((status = OK, body = Member))
)]
pub(crate) async fn set_role(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
    Body(body): Body<MemberUpdate>,
) -> Result<Json<Member>, Problem> {
    let actor = principal.actor();
    let member = state
        .meta
        .set_role(actor, MemberId(id), body.role.0)
        .await?;
    Ok(Json(member.into()))
}

/// Remove a member; their sessions and the invitations they made end
#[utoipa::path(
    delete, path = "/api/v1/members/{id}", params(("id" = String, Path)), responses((status = NO_CONTENT))
)]
pub(crate) async fn remove(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let actor = principal.actor();
    state.meta.remove_member(actor, MemberId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<meta::Member> for Member {
    fn from(member: meta::Member) -> Self {
        Self {
            id: member.id.0,
            email: member.email.to_string(),
            name: member.name.to_string(),
            role: Named(member.role),
            created_at: Time(member.created_at),
            last_seen_at: member.last_seen_at.map(Time),
        }
    }
}

impl PageKey for meta::Member {
    fn page_key(&self) -> (i64, &str) {
        (self.created_at.0, &self.id.0)
    }
}
