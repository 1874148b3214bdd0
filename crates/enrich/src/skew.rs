//! Time: the client's clock against ours (`semantics.md`, Time).

use schema::Event;
use schema::tables::common;

const MINUTE_US: i64 = 60 * 1_000_000;

/// A difference up to this is network latency and is left alone.
const SKEW_IGNORED_US: i64 = 2 * MINUTE_US;

/// How far after its arrival an event may lie.
const FUTURE_MAX_US: i64 = 5 * MINUTE_US;

/// What to add to the times of a request, µs: arrival − sent, rounded to whole minutes, so that latency does not move one view
/// to another time in each of its versions. 0 up to 2 minutes, and where the client did not say when it sent.
#[must_use]
pub fn skew_us(arrival_us: i64, sent_at_us: Option<i64>) -> i64 {
    let Some(sent_at_us) = sent_at_us else {
        return 0;
    };
    let skew = arrival_us.saturating_sub(sent_at_us);
    if skew.unsigned_abs() <= SKEW_IGNORED_US.unsigned_abs() {
        return 0;
    }
    let half = if skew < 0 {
        -MINUTE_US / 2
    } else {
        MINUTE_US / 2
    };
    skew.saturating_add(half) / MINUTE_US * MINUTE_US
}

/// Sets `received_at`, `time` and, where it was moved, `time_adjusted`. Gives whether it was moved.
pub(crate) fn set_times(event: &mut Event, arrival_us: i64, skew_us: i64) -> bool {
    let row = &mut event.row;
    row.set(common::received_at, arrival_us);
    let Some(client_us) = row.int(common::client_time) else {
        row.set(common::time, arrival_us);
        return false;
    };
    let corrected = client_us.saturating_add(skew_us);
    let is_future = corrected > arrival_us.saturating_add(FUTURE_MAX_US);
    row.set(common::time, if is_future { arrival_us } else { corrected });
    if is_future {
        row.set(common::time_adjusted, true);
    }
    is_future
}

#[cfg(test)]
mod tests {
    use schema::TableId;

    use super::*;

    const ARRIVAL: i64 = 1_795_000_000_000_000;
    const SECOND: i64 = 1_000_000;

    #[test]
    fn skew_is_whole_minutes_beyond_two() {
        let table = [
            (None, 0),
            (Some(ARRIVAL), 0),
            (Some(ARRIVAL - 120 * SECOND), 0),
            (Some(ARRIVAL + 120 * SECOND), 0),
            (Some(ARRIVAL - 121 * SECOND), 2 * MINUTE_US),
            (Some(ARRIVAL - 149 * SECOND), 2 * MINUTE_US),
            (Some(ARRIVAL - 151 * SECOND), 3 * MINUTE_US),
            (Some(ARRIVAL + 3600 * SECOND + 200), -60 * MINUTE_US),
            (Some(ARRIVAL + 3571 * SECOND), -60 * MINUTE_US),
            (Some(0), ARRIVAL / MINUTE_US * MINUTE_US + MINUTE_US),
        ];
        for (sent_at, expected) in table {
            assert_eq!(skew_us(ARRIVAL, sent_at), expected, "sent at {sent_at:?}");
        }
        for extreme in [i64::MIN, i64::MAX] {
            assert_eq!(skew_us(ARRIVAL, Some(extreme)) % MINUTE_US, 0);
        }
    }

    #[test]
    fn time_is_corrected_and_never_in_the_future() {
        let in_1970 = 5 * SECOND;
        let in_2100 = 4_102_444_800_000_000;
        let table = [
            (Some(ARRIVAL - 7), 0, ARRIVAL - 7, false),
            (
                Some(ARRIVAL - 3600 * SECOND),
                60 * MINUTE_US,
                ARRIVAL,
                false,
            ),
            (
                Some(ARRIVAL + 300 * SECOND),
                0,
                ARRIVAL + 300 * SECOND,
                false,
            ),
            (Some(ARRIVAL + 301 * SECOND), 0, ARRIVAL, true),
            (Some(in_1970), 0, in_1970, false),
            (Some(in_2100), 0, ARRIVAL, true),
            (Some(in_2100), ARRIVAL - in_2100, ARRIVAL, false),
            (Some(i64::MAX), i64::MAX, ARRIVAL, true),
            (Some(i64::MIN), i64::MIN, i64::MIN, false),
            (None, 60 * MINUTE_US, ARRIVAL, false),
        ];
        for (client, skew, time, is_adjusted) in table {
            let mut event = Event::new(TableId::Action);
            event.row.set_option(common::client_time, client);
            assert_eq!(
                set_times(&mut event, ARRIVAL, skew),
                is_adjusted,
                "{client:?} + {skew}"
            );
            assert_eq!(
                event.row.int(common::time),
                Some(time),
                "{client:?} + {skew}"
            );
            assert_eq!(
                event.row.bool(common::time_adjusted),
                is_adjusted.then_some(true)
            );
            assert_eq!(event.row.int(common::client_time), client, "as it was sent");
            assert_eq!(event.row.int(common::received_at), Some(ARRIVAL));
        }
    }
}
