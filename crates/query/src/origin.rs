//! Which column of the dictionary a column of an answer comes from: it keeps that column's unit.
//!
//! Followed through the logical plan: plain columns, aliases, subqueries, joins, unions, and functions whose result has the unit
//! of their argument. Anything else has no unit.

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, Operator};
use schema::TableId;

/// Aggregates, window functions and functions whose result is one of their argument's values or between them.
const UNIT_KEEPING: [&str; 24] = [
    "min",
    "max",
    "avg",
    "mean",
    "sum",
    "median",
    "approx_median",
    "approx_percentile_cont",
    "approx_percentile_cont_with_weight",
    "percentile_cont",
    "quantile_cont",
    "first_value",
    "last_value",
    "nth_value",
    "lag",
    "lead",
    "stddev",
    "stddev_pop",
    "coalesce",
    "nullif",
    "abs",
    "round",
    "floor",
    "ceil",
];

/// A column of the dictionary behind a column of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) column: &'static schema::Column,
    /// The values are the column's own, not made from them.
    pub(crate) is_plain: bool,
}

impl Origin {
    fn derived(self) -> Self {
        Self {
            is_plain: false,
            ..self
        }
    }
}

/// The origin of each column of a plan.
pub(crate) fn origins(plan: &LogicalPlan) -> Vec<Option<Origin>> {
    (0..plan.schema().fields().len())
        .map(|index| of_column(plan, index))
        .collect()
}

fn of_column(plan: &LogicalPlan, index: usize) -> Option<Origin> {
    match plan {
        LogicalPlan::TableScan(scan) => {
            let table = TableId::from_name(scan.table_name.table())?.table();
            let name = plan.schema().field(index).name();
            let column = table.column(table.by_name(name)?);
            Some(Origin {
                column,
                is_plain: true,
            })
        }
        LogicalPlan::Projection(projection) => {
            of_expr(projection.expr.get(index)?, &projection.input)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let expr = aggregate
                .group_expr
                .iter()
                .chain(&aggregate.aggr_expr)
                .nth(index)?;
            of_expr(expr, &aggregate.input)
        }
        LogicalPlan::Window(window) => {
            let inputs = window.input.schema().fields().len();
            match index.checked_sub(inputs) {
                None => of_column(&window.input, index),
                Some(own) => of_expr(window.window_expr.get(own)?, &window.input),
            }
        }
        LogicalPlan::Join(join) => {
            let left = join.left.schema().fields().len();
            match join.join_type {
                JoinType::RightSemi | JoinType::RightAnti => of_column(&join.right, index),
                _ if index < left => of_column(&join.left, index),
                _ if index - left < join.right.schema().fields().len() => {
                    of_column(&join.right, index - left)
                }
                _ => None,
            }
        }
        LogicalPlan::Union(union) => {
            let mut origins = union.inputs.iter().map(|input| of_column(input, index));
            let first = origins.next()??;
            let all_agree = origins
                .all(|other| other.is_some_and(|other| other.column.unit() == first.column.unit()));
            all_agree.then_some(first)
        }
        LogicalPlan::SubqueryAlias(alias) => of_column(&alias.input, index),
        LogicalPlan::Filter(filter) => of_column(&filter.input, index),
        LogicalPlan::Sort(sort) => of_column(&sort.input, index),
        LogicalPlan::Limit(limit) => of_column(&limit.input, index),
        LogicalPlan::Distinct(distinct) => {
            // DISTINCT ON has expressions of its own.
            let input = distinct.input();
            (input.schema().fields().len() == plan.schema().fields().len())
                .then(|| of_column(input, index))?
        }
        _ => None,
    }
}

fn of_expr(expr: &Expr, input: &LogicalPlan) -> Option<Origin> {
    let keeps = |name: &str| UNIT_KEEPING.contains(&name);
    match expr {
        Expr::Alias(alias) => of_expr(&alias.expr, input),
        Expr::Column(column) => of_name(column, input),
        Expr::Cast(cast) => of_expr(&cast.expr, input).map(Origin::derived),
        Expr::Negative(inner) => of_expr(inner, input).map(Origin::derived),
        Expr::AggregateFunction(call) if keeps(call.func.name()) => {
            of_expr(call.params.args.first()?, input).map(Origin::derived)
        }
        Expr::WindowFunction(call) if keeps(call.fun.name()) => {
            of_expr(call.params.args.first()?, input).map(Origin::derived)
        }
        Expr::ScalarFunction(call) if keeps(call.name()) => {
            of_expr(call.args.first()?, input).map(Origin::derived)
        }
        // A sum or difference of two values of one unit has that unit; a product or ratio has another.
        Expr::BinaryExpr(binary) if matches!(binary.op, Operator::Plus | Operator::Minus) => {
            let (left, right) = (
                of_expr(&binary.left, input)?,
                of_expr(&binary.right, input)?,
            );
            (left.column.unit() == right.column.unit()).then(|| left.derived())
        }
        _ => None,
    }
}

fn of_name(column: &Column, input: &LogicalPlan) -> Option<Origin> {
    of_column(input, input.schema().maybe_index_of_column(column)?)
}
