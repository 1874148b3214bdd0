//! Rows without a bound on their number: one batch at a time, as fast as the reader takes them.
//!
//! [`Engine::stream`] is for exports: a stream from its first row on, refused before it begins when too many are open. [`Engine::rows`] is
//! for readers that mostly take few rows: it is a query like others until its rows outgrow a buffer.
//!
//! The same statements, scope, memory and threads as [`Engine::run`]. What is not the same: there is no limit on rows, and none on time
//! as long as the reader keeps taking; of the queries that run at once, streams are at most half. That all rows were given is said by
//! the engine, never concluded from silence: a stream that ends otherwise ends with an error.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::answer::Column;
use crate::cancel::{Stop, stoppable};
use crate::engine::{AbortOnDrop, milliseconds};
use crate::execute::{Ground, Query, columns_of, compact, plan_of, state_of, with_nearest};
use crate::origin::origins;
use crate::statement::{self, Asked, Rows};
use crate::{Engine, Error, Limits, Request, Scope, describe};

/// Batches that wait for the reader.
const WAITING_MAX: usize = 1;
/// Rows that are collected before a query of [`Engine::rows`] becomes a stream.
const COLLECTED_BYTES_MAX: usize = 4 << 20;

/// When a query takes one of the places that streams have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    AtStart,
    WhenLarge,
}

/// The rows of a statement. Dropping it ends the query.
pub struct RowStream {
    pub columns: Vec<Column>,
    /// The batches' schema.
    pub schema: SchemaRef,
    /// Taken before those of the channel.
    collected: VecDeque<RecordBatch>,
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
        if let Some(batch) = self.collected.pop_front() {
            return Ok(Some(batch));
        }
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
    collected: VecDeque<RecordBatch>,
}

/// Where rows go.
struct Reader {
    head: oneshot::Sender<Head>,
    sender: mpsc::Sender<RecordBatch>,
    place: Place,
    streams: Arc<Semaphore>,
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
        self.started(request, scope, limits, snapshot, Place::AtStart)
    }

    /// Starts a query for a reader that mostly takes few rows. Up to a few MiB are collected within `limits.timeout`, and the query is over
    /// then, however slowly they are taken. One with more becomes a stream. `SHOW` and `DESCRIBE` are answered too.
    ///
    /// # Errors
    /// See [`Error`]; also when there are more rows and as many streams are open as may be.
    pub fn rows<'a>(
        &'a self,
        request: Request,
        scope: &Scope,
        limits: &Limits,
        snapshot: store::Snapshot,
    ) -> BoxFuture<'a, Result<RowStream, Error>> {
        self.started(request, scope, limits, snapshot, Place::WhenLarge)
    }

    fn started<'a>(
        &'a self,
        request: Request,
        scope: &Scope,
        limits: &Limits,
        snapshot: store::Snapshot,
        place: Place,
    ) -> BoxFuture<'a, Result<RowStream, Error>> {
        let (scope, limits) = (scope.clone(), *limits);
        Box::pin(async move {
            let work = self.start(request, scope, limits, snapshot, place);
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
        place: Place,
    ) -> Result<RowStream, Error> {
        let held = match place {
            // Not waited for: who holds it may read for hours.
            Place::AtStart => {
                let place = Arc::clone(&self.streams).try_acquire_owned();
                Some(place.map_err(|_| self.too_many_streams())?)
            }
            Place::WhenLarge => None,
        };
        let permit = self.permit().await?;
        let ground = Arc::clone(&self.ground);
        let stop = Stop::default();
        let stopped = Arc::clone(&stop);
        let (head, started) = oneshot::channel();
        let (sender, batches) = mpsc::channel(WAITING_MAX);
        let reader = Reader {
            head,
            sender,
            place,
            streams: Arc::clone(&self.streams),
        };
        let too_many = self.too_many_streams();
        let work = async move {
            let asked = Query {
                request: &request,
                scope: &scope,
                limits: &limits,
                snapshot: &snapshot,
                stop: &stopped,
            };
            let result = give(&ground, &asked, reader, too_many).await;
            // Held until the work has really ended: an aborted query stops at its next await, not at once.
            drop((held, permit));
            result
        };
        let runtime = self.runtime.as_ref().ok_or(Error::ShutDown)?;
        let mut task = AbortOnDrop {
            task: runtime.spawn(work),
            stop,
        };
        match started.await {
            Ok(Head {
                columns,
                schema,
                collected,
            }) => Ok(RowStream {
                columns,
                schema,
                collected,
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
    reader: Reader,
    too_many: Error,
) -> Result<(), Error> {
    let rows = match (statement::read(query.request)?, reader.place) {
        (Asked::Rows(rows), _) => *rows,
        (Asked::Tables, Place::WhenLarge) => return reader.answer(describe::tables()),
        (Asked::Columns(table), Place::WhenLarge) => {
            return reader.answer(describe::columns(table.table()));
        }
        _ => return Err(Error::not_allowed("a stream of this statement")),
    };
    let tables = rows.read.tables.clone();
    let (mut known, mut stream) = open(ground, query, rows)
        .await
        .map_err(|error| with_nearest(error, &tables))?;
    let mut held = None;
    if reader.place == Place::WhenLarge {
        let (collected, is_all) = collect(&mut stream, query.limits).await?;
        known.collected = collected;
        if is_all {
            let _ = reader.head.send(known);
            return Ok(());
        }
        held = Some(reader.streams.try_acquire_owned().map_err(|_| too_many)?);
    }
    if reader.head.send(known).is_err() {
        return Ok(());
    }
    let done = pass_on(&mut stream, query.limits, &reader.sender).await;
    drop(held);
    done
}

impl Reader {
    fn answer(self, answer: crate::Answer) -> Result<(), Error> {
        let _ = self.head.send(Head {
            columns: answer.columns,
            schema: answer.schema,
            collected: answer.batches.into(),
        });
        Ok(())
    }
}

/// The first rows, and whether they are all.
async fn collect(
    stream: &mut SendableRecordBatchStream,
    limits: &Limits,
) -> Result<(VecDeque<RecordBatch>, bool), Error> {
    let (mut collected, mut bytes) = (VecDeque::new(), 0);
    while bytes <= COLLECTED_BYTES_MAX {
        let Some(batch) = stream.next().await else {
            return Ok((collected, true));
        };
        let batch = compact(&batch.map_err(|error| Error::of(error, limits.memory_bytes))?);
        bytes += batch.get_array_memory_size();
        if batch.num_rows() > 0 {
            collected.push_back(batch);
        }
    }
    Ok((collected, false))
}

/// Each batch has to be taken within the time that a query has.
async fn pass_on(
    stream: &mut SendableRecordBatchStream,
    limits: &Limits,
    sender: &mpsc::Sender<RecordBatch>,
) -> Result<(), Error> {
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
    let state = state_of(ground, query, &rows.read)?;
    let plan = plan_of(&state, rows.statement, memory_bytes).await?;
    let origins = origins(&plan);
    let physical = state.create_physical_plan(&plan).await.map_err(failed)?;
    let physical = stoppable(physical, query.stop).map_err(failed)?;
    let schema = physical.schema();
    let head = Head {
        columns: columns_of(&schema, &origins),
        schema,
        collected: VecDeque::new(),
    };
    let stream = execute_stream(physical, state.task_ctx()).map_err(failed)?;
    Ok((head, stream))
}

fn timeout(limit: Duration) -> Error {
    Error::Timeout {
        limit_ms: milliseconds(limit),
    }
}
