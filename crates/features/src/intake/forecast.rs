//! How fast segments grow, and when the disk is full.

const DAY_US: i64 = 86_400_000_000;
/// The days whose segments say how much a day brings.
const DAYS: i64 = 7;
/// Data of a shorter time says little of a day: a burst of ten minutes is not spread over a day, and not multiplied by 144 either.
const COVERED_MIN_US: i64 = DAY_US / 4;

/// What a day brings.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Growth {
    pub(super) bytes_per_day: u64,
    /// How far back the oldest segment reaches.
    pub(super) covered_us: i64,
}

/// From the earliest time and the size of each segment.
pub(super) fn growth(segments: impl Iterator<Item = (i64, u64)>, now_us: i64) -> Growth {
    let window_start_us = now_us - DAYS * DAY_US;
    let mut bytes = 0;
    let mut first_us = now_us;
    let mut oldest_us = now_us;
    for (min_time_us, size_bytes) in segments {
        oldest_us = oldest_us.min(min_time_us);
        if min_time_us >= window_start_us {
            first_us = first_us.min(min_time_us);
            bytes += size_bytes;
        }
    }
    let days = (now_us - first_us).max(COVERED_MIN_US) as f64 / DAY_US as f64;
    Growth {
        bytes_per_day: whole(bytes as f64 / days),
        covered_us: now_us - oldest_us,
    }
}

/// Days until `room_bytes` are used up; nothing when retention begins to delete as much as arrives before, in `grows_us`.
pub(super) fn days_left(room_bytes: u64, bytes_per_day: u64, grows_us: i64) -> Option<f64> {
    if bytes_per_day == 0 {
        return None;
    }
    let days = room_bytes as f64 / bytes_per_day as f64;
    (days < grows_us as f64 / DAY_US as f64).then_some(days)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes are not negative, and the fraction of a byte is nothing"
)]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 100 * DAY_US;

    /// Segments by age in days and size.
    #[track_caller]
    fn check(segments: &[(i64, u64)], bytes_per_day: u64, covered_days: i64) {
        let segments = segments
            .iter()
            .map(|(age, size)| (NOW_US - age * DAY_US, *size));
        let expected = Growth {
            bytes_per_day,
            covered_us: covered_days * DAY_US,
        };
        assert_eq!(growth(segments, NOW_US), expected);
    }

    #[test]
    fn a_day_brings_the_mean_of_the_last_week() {
        check(&[], 0, 0);
        check(&[(2, 100), (1, 300)], 200, 2);
        check(&[(30, 1_000_000), (7, 350), (3, 350)], 100, 30);
        check(&[(0, 100)], 400, 0);
    }

    #[test]
    fn the_disk_fills_only_if_retention_does_not_delete_before() {
        assert_eq!(days_left(1_000, 100, 14 * DAY_US), Some(10.0));
        assert_eq!(days_left(1_000, 100, 10 * DAY_US), None);
        assert_eq!(days_left(1_000, 0, 14 * DAY_US), None);
        assert_eq!(days_left(0, 100, 14 * DAY_US), Some(0.0));
        assert_eq!(
            days_left(1_000, 100, -DAY_US),
            None,
            "older than its retention"
        );
    }
}
