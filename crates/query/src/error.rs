//! Why a statement got no answer, by what its author can do about it.

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

/// A refused or failed query.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not SQL. Lines and columns count from 1.
    #[error("{message}")]
    Syntax {
        message: String,
        position: Option<Position>,
    },
    /// `table` is set where the statement reads one table only.
    #[error("there is no column `{name}`{}", in_table(*table))]
    UnknownColumn {
        name: String,
        table: Option<&'static str>,
        nearest: Option<String>,
    },
    #[error("there is no table `{name}`")]
    UnknownTable {
        name: String,
        nearest: Option<String>,
    },
    #[error("`{name}` can mean {}", candidates.join(" or "))]
    AmbiguousColumn {
        name: String,
        candidates: Vec<String>,
    },
    #[error("{what} is not allowed")]
    NotAllowed { what: String },
    #[error("{problem}")]
    Parameters { problem: String },
    /// SQL that cannot be answered: types that do not fit, a column that is neither grouped nor aggregated, a division by zero.
    #[error("{message}")]
    Invalid { message: String },
    #[error("the query needs more than its {limit_bytes} bytes of memory")]
    Memory {
        limit_bytes: usize,
        source: Box<DataFusionError>,
    },
    #[error("the query took longer than {limit_ms} ms")]
    Timeout { limit_ms: u64 },
    #[error("{running} queries run and {waiting} wait already")]
    TooBusy { running: usize, waiting: usize },
    #[error("the query failed")]
    Run { source: Box<DataFusionError> },
    #[error("the query ended by a panic")]
    Panicked,
    #[error("the query engine is shut down")]
    ShutDown,
}

/// A place in the text of a statement, from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    pub line: u64,
    pub column: u64,
}

fn in_table(table: Option<&str>) -> String {
    table
        .map(|table| format!(" in table `{table}`"))
        .unwrap_or_default()
}

impl Error {
    /// The stable code of the problem document.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "sql_syntax",
            Self::UnknownColumn { .. } => "unknown_column",
            Self::UnknownTable { .. } => "unknown_table",
            Self::AmbiguousColumn { .. } => "ambiguous_column",
            Self::NotAllowed { .. } => "sql_not_allowed",
            Self::Parameters { .. } => "sql_parameters",
            Self::Invalid { .. } => "sql_invalid",
            Self::Memory { .. } => "query_memory",
            Self::Timeout { .. } => "query_timeout",
            Self::TooBusy { .. } => "query_too_busy",
            Self::Run { .. } | Self::Panicked | Self::ShutDown => "query_failed",
        }
    }

    /// What to do about it, as one sentence.
    #[must_use]
    pub fn help(&self) -> String {
        let nearest = |nearest: &Option<String>, list: &str| match nearest {
            Some(name) => format!("Did you mean `{name}`? `{list}` lists what there is."),
            None => format!("`{list}` lists what there is."),
        };
        match self {
            Self::Syntax { .. } => "Correct the statement at the given position.".to_owned(),
            Self::UnknownColumn { table, nearest: name, .. } => {
                nearest(name, &format!("DESCRIBE {}", table.unwrap_or("<table>")))
            }
            Self::UnknownTable { nearest: name, .. } => nearest(name, "SHOW TABLES"),
            Self::AmbiguousColumn { .. } => "Put the table's name before the column.".to_owned(),
            Self::NotAllowed { .. } => {
                "Only SELECT, WITH, EXPLAIN, SHOW TABLES, SHOW COLUMNS and DESCRIBE over the event tables are answered.".to_owned()
            }
            Self::Parameters { .. } => "Give one string, number, boolean or null for each of $1, $2 and so on.".to_owned(),
            Self::Invalid { .. } => "Correct the statement.".to_owned(),
            Self::Memory { .. } => "Group by fewer values, sort fewer rows, or give a shorter time range.".to_owned(),
            Self::Timeout { .. } => "Give a shorter time range or a more selective filter.".to_owned(),
            Self::TooBusy { .. } => "Try again in a few seconds.".to_owned(),
            Self::Run { .. } | Self::Panicked | Self::ShutDown => {
                "Try again; if it stays, look for the request id in the server's log.".to_owned()
            }
        }
    }

    /// Where in the text, for a mistake of syntax.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        match self {
            Self::Syntax { position, .. } => *position,
            _ => None,
        }
    }

    pub(crate) fn not_allowed(what: impl Into<String>) -> Self {
        Self::NotAllowed { what: what.into() }
    }

    /// Something about summaries that no user can mend.
    pub(crate) fn summary(cause: impl std::fmt::Display) -> Self {
        let source = DataFusionError::Execution(format!("summary: {cause}"));
        Self::Run {
            source: Box::new(source),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
        }
    }

    /// Sorts an error of the engine by whose mistake it is. An unknown column keeps no table and no nearest name yet.
    pub(crate) fn of(error: DataFusionError, memory_limit_bytes: usize) -> Self {
        match root(&error) {
            DataFusionError::SQL(parser, _) => syntax(parser),
            DataFusionError::ResourcesExhausted(_) => Self::Memory {
                limit_bytes: memory_limit_bytes,
                source: Box::new(error),
            },
            DataFusionError::SchemaError(schema, _) => of_schema(schema),
            DataFusionError::Plan(message)
            | DataFusionError::NotImplemented(message)
            | DataFusionError::Execution(message)
            | DataFusionError::Configuration(message) => Self::invalid(beginning(message)),
            DataFusionError::ArrowError(arrow, _) if !is_environment(arrow) => {
                Self::invalid(arrow.to_string())
            }
            _ => Self::Run {
                source: Box::new(error),
            },
        }
    }
}

/// An Arrow error that is not about the statement's values.
fn is_environment(error: &arrow::error::ArrowError) -> bool {
    use arrow::error::ArrowError;
    matches!(
        error,
        ArrowError::IoError(..) | ArrowError::ExternalError(_) | ArrowError::MemoryError(_)
    )
}

/// The innermost DataFusion error: what was wrapped on the way up says nothing to its reader.
fn root(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => root(inner),
        DataFusionError::Shared(inner) => root(inner),
        DataFusionError::Collection(errors) => errors.first().map_or(error, root),
        DataFusionError::External(inner) => {
            inner.downcast_ref::<DataFusionError>().map_or(error, root)
        }
        DataFusionError::ArrowError(arrow, _) => match arrow.as_ref() {
            arrow::error::ArrowError::ExternalError(inner) => {
                inner.downcast_ref::<DataFusionError>().map_or(error, root)
            }
            _ => error,
        },
        _ => error,
    }
}

fn of_schema(error: &SchemaError) -> Error {
    match error {
        SchemaError::FieldNotFound { field, .. } => Error::UnknownColumn {
            name: field.name.clone(),
            table: None,
            nearest: None,
        },
        SchemaError::AmbiguousReference { field } => Error::AmbiguousColumn {
            name: field.name.clone(),
            candidates: vec!["a column of several tables".to_owned()],
        },
        other => Error::invalid(other.to_string()),
    }
}

/// A parser's error; its message ends in ` at Line: 1, Column: 8`.
pub(crate) fn syntax(error: &ParserError) -> Error {
    let (ParserError::TokenizerError(message) | ParserError::ParserError(message)) = error else {
        return Error::not_allowed("so deep a nesting");
    };
    let position = message.rsplit_once(" at Line: ").and_then(|(_, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        let digits = |text: &str| {
            text.chars()
                .take_while(char::is_ascii_digit)
                .collect::<String>()
                .parse()
                .ok()
        };
        Some(Position {
            line: digits(line)?,
            column: digits(column)?,
        })
    });
    // The parser says 0, 0 where the text ends.
    let position = position.filter(|position| position.line > 0);
    let text = message
        .rsplit_once(" at Line: ")
        .map_or(message.as_str(), |(text, _)| text);
    let message = match position {
        Some(Position { line, column }) => format!("{text} at line {line}, column {column}"),
        None => text.to_owned(),
    };
    Error::Syntax { message, position }
}

/// What is wrong and, where the engine says so, what was meant; the candidates it lists behind would fill a screen.
fn beginning(message: &str) -> String {
    message.lines().take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_syntax_error_is_taken_from_its_message() {
        let check = |message: &str, text: &str, place: Option<(u64, u64)>| {
            let error = syntax(&ParserError::ParserError(message.to_owned()));
            assert_eq!(
                error.position(),
                place.map(|(line, column)| Position { line, column })
            );
            assert_eq!(error.to_string(), text);
        };
        check(
            "Expected: x, found: y at Line: 2, Column: 14",
            "Expected: x, found: y at line 2, column 14",
            Some((2, 14)),
        );
        check("Expected: x, found: EOF", "Expected: x, found: EOF", None);
    }
}
