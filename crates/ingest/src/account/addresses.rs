//! Whether nearly all events come from one address although many people send: then a proxy stands before the server that it does not
//! trust, and every visitor has the proxy's address and country.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroUsize;

use lru::LruCache;

use super::Tally;

const ADDRESSES_MAX: NonZeroUsize = NonZeroUsize::new(1024).expect("more than zero");
/// The last one to two generations count.
const GENERATION_US: i64 = 30 * 60_000_000;
/// Below these there is nothing to say: one developer alone is one address too, but not many sessions.
const EVENTS_MIN: u64 = 200;
const SESSIONS_MIN: usize = 10;
const SHARE_MIN: f64 = 0.8;

/// The address of nearly all events.
#[derive(Clone, Debug, PartialEq)]
pub struct OneAddress {
    pub address: IpAddr,
    /// 0 to 1.
    pub share: f64,
}

pub(super) struct Addresses {
    hash: RandomState,
    started_us: i64,
    now: Generation,
    before: Generation,
}

struct Generation {
    events: u64,
    by_address: LruCache<IpAddr, Sent>,
}

#[derive(Default)]
struct Sent {
    events: u64,
    /// Hashes of the first sessions, at most [`SESSIONS_MIN`].
    sessions: Vec<u64>,
}

impl Generation {
    fn new() -> Self {
        Self {
            events: 0,
            by_address: LruCache::new(ADDRESSES_MAX),
        }
    }
}

impl Addresses {
    pub(super) fn new(now_us: i64) -> Self {
        Self {
            hash: RandomState::default(),
            started_us: now_us,
            now: Generation::new(),
            before: Generation::new(),
        }
    }

    pub(super) fn note(&mut self, tally: &Tally, now_us: i64) {
        if now_us - self.started_us >= GENERATION_US {
            self.before = std::mem::replace(&mut self.now, Generation::new());
            self.started_us = now_us;
        }
        let events = tally.decoded as u64;
        self.now.events += events;
        let sent = self
            .now
            .by_address
            .get_or_insert_mut(tally.peer, Sent::default);
        sent.events += events;
        if let Some(session) = &tally.session
            && sent.sessions.len() < SESSIONS_MIN
        {
            let session = self.hash.hash_one(session);
            if !sent.sessions.contains(&session) {
                sent.sessions.push(session);
            }
        }
    }

    pub(super) fn one_address(&self) -> Option<OneAddress> {
        let total = self.now.events + self.before.events;
        if total < EVENTS_MIN {
            return None;
        }
        let mut best: Option<(IpAddr, u64)> = None;
        for (address, sent) in self.now.by_address.iter() {
            let before = self.before.by_address.peek(address);
            let events = sent.events + before.map_or(0, |sent| sent.events);
            let sessions = sent
                .sessions
                .len()
                .max(before.map_or(0, |sent| sent.sessions.len()));
            if sessions >= SESSIONS_MIN && best.is_none_or(|(_, most)| events > most) {
                best = Some((*address, events));
            }
        }
        let (address, events) = best?;
        let share = events as f64 / total as f64;
        (share >= SHARE_MIN).then_some(OneAddress { address, share })
    }
}
