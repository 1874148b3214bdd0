//! Small expressions, made and read.

use datafusion::sql::sqlparser::ast::{
    Array, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, ObjectName, Value,
};

pub(super) fn literal(value: Value) -> Expr {
    Expr::Value(value.into())
}

pub(super) fn text(text: &str) -> Expr {
    literal(Value::SingleQuotedString(text.to_owned()))
}

pub(super) fn number(number: i64) -> Expr {
    literal(Value::Number(number.to_string(), false))
}

pub(super) fn null() -> Expr {
    literal(Value::Null)
}

pub(super) fn list(texts: &[&str]) -> Expr {
    Expr::Array(Array {
        elem: texts.iter().map(|element| text(element)).collect(),
        named: true,
    })
}

/// The text of a literal.
pub(super) fn text_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => {
                Some(text.clone())
            }
            _ => None,
        },
        Expr::Nested(inner) => text_of(inner),
        _ => None,
    }
}

/// A call with one argument.
pub(super) fn call(name: &str, argument: Expr) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))],
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
