//! The request id: one name for a request in its answer, its problem document and the log.
//!
//! A client's own id is not taken over: it would stand in the log as if we had made it.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names every answer; a problem has named itself, with the id under which its cause was logged.
pub(crate) async fn assign(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if !response.headers().contains_key(REQUEST_ID) {
        set(&mut response, &new());
    }
    response
}

pub(crate) fn new() -> String {
    Uuid::new_v4().to_string()
}

pub(crate) fn set(response: &mut Response, request_id: &str) {
    let value = HeaderValue::from_str(request_id).expect("a UUID is plain text");
    response.headers_mut().insert(REQUEST_ID, value);
}
