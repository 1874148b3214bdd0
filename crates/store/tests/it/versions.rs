//! A view sent in many versions is one row with the right values, and its session is right at each moment.

use proptest::prelude::*;
use schema::tables::{common, session, view};
use schema::{Event, TableId};

use crate::harness::{Harness, MIDNIGHT, SECOND, counts, in_session, view_version};

/// Twelve versions: LCP grows until version 5, INP rises and falls again, version 7 is a patch, the last one closes the view.
fn versions() -> Vec<Event> {
    let version = |number: i64| {
        let mut event = view_version("v", number);
        event.row.set(common::view_url, "https://shop.example/cart");
        event.row.set(view::view_is_active, number < 12);
        event.row.set(view::view_resource_count, number * 2);
        let lcp_number = number.min(5);
        event
            .row
            .set(view::largest_contentful_paint, lcp_number * 100);
        event
            .row
            .set(view::lcp_target_selector, format!("#lcp{lcp_number}"));
        let inp = if number < 8 { number * 10 } else { 30 };
        event.row.set(view::interaction_to_next_paint, inp);
        event
            .row
            .set(view::inp_target_selector, format!("#inp{inp}"));
        event
            .row
            .attributes_mut(common::attributes)
            .insert("context.step".into(), number.to_string().into());
        let states: Vec<String> = (1..=number)
            .map(|state| format!("{{\"state\":{state}}}"))
            .collect();
        event
            .row
            .set(view::view_page_states, format!("[{}]", states.join(",")));
        if number == 1 {
            event.row.set(view::first_contentful_paint, 77_i64);
        }
        if number == 7 {
            event.is_patch = true;
            event.row.take(view::largest_contentful_paint);
            event.row.take(view::lcp_target_selector);
            event
                .row
                .attributes_mut(common::attributes)
                .insert("context.only7".into(), "true".into());
        }
        event
    };
    (1..=12).map(version).collect()
}

fn check_final(row: &schema::Row) {
    assert_eq!(row.int(common::time), Some(MIDNIGHT));
    assert_eq!(row.int(view::view_version), Some(12));
    assert_eq!(row.int(view::view_time_spent), Some(12_000_000_000));
    assert_eq!(row.bool(view::view_is_active), Some(false));
    assert_eq!(row.int(view::view_resource_count), Some(24));
    assert_eq!(row.int(view::largest_contentful_paint), Some(500));
    assert_eq!(row.str(view::lcp_target_selector), Some("#lcp5"));
    assert_eq!(row.int(view::interaction_to_next_paint), Some(30));
    assert_eq!(row.str(view::inp_target_selector), Some("#inp30"));
    assert_eq!(row.int(view::first_contentful_paint), Some(77));
    let attributes = row.attributes(common::attributes).unwrap();
    assert_eq!(attributes["context.step"], "12");
    assert_eq!(attributes["context.only7"], "true");
    let states: Vec<serde_json::Value> =
        serde_json::from_str(row.str(view::view_page_states).unwrap()).unwrap();
    assert_eq!(
        states
            .iter()
            .map(|state| state["state"].as_i64().unwrap())
            .collect::<Vec<_>>(),
        (1..=12).collect::<Vec<_>>()
    );
}

/// After each step: one view row, one session row, and in it what arrived so far.
async fn check_open(harness: &Harness, greatest: i64, lcp: Option<i64>, resources: i64) {
    let row = harness.only_row(TableId::View).await;
    assert_eq!(row.int(view::view_version), Some(greatest));
    assert_eq!(
        row.int(view::view_time_spent),
        Some(greatest * SECOND * 1000)
    );
    let row = harness.only_row(TableId::Session).await;
    assert_eq!(counts(&row), [1, 0, 0, resources]);
    assert_eq!(row.int(session::session_start), Some(MIDNIGHT));
    assert_eq!(
        row.int(session::session_end),
        Some(MIDNIGHT + greatest * SECOND)
    );
    assert_eq!(row.int(session::session_lcp_p75), lcp);
}

/// Applies the versions in this order, flushes three times, compacts after the second and reopens.
async fn check_order(order: Vec<Event>, is_evicted: bool) {
    let mut harness = Harness::with(|options| {
        if is_evicted {
            (options.view_idle_us, options.session_idle_us) = (0, 0);
        }
    })
    .await;
    let (mut greatest, mut lcp) = (0, None);
    for (step, version) in (1..).zip(order) {
        greatest = version.row.int(view::view_version).unwrap().max(greatest);
        lcp = version.row.int(view::largest_contentful_paint).max(lcp);
        let resource = in_session(TableId::Resource, &format!("r{step}"), MIDNIGHT + step);
        harness.apply(vec![version, resource]).await;
        check_open(&harness, greatest, lcp, step).await;
        match step {
            3 | 6 | 9 => harness.flush().await,
            7 => harness.store.compact_fully(harness.now()).await.unwrap(),
            8 => harness.reopen().await,
            _ => continue,
        }
        check_open(&harness, greatest, lcp, step).await;
    }
    harness.reopen().await;
    check_final(&harness.only_row(TableId::View).await);
    harness.flush().await;
    harness.store.compact_fully(harness.now()).await.unwrap();
    check_final(&harness.only_row(TableId::View).await);
    assert_eq!(
        counts(&harness.only_row(TableId::Session).await),
        [1, 0, 0, 12]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn twelve_versions_in_any_order_are_one_row(order in Just(versions()).prop_shuffle(), is_evicted: bool) {
        runtime().block_on(check_order(order, is_evicted));
    }
}

#[tokio::test]
async fn twelve_versions_in_their_order_and_backwards_are_one_row() {
    check_order(versions(), false).await;
    check_order(versions().into_iter().rev().collect(), true).await;
}

#[tokio::test]
async fn a_patch_without_session_finds_the_session_of_its_stored_view() {
    let mut harness =
        Harness::with(|options| (options.view_idle_us, options.session_idle_us) = (0, 0)).await;
    harness
        .apply(vec![
            view_version("v", 1),
            in_session(TableId::Error, "e", MIDNIGHT),
        ])
        .await;
    harness.flush().await;
    let mut patch = view_version("v", 2);
    patch.is_patch = true;
    patch.row.take(common::session_id);
    harness.apply(vec![patch]).await;
    let row = harness.only_row(TableId::Session).await;
    assert_eq!(counts(&row), [1, 0, 1, 0]);
    assert_eq!(row.int(session::session_end), Some(MIDNIGHT + 2 * SECOND));
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_view_that_moves_to_another_session_leaves_nothing_in_the_first() {
    for is_evicted in [false, true] {
        let mut harness = Harness::with(|options| {
            if is_evicted {
                (options.view_idle_us, options.session_idle_us) = (0, 0);
            }
        })
        .await;
        let version = |number: i64, session: &str| {
            let mut event = view_version("v", number);
            event.row.set(common::session_id, session);
            event
        };
        harness.apply(vec![version(2, "first")]).await;
        harness.flush().await;
        harness.apply(vec![version(3, "second")]).await;
        assert_eq!(harness.ids(TableId::Session).await, ["second"], "at once");
        harness.flush().await;
        // An older version names the first session once more, and does not win.
        harness.apply(vec![version(1, "first")]).await;
        assert_eq!(harness.ids(TableId::Session).await, ["second"], "late");
        harness.reopen().await;
        harness.flush().await;
        harness.store.compact_fully(harness.now()).await.unwrap();
        let row = harness.only_row(TableId::Session).await;
        assert_eq!(row.str(common::session_id), Some("second"));
        assert_eq!(counts(&row), [1, 0, 0, 0]);
    }
}
