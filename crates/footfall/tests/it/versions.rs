//! Views that change: one row, whatever the order, across flushes and compaction.

use serde_json::{Value, json};

use crate::world::{World, action, event};

fn version(number: i64) -> Value {
    let mut view = event("view", "session-1", "view-1");
    view["_dd"] =
        json!({ "document_version": number, "page_states": [{ "state": "active", "start": 0 }] });
    view["view"]["time_spent"] = json!(number * 1_000_000_000);
    view["view"]["error"] = json!({ "count": number / 2 });
    view["view"]["is_active"] = json!(number < 12);
    if number >= 4 {
        view["view"]["loading_time"] = json!(number * 1_000);
    }
    view
}

/// The restart flushes; a flush each restart makes three segments and then a compaction joins them.
#[test]
fn twelve_versions_in_any_order_are_one_row_with_the_right_session() {
    for order in [
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        [12, 1, 11, 2, 10, 3, 9, 4, 8, 5, 7, 6],
        [5, 12, 6, 1, 7, 2, 8, 3, 9, 4, 10, 11],
    ] {
        let mut world = World::new(&[("FOOTFALL_FLUSH_INTERVAL", "1s")]);
        for (index, number) in order.into_iter().enumerate() {
            let sent = [
                version(number),
                action("session-1", "view-1", &format!("a{number}")),
            ];
            assert_eq!(world.send(&sent).status, 202);
            assert_eq!(
                world.send(&sent).status,
                202,
                "the same batch again, as by beacon after fetch"
            );
            let actions = i64::try_from(index).unwrap() + 1;
            world.wait_for(
                "SELECT coalesce(max(session_action_count), 0) FROM session",
                actions,
            );
            let row = world.server.rows(
                "SELECT count(*), max(session_view_count), max(session_action_count) FROM session",
            );
            assert_eq!(
                row[0],
                [json!(1), json!(1), json!(actions)],
                "the session is right while it is open"
            );
            if index % 4 == 3 {
                world.restart();
            }
        }
        let row = world.server.rows(
            "SELECT count(*), max(view_version), max(view_time_spent), max(view_error_count), max(view_loading_time),
                bool_or(view_is_active), max(view_page_states) FROM view",
        );
        let expected = json!([
            1,
            12,
            12_000_000_000_i64,
            6,
            12_000,
            false,
            "[{\"start\":0,\"state\":\"active\"}]"
        ]);
        assert_eq!(json!(row[0]), expected, "order {order:?}");
        assert_eq!(world.server.number("SELECT count(*) FROM action"), 12);
    }
}
