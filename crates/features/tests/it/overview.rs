//! Overview: each number equals its own statement, an independent count of the rows, and the list behind it.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use serde_json::{Value as Json, json};

use crate::Api;
use crate::events::{HOUR, MIDNIGHT, MS, Session, View, World, apply};

/// 10:00 to 20:00, with as long a period before it.
const FROM: i64 = MIDNIGHT + 10 * HOUR;
const TO: i64 = MIDNIGHT + 20 * HOUR;
const WINDOW: &str = "from=2023-11-15T10:00:00Z&to=2023-11-15T20:00:00Z";

/// A value inside a query string.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

impl Api {
    /// With 80 sessions, half of them flushed.
    pub(crate) async fn with_events() -> (Self, World) {
        let api = Self::new().await;
        let world = World::of(0..80);
        let (first, second) = world.events.split_at(world.events.len() / 2);
        apply(&api.store, 0, first.to_vec()).await;
        api.store.flush(MIDNIGHT + 72 * HOUR).await.unwrap();
        apply(&api.store, 1, second.to_vec()).await;
        (api, world)
    }

    pub(crate) async fn ok(&self, path: &str) -> Json {
        self.get(path).await.json(StatusCode::OK)
    }

    /// The first row of a statement, as a user who pastes it gets it.
    pub(crate) async fn pasted(&self, sql: &str) -> Json {
        let answer = self.call("POST /api/v1/query", json!({ "sql": sql })).await;
        answer.json(StatusCode::OK)["rows"][0].take()
    }

    /// How many rows a list has.
    async fn total(&self, table: &str, filter: &str, rest: &str) -> u64 {
        let path = format!(
            "/api/v1/events/{table}?{WINDOW}&limit=1&q={}{rest}",
            encoded(filter)
        );
        self.ok(&path).await["total"].as_u64().unwrap()
    }
}

/// The 75th percentile between the two nearest values, by its definition.
fn p75(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let quarters = 3 * values.len().checked_sub(1)?;
    let (low, high) = (values[quarters / 4], values[quarters.div_ceil(4)]);
    Some(low + (high - low) * (quarters % 4) as f64 / 4.0)
}

fn share(part: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

/// All figures from the rows.
fn expected(views: &[&View], sessions: &[&Session]) -> BTreeMap<&'static str, Option<f64>> {
    let page_views: Vec<_> = views.iter().filter(|view| view.is_page_view).collect();
    let visitors: BTreeSet<_> = page_views.iter().map(|view| &view.visitor).collect();
    let error_free = sessions
        .iter()
        .filter(|session| session.errors == 0)
        .count();
    let bounced = sessions
        .iter()
        .filter(|session| session.views == 1 && session.actions == 0)
        .count();
    let errors: usize = sessions.iter().map(|session| session.errors).sum();
    let failed = views.iter().filter(|view| view.errors > 0).count();
    let quartile =
        |of: fn(&View) -> Option<f64>| p75(views.iter().filter_map(|view| of(view)).collect());
    let ns = |of: fn(&View) -> Option<f64>| quartile(of).map(f64::round);
    let loads: Vec<i64> = views.iter().filter_map(|view| view.loading).collect();
    let points: f64 = loads
        .iter()
        .map(|load| {
            if *load <= 2000 * MS {
                1.0
            } else if *load <= 8000 * MS {
                0.5
            } else {
                0.0
            }
        })
        .sum();
    BTreeMap::from([
        ("page_views", Some(page_views.len() as f64)),
        ("visitors", Some(visitors.len() as f64)),
        ("sessions", Some(sessions.len() as f64)),
        ("error_free_sessions", share(error_free, sessions.len())),
        ("bounce_rate", share(bounced, sessions.len())),
        ("errors", Some(errors as f64)),
        ("page_error_rate", share(failed, views.len())),
        ("lcp_p75", ns(|view| view.lcp.map(|ns| ns as f64))),
        ("inp_p75", ns(|view| view.inp.map(|ns| ns as f64))),
        ("cls_p75", quartile(|view| view.cls)),
        (
            "loading_time_p75",
            ns(|view| view.loading.map(|ns| ns as f64)),
        ),
        (
            "apdex",
            (!loads.is_empty()).then(|| points / loads.len() as f64),
        ),
    ])
}

fn assert_close(found: &Json, expected: Option<f64>, what: &str) {
    match (found.as_f64(), expected) {
        (Some(found), Some(expected)) => assert!(
            (found - expected).abs() < 1e-9,
            "{what}: {found} for {expected}"
        ),
        (found, expected) => assert_eq!(found, expected, "{what}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_figure_equals_its_statement_its_list_and_a_count_of_the_rows() {
    let (api, world) = Api::with_events().await;
    type Holds = fn(&'static str, &'static str, Option<&'static str>) -> bool;
    let cases: [(&str, Holds); 6] = [
        ("", |_, _, _| true),
        ("&app=shop", |app, _, _| app == "shop"),
        ("&env=staging", |_, env, _| env == "staging"),
        ("&q=country_code%3ADE", |_, _, country| {
            country == Some("DE")
        }),
        (
            "&q=-country_code%3ADE%20OR%20app_id%3Ablog",
            |app, _, country| country != Some("DE") || app == "blog",
        ),
        ("&q=env%3Anowhere", |_, _, _| false),
    ];
    for (parameters, holds) in cases {
        let views = |from: i64, to: i64| {
            let is_in = move |view: &&View| {
                view.is_person
                    && (from..to).contains(&view.time_us)
                    && holds(view.app, view.env, view.country)
            };
            world.views.iter().filter(is_in).collect::<Vec<_>>()
        };
        let sessions = |from: i64, to: i64| {
            let is_in = move |s: &&Session| {
                s.is_person && (from..to).contains(&s.time_us) && holds(s.app, s.env, s.country)
            };
            world.sessions.iter().filter(is_in).collect::<Vec<_>>()
        };
        let now = expected(&views(FROM, TO), &sessions(FROM, TO));
        let before = expected(&views(MIDNIGHT, FROM), &sessions(MIDNIGHT, FROM));
        let answer = api
            .ok(&format!("/api/v1/overview/figures?{WINDOW}{parameters}"))
            .await;
        let figures = answer["figures"].as_array().unwrap();
        assert_eq!(figures.len(), now.len());
        for figure in figures {
            let name = figure["name"].as_str().unwrap();
            let what = format!("{name} {parameters}");
            assert_close(&figure["value"], now[name], &what);
            assert_close(
                &figure["previous"],
                before[name],
                &format!("previous {what}"),
            );
            let pasted = api.pasted(figure["sql"].as_str().unwrap()).await;
            assert_close(
                &figure["value"],
                pasted[0].as_f64(),
                &format!("pasted {what}"),
            );
            let rest = parameters.split("&q=").next().unwrap();
            let total = api
                .total(
                    figure["table"].as_str().unwrap(),
                    figure["filter"].as_str().unwrap(),
                    rest,
                )
                .await;
            assert_eq!(Some(total), figure["listed"].as_u64(), "list of {what}");
            match figure["unit"].as_str().unwrap() {
                "count" if name != "visitors" => {
                    assert_close(&figure["value"], Some(total as f64), &what)
                }
                "share" => assert_close(
                    &figure["value"],
                    share(
                        usize::try_from(total).unwrap(),
                        usize::try_from(figure["n"].as_u64().unwrap()).unwrap(),
                    ),
                    &what,
                ),
                _ => assert_eq!(Some(total), figure["n"].as_u64(), "{what}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vitals_have_shares_by_the_thresholds_of_the_field() {
    let (api, world) = Api::with_events().await;
    let answer = api
        .ok(&format!("/api/v1/overview/figures?{WINDOW}&compare=none"))
        .await;
    let figure = |name: &str| {
        answer["figures"]
            .as_array()
            .unwrap()
            .iter()
            .find(|figure| figure["name"] == name)
            .unwrap()
            .clone()
    };
    let views: Vec<_> = world
        .views
        .iter()
        .filter(|view| view.is_person && (FROM..TO).contains(&view.time_us))
        .collect();
    let check = |name: &str, values: Vec<f64>, good: f64, poor: f64| {
        let shares = figure(name)["shares"].take();
        let part = |holds: &dyn Fn(f64) -> bool| {
            share(
                values.iter().filter(|value| holds(**value)).count(),
                values.len(),
            )
        };
        assert_close(&shares["good"], part(&|value| value <= good), name);
        assert_close(&shares["poor"], part(&|value| value > poor), name);
        assert_close(
            &shares["needs"],
            part(&|value| value > good && value <= poor),
            name,
        );
    };
    check(
        "lcp_p75",
        views
            .iter()
            .filter_map(|view| view.lcp)
            .map(|ns| ns as f64)
            .collect(),
        2.5e9,
        4e9,
    );
    check(
        "inp_p75",
        views
            .iter()
            .filter_map(|view| view.inp)
            .map(|ns| ns as f64)
            .collect(),
        2e8,
        5e8,
    );
    check(
        "cls_p75",
        views.iter().filter_map(|view| view.cls).collect(),
        0.1,
        0.25,
    );
    assert_eq!(figure("page_views")["shares"], Json::Null);
    assert_eq!(
        figure("page_views")["previous"],
        Json::Null,
        "nothing was to be compared"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bots_are_left_out_unless_they_are_asked_for() {
    let (api, world) = Api::with_events().await;
    let sessions = async |parameters: &str| {
        let answer = api
            .ok(&format!("/api/v1/overview/figures?{WINDOW}{parameters}"))
            .await;
        answer["figures"][2]["value"].as_f64().unwrap()
    };
    let all: Vec<_> = world
        .sessions
        .iter()
        .filter(|session| (FROM..TO).contains(&session.time_us))
        .collect();
    let people = all.iter().filter(|session| session.is_person).count();
    assert!(people < all.len());
    assert_eq!(sessions("").await, people as f64);
    assert_eq!(sessions("&include=bots").await, all.len() as f64);
}

#[tokio::test(flavor = "multi_thread")]
async fn series_pages_and_breakdowns_add_up_to_the_figures() {
    let (api, world) = Api::with_events().await;
    let figures = api.ok(&format!("/api/v1/overview/figures?{WINDOW}")).await;
    let snapshot = figures["snapshot"].as_str().unwrap();
    let window = format!("{WINDOW}&snapshot={snapshot}");
    let figure = |name: &str, field: &str| {
        let figures = figures["figures"].as_array().unwrap();
        figures
            .iter()
            .find(|figure| figure["name"] == name)
            .unwrap()[field]
            .as_f64()
    };
    for buckets in [1, 7, 40, 120] {
        let series = api
            .ok(&format!(
                "/api/v1/overview/series?{window}&buckets={buckets}"
            ))
            .await;
        let times = series["times"].as_array().unwrap();
        assert!(times.len() <= buckets, "{buckets}");
        assert_eq!(times[0], "2023-11-15T10:00:00.000000Z");
        for one in series["series"].as_array().unwrap() {
            let name = one["name"].as_str().unwrap();
            let sum = |field: &str| {
                one[field]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|value| value.as_f64().unwrap())
                    .sum::<f64>()
            };
            assert_eq!(one["values"].as_array().unwrap().len(), times.len());
            assert_eq!(
                (Some(sum("values")), Some(sum("previous"))),
                (figure(name, "value"), figure(name, "previous")),
                "{name}"
            );
        }
    }
    let views: Vec<_> = world
        .views
        .iter()
        .filter(|view| view.is_person && (FROM..TO).contains(&view.time_us))
        .collect();
    let pages = api
        .ok(&format!("/api/v1/overview/pages?{window}&sort=lcp_p75"))
        .await;
    let items = pages["items"].as_array().unwrap();
    assert_eq!(pages["total"].as_u64(), Some(items.len() as u64));
    let mut last = f64::INFINITY;
    for item in items {
        let page = item["page"].as_str();
        let of_page: Vec<_> = views.iter().filter(|view| view.page == page).collect();
        let count = |holds: &dyn Fn(&View) -> bool| {
            of_page.iter().filter(|view| holds(view)).count() as u64
        };
        assert_eq!(
            item["views"].as_u64(),
            Some(count(&|view| view.is_page_view)),
            "{page:?}"
        );
        assert_eq!(
            item["n_lcp"].as_u64(),
            Some(count(&|view| view.lcp.is_some())),
            "{page:?}"
        );
        assert_eq!(
            item["errors"].as_i64(),
            Some(of_page.iter().map(|view| view.errors).sum()),
            "{page:?}"
        );
        let lcp = p75(of_page
            .iter()
            .filter_map(|view| view.lcp)
            .map(|ns| ns as f64)
            .collect());
        assert_close(&item["lcp_p75"], lcp.map(f64::round), "lcp_p75");
        let total = api
            .total(
                "view",
                item["filter"].as_str().unwrap(),
                &format!("&snapshot={snapshot}"),
            )
            .await;
        assert_eq!(
            (Some(total), total),
            (item["listed"].as_u64(), of_page.len() as u64),
            "{page:?}"
        );
        let value = item["lcp_p75"].as_f64().unwrap_or(f64::NEG_INFINITY);
        assert!(value <= last, "{items:?}");
        last = value;
    }
    for by in [
        "country", "browser", "os", "device", "release", "network", "referrer",
    ] {
        let answer = api
            .ok(&format!("/api/v1/overview/breakdown?{window}&by={by}"))
            .await;
        let items = answer["items"].as_array().unwrap();
        let table = answer["table"].as_str().unwrap();
        for item in items {
            let total = api
                .total(
                    table,
                    item["filter"].as_str().unwrap(),
                    &format!("&snapshot={snapshot}"),
                )
                .await;
            assert_eq!(Some(total), item["listed"].as_u64(), "{by}: {item}");
        }
        if table == "view" {
            let sum: f64 = items
                .iter()
                .map(|item| item["views"].as_f64().unwrap())
                .sum();
            assert_eq!(Some(sum), figure("page_views", "value"), "{by}");
            let shares: f64 = items
                .iter()
                .map(|item| item["share"].as_f64().unwrap())
                .sum();
            assert!((shares - 1.0).abs() < 1e-9, "{by}");
            let sessions: f64 = items
                .iter()
                .map(|item| item["sessions"].as_f64().unwrap())
                .sum();
            assert!(sessions > 0.0);
        }
    }
    let environments = api.ok(&format!("/api/v1/environments?{WINDOW}")).await;
    let staging = world
        .views
        .iter()
        .filter(|view| view.env == "staging" && (FROM..TO).contains(&view.time_us))
        .count();
    assert_eq!(
        environments["items"][1],
        json!({ "env": "staging", "views": staging })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_figures_of_a_snapshot_agree_while_rows_arrive() {
    let (api, _) = Api::with_events().await;
    let path = format!("/api/v1/overview/figures?{WINDOW}");
    let figures = api.ok(&path).await;
    let snapshot = figures["snapshot"].as_str().unwrap();
    // New versions of sessions and views, new ones, a flush between: all in the same period.
    let mut more = World::of(200..240);
    for event in &mut more.events {
        event.row.set(schema::tables::common::time, FROM + HOUR);
    }
    apply(&api.store, 2, more.events).await;
    api.store.flush(MIDNIGHT + 72 * HOUR).await.unwrap();
    api.store.compact(MIDNIGHT + 72 * HOUR).await.unwrap();
    let again = api.ok(&format!("{path}&snapshot={snapshot}")).await;
    assert_eq!(again["figures"], figures["figures"]);
    let fresh = api.ok(&path).await;
    assert_ne!(fresh["snapshot"], figures["snapshot"]);
    for (old, new) in figures["figures"]
        .as_array()
        .unwrap()
        .iter()
        .zip(fresh["figures"].as_array().unwrap())
    {
        let (table, filter) = (
            old["table"].as_str().unwrap(),
            old["filter"].as_str().unwrap(),
        );
        let total = api
            .total(table, filter, &format!("&snapshot={snapshot}"))
            .await;
        assert_eq!(Some(total), old["listed"].as_u64(), "{}", old["name"]);
        assert_eq!(
            Some(api.total(table, filter, "").await),
            new["listed"].as_u64(),
            "{}",
            new["name"]
        );
    }
    assert!(fresh["figures"][0]["value"].as_f64() > figures["figures"][0]["value"].as_f64());
    let unknown = api.ok(&format!("{path}&snapshot=gone")).await;
    assert_eq!(
        unknown["figures"], fresh["figures"],
        "an unknown name means a new snapshot"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_only_views_have_leaves_sessions_without_a_figure() {
    let (api, _) = Api::with_events().await;
    let answer = api
        .ok(&format!("/api/v1/overview/figures?{WINDOW}&q=lcp%3A%3E2s"))
        .await;
    for figure in answer["figures"].as_array().unwrap() {
        let is_of_views = figure["table"] == "view";
        assert_eq!(figure["unavailable"].is_null(), is_of_views, "{figure}");
        assert_eq!(figure["value"].is_null(), !is_of_views, "{figure}");
    }
    let series = api
        .ok(&format!("/api/v1/overview/series?{WINDOW}&q=lcp%3A%3E2s"))
        .await;
    assert!(
        series["series"][0]["values"].is_array() && series["series"][1]["values"].is_null(),
        "{series}"
    );
    let refused = api
        .get(&format!(
            "/api/v1/overview/figures?{WINDOW}&q=env%3Aa%20resource_status%3A500"
        ))
        .await;
    assert!(
        refused
            .problem("unknown_column")
            .contains("`resource_status` at 6")
    );
    assert_eq!(refused.body["position"], json!({ "start": 6, "end": 21 }));
    assert_eq!(
        refused.body["help"],
        "`resource_status` is a field of resource, error."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_searches_are_answered_with_problems_that_have_a_place() {
    let (api, _) = Api::with_events().await;
    let refused = async |q: &str, code: &str| {
        for path in [
            "overview/figures",
            "overview/series",
            "overview/pages",
            "events/view",
        ] {
            let answer = api.get(&format!("/api/v1/{path}?{WINDOW}&q={q}")).await;
            answer.problem(code);
            let (start, end) = (
                &answer.body["position"]["start"],
                &answer.body["position"]["end"],
            );
            assert!(
                start.as_u64() <= end.as_u64() && start.is_u64(),
                "{q}: {}",
                answer.body
            );
        }
    };
    refused(&"(".repeat(60_000), "search_syntax").await;
    refused(&"%28".repeat(5_000), "search_syntax").await;
    refused("%FF%FE", "search_syntax").await;
    refused("env%3A%00", "search_syntax").await;
    refused("%22open", "search_syntax").await;
    refused("lcp%3A%3Efast", "search_syntax").await;
    refused("x%27%3B%20DROP%3Atable", "unknown_column").await;
    let harmless = [
        "env:\"'; DROP TABLE view; --\"",
        "'; DROP TABLE view; --",
        "env:'\\'' OR 1=1",
        "@\"a' OR '1'='1\":x",
        "@x:\"]') OR ('1'='1\"",
        "user_name:%_\\\\*",
    ];
    for q in harmless {
        let path = format!("/api/v1/events/view?{WINDOW}&q={}", encoded(q));
        assert_eq!(api.ok(&path).await["total"], 0, "{q}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_parameters_are_named() {
    let api = Api::new().await;
    let check = async |path: &str, code: &str, said: &str| {
        let detail = api.get(path).await.problem(code);
        assert!(detail.contains(said), "{path}: {detail}");
    };
    check("/api/v1/overview/figures", "invalid_value", "from").await;
    check(
        "/api/v1/overview/figures?from=1&to=2",
        "invalid_value",
        "`from` is \"1\"",
    )
    .await;
    check(
        "/api/v1/overview/figures?from=2023-11-15T20:00:00Z&to=2023-11-15T10:00:00Z",
        "invalid_value",
        "not before",
    )
    .await;
    check(
        &format!("/api/v1/overview/figures?{WINDOW}&include=all"),
        "invalid_value",
        "bots",
    )
    .await;
    check(
        &format!("/api/v1/overview/figures?{WINDOW}&aap=x"),
        "unknown_field",
        "aap",
    )
    .await;
    check(
        &format!("/api/v1/overview/series?{WINDOW}&buckets=121"),
        "invalid_value",
        "1 to 120",
    )
    .await;
    check(
        &format!("/api/v1/overview/breakdown?{WINDOW}&by=moon"),
        "invalid_value",
        "moon",
    )
    .await;
    check(
        &format!("/api/v1/overview/pages?{WINDOW}&limit=0"),
        "invalid_value",
        "1 to 500",
    )
    .await;
}

#[tokio::test]
async fn the_dictionary_is_whole_and_answered_once_a_version() {
    let api = Api::new().await;
    let answer = api.get("/api/v1/dictionary").await;
    let tag = answer.headers["etag"].to_str().unwrap().to_owned();
    let tables = answer.json(StatusCode::OK);
    let tables = tables["tables"].as_array().unwrap();
    assert_eq!(tables.len(), schema::TableId::ALL.len());
    let view = tables.iter().find(|table| table["name"] == "view").unwrap();
    let lcp = view["columns"]
        .as_array()
        .unwrap()
        .iter()
        .find(|column| column["name"] == "largest_contentful_paint")
        .unwrap();
    assert_eq!(
        (&lcp["type"], &lcp["unit"], &lcp["sortable"]),
        (&json!("integer"), &json!("ns"), &json!(true))
    );
    assert!(
        lcp["aliases"].as_array().unwrap().contains(&json!("lcp")),
        "{lcp}"
    );
    let mut request = crate::request_of("GET /api/v1/dictionary", Some(crate::KEY), "");
    request
        .headers_mut()
        .insert("if-none-match", tag.parse().unwrap());
    assert_eq!(api.send(request).await.status, StatusCode::NOT_MODIFIED);
}
