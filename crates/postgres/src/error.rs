//! Errors as PostgreSQL has them: a SQLSTATE, a message, a hint, and for syntax the place.

use pgwire::error::{ErrorInfo, PgWireError};
use query::{Error, Position};

/// Messages of the protocol have a bound, and nobody reads more.
const TEXT_BYTES_MAX: usize = 4_096;

pub(crate) const SYNTAX: &str = "42601";
pub(crate) const READ_ONLY: &str = "25006";
pub(crate) const ABORTED: &str = "25P02";
pub(crate) const NOT_SUPPORTED: &str = "0A000";
pub(crate) const INVALID_PASSWORD: &str = "28P01";
pub(crate) const UNKNOWN_DATABASE: &str = "3D000";
pub(crate) const TOO_MANY: &str = "53300";
pub(crate) const LIMIT: &str = "54000";
pub(crate) const TOO_MANY_COLUMNS: &str = "54011";
pub(crate) const CANCELED: &str = "57014";
pub(crate) const SHUTDOWN: &str = "57P01";
pub(crate) const NOT_READY: &str = "57P03";
pub(crate) const IDLE: &str = "57P05";
pub(crate) const PROTOCOL: &str = "08P01";
pub(crate) const INVALID_TEXT: &str = "22P02";
pub(crate) const UNKNOWN_STATEMENT: &str = "26000";
pub(crate) const UNKNOWN_SETTING: &str = "42704";
pub(crate) const INVALID_VALUE: &str = "22023";

/// An error that ends the statement.
pub(crate) fn error(code: &str, message: impl AsRef<str>) -> PgWireError {
    with_severity("ERROR", code, message.as_ref())
}

/// An error that ends the connection.
pub(crate) fn fatal(code: &str, message: impl AsRef<str>) -> PgWireError {
    with_severity("FATAL", code, message.as_ref())
}

/// The same with a hint.
pub(crate) fn hinted(error: PgWireError, hint: &str) -> PgWireError {
    match error {
        PgWireError::UserError(mut info) => {
            info.hint = Some(readable(hint));
            PgWireError::UserError(info)
        }
        other => other,
    }
}

fn with_severity(severity: &str, code: &str, message: &str) -> PgWireError {
    let mut info = ErrorInfo::new(severity.to_owned(), code.to_owned(), readable(message));
    // Clients of any language tell a fatal error by this field.
    info.severity_nonlocalized = Some(severity.to_owned());
    PgWireError::UserError(Box::new(info))
}

/// Fields end at a zero byte.
fn readable(text: &str) -> String {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].replace('\0', " ")
}

/// An error of the engine over a statement that begins `offset` characters into what the client sent.
pub(crate) fn of_query(failed: Error, sql: &str, offset: usize) -> PgWireError {
    let code = code_of(&failed);
    let message = match &failed {
        Error::Timeout { .. } => format!("canceling statement due to statement timeout: {failed}"),
        Error::UnknownTable { name, .. } => format!("relation \"{name}\" does not exist"),
        Error::UnknownColumn { name, .. } => format!("column \"{name}\" does not exist"),
        other => other.to_string(),
    };
    if matches!(failed, Error::Run { .. } | Error::Panicked) {
        tracing::error!(error = ?failed, "a query failed");
    }
    let PgWireError::UserError(mut info) = error(code, message) else {
        return PgWireError::ApiError(Box::new(failed));
    };
    info.hint = Some(readable(&failed.help()));
    let place = failed.position().map(|place| characters_before(sql, place));
    info.position = place.map(|before| (offset + before + 1).to_string());
    PgWireError::UserError(info)
}

fn code_of(failed: &Error) -> &'static str {
    match failed {
        Error::Syntax { .. } => SYNTAX,
        Error::UnknownColumn { .. } => "42703",
        Error::UnknownTable { .. } => "42P01",
        Error::AmbiguousColumn { .. } => "42702",
        Error::NotAllowed { what } => match what.as_str() {
            "changing data" | "SELECT INTO" | "FOR UPDATE" => READ_ONLY,
            _ => NOT_SUPPORTED,
        },
        Error::Parameters { .. } => PROTOCOL,
        Error::Invalid { message } => of_message(message),
        Error::Memory { .. } => "53200",
        Error::Timeout { .. } => CANCELED,
        Error::TooBusy { .. } => TOO_MANY,
        Error::Run { .. } | Error::Panicked => "XX000",
        Error::ShutDown => SHUTDOWN,
    }
}

/// The engine has one kind of error for what PostgreSQL tells apart.
fn of_message(message: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["Divide by zero"]) {
        "22012"
    } else if has(&[
        "Invalid function",
        "does not support",
        "No function matches",
    ]) {
        "42883"
    } else if has(&["Cannot cast string", "Error parsing", "Parser error"]) {
        INVALID_TEXT
    } else if has(&["unrecognized configuration parameter"]) {
        UNKNOWN_SETTING
    } else {
        "42804"
    }
}

/// Characters before a place, as PostgreSQL counts positions.
fn characters_before(sql: &str, place: Position) -> usize {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let lines = sql.split_inclusive('\n');
    let before: usize = lines
        .take(number(place.line).saturating_sub(1))
        .map(|line| line.chars().count())
        .sum();
    before.saturating_add(number(place.column).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(failed: Error, sql: &str, offset: usize) -> ErrorInfo {
        of_query(failed, sql, offset).into()
    }

    #[test]
    fn the_place_of_a_mistake_is_counted_in_characters_of_the_whole_text() {
        let failed = || Error::Syntax {
            message: "x".to_owned(),
            position: Some(Position { line: 2, column: 3 }),
        };
        let sql = "SELECT 'ä'\n  FRM";
        assert_eq!(info(failed(), sql, 0).position.as_deref(), Some("14"));
        assert_eq!(info(failed(), sql, 10).position.as_deref(), Some("24"));
        assert_eq!(info(failed(), sql, 0).code, SYNTAX);
    }

    #[test]
    fn a_message_is_cut_and_has_no_zero_byte() {
        let long = format!("a\0{}", "ä".repeat(TEXT_BYTES_MAX));
        let failed = Error::Invalid { message: long };
        let message = info(failed, "", 0).message;
        assert!(message.len() <= TEXT_BYTES_MAX && message.starts_with("a ä"));
    }

    #[test]
    fn writing_inside_a_query_is_told_from_what_is_not_supported() {
        let check = |what: &str, code: &str| {
            let failed = Error::NotAllowed {
                what: what.to_owned(),
            };
            assert_eq!(info(failed, "", 0).code, code);
        };
        check("changing data", READ_ONLY);
        check("TABLESAMPLE", NOT_SUPPORTED);
    }
}
