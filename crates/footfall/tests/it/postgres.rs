//! The PostgreSQL protocol of the real server, asked by a real driver: keys, scopes, both ways to ask, errors, cancelling, big answers.

use std::time::Duration;

use futures::TryStreamExt;
use serde_json::{Value, json};
use testkit::server::API_KEY;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage};
use tokio_util::task::TaskTracker;

use crate::world::{World, action, event};

/// A server that speaks the protocol, with rows of two applications.
pub(crate) struct Postgres {
    pub(crate) world: World,
    pub(crate) port: u16,
}

impl Postgres {
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        let listen = [("FOOTFALL_POSTGRES_LISTEN", "127.0.0.1:0")];
        let world = World::new(&[&listen[..], settings].concat());
        let printed = world.server.printed().iter();
        let mut addresses = printed.filter_map(|line| line.strip_prefix("postgres on 127.0.0.1:"));
        let port = addresses.next().unwrap().parse().unwrap();
        Self { world, port }
    }

    fn with_rows() -> Self {
        let postgres = Self::new(&[]);
        let mut events: Vec<Value> = ["a1", "a2", "a3"].map(|id| action("s1", "v1", id)).into();
        let mut other = action("s2", "v2", "a4");
        other["application"]["id"] = json!("blog");
        events.push(other);
        events.extend(
            [("v1", 1_000_000_000_i64), ("v3", 3_000_000_000)].map(|(id, lcp)| view(id, lcp)),
        );
        assert_eq!(postgres.world.send(&events).status, 202);
        postgres.world.wait_for("SELECT count(*) FROM action", 4);
        postgres.world.wait_for("SELECT count(*) FROM view", 2);
        postgres
    }

    fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user("grafana");
        config.password(API_KEY).dbname(database);
        config
    }

    pub(crate) async fn client(&self, database: &str) -> Client {
        connect(&self.config(database)).await.unwrap()
    }
}

async fn connect(config: &Config) -> Result<Client, Error> {
    let (client, connection) = config.connect(NoTls).await?;
    TaskTracker::new().spawn(connection);
    Ok(client)
}

fn view(id: &str, lcp: i64) -> Value {
    let mut view = event("view", "s1", id);
    view["_dd"] = json!({ "document_version": 1 });
    view["view"]["largest_contentful_paint"] = json!(lcp);
    view["view"]["time_spent"] = json!(5_000_000_000_i64);
    view["view"]["is_active"] = json!(false);
    for counter in ["action", "error", "resource"] {
        view["view"][counter] = json!({ "count": 0 });
    }
    view["context"] = json!({ "plan": "pro" });
    view
}

fn code(error: &Error) -> &str {
    error.code().map_or("none", SqlState::code)
}

async fn check_error(client: &Client, sql: &str, expected: &str) -> Error {
    let simple = client.simple_query(sql).await.unwrap_err();
    assert_eq!(code(&simple), expected, "{sql}: {simple:?}");
    let extended = client.query(sql, &[]).await.unwrap_err();
    assert_eq!(code(&extended), expected, "{sql}: {extended:?}");
    simple
}

/// The values of a simple query's rows, and the tags of its statements.
async fn simple(client: &Client, sql: &str) -> Vec<String> {
    let messages = client.simple_query(sql).await;
    let messages = messages.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let shown = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            let values = (0..row.len()).map(|column| row.get(column).unwrap_or("NULL"));
            Some(values.collect::<Vec<_>>().join("|"))
        }
        SimpleQueryMessage::CommandComplete(rows) => Some(format!("({rows})")),
        _ => None,
    });
    shown.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_key_is_the_password_and_the_database_the_scope() {
    let postgres = Postgres::with_rows();
    let mut wrong = postgres.config("footfall");
    wrong.password("not the key of this server");
    let refused = connect(&wrong).await.err().unwrap();
    assert_eq!(code(&refused), "28P01");
    let unknown = connect(&postgres.config("nothing")).await.err().unwrap();
    assert_eq!(code(&unknown), "3D000");

    let all = postgres.client("footfall").await;
    assert_eq!(
        simple(&all, "SELECT count(*) FROM action").await,
        ["4", "(1)"]
    );
    let shop = postgres.client("shop").await;
    assert_eq!(
        simple(&shop, "SELECT count(*) FROM action").await,
        ["3", "(1)"]
    );
    let beside = "SELECT count(*) FROM action WHERE app_id = 'blog' OR true";
    assert_eq!(simple(&shop, beside).await, ["3", "(1)"]);
    assert_eq!(
        simple(&shop, "SELECT current_database(), user").await,
        ["shop|grafana", "(1)"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_key_answers_no_more_statements() {
    let postgres = Postgres::new(&[]);
    let server = &postgres.world.server;
    let made = server.api(
        "/api/v1/api_keys",
        &json!({ "name": "grafana", "rights": "read" }),
    );
    let made = made.unwrap().json();
    let mut config = postgres.config("footfall");
    config.password(made["secret"].as_str().unwrap());
    let client = connect(&config).await.unwrap();
    client.query("SELECT 1", &[]).await.unwrap();
    let id = made["id"].as_str().unwrap_or_else(|| panic!("{made}"));
    let deleted = server.delete(&format!("/api/v1/api_keys/{id}"));
    assert_eq!(deleted.unwrap().status, 204);
    let refused = client.query("SELECT 1", &[]).await.unwrap_err();
    assert_eq!(code(&refused), "28P01");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_arrive_in_their_types() {
    let postgres = Postgres::with_rows();
    let client = postgres.client("shop").await;
    let sql = "SELECT view_id, largest_contentful_paint, time, view_is_active, largest_contentful_paint / 2.0 AS half, \
               attributes->>'context.plan' AS plan, view_loading_time FROM view WHERE view_id = $1";
    let statement = client.prepare(sql).await.unwrap();
    assert_eq!(statement.params(), [Type::TEXT]);
    let types: Vec<_> = statement
        .columns()
        .iter()
        .map(|column| column.type_().clone())
        .collect();
    assert_eq!(
        types,
        [
            Type::TEXT,
            Type::INT8,
            Type::TIMESTAMPTZ,
            Type::BOOL,
            Type::FLOAT8,
            Type::TEXT,
            Type::INT8
        ]
    );
    let row = client.query_one(&statement, &[&"v3"]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "v3");
    assert_eq!(row.get::<_, i64>(1), 3_000_000_000);
    let age = chrono::Utc::now() - row.get::<_, chrono::DateTime<chrono::Utc>>(2);
    assert!(age.num_seconds().abs() < 600, "{age}");
    assert!(!row.get::<_, bool>(3));
    assert!((row.get::<_, f64>(4) - 1.5e9).abs() < 1.0);
    assert_eq!(row.get::<_, &str>(5), "pro");
    assert_eq!(row.get::<_, Option<i64>>(6), None);

    let lists = client.query_one(
        "SELECT user_ids, count(*) AS n FROM session GROUP BY 1 LIMIT 1",
        &[],
    );
    let _: Option<Vec<String>> = lists.await.unwrap().get(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_mean_what_their_types_say() {
    let postgres = Postgres::with_rows();
    let client = postgres.client("shop").await;
    let count = async |sql: &str, parameters: &[&(dyn ToSql + Sync)]| -> i64 {
        let row = client.query_one(sql, parameters).await;
        row.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
            .get(0)
    };
    let from = chrono::Utc::now() - chrono::TimeDelta::hours(1);
    assert_eq!(
        count("SELECT count(*) FROM view WHERE time > $1", &[&from]).await,
        2
    );
    assert_eq!(
        count("SELECT count(*) FROM view WHERE time < $1", &[&from]).await,
        0
    );
    let lcp =
        "SELECT count(*) FROM view WHERE largest_contentful_paint > $1 AND view_is_active = $2";
    assert_eq!(count(lcp, &[&2_000_000_000_i64, &false]).await, 1);
    let none: Option<&str> = None;
    assert_eq!(
        count("SELECT count(*) FROM view WHERE view_id = $1", &[&none]).await,
        0
    );
    let quoted = "SELECT count(*) FROM view WHERE view_id = $1 OR view_id = 'v1'";
    assert_eq!(count(quoted, &[&"' OR true --"]).await, 1);
    assert_eq!(
        client
            .query("SELECT * FROM view LIMIT $1", &[&1_i64])
            .await
            .unwrap()
            .len(),
        1
    );
    let typed = client
        .prepare_typed("SELECT $1 AS a, $2 AS b", &[Type::INT4, Type::TIMESTAMPTZ])
        .await
        .unwrap();
    let row = client.query_one(&typed, &[&7_i32, &from]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 7);
    assert_eq!(
        row.get::<_, chrono::DateTime<chrono::Utc>>(1)
            .timestamp_micros(),
        from.timestamp_micros()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_text_can_hold_several_statements() {
    let postgres = Postgres::new(&[]);
    let client = postgres.client("footfall").await;
    let answered = simple(
        &client,
        "SELECT 1; -- two\nSELECT 'a;b';; SHOW server_version_num",
    )
    .await;
    assert_eq!(answered, ["1", "(1)", "a;b", "(1)", "150000", "(0)"]);
    assert!(client.simple_query(" ; -- nothing").await.is_ok());
    assert!(client.query("", &[]).await.unwrap().is_empty());
    let failed = client
        .simple_query("SELECT 1; SELECT nothing; SELECT 2")
        .await
        .unwrap_err();
    assert_eq!(code(&failed), "42703");
    assert_eq!(
        simple(&client, "SELECT 3").await,
        ["3", "(1)"],
        "the connection goes on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_have_the_codes_of_postgresql() {
    let postgres = Postgres::new(&[]);
    let client = postgres.client("footfall").await;
    let syntax = check_error(&client, "SELECT 1 FRM view WHERE", "42601").await;
    let place = syntax.as_db_error().unwrap().position();
    assert!(place.is_some(), "{syntax:?}");
    for (sql, expected) in [
        ("SELECT * FROM vew", "42P01"),
        ("SELECT vew_id FROM view", "42703"),
        ("SELECT * FROM read_parquet('/etc/passwd')", "0A000"),
        ("INSERT INTO view VALUES (1)", "25006"),
        ("DELETE FROM view", "25006"),
        ("CREATE TABLE x (a int)", "25006"),
        ("WITH x AS (DELETE FROM view) SELECT 1", "25006"),
        ("COPY view TO '/tmp/x'", "0A000"),
        ("SELECT 1/0 FROM generate_series(1, 2)", "22012"),
        ("SELECT nothing_like_it(1)", "42883"),
        ("SHOW nothing_like_it", "42704"),
        ("SET client_encoding = 'LATIN1'", "22023"),
        ("SELECT current_setting('nothing_like_it')", "42704"),
    ] {
        check_error(&client, sql, expected).await;
    }
    let hint = client
        .simple_query("SELECT vew_id FROM view")
        .await
        .unwrap_err();
    assert!(
        hint.as_db_error()
            .unwrap()
            .hint()
            .unwrap()
            .contains("view_id")
    );
    let many = client.query("SELECT 1; SELECT 2", &[]).await.unwrap_err();
    assert_eq!(code(&many), "42601");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_transactions_behave() {
    let postgres = Postgres::new(&[]);
    let client = postgres.client("footfall").await;
    simple(
        &client,
        "SET application_name = 'grafana'; SET extra_float_digits TO 3; SET search_path = public",
    )
    .await;
    assert_eq!(
        simple(&client, "SHOW application_name").await,
        ["grafana", "(0)"]
    );
    for (sql, expected) in [
        ("SHOW TimeZone", "UTC"),
        ("SHOW transaction_isolation", "read committed"),
        ("SHOW TRANSACTION ISOLATION LEVEL", "read committed"),
        ("SHOW standard_conforming_strings", "on"),
        ("SHOW search_path", "public"),
        ("SELECT current_schema()", "public"),
        (
            "SELECT current_setting('server_version_num')::int/100 as version",
            "1500",
        ),
        (
            "SELECT 'view'::regclass::oid = 'public.view'::regclass::oid",
            "t",
        ),
    ] {
        assert_eq!(simple(&client, sql).await[0], expected, "{sql}");
    }
    assert!(simple(&client, "SELECT version()").await[0].starts_with("PostgreSQL 15.0"));
    simple(&client, "RESET ALL; DISCARD ALL; DEALLOCATE ALL").await;
    assert_eq!(simple(&client, "SHOW application_name").await[0], "");

    simple(&client, "BEGIN").await;
    check_error_once(&client, "SELECT nothing", "42703").await;
    check_error_once(&client, "SELECT 1", "25P02").await;
    simple(&client, "ROLLBACK").await;
    assert_eq!(simple(&client, "SELECT 1").await, ["1", "(1)"]);
    simple(
        &client,
        "BEGIN READ ONLY; SAVEPOINT a; ROLLBACK TO a; COMMIT",
    )
    .await;
}

async fn check_error_once(client: &Client, sql: &str, expected: &str) {
    let error = client.simple_query(sql).await.unwrap_err();
    assert_eq!(code(&error), expected, "{sql}");
}

/// Gives no row for as long as the machine lives.
const ENDLESS: &str = "SELECT count(*) FROM generate_series(1, 100000000000)";

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_request_or_a_timeout_ends_a_statement_and_nothing_else() {
    let postgres = Postgres::new(&[]);
    let client = postgres.client("footfall").await;
    for sql in [ENDLESS, "SELECT * FROM generate_series(1, 100000000000)"] {
        let cancel = client.cancel_token();
        let asked = read_away(&client, sql);
        let cancelled = async {
            // Until the query runs there is nothing to cancel.
            while metric(&postgres, "footfall_query_running") == 0 {
                tokio::task::yield_now().await;
            }
            cancel.cancel_query(NoTls).await.unwrap();
        };
        let (asked, ()) = tokio::join!(asked, cancelled);
        assert_eq!(code(&asked.unwrap_err()), "57014", "{sql}");
        assert_eq!(simple(&client, "SELECT 1").await, ["1", "(1)"]);
        while metric(&postgres, "footfall_query_running") > 0 {
            tokio::task::yield_now().await;
        }
    }
    simple(&client, "SET statement_timeout = '100ms'").await;
    let late = client.query(ENDLESS, &[]).await.unwrap_err();
    assert_eq!(code(&late), "57014");
    simple(&client, "RESET statement_timeout").await;
    assert_eq!(simple(&client, "SELECT 1").await, ["1", "(1)"]);
}

/// Reads rows and keeps none: an endless answer must not fill the memory of the test before it is cancelled.
async fn read_away(client: &Client, sql: &str) -> Result<(), Error> {
    let rows = client.simple_query_raw(sql).await?;
    rows.try_for_each(|_| std::future::ready(Ok(()))).await
}

fn metric(postgres: &Postgres, name: &str) -> u64 {
    let metrics = postgres.world.server.get("/metrics").unwrap().body;
    let value = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value
        .unwrap_or_else(|| panic!("no {name}"))
        .trim()
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_cancels_its_query() {
    let postgres = Postgres::new(&[]);
    let (client, connection) = postgres.config("footfall").connect(NoTls).await.unwrap();
    let connection = TaskTracker::new().spawn(connection);
    let asked = TaskTracker::new().spawn(async move { read_away(&client, ENDLESS).await });
    while metric(&postgres, "footfall_query_running") == 0 {
        tokio::task::yield_now().await;
    }
    connection.abort();
    asked.await.unwrap().unwrap_err();
    while metric(&postgres, "footfall_query_running")
        + metric(&postgres, "footfall_postgres_connections_open")
        > 0
    {
        tokio::task::yield_now().await;
    }
}

/// Largest memory that the process ever had, in MiB.
fn peak_mib(postgres: &Postgres) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", postgres.world.server.pid()));
    let status = status.unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .unwrap()
        / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_passes_through_without_being_held() {
    use futures::StreamExt as _;

    let postgres = Postgres::new(&[]);
    let client = postgres.client("footfall").await;
    let before = peak_mib(&postgres);
    let sql = "SELECT value, repeat('x', 200) AS text FROM generate_series(1, 3000000)";
    let no_parameters: [&str; 0] = [];
    let rows = client.query_raw(sql, no_parameters).await.unwrap();
    let mut rows = std::pin::pin!(rows);
    let (mut count, mut last) = (0_i64, 0);
    while let Some(row) = rows.next().await {
        count += 1;
        last = row.unwrap().get::<_, i64>(0);
    }
    assert_eq!((count, last), (3_000_000, 3_000_000));
    let grown = peak_mib(&postgres) - before;
    assert!(grown < 200, "600 MB of rows took {grown} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_gives_its_rows_a_few_at_a_time() {
    let postgres = Postgres::new(&[]);
    let mut client = postgres.client("footfall").await;
    let transaction = client.transaction().await.unwrap();
    let sql = "SELECT value FROM generate_series(1, 1000000) ORDER BY value";
    let portal = transaction.bind(sql, &[]).await.unwrap();
    let mut next = 1_i64;
    for rows in [10, 100, 1] {
        for row in transaction.query_portal(&portal, rows).await.unwrap() {
            assert_eq!(row.get::<_, i64>(0), next);
            next += 1;
        }
    }
    assert_eq!(next, 112);
    transaction.commit().await.unwrap();
    assert_eq!(simple(&client, "SELECT 1").await, ["1", "(1)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_have_a_bound_and_free_their_place() {
    let postgres = Postgres::new(&[("FOOTFALL_POSTGRES_CONNECTIONS_MAX", "2")]);
    let first = postgres.client("footfall").await;
    let second = postgres.client("footfall").await;
    let third = connect(&postgres.config("footfall")).await.err().unwrap();
    assert_eq!(code(&third), "53300");
    assert_eq!(simple(&second, "SELECT 1").await, ["1", "(1)"]);
    drop(first);
    while metric(&postgres, "footfall_postgres_connections_open") > 1 {
        tokio::task::yield_now().await;
    }
    let third = postgres.client("footfall").await;
    assert_eq!(simple(&third, "SELECT 1").await, ["1", "(1)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_tells_its_clients_and_is_clean() {
    let mut postgres = Postgres::new(&[]);
    let client = postgres.client("footfall").await;
    let asked =
        TaskTracker::new().spawn(async move { client.simple_query(ENDLESS).await.unwrap_err() });
    while metric(&postgres, "footfall_query_running") == 0 {
        tokio::task::yield_now().await;
    }
    let started = std::time::Instant::now();
    assert_eq!(postgres.world.server.stop(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(code(&asked.await.unwrap()), "57P01");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_of_a_dashboard_is_answered_at_once() {
    let postgres = Postgres::with_rows();
    let panels = (0..20).map(|_| async {
        let client = postgres.client("shop").await;
        simple(&client, "SELECT count(*) FROM action").await
    });
    for answered in futures::future::join_all(panels).await {
        assert_eq!(answered, ["3", "(1)"]);
    }
}
