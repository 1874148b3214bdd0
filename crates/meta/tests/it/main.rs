//! The metadata database on real files.
#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod api_keys;
mod applications;
mod database;
mod members;
mod people;
mod sign_in;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use meta::{Meta, Name, NewApplication, Options, Settings};
use schema::{AppId, EventTime};
use tempfile::TempDir;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000;

/// A database in a folder of its own, with a clock that stands until it is moved.
struct Fixture {
    folder: TempDir,
    clock: Arc<AtomicI64>,
    meta: Meta,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(START));
        let meta = open(&folder.path().join("meta.db"), &clock).await.unwrap();
        Self {
            folder,
            clock,
            meta,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("meta.db")
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    async fn reopen(self) -> Self {
        self.meta.close().await;
        let meta = open(&self.path(), &self.clock).await.unwrap();
        Self { meta, ..self }
    }

    async fn create(&self, app_id: &str) -> meta::Application {
        self.meta
            .create_application(new_application(app_id))
            .await
            .unwrap()
    }
}

async fn open(path: &Path, clock: &Arc<AtomicI64>) -> Result<Meta, meta::Error> {
    let clock = clock.clone();
    let clock: meta::Clock = Arc::new(move || EventTime(clock.load(Ordering::Relaxed)));
    Meta::open(Options {
        clock,
        ..Options::at(path)
    })
    .await
}

fn app_id(text: &str) -> AppId {
    AppId::parse(text).unwrap()
}

fn new_application(text: &str) -> NewApplication {
    NewApplication {
        app_id: app_id(text),
        settings: Settings::new(Name::parse(text).unwrap()),
    }
}
