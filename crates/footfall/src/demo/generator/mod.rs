//! A deterministic generator of real user monitoring traffic as the Datadog browser SDK sends it.
//!
//! A run is a function of [`Params`]: the same parameters give the same requests, byte for byte. Visits begin by the rhythm of
//! days and weeks (or at an even rate), each is played whole by [`session`], cut into requests by [`batch`], and the requests of
//! all visits are merged by the time of sending. Memory holds only the visits in progress.
//!
//! This folder stands alone (`std` and `serde_json`), so that the benchmark can include it by path.

mod batch;
mod catalogue;
mod faults;
mod random;
mod resources;
mod rows;
mod session;
mod timeline;
mod view;
mod visitor;
mod wire;
mod world;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

pub(crate) use faults::Evidence;
pub(crate) use timeline::Sessions;

use catalogue::APPLICATIONS;
use faults::Faults;
use session::Scene;
use timeline::{Starts, Timeline};

/// The most applications a run can have.
pub(crate) const APPLICATIONS_MAX: usize = APPLICATIONS.len();

/// What a run consists of.
#[derive(Clone, Debug)]
pub(crate) struct Params {
    pub(crate) seed: u64,
    /// How many applications of the catalogue take part, 1 to [`APPLICATIONS_MAX`].
    pub(crate) applications: usize,
    /// First moment of traffic, µs since 1970.
    pub(crate) start_us: i64,
    /// Requests due from then on are left out; `None` goes on for ever and needs [`Sessions::PerMinute`].
    pub(crate) end_us: Option<i64>,
    pub(crate) sessions: Sessions,
    /// Client token of each application; missing ones become `demo-token`.
    pub(crate) tokens: Vec<String>,
}

/// Distinct rows that a correct store holds.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Rows {
    pub(crate) session: u64,
    pub(crate) view: u64,
    pub(crate) resource: u64,
    pub(crate) action: u64,
    pub(crate) long_task: u64,
    pub(crate) error: u64,
    pub(crate) vital: u64,
}

impl Rows {
    pub(crate) fn add(&mut self, other: &Self) {
        self.session += other.session;
        self.view += other.view;
        self.resource += other.resource;
        self.action += other.action;
        self.long_task += other.long_task;
        self.error += other.error;
        self.vital += other.vital;
    }

    fn truth(&self) -> Value {
        json!({
            "session": self.session, "view": self.view, "resource": self.resource, "action": self.action,
            "long_task": self.long_task, "error": self.error, "vital": self.vital,
        })
    }
}

/// One POST of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct WireRequest {
    /// When the client sends it, true time, µs since 1970.
    pub(crate) at_us: i64,
    /// When it reaches a collector in Frankfurt.
    pub(crate) received_at_us: i64,
    /// Place of its application, from 0.
    pub(crate) application: usize,
    /// Path with query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Newline-delimited JSON, before compression.
    pub(crate) body: String,
    /// The sender has to compress the body as one zlib stream; the path announces it.
    pub(crate) deflate: bool,
    /// The visitor's address.
    pub(crate) peer: Ipv4Addr,
    /// Lines of the body.
    pub(crate) events: u64,
    /// Rows that this request adds to a store, given that all before it arrived.
    pub(crate) adds: Rows,
    pub(crate) evidence: Evidence,
}

/// What a run has sent so far, to be written into a truth file.
#[derive(Clone, Default)]
pub(crate) struct Totals {
    pub(crate) requests: u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    applications: Vec<Rows>,
    evidence: Evidence,
}

impl Totals {
    pub(crate) fn count(&mut self, request: &WireRequest) {
        self.requests += 1;
        self.events += request.events;
        self.bytes += request.body.len() as u64;
        if self.applications.len() <= request.application {
            self.applications
                .resize(request.application + 1, Rows::default());
        }
        self.applications[request.application].add(&request.adds);
        self.evidence.add(&request.evidence);
    }
}

/// The id and name of the application at a place of the catalogue.
pub(crate) fn application(place: usize) -> (&'static str, &'static str) {
    (APPLICATIONS[place].app_id, APPLICATIONS[place].name)
}

/// The iterator over a run's requests, in the order of sending.
pub(crate) struct Generator {
    scene: Scene,
    starts: Starts,
    next_start: Option<(u64, i64)>,
    /// Requests of visits in progress by (time, serial number).
    due: BinaryHeap<Reverse<(i64, u64)>>,
    waiting: HashMap<u64, WireRequest>,
    serial: u64,
}

impl Generator {
    pub(crate) fn new(params: Params) -> Self {
        let Params {
            seed,
            applications,
            start_us,
            end_us,
            sessions,
            mut tokens,
        } = params;
        let applications = &APPLICATIONS[..applications.clamp(1, APPLICATIONS_MAX)];
        tokens.resize(applications.len(), "demo-token".to_owned());
        let timeline = Timeline { start_us, end_us };
        let mut starts = Starts::new(seed, timeline, sessions);
        let audience = match sessions {
            Sessions::Total(total) => usize::try_from(total / 4)
                .unwrap_or(usize::MAX)
                .clamp(40, 2_000_000),
            Sessions::PerMinute(_) => 20_000,
        };
        let faults = Faults::new(seed, applications, &timeline);
        let next_start = starts.advance();
        let scene = Scene {
            seed,
            timeline,
            faults,
            applications,
            tokens,
            audience,
        };
        Self {
            scene,
            starts,
            next_start,
            due: BinaryHeap::new(),
            waiting: HashMap::new(),
            serial: 0,
        }
    }

    /// The truth of a run that sent `totals`: expected rows of each application and the planted faults.
    pub(crate) fn truth(&self, totals: &Totals) -> Value {
        let mut applications = Map::new();
        for (place, application) in self.scene.applications.iter().enumerate() {
            let rows = totals.applications.get(place).copied().unwrap_or_default();
            applications.insert(
                application.app_id.to_owned(),
                json!({ "name": application.name, "rows": rows.truth() }),
            );
        }
        json!({
            "seed": self.scene.seed,
            "start_us": self.scene.timeline.start_us,
            "end_us": self.scene.timeline.end_us,
            "requests": totals.requests,
            "events": totals.events,
            "bytes": totals.bytes,
            "applications": applications,
            "faults": self.scene.faults.truth(self.scene.applications, &totals.evidence),
        })
    }

    /// Plays all visits that begin before the earliest waiting request.
    fn play_due(&mut self) {
        while let Some((number, start_us)) = self.next_start {
            if self
                .due
                .peek()
                .is_some_and(|Reverse((at_us, _))| *at_us < start_us)
            {
                return;
            }
            for request in batch::requests(self.scene.play(number, start_us)) {
                self.due.push(Reverse((request.at_us, self.serial)));
                self.waiting.insert(self.serial, request);
                self.serial += 1;
            }
            self.next_start = self.starts.advance();
        }
    }
}

impl Iterator for Generator {
    type Item = WireRequest;

    fn next(&mut self) -> Option<WireRequest> {
        self.play_due();
        let Reverse((at_us, serial)) = self.due.pop()?;
        // Ordered by time: everything that follows is due after the end as well.
        if self
            .scene
            .timeline
            .end_us
            .is_some_and(|end_us| at_us >= end_us)
        {
            return None;
        }
        self.waiting.remove(&serial)
    }
}

#[cfg(test)]
mod tests;
