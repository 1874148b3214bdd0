//! What a statement's parameters and columns are, before it is run: for protocols that ask for both first.

use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::logical_expr::LogicalPlan;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::answer::Column;
use crate::engine::milliseconds;
use crate::execute::{Ground, Query, columns_of, plan_of, state_of, with_nearest};
use crate::origin::origins;
use crate::statement::{self, Asked, Rows};
use crate::{Engine, Error, Limits, Request, Scope, describe};

/// What is known of a statement before it is run.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// By position; nothing where the statement leaves it open.
    pub parameters: Vec<Option<DataType>>,
    pub columns: Vec<Column>,
    /// The columns' types. Values of open parameters can still change them.
    pub schema: SchemaRef,
}

impl Engine {
    /// Plans a statement whose parameters have no values yet; `params` of the request are not read.
    ///
    /// # Errors
    /// Those of planning, see [`Error`].
    pub fn prepare<'a>(
        &'a self,
        request: Request,
        scope: &Scope,
        limits: &Limits,
        snapshot: store::Snapshot,
    ) -> BoxFuture<'a, Result<Prepared, Error>> {
        let (scope, limits) = (scope.clone(), *limits);
        Box::pin(async move {
            let work = self.work(move |ground, stop| async move {
                let asked = Query {
                    request: &request,
                    scope: &scope,
                    limits: &limits,
                    snapshot: &snapshot,
                    stop: &stop,
                };
                prepared(&ground, &asked).await
            });
            let limit_ms = milliseconds(limits.timeout);
            match tokio::time::timeout(limits.timeout, work).await {
                Ok(result) => result,
                Err(_) => Err(Error::Timeout { limit_ms }),
            }
        })
    }
}

async fn prepared(ground: &Ground, query: &Query<'_>) -> Result<Prepared, Error> {
    let (asked, open) = statement::read_open(query.request)?;
    let rows = match asked {
        Asked::Rows(rows) => *rows,
        Asked::Tables => return Ok(described(&describe::tables())),
        Asked::Columns(table) => return Ok(described(&describe::columns(table.table()))),
    };
    let plan = match planned(ground, query, rows).await {
        Err(error) if open.count > 0 => with_nulls(ground, query, open.count).await.ok_or(error)?,
        result => result?,
    };
    let mut found = plan.get_parameter_types().unwrap_or_default();
    let parameters = (1..=open.count).map(|number| {
        let integer = open.integers.contains(&number).then_some(DataType::Int64);
        found.remove(&format!("${number}")).flatten().or(integer)
    });
    let schema = Arc::new(plan.schema().as_arrow().clone());
    Ok(Prepared {
        parameters: parameters.collect(),
        columns: columns_of(&schema, &origins(&plan)),
        schema,
    })
}

/// Planning needs the types of arguments, and not every place tells what its parameter is. A NULL fits anywhere.
async fn with_nulls(ground: &Ground, query: &Query<'_>, count: usize) -> Option<LogicalPlan> {
    let request = Request {
        params: vec![Value::Null; count],
        ..query.request.clone()
    };
    let Ok(Asked::Rows(rows)) = statement::read(&request) else {
        return None;
    };
    planned(ground, query, *rows).await.ok()
}

async fn planned(ground: &Ground, query: &Query<'_>, rows: Rows) -> Result<LogicalPlan, Error> {
    let state = state_of(ground, query, &rows.read)?;
    let plan = plan_of(&state, rows.statement, query.limits.memory_bytes).await;
    plan.map_err(|error| with_nearest(error, &rows.read.tables))
}

fn described(answer: &crate::Answer) -> Prepared {
    Prepared {
        parameters: Vec::new(),
        columns: answer.columns.clone(),
        schema: Arc::clone(&answer.schema),
    }
}
