//! What runs beside the traffic: flushes, log truncation, compaction, retention, deletions, erasures, and the watch on room.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ingest::admission::Room;
use ingest::{Account, Clock};
use meta::{Meta, Retention, RetentionClass};
use store::Store;
use tokio_util::sync::CancellationToken;
use wal::{Log, LogPosition};

use crate::config::Config;
use crate::erasures::Erasures;
use crate::retention_time::{RUN_EVERY, next_us};

const TICK: Duration = Duration::from_millis(500);
/// Rows at the border of retention, the backup, and old damaged parts of the log.
const HOURLY: Duration = Duration::from_secs(3600);
/// How long damaged parts of the log are kept for somebody to look at.
const DAMAGED_LOG_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// Log that is applied and not flushed above which a flush does not wait for its time.
const UNFLUSHED_BYTES_SOON: u64 = 256 * 1024 * 1024;

/// Deletions that were asked for, and where the log ended when they were first seen: what was decoded before still knows the
/// application, and would be applied after its data is gone.
#[derive(Default)]
pub(crate) struct Asked(HashMap<String, u64>);

impl Asked {
    /// Whether all that the log held when the deletion was first seen is applied.
    pub(crate) fn is_passed(&mut self, name: &str, committed: u64, applied: u64) -> bool {
        applied >= *self.0.entry(name.to_owned()).or_insert(committed)
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}

/// The parts that need tending.
pub(crate) struct Maintenance {
    pub(crate) log: Arc<Log>,
    pub(crate) store: Store,
    pub(crate) meta: Meta,
    pub(crate) room: Arc<Room>,
    pub(crate) snapshots: Arc<query::Snapshots>,
    pub(crate) account: Arc<Account>,
    pub(crate) config: Config,
}

impl Maintenance {
    /// Tends until cancelled. Flushes do not wait for what takes long: compaction, retention, deletions, erasures.
    pub(crate) async fn run(self, cancel: CancellationToken, clock: Clock) {
        tokio::join!(
            self.flush_regularly(&cancel, &clock),
            self.keep_in_order(&cancel, &clock),
        );
    }

    async fn flush_regularly(&self, cancel: &CancellationToken, clock: &Clock) {
        let mut last_flush = Instant::now();
        // What was flushed, and when: the log is cut `log_retention` later. Of earlier runs the time is not known: from now on.
        let mut flushed: VecDeque<(Instant, u64)> =
            VecDeque::from([(Instant::now(), self.store.flushed_position())]);
        let mut ticks = ticks();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return self.store.end_compaction(),
                _ = ticks.tick() => {}
            }
            self.watch_room();
            self.snapshots.expire(clock());
            self.account.committed(self.log.committed().0);
            if last_flush.elapsed() >= self.config.flush_interval || self.is_flush_due() {
                last_flush = Instant::now();
                match self.store.flush(clock()).await {
                    Ok(done) => flushed.push_back((Instant::now(), done.log_position)),
                    Err(error) => {
                        tracing::error!(error = %report(&error), "a flush failed and will be tried again")
                    }
                }
                self.cut_log(&mut flushed).await;
            }
        }
    }

    async fn keep_in_order(&self, cancel: &CancellationToken, clock: &Clock) {
        let mut last_retention: Option<Instant> = None;
        let mut last_hourly: Option<Instant> = None;
        let mut asked = Asked::default();
        let mut erasures = Erasures::default();
        let mut compacted = None;
        let mut ticks = ticks();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = ticks.tick() => {}
            }
            self.delete_applications(clock(), &mut asked).await;
            erasures.go_on(self, clock()).await;
            // Only a flush makes work for it.
            let flushed = self.store.flushed_position();
            if compacted != Some(flushed) {
                match self.store.compact(clock()).await {
                    Ok(_) => compacted = Some(flushed),
                    Err(error) => {
                        tracing::error!(error = %report(&error), "a compaction failed and will be tried again")
                    }
                }
            }
            if last_retention.is_none_or(|last| last.elapsed() >= RUN_EVERY) {
                let passed = last_retention.map_or(Duration::ZERO, |last| last.elapsed());
                last_retention = Some(Instant::now());
                let is_full = last_hourly.is_none_or(|last: Instant| last.elapsed() >= HOURLY);
                self.expire(clock(), passed, is_full).await;
                if is_full {
                    last_hourly = Some(Instant::now());
                    self.back_up(clock()).await;
                    self.log.expire_set_aside(DAMAGED_LOG_KEPT);
                    if let Err(error) = self.store.expire_forgotten(clock()).await {
                        tracing::error!(error = %report(&error), "could not let go of erased identities");
                    }
                }
                if let Err(error) = self.meta.save_key_use().await {
                    tracing::warn!(%error, "could not note when API keys were used");
                }
            }
        }
    }

    fn watch_room(&self) {
        match fs4::available_space(&self.config.data_dir) {
            Ok(free) => self.room.set_disk_full(free < self.config.disk_reserve),
            Err(error) => tracing::warn!(%error, "could not tell the free disk space"),
        }
        let unflushed = self.unflushed_bytes();
        self.room
            .set_lagging(unflushed > self.config.unflushed_bytes_max);
    }

    fn unflushed_bytes(&self) -> u64 {
        self.log
            .unflushed_bytes(LogPosition(self.store.flushed_position()))
    }

    fn is_flush_due(&self) -> bool {
        let soon = UNFLUSHED_BYTES_SOON.min(self.config.unflushed_bytes_max / 2);
        // Only what is applied can be flushed: behind a lagging pipeline a flush each tick would write crumbs.
        let (flushed, applied) = (self.store.flushed_position(), self.store.applied_position());
        self.store.is_flush_due() || applied.saturating_sub(flushed) > soon
    }

    async fn cut_log(&self, flushed: &mut VecDeque<(Instant, u64)>) {
        let mut cut = None;
        while let Some((_, position)) = flushed
            .front()
            .filter(|(at, _)| at.elapsed() >= self.config.log_retention)
        {
            cut = Some(*position);
            flushed.pop_front();
        }
        let Some(position) = cut else { return };
        // The file being written is never removed: on a quiet server the last requests would stay in it for ever.
        if self.log.committed().0 == position && self.log.first_position().0 < position {
            let ended = match self.log.start_file() {
                Ok(append) => append.await.map(drop),
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                tracing::warn!(%error, "could not end the log's file");
            }
        }
        if let Err(error) = self.log.truncate_before(LogPosition(position)) {
            tracing::error!(%error, "could not cut the log");
        }
    }

    async fn delete_applications(&self, now_us: i64, asked: &mut Asked) {
        let pending = match self.meta.pending_deletions().await {
            Ok(pending) => pending,
            Err(error) => {
                tracing::error!(%error, "could not read which applications to delete");
                return;
            }
        };
        for deletion in pending {
            let (committed, applied) = (self.log.committed().0, self.store.applied_position());
            if !asked.is_passed(deletion.app_id.as_str(), committed, applied) {
                continue;
            }
            let rows = match self
                .store
                .forget_application(deletion.app_id.as_str(), now_us)
                .await
            {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(app_id = deletion.app_id.as_str(), error = %report(&error), "could not delete an application's data");
                    continue;
                }
            };
            tracing::info!(
                app_id = deletion.app_id.as_str(),
                rows,
                "deleted an application's data"
            );
            match self.meta.complete_deletion(&deletion.app_id).await {
                Ok(_) => asked.forget(deletion.app_id.as_str()),
                Err(error) => tracing::error!(%error, "could not record a finished deletion"),
            }
            // The newest backup must know of it, or a rebuilt catalog would have the application again.
            self.back_up(now_us).await;
        }
    }

    pub(crate) async fn back_up(&self, now_us: i64) {
        match self.store.back_up(now_us).await {
            Ok(path) => tracing::debug!(path = %path.display(), "backed up the metadata database"),
            Err(error) => {
                tracing::error!(error = %report(&error), "the backup of the metadata database failed and will be tried again")
            }
        }
    }

    /// Runs retention; with `is_full` also over single rows and requests kept whole.
    async fn expire(&self, wall_us: i64, passed: Duration, is_full: bool) {
        if let Err(error) = self.expire_all(wall_us, passed, is_full).await {
            tracing::error!(error = %report(&error), "retention failed and will be tried again");
        }
    }

    async fn expire_all(&self, wall_us: i64, passed: Duration, is_full: bool) -> store::Result<()> {
        let now_us = next_us(self.store.retention_time().await?, passed, wall_us);
        self.store.set_retention_time(now_us).await?;
        if now_us < wall_us {
            tracing::warn!(
                behind_s = (wall_us - now_us) / 1_000_000,
                "retention does not trust the clock yet, which is ahead of the time that passed since its last run"
            );
        }
        let directory = self.meta.directory();
        // Earlier ids too: what was stored before an application was renamed is still its own.
        let keep: HashMap<&str, Retention> = directory
            .ids()
            .map(|(app_id, application)| (app_id.as_str(), application.settings.retention))
            .collect();
        let keep_us = |app_id: &str, class| keep.get(app_id).map(|keep| keep.of(class).micros());
        let of_table = |app_id: &str, table| keep_us(app_id, RetentionClass::of_table(table));
        let segments = self.store.expire(now_us, of_table).await?;
        if segments > 0 {
            tracing::info!(segments, "deleted segments past their retention");
        }
        if is_full {
            let rows = self.store.expire_rows(now_us, of_table).await?;
            let longest = |class| keep.values().map(|keep| keep.of(class).micros()).max();
            let of_kept = |app_id: Option<&str>, kind: &str| {
                let class = RetentionClass::of_kept(kind);
                app_id.map_or_else(|| longest(class), |app_id| keep_us(app_id, class))
            };
            let packs = self.store.expire_kept(now_us, of_kept).await?;
            if rows > 0 || packs > 0 {
                tracing::info!(
                    rows,
                    packs,
                    "deleted rows and kept requests past their retention"
                );
            }
        }
        Ok(())
    }
}

fn report(error: &store::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_waits_for_what_was_in_the_log_when_it_was_asked_for() {
        let mut asked = Asked::default();
        assert!(!asked.is_passed("shop", 100, 40));
        assert!(
            !asked.is_passed("shop", 200, 99),
            "what came later is not waited for"
        );
        assert!(asked.is_passed("docs", 200, 200), "each has its own place");
        assert!(asked.is_passed("shop", 300, 100));
        asked.forget("shop");
        assert!(!asked.is_passed("shop", 300, 100), "asked for anew");
    }
}
