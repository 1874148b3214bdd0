//! A server around the features, as a test wants it.

use std::sync::Mutex;

use features::surroundings::{
    Activity, Asker, Disk, Health, LogFigures, Preflight, Refusal, Surroundings,
};

#[derive(Default)]
pub(crate) struct Around {
    pub(crate) preflights: Mutex<Vec<Preflight>>,
    pub(crate) refusals: Mutex<Vec<Refusal>>,
    pub(crate) health: Mutex<Health>,
    pub(crate) activity: Mutex<Option<(&'static str, Activity)>>,
}

impl Surroundings for Around {
    fn since_us(&self) -> i64 {
        1_000_000
    }

    fn preflights(&self) -> Vec<Preflight> {
        self.preflights.lock().unwrap().clone()
    }

    fn refusals(&self, _: &Asker) -> Vec<Refusal> {
        self.refusals.lock().unwrap().clone()
    }

    fn health(&self) -> Health {
        self.health.lock().unwrap().clone()
    }

    fn activity(&self, app_id: &str) -> Option<Activity> {
        let activity = self.activity.lock().unwrap().clone();
        activity
            .filter(|(known, _)| *known == app_id)
            .map(|(_, activity)| activity)
    }

    fn accepted(&self, _: &str, _: i64) -> Option<(i64, u64)> {
        None
    }

    fn is_session_of(&self, _: &Asker, _: &str, _: &str) -> bool {
        false
    }

    fn disk(&self) -> Option<Disk> {
        Some(Disk {
            free_bytes: 1_000,
            reserve_bytes: 400,
        })
    }

    fn log(&self) -> LogFigures {
        LogFigures {
            lag_bytes: 7,
            lag_us: 1_500_000,
            ..LogFigures::default()
        }
    }

    fn creates_applications(&self) -> bool {
        false
    }

    fn started_us(&self) -> i64 {
        1_000_000
    }

    fn kept_reader(&self) -> store::KeptReader {
        std::sync::Arc::new(|payload, mentions| mentions.is_in(payload))
    }
}
