//! A stretch of time, the equally long one before it, and its division into buckets.

use query::Filter;

const SECOND_US: i64 = 1_000_000;
/// Lengths of buckets that read well on an axis.
const STEPS_S: [i64; 20] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    604_800, 2_592_000,
];

/// From inclusive, to exclusive, µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from_us: i64,
    pub(super) to_us: i64,
}

impl Period {
    /// The time of a filter that has both ends.
    pub(super) fn of(filter: &Filter) -> Self {
        let (from_us, to_us) = (filter.from_us.unwrap_or(0), filter.to_us.unwrap_or(0));
        Self { from_us, to_us }
    }

    pub(super) const fn length_us(self) -> i64 {
        self.to_us.saturating_sub(self.from_us)
    }

    /// The equally long one that ends where this begins.
    pub(super) const fn previous(self) -> Self {
        Self {
            from_us: self.from_us.saturating_sub(self.length_us()),
            to_us: self.from_us,
        }
    }

    /// A filter over this time instead of its own.
    pub(super) fn filter(self, filter: &Filter) -> Filter {
        Filter {
            from_us: Some(self.from_us),
            to_us: Some(self.to_us),
            ..filter.clone()
        }
    }

    /// The shortest good length of which so many buckets cover the period.
    pub(super) fn step_us(self, buckets_max: i64) -> i64 {
        let fits = |step_us: i64| self.buckets(step_us) <= buckets_max;
        let step = STEPS_S
            .iter()
            .map(|step| step * SECOND_US)
            .find(|step| fits(*step));
        step.unwrap_or_else(|| {
            let shortest = self.length_us().div_euclid(buckets_max) + 1;
            shortest.div_euclid(SECOND_US).saturating_add(1) * SECOND_US
        })
    }

    /// How many buckets of this length cover the period; the last may reach beyond its end.
    pub(super) const fn buckets(self, step_us: i64) -> i64 {
        let length = self.length_us();
        length / step_us + (length % step_us > 0) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_cover_the_period_and_are_few() {
        let check = |length_us: i64, buckets_max: i64, step_s: i64, buckets: i64| {
            let period = Period {
                from_us: 7,
                to_us: 7 + length_us,
            };
            let step_us = period.step_us(buckets_max);
            assert_eq!(
                (step_us, period.buckets(step_us)),
                (step_s * SECOND_US, buckets)
            );
        };
        let day = 86_400 * SECOND_US;
        check(day, 120, 900, 96);
        check(day, 24, 3600, 24);
        check(7 * day, 120, 7200, 84);
        check(1, 120, 1, 1);
        check(day + 1, 24, 7200, 13);
        check(36_500 * day, 120, 26_280_001, 120);
    }
}
