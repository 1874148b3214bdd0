//! One request as the pipeline saw it.

use std::net::IpAddr;

use compact_str::CompactString;
use protocol::Request;
use schema::tables::common;
use schema::{AppId, Event};

use super::{Account, Visitor};

/// What became of one request's events.
#[derive(Clone, Debug)]
pub struct Tally {
    pub sdk_family: CompactString,
    pub sdk_version: Option<CompactString>,
    pub arrival_us: i64,
    pub peer: IpAddr,
    pub visitor: Visitor,
    /// Events for the store.
    pub decoded: usize,
    /// New rows and merged versions.
    pub stored: usize,
    /// Repeats, and events whose id another event has.
    pub duplicates: usize,
    /// One reason for each refused part.
    pub rejects: Vec<&'static str>,
    /// Events by application.
    pub applications: Vec<(CompactString, usize)>,
    /// Application and id of the first event's session.
    pub session: Option<(CompactString, CompactString)>,
    /// Read again after a restart: it was counted when it came.
    pub is_replay: bool,
}

impl Tally {
    /// Of a request whose events begin with `first`.
    pub(crate) fn of(account: &Account, request: &Request, first: Option<&Event>) -> Self {
        let (sdk_family, sdk_version) = sdk_of(request, first);
        Self {
            sdk_family,
            sdk_version,
            arrival_us: request.arrival_us,
            peer: request.peer,
            visitor: account.visitor(request.peer, request.header("user-agent")),
            decoded: 0,
            stored: 0,
            duplicates: 0,
            rejects: Vec::new(),
            applications: Vec::new(),
            session: None,
            is_replay: false,
        }
    }

    /// Adds an event for the store.
    pub(crate) fn add(&mut self, event: &Event, app_id: &AppId) {
        self.decoded += 1;
        let app_id = app_id.as_str();
        match self.applications.last_mut() {
            Some((last, events)) if last == app_id => *events += 1,
            _ => self.applications.push((app_id.into(), 1)),
        }
        if self.session.is_none()
            && let Some(session_id) = event.row.str(common::session_id)
        {
            self.session = Some((app_id.into(), session_id.into()));
        }
    }
}

fn sdk_of(request: &Request, first: Option<&Event>) -> (CompactString, Option<CompactString>) {
    let Some(first) = first else {
        let sdk = protocol::sdk(request);
        return (sdk.family.into(), sdk.version.map(CompactString::from));
    };
    let text = |column| first.row.str(column).map(CompactString::from);
    let family = text(common::sdk_family);
    let family = family.unwrap_or_else(|| request.protocol.name().into());
    (family, text(common::sdk_version))
}
