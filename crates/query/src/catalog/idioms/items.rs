//! What the columns of an answer are called.

use datafusion::sql::sqlparser::ast::{Expr, Ident, Select, SelectItem};

use super::called;
use crate::names::normal;

/// Functions without parentheses.
const WORDS: [&str; 6] = [
    "user",
    "current_user",
    "session_user",
    "current_role",
    "current_catalog",
    "current_schema",
];

/// Gives items the names that PostgreSQL gives them, as long as no two are the same: the engine wants its columns told apart.
pub(super) fn name_items(select: &mut Select) {
    if select.distinct.is_some() {
        return;
    }
    let named = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) => item_name(expr),
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        _ => None,
    };
    let names: Vec<Option<String>> = select.projection.iter().map(named).collect();
    for (item, name) in select.projection.iter_mut().zip(&names) {
        let SelectItem::UnnamedExpr(expr) = item else {
            continue;
        };
        let is_plain = match expr {
            Expr::Identifier(name) => !WORDS.contains(&normal(name).as_str()),
            Expr::CompoundIdentifier(_) => true,
            _ => false,
        };
        let Some(name) = name.as_ref().filter(|_| !is_plain) else {
            continue;
        };
        if names
            .iter()
            .flatten()
            .filter(|other| *other == name)
            .count()
            == 1
        {
            *item = SelectItem::ExprWithAlias {
                expr: expr.clone(),
                alias: Ident::with_quote('"', name),
            };
        }
    }
}

pub(super) fn item_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(normal(name)),
        Expr::CompoundIdentifier(parts) => parts.last().map(normal),
        Expr::Function(call) => Some(called(call)),
        Expr::Cast { expr, .. } | Expr::Nested(expr) | Expr::Collate { expr, .. } => {
            item_name(expr)
        }
        Expr::Extract { .. } => Some("extract".to_owned()),
        Expr::Floor { .. } => Some("floor".to_owned()),
        Expr::Ceil { .. } => Some("ceil".to_owned()),
        Expr::Case { .. } => Some("case".to_owned()),
        _ => None,
    }
}
