//! What the server adds to events, and what it takes away.
//!
//! **Job**: [`Enricher::enrich`] turns an event as its client sent it into the row that is stored: true times, place, browser and device,
//! parts and groups of URLs, the group of an error; without secrets. [`STEPS`] is the list, in order.
//!
//! **Invariant**: values in, values out. No clock, file or network: databases come as bytes, the time comes with the request.
//! The same event with the same facts gives the same row. No input panics or is refused. What a client said itself stands, but for
//! what is derived from a URL, where one rule must hold for all clients.
//!
//! **Reading order**: [`STEPS`], then one file a step: `skew`, `geo`, `user_agent`, `bots`, `scrub`, `url_parts` with
//! [`path_group`], `error_group`.
//!
//! To add an enricher: a file, and a line in [`STEPS`].
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")
)]

mod bots;
mod cache;
mod error_group;
mod geo;
mod locale;
mod path_group;
mod scrub;
mod skew;
#[cfg(test)]
mod tests;
mod url_parts;
mod user_agent;

use std::borrow::Cow;
use std::net::IpAddr;

use schema::Event;

pub use bots::is_bot;
pub use cache::CacheCounts;
pub use geo::{IpPrivacy, embedded_country_database};
pub use path_group::path_group;
pub use scrub::{REDACTED, ScrubList, scrub_text, scrub_text_by};
pub use skew::skew_us;
pub use url_parts::UrlParts;

/// What an enricher is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// Country by address, MaxMind DB format; none: only what the city database knows.
    pub country_database: Option<Cow<'static, [u8]>>,
    /// Region and city by address, MaxMind DB format.
    pub city_database: Option<Vec<u8>>,
    /// Network operator by address (ASN or ISP), MaxMind DB format.
    pub network_database: Option<Vec<u8>>,
    /// Distinct User-Agents kept; each about 300 bytes.
    pub user_agent_cache_entries: usize,
    /// Distinct addresses kept; each about 300 bytes.
    pub geo_cache_entries: usize,
    /// What is scrubbed for every application.
    pub scrub: ScrubList,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            country_database: Some(Cow::Borrowed(embedded_country_database())),
            city_database: None,
            network_database: None,
            user_agent_cache_entries: 10_000,
            geo_cache_entries: 20_000,
            scrub: ScrubList::default(),
        }
    }
}

/// Why an enricher could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the {which} database is no MaxMind DB file")]
    OpenDatabase {
        which: &'static str,
        source: maxminddb::MaxMindDbError,
    },
}

/// What is known of the request that brought an event.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// µs since 1970.
    pub arrival_us: i64,
    /// From [`skew_us`], once a request.
    pub skew_us: i64,
    /// The client's address, trusted proxies taken off.
    pub peer: IpAddr,
    pub user_agent: Option<&'a str>,
    /// Names in lower case; client hints and `accept-language` are read.
    pub headers: &'a [(String, String)],
}

/// What of a person an application keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privacy {
    pub ip: IpPrivacy,
    /// Beside the server's list.
    pub scrub: ScrubList,
}

impl Default for Privacy {
    fn default() -> Self {
        Self::new(IpPrivacy::Keep, [])
    }
}

impl Privacy {
    /// With an application's own names, of fields and parameters; the server's list holds besides.
    #[must_use]
    pub fn new<'a>(ip: IpPrivacy, scrub_keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            ip,
            scrub: ScrubList::of(scrub_keys),
        }
    }
}

/// What was done to one event, to be counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// It lay in the future and was moved to its arrival.
    pub time_adjusted: bool,
    /// Columns that had something to hide.
    pub scrubbed_values: u32,
}

/// One step: what it changes in the event, from what is known of the request.
type Step = fn(&Enricher, &mut Event, &Facts<'_>, &Privacy, &mut Outcome);

/// Every enricher, in the order in which they run. Scrubbing stands before all that derives from texts, so that nothing is derived from
/// a secret, and after all that adds texts from outside.
pub const STEPS: &[(&str, Step)] = &[
    ("times", |_, event, facts, _, outcome| {
        outcome.time_adjusted = skew::set_times(event, facts.arrival_us, facts.skew_us);
    }),
    ("place", |enricher, event, facts, privacy, _| {
        enricher.geo.fill(&mut event.row, facts.peer, privacy.ip)
    }),
    ("client", |enricher, event, facts, _, _| {
        let is_bot = enricher
            .user_agents
            .fill(&mut event.row, facts.user_agent, facts.headers);
        bots::fill(&mut event.row, is_bot);
    }),
    ("locale", |_, event, facts, _, _| {
        locale::fill(&mut event.row, facts.headers)
    }),
    ("scrub", |enricher, event, _, privacy, outcome| {
        outcome.scrubbed_values = enricher
            .scrubber
            .scrub(event, [&enricher.scrub, &privacy.scrub]);
    }),
    ("url parts", |_, event, _, _, _| url_parts::fill(event)),
    ("error group", |_, event, _, _, _| error_group::fill(event)),
];

/// Enriches events; shared by all threads.
pub struct Enricher {
    geo: geo::Geo,
    user_agents: user_agent::UserAgents,
    scrubber: scrub::Scrubber,
    scrub: ScrubList,
}

impl Enricher {
    /// Opens the databases. The rules for User-Agents are built when the first client needs them.
    ///
    /// # Errors
    /// When a database is not of MaxMind DB format.
    pub fn new(mut options: Options) -> Result<Self, Error> {
        Ok(Self {
            geo: geo::Geo::new(&mut options)?,
            user_agents: user_agent::UserAgents::new(options.user_agent_cache_entries),
            scrubber: scrub::Scrubber::new(),
            scrub: options.scrub,
        })
    }

    /// Builds the rules for User-Agents now: about 0.2 s of processor time and 25 MB with opt-level 1. Without it the first
    /// clients wait for them.
    pub fn build_rules(&self) {
        self.user_agents.build();
    }

    /// Runs every step of [`STEPS`] over one event.
    pub fn enrich(&self, event: &mut Event, request: &Facts<'_>, privacy: &Privacy) -> Outcome {
        let mut outcome = Outcome::default();
        for (_, step) in STEPS {
            step(self, event, request, privacy, &mut outcome);
        }
        outcome
    }

    /// How the caches of User-Agents and of places did.
    #[must_use]
    pub fn cache_counts(&self) -> [(&'static str, CacheCounts); 2] {
        [
            ("user_agent", self.user_agents.cache_counts()),
            ("geo", self.geo.cache_counts()),
        ]
    }
}
