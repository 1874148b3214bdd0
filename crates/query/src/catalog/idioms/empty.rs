//! Queries that give no rows, whatever they name: of tables of the catalog that are always empty.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, Query, Select, SelectItem, SetExpr, TableFactor, Value,
};

use super::items::item_name;
use super::values::{literal, null};
use super::{INFORMATION, called};
use crate::catalog::tables::EMPTY;
use crate::names::normal;

/// Functions whose result is one row even of none.
const AGGREGATES: [&str; 10] = [
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "array_agg",
    "string_agg",
    "json_agg",
    "bool_or",
    "bool_and",
];

/// The table is one of those that are always empty.
fn is_always_empty(factor: &TableFactor) -> bool {
    let TableFactor::Table {
        name, args: None, ..
    } = factor
    else {
        return false;
    };
    let parts: Vec<String> = name
        .0
        .iter()
        .filter_map(|part| part.as_ident().map(normal))
        .collect();
    let name = match parts.as_slice() {
        [name] => name.clone(),
        [schema, name] if schema == "pg_catalog" => name.clone(),
        [schema, name] if schema == INFORMATION => format!("{INFORMATION}.{name}"),
        _ => return false,
    };
    EMPTY.contains(&name.as_str())
}

/// Whether a `SELECT` gives no row because a table that it needs a row of is always empty.
pub(super) fn is_empty(select: &Select) -> bool {
    use datafusion::sql::sqlparser::ast::JoinOperator as Join;

    let needs_row = select.from.iter().any(|from| {
        is_always_empty(&from.relation)
            || from.joins.iter().any(|join| {
                matches!(
                    join.join_operator,
                    Join::Join(_) | Join::Inner(_) | Join::CrossJoin(_)
                ) && is_always_empty(&join.relation)
            })
    });
    needs_row && !select.projection.iter().any(is_aggregate)
}

fn is_aggregate(item: &SelectItem) -> bool {
    let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else {
        return false;
    };
    matches!(expr, Expr::Function(call) if AGGREGATES.contains(&called(call).as_str()))
}

/// The same columns, all NULL, and no rows.
pub(super) fn without_rows(select: &mut Select) {
    let names = select.projection.iter().enumerate().map(|(index, item)| {
        let name = match item {
            SelectItem::ExprWithAlias { alias, .. } => alias.value.clone(),
            SelectItem::UnnamedExpr(expr) => item_name(expr).unwrap_or_default(),
            _ => "oid".to_owned(),
        };
        (index + 1, name)
    });
    let mut given = BTreeSet::new();
    let mut item = |(number, name): (usize, String)| {
        // The engine wants its columns told apart.
        let is_own = !name.is_empty() && given.insert(name.clone());
        let name = if is_own {
            name
        } else {
            format!("column{number}")
        };
        SelectItem::ExprWithAlias {
            expr: null(),
            alias: Ident::with_quote('"', name),
        }
    };
    let items: Vec<SelectItem> = names.map(&mut item).collect();
    select.projection = items;
    select.from.clear();
    select.distinct = None;
    select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
    select.having = None;
    select.selection = Some(literal(Value::Boolean(false)));
}

/// Whether a query was found to give no rows.
pub(super) fn gives_nothing(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return false;
    };
    select.from.is_empty()
        && matches!(&select.selection, Some(Expr::Value(value)) if value.value == Value::Boolean(false))
        && !select.projection.iter().any(is_aggregate)
}

/// Grafana asks for the schemas of the search path by taking the setting apart.
pub(super) fn reads_search_path(select: &Select) -> bool {
    let functions = select
        .from
        .iter()
        .filter_map(|from| match &from.relation {
            TableFactor::Table {
                name,
                args: Some(args),
                ..
            } => Some((name, args)),
            _ => None,
        })
        .filter(|(name, _)| name.to_string() == "string_to_array");
    functions
        .flat_map(|(_, args)| args.args.iter())
        .any(|arg| arg.to_string() == "current_setting('search_path')")
}

/// The value of a query that gives one row of one literal.
pub(super) fn only_value(query: &Query) -> Option<Expr> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(value @ Expr::Value(_))]
            if select.from.is_empty() && select.selection.is_none() =>
        {
            Some(value.clone())
        }
        _ => None,
    }
}

/// `SELECT value`.
pub(super) fn constant(select: &Select, value: Expr) -> Select {
    let mut constant = select.clone();
    without_rows(&mut constant);
    constant.projection = vec![SelectItem::UnnamedExpr(value)];
    constant.selection = None;
    constant
}
