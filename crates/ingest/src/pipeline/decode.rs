//! From logged requests to rows: decoded, their applications known, enriched, with what was refused on the way.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;
use enrich::{Facts, Privacy};
use meta::{Application, Directory, Name, RetentionClass, Settings};
use protocol::{Endpoint, Request};
use schema::tables::common;
use schema::{AppId, Event, Reject, Value};
use store::{Batch, Incoming, KeptRequest, QuarantineEntry};
use tokio::runtime::Handle;
use xxhash_rust::xxh3::xxh3_64;

use super::{Logged, Pipeline, PipelineError};
use crate::account::{Refusal as Sighted, Tally};
use crate::record;
use crate::refusal::code_of_reject;
use crate::resolve::{Resolved, application_of, resolve};

/// How often a full disk is asked whether it has room again.
const ROOM_EVERY: Duration = Duration::from_millis(500);

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
    pub(super) fn decode(
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
        let mut scratch = Vec::with_capacity(4096);
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
            let content = content_hash(&event, &mut scratch);
            event.row.set(common::app_id, application.app_id.as_str());
            let privacy = privacy
                .entry(application.app_id.clone())
                .or_insert_with(|| privacy_of(application));
            self.enricher.enrich(&mut event, &facts, privacy);
            let time_us = event.row.int(common::time).unwrap_or(request.arrival_us);
            let class = RetentionClass::of_table(event.table);
            let retention = application.settings.retention.of(class);
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
/// `scratch` is room that calls share.
fn content_hash(event: &Event, scratch: &mut Vec<u8>) -> u32 {
    let table = event.table.table();
    scratch.clear();
    // Each text ends with a byte that no UTF-8 has, so that two rows never run together to the same bytes.
    let text = |bytes: &[u8], scratch: &mut Vec<u8>| {
        scratch.extend_from_slice(bytes);
        scratch.push(0xff);
    };
    for (column, value) in event.row.values() {
        text(table.column(*column).name.as_bytes(), scratch);
        match value {
            Value::Str(value) => text(value.as_bytes(), scratch),
            Value::Int(number) => scratch.extend_from_slice(&number.to_le_bytes()),
            Value::Float(number) => scratch.extend_from_slice(&number.to_le_bytes()),
            Value::Bool(flag) => scratch.push(u8::from(*flag)),
            Value::List(items) => items.iter().for_each(|item| text(item.as_bytes(), scratch)),
            Value::Attributes(set) => set.iter().for_each(|(key, value)| {
                text(key.as_bytes(), scratch);
                text(value.as_bytes(), scratch);
            }),
        }
    }
    u32::try_from(xxh3_64(scratch) & 0xffff_ffff)
        .expect("masked to 32 bits")
        .max(1)
}
