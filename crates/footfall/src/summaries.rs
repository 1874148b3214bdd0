//! Summaries of views are made beside the traffic, for segments that have come to rest.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// A segment that looks the same at two ticks has come to rest.
const TICK: Duration = Duration::from_secs(20);

/// Makes missing summaries until cancelled.
pub(crate) async fn keep(state: features::State, cancel: CancellationToken) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if !*state.is_ready.borrow() {
            continue;
        }
        let made = tokio::select! {
            () = cancel.cancelled() => return,
            made = state.keep_summaries() => made,
        };
        match made {
            Ok(0) => {}
            Ok(segments) => tracing::debug!(segments, "made summaries of segments"),
            Err(error) => {
                tracing::warn!(%error, "a summary could not be made and will be tried again");
            }
        }
    }
}
