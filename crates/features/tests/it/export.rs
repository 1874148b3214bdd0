//! Exports and the manifest over HTTP.

use http::{StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value as Json;
use tower::ServiceExt;

use crate::events::{HOUR, MIDNIGHT, View};
use crate::{Api, request_of};

impl Api {
    /// The lines of an export as NDJSON.
    async fn exported(&self, query: &str, key: &str) -> Vec<Json> {
        let path = format!("GET /api/v1/export?format=ndjson&{query}");
        let request = request_of(&path, Some(key), String::new());
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{query}");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/x-ndjson"
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let lines = std::str::from_utf8(&body).unwrap().lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_the_rows_that_its_filters_mean() {
    let (api, world) = Api::with_events().await;
    let key = api.read_key().await;
    let all = api.exported("table=view", &key).await;
    assert_eq!(
        all.len(),
        world.views.len(),
        "a key that may read is enough"
    );
    let shop = world.views.iter().filter(|view| view.app == "shop");
    let rows = api
        .exported("table=view&app=shop&columns=view_id,lcp", &key)
        .await;
    assert_eq!(rows.len(), shop.count());
    let known = |name: &String| ["view_id", "largest_contentful_paint"].contains(&name.as_str());
    assert!(
        rows.iter()
            .all(|row| row.as_object().unwrap().keys().all(known))
    );

    let one = world.views.iter().find(|view| view.country.is_some());
    let (env, country) = one.map(|view| (view.env, view.country)).unwrap();
    let until = MIDNIGHT + 12 * HOUR;
    let is_meant =
        |view: &&View| view.time_us < until && view.env == env && view.country == country;
    let meant = world.views.iter().filter(is_meant).count();
    assert!(0 < meant && meant < world.views.len());
    let country = country.unwrap();
    let filter = format!("table=view&to=2023-11-15T12:00:00Z&env={env}&q=country_code:{country}");
    assert_eq!(api.exported(&filter, &key).await.len(), meant);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_cannot_be_is_refused_before_it_begins() {
    let (api, _) = Api::with_events().await;
    for (query, code) in [
        ("table=veiw", "unknown_table"),
        ("table=view&columns=vew_id", "unknown_column"),
        ("table=view&format=xml", "invalid_value"),
        ("table=view&from=yesterday", "invalid_value"),
        ("table=view&q=country:(", "search_syntax"),
        ("table=view&limit=5", "unknown_field"),
    ] {
        api.get(&format!("/api/v1/export?{query}"))
            .await
            .problem(code);
    }
    let stranger = request_of("GET /api/v1/export?table=view", None, String::new());
    api.send(stranger).await.problem("unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_names_the_files_of_a_table_and_their_dead_rows() {
    let (api, world) = Api::with_events().await;
    api.store.flush(MIDNIGHT + 100 * HOUR).await.unwrap();
    let manifest = api.ok("/api/v1/manifest?table=view").await;
    let items = manifest["items"].as_array().unwrap();
    let live = |item: &Json| {
        assert!(item["path"].as_str().unwrap().starts_with("segments/view/"));
        item["row_count"].as_u64().unwrap() - item["dead_rows"].as_array().unwrap().len() as u64
    };
    let rows: u64 = items.iter().map(live).sum();
    assert_eq!(rows, world.views.len() as u64);
    let all = api.ok("/api/v1/manifest").await;
    assert!(all["items"].as_array().unwrap().len() > items.len());
    api.get("/api/v1/manifest?table=veiw")
        .await
        .problem("unknown_table");
}
