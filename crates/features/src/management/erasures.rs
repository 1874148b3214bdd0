//! `/api/v1/erasures`: deleting the data of one user or one session, and the receipts of it.

use axum::Json;
use axum::extract;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use meta::{AuditAction, AuditNote, ErasureId, ErasureState, NewErasure};
use schema::{AppId, Subject, SubjectKind};
use serde::{Deserialize, Serialize};
use store::Selector;
use store::erase::Amounts;
use utoipa::ToSchema;

use super::applications::known_form;
use crate::State;
use crate::api::auth::FullAccess;
use crate::api::body::{Body, Path, Query, field};
use crate::api::page::{Page, PageKey, PageQuery};
use crate::api::problems::{self, Problem};
use crate::api::wire::Time;

/// Whose data of which application.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureRequest {
    /// The application; what was stored under its earlier ids is meant too.
    app_id: String,
    by: ErasureBy,
    /// The id, taken literally; 1 to 1024 bytes. E-mail addresses are compared without their case.
    #[schema(min_length = 1, max_length = 1024)]
    value: String,
}

/// The column that has the value.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErasureBy {
    SessionId,
    UserId,
    UserEmail,
    AnonymousId,
}

/// How much of something.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasureAmount {
    /// A table; `changed_session` for sessions that stay with fewer rows because they name somebody else too; `kept_request` for recordings,
    /// logs and profiles kept whole; `quarantine` for samples of refused events; `damaged_segment` for files that could not be read.
    name: String,
    count: u64,
}

/// What an erasure would take now.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasurePreview {
    amounts: Vec<ErasureAmount>,
}

/// An erasure; once it is complete, its receipt.
#[derive(Serialize, ToSchema)]
pub(crate) struct Erasure {
    id: String,
    app_id: String,
    by: ErasureBy,
    /// SHA-256 of a key of this server, the column and the value: the same for the same value, and no way back to it.
    value_hash: String,
    state: ErasureProgress,
    requested_at: Time,
    /// When no answer had its rows any more. What arrives later is new data and stays.
    #[schema(required)]
    rows_gone_at: Option<Time>,
    /// When no file of the data folder had its bytes any more.
    #[schema(required)]
    completed_at: Option<Time>,
    /// What went; empty until the rows are gone.
    erased: Vec<ErasureAmount>,
}

/// `requested`: its rows are there; `rows_gone`: files may have them; `complete`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErasureProgress {
    Requested,
    RowsGone,
    Complete,
}

/// Count what an erasure would take now
#[utoipa::path(
    post, path = "/api/v1/erasures/preview", request_body = ErasureRequest,
    responses((status = OK, body = ErasurePreview))
)]
pub(crate) async fn preview(
    _: FullAccess,
    extract::State(state): extract::State<State>,
    Body(body): Body<ErasureRequest>,
) -> Result<Json<ErasurePreview>, Problem> {
    let (app_ids, subject) = body.check(&state)?;
    if !*state.is_ready.borrow() {
        return Err(problems::NOT_READY.because("the server is still reading its log"));
    }
    let selector = Selector {
        app_ids: app_ids.iter().map(AppId::to_string).collect(),
        subject,
    };
    let reader = state.surroundings.kept_reader();
    let amounts = state.store.preview_erasure(&selector, &reader).await;
    let amounts = amounts.map_err(|error| {
        problems::QUERY_FAILED
            .because("the rows could not be looked for")
            .caused_by(error)
    })?;
    Ok(Json(ErasurePreview {
        amounts: listed(amounts),
    }))
}

/// Delete the data of one user or one session, for good
///
/// Its rows go within seconds, the bytes in files soon after; asking again before they are gone gives the same erasure.
#[utoipa::path(
    post, path = "/api/v1/erasures", request_body = ErasureRequest,
    responses((status = CREATED, body = Erasure, headers(("location", description = "Path of the erasure"))))
)]
pub(crate) async fn create(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Body(body): Body<ErasureRequest>,
) -> Result<Response, Problem> {
    let (app_ids, subject) = body.check(&state)?;
    // Never the value: audit entries outlive the data.
    let note = AuditNote::new(principal.actor(), AuditAction::ErasureRequested)
        .on(app_ids[0].as_str())
        .detail(subject.kind().column());
    let new = NewErasure {
        workspace: principal.workspace(),
        app_ids,
        subject,
    };
    let erasure = state.meta.noting(note).request_erasure(new).await?;
    let location = [(
        header::LOCATION,
        format!("/api/v1/erasures/{}", erasure.id.0),
    )];
    Ok((StatusCode::CREATED, location, Json(Erasure::from(erasure))).into_response())
}

/// List the erasures
#[utoipa::path(get, path = "/api/v1/erasures", params(PageQuery), responses((status = OK, body = Page<Erasure>)))]
pub(crate) async fn list(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Erasure>>, Problem> {
    let erasures = state.meta.erasures(principal.workspace()).await?;
    Page::cut(erasures, &query, Erasure::from).map(Json)
}

/// Show an erasure
#[utoipa::path(
    get, path = "/api/v1/erasures/{id}", params(("id" = String, Path)), responses((status = OK, body = Erasure))
)]
pub(crate) async fn get(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path(id): Path<String>,
) -> Result<Json<Erasure>, Problem> {
    let erasure = state
        .meta
        .erasure(principal.workspace(), &ErasureId(id))
        .await?;
    Ok(Json(erasure.into()))
}

impl ErasureRequest {
    /// The ids of the application, the one in use first, and whose data is meant.
    fn check(&self, state: &State) -> Result<(Vec<AppId>, Subject), Problem> {
        let application = state.meta.application(&known_form(&self.app_id)?)?;
        let subject = Subject::parse(self.by.kind(), &self.value);
        let mut app_ids = vec![application.app_id];
        app_ids.extend(application.earlier_app_ids);
        Ok((app_ids, field("/value", subject)?))
    }
}

impl ErasureBy {
    fn kind(self) -> SubjectKind {
        match self {
            Self::SessionId => SubjectKind::Session,
            Self::UserId => SubjectKind::User,
            Self::UserEmail => SubjectKind::Email,
            Self::AnonymousId => SubjectKind::Anonymous,
        }
    }

    fn of(kind: SubjectKind) -> Self {
        match kind {
            SubjectKind::Session => Self::SessionId,
            SubjectKind::User => Self::UserId,
            SubjectKind::Email => Self::UserEmail,
            SubjectKind::Anonymous => Self::AnonymousId,
        }
    }
}

fn listed(amounts: Amounts) -> Vec<ErasureAmount> {
    let amounts = amounts.into_iter();
    amounts
        .map(|(name, count)| ErasureAmount { name, count })
        .collect()
}

impl From<meta::Erasure> for Erasure {
    fn from(erasure: meta::Erasure) -> Self {
        let state = match erasure.state() {
            ErasureState::Requested => ErasureProgress::Requested,
            ErasureState::RowsGone => ErasureProgress::RowsGone,
            ErasureState::Complete => ErasureProgress::Complete,
        };
        Self {
            id: erasure.id.0,
            app_id: erasure
                .app_ids
                .first()
                .map(AppId::to_string)
                .unwrap_or_default(),
            by: ErasureBy::of(erasure.kind),
            value_hash: erasure.value_hash,
            state,
            requested_at: Time(erasure.requested_at),
            rows_gone_at: erasure.rows_gone_at.map(Time),
            completed_at: erasure.completed_at.map(Time),
            erased: listed(erasure.erased),
        }
    }
}

impl PageKey for meta::Erasure {
    fn page_key(&self) -> (i64, &str) {
        (self.requested_at.0, &self.id.0)
    }
}
