//! Parameters: `$1`, `$2` and so on become literals of the parsed statement, so that they mean what the same literal would mean
//! in that place, and their text is never read as SQL.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Query, UnaryOperator, Value as Literal, ValueWithSpan, VisitMut, VisitorMut,
};
use serde_json::Value;

use crate::Error;

/// Puts the parameters into their places.
///
/// # Errors
/// [`Error::Parameters`] when their number differs from what the statement names, or one is an array or object.
pub(crate) fn fill(query: &mut Query, params: &[Value]) -> Result<(), Error> {
    let mut filler = Filler { params, highest: 0 };
    if let ControlFlow::Break(error) = VisitMut::visit(query, &mut filler) {
        return Err(error);
    }
    check_count(filler.highest, params.len())
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

struct Filler<'a> {
    params: &'a [Value],
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
        match self.literal(name) {
            Ok(Literal::Number(digits, _)) if digits.starts_with('-') => {
                let magnitude = Expr::Value(Literal::Number(digits[1..].to_owned(), false).into());
                let negative = Expr::UnaryOp {
                    op: UnaryOperator::Minus,
                    expr: Box::new(magnitude),
                };
                *expr = Expr::Nested(Box::new(negative));
                ControlFlow::Continue(())
            }
            Ok(literal) => {
                *expr = Expr::Value(literal.into());
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
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
        let number = name
            .strip_prefix('$')
            .and_then(|digits| digits.parse::<usize>().ok())
            .filter(|number| *number > 0);
        let Some(number) = number else {
            return problem(format!(
                "`{name}` is not the name of a parameter: they are $1, $2 and so on"
            ));
        };
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
