//! What one-time links open: the set-up of the first administrator, and a new password.

use axum::extract;
use axum::response::Response;
use meta::{Email, Name, Newcomer, Password, WorkspaceId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::session::{CurrentSession, answer};
use crate::State;
use crate::api::auth::Stranger;
use crate::api::body::{Body, field};
use crate::api::problems::Problem;

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetUp {
    /// Of the link that the server printed at its start.
    token: String,
    email: String,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// 10 to 200 characters, and none of the best known.
    #[schema(min_length = 10, max_length = 200, format = Password)]
    password: String,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordReset {
    /// Of the link that `footfall admin reset-link` printed.
    token: String,
    /// 10 to 200 characters, and none of the best known.
    #[schema(min_length = 10, max_length = 200, format = Password)]
    password: String,
}

/// Make the first administrator, an owner, and sign them in
#[utoipa::path(
    post, path = "/api/v1/setup", security(()), request_body = SetUp,
    responses((status = OK, body = CurrentSession, headers(("set-cookie", description = "The session"))))
)]
pub(crate) async fn set_up(
    Stranger { client, device }: Stranger,
    extract::State(state): extract::State<State>,
    Body(body): Body<SetUp>,
) -> Result<Response, Problem> {
    let email = field("/email", Email::parse(&body.email))?;
    let newcomer = newcomer(&body.name, &body.password)?;
    let signed_in = state
        .meta
        .set_up(WorkspaceId::FIRST, &body.token, email, newcomer, device)
        .await?;
    answer(&state, &client, signed_in).await
}

/// Set a new password by a link; all sessions of the member end, and a new one begins
#[utoipa::path(
    post, path = "/api/v1/password_reset", security(()), request_body = PasswordReset,
    responses((status = OK, body = CurrentSession, headers(("set-cookie", description = "The session"))))
)]
pub(crate) async fn reset_password(
    Stranger { client, device }: Stranger,
    extract::State(state): extract::State<State>,
    Body(body): Body<PasswordReset>,
) -> Result<Response, Problem> {
    let password = field("/password", Password::parse(&body.password))?;
    let signed_in = state
        .meta
        .reset_password(WorkspaceId::FIRST, &body.token, password, device)
        .await?;
    answer(&state, &client, signed_in).await
}

/// Somebody who becomes a member, checked.
pub(super) fn newcomer(name: &str, password: &str) -> Result<Newcomer, Problem> {
    Ok(Newcomer {
        name: field("/name", Name::parse(name))?,
        password: field("/password", Password::parse(password))?,
    })
}
