//! Erasures that were asked for, carried out step by step: each step may be done again, so a restart goes on from the last one noted.
//!
//! 1. What the log held when the erasure was first seen is applied.
//! 2. The store erases the rows, the log begins a new file, and both are noted: the rows are in no answer any more.
//! 3. Everything before that new file is in segments; the log is cut there, without its usual delay. Replaced files go as soon as no
//!    query of this process reads them.
//! 4. The value is taken out of the backups and out of the database itself, in which it stood for the sake of a restart.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use meta::{Erasure, ErasureState};
use schema::AppId;
use store::{KeptReader, Selector};
use wal::LogPosition;

use crate::maintenance::{Asked, Maintenance};

/// After a failure, so that a full disk is not asked twice a second.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// What this process knows of open erasures.
#[derive(Default)]
pub(crate) struct Erasures {
    asked: Asked,
    /// The catalog does not name a file with the rows from this version on. After a restart the version of then does.
    versions: HashMap<String, u64>,
    failed: Option<Instant>,
}

/// Tells what a request that is kept whole mentions.
pub(crate) fn kept_reader() -> KeptReader {
    Arc::new(ingest::record::mentions)
}

/// The rows of an erasure; nothing once its value is forgotten.
fn selector_of(erasure: &Erasure) -> Option<Selector> {
    Some(Selector {
        app_ids: erasure.app_ids.iter().map(AppId::to_string).collect(),
        subject: erasure.subject.clone()?,
    })
}

impl Erasures {
    /// Does what can be done now.
    pub(crate) async fn go_on(&mut self, of: &Maintenance, now_us: i64) {
        if self.failed.is_some_and(|at| at.elapsed() < RETRY_AFTER) {
            return;
        }
        self.failed = None;
        if let Err(error) = self.step(of, now_us).await {
            tracing::error!(
                error = format!("{error:#}"),
                "an erasure failed and will be tried again"
            );
            self.failed = Some(Instant::now());
        }
    }

    async fn step(&mut self, of: &Maintenance, now_us: i64) -> anyhow::Result<()> {
        for erasure in of.meta.open_erasures().await? {
            match (erasure.state(), selector_of(&erasure)) {
                (ErasureState::Requested, Some(selector)) => {
                    self.erase(of, &erasure, &selector, now_us).await?;
                }
                // Without its value it was taken from a backup of when it was nearly complete.
                _ => self.finish(of, &erasure, now_us).await?,
            }
        }
        Ok(())
    }

    async fn erase(
        &mut self,
        of: &Maintenance,
        erasure: &Erasure,
        selector: &Selector,
        now_us: i64,
    ) -> anyhow::Result<()> {
        let (committed, applied) = (of.log.committed().0, of.store.applied_position());
        if !self.asked.is_passed(&erasure.id.0, committed, applied) {
            return Ok(());
        }
        let gone = of
            .store
            .erase(&erasure.id.0, selector, &kept_reader(), now_us)
            .await?;
        // Screens that are open would go on showing them, and keep the files.
        of.snapshots.clear();
        let log_position = of.log.start_file()?.await?;
        of.meta
            .erasure_rows_gone(&erasure.id, &gone.amounts, log_position.0)
            .await?;
        self.asked.forget(&erasure.id.0);
        self.versions
            .insert(erasure.id.0.clone(), gone.catalog_version);
        tracing::info!(erasure = erasure.id.0, "the rows of an erasure are gone");
        Ok(())
    }

    async fn finish(
        &mut self,
        of: &Maintenance,
        erasure: &Erasure,
        now_us: i64,
    ) -> anyhow::Result<()> {
        let store = &of.store;
        let id = &erasure.id;
        let log_position = LogPosition(erasure.log_position.unwrap_or(0));
        if store.flushed_position() < log_position.0 {
            return Ok(());
        }
        of.log.truncate_before(log_position)?;
        if of.log.first_position() < log_position {
            return Ok(());
        }
        of.log.expire_set_aside(Duration::ZERO);
        let known = self.versions.entry(id.0.clone());
        let version = *known.or_insert_with(|| store.manifest().catalog_version);
        if store.delete_retired_before(version).await? > 0 {
            return Ok(());
        }
        store
            .change_backups("erasure", Erasure::FORGET, &id.0)
            .await?;
        match of.meta.forget_erasure_value(id).await {
            Err(meta::Error::Busy) => return Ok(()),
            result => result?,
        }
        of.meta.complete_erasure(id).await?;
        self.versions.remove(&id.0);
        tracing::info!(erasure = id.0, "an erasure is complete");
        // The newest backup must know of it, or a rebuilt catalog would begin it again.
        of.back_up(now_us).await;
        Ok(())
    }
}
