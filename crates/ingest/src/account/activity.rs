//! What each application sent lately.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use compact_str::CompactString;
use lru::LruCache;

use super::{SdkKey, Tally, sdk_key};

/// As many as there can be on a server, and the same again for what is deleted meanwhile.
const APPLICATIONS_MAX: NonZeroUsize = NonZeroUsize::new(2048).expect("more than zero");
const SDKS_MAX: NonZeroUsize = NonZeroUsize::new(16).expect("more than zero");
/// Seconds with events that are remembered one by one.
const SECONDS_MAX: usize = 128;

/// What an application sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Arrivals, µs.
    pub first_event_us: i64,
    pub last_event_us: i64,
    /// Of the last 60 seconds.
    pub events_per_minute: u64,
    /// The newest event first.
    pub sdks: Vec<SdkSeen>,
}

/// An SDK that sends.
#[derive(Clone, Debug, PartialEq)]
pub struct SdkSeen {
    pub family: String,
    pub version: Option<String>,
    pub last_event_us: i64,
}

pub(super) struct Applications(LruCache<CompactString, Application>);

struct Application {
    first_us: i64,
    last_us: i64,
    events: u64,
    /// By second of arrival: the first arrival in it, and events.
    seconds: BTreeMap<i64, (i64, u64)>,
    sdks: LruCache<SdkKey, i64>,
}

impl Applications {
    pub(super) fn new() -> Self {
        Self(LruCache::new(APPLICATIONS_MAX))
    }

    pub(super) fn note(&mut self, tally: &Tally) {
        let arrival_us = tally.arrival_us;
        for (app_id, events) in &tally.applications {
            let events = *events as u64;
            let application = self.0.get_or_insert_mut(app_id.clone(), || Application {
                first_us: arrival_us,
                last_us: arrival_us,
                events: 0,
                seconds: BTreeMap::new(),
                sdks: LruCache::new(SDKS_MAX),
            });
            application.first_us = application.first_us.min(arrival_us);
            application.last_us = application.last_us.max(arrival_us);
            application.events += events;
            let second = application
                .seconds
                .entry(arrival_us.div_euclid(1_000_000))
                .or_insert((arrival_us, 0));
            second.0 = second.0.min(arrival_us);
            second.1 += events;
            if application.seconds.len() > SECONDS_MAX {
                application.seconds.pop_first();
            }
            let sdk = sdk_key(&tally.sdk_family, tally.sdk_version.as_deref());
            let last_us = application.sdks.get_or_insert_mut(sdk, || arrival_us);
            *last_us = arrival_us.max(*last_us);
        }
    }

    pub(super) fn activity(&self, app_id: &str, now_us: i64) -> Option<Activity> {
        let application = self.0.peek(app_id)?;
        let minute_ago = (now_us - 60_000_000).div_euclid(1_000_000);
        let last_minute = application.seconds.range(minute_ago + 1..);
        let sdk = |((family, version), last_us): (&SdkKey, &i64)| SdkSeen {
            family: family.to_string(),
            version: (!version.is_empty()).then(|| version.to_string()),
            last_event_us: *last_us,
        };
        let mut sdks: Vec<SdkSeen> = application.sdks.iter().map(sdk).collect();
        sdks.sort_by_key(|sdk| std::cmp::Reverse(sdk.last_event_us));
        Some(Activity {
            first_event_us: application.first_us,
            last_event_us: application.last_us,
            events_per_minute: last_minute.map(|(_, (_, events))| events).sum(),
            sdks,
        })
    }

    /// Exact as far back as the seconds reach; beyond it says at least what they hold.
    pub(super) fn accepted(&self, app_id: &str, from_us: i64) -> Option<(i64, u64)> {
        let application = self.0.peek(app_id)?;
        if from_us <= application.first_us {
            return Some((application.first_us, application.events));
        }
        // The second in which `from` lies counts as a whole: an SDK's request may have come just before the asker's clock ticked.
        let mut since = application
            .seconds
            .range(from_us.div_euclid(1_000_000)..)
            .map(|(_, second)| second);
        let (first_us, events) = *since.next()?;
        let more: u64 = since.map(|(_, events)| events).sum();
        Some((first_us.max(from_us), events + more))
    }
}
