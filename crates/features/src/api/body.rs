//! Request bodies, queries and path parameters: parsed into types, or refused with the place and the nearest name.

use axum::body::Bytes;
use axum::extract::{self, FromRequest, FromRequestParts, Request};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use super::BODY_BYTES_MAX;
use super::problems::{self, Position, Problem};

/// A JSON body. `T` should be `#[serde(deny_unknown_fields)]`.
pub struct Body<T>(pub T);

/// The query string. `T` should be `#[serde(deny_unknown_fields)]`.
pub struct Query<T>(pub T);

/// The path's parameters.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        check_content_type(request.headers())?;
        let body =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => problems::BODY_TOO_LARGE
                        .because(format!("the body is larger than {BODY_BYTES_MAX} bytes")),
                    _ => problems::BODY_UNREADABLE.because("the body ended before its end"),
                })?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| problem_of_json(&error))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let cause = std::error::Error::source(&rejection)
                    .map_or_else(|| rejection.to_string(), ToString::to_string);
                // The name stands twice in `limt: unknown field `limt``; in `limit: invalid digit` it is needed.
                let message = cause.split_once(": ").map(|(_, message)| message);
                let message = message.filter(|message| message.starts_with("unknown field "));
                Err(problem_of_message(message.unwrap_or(&cause)))
            }
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|extract::Path(value)| Self(value))
            .map_err(|rejection| problems::UNKNOWN_PATH.because(rejection.body_text()))
    }
}

/// For optional fields of a PATCH: absent is "unchanged", and `null` is refused instead of being taken for absent.
///
/// # Errors
/// When the value is not a `T`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A field's value after its check, or the problem that points at the field.
///
/// # Errors
/// When the check failed.
pub fn field<T, E: std::fmt::Display>(pointer: &str, checked: Result<T, E>) -> Result<T, Problem> {
    checked.map_err(|error| problems::INVALID_VALUE.because(error).pointing(pointer))
}

/// The name of `candidates` that `wrong` was probably meant to be: one that it begins, or the one with the fewest slips.
#[must_use]
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let begins = wrong.len() >= 3 && candidate.starts_with(&wrong);
        let slips = if begins {
            0
        } else {
            strsim::damerau_levenshtein(&wrong, candidate)
        };
        // More than a third of the letters wrong is another word, not a slip.
        let slips_max = wrong.chars().count().max(candidate.len()) / 3 + 1;
        if slips <= slips_max && best.is_none_or(|(fewest, _)| slips < fewest) {
            best = Some((slips, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let Some(value) = value else {
        return Err(problems::UNSUPPORTED_MEDIA_TYPE.because("the request has no Content-Type"));
    };
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
    {
        return Ok(());
    }
    Err(problems::UNSUPPORTED_MEDIA_TYPE
        .because(format!("the request has the Content-Type {value:?}")))
}

fn problem_of_json(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let message = text.strip_suffix(&position).unwrap_or(&text);
    let problem = match error.classify() {
        Category::Data => problem_of_message(message),
        Category::Syntax | Category::Eof | Category::Io => problems::BODY_SYNTAX.because(message),
    };
    // A value that is wrong as a whole has no place: serde_json says line 0.
    if error.line() == 0 {
        problem
    } else {
        problem.at(Position {
            line: error.line(),
            column: error.column(),
        })
    }
}

/// Reads serde's own messages: ``unknown field `nmae`, expected one of `name`, `type` ``. They are the only place where the names of a
/// derived type can be had without writing them down twice; a test holds their form.
fn problem_of_message(message: &str) -> Problem {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let suggestion = match quoted.split_first() {
        Some((wrong, expected)) if message.starts_with("unknown ") => {
            nearest(wrong, expected.iter().copied())
        }
        _ => None,
    };
    let kind = if message.starts_with("unknown field ") {
        &problems::UNKNOWN_FIELD
    } else {
        &problems::INVALID_VALUE
    };
    let problem = kind.because(message);
    match suggestion {
        Some(name) => problem.help(format!("Did you mean `{name}`?")),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wrong: &str, expected: Option<&str>) {
        assert_eq!(
            nearest(
                wrong,
                [
                    "allowed_origins",
                    "name",
                    "retention_days",
                    "scrub_keys",
                    "type"
                ]
            ),
            expected,
            "{wrong}"
        );
    }

    #[test]
    fn a_slip_finds_its_name_and_another_word_none() {
        check("nmae", Some("name"));
        check("retention", Some("retention_days"));
        check("allowedOrigins", Some("allowed_origins"));
        check("TYPE", Some("type"));
        check("scrub", Some("scrub_keys"));
        check("favourite_colour", None);
    }
}
