//! What slices share.

pub mod auth;
pub mod body;
pub mod client;
pub(crate) mod cookie;
pub(crate) mod explore;
pub mod openapi;
pub mod page;
pub mod problems;
pub mod request_id;
pub mod stored;
pub mod wire;

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware, routing};
use http::{Method, Uri};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{Slice, State};

/// The largest request body. A route that needs more lays a limit of its own.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;

pub(crate) fn router(slices: &'static [Slice]) -> Router<State> {
    let (routes, document) = openapi::routes_and_document(slices);
    let routes = routes
        .route("/api", routing::any(unknown_path))
        .route("/api/{*rest}", routing::any(unknown_path))
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::Extension(document))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    guard(routes)
}

/// Turns panics into problems and gives each answer its request id.
pub(crate) fn guard<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .layer(CatchPanicLayer::custom(problems::of_panic))
        .layer(middleware::from_fn(request_id::assign))
}

async fn unknown_path(uri: Uri) -> Response {
    problems::UNKNOWN_PATH
        .because(format!("there is nothing at {}", uri.path()))
        .into_response()
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    problems::METHOD_NOT_ALLOWED
        .because(format!("{} does not take {method}", uri.path()))
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_in_a_handler_is_answered_with_a_problem() {
        async fn broken() -> &'static str {
            panic!("an invariant did not hold")
        }
        let router: Router = guard(Router::new().route("/", routing::get(broken)));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            response.headers()[http::header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert!(response.headers().contains_key("x-request-id"));
    }
}
