//! Lists, single events and sessions.

use std::collections::BTreeSet;

use http::StatusCode;
use schema::tables::common;
use schema::{Event, TableId};
use serde_json::{Value as Json, json};

use crate::Api;
use crate::events::{HOUR, MIDNIGHT, World, apply};
use crate::overview::encoded;

const WINDOW: &str = "from=2023-11-15T00:00:00Z&to=2023-11-18T00:00:00Z";

/// All rows of a list, part by part.
async fn walk(api: &Api, path: &str) -> (Vec<String>, Vec<Vec<Json>>) {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = api.ok(&format!("{path}{cursor}")).await;
        let columns = answer["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| column["name"].as_str().unwrap().to_owned())
            .collect();
        let part = answer["rows"].as_array().unwrap();
        rows.extend(part.iter().map(|row| row.as_array().unwrap().clone()));
        let Some(next) = answer["next_cursor"].as_str() else {
            assert_eq!(answer["total"].as_u64(), Some(rows.len() as u64), "{path}");
            return (columns, rows);
        };
        assert!(!part.is_empty(), "{path}");
        cursor = format!("&cursor={next}");
    }
}

fn place(columns: &[String], name: &str) -> usize {
    columns.iter().position(|column| column == name).unwrap()
}

/// NULLs last, else by number or text.
fn is_ordered(a: &Json, b: &Json, is_descending: bool) -> bool {
    let (low, high) = if is_descending { (b, a) } else { (a, b) };
    match (a, b) {
        (_, Json::Null) => true,
        (Json::Null, _) => false,
        _ => match (low.as_f64(), high.as_f64()) {
            (Some(low), Some(high)) => low <= high,
            _ => low.as_str() <= high.as_str(),
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn following_the_cursor_gives_each_row_once_in_order() {
    let (api, world) = Api::with_events().await;
    // The same ids in a second application: ties down to the last key.
    let twins: Vec<Event> = World::of(0..6)
        .events
        .into_iter()
        .map(|mut event| {
            event.row.set(common::app_id, "twin");
            event
        })
        .collect();
    apply(&api.store, 2, twins.clone()).await;
    let of_table = |table: TableId| {
        let events = world
            .events
            .iter()
            .chain(&twins)
            .filter(|event| event.table == table);
        let id = |event: &Event| {
            (
                event.row.str(common::app_id).unwrap().to_owned(),
                event.row.str(common::event_id).unwrap().to_owned(),
            )
        };
        events.map(id).collect::<BTreeSet<_>>()
    };
    let cases = [
        (
            TableId::View,
            vec![
                "time",
                "lcp",
                "cls",
                "view_url_path_group",
                "country_code",
                "bot",
                "event_id",
                "app_id",
                "view_error_count",
            ],
        ),
        (
            TableId::Resource,
            vec!["time", "resource_duration", "resource_status"],
        ),
    ];
    for (table, sorts) in cases {
        for sort in sorts {
            for sign in ["", "-"] {
                let path = format!(
                    "/api/v1/events/{}?{WINDOW}&sort={sign}{sort}&limit=37&columns=session_id",
                    table.name()
                );
                let (columns, rows) = walk(&api, &path).await;
                let (app, id) = (place(&columns, "app_id"), place(&columns, "event_id"));
                let name = query::column(table.table(), sort).unwrap().name;
                let by = place(&columns, name);
                let ids: Vec<_> = rows
                    .iter()
                    .map(|row| {
                        (
                            row[app].as_str().unwrap().to_owned(),
                            row[id].as_str().unwrap().to_owned(),
                        )
                    })
                    .collect();
                assert_eq!(
                    ids.iter().cloned().collect::<BTreeSet<_>>(),
                    of_table(table),
                    "{path}"
                );
                assert_eq!(ids.len(), of_table(table).len(), "{path}");
                for (a, b) in rows.iter().zip(&rows[1..]) {
                    assert!(
                        is_ordered(&a[by], &b[by], sign == "-"),
                        "{path}: {a:?} {b:?}"
                    );
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_keeps_its_snapshot_while_rows_arrive() {
    let (api, world) = Api::with_events().await;
    let path = format!("/api/v1/events/view?{WINDOW}&limit=50&q=env%3Aprod");
    let first = api.ok(&path).await;
    apply(&api.store, 2, World::of(90..120).events).await;
    api.store.flush(MIDNIGHT + 72 * HOUR).await.unwrap();
    let prod = world.views.iter().filter(|view| view.env == "prod").count();
    assert_eq!(first["total"].as_u64(), Some(prod as u64));
    let mut seen = 50;
    let mut next = first["next_cursor"].clone();
    while let Some(cursor) = next.as_str() {
        let part = api.ok(&format!("{path}&cursor={cursor}")).await;
        assert_eq!(
            (&part["total"], &part["snapshot"]),
            (&first["total"], &first["snapshot"])
        );
        seen += part["rows"].as_array().unwrap().len();
        next = part["next_cursor"].clone();
    }
    assert_eq!(seen, prod);
    assert!(api.ok(&path).await["total"].as_u64() > Some(prod as u64));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_answer_the_columns_that_were_asked_for() {
    let (api, _) = Api::with_events().await;
    let answer = api
        .ok(&format!(
            "/api/v1/events/view?{WINDOW}&columns=lcp,view.name,attributes&limit=1"
        ))
        .await;
    let columns: Vec<_> = answer["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        columns,
        [
            "app_id",
            "event_id",
            "time",
            "largest_contentful_paint",
            "view_name",
            "attributes"
        ]
    );
    assert_eq!(
        answer["columns"][3],
        json!({ "name": "largest_contentful_paint", "type": "integer", "unit": "ns" })
    );
    assert_eq!(answer["rows"][0][5], json!({ "context.plan": "pro" }));
    let pasted = api
        .call("POST /api/v1/query", json!({ "sql": answer["sql"] }))
        .await
        .json(StatusCode::OK);
    assert_eq!(pasted["rows"], answer["rows"]);
    for table in TableId::ALL {
        api.ok(&format!("/api/v1/events/{}?{WINDOW}", table.name()))
            .await;
    }
    let refused = async |rest: &str, code: &str, said: &str| {
        let answer = api.get(&format!("/api/v1/events/{rest}")).await;
        let detail = answer.problem(code);
        assert!(
            format!("{detail} {}", answer.body["help"]).contains(said),
            "{rest}: {}",
            answer.body
        );
    };
    refused(
        &format!("views?{WINDOW}"),
        "unknown_table",
        "Did you mean `view`?",
    )
    .await;
    refused(
        &format!("view?{WINDOW}&columns=vew_name"),
        "unknown_column",
        "Did you mean `view_name`?",
    )
    .await;
    refused(
        &format!("view?{WINDOW}&columns=_merge"),
        "unknown_column",
        "_merge",
    )
    .await;
    refused(
        &format!("view?{WINDOW}&sort=attributes"),
        "invalid_value",
        "cannot be sorted",
    )
    .await;
    refused(
        &format!("view?{WINDOW}&limit=501"),
        "invalid_value",
        "1 to 500",
    )
    .await;
    refused(
        &format!("view?{WINDOW}&cursor=abc"),
        "invalid_cursor",
        "cursor",
    )
    .await;
    let cursor = answer["next_cursor"].as_str().unwrap();
    refused(
        &format!("view?{WINDOW}&sort=time&cursor={cursor}"),
        "invalid_cursor",
        "cursor",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_answered_with_all_its_fields() {
    let (api, world) = Api::with_events().await;
    let view = &world.views[7];
    let answer = api.ok(&format!("/api/v1/events/view/{}", view.id)).await;
    assert_eq!(answer["values"]["session_id"], json!(view.session));
    assert_eq!(answer["values"]["view_name"], "it's / a \"view\"");
    assert_eq!(answer["attributes"], json!({ "context.plan": "pro" }));
    let values = answer["values"].as_object().unwrap();
    assert!(
        values.values().all(|value| !value.is_null()) && !values.contains_key("_merge"),
        "{values:?}"
    );
    assert_eq!(
        values.contains_key("largest_contentful_paint"),
        view.lcp.is_some()
    );

    let mut twin = world.views[7].row.clone();
    twin.set(common::app_id, "twin");
    apply(
        &api.store,
        2,
        vec![Event {
            table: TableId::View,
            row: twin,
            is_patch: false,
        }],
    )
    .await;
    let both = api.get(&format!("/api/v1/events/view/{}", view.id)).await;
    assert!(both.problem("invalid_value").contains("twin"));
    let one = api
        .ok(&format!("/api/v1/events/view/{}?app=twin", view.id))
        .await;
    assert_eq!(one["values"]["app_id"], "twin");
    api.get("/api/v1/events/view/nobody")
        .await
        .problem("event_not_found");
    api.get(&format!("/api/v1/events/view/{}", encoded("' OR '1'='1")))
        .await
        .problem("event_not_found");
    api.get("/api/v1/sessions/nobody")
        .await
        .problem("session_not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_its_views_and_events_in_order() {
    let (api, world) = Api::with_events().await;
    for session in &world.sessions {
        let answer = api
            .ok(&format!(
                "/api/v1/sessions/{}?app={}",
                session.id, session.app
            ))
            .await;
        assert_eq!(answer["session"]["session_id"], json!(session.id));
        assert_eq!(answer["views"].as_array().unwrap().len(), session.views);
        let events = answer["events"].as_array().unwrap();
        let of = |table: &str| {
            events
                .iter()
                .filter(|event| event["table"] == table)
                .count()
        };
        let found = (of("resource"), of("action"), of("error"), of("vital"));
        assert_eq!(
            found,
            (2 * session.views, session.actions, session.errors, 0),
            "{}",
            session.id
        );
        let failed = events
            .iter()
            .filter(|event| event["is_error"] == true)
            .count();
        assert_eq!(failed, session.views + session.errors);
        assert!(events.is_sorted_by_key(|event| event["time"].as_str().unwrap().to_owned()));
        assert_eq!(answer["truncated"], false);
    }
    let answer = api.ok("/api/v1/sessions/session-006").await;
    let error = answer["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["table"] == "error")
        .unwrap()
        .clone();
    assert_eq!(error["title"], "TypeError x is not a function");
    let request = answer["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["table"] == "resource")
        .unwrap()
        .clone();
    assert_eq!(
        (&request["title"], &request["status"]),
        (&json!("GET /items"), &json!(200))
    );
    assert_eq!(
        request["values"]["resource_url"],
        "https://api.example/items?x='y'"
    );
}
