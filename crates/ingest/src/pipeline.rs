//! The pipeline: follows the log, and applies what its requests decode to.
//!
//! One thread runs it. A start and normal work are the same loop; the pipeline has recovered once it reaches what the log held
//! when it was opened.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;
use enrich::{Enricher, Facts, Privacy};
use meta::{Application, Directory, Meta, Name, RetentionDays, Settings};
use protocol::{Endpoint, Request};
use schema::tables::common;
use schema::{AppId, Event, Reject, Value};
use store::{Batch, Fate, Incoming, KeptRequest, QuarantineEntry, Store};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wal::{Item, Log, LogPosition, Reader};
use xxhash_rust::xxh3::Xxh3;

use crate::account::{Account, Refusal as Sighted, Tally};
use crate::metrics::Metrics;
use crate::record;
use crate::refusal::code_of_reject;
use crate::resolve::{Resolved, application_of, resolve};

/// A batch ends at the first of these.
const BATCH_RECORDS_MAX: usize = 256;
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How often a full disk is asked whether it has room again.
const ROOM_EVERY: Duration = Duration::from_millis(500);

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

/// What one request decoded to.
#[derive(Default)]
struct Outcome {
    events: Vec<Incoming>,
    rejects: Vec<Reject>,
    kept: Option<KeptRequest>,
    sdk_family: CompactString,
    arrival_us: i64,
    /// Nothing of requests that are kept whole.
    tally: Option<Tally>,
}

impl Pipeline {
    /// Runs until cancelled. Blocks its thread; `runtime` runs the store's reads.
    ///
    /// # Errors
    /// When log, store or metadata fail: what is visible would no longer follow the log, so the process has to stop.
    pub fn run(&self, runtime: &Handle) -> Result<(), PipelineError> {
        let mut committed = self.log.watch_committed();
        let mut reader = self.log.reader(LogPosition(self.store.flushed_position()));
        while !self.cancel.is_cancelled() {
            let room = async {
                tokio::select! {
                    () = self.cancel.cancelled() => {}
                    () = self.store.room() => {}
                }
            };
            runtime.block_on(room);
            let (records, end) = self.next_records(&mut reader)?;
            if end == self.store.applied_position() && records.is_empty() {
                let wait = async {
                    tokio::select! {
                        () = self.cancel.cancelled() => {}
                        _ = committed.changed() => {}
                    }
                };
                runtime.block_on(wait);
                continue;
            }
            let (batch, tallies) = self.decode(records, end, runtime)?;
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

    fn decode(
        &self,
        records: Vec<Logged>,
        end: u64,
        runtime: &Handle,
    ) -> Result<(Batch, Vec<Tally>), PipelineError> {
        let mut batch = Batch {
            end,
            ..Batch::default()
        };
        let mut tallies = Vec::with_capacity(records.len());
        for logged in records {
            let position = logged.position;
            let mut outcome = self.decode_record(&logged, runtime)?;
            if let Some(mut tally) = outcome.tally.take() {
                tally.is_replay = position < self.replay_end;
                tally.rejects = outcome.rejects.iter().map(|reject| reject.reason).collect();
                tallies.push(tally);
            }
            for reject in &outcome.rejects {
                self.metrics.add(
                    "footfall_pipeline_rejects_total",
                    "reason",
                    reject.reason,
                    1,
                );
            }
            let entry = |reject| {
                QuarantineEntry::new(
                    reject,
                    outcome.sdk_family.clone(),
                    outcome.arrival_us,
                    position,
                )
            };
            batch
                .quarantine
                .extend(outcome.rejects.into_iter().map(entry));
            batch.events.extend(outcome.events);
            batch.kept.extend(outcome.kept);
        }
        Ok((batch, tallies))
    }

    fn decode_record(&self, logged: &Logged, runtime: &Handle) -> Result<Outcome, PipelineError> {
        let request = match record::decode(&logged.payload) {
            Ok(request) => request,
            Err(error) => {
                tracing::error!(position = logged.position, %error, "a record of the log is not readable");
                return Ok(Outcome {
                    rejects: vec![whole("unreadable_record", error.to_string())],
                    ..Outcome::default()
                });
            }
        };
        if request.endpoint != Endpoint::Events {
            return Ok(keep(&request, logged));
        }
        // A bug in decoding costs its request, never the process: the record stays in the log until it is cut.
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            protocol::decode(&request, &self.settings)
        }));
        let Ok(decoded) = decoded else {
            tracing::error!(position = logged.position, "decoding a request panicked");
            return Ok(Outcome {
                rejects: vec![whole(
                    "decoder_failed",
                    "decoding this request failed; please report it".to_owned(),
                )],
                arrival_us: request.arrival_us,
                tally: Some(Tally::of(&self.account, &request, None)),
                ..Outcome::default()
            });
        };
        self.create_missing(&decoded.events, &request, runtime)?;
        let directory = self.meta.directory();
        Ok(self.admit_events(&request, logged.position, decoded, &directory))
    }

    /// With `--create-applications` an unknown application is made before its first event is stored.
    fn create_missing(
        &self,
        events: &[Event],
        request: &Request,
        runtime: &Handle,
    ) -> Result<(), PipelineError> {
        if !self.create_applications {
            return Ok(());
        }
        let directory = self.meta.directory();
        let only_named = only_named(events);
        let mut missing: Vec<schema::AppId> = Vec::new();
        for event in events {
            let app_id = application_of(event, request, only_named.as_deref());
            if let Resolved::ToCreate(app_id) =
                resolve(&directory, request, app_id.as_deref(), true)
                && !missing.contains(&app_id)
            {
                missing.push(app_id);
            }
        }
        for app_id in missing {
            match runtime.block_on(self.create(&app_id)) {
                Ok(_) => tracing::info!(
                    app_id = app_id.as_str(),
                    "created an application for events that name it"
                ),
                Err(
                    error @ (meta::Error::Limit { .. }
                    | meta::Error::AppIdReserved { .. }
                    | meta::Error::AppIdDeleted { .. }),
                ) => {
                    tracing::warn!(app_id = app_id.as_str(), %error, "did not create an application")
                }
                Err(error) => return Err(PipelineError::CreateApplication(error)),
            }
        }
        Ok(())
    }

    /// A full disk is waited for: the request is in the log, and nothing behind it may be passed by.
    async fn create(&self, app_id: &AppId) -> Result<Application, meta::Error> {
        loop {
            let made = self
                .meta
                .create_open_application(app_id, self.default_retention)
                .await;
            match made {
                Err(error) if error.is_disk_full() && !self.cancel.is_cancelled() => {
                    tracing::warn!(%app_id, %error, "waiting for room to create an application");
                }
                made => return made,
            }
            tokio::select! {
                () = self.cancel.cancelled() => {}
                () = tokio::time::sleep(ROOM_EVERY) => {}
            }
        }
    }

    fn admit_events(
        &self,
        request: &Request,
        position: u64,
        decoded: protocol::Decoded,
        directory: &Directory,
    ) -> Outcome {
        let skew_us = enrich::skew_us(request.arrival_us, decoded.sent_at_us);
        let facts = Facts {
            arrival_us: request.arrival_us,
            skew_us,
            peer: request.peer,
            user_agent: request.header("user-agent"),
            headers: &request.headers,
        };
        let only_named = only_named(&decoded.events);
        let first = decoded.events.first();
        let sdk_family = first
            .and_then(|event| event.row.str(common::sdk_family))
            .unwrap_or(request.protocol.name())
            .into();
        let mut tally = Tally::of(&self.account, request, first);
        let mut sighted = Vec::new();
        let mut outcome = Outcome {
            sdk_family,
            arrival_us: request.arrival_us,
            ..Outcome::default()
        };
        let mut privacy: HashMap<AppId, Privacy> = HashMap::new();
        let is_searched_deep = decoded.is_retry || decoded.is_mobile;
        for reject in decoded.rejects {
            let sample = enrich::scrub_text(&reject.sample).into_owned();
            let detail = enrich::scrub_text(&reject.detail).into_owned();
            outcome.rejects.push(Reject {
                sample,
                detail,
                ..reject
            });
        }
        for (index, mut event) in decoded.events.into_iter().enumerate() {
            let refuse = |outcome: &mut Outcome, event: &Event, reason, detail| {
                outcome
                    .rejects
                    .push(refused(event, reason, detail, index + 1));
            };
            let app_id = application_of(&event, request, only_named.as_deref());
            let application = match resolve(
                directory,
                request,
                app_id.as_deref(),
                self.create_applications,
            ) {
                Resolved::Known(application) => application,
                // The limit of applications was reached when it should have been created.
                Resolved::ToCreate(app_id) => {
                    let detail = format!("application {app_id} could not be created");
                    refuse(&mut outcome, &event, "unknown_application", detail);
                    continue;
                }
                Resolved::Refused(refusal) => {
                    if position >= self.replay_end {
                        self.sight(request, refusal.reason, app_id, &mut sighted);
                    }
                    refuse(&mut outcome, &event, refusal.reason, refusal.detail);
                    continue;
                }
            };
            let content = content_hash(&event);
            event.row.set(common::app_id, application.app_id.as_str());
            let privacy = privacy
                .entry(application.app_id.clone())
                .or_insert_with(|| privacy_of(application));
            self.enricher.enrich(&mut event, &facts, privacy);
            let time_us = event.row.int(common::time).unwrap_or(request.arrival_us);
            let retention = application.settings.retention;
            if time_us < request.arrival_us.saturating_sub(retention.micros()) {
                let detail = format!(
                    "older than the {} days that application {} keeps",
                    retention.days(),
                    application.app_id
                );
                refuse(&mut outcome, &event, "too_late", detail);
                continue;
            }
            let arrival_us = request.arrival_us;
            tally.add(&event, &application.app_id);
            outcome.events.push(Incoming {
                event,
                content,
                arrival_us,
                position,
                is_searched_deep,
            });
        }
        outcome.tally = Some(tally);
        outcome
    }

    /// Shows the owner why events of a taken request are not stored: once a request and reason.
    fn sight(
        &self,
        request: &Request,
        reason: &'static str,
        named_app: Option<String>,
        sighted: &mut Vec<&'static str>,
    ) {
        let Some(code) = code_of_reject(reason) else {
            return;
        };
        if sighted.contains(&code) {
            return;
        }
        sighted.push(code);
        self.account.refused_later(Sighted {
            code,
            origin: request.header("origin").map(str::to_owned),
            token_hint: None,
            token_app: request.token_app.clone(),
            named_app,
            sdk: protocol::sdk(request),
            visitor: self
                .account
                .visitor(request.peer, request.header("user-agent")),
        });
    }
}

fn whole(reason: &'static str, detail: String) -> Reject {
    Reject {
        reason,
        detail,
        place: 0,
        app_id: None,
        sample: String::new(),
    }
}

fn privacy_of(application: &Application) -> Privacy {
    let Settings { privacy, .. } = &application.settings;
    let ip = match privacy.ip {
        meta::IpPrivacy::Keep => enrich::IpPrivacy::Keep,
        meta::IpPrivacy::Truncate => enrich::IpPrivacy::Truncate,
        meta::IpPrivacy::Drop => enrich::IpPrivacy::Drop,
    };
    Privacy::new(ip, privacy.scrub_keys.iter().map(Name::as_str))
}

/// A refused event without its text: what it says may be private to an application that must not see it.
fn refused(event: &Event, reason: &'static str, detail: String, place: usize) -> Reject {
    let app_id = event.row.str(common::app_id).map(CompactString::from);
    let sample = format!(
        "{} {}",
        event.table.name(),
        event.row.str(common::event_id).unwrap_or_default()
    );
    Reject {
        reason,
        detail,
        place,
        app_id,
        sample,
    }
}

fn keep(request: &Request, logged: &Logged) -> Outcome {
    let kept = KeptRequest {
        log_position: logged.position,
        kind: request.endpoint.name(),
        app_id: request.token_app.as_deref().map(CompactString::from),
        received_at_us: request.arrival_us,
        payload: Bytes::copy_from_slice(&logged.payload),
    };
    Outcome {
        kept: Some(kept),
        arrival_us: request.arrival_us,
        ..Outcome::default()
    }
}

fn only_named(events: &[Event]) -> Option<String> {
    let mut named = events
        .iter()
        .filter_map(|event| event.row.str(common::app_id));
    let first = named.next()?;
    named.all(|other| other == first).then(|| first.to_owned())
}

/// Hash of what the client sent of an event, never 0. Taken before enrichment, which adds what differs between two arrivals.
fn content_hash(event: &Event) -> u32 {
    let table = event.table.table();
    let mut hash = Xxh3::new();
    for (column, value) in event.row.values() {
        hash.update(table.column(*column).name.as_bytes());
        match value {
            Value::Str(text) => hash.update(text.as_bytes()),
            Value::Int(number) => hash.update(&number.to_le_bytes()),
            Value::Float(number) => hash.update(&number.to_le_bytes()),
            Value::Bool(flag) => hash.update(&[u8::from(*flag)]),
            Value::List(items) => items.iter().for_each(|item| {
                hash.update(item.as_bytes());
                hash.update(&[0]);
            }),
            Value::Attributes(set) => set.iter().for_each(|(key, value)| {
                hash.update(key.as_bytes());
                hash.update(&[0]);
                hash.update(value.as_bytes());
                hash.update(&[0]);
            }),
        }
    }
    let digest = hash.digest();
    u32::try_from(digest & 0xffff_ffff)
        .expect("masked to 32 bits")
        .max(1)
}
