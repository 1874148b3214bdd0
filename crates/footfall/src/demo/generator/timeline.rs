//! When sessions begin and releases go out.

use super::random::Random;
use super::world::{WorkTool, busyness};

/// Releases of an application in a finite run.
const RELEASES: i64 = 6;
/// In a run without an end a release goes out this often.
const RELEASE_EVERY_US: i64 = 20 * 60 * 1_000_000;
const HOUR_US: i64 = 3_600_000_000;

/// How many sessions there are.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Sessions {
    /// Exactly so many between start and end, spread by the rhythm of days and weeks.
    Total(u64),
    /// So many a minute, evenly.
    PerMinute(f64),
}

/// The span of time that traffic covers, µs since 1970.
#[derive(Clone, Copy)]
pub(crate) struct Timeline {
    pub(crate) start_us: i64,
    /// Without an end traffic never stops.
    pub(crate) end_us: Option<i64>,
}

impl Timeline {
    /// Number of the release that is current at a moment, from 0.
    pub(crate) fn release_at(&self, at_us: i64) -> u32 {
        let since = (at_us - self.start_us).max(0);
        let index = match self.end_us {
            Some(end_us) => (since * RELEASES / (end_us - self.start_us).max(1)).min(RELEASES - 1),
            None => since / RELEASE_EVERY_US,
        };
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// Number of the release that is bad: in the middle of a finite run, so that there is a before and an after.
    pub(crate) fn bad_release(&self, random: &mut Random) -> u32 {
        if self.end_us.is_some() && random.chance(0.5) {
            3
        } else {
            2
        }
    }
}

/// Start times of sessions in ascending order.
pub(crate) struct Starts {
    timeline: Timeline,
    sessions: Sessions,
    next: u64,
    random: Random,
    /// Cumulative busyness at the end of each hour of the run, for [`Sessions::Total`].
    cumulative: Vec<f64>,
}

impl Starts {
    pub(crate) fn new(seed: u64, timeline: Timeline, sessions: Sessions) -> Self {
        let mut cumulative = Vec::new();
        if let (Sessions::Total(_), Some(end_us)) = (sessions, timeline.end_us) {
            let mut sum = 0.0;
            let mut hour_us = timeline.start_us;
            while hour_us < end_us {
                // Europe's clock leads; the visitors' own hours are weighed when they are chosen.
                sum += 0.25 + busyness(hour_us + HOUR_US, WorkTool::No);
                cumulative.push(sum);
                hour_us += HOUR_US;
            }
        }
        Self {
            timeline,
            sessions,
            next: 0,
            random: Random::new(seed ^ 0x7374_6172_7473, 0),
            cumulative,
        }
    }

    /// Number and start of the next session.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "counts and µs of a run are below 2^53"
    )]
    pub(crate) fn advance(&mut self) -> Option<(u64, i64)> {
        let number = self.next;
        let position = number as f64 + self.random.unit();
        let start_us = match self.sessions {
            Sessions::PerMinute(rate) => {
                self.timeline.start_us + (position / rate * 60_000_000.0) as i64
            }
            Sessions::Total(total) if number < total => self.quantile(position / total as f64)?,
            Sessions::Total(_) => return None,
        };
        if self
            .timeline
            .end_us
            .is_some_and(|end_us| start_us >= end_us)
        {
            return None;
        }
        self.next += 1;
        Some((number, start_us))
    }

    /// The moment before which a `share` of all sessions have begun.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "µs of a run are below 2^53"
    )]
    fn quantile(&self, share: f64) -> Option<i64> {
        let wanted = share * self.cumulative.last()?;
        let hour = self
            .cumulative
            .partition_point(|&sum| sum <= wanted)
            .min(self.cumulative.len() - 1);
        let before = if hour == 0 {
            0.0
        } else {
            self.cumulative[hour - 1]
        };
        let within = (wanted - before) / (self.cumulative[hour] - before);
        let hour_start_us = self.timeline.start_us + i64::try_from(hour).ok()? * HOUR_US;
        let last_us = self.timeline.end_us.unwrap_or(i64::MAX) - 1;
        Some((hour_start_us + (within * HOUR_US as f64) as i64).min(last_us))
    }
}
