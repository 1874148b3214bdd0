//! The pipeline: follows the log, and applies what its requests decode to.
//!
//! One thread reads and applies, in the order of the log; decoding needs no order, so some threads do it ahead. A start and normal
//! work are the same loop; the pipeline has recovered once it reaches what the log held when it was opened.

mod decode;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::available_parallelism;

use bytes::Bytes;
use enrich::Enricher;
use meta::{Meta, RetentionDays};
use store::{Batch, Fate, Store};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wal::{Item, Log, LogPosition, Reader};

use crate::account::{Account, Tally};
use crate::metrics::Metrics;

/// A batch ends at the first of these.
const BATCH_RECORDS_MAX: usize = 256;
const BATCH_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Batches that are decoded or wait for it, beside the one that is applied.
const AHEAD: usize = 3;
const DECODERS_MAX: usize = 4;

/// What the pipeline works with.
pub struct Pipeline {
    pub log: Arc<Log>,
    pub store: Store,
    pub meta: Meta,
    pub enricher: Arc<Enricher>,
    pub settings: protocol::Settings,
    pub create_applications: bool,
    pub default_retention: RetentionDays,
    pub metrics: Arc<Metrics>,
    pub account: Arc<Account>,
    /// Where the log ended when it was opened: what lies before was counted by the process that took it.
    pub replay_end: u64,
    /// Follows the log position up to which everything is visible.
    pub applied: watch::Sender<u64>,
    pub cancel: CancellationToken,
}

/// Why the pipeline stopped before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error("could not read the log")]
    ReadLog(#[source] wal::Error),
    #[error("could not apply events to the store")]
    Apply(#[source] store::Error),
    #[error("could not create an application")]
    CreateApplication(#[source] meta::Error),
}

/// One request taken from the log.
struct Logged {
    position: u64,
    payload: Bytes,
}

/// A stretch of the log to be decoded.
struct Job {
    records: Vec<Logged>,
    end: u64,
    answer: SyncSender<Decoded>,
}

/// A decoded stretch: what to apply, and the account of its requests.
type Decoded = Result<(Batch, Vec<Tally>), PipelineError>;

impl Pipeline {
    /// Runs until cancelled. Blocks its thread; `runtime` runs the store's reads.
    ///
    /// # Errors
    /// When log, store or metadata fail: what is visible would no longer follow the log, so the process has to stop.
    pub fn run(&self, runtime: &Handle) -> Result<(), PipelineError> {
        let count = available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            let decoder = |_| {
                let (jobs, taken) = sync_channel::<Job>(AHEAD);
                scope.spawn(move || self.decode_all(&taken, runtime));
                jobs
            };
            let decoders: Vec<_> = (0..count.min(DECODERS_MAX)).map(decoder).collect();
            // The decoders end when their channels do.
            self.follow(runtime, &decoders)
        })
    }

    fn decode_all(&self, jobs: &Receiver<Job>, runtime: &Handle) {
        for job in jobs {
            let decoded = self.decode(job.records, job.end, runtime);
            // Nobody waits for it any more when the pipeline stops.
            let _ = job.answer.send(decoded);
        }
    }

    fn follow(&self, runtime: &Handle, decoders: &[SyncSender<Job>]) -> Result<(), PipelineError> {
        let mut committed = self.log.watch_committed();
        let mut read_to = self.store.flushed_position();
        let mut reader = self.log.reader(LogPosition(read_to));
        let mut ahead: VecDeque<Receiver<Decoded>> = VecDeque::new();
        let mut turns = decoders.iter().cycle();
        while !self.cancel.is_cancelled() {
            while ahead.len() < AHEAD {
                let (records, end) = self.next_records(&mut reader)?;
                if records.is_empty() && end == read_to {
                    break;
                }
                read_to = end;
                let (answer, decoded) = sync_channel(1);
                let job = Job {
                    records,
                    end,
                    answer,
                };
                let decoder = turns.next().expect("there is a decoder");
                decoder.send(job).expect("decoders wait for jobs");
                ahead.push_back(decoded);
            }
            let Some(first) = ahead.pop_front() else {
                let wait = async {
                    tokio::select! {
                        () = self.cancel.cancelled() => {}
                        _ = committed.changed() => {}
                    }
                };
                runtime.block_on(wait);
                continue;
            };
            let room = async {
                tokio::select! {
                    () = self.cancel.cancelled() => {}
                    () = self.store.room() => {}
                }
            };
            runtime.block_on(room);
            let (batch, tallies) = first.recv().expect("a decoder answers each job")?;
            let end = batch.end;
            let fates = runtime
                .block_on(self.store.apply_each(batch))
                .map_err(PipelineError::Apply)?;
            self.count(&fates, tallies);
            self.applied.send_replace(end);
        }
        Ok(())
    }

    /// Counts what became of a batch's events, which come in the order of its requests.
    fn count(&self, fates: &[Fate], mut tallies: Vec<Tally>) {
        for (name, fate) in [
            ("stored", Fate::Stored),
            ("duplicate", Fate::Duplicate),
            ("conflict", Fate::Conflict),
            ("merged", Fate::Merged),
        ] {
            let number = fates.iter().filter(|known| **known == fate).count();
            self.metrics
                .add("footfall_pipeline_events_total", "result", name, number);
        }
        let mut rest = fates;
        for tally in &mut tallies {
            let (own, others) = rest.split_at(tally.decoded.min(rest.len()));
            rest = others;
            let is_in = |fate: &&Fate| matches!(fate, Fate::Stored | Fate::Merged);
            tally.stored = own.iter().filter(is_in).count();
            tally.duplicates = own.len() - tally.stored;
        }
        self.account.tally(&tallies);
    }

    fn next_records(&self, reader: &mut Reader) -> Result<(Vec<Logged>, u64), PipelineError> {
        let mut records = Vec::new();
        let mut bytes = 0;
        while records.len() < BATCH_RECORDS_MAX && bytes < BATCH_BYTES_MAX {
            match reader.next().map_err(PipelineError::ReadLog)? {
                None => break,
                Some(Item::Record {
                    position, payload, ..
                }) => {
                    bytes += payload.len();
                    records.push(Logged {
                        position: position.0,
                        payload,
                    });
                }
                // The log has said and set aside what it could not read.
                Some(Item::Skipped(_)) => {
                    self.metrics
                        .add("footfall_pipeline_records_total", "result", "skipped", 1)
                }
            }
        }
        Ok((records, reader.position().0))
    }
}
