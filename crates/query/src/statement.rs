//! What may be asked: one statement of a short list. Everything else is refused by its kind before it is planned.

use std::collections::VecDeque;

use datafusion::sql::parser::{DFParserBuilder, Statement as Parsed};
use datafusion::sql::sqlparser::ast::{
    LimitClause, Query, SetExpr, ShowStatementInParentType, ShowStatementOptions, Statement,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use schema::TableId;

use crate::catalog::idioms;
use crate::error::syntax;
use crate::names::{Names, Read};
use crate::params::Open;
use crate::{Error, Request, names, params};

/// Longest text of a statement.
pub(crate) const SQL_BYTES_MAX: usize = 256 << 10;
/// Each operator can deepen the tree of an expression by one, and trees are dropped and cloned by recursion.
const OPERATORS_MAX: usize = 4_000;
/// Nesting of parentheses and subqueries.
const NESTING_MAX: usize = 50;

/// A statement that may be answered.
#[derive(Debug)]
pub(crate) enum Asked {
    Rows(Box<Rows>),
    /// `SHOW TABLES`.
    Tables,
    /// `DESCRIBE` and `SHOW COLUMNS`.
    Columns(TableId),
}

/// A query with every name resolved.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) statement: Parsed,
    /// Tables it reads.
    pub(crate) read: Read,
    /// It has its own outermost `LIMIT`.
    pub(crate) has_limit: bool,
    pub(crate) is_explain: bool,
}

/// Reads a statement and fills its parameters.
pub(crate) fn read(request: &Request) -> Result<Asked, Error> {
    let mut parameters =
        |query: &mut Query| params::fill(query, &request.params, &request.parameter_types);
    let asked = asked(request, &mut parameters)?;
    if !matches!(asked, Asked::Rows(_)) {
        params::check_count(0, request.params.len())?;
    }
    Ok(asked)
}

/// Reads a statement whose parameters have no values yet, and tells what there is to know of them.
pub(crate) fn read_open(request: &Request) -> Result<(Asked, Open), Error> {
    let mut open = Open::default();
    let mut parameters = |query: &mut Query| {
        open = params::fill_types(query, &request.parameter_types)?;
        Ok(())
    };
    let asked = asked(request, &mut parameters)?;
    Ok((asked, open))
}

/// What is done to the parameters of a query.
type Parameters<'a> = &'a mut dyn FnMut(&mut Query) -> Result<(), Error>;

fn asked(request: &Request, parameters: Parameters<'_>) -> Result<Asked, Error> {
    let sql = request.sql.as_str();
    if sql.len() > SQL_BYTES_MAX {
        return Err(Error::not_allowed(format!(
            "a statement longer than {SQL_BYTES_MAX} bytes"
        )));
    }
    check_operators(sql)?;
    match only(parse(sql)?)? {
        Parsed::Statement(statement) => match *statement {
            Statement::Query(query) => rows(query, request, parameters),
            Statement::ShowTables { show_options, .. } => {
                refuse_options(&show_options, "SHOW TABLES")?;
                Ok(Asked::Tables)
            }
            Statement::ShowColumns { show_options, .. } => {
                shown_table(&show_options).map(Asked::Columns)
            }
            Statement::ExplainTable { table_name, .. } => {
                names::table(&table_name).map(Asked::Columns)
            }
            other => Err(refused(&other.to_string())),
        },
        Parsed::Explain(mut explain) => {
            let Parsed::Statement(inner) = *explain.statement else {
                return Err(Error::not_allowed("EXPLAIN of this statement"));
            };
            let Statement::Query(query) = *inner else {
                return Err(refused(&inner.to_string()));
            };
            let Asked::Rows(mut rows) = rows(query, request, parameters)? else {
                return Err(Error::not_allowed("EXPLAIN of this statement"));
            };
            explain.statement = Box::new(rows.statement);
            rows.statement = Parsed::Explain(explain);
            rows.is_explain = true;
            Ok(Asked::Rows(rows))
        }
        other => Err(refused(&other.to_string())),
    }
}

fn rows(
    mut query: Box<Query>,
    request: &Request,
    parameters: Parameters<'_>,
) -> Result<Asked, Error> {
    let names = match &request.postgres {
        Some(client) => {
            idioms::rewrite(&mut query, client)?;
            Names::EventsAndCatalog
        }
        None => Names::Events,
    };
    let read = names::resolve(&mut query, names)?;
    parameters(&mut query)?;
    let has_limit = has_limit(&query);
    let statement = Parsed::Statement(Box::new(Statement::Query(query)));
    Ok(Asked::Rows(Box::new(Rows {
        statement,
        read,
        has_limit,
        is_explain: false,
    })))
}

/// Parentheses around the whole are not counted: `(SELECT … LIMIT 5)` has its limit outermost.
fn has_limit(query: &Query) -> bool {
    match (&query.limit_clause, query.body.as_ref()) {
        (
            Some(
                LimitClause::LimitOffset { limit: Some(_), .. }
                | LimitClause::OffsetCommaLimit { .. },
            ),
            _,
        ) => true,
        (None, SetExpr::Query(inner)) => has_limit(inner),
        _ => query.fetch.is_some(),
    }
}

fn parse(sql: &str) -> Result<VecDeque<Parsed>, Error> {
    // PostgreSQL's grammar, because there `->>` binds tighter than `=`.
    let parser = DFParserBuilder::new(sql)
        .with_dialect(&PostgreSqlDialect {})
        .with_recursion_limit(NESTING_MAX)
        .build();
    parser
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| Error::of(error, 0))
}

fn only(mut statements: VecDeque<Parsed>) -> Result<Parsed, Error> {
    match (statements.pop_front(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (Some(_), false) => Err(Error::not_allowed("more than one statement")),
        (None, _) => Err(Error::Syntax {
            message: "there is no statement".to_owned(),
            position: None,
        }),
    }
}

/// Names a refused statement by its first words.
fn refused(text: &str) -> Error {
    let words: Vec<&str> = text
        .split_whitespace()
        .take(2)
        .filter(|word| word.chars().all(|c| c.is_ascii_alphabetic()))
        .collect();
    Error::not_allowed(match words.first() {
        Some(_) => words.join(" ").to_uppercase(),
        None => "this statement".to_owned(),
    })
}

fn refuse_options(options: &ShowStatementOptions, statement: &str) -> Result<(), Error> {
    let ShowStatementOptions {
        show_in: None,
        starts_with: None,
        limit: None,
        limit_from: None,
        filter_position: None,
    } = options
    else {
        return Err(Error::not_allowed(format!(
            "{statement} with a filter or a schema"
        )));
    };
    Ok(())
}

fn shown_table(options: &ShowStatementOptions) -> Result<TableId, Error> {
    let place = options.show_in.as_ref();
    if options.filter_position.is_some() || options.limit.is_some() || options.starts_with.is_some()
    {
        return Err(Error::not_allowed("SHOW COLUMNS with a filter"));
    }
    match place.map(|place| (&place.parent_name, &place.parent_type)) {
        Some((Some(name), None)) => names::table(name),
        // The parser takes the table `view` for the word VIEW.
        Some((None, Some(ShowStatementInParentType::View))) => Ok(TableId::View),
        _ => Err(Error::not_allowed("SHOW COLUMNS without a table")),
    }
}

/// Parsing makes a tree as deep as a chain of operators is long; what is deeper than any real statement is refused before.
fn check_operators(sql: &str) -> Result<(), Error> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql)
        .tokenize()
        .map_err(|error| syntax(&error.into()))?;
    let operators = tokens.iter().filter(|token| deepens(token)).count();
    if operators > OPERATORS_MAX {
        return Err(Error::not_allowed(format!(
            "a statement with more than {OPERATORS_MAX} operators"
        )));
    }
    Ok(())
}

fn deepens(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword && word.keyword != Keyword::NULL,
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Comma
        | Token::Whitespace(_)
        | Token::Placeholder(_) => false,
        Token::LParen | Token::RParen | Token::Period | Token::SemiColon | Token::EOF => false,
        _ => true,
    }
}
