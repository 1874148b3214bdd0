//! What intake and pipeline saw lately, for the screens Applications, Onboarding and Intake health.
//!
//! **In memory only.** A restart forgets it; [`Account::since_us`] says from when it knows. Client addresses and user agents are
//! neither stored nor logged: a visitor is a keyed hash of both, and only the share of events per address keeps addresses.
//!
//! **Bounded.** Origins, tokens, application ids, SDK versions and addresses come from anybody, so each is cut to a length and takes a
//! place in a list of fixed size, out of which the least recently seen goes. None of them ever is a label of a metric.
//!
//! **Cheap.** An accepted request costs intake nothing; the pipeline notes a whole batch under one lock.

mod activity;
mod addresses;
mod counts;
mod sightings;
mod tally;

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use compact_str::CompactString;
use protocol::Sdk;

pub use activity::{Activity, SdkSeen};
pub use addresses::OneAddress;
pub use counts::{Counts, Minute, RejectCount, SdkCounts};
pub use sightings::{Preflight, PreflightSeen, Refusal, RefusalSeen};
pub use tally::Tally;

use crate::Clock;
use activity::Applications;
use addresses::Addresses;
use counts::Counted;
use sightings::{Sightings, Visits};

/// Longest kept origin; longer ones are cut.
const ORIGIN_CHARS_MAX: usize = 200;
/// Longest kept name, version or id.
const NAME_CHARS_MAX: usize = 64;
/// Remembered positions of the log: half an hour of traffic without a pause.
const COMMITTED_MAX: usize = 4096;
/// Bodies of refused requests that are read for the applications they name, a second: refusing must stay cheap.
const PEEKS_PER_SECOND_MAX: u32 = 20;

/// Somebody who sends or asks: a hash of address and user agent that means nothing in another process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visitor(u64);

/// The account. Shared by an `Arc`.
pub struct Account {
    clock: Clock,
    since_us: i64,
    visitors: RandomState,
    /// When the log reached which position, oldest first.
    committed: Mutex<VecDeque<(i64, u64)>>,
    peeks: Mutex<(i64, u32)>,
    sightings: Mutex<Sightings>,
    tallied: Mutex<Tallied>,
}

/// What the pipeline adds to.
struct Tallied {
    counted: Counted,
    applications: Applications,
    addresses: Addresses,
    visits: Visits,
}

/// What became of everything since the start.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    pub since_us: i64,
    pub totals: Counts,
    pub by_sdk: Vec<SdkCounts>,
    /// The last 60, oldest first, also those without events.
    pub minutes: Vec<Minute>,
    pub rejects: Vec<RejectCount>,
    pub one_address: Option<OneAddress>,
}

impl Account {
    /// An empty account, from now on.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let since_us = clock();
        Self {
            clock,
            since_us,
            visitors: RandomState::default(),
            committed: Mutex::default(),
            peeks: Mutex::default(),
            sightings: Mutex::new(Sightings::new()),
            tallied: Mutex::new(Tallied {
                counted: Counted::new(),
                applications: Applications::new(),
                addresses: Addresses::new(since_us),
                visits: Visits::new(),
            }),
        }
    }

    /// From when it knows, µs.
    #[must_use]
    pub fn since_us(&self) -> i64 {
        self.since_us
    }

    /// Who sends from this address with this user agent. All loopback addresses are one: a page reaches a local server by either.
    #[must_use]
    pub fn visitor(&self, address: IpAddr, user_agent: Option<&str>) -> Visitor {
        let address = match address.to_canonical() {
            address if address.is_loopback() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            address => address,
        };
        Visitor(self.visitors.hash_one((address, user_agent.unwrap_or(""))))
    }

    /// Notes a preflight.
    pub fn preflight(&self, preflight: Preflight) {
        lock(&self.sightings).preflight(preflight, (self.clock)());
    }

    /// Notes a refused request.
    pub fn refused(&self, refusal: Refusal) {
        let now_us = (self.clock)();
        lock(&self.tallied).counted.refused(&refusal.sdk, now_us);
        lock(&self.sightings).refused(refusal, now_us);
    }

    /// Notes what the pipeline would not store of a request that intake had taken: seen like a refusal, counted as a reject.
    pub fn refused_later(&self, refusal: Refusal) {
        lock(&self.sightings).refused(refusal, (self.clock)());
    }

    /// Whether the body of a refused request may be read for the applications it names.
    pub fn may_peek(&self) -> bool {
        let second = (self.clock)() / 1_000_000;
        let mut peeks = lock(&self.peeks);
        if peeks.0 != second {
            *peeks = (second, 0);
        }
        peeks.1 += 1;
        peeks.1 <= PEEKS_PER_SECOND_MAX
    }

    /// Notes what became of a batch of requests.
    pub fn tally(&self, tallies: &[Tally]) {
        let now_us = (self.clock)();
        let mut guard = lock(&self.tallied);
        let tallied = &mut *guard;
        for tally in tallies {
            tallied.applications.note(tally);
            tallied.visits.note(tally);
            if !tally.is_replay {
                tallied.counted.note(tally, now_us);
                tallied.addresses.note(tally, now_us);
            }
        }
    }

    /// Notes how far the log reaches; called twice a second.
    pub fn committed(&self, position: u64) {
        let now_us = (self.clock)();
        let mut committed = lock(&self.committed);
        match committed.back_mut() {
            Some((at_us, known)) if *known == position => *at_us = now_us,
            _ => {
                if committed.len() == COMMITTED_MAX {
                    committed.pop_front();
                }
                committed.push_back((now_us, position));
            }
        }
    }

    /// How long the oldest request behind this position has waited at most, µs. Not by its arrival: what is relayed arrived elsewhere
    /// long ago.
    #[must_use]
    pub fn lag_us(&self, applied: u64) -> i64 {
        let committed = lock(&self.committed);
        let reached = committed
            .iter()
            .rev()
            .find(|(_, position)| *position <= applied);
        let since = reached.or(committed.front());
        since.map_or(0, |(at_us, _)| ((self.clock)() - at_us).max(0))
    }

    /// What became of everything since the start.
    #[must_use]
    pub fn health(&self) -> Health {
        let now_us = (self.clock)();
        let tallied = lock(&self.tallied);
        Health {
            since_us: self.since_us,
            totals: tallied.counted.totals(),
            by_sdk: tallied.counted.by_sdk(),
            minutes: tallied.counted.minutes(now_us),
            rejects: tallied.counted.rejects(),
            one_address: tallied.addresses.one_address(),
        }
    }

    /// Preflights, newest first.
    #[must_use]
    pub fn preflights(&self) -> Vec<PreflightSeen> {
        lock(&self.sightings).preflights()
    }

    /// Refusals, newest first.
    #[must_use]
    pub fn refusals(&self) -> Vec<RefusalSeen> {
        lock(&self.sightings).refusals()
    }

    /// What an application sent; nothing when nothing came since the start.
    #[must_use]
    pub fn activity(&self, app_id: &str) -> Option<Activity> {
        lock(&self.tallied)
            .applications
            .activity(app_id, (self.clock)())
    }

    /// When the first event of an application came at or after `from_us`, and how many came since; nothing when none did.
    #[must_use]
    pub fn accepted(&self, app_id: &str, from_us: i64) -> Option<(i64, u64)> {
        lock(&self.tallied).applications.accepted(app_id, from_us)
    }

    /// Whether this visitor sent the session.
    #[must_use]
    pub fn is_visit_of(&self, visitor: Visitor, app_id: &str, session_id: &str) -> bool {
        lock(&self.tallied)
            .visits
            .is_of(visitor, app_id, session_id)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Family and version as kept: cut, without control characters; no version is an empty one.
type SdkKey = (CompactString, CompactString);

fn sdk_key(family: &str, version: Option<&str>) -> SdkKey {
    (
        kept(family, NAME_CHARS_MAX),
        kept(version.unwrap_or(""), NAME_CHARS_MAX),
    )
}

fn key_of(sdk: &Sdk) -> SdkKey {
    sdk_key(sdk.family, sdk.version.as_deref())
}

/// A client's text, cut, without control characters.
fn kept(text: &str, chars_max: usize) -> CompactString {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(chars_max).map(visible).collect()
}

/// The first and the last four characters of a token; fewer of a short one, so that at least half of it stays unsaid.
#[must_use]
pub fn token_hint(token: &str) -> String {
    let token = kept(token, 4096);
    let len = token.chars().count();
    let shown = (len / 4).min(4);
    let head: String = token.chars().take(shown).collect();
    let tail: String = token.chars().skip(len - shown).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests;
