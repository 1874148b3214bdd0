use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;

const MINUTE_US: i64 = 60_000_000;
const START_US: i64 = 1_000 * MINUTE_US;

/// An account and the hands of its clock.
fn account() -> (Account, Arc<AtomicI64>) {
    let time = Arc::new(AtomicI64::new(START_US));
    let clock = Arc::clone(&time);
    let account = Account::new(Arc::new(move || clock.load(Ordering::Relaxed)));
    (account, time)
}

fn peer(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x0800_0000 + number))
}

fn tally(account: &Account, app_id: &str, events: usize) -> Tally {
    Tally {
        sdk_family: "datadog".into(),
        sdk_version: Some("6.2.0".into()),
        arrival_us: (account.clock)(),
        peer: peer(1),
        visitor: account.visitor(peer(1), Some("browser")),
        decoded: events,
        stored: events,
        duplicates: 0,
        rejects: Vec::new(),
        applications: vec![(app_id.into(), events)],
        session: Some((app_id.into(), "s1".into())),
        is_replay: false,
    }
}

fn refusal(account: &Account, code: &'static str, token: &str) -> Refusal {
    Refusal {
        code,
        origin: Some("https://shop.example".to_owned()),
        token_hint: Some(token_hint(token)),
        token_app: None,
        named_app: Some("shop".to_owned()),
        sdk: Sdk {
            family: "datadog",
            version: None,
        },
        visitor: account.visitor(peer(1), None),
    }
}

#[test]
fn events_are_counted_by_fate_sdk_minute_and_reason() {
    let (account, time) = account();
    let mut first = tally(&account, "shop", 3);
    first.stored = 2;
    first.duplicates = 1;
    first.rejects = vec!["too_late", "malformed_json", "too_late"];
    account.tally(&[first]);
    time.fetch_add(MINUTE_US, Ordering::Relaxed);
    account.tally(&[tally(&account, "shop", 1)]);
    account.refused(refusal(&account, "wrong_token", "pub1"));

    let health = account.health();
    let totals = Counts {
        received: 7,
        decoded: 4,
        stored: 3,
        duplicates: 1,
        rejected: 3,
        refused: 1,
    };
    assert_eq!((health.since_us, health.totals), (START_US, totals));
    let versions: Vec<_> = health
        .by_sdk
        .iter()
        .map(|sdk| (sdk.version.as_deref(), sdk.counts.received))
        .collect();
    assert_eq!(versions, [(None, 0), (Some("6.2.0"), 7)]);
    assert_eq!(health.minutes.len(), 60);
    let last: Vec<_> = health.minutes[57..]
        .iter()
        .map(|minute| (minute.at_us, minute.counts.received))
        .collect();
    assert_eq!(
        last,
        [
            (START_US - MINUTE_US, 0),
            (START_US, 6),
            (START_US + MINUTE_US, 1)
        ]
    );
    let rejects: Vec<_> = health
        .rejects
        .iter()
        .map(|reject| (reject.reason, reject.count))
        .collect();
    assert_eq!(rejects, [("too_late", 2), ("malformed_json", 1)]);
}

#[test]
fn minutes_older_than_an_hour_go_and_totals_stay() {
    let (account, time) = account();
    for _ in 0..100 {
        account.tally(&[tally(&account, "shop", 1)]);
        time.fetch_add(MINUTE_US, Ordering::Relaxed);
    }
    let health = account.health();
    let in_minutes: u64 = health
        .minutes
        .iter()
        .map(|minute| minute.counts.stored)
        .sum();
    // The minute that just began has no event yet.
    assert_eq!((health.totals.stored, in_minutes), (100, 59));
}

#[test]
fn a_replayed_request_counts_for_its_application_but_was_counted_before() {
    let (account, _) = account();
    let replayed = Tally {
        is_replay: true,
        arrival_us: START_US - 5 * MINUTE_US,
        ..tally(&account, "shop", 2)
    };
    account.tally(&[replayed]);
    assert_eq!(account.health().totals, Counts::default());
    let activity = account.activity("shop").unwrap();
    assert_eq!(
        (activity.last_event_us, activity.events_per_minute),
        (START_US - 5 * MINUTE_US, 0)
    );
}

#[test]
fn activity_is_of_the_last_minute_and_names_the_newest_sdk_first() {
    let (account, time) = account();
    account.tally(&[tally(&account, "shop", 5)]);
    time.fetch_add(MINUTE_US, Ordering::Relaxed);
    let mut newer = tally(&account, "shop", 3);
    newer.sdk_version = Some("7.0.0".into());
    account.tally(&[newer]);
    let activity = account.activity("shop").unwrap();
    assert_eq!(activity.events_per_minute, 3);
    assert_eq!(
        (activity.first_event_us, activity.last_event_us),
        (START_US, START_US + MINUTE_US)
    );
    let versions: Vec<_> = activity
        .sdks
        .iter()
        .map(|sdk| sdk.version.as_deref())
        .collect();
    assert_eq!(versions, [Some("7.0.0"), Some("6.2.0")]);
    assert_eq!(account.activity("other"), None);

    let late = Tally {
        arrival_us: START_US - 1,
        ..tally(&account, "shop", 1)
    };
    account.tally(&[late]);
    let after = account.activity("shop").unwrap();
    assert_eq!(after.first_event_us, START_US - 1);
    let unchanged = (activity.last_event_us, activity.sdks);
    assert_eq!(
        (after.last_event_us, after.sdks),
        unchanged,
        "a request relayed late is no news"
    );
}

#[test]
fn accepted_events_are_counted_from_a_moment_on() {
    let (account, time) = account();
    account.tally(&[tally(&account, "shop", 5)]);
    time.fetch_add(10_000_000, Ordering::Relaxed);
    account.tally(&[tally(&account, "shop", 2), tally(&account, "shop", 1)]);
    assert_eq!(account.accepted("shop", 0), Some((START_US, 8)));
    assert_eq!(
        account.accepted("shop", START_US + 9_000_000),
        Some((START_US + 10_000_000, 3))
    );
    assert_eq!(account.accepted("shop", START_US + 11_000_000), None);
}

#[test]
fn the_same_refusal_is_one_line_with_a_count_and_the_newest_comes_first() {
    let (account, time) = account();
    account.refused(refusal(&account, "wrong_token", "pubaaaaaaaaaaaaaaaa"));
    account.refused(refusal(&account, "wrong_origin", "pubaaaaaaaaaaaaaaaa"));
    time.fetch_add(1, Ordering::Relaxed);
    account.refused(refusal(&account, "wrong_token", "pubaaaaaaaaaaaaaaaa"));
    let seen: Vec<_> = account
        .refusals()
        .iter()
        .map(|seen| (seen.refusal.code, seen.count, seen.last_us))
        .collect();
    assert_eq!(
        seen,
        [
            ("wrong_token", 2, START_US + 1),
            ("wrong_origin", 1, START_US)
        ]
    );
}

#[test]
fn hostile_texts_take_no_more_than_their_place() {
    let (account, _) = account();
    let long = "x".repeat(5_000);
    for number in 0..2_500_u32 {
        let hostile = format!("{number}\n{long}");
        let mut refusal = refusal(&account, "wrong_token", &hostile);
        refusal.origin = Some(hostile.clone());
        refusal.named_app = Some(hostile.clone());
        refusal.sdk.version = Some(hostile.clone());
        account.refused(refusal);
        account.preflight(Preflight {
            origin: Some(hostile.clone()),
            endpoint: "events",
            token_hint: Some(token_hint(&hostile)),
            app_id: None,
            visitor: account.visitor(peer(number), Some(&hostile)),
        });
        let mut sent = tally(&account, "shop", 1);
        sent.sdk_version = Some(hostile.as_str().into());
        sent.peer = peer(number);
        sent.session = Some(("shop".into(), hostile.as_str().into()));
        account.tally(&[sent]);
    }
    assert_eq!(account.refusals().len(), 512);
    assert_eq!(account.preflights().len(), 256);
    assert_eq!(account.health().by_sdk.len(), 128);
    assert_eq!(account.activity("shop").unwrap().sdks.len(), 16);
    assert_eq!(
        account.health().totals.stored,
        2_500,
        "the sum does not forget"
    );
    let newest = account.refusals().swap_remove(0).refusal;
    for text in [newest.origin, newest.named_app, newest.sdk.version] {
        let text = text.unwrap();
        assert!(
            text.chars().count() <= 200 && text.starts_with("2499\u{fffd}x"),
            "{text}"
        );
    }
}

#[track_caller]
fn check_hint(token: &str, expected: &str) {
    assert_eq!(token_hint(token), expected);
}

#[test]
fn a_hint_says_at_most_half_of_a_token() {
    check_hint("pub0123456789abcdef", "pub0…cdef");
    check_hint("pubwrong", "pu…ng");
    check_hint("pub", "…");
    check_hint("", "…");
}

#[test]
fn one_address_is_told_only_when_many_sessions_come_from_it() {
    let (account, time) = account();
    let send = |from: u32, session: &str, events: usize| {
        let mut sent = tally(&account, "shop", events);
        sent.peer = peer(from);
        sent.session = Some(("shop".into(), session.into()));
        account.tally(&[sent]);
    };
    for _ in 0..50 {
        send(1, "a developer", 100);
    }
    assert_eq!(
        account.health().one_address,
        None,
        "one session is one person"
    );
    for session in 0..20 {
        send(1, &format!("s{session}"), 100);
    }
    let one = account.health().one_address.unwrap();
    assert_eq!((one.address, one.share), (peer(1), 1.0));
    for other in 2..100 {
        send(other, &format!("t{other}"), 100);
    }
    assert_eq!(account.health().one_address, None, "others send as well");
    time.fetch_add(31 * MINUTE_US, Ordering::Relaxed);
    send(1, "x", 1);
    time.fetch_add(31 * MINUTE_US, Ordering::Relaxed);
    send(1, "y", 1);
    assert_eq!(
        account.health().one_address,
        None,
        "what is long ago does not count"
    );
}

#[test]
fn a_visit_is_known_by_address_and_user_agent() {
    let (account, _) = account();
    account.tally(&[tally(&account, "shop", 1)]);
    let is_mine = |address: IpAddr, user_agent: &str| {
        let visitor = account.visitor(address, Some(user_agent));
        account.is_visit_of(visitor, "shop", "s1")
    };
    assert!(is_mine(peer(1), "browser"));
    assert!(!is_mine(peer(2), "browser"));
    assert!(!is_mine(peer(1), "another"));
    let visitor = account.visitor(peer(1), Some("browser"));
    assert!(!account.is_visit_of(visitor, "shop", "s2"));
    let by_name = account.visitor("::1".parse().unwrap(), None);
    assert_eq!(by_name, account.visitor("127.0.0.1".parse().unwrap(), None));
}

#[test]
fn bodies_of_refused_requests_are_read_a_few_times_a_second() {
    let (account, time) = account();
    let peeks = || (0..100).filter(|_| account.may_peek()).count();
    assert_eq!(peeks(), 20);
    time.fetch_add(1_000_000, Ordering::Relaxed);
    assert_eq!(peeks(), 20);
}

#[test]
fn the_lag_is_the_time_since_the_log_was_where_the_store_is() {
    let (account, time) = account();
    assert_eq!(account.lag_us(0), 0);
    for position in [10, 20, 20, 30] {
        account.committed(position);
        time.fetch_add(1_000_000, Ordering::Relaxed);
    }
    assert_eq!(account.lag_us(30), 1_000_000);
    assert_eq!(account.lag_us(25), 2_000_000, "20 was reached twice");
    assert_eq!(account.lag_us(5), 4_000_000, "at least as long as is known");
    for position in 0..10_000 {
        account.committed(position);
    }
    assert_eq!(account.committed.lock().unwrap().len(), 4096);
}
