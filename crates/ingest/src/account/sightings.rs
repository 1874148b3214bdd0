//! Preflights and refusals, the newest of each kind, and who sent which session.

use std::num::NonZeroUsize;

use compact_str::CompactString;
use lru::LruCache;
use protocol::Sdk;

use super::{NAME_CHARS_MAX, ORIGIN_CHARS_MAX, Tally, Visitor, kept};

const PREFLIGHTS_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("more than zero");
const REFUSALS_MAX: NonZeroUsize = NonZeroUsize::new(512).expect("more than zero");
const VISITS_MAX: NonZeroUsize = NonZeroUsize::new(4096).expect("more than zero");

/// A preflight as it came.
#[derive(Clone, Debug)]
pub struct Preflight {
    pub origin: Option<String>,
    /// What it was about: `events`, `replay` and so on.
    pub endpoint: &'static str,
    pub token_hint: Option<String>,
    /// The application that its token opens.
    pub app_id: Option<String>,
    pub visitor: Visitor,
}

/// A kind of preflight, and how often it came.
#[derive(Clone, Debug)]
pub struct PreflightSeen {
    pub preflight: Preflight,
    pub count: u64,
    pub last_us: i64,
}

/// A refused request as it came.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Stable: `wrong_token`, `wrong_origin` and so on.
    pub code: &'static str,
    pub origin: Option<String>,
    pub token_hint: Option<String>,
    /// The application that its token opens.
    pub token_app: Option<String>,
    /// The application that its events name.
    pub named_app: Option<String>,
    pub sdk: Sdk,
    pub visitor: Visitor,
}

/// A kind of refusal, and how often it came.
#[derive(Clone, Debug)]
pub struct RefusalSeen {
    /// The newest of its kind.
    pub refusal: Refusal,
    pub count: u64,
    pub last_us: i64,
}

type Text = Option<CompactString>;

pub(super) struct Sightings {
    preflights: LruCache<(&'static str, Text, Text, Text), PreflightSeen>,
    refusals: LruCache<(&'static str, Text, Text, Text, Text), RefusalSeen>,
}

impl Sightings {
    pub(super) fn new() -> Self {
        Self {
            preflights: LruCache::new(PREFLIGHTS_MAX),
            refusals: LruCache::new(REFUSALS_MAX),
        }
    }

    pub(super) fn preflight(&mut self, preflight: Preflight, now_us: i64) {
        let preflight = Preflight {
            origin: cut(preflight.origin, ORIGIN_CHARS_MAX),
            token_hint: cut(preflight.token_hint, NAME_CHARS_MAX),
            app_id: cut(preflight.app_id, NAME_CHARS_MAX),
            ..preflight
        };
        let key = (
            preflight.endpoint,
            key(&preflight.origin),
            key(&preflight.token_hint),
            key(&preflight.app_id),
        );
        let count = self.preflights.get(&key).map_or(0, |seen| seen.count);
        let seen = PreflightSeen {
            preflight,
            count: count + 1,
            last_us: now_us,
        };
        self.preflights.put(key, seen);
    }

    pub(super) fn refused(&mut self, refusal: Refusal, now_us: i64) {
        let sdk = Sdk {
            family: refusal.sdk.family,
            version: cut(refusal.sdk.version, NAME_CHARS_MAX),
        };
        let refusal = Refusal {
            origin: cut(refusal.origin, ORIGIN_CHARS_MAX),
            token_hint: cut(refusal.token_hint, NAME_CHARS_MAX),
            token_app: cut(refusal.token_app, NAME_CHARS_MAX),
            named_app: cut(refusal.named_app, NAME_CHARS_MAX),
            sdk,
            ..refusal
        };
        let key = (
            refusal.code,
            key(&refusal.origin),
            key(&refusal.token_hint),
            key(&refusal.token_app),
            key(&refusal.named_app),
        );
        let count = self.refusals.get(&key).map_or(0, |seen| seen.count);
        let seen = RefusalSeen {
            refusal,
            count: count + 1,
            last_us: now_us,
        };
        self.refusals.put(key, seen);
    }

    /// Newest first.
    pub(super) fn preflights(&self) -> Vec<PreflightSeen> {
        self.preflights
            .iter()
            .map(|(_, seen)| seen.clone())
            .collect()
    }

    /// Newest first.
    pub(super) fn refusals(&self) -> Vec<RefusalSeen> {
        self.refusals.iter().map(|(_, seen)| seen.clone()).collect()
    }
}

fn cut(text: Option<String>, chars_max: usize) -> Option<String> {
    text.map(|text| kept(&text, chars_max).into_string())
}

fn key(text: &Option<String>) -> Text {
    text.as_deref().map(CompactString::from)
}

/// Who sent which session.
pub(super) struct Visits(LruCache<(CompactString, CompactString), Visitor>);

impl Visits {
    pub(super) fn new() -> Self {
        Self(LruCache::new(VISITS_MAX))
    }

    pub(super) fn note(&mut self, tally: &Tally) {
        if let Some((app_id, session_id)) = &tally.session {
            let key = (
                kept(app_id, NAME_CHARS_MAX),
                kept(session_id, NAME_CHARS_MAX),
            );
            self.0.put(key, tally.visitor);
        }
    }

    pub(super) fn is_of(&self, visitor: Visitor, app_id: &str, session_id: &str) -> bool {
        let key = (
            kept(app_id, NAME_CHARS_MAX),
            kept(session_id, NAME_CHARS_MAX),
        );
        self.0.peek(&key) == Some(&visitor)
    }
}
