//! The console's files, as they stand in the binary.
//!
//! Files under `assets/` have a hash in their name and never change; everything else is asked for anew. A path without a file
//! is a place inside the console, so it gets `index.html`, which finds out by itself.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use flate2::read::GzDecoder;

/// One file of `console/dist`.
struct Asset {
    path: &'static str,
    gzip: &'static [u8],
}

mod embedded {
    use super::Asset;

    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

/// No script, style or request from anywhere else; charts and tables set styles on elements.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'self'; object-src 'none'";
const NOT_BUILT: &str = "This binary was built without the console. Run `make run`, or `npm ci && npm run build` in console/ and build again.\n";

/// Answers a path that is neither a client's nor the API's.
pub(crate) fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "the console is only read\n");
        let allowed = header::HeaderValue::from_static("GET, HEAD");
        answer.headers_mut().insert(header::ALLOW, allowed);
        return answer;
    }
    let path = path.trim_start_matches('/');
    let find = |path: &str| embedded::ASSETS.iter().find(|asset| asset.path == path);
    match find(path).or_else(|| find("index.html").filter(|_| !looks_like_a_file(path))) {
        Some(asset) => file(asset, headers),
        None if embedded::ASSETS.is_empty() => plain(StatusCode::NOT_FOUND, NOT_BUILT),
        None => plain(StatusCode::NOT_FOUND, "there is no such file\n"),
    }
}

fn file(asset: &Asset, headers: &HeaderMap) -> Response<Body> {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    let takes_gzip = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(takes_gzip);
    let caching = if asset.path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut answer = Response::builder()
        .header(header::CONTENT_TYPE, content_type(asset.path))
        .header(header::CACHE_CONTROL, caching)
        .header(header::VARY, "accept-encoding")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::REFERRER_POLICY, "same-origin")
        .header(header::CONTENT_SECURITY_POLICY, POLICY);
    let body = if takes_gzip {
        answer = answer.header(header::CONTENT_ENCODING, "gzip");
        Body::from(asset.gzip)
    } else {
        let mut content = Vec::new();
        GzDecoder::new(asset.gzip)
            .read_to_end(&mut content)
            .expect("the build script wrote it");
        Body::from(content)
    };
    answer.body(body).expect("the headers are constants")
}

/// One part of `accept-encoding`; `gzip;q=0` means not gzip (RFC 9110, section 12.5.3).
fn takes_gzip(part: &str) -> bool {
    let (coding, quality) = part.split_once(';').unwrap_or((part, ""));
    let quality = quality.trim().strip_prefix("q=").unwrap_or("1");
    coding.trim().eq_ignore_ascii_case("gzip") && quality.parse::<f32>().is_ok_and(|q| q > 0.0)
}

/// A place in the console may hold an id with a dot, but ends of files are few.
fn looks_like_a_file(path: &str) -> bool {
    path.starts_with("assets/") || content_type(path) != OTHER
}

const OTHER: &str = "application/octet-stream";

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => OTHER,
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(Body::from(text))
        .expect("the headers are constants")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &Method, path: &str) -> StatusCode {
        answer(method, path, &HeaderMap::new()).status()
    }

    #[test]
    fn only_reading_is_allowed() {
        assert_eq!(status(&Method::POST, "/"), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn a_missing_file_is_not_the_console() {
        for path in ["/assets/gone-1234.js", "/favicon.png", "/robots.txt"] {
            assert_eq!(status(&Method::GET, path), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn places_in_the_console_may_hold_dots() {
        assert!(!looks_like_a_file("applications/shop.example"));
        assert!(looks_like_a_file("index.html"));
    }

    #[test]
    fn gzip_is_taken_unless_refused() {
        for yes in ["gzip", " GZIP", "gzip;q=0.5", "gzip; q=1"] {
            assert!(takes_gzip(yes), "{yes}");
        }
        for no in ["br", "gzip;q=0", "", "*"] {
            assert!(!takes_gzip(no), "{no}");
        }
    }
}
