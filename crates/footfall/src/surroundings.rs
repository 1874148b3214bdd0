//! What features ask of the server around them: intake's account, the log's figures, the disk.

use features::surroundings::{
    Activity, Asker, Counts, Disk, Health, LogFigures, Preflight, Refusal, Sdk, Surroundings,
};

use crate::http::Server;

impl Surroundings for Server {
    fn since_us(&self) -> i64 {
        self.intake.account.since_us()
    }

    fn preflights(&self) -> Vec<Preflight> {
        let seen = self.intake.account.preflights().into_iter();
        seen.map(|seen| Preflight {
            origin: seen.preflight.origin,
            app_id: seen.preflight.app_id,
            has_token: seen.preflight.token_hint.is_some(),
            count: seen.count,
            last_us: seen.last_us,
        })
        .collect()
    }

    fn refusals(&self, asker: &Asker) -> Vec<Refusal> {
        let account = &self.intake.account;
        let visitor = account.visitor(asker.address, asker.user_agent.as_deref());
        let seen = account.refusals().into_iter();
        seen.map(|seen| Refusal {
            code: seen.refusal.code,
            origin: seen.refusal.origin,
            token_hint: seen.refusal.token_hint,
            token_app: seen.refusal.token_app,
            named_app: seen.refusal.named_app,
            sdk: Sdk {
                family: seen.refusal.sdk.family.to_owned(),
                version: seen.refusal.sdk.version,
            },
            is_yours: seen.refusal.visitor == visitor,
            count: seen.count,
            last_us: seen.last_us,
        })
        .collect()
    }

    fn health(&self) -> Health {
        let health = self.intake.account.health();
        let by_sdk = health.by_sdk.into_iter().map(|seen| {
            let sdk = Sdk {
                family: seen.family,
                version: seen.version,
            };
            (sdk, counts(seen.counts), seen.last_us)
        });
        let minutes = health.minutes.into_iter();
        let rejects = health.rejects.into_iter();
        Health {
            totals: counts(health.totals),
            by_sdk: by_sdk.collect(),
            minutes: minutes
                .map(|minute| (minute.at_us, counts(minute.counts)))
                .collect(),
            rejects: rejects
                .map(|reject| (reject.reason, reject.count, reject.last_us))
                .collect(),
            one_address: health.one_address.map(|one| (one.address, one.share)),
        }
    }

    fn activity(&self, app_id: &str) -> Option<Activity> {
        let activity = self.intake.account.activity(app_id)?;
        let sdks = activity.sdks.into_iter().map(|seen| {
            let sdk = Sdk {
                family: seen.family,
                version: seen.version,
            };
            (sdk, seen.last_event_us)
        });
        Some(Activity {
            last_event_us: activity.last_event_us,
            events_per_minute: activity.events_per_minute,
            sdks: sdks.collect(),
        })
    }

    fn accepted(&self, app_id: &str, from_us: i64) -> Option<(i64, u64)> {
        self.intake.account.accepted(app_id, from_us)
    }

    fn is_session_of(&self, asker: &Asker, app_id: &str, session_id: &str) -> bool {
        let account = &self.intake.account;
        let visitor = account.visitor(asker.address, asker.user_agent.as_deref());
        account.is_visit_of(visitor, app_id, session_id)
    }

    fn disk(&self) -> Option<Disk> {
        let free_bytes = fs4::available_space(&self.data_dir).ok()?;
        Some(Disk {
            free_bytes,
            reserve_bytes: self.disk_reserve,
        })
    }

    fn log(&self) -> LogFigures {
        let metrics = self.log.metrics();
        let gauges = self.store.gauges();
        let committed = self.log.committed().0;
        let lag_bytes = committed.saturating_sub(gauges.log_position_applied);
        LogFigures {
            size_bytes: self.log.size_bytes(),
            lag_bytes,
            lag_us: if lag_bytes == 0 {
                0
            } else {
                self.intake.account.lag_us(gauges.log_position_applied)
            },
            unflushed_bytes: committed.saturating_sub(gauges.log_position_flushed),
            records: metrics.records,
            fsyncs: metrics.fsyncs,
            commits: metrics.commit_batches,
            refused_full: metrics.full_refusals,
            refused_disk_full: metrics.disk_full_refusals,
            corrupt_records: metrics.corrupt_records_skipped,
        }
    }

    fn creates_applications(&self) -> bool {
        self.intake.create_applications
    }

    fn started_us(&self) -> i64 {
        self.started_us
    }

    fn kept_reader(&self) -> store::KeptReader {
        crate::erasures::kept_reader()
    }
}

fn counts(counts: ingest::account::Counts) -> Counts {
    Counts {
        received: counts.received,
        decoded: counts.decoded,
        stored: counts.stored,
        duplicates: counts.duplicates,
        rejected: counts.rejected,
        refused: counts.refused,
    }
}
