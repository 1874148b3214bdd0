//! The OpenAPI document, made from the routes of the slices and nothing else.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, ResponseBuilder,
};
use utoipa::openapi::{path::Operation, path::PathItem, tag::TagBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problems;
use crate::{Slice, State};

pub(crate) const SLICE: Slice = Slice {
    name: "openapi",
    about: "This document",
    routes: || vec![routes!(document)],
};

const SECURITY: &str = "api_key";
const SESSION: &str = "session";

/// The document as JSON text, rendered once.
#[derive(Clone)]
pub(crate) struct Document(Arc<str>);

/// The OpenAPI document of this API
#[utoipa::path(get, path = "/api/v1/openapi.json", security(()), responses((status = OK, body = serde_json::Value)))]
async fn document(axum::Extension(Document(text)): axum::Extension<Document>) -> Response {
    let content_type = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    )];
    (content_type, text.to_string()).into_response()
}

pub(crate) fn routes_and_document(slices: &[Slice]) -> (Router<State>, Document) {
    let mut router = OpenApiRouter::with_openapi(frame(slices));
    for slice in slices {
        for (schemas, mut paths, methods) in (slice.routes)() {
            for (path, item) in &mut paths.paths {
                for (method, operation) in operations(item) {
                    complete(operation, slice);
                    operation.operation_id = Some(operation_id(method, path));
                }
            }
            router = router.routes((schemas, paths, methods));
        }
    }
    let (router, document) = router.split_for_parts();
    let text = document
        .to_json()
        .expect("the document has only text, numbers and lists");
    (router, Document(text.into()))
}

fn frame(slices: &[Slice]) -> OpenApi {
    let about = "Self-hosted real user monitoring. Errors are problem documents (RFC 9457). Lists are `{ items, next_cursor }`. \
                 Times are RFC 3339 in UTC.";
    let info = InfoBuilder::new()
        .title("Footfall")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about))
        .build();
    let mut components = Components::new();
    components.schemas.extend(problems::schemas());
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some("An API key.".to_owned());
    components.add_security_scheme(SECURITY, SecurityScheme::Http(bearer));
    let cookie = ApiKeyValue::with_description(
        "footfall_session",
        "The session of a member. What changes something also needs the header `x-footfall-console: 1`.",
    );
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let tags = slices.iter().map(|slice| {
        TagBuilder::new()
            .name(slice.name)
            .description(Some(slice.about))
            .build()
    });
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .tags(Some(tags))
        .security(Some(
            [SECURITY, SESSION].map(|scheme| SecurityRequirement::new(scheme, [""; 0])),
        ))
        .build()
}

/// `get_applications_app_id_tokens`: unique by construction, where the names of handlers are not.
fn operation_id(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/api/v1/").unwrap_or(path);
    let mut id = method.to_owned();
    for part in path.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        if !part.is_empty() {
            id.push('_');
            id.push_str(part);
        }
    }
    id
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem {
        get,
        put,
        post,
        delete,
        options,
        head,
        patch,
        trace,
        ..
    } = item;
    let methods = [
        "get", "put", "post", "delete", "options", "head", "patch", "trace",
    ];
    let slots = [get, put, post, delete, options, head, patch, trace];
    let slots = methods.into_iter().zip(slots);
    slots.filter_map(|(method, slot)| Some((method, slot.as_mut()?)))
}

/// What is true of every operation, so that no handler has to say it: its slice, and that it can answer a problem.
fn complete(operation: &mut Operation, slice: &Slice) {
    operation.tags = Some(vec![slice.name.to_owned()]);
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let problem = ResponseBuilder::new()
        .description("A problem; `code` says which")
        .content("application/problem+json", content)
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), problem.into());
}
