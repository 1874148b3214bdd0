use proptest::prelude::*;

use super::*;
use crate::tables::common;

/// One version written as `@2 lcp=200 lcp_target=#a loading=5 context.a=1 states=active;hidden`; `patch` makes it a patch.
fn version(text: &str) -> (Row, Version, bool) {
    let mut row = Row::new();
    let mut number = 0;
    let mut is_patch = false;
    for word in text.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let int = || value.parse::<i64>().unwrap();
        match name {
            "patch" => is_patch = true,
            "time" => row.set(common::time, int()),
            "lcp" => row.set(view::largest_contentful_paint, int()),
            "lcp_target" => row.set(view::lcp_target_selector, value),
            "inp" => row.set(view::interaction_to_next_paint, int()),
            "inp_target" => row.set(view::inp_target_selector, value),
            "loading" => row.set(view::view_loading_time, int()),
            "errors" => row.set(view::view_error_count, int()),
            "states" => row.set(view::view_page_states, states(value)),
            name if name.starts_with('@') => number = name[1..].parse().unwrap(),
            name => drop(
                row.attributes_mut(common::attributes)
                    .insert(name.into(), value.into()),
            ),
        }
    }
    row.set(view::view_version, number);
    (
        row,
        Version {
            number,
            arrival_us: 7,
            position: number.unsigned_abs(),
        },
        is_patch,
    )
}

fn states(list: &str) -> String {
    serde_json::to_string(&list.split(';').collect::<Vec<_>>()).unwrap()
}

fn merged(versions: &[&str], stored_between: bool) -> Row {
    let mut whole: Option<Versioned> = None;
    for text in versions {
        let (row, place, is_patch) = version(text);
        let mut next = match whole.take() {
            None => Versioned::of(&row, place, is_patch),
            Some(mut known) => {
                known.absorb(&row, place, is_patch);
                known
            }
        };
        if stored_between {
            next = Versioned::from_stored(&next.stored_row());
        }
        whole = Some(next);
    }
    whole.unwrap().row()
}

/// Every order of the versions, in memory and through a stored row after each, gives the same row.
fn check(versions: &[&str], expected: &str) {
    let (expected, ..) = version(expected);
    for order in permutations(versions) {
        assert_eq!(merged(&order, false), expected, "in memory: {order:?}");
        assert_eq!(merged(&order, true), expected, "stored between: {order:?}");
    }
}

fn permutations<'a>(items: &[&'a str]) -> Vec<Vec<&'a str>> {
    if items.len() <= 1 {
        return vec![items.to_vec()];
    }
    let mut all = Vec::new();
    for index in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(index);
        for mut tail in permutations(&rest) {
            tail.insert(0, first);
            all.push(tail);
        }
    }
    all
}

#[test]
fn late_version_fills_gaps_and_wins_nothing() {
    check(
        &["@1 loading=7 lcp=300", "@3 lcp=900", "@2 loading=5"],
        "@3 loading=5 lcp=900",
    );
}

#[test]
fn counters_take_the_maximum_and_inp_the_newest() {
    check(
        &[
            "@1 errors=3 inp=80 inp_target=#a",
            "@2 errors=2 inp=40 inp_target=#b",
        ],
        "@2 errors=3 inp=40 inp_target=#b",
    );
}

#[test]
fn explaining_columns_go_with_the_version_that_supplied_the_value() {
    check(
        &[
            "@1 lcp=900 lcp_target=#hero",
            "@2 lcp=200 lcp_target=#late",
            "@3 lcp=300",
        ],
        "@3 lcp=900 lcp_target=#hero",
    );
    check(&["@1 lcp=900 lcp_target=#hero", "@2 lcp=950"], "@2 lcp=950");
    check(
        &["@1 lcp=900 lcp_target=#old", "@2 lcp=900 lcp_target=#new"],
        "@2 lcp=900 lcp_target=#new",
    );
}

#[test]
fn a_patch_leaves_unchanged_what_it_does_not_name() {
    check(
        &[
            "@1 loading=5 lcp=100 lcp_target=#a context.x=1",
            "patch @2 lcp=200",
            "patch @3 context.y=2",
        ],
        "@3 loading=5 lcp=200 lcp_target=#a context.x=1 context.y=2",
    );
}

#[test]
fn a_tombstone_deletes_an_entry_and_an_older_value_does_not_bring_it_back() {
    check(
        &[
            "@1 context.x=1 context.y=1",
            "patch @2 context.x=null",
            "@3 context.y=3",
        ],
        "@3 context.y=3",
    );
    check(
        &[
            "@1 context.x=1",
            "patch @2 context.x=null",
            "patch @3 context.x=4",
        ],
        "@3 context.x=4",
    );
}

#[test]
fn time_is_the_oldest_version_s() {
    check(&["@2 time=20", "@1 time=10", "@3 time=30"], "@3 time=10");
}

#[test]
fn page_states_are_appended_once_in_the_order_of_versions() {
    check(
        &[
            "@1 states=active",
            "@2 states=active;hidden",
            "patch @3 states=frozen",
            "@4 states=active;hidden;frozen;active2",
        ],
        "@4 states=active;hidden;frozen;active2",
    );
}

fn any_version(number: usize) -> impl Strategy<Value = String> {
    let field = |name: &'static str, range: std::ops::Range<i64>| {
        proptest::option::of(range)
            .prop_map(move |value| value.map(|value| format!("{name}={value}")))
    };
    let entry = |name: &'static str| {
        proptest::option::of(prop_oneof![
            Just("null".to_owned()),
            (0..3_i64).prop_map(|n| n.to_string())
        ])
        .prop_map(move |value| value.map(|value| format!("{name}={value}")))
    };
    (
        (
            field("loading", 0..3),
            field("errors", 0..3),
            field("lcp", 0..4),
            field("lcp_target", 0..3),
        ),
        (
            field("inp", 0..4),
            field("inp_target", 0..3),
            entry("context.x"),
            entry("context.y"),
        ),
    )
        .prop_map(move |((a, b, c, d), (e, f, g, h))| {
            let words: Vec<String> = [a, b, c, d, e, f, g, h].into_iter().flatten().collect();
            format!("@{number} {}", words.join(" "))
        })
}

proptest! {
    /// Full versions with any values, in any order, stored or not after each, give one row; so does sending some twice.
    #[test]
    fn merging_does_not_depend_on_order(
        versions in (any_version(1), any_version(2), any_version(3), any_version(4)),
        order in Just((0..8_usize).map(|index| index % 4).collect::<Vec<_>>()).prop_shuffle(),
        stored_between: bool,
    ) {
        let versions = [versions.0, versions.1, versions.2, versions.3];
        let sorted: Vec<&str> = versions.iter().map(String::as_str).collect();
        let shuffled: Vec<&str> = order.iter().map(|index| versions[*index].as_str()).collect();
        prop_assert_eq!(merged(&sorted, false), merged(&shuffled, stored_between));
    }

    /// A damaged hidden column never panics.
    #[test]
    fn any_hidden_text_is_read_without_panic(text: String) {
        let (mut row, ..) = version("@2 lcp=3 lcp_target=#a context.x=1 states=a;b");
        row.set(view::_merge, text);
        let _ = Versioned::from_stored(&row).row();
    }
}
