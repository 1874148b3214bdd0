//! Rows without a bound on their number: one batch at a time, as fast as the reader takes them.
//!
//! The same statements, scope, memory and threads as [`Engine::run`]. What is not the same: there is no limit on rows, and none on time
//! as long as the reader keeps taking; of the queries that run at once, streams are at most half. That all rows were given is said by
//! the engine, never concluded from silence: a stream that ends otherwise ends with an error.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::answer::Column;
use crate::cancel::{Stop, stoppable};
use crate::engine::{AbortOnDrop, milliseconds};
use crate::execute::{Ground, Query, columns_of, plan_of, state_of, with_nearest};
use crate::origin::origins;
use crate::statement::{self, Asked, Rows};
use crate::{Engine, Error, Limits, Request, Scope};

/// Batches that wait for the reader.
const WAITING_MAX: usize = 1;

/// The rows of a statement. Dropping it ends the query.
pub struct RowStream {
    pub columns: Vec<Column>,
    /// The batches' schema.
    pub schema: SchemaRef,
    batches: mpsc::Receiver<RecordBatch>,
    task: AbortOnDrop<Result<(), Error>>,
    has_ended: bool,
}

impl RowStream {
    /// The next rows; nothing once all were given.
    ///
    /// # Errors
    /// When the query fails, or was ended because its rows were not taken in time. What was given before is not all.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        if let Some(batch) = self.batches.recv().await {
            return Ok(Some(batch));
        }
        if std::mem::replace(&mut self.has_ended, true) {
            return Ok(None);
        }
        match (&mut self.task.task).await {
            Ok(result) => result.map(|()| None),
            Err(error) if error.is_panic() => Err(Error::Panicked),
            Err(_) => Err(Error::ShutDown),
        }
    }
}

/// What is known before the first row.
struct Head {
    columns: Vec<Column>,
    schema: SchemaRef,
}

impl Engine {
    /// Starts a query whose rows are taken batch by batch. Within `limits.timeout` it has to start, and each batch has to be taken.
    ///
    /// # Errors
    /// See [`Error`]; also for statements that give no rows of tables, and when as many streams are open as may be.
    pub fn stream<'a>(
        &'a self,
        request: Request,
        scope: &Scope,
        limits: &Limits,
        snapshot: store::Snapshot,
    ) -> BoxFuture<'a, Result<RowStream, Error>> {
        let (scope, limits) = (scope.clone(), *limits);
        Box::pin(async move {
            let work = self.start(request, scope, limits, snapshot);
            match tokio::time::timeout(limits.timeout, work).await {
                Ok(result) => result,
                Err(_) => Err(timeout(limits.timeout)),
            }
        })
    }

    fn too_many_streams(&self) -> Error {
        let gauges = self.gauges();
        Error::TooBusy {
            running: gauges.running,
            waiting: gauges.waiting,
        }
    }

    async fn start(
        &self,
        request: Request,
        scope: Scope,
        limits: Limits,
        snapshot: store::Snapshot,
    ) -> Result<RowStream, Error> {
        let place = Arc::clone(&self.streams).try_acquire_owned();
        // Not waited for: who holds it may read for hours.
        let place = place.map_err(|_| self.too_many_streams())?;
        let permit = self.permit().await?;
        let ground = Arc::clone(&self.ground);
        let stop = Stop::default();
        let stopped = Arc::clone(&stop);
        let (head, started) = oneshot::channel();
        let (sender, batches) = mpsc::channel(WAITING_MAX);
        let work = async move {
            let asked = Query {
                request: &request,
                scope: &scope,
                limits: &limits,
                snapshot: &snapshot,
                stop: &stopped,
            };
            let result = give(&ground, &asked, head, &sender).await;
            // Held until the work has really ended: an aborted query stops at its next await, not at once.
            drop((place, permit));
            result
        };
        let runtime = self.runtime.as_ref().ok_or(Error::ShutDown)?;
        let mut task = AbortOnDrop {
            task: runtime.spawn(work),
            stop,
        };
        match started.await {
            Ok(Head { columns, schema }) => Ok(RowStream {
                columns,
                schema,
                batches,
                task,
                has_ended: false,
            }),
            // It ended before it could say what it will give.
            Err(_) => match (&mut task.task).await {
                Ok(Err(error)) => Err(error),
                Err(error) if error.is_panic() => Err(Error::Panicked),
                _ => Err(Error::ShutDown),
            },
        }
    }
}

async fn give(
    ground: &Ground,
    query: &Query<'_>,
    head: oneshot::Sender<Head>,
    sender: &mpsc::Sender<RecordBatch>,
) -> Result<(), Error> {
    let Asked::Rows(rows) = statement::read(&query.request.sql, &query.request.params)? else {
        return Err(Error::not_allowed("a stream of this statement"));
    };
    let tables = rows.tables.clone();
    let (known, mut stream) = open(ground, query, *rows)
        .await
        .map_err(|error| with_nearest(error, &tables))?;
    if head.send(known).is_err() {
        return Ok(());
    }
    let limits = query.limits;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|error| Error::of(error, limits.memory_bytes))?;
        if batch.num_rows() == 0 {
            continue;
        }
        match tokio::time::timeout(limits.timeout, sender.send(batch)).await {
            Ok(Ok(())) => {}
            // Nobody reads any more.
            Ok(Err(_)) => return Ok(()),
            Err(_) => return Err(timeout(limits.timeout)),
        }
    }
    Ok(())
}

async fn open(
    ground: &Ground,
    query: &Query<'_>,
    rows: Rows,
) -> Result<(Head, SendableRecordBatchStream), Error> {
    let memory_bytes = query.limits.memory_bytes;
    let failed = |error: DataFusionError| Error::of(error, memory_bytes);
    let state = state_of(ground, query, &rows.tables)?;
    let plan = plan_of(&state, rows.statement, memory_bytes).await?;
    let origins = origins(&plan);
    let physical = state.create_physical_plan(&plan).await.map_err(failed)?;
    let physical = stoppable(physical, query.stop).map_err(failed)?;
    let schema = physical.schema();
    let head = Head {
        columns: columns_of(&schema, &origins),
        schema,
    };
    let stream = execute_stream(physical, state.task_ctx()).map_err(failed)?;
    Ok((head, stream))
}

fn timeout(limit: Duration) -> Error {
    Error::Timeout {
        limit_ms: milliseconds(limit),
    }
}
