//! What retention takes for the time: never a clock that has just jumped ahead.
//!
//! A wall clock that is set wrong by a year would delete everything that is kept for less. So the time of retention follows the wall clock
//! at most twice as fast as time passes, across restarts too. After a jump it takes the jump's own length until all of it counts,
//! which leaves time to set the clock right; after a stop of a week it is up to date within a week, and until then deletes later than it
//! could. A clock that goes back is followed at once: deleting late harms nothing.

use std::time::Duration;

/// Runs come in this distance; each may go on by so much besides, or a server that restarts again and again would stand still.
pub(crate) const RUN_EVERY: Duration = Duration::from_secs(600);

/// The time for a run: the wall clock's, or what it may be `passed` after the run at `last_us`.
pub(crate) fn next_us(last_us: Option<i64>, passed: Duration, wall_us: i64) -> i64 {
    let Some(last_us) = last_us else {
        return wall_us;
    };
    let ahead = i64::try_from((passed * 2 + RUN_EVERY).as_micros()).unwrap_or(i64::MAX);
    wall_us.min(last_us.saturating_add(ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;
    const HOUR: i64 = 60 * MINUTE;
    const START: i64 = 1_700_000_000_000_000;

    /// Runs every ten minutes for so long; the wall clock is `wall_ahead` of the time that passed.
    fn after(hours: i64, mut time_us: i64, wall_ahead: impl Fn(i64) -> i64) -> i64 {
        for run in 1..=hours * 6 {
            let passed_us = run * 10 * MINUTE;
            let wall_us = START + passed_us + wall_ahead(passed_us);
            time_us = next_us(Some(time_us), RUN_EVERY, wall_us);
        }
        time_us
    }

    #[test]
    fn a_steady_clock_is_the_time() {
        assert_eq!(next_us(None, Duration::ZERO, START), START);
        assert_eq!(after(30, START, |_| 0), START + 30 * HOUR);
    }

    #[test]
    fn a_clock_that_jumps_ahead_and_is_set_right_deletes_next_to_nothing_early() {
        let year = 365 * 24 * HOUR;
        let at_worst = after(5, START, |_| year);
        assert!(at_worst < START + 16 * HOUR, "{}", at_worst - START);
        let later = after(24, START, |passed| if passed < 5 * HOUR { year } else { 0 });
        assert_eq!(later, START + 24 * HOUR);
    }

    #[test]
    fn a_clock_that_goes_back_is_followed_and_comes_back() {
        let back = |passed: i64| if passed < 3 * HOUR { -10 * HOUR } else { 0 };
        assert_eq!(after(2, START, back), START + 2 * HOUR - 10 * HOUR);
        assert_eq!(after(24, START, back), START + 24 * HOUR);
    }

    #[test]
    fn a_stop_of_a_week_is_made_up_for_within_a_week() {
        let week = 7 * 24 * HOUR;
        assert!(after(1, START, |_| week) < START + 4 * HOUR);
        assert_eq!(after(7 * 24, START, |_| week), START + 2 * week);
    }
}
