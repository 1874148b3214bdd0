//! Searches on the real engine: what they find is what the rows say.

use query::Search;
use schema::TableId;
use serde_json::json;

use crate::ground::{DAY, Ground, MIDNIGHT, MS, View, ground};

/// The search finds exactly the views for which the other holds.
async fn check(ground: &Ground, search: &str, holds: impl Fn(&View) -> bool) {
    let condition = Search::parse(search).unwrap().condition(TableId::View);
    let condition = condition.unwrap_or_else(|error| panic!("{search}: {error:?}"));
    let sql = format!(
        "SELECT view_id FROM view WHERE {} ORDER BY view_id",
        condition.unwrap()
    );
    let expected: Vec<_> = ground
        .views
        .iter()
        .filter(|view| holds(view))
        .map(|view| json!([view.id]))
        .collect();
    assert_eq!(ground.rows(&sql).await, json!(expected), "{search}: {sql}");
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_find_what_the_rows_say() {
    let ground = ground().await;
    let g = &*ground;
    check(g, "view_name:/cart", |v| v.name == "/cart").await;
    check(g, "-view_name:/cart", |v| v.name != "/cart").await;
    check(g, "view_name:\"/product/?\"", |v| v.name == "/product/?").await;
    check(g, "view_name:/??rt", |v| v.name == "/cart").await;
    check(g, "view_name:/*o*", |v| v.name.contains('o')).await;
    check(g, "view_name:(/cart OR /login) app_id:shop", |v| {
        matches!(v.name, "/cart" | "/login") && v.app == "shop"
    })
    .await;
    check(g, "lcp:>2s", |v| {
        v.lcp_ns.is_some_and(|lcp| lcp > 2000 * MS)
    })
    .await;
    check(g, "-lcp:>2s", |v| {
        v.lcp_ns.is_none_or(|lcp| lcp <= 2000 * MS)
    })
    .await;
    check(g, "NOT (lcp:>2s OR view_name:/cart)", |v| {
        v.lcp_ns.is_none_or(|lcp| lcp <= 2000 * MS) && v.name != "/cart"
    })
    .await;
    check(g, "-(-lcp:>2s)", |v| {
        v.lcp_ns.is_some_and(|lcp| lcp > 2000 * MS)
    })
    .await;
    check(g, "lcp:[1s TO 2s}", |v| {
        v.lcp_ns
            .is_some_and(|lcp| (1000 * MS..2000 * MS).contains(&lcp))
    })
    .await;
    check(g, "cls:0.05", |v| v.cls == 0.05).await;
    check(g, "-_exists_:lcp", |v| v.lcp_ns.is_none()).await;
    check(g, "lcp:*", |v| v.lcp_ns.is_some()).await;
    check(g, "time:>=2023-11-16", |v| v.time_us >= MIDNIGHT + DAY).await;
    check(g, "@plan:pro", |v| v.plan == Some("pro")).await;
    check(g, "-@plan:pro", |v| v.plan != Some("pro")).await;
    check(g, "@context.plan:p*", |v| v.plan == Some("pro")).await;
    check(g, "@plan:*", |v| v.plan.is_some()).await;
    check(g, "@amount:>=400.5", |v| v.amount >= 400.5).await;
    check(g, "@amount:[10 TO 20]", |v| {
        (10.0..=20.0).contains(&v.amount)
    })
    .await;
    check(g, "@tags:a", |_| true).await;
    check(g, "@tags:ab", |_| false).await;
    check(g, "@tags:?", |_| true).await;
    check(g, "SESSION-01", |v| v.session == "session-01").await;
    check(g, "\"login\" OR view-00*", |v| {
        v.name == "/login" || v.id.starts_with("view-00")
    })
    .await;
    check(g, "user_id:\"'; DROP TABLE view; --\"", |_| false).await;
    check(g, "view_name:%", |_| false).await;
    check(g, "view_name:_cart", |_| false).await;
    check(g, "view_name:\\\\*", |_| false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn elements_of_lists_match_one_by_one() {
    let ground = ground().await;
    let check = async |search: &str, expected: usize| {
        let condition = Search::parse(search)
            .unwrap()
            .condition(TableId::Action)
            .unwrap()
            .unwrap();
        ground
            .check(
                &format!("SELECT count(*) FROM action WHERE {condition}"),
                json!([[expected]]),
            )
            .await;
    };
    check("action_frustration_types:rage_click", 10).await;
    check("-action_frustration_types:rage_click", 10).await;
    check("action_frustration_types:*_click", 20).await;
    check("action_frustration_types:rage*dead*", 0).await;
    check("action_frustration_types:rage", 0).await;
}
