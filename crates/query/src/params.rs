//! Parameters: `$1`, `$2` and so on become literals of the parsed statement, so that they mean what the same literal would mean
//! in that place, and their text is never read as SQL.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, LimitClause, Query, TimezoneInfo, UnaryOperator, Value as Literal,
    ValueWithSpan, VisitMut, VisitorMut,
};
use serde_json::Value;

use crate::{Error, ParameterType};

/// Puts the parameters into their places.
///
/// # Errors
/// [`Error::Parameters`] when their number differs from what the statement names, or one is an array or object.
pub(crate) fn fill(
    query: &mut Query,
    params: &[Value],
    types: &[Option<ParameterType>],
) -> Result<(), Error> {
    let mut filler = Filler {
        params,
        types,
        highest: 0,
    };
    if let ControlFlow::Break(error) = VisitMut::visit(query, &mut filler) {
        return Err(error);
    }
    check_count(filler.highest, params.len())
}

/// Puts a NULL of its type into the place of each parameter whose type is known; the others stay open, for planning to tell what they
/// are.
///
/// # Errors
/// [`Error::Parameters`] when one has another name than `$1`, `$2` and so on.
pub(crate) fn fill_types(
    query: &mut Query,
    types: &[Option<ParameterType>],
) -> Result<Open, Error> {
    let mut filler = TypeFiller {
        types,
        open: Open::default(),
    };
    match VisitMut::visit(query, &mut filler) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(filler.open),
    }
}

/// The parameters of a statement that have no values yet.
#[derive(Debug, Default)]
pub(crate) struct Open {
    pub(crate) count: usize,
    /// Those of `LIMIT` and `OFFSET`, of which planning does not say that they are integers; from 1.
    pub(crate) integers: BTreeSet<usize>,
}

/// Checks the parameters of a statement that has no place for any.
pub(crate) fn check_count(named: usize, given: usize) -> Result<(), Error> {
    if named == given {
        return Ok(());
    }
    let names = match named {
        0 => "no parameter".to_owned(),
        1 => "$1".to_owned(),
        _ => format!("$1 to ${named}"),
    };
    Err(Error::Parameters {
        problem: format!("the statement names {names}, but {given} were given"),
    })
}

/// The position of `$1`, from 1. Bounded as the protocol of PostgreSQL bounds it.
fn number_of(name: &str) -> Result<usize, Error> {
    let number = name
        .strip_prefix('$')
        .and_then(|digits| digits.parse::<u16>().ok())
        .filter(|number| *number > 0);
    number.map(usize::from).ok_or_else(|| Error::Parameters {
        problem: format!("`{name}` is not the name of a parameter: they are $1, $2 and so on"),
    })
}

/// The position of an expression that is nothing but a parameter.
fn placeholder(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Value(ValueWithSpan {
            value: Literal::Placeholder(name),
            ..
        }) => number_of(name).ok(),
        _ => None,
    }
}

fn cast(literal: Literal, to: ParameterType) -> Expr {
    let data_type = match to {
        ParameterType::Text => DataType::Text,
        ParameterType::Integer => DataType::BigInt(None),
        ParameterType::Number => DataType::DoublePrecision,
        ParameterType::Boolean => DataType::Boolean,
        ParameterType::Timestamp => DataType::Timestamp(None, TimezoneInfo::Tz),
        ParameterType::Date => DataType::Date,
    };
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(Expr::Value(literal.into())),
        data_type,
        array: false,
        format: None,
    }
}

struct TypeFiller<'a> {
    types: &'a [Option<ParameterType>],
    open: Open,
}

impl VisitorMut for TypeFiller<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause {
            let offset = offset.as_ref().map(|offset| &offset.value);
            let numbers = limit.as_ref().into_iter().chain(offset);
            self.open.integers.extend(numbers.filter_map(placeholder));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let Expr::Value(ValueWithSpan {
            value: Literal::Placeholder(name),
            ..
        }) = expr
        else {
            return ControlFlow::Continue(());
        };
        match number_of(name) {
            Ok(number) => {
                self.open.count = self.open.count.max(number);
                if let Some(Some(known)) = self.types.get(number - 1) {
                    *expr = cast(Literal::Null, *known);
                }
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Error> {
        let Literal::Placeholder(name) = &value.value else {
            return ControlFlow::Continue(());
        };
        match number_of(name) {
            Ok(number) => {
                self.open.count = self.open.count.max(number);
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    }
}

struct Filler<'a> {
    params: &'a [Value],
    types: &'a [Option<ParameterType>],
    highest: usize,
}

impl VisitorMut for Filler<'_> {
    type Break = Error;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        // `-$1` with −3 must not become `--3`.
        let Expr::Value(ValueWithSpan {
            value: Literal::Placeholder(name),
            ..
        }) = expr
        else {
            return ControlFlow::Continue(());
        };
        let known = number_of(name)
            .ok()
            .and_then(|number| *self.types.get(number - 1)?);
        match (self.literal(name), known) {
            // A time or a NULL is one of its type wherever it stands; for other values their literal says it.
            (
                Ok(literal @ Literal::SingleQuotedString(_)),
                Some(to @ (ParameterType::Timestamp | ParameterType::Date)),
            )
            | (Ok(literal @ Literal::Null), Some(to)) => {
                *expr = cast(literal, to);
                ControlFlow::Continue(())
            }
            (Ok(Literal::Number(digits, _)), _) if digits.starts_with('-') => {
                let magnitude = Expr::Value(Literal::Number(digits[1..].to_owned(), false).into());
                let negative = Expr::UnaryOp {
                    op: UnaryOperator::Minus,
                    expr: Box::new(magnitude),
                };
                *expr = Expr::Nested(Box::new(negative));
                ControlFlow::Continue(())
            }
            (Ok(literal), _) => {
                *expr = Expr::Value(literal.into());
                ControlFlow::Continue(())
            }
            (Err(error), _) => ControlFlow::Break(error),
        }
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Error> {
        let Literal::Placeholder(name) = &value.value else {
            return ControlFlow::Continue(());
        };
        match self.literal(name) {
            Ok(literal) => {
                value.value = literal;
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    }
}

impl Filler<'_> {
    fn literal(&mut self, name: &str) -> Result<Literal, Error> {
        let problem = |problem: String| Err(Error::Parameters { problem });
        let number = number_of(name)?;
        self.highest = self.highest.max(number);
        match self.params.get(number - 1) {
            None => problem(format!(
                "the statement names ${number}, but {} parameters were given",
                self.params.len()
            )),
            Some(Value::Null) => Ok(Literal::Null),
            Some(Value::Bool(flag)) => Ok(Literal::Boolean(*flag)),
            Some(Value::Number(digits)) => Ok(Literal::Number(digits.to_string(), false)),
            Some(Value::String(text)) => Ok(Literal::SingleQuotedString(text.clone())),
            Some(Value::Array(_)) => problem(format!(
                "parameter ${number} is an array; give each value its own parameter"
            )),
            Some(Value::Object(_)) => problem(format!(
                "parameter ${number} is an object; give each value its own parameter"
            )),
        }
    }
}
