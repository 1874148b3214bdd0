//! How fast background work may go.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Makes a thread rest as long as it worked, until somebody ends it.
#[derive(Debug)]
pub(crate) struct Pace {
    is_bounded: bool,
    is_ended: Mutex<bool>,
    ended: Condvar,
}

impl Pace {
    /// At most half of the time.
    pub(crate) fn half() -> Self {
        Self {
            is_bounded: true,
            is_ended: Mutex::new(false),
            ended: Condvar::new(),
        }
    }

    /// As fast as it goes, to its end: somebody waits for it.
    pub(crate) fn unbounded() -> Self {
        Self {
            is_bounded: false,
            ..Self::half()
        }
    }

    /// Rests after so much work. Returns whether to go on.
    pub(crate) fn rest(&self, worked: Duration) -> bool {
        let is_ended = self.is_ended.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_ended || !self.is_bounded {
            return !*is_ended;
        }
        let waited = self
            .ended
            .wait_timeout_while(is_ended, worked, |is_ended| !*is_ended);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Who works at this pace stops at the next chunk.
    pub(crate) fn end(&self) {
        *self.is_ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.notify_all();
    }

    pub(crate) fn is_ended(&self) -> bool {
        *self.is_ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
