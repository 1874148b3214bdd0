use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::*;

fn resolved(sql: &str) -> Result<String, Error> {
    let mut statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap();
    let Statement::Query(query) = &mut statements[0] else {
        panic!("not a query: {sql}")
    };
    resolve(query, Names::Events)?;
    Ok(query.to_string().replace('"', ""))
}

fn check(sql: &str, expected: &str) {
    assert_eq!(resolved(sql).unwrap(), expected, "{sql}");
}

#[test]
fn aliases_become_columns_and_keep_the_typed_name() {
    check(
        "SELECT lcp FROM view",
        "SELECT view.largest_contentful_paint AS lcp FROM view",
    );
    check(
        "SELECT LCP AS x FROM view",
        "SELECT view.largest_contentful_paint AS x FROM view",
    );
    check(
        "SELECT view.loading_time FROM view",
        "SELECT view.view_loading_time AS view.loading_time FROM view",
    );
    check(
        "SELECT \"view.loading_time\" FROM view",
        "SELECT view.view_loading_time AS view.loading_time FROM view",
    );
    check(
        "SELECT v.lcp FROM view v",
        "SELECT v.largest_contentful_paint AS lcp FROM view v",
    );
    check(
        "SELECT max(lcp) FROM view",
        "SELECT max(view.largest_contentful_paint) AS max(lcp) FROM view",
    );
    check(
        "SELECT view_id FROM view WHERE usr.id = 'x'",
        "SELECT view_id FROM view WHERE view.user_id = 'x'",
    );
    check(
        "SELECT view_id FROM view WHERE session.id = 'x'",
        "SELECT view_id FROM view WHERE view.session_id = 'x'",
    );
    check(
        "SELECT resource.graphql.operationName FROM resource",
        "SELECT resource.resource_graphql_operation AS resource.graphql.operationname FROM resource",
    );
}

#[test]
fn columns_win_over_aliases_and_inner_names_over_outer_ones() {
    check("SELECT platform FROM view", "SELECT platform FROM view");
    check(
        "SELECT v.view_name FROM view v",
        "SELECT v.view_name FROM view v",
    );
    check(
        "SELECT lcp FROM (SELECT 1 AS lcp) d",
        "SELECT lcp FROM (SELECT 1 AS lcp) d",
    );
    check(
        "SELECT lcp FROM view, (SELECT 1 AS lcp) d",
        "SELECT lcp FROM view, (SELECT 1 AS lcp) d",
    );
    check(
        "WITH view AS (SELECT 1 AS lcp) SELECT lcp FROM view",
        "WITH view AS (SELECT 1 AS lcp) SELECT lcp FROM view",
    );
    check(
        "SELECT 1 AS x FROM view v WHERE EXISTS (SELECT 1 FROM error e WHERE e.view.id = v.view_id AND lcp > 1)",
        "SELECT 1 AS x FROM view v WHERE EXISTS (SELECT 1 FROM error e WHERE e.view_id = v.view_id AND v.largest_contentful_paint > 1)",
    );
}

#[test]
fn a_star_hands_aliases_on() {
    check(
        "WITH slow AS (SELECT * FROM view WHERE lcp > 1) SELECT lcp, slow.usr.id FROM slow",
        "WITH slow AS (SELECT * FROM view WHERE view.largest_contentful_paint > 1) \
         SELECT slow.largest_contentful_paint AS lcp, slow.user_id AS usr.id FROM slow",
    );
    check(
        "SELECT lcp FROM (SELECT * FROM view)",
        "SELECT largest_contentful_paint AS lcp FROM (SELECT * FROM view)",
    );
    check(
        "SELECT lcp FROM (SELECT view_id FROM view) v",
        "SELECT lcp FROM (SELECT view_id FROM view) v",
    );
}

#[test]
fn select_names_are_seen_where_sql_sees_them() {
    check(
        "SELECT view.name, count(*) AS lcp FROM view GROUP BY view.name ORDER BY lcp, view.name",
        "SELECT view.view_name AS view.name, count(*) AS lcp FROM view GROUP BY view.view_name ORDER BY lcp, view.name",
    );
    check(
        "SELECT view_id AS lcp FROM view WHERE lcp > 1 GROUP BY lcp",
        "SELECT view_id AS lcp FROM view WHERE view.largest_contentful_paint > 1 GROUP BY lcp",
    );
    check(
        "SELECT max(lcp) FROM view ORDER BY max(lcp)",
        "SELECT max(view.largest_contentful_paint) AS max(lcp) FROM view ORDER BY max(lcp)",
    );
    check(
        "SELECT usr.id FROM view UNION SELECT usr.id FROM action ORDER BY usr.id",
        "SELECT view.user_id AS usr.id FROM view UNION SELECT action.user_id AS usr.id FROM action ORDER BY usr.id",
    );
}

#[test]
fn an_alias_of_two_tables_needs_a_table() {
    let error = resolved("SELECT usr.id FROM view JOIN action ON view.view_id = action.view_id")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`usr.id` can mean `view.user_id` or `action.user_id`"
    );
    check(
        "SELECT action.usr.id FROM view JOIN action USING (session_id)",
        "SELECT action.user_id AS usr.id FROM view JOIN action USING(session_id)",
    );
    check(
        "SELECT view.name FROM view JOIN action ON view.id = action.view.id",
        "SELECT view.view_name AS view.name FROM view JOIN action ON view.view_id = action.view_id",
    );
}

#[test]
fn hidden_columns_have_no_alias() {
    check(
        "SELECT session.is_active FROM view",
        "SELECT session.is_active FROM view",
    );
    check(
        "SELECT is_active FROM session",
        "SELECT session.session_is_active AS is_active FROM session",
    );
}

#[test]
fn unknown_tables_get_a_suggestion() {
    let check = |sql: &str, expected: Option<&str>| match resolved(sql) {
        Err(Error::UnknownTable { nearest, .. }) => assert_eq!(nearest.as_deref(), expected),
        other => panic!("{other:?}"),
    };
    check("SELECT 1 FROM views", Some("view"));
    check("WITH slow AS (SELECT 1) SELECT 1 FROM slwo", Some("slow"));
    check("SELECT 1 FROM pg_class", None);
}
