//! Events by what became of them: in all, by SDK, by minute, by reason.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;

use lru::LruCache;
use protocol::Sdk;

use super::{SdkKey, Tally, key_of, sdk_key};

const SDKS_MAX: NonZeroUsize = NonZeroUsize::new(128).expect("more than zero");
const MINUTES: usize = 60;
const MINUTE_US: i64 = 60_000_000;

/// What became of events. `received` = `decoded` + `rejected`, and `decoded` = `stored` + `duplicates`; a refused request is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events, and parts that were none, of requests in the log.
    pub received: u64,
    pub decoded: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub rejected: u64,
    /// Requests that intake refused; nobody knows how many events they had.
    pub refused: u64,
}

/// The counts of one SDK and version.
#[derive(Clone, Debug, PartialEq)]
pub struct SdkCounts {
    pub family: String,
    pub version: Option<String>,
    pub counts: Counts,
    pub last_us: i64,
}

/// The counts of one minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minute {
    /// Its first microsecond.
    pub at_us: i64,
    pub counts: Counts,
}

/// How often a reason was given.
#[derive(Clone, Debug, PartialEq)]
pub struct RejectCount {
    pub reason: &'static str,
    pub count: u64,
    pub last_us: i64,
}

pub(super) struct Counted {
    totals: Counts,
    by_sdk: LruCache<SdkKey, (Counts, i64)>,
    /// Minutes with events, oldest first.
    minutes: VecDeque<Minute>,
    /// Reasons come from a fixed list in code.
    rejects: BTreeMap<&'static str, (u64, i64)>,
}

impl Counted {
    pub(super) fn new() -> Self {
        Self {
            totals: Counts::default(),
            by_sdk: LruCache::new(SDKS_MAX),
            minutes: VecDeque::with_capacity(MINUTES),
            rejects: BTreeMap::new(),
        }
    }

    pub(super) fn note(&mut self, tally: &Tally, now_us: i64) {
        let rejected = tally.rejects.len() as u64;
        let counts = Counts {
            received: tally.decoded as u64 + rejected,
            decoded: tally.decoded as u64,
            stored: tally.stored as u64,
            duplicates: tally.duplicates as u64,
            rejected,
            refused: 0,
        };
        let sdk = sdk_key(&tally.sdk_family, tally.sdk_version.as_deref());
        self.add(sdk, counts, now_us);
        for reason in &tally.rejects {
            let (count, last_us) = self.rejects.entry(reason).or_default();
            *count += 1;
            *last_us = now_us;
        }
    }

    pub(super) fn refused(&mut self, sdk: &Sdk, now_us: i64) {
        let counts = Counts {
            refused: 1,
            ..Counts::default()
        };
        self.add(key_of(sdk), counts, now_us);
    }

    fn add(&mut self, sdk: SdkKey, counts: Counts, now_us: i64) {
        self.totals.add(counts);
        let of_sdk = self.by_sdk.get_or_insert_mut(sdk, Default::default);
        of_sdk.0.add(counts);
        of_sdk.1 = now_us;
        let at_us = now_us - now_us.rem_euclid(MINUTE_US);
        match self.minutes.back_mut() {
            // A clock that was set back adds to the newest minute rather than making the list run backwards.
            Some(minute) if minute.at_us >= at_us => minute.counts.add(counts),
            _ => {
                if self.minutes.len() == MINUTES {
                    self.minutes.pop_front();
                }
                self.minutes.push_back(Minute { at_us, counts });
            }
        }
    }

    pub(super) fn totals(&self) -> Counts {
        self.totals
    }

    pub(super) fn by_sdk(&self) -> Vec<SdkCounts> {
        let sdk = |((family, version), (counts, last_us)): (&SdkKey, &(Counts, i64))| SdkCounts {
            family: family.to_string(),
            version: (!version.is_empty()).then(|| version.to_string()),
            counts: *counts,
            last_us: *last_us,
        };
        self.by_sdk.iter().map(sdk).collect()
    }

    pub(super) fn minutes(&self, now_us: i64) -> Vec<Minute> {
        let newest = now_us - now_us.rem_euclid(MINUTE_US);
        let mut minutes = Vec::with_capacity(MINUTES);
        for back in (0..MINUTES as i64).rev() {
            let at_us = newest - back * MINUTE_US;
            let known = self.minutes.iter().find(|minute| minute.at_us == at_us);
            let counts = known.map(|minute| minute.counts).unwrap_or_default();
            minutes.push(Minute { at_us, counts });
        }
        minutes
    }

    pub(super) fn rejects(&self) -> Vec<RejectCount> {
        let mut rejects: Vec<RejectCount> = self
            .rejects
            .iter()
            .map(|(reason, (count, last_us))| RejectCount {
                reason,
                count: *count,
                last_us: *last_us,
            })
            .collect();
        rejects.sort_by_key(|reject| std::cmp::Reverse(reject.count));
        rejects
    }
}

impl Counts {
    fn add(&mut self, more: Self) {
        self.received += more.received;
        self.decoded += more.decoded;
        self.stored += more.stored;
        self.duplicates += more.duplicates;
        self.rejected += more.rejected;
        self.refused += more.refused;
    }
}
