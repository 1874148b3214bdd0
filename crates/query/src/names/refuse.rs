//! Clauses that the parser knows and no statement may have: DataFusion ignores some and writes tables with others.

use datafusion::sql::sqlparser::ast::{Query, Select};

use crate::Error;

pub(super) fn refuse_clauses(query: &Query) -> Result<(), Error> {
    let refused = [
        (!query.locks.is_empty(), "FOR UPDATE"),
        (query.for_clause.is_some(), "FOR XML, JSON or BROWSE"),
        (query.settings.is_some(), "SETTINGS"),
        (query.format_clause.is_some(), "FORMAT"),
        (!query.pipe_operators.is_empty(), "a pipe operator"),
    ];
    refuse(&refused)
}

pub(super) fn refuse_select_clauses(select: &Select) -> Result<(), Error> {
    let refused = [
        (select.into.is_some(), "SELECT INTO"),
        (select.top.is_some(), "TOP"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (
            !select.cluster_by.is_empty() || !select.distribute_by.is_empty(),
            "CLUSTER BY",
        ),
        (!select.sort_by.is_empty(), "SORT BY"),
        (select.value_table_mode.is_some(), "SELECT AS VALUE"),
    ];
    refuse(&refused)
}

fn refuse(clauses: &[(bool, &str)]) -> Result<(), Error> {
    match clauses.iter().find(|(is_there, _)| *is_there) {
        Some((_, clause)) => Err(Error::not_allowed(*clause)),
        None => Ok(()),
    }
}
