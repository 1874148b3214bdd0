//! One query from statement to answer: plan, check, run, collect within the limits.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use schema::{Kind, TableId};

use crate::answer::{Answer, Column, ColumnType, Stats};
use crate::cancel::{Stop, stoppable};
use crate::context::Context;
use crate::names::Read;
use crate::nearest::nearest;
use crate::origin::{Origin, origins};
use crate::statement::{self, Asked, Rows};
use crate::table::{Caches, Restriction};
use crate::{Error, Limits, Request, Scope, describe, functions, names};

/// Everything a query runs on.
pub(crate) struct Ground {
    pub(crate) template: SessionState,
    pub(crate) memory: Arc<dyn MemoryPool>,
    pub(crate) caches: Caches,
}

/// One query.
pub(crate) struct Query<'a> {
    pub(crate) request: &'a Request,
    pub(crate) scope: &'a Scope,
    pub(crate) limits: &'a Limits,
    pub(crate) snapshot: &'a store::Snapshot,
    pub(crate) stop: &'a Stop,
}

/// Answers a query. The time limit and `elapsed_ms` are the engine's.
pub(crate) async fn answer(ground: &Ground, query: &Query<'_>) -> Result<Answer, Error> {
    match statement::read(query.request)? {
        Asked::Tables => Ok(describe::tables()),
        Asked::Columns(table) => Ok(describe::columns(table.table())),
        Asked::Rows(rows) => {
            let state = state_of(ground, query, &rows.read)?;
            let tables = rows.read.tables.clone();
            answer_rows(state, *rows, query.limits, query.stop)
                .await
                .map_err(|error| with_nearest(error, &tables))
        }
    }
}

/// The state in which a query of these tables is planned and run.
pub(crate) fn state_of(
    ground: &Ground,
    query: &Query<'_>,
    read: &Read,
) -> Result<SessionState, Error> {
    let restriction = Restriction::new(query.request, query.scope);
    let context = Context {
        template: &ground.template,
        memory: Arc::clone(&ground.memory),
        memory_bytes: query.limits.memory_bytes,
        caches: &ground.caches,
        snapshot: query.snapshot,
        read,
        postgres: query.request.postgres.as_deref(),
        is_summary: query.request.is_summary,
        restriction: &restriction,
    };
    context
        .state()
        .map_err(|error| Error::of(error, query.limits.memory_bytes))
}

/// The checked plan of a statement.
pub(crate) async fn plan_of(
    state: &SessionState,
    statement: Statement,
    memory_bytes: usize,
) -> Result<LogicalPlan, Error> {
    let failed = |error: DataFusionError| Error::of(error, memory_bytes);
    let plan = state.statement_to_plan(statement).await.map_err(failed)?;
    // The statement was checked before; this is the second lock on the same door.
    let only_reading = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    only_reading.verify_plan(&plan).map_err(failed)?;
    functions::check_bounds(&plan)?;
    Ok(plan)
}

async fn answer_rows(
    state: SessionState,
    rows: Rows,
    limits: &Limits,
    stop: &Stop,
) -> Result<Answer, Error> {
    let failed = |error: DataFusionError| Error::of(error, limits.memory_bytes);
    let plan = plan_of(&state, rows.statement, limits.memory_bytes).await?;
    let origins = origins(&plan);
    let rows_max = if rows.has_limit {
        limits.rows_max
    } else {
        limits.rows_default.min(limits.rows_max)
    };
    let plan = if rows.is_explain {
        plan
    } else {
        with_limit(plan, rows_max + 1).map_err(failed)?
    };
    let physical = state.create_physical_plan(&plan).await.map_err(failed)?;
    let physical = stoppable(physical, stop).map_err(failed)?;
    let collector = Collector::new(&state, rows_max, limits.answer_bytes_max);
    let (batches, truncated) = collector.collect(&state, &physical).await.map_err(failed)?;
    let schema = physical.schema();
    Ok(Answer {
        columns: columns_of(&schema, &origins),
        schema,
        batches,
        truncated,
        stats: stats_of(physical.as_ref()),
    })
}

fn with_limit(plan: LogicalPlan, rows: usize) -> Result<LogicalPlan, DataFusionError> {
    LogicalPlanBuilder::from(plan).limit(0, Some(rows))?.build()
}

pub(crate) fn columns_of(schema: &SchemaRef, origins: &[Option<Origin>]) -> Vec<Column> {
    let column = |(index, field): (usize, &Arc<arrow::datatypes::Field>)| {
        let origin = origins.get(index).copied().flatten();
        let is_set =
            origin.is_some_and(|origin| origin.is_plain && origin.column.kind == Kind::Attributes);
        let is_duration = matches!(field.data_type(), DataType::Duration(_));
        let column_type = if is_set {
            ColumnType::Map
        } else {
            ColumnType::of(field.data_type())
        };
        let unit = if is_duration {
            Some("ns")
        } else {
            origin.and_then(|origin| origin.column.unit())
        };
        Column {
            name: field.name().clone(),
            column_type,
            unit,
        }
    };
    schema.fields().iter().enumerate().map(column).collect()
}

/// Takes the rows of a stream up to the limits.
struct Collector {
    reservation: MemoryReservation,
    rows_max: usize,
    bytes_max: usize,
}

impl Collector {
    fn new(state: &SessionState, rows_max: usize, bytes_max: usize) -> Self {
        let reservation = MemoryConsumer::new("answer").register(&state.runtime_env().memory_pool);
        Self {
            reservation,
            rows_max,
            bytes_max,
        }
    }

    /// The batches, and whether rows were left out. The stream is dropped at the limit, which stops the plan.
    async fn collect(
        self,
        state: &SessionState,
        plan: &Arc<dyn ExecutionPlan>,
    ) -> Result<(Vec<RecordBatch>, bool), DataFusionError> {
        let mut stream = execute_stream(Arc::clone(plan), state.task_ctx())?;
        let (mut batches, mut rows, mut bytes) = (Vec::new(), 0, 0);
        while let Some(batch) = stream.next().await {
            let batch = compact(&batch?);
            if batch.num_rows() == 0 {
                continue;
            }
            let room = self.rows_max - rows;
            let taken = batch.slice(0, batch.num_rows().min(room));
            bytes += taken.get_array_memory_size();
            if bytes > self.bytes_max {
                return Ok((batches, true));
            }
            self.reservation.try_grow(taken.get_array_memory_size())?;
            rows += taken.num_rows();
            let is_cut = batch.num_rows() > room;
            if taken.num_rows() > 0 {
                batches.push(taken);
            }
            if is_cut {
                return Ok((batches, true));
            }
        }
        Ok((batches, false))
    }
}

/// A few views can keep whole pages alive; an answer that waits to be rendered keeps only its own text.
pub(crate) fn compact(batch: &RecordBatch) -> RecordBatch {
    let columns = batch
        .columns()
        .iter()
        .map(|column| match column.data_type() {
            DataType::Utf8View => Arc::new(column.as_string_view().gc()) as Arc<dyn Array>,
            _ => Arc::clone(column),
        });
    RecordBatch::try_new(batch.schema(), columns.collect()).unwrap_or_else(|_| batch.clone())
}

fn stats_of(plan: &dyn ExecutionPlan) -> Stats {
    let mut stats = Stats::default();
    add_stats(plan, &mut stats);
    stats
}

fn add_stats(plan: &dyn ExecutionPlan, stats: &mut Stats) {
    if let Some(scan) = plan.downcast_ref::<DataSourceExec>() {
        if let Some(hot) = scan.data_source().downcast_ref::<MemorySourceConfig>() {
            stats.rows_scanned += hot
                .partitions()
                .iter()
                .flatten()
                .map(|batch| batch.num_rows() as u64)
                .sum::<u64>();
        } else if let Some(metrics) = plan.metrics() {
            let sum = |name: &str| {
                metrics
                    .sum_by_name(name)
                    .map_or(0, |value| value.as_usize() as u64)
            };
            stats.rows_scanned +=
                metrics.output_rows().unwrap_or(0) as u64 + sum("pushdown_rows_pruned");
            stats.bytes_scanned += sum("bytes_scanned");
        }
    }
    for child in plan.children() {
        add_stats(child.as_ref(), stats);
    }
}

/// Adds to an unknown column its table and the name that was probably meant.
pub(crate) fn with_nearest(error: Error, tables: &[TableId]) -> Error {
    let Error::UnknownColumn { name, .. } = error else {
        return error;
    };
    let names = |id: &TableId| {
        let table = id.table();
        let columns = table
            .columns()
            .iter()
            .filter(|column| !column.hidden)
            .map(|column| column.name);
        let aliases = table.aliases().map(|(alias, _)| alias);
        columns
            .chain(aliases.filter(|alias| names::aliased_column(table, alias).is_some()))
            .collect::<Vec<_>>()
    };
    let nearest = nearest(&name, tables.iter().flat_map(names));
    let table = if let [table] = tables {
        Some(table.name())
    } else {
        None
    };
    Error::UnknownColumn {
        name,
        table,
        nearest,
    }
}
