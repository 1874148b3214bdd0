//! Appends that wait for the writer thread: bounded in number and bytes, refusing at once when full.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::{Error, LogPosition, Options, Result};

/// One thing for the writer to do, and where its outcome goes.
pub(crate) struct Waiting {
    pub(crate) work: Work,
    pub(crate) answer: oneshot::Sender<Result<LogPosition>>,
}

pub(crate) enum Work {
    Record { payload: Bytes, checksum: u32 },
    StartFile,
}

impl Waiting {
    pub(crate) fn payload_bytes(&self) -> u64 {
        match &self.work {
            Work::Record { payload, .. } => payload.len() as u64,
            Work::StartFile => 0,
        }
    }
}

pub(crate) struct Queue {
    records_max: usize,
    size_bytes_max: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Waiting and in writing: both hold memory.
    held_records: usize,
    held_bytes: u64,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            records_max: options.queue_records_max,
            size_bytes_max: options.queue_bytes_max,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Refuses with `Full` or `Closed`.
    pub(crate) fn push(&self, waiting: Waiting) -> Result<()> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Closed);
        }
        let held_bytes = state.held_bytes + waiting.payload_bytes();
        let full = state.held_records >= self.records_max || held_bytes > self.size_bytes_max;
        if full && state.held_records > 0 {
            return Err(Error::Full);
        }
        state.held_records += 1;
        state.held_bytes = held_bytes;
        state.waiting.push_back(waiting);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Waits for work and takes all of it; `None` once the queue is closed and empty.
    pub(crate) fn take(&self, delay: Option<Duration>) -> Option<VecDeque<Waiting>> {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .expect("no panic while the queue is held");
        }
        if let Some(delay) = delay {
            let gathering =
                |state: &mut State| !state.closed && state.held_records < self.records_max;
            let waited = self.changed.wait_timeout_while(state, delay, gathering);
            state = waited.expect("no panic while the queue is held").0;
        }
        Some(std::mem::take(&mut state.waiting))
    }

    /// Gives back the room of work that was answered.
    pub(crate) fn release(&self, records: usize, payload_bytes: u64) {
        let mut state = self.lock();
        state.held_records -= records;
        state.held_bytes -= payload_bytes;
    }

    /// No more work is taken; what waits is still handed out by `take`.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// (appends, payload bytes) that wait or are in writing.
    pub(crate) fn held(&self) -> (usize, u64) {
        let state = self.lock();
        (state.held_records, state.held_bytes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while the queue is held")
    }
}
