//! Which functions a statement may use: everything DataFusion brings, without the denied ones.
//!
//! The registered names are kept as a list in the tests: a new version of DataFusion that adds one fails there until someone has
//! decided about it.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;

use crate::Error;

/// Functions that are not registered, and why.
pub const DENIED: [(&str, &str); 7] = [
    ("input_file_name", "tells where segments lie"),
    ("file_row_index", "tells how segments are laid out"),
    ("arrow_metadata", "reads what the engine notes on columns"),
    ("with_metadata", "writes what the engine notes on columns"),
    ("arrow_field", "reads what the engine notes on columns"),
    (
        "range",
        "builds a list of any length in one value; use it in FROM",
    ),
    (
        "generate_series",
        "builds a list of any length in one value; use it in FROM",
    ),
];

/// Functions that make a value as long as they are told, and which argument says how long. DataFusion's memory pool does not see
/// what they allocate, so that argument has to be a literal up to [`LENGTH_MAX`].
pub const BOUNDED: [(&str, usize); 5] = [
    ("repeat", 1),
    ("lpad", 1),
    ("rpad", 1),
    ("array_repeat", 1),
    ("array_resize", 1),
];

/// Longest value that a function of [`BOUNDED`] may be told to make.
pub const LENGTH_MAX: i64 = 10_000;

/// Table functions; both make their rows in batches, so that time and row limits hold.
pub const TABLE_FUNCTIONS: [&str; 2] = ["generate_series", "range"];

/// Whether a function is left out.
#[must_use]
pub fn is_denied(name: &str) -> bool {
    DENIED
        .iter()
        .any(|(denied, _)| denied.eq_ignore_ascii_case(name))
}

/// Every registered function's name, aliases included.
#[must_use]
pub fn registered() -> BTreeSet<String> {
    let state = crate::context::template(1);
    let scalar = state.scalar_functions().keys();
    let names = scalar
        .chain(state.aggregate_functions().keys())
        .chain(state.window_functions().keys());
    let names = names
        .chain(state.table_functions().keys())
        .chain(state.higher_order_functions().keys());
    names.cloned().collect()
}

/// Refuses calls of [`BOUNDED`] functions that could make huge values.
///
/// # Errors
/// [`Error::NotAllowed`] with the function's name.
pub(crate) fn check_bounds(plan: &LogicalPlan) -> Result<(), Error> {
    let mut refused = None;
    let visit = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Some(name) = unbounded_call(part) {
                    refused = Some(name);
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    match (refused, visit) {
        (Some(name), _) => Err(Error::not_allowed(format!(
            "`{name}` with a length that is not a number up to {LENGTH_MAX}"
        ))),
        (None, Err(error)) => Err(Error::of(error, 0)),
        (None, Ok(_)) => Ok(()),
    }
}

fn unbounded_call(expr: &Expr) -> Option<String> {
    let Expr::ScalarFunction(call) = expr else {
        return None;
    };
    let (name, position) = BOUNDED.iter().find(|(name, _)| *name == call.name())?;
    let is_bounded = match call.args.get(*position) {
        Some(Expr::Literal(ScalarValue::Int64(Some(length)), _)) => *length <= LENGTH_MAX,
        Some(Expr::Literal(value, _)) => value.is_null(),
        Some(_) => false,
        // Too few arguments: planning has its own words for that.
        None => true,
    };
    (!is_bounded).then(|| (*name).to_owned())
}
