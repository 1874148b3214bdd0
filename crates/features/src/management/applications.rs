//! `/api/v1/applications`.

use axum::Json;
use axum::extract;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use meta::{
    Access, ApplicationType, AuditAction, AuditNote, IpPrivacy, Name, NewApplication, Origin,
    RetentionClass, RetentionDays, Settings,
};
use schema::AppId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::State;
use crate::api::auth::{FullAccess, ReadAccess};
use crate::api::body::{Body, Path, Query, field, present};
use crate::api::page::{Page, PageKey, PageQuery};
use crate::api::problems::{self, Problem};
use crate::api::wire::{Named, Time};

// Aliases, since utoipa would name a generic type after its argument and ask the argument for a schema.
type TypeName = Named<ApplicationType>;
type AccessName = Named<Access>;
type IpRuleName = Named<IpPrivacy>;

/// An application: something that sends events.
#[derive(Serialize, ToSchema)]
pub(crate) struct Application {
    /// What SDKs send as their application id.
    app_id: String,
    /// A short number that never changes and is never given twice.
    number: u32,
    name: String,
    r#type: TypeName,
    access: AccessName,
    /// Web pages that may send; empty: any.
    allowed_origins: Vec<String>,
    /// Whether requests without an `Origin` header are refused.
    require_origin: bool,
    privacy: Privacy,
    /// Days that events are kept.
    retention_days: u16,
    /// Days that recordings are kept.
    replay_retention_days: u16,
    created_at: Time,
    /// Ids it had before. Events that name one are stored under `app_id`; what was stored under it keeps it.
    earlier_app_ids: Vec<String>,
}

/// What is not kept of a person.
#[derive(Serialize, ToSchema)]
struct Privacy {
    ip: IpRuleName,
    /// Names of fields and query parameters that are scrubbed beside the default list.
    scrub_keys: Vec<String>,
}

/// An application to be made. What is left out gets its usual value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationCreate {
    /// Letters, digits, `_`, `-` and `.`, 1 to 64 characters; made up when absent.
    #[serde(default, deserialize_with = "present")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 64,
        pattern = "^[A-Za-z0-9_.-]+$"
    )]
    app_id: Option<String>,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    r#type: Option<TypeName>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    access: Option<AccessName>,
    /// At most 100, like `https://shop.example` or `https://*.example.com`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_items = 100)]
    allowed_origins: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    require_origin: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    privacy: Option<PrivacyUpdate>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 3650)]
    retention_days: Option<i64>,
    /// As long as events when it is left out.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 3650)]
    replay_retention_days: Option<i64>,
}

/// What to change of an application; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationUpdate {
    /// 1 to 200 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    r#type: Option<TypeName>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    access: Option<AccessName>,
    /// At most 100, in place of those before.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_items = 100)]
    allowed_origins: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    require_origin: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    privacy: Option<PrivacyUpdate>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 3650)]
    retention_days: Option<i64>,
    /// Does not follow `retention_days`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 3650)]
    replay_retention_days: Option<i64>,
}

/// Another id for an application.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationRename {
    /// Letters, digits, `_`, `-` and `.`, 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    app_id: String,
}

/// What was deleted.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeletionReceipt {
    app_id: String,
    name: String,
    requested_at: Time,
    /// Live client tokens that open nothing any more.
    tokens_revoked: usize,
}

/// What to change of the privacy settings; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PrivacyUpdate {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    ip: Option<IpRuleName>,
    /// At most 200, in place of those before.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_items = 200)]
    scrub_keys: Option<Vec<String>>,
}

/// List the applications
#[utoipa::path(get, path = "/api/v1/applications", params(PageQuery), responses((status = OK, body = Page<Application>)))]
pub(crate) async fn list(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Application>>, Problem> {
    Page::cut(state.meta.applications(), &query, Application::from).map(Json)
}

/// Create an application
#[utoipa::path(
    post, path = "/api/v1/applications", request_body = ApplicationCreate,
    responses((status = CREATED, body = Application, headers(("location", description = "Path of the application"))))
)]
pub(crate) async fn create(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Body(body): Body<ApplicationCreate>,
) -> Result<Response, Problem> {
    let ApplicationCreate {
        app_id,
        name,
        r#type,
        access,
        allowed_origins,
        require_origin,
        privacy,
        retention_days,
        replay_retention_days,
    } = body;
    let app_id = app_id.unwrap_or_else(made_up_app_id);
    let app_id = field("/app_id", AppId::parse(&app_id))?;
    let mut settings = Settings::new(field("/name", Name::parse(&name))?);
    let replay_retention_days = replay_retention_days.or(retention_days);
    settings.retention = state.default_retention.into();
    let update = ApplicationUpdate {
        name: None,
        r#type,
        access,
        allowed_origins,
        require_origin,
        privacy,
        retention_days,
        replay_retention_days,
    };
    update.check()?.apply(&mut settings);
    let note =
        AuditNote::new(principal.actor(), AuditAction::ApplicationCreated).on(app_id.as_str());
    let application = state
        .meta
        .noting(note)
        .create_application(NewApplication { app_id, settings })
        .await?;
    let location = [(
        header::LOCATION,
        format!("/api/v1/applications/{}", application.app_id),
    )];
    Ok((
        StatusCode::CREATED,
        location,
        Json(Application::from(application)),
    )
        .into_response())
}

/// Show an application
#[utoipa::path(
    get, path = "/api/v1/applications/{app_id}", params(("app_id" = String, Path)),
    responses((status = OK, body = Application))
)]
pub(crate) async fn get(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Path(app_id): Path<String>,
) -> Result<Json<Application>, Problem> {
    Ok(Json(state.meta.application(&known_form(&app_id)?)?.into()))
}

/// Change an application
#[utoipa::path(
    patch, path = "/api/v1/applications/{app_id}", params(("app_id" = String, Path)),
    request_body = ApplicationUpdate, responses((status = OK, body = Application))
)]
pub(crate) async fn update(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path(app_id): Path<String>,
    Body(body): Body<ApplicationUpdate>,
) -> Result<Json<Application>, Problem> {
    let app_id = known_form(&app_id)?;
    let note = AuditNote::new(principal.actor(), AuditAction::ApplicationUpdated)
        .on(app_id.as_str())
        .detail(body.field_names());
    let update = body.check()?;
    let application = state
        .meta
        .noting(note)
        .update_application(&app_id, |settings| update.apply(settings))
        .await?;
    Ok(Json(application.into()))
}

/// Give an application another id
///
/// The id before stays reserved for it: events that name it are stored under the new one. What is stored keeps the id it has.
#[utoipa::path(
    post, path = "/api/v1/applications/{app_id}/rename", params(("app_id" = String, Path)),
    request_body = ApplicationRename, responses((status = OK, body = Application))
)]
pub(crate) async fn rename(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path(app_id): Path<String>,
    Body(body): Body<ApplicationRename>,
) -> Result<Json<Application>, Problem> {
    let app_id = known_form(&app_id)?;
    let to = field("/app_id", AppId::parse(&body.app_id))?;
    let note = AuditNote::new(principal.actor(), AuditAction::ApplicationRenamed)
        .on(app_id.as_str())
        .detail(to.to_string());
    let meta = state.meta.noting(note);
    let application = meta.rename_application(&app_id, &to).await?;
    Ok(Json(application.into()))
}

/// Delete an application, its tokens and all its data, for good
///
/// Its tokens are refused at once; its data goes in the background, see GET /api/v1/deletions.
#[utoipa::path(
    delete, path = "/api/v1/applications/{app_id}", params(("app_id" = String, Path)),
    responses((status = OK, body = DeletionReceipt))
)]
pub(crate) async fn delete(
    FullAccess(principal): FullAccess,
    extract::State(state): extract::State<State>,
    Path(app_id): Path<String>,
) -> Result<Json<DeletionReceipt>, Problem> {
    let note =
        AuditNote::new(principal.actor(), AuditAction::ApplicationDeleted).on(app_id.as_str());
    let meta = state.meta.noting(note);
    let receipt = meta.delete_application(&known_form(&app_id)?).await?;
    Ok(Json(DeletionReceipt {
        app_id: receipt.app_id.to_string(),
        name: receipt.name.to_string(),
        requested_at: Time(receipt.requested_at),
        tokens_revoked: receipt.tokens_revoked,
    }))
}

/// An id out of a path. One that no application can have is one that no application has.
pub(super) fn known_form(app_id: &str) -> Result<AppId, Problem> {
    let missing =
        |_| problems::APPLICATION_NOT_FOUND.because(format!("there is no application {app_id}"));
    AppId::parse(app_id).map_err(missing)
}

/// Of letters, digits and `_` only, as every SDK and every address takes it.
fn made_up_app_id() -> String {
    format!("app_{}", &Uuid::new_v4().simple().to_string()[..16])
}

/// An update whose values are known to be good.
struct Checked {
    name: Option<Name>,
    kind: Option<ApplicationType>,
    access: Option<Access>,
    allowed_origins: Option<Vec<Origin>>,
    require_origin: Option<bool>,
    ip: Option<IpPrivacy>,
    scrub_keys: Option<Vec<Name>>,
    retention: Option<RetentionDays>,
    replay_retention: Option<RetentionDays>,
}

impl ApplicationUpdate {
    /// What it changes, for the audit entry.
    fn field_names(&self) -> String {
        let fields = [
            ("name", self.name.is_some()),
            ("type", self.r#type.is_some()),
            ("access", self.access.is_some()),
            ("allowed_origins", self.allowed_origins.is_some()),
            ("require_origin", self.require_origin.is_some()),
            ("privacy", self.privacy.is_some()),
            ("retention_days", self.retention_days.is_some()),
            (
                "replay_retention_days",
                self.replay_retention_days.is_some(),
            ),
        ];
        let given = fields.iter().filter(|(_, is_given)| *is_given);
        let names: Vec<&str> = given.map(|(name, _)| *name).collect();
        names.join(", ")
    }

    fn check(self) -> Result<Checked, Problem> {
        let privacy = self.privacy.unwrap_or(PrivacyUpdate {
            ip: None,
            scrub_keys: None,
        });
        let name = self.name.map(|name| field("/name", Name::parse(&name)));
        let retention = self
            .retention_days
            .map(|days| field("/retention_days", RetentionDays::parse(days)));
        let replay_retention = self
            .replay_retention_days
            .map(|days| field("/replay_retention_days", RetentionDays::parse(days)));
        Ok(Checked {
            name: name.transpose()?,
            kind: self.r#type.map(|named| named.0),
            access: self.access.map(|named| named.0),
            allowed_origins: each("/allowed_origins", self.allowed_origins, Origin::parse)?,
            require_origin: self.require_origin,
            ip: privacy.ip.map(|named| named.0),
            scrub_keys: each("/privacy/scrub_keys", privacy.scrub_keys, Name::parse)?,
            retention: retention.transpose()?,
            replay_retention: replay_retention.transpose()?,
        })
    }
}

impl Checked {
    fn apply(self, settings: &mut Settings) {
        set(&mut settings.name, self.name);
        set(&mut settings.kind, self.kind);
        set(&mut settings.access, self.access);
        set(&mut settings.allowed_origins, self.allowed_origins);
        set(&mut settings.require_origin, self.require_origin);
        set(&mut settings.privacy.ip, self.ip);
        set(&mut settings.privacy.scrub_keys, self.scrub_keys);
        for (class, days) in [
            (RetentionClass::Events, self.retention),
            (RetentionClass::Replay, self.replay_retention),
        ] {
            if let Some(days) = days {
                settings.retention.set(class, days);
            }
        }
    }
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

fn each<T, E: std::fmt::Display>(
    pointer: &str,
    texts: Option<Vec<String>>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<Vec<T>>, Problem> {
    let Some(texts) = texts else { return Ok(None) };
    let mut values = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        values.push(field(&format!("{pointer}/{at}"), parse(text))?);
    }
    Ok(Some(values))
}

impl From<meta::Application> for Application {
    fn from(application: meta::Application) -> Self {
        let settings = application.settings;
        Self {
            app_id: application.app_id.to_string(),
            number: application.number.0,
            name: settings.name.to_string(),
            r#type: Named(settings.kind),
            access: Named(settings.access),
            allowed_origins: settings
                .allowed_origins
                .iter()
                .map(ToString::to_string)
                .collect(),
            require_origin: settings.require_origin,
            privacy: Privacy {
                ip: Named(settings.privacy.ip),
                scrub_keys: settings
                    .privacy
                    .scrub_keys
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            },
            retention_days: settings.retention.of(RetentionClass::Events).days(),
            replay_retention_days: settings.retention.of(RetentionClass::Replay).days(),
            created_at: Time(application.created_at),
            earlier_app_ids: application
                .earlier_app_ids
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }
}

impl PageKey for meta::Application {
    fn page_key(&self) -> (i64, &str) {
        (i64::from(self.number.0), "")
    }
}
