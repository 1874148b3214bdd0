//! What slices ask of the server around them. Features know neither intake nor log: the binary answers for both.

use std::net::IpAddr;

/// The server as slices see it; made in the binary.
pub trait Surroundings: Send + Sync {
    /// From when intake's account knows, µs.
    fn since_us(&self) -> i64;
    /// Preflights, newest first.
    fn preflights(&self) -> Vec<Preflight>;
    /// Refused requests by kind, newest first; `asker` tells which were their own.
    fn refusals(&self, asker: &Asker) -> Vec<Refusal>;
    /// What became of events since the start.
    fn health(&self) -> Health;
    /// What an application sent since the start, if anything.
    fn activity(&self, app_id: &str) -> Option<Activity>;
    /// The first arrival at or after a moment, and the events from then on.
    fn accepted(&self, app_id: &str, from_us: i64) -> Option<(i64, u64)>;
    /// Whether the asker sent this session.
    fn is_session_of(&self, asker: &Asker, app_id: &str, session_id: &str) -> bool;
    /// The disk of the data folder; nothing when the system does not say.
    fn disk(&self) -> Option<Disk>;
    fn log(&self) -> LogFigures;
    /// Whether applications are made for events that name unknown ones.
    fn creates_applications(&self) -> bool;
    fn started_us(&self) -> i64;
    /// Tells what a request that is kept whole mentions.
    fn kept_reader(&self) -> store::KeptReader;
}

/// Who looks at a screen, as far as it tells whose visit is whose.
#[derive(Clone, Debug)]
pub struct Asker {
    pub address: IpAddr,
    pub user_agent: Option<String>,
}

/// A kind of preflight.
#[derive(Clone, Debug)]
pub struct Preflight {
    pub origin: Option<String>,
    /// The application that its token opens.
    pub app_id: Option<String>,
    pub has_token: bool,
    pub count: u64,
    pub last_us: i64,
}

/// A kind of refused request.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Stable: `wrong_token`, `wrong_origin` and so on.
    pub code: &'static str,
    pub origin: Option<String>,
    /// First and last characters.
    pub token_hint: Option<String>,
    /// The application that its token opens.
    pub token_app: Option<String>,
    /// The application that its events name.
    pub named_app: Option<String>,
    pub sdk: Sdk,
    pub is_yours: bool,
    pub count: u64,
    pub last_us: i64,
}

/// Family and version of an SDK.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sdk {
    pub family: String,
    pub version: Option<String>,
}

/// What an application sent.
#[derive(Clone, Debug)]
pub struct Activity {
    pub last_event_us: i64,
    /// Of the last 60 seconds.
    pub events_per_minute: u64,
    /// With the last arrival of each, the newest first.
    pub sdks: Vec<(Sdk, i64)>,
}

/// What became of events.
#[derive(Clone, Copy, Default, Debug)]
pub struct Counts {
    pub received: u64,
    pub decoded: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub rejected: u64,
    pub refused: u64,
}

/// What became of events since the start.
#[derive(Clone, Default, Debug)]
pub struct Health {
    pub totals: Counts,
    /// With the last arrival of each, the newest first.
    pub by_sdk: Vec<(Sdk, Counts, i64)>,
    /// The last 60 minutes by their first microsecond, oldest first.
    pub minutes: Vec<(i64, Counts)>,
    /// Reason, count and last time, the most frequent first.
    pub rejects: Vec<(&'static str, u64, i64)>,
    /// The address of nearly all events, and its share.
    pub one_address: Option<(IpAddr, f64)>,
}

/// The disk of the data folder.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    pub free_bytes: u64,
    /// Intake stops when less is free.
    pub reserve_bytes: u64,
}

/// Figures of the log.
#[derive(Clone, Copy, Default, Debug)]
pub struct LogFigures {
    pub size_bytes: u64,
    /// Acknowledged and not visible yet.
    pub lag_bytes: u64,
    /// How long the oldest request that is not visible has waited at most.
    pub lag_us: i64,
    /// Visible and not in segments yet.
    pub unflushed_bytes: u64,
    pub records: u64,
    pub fsyncs: u64,
    pub commits: u64,
    pub refused_full: u64,
    pub refused_disk_full: u64,
    pub corrupt_records: u64,
}
