//! What clients ask of a PostgreSQL server before they ask for rows: the statements of psql 15, of Grafana's data source and of JDBC, word
//! for word, against the real server; and what Grafana's macros expand to.

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::postgres::Postgres;
use crate::world::action;

/// Rows as texts.
async fn rows(client: &Client, sql: &str) -> Vec<Vec<String>> {
    let messages = client.simple_query(sql).await;
    let messages = messages.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            let value = |column| row.get(column).unwrap_or("NULL").to_owned();
            Some((0..row.len()).map(value).collect())
        }
        _ => None,
    });
    rows.collect()
}

const LIST: &str = r#"SELECT n.nspname as "Schema",
  c.relname as "Name",
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type",
  pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind IN ('r','p','v','m','S','f','')
      AND n.nspname <> 'pg_catalog'
      AND n.nspname !~ '^pg_toast'
      AND n.nspname <> 'information_schema'
  AND pg_catalog.pg_table_is_visible(c.oid)
ORDER BY 1,2;"#;

const FIND: &str = "SELECT c.oid,
  n.nspname,
  c.relname
FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname OPERATOR(pg_catalog.~) '^(view)$' COLLATE pg_catalog.default
  AND pg_catalog.pg_table_is_visible(c.oid)
ORDER BY 2, 3;";

const COLUMNS: &str = "SELECT a.attname,
  pg_catalog.format_type(a.atttypid, a.atttypmod),
  (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true)
   FROM pg_catalog.pg_attrdef d
   WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef),
  a.attnotnull,
  (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t
   WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation,
  a.attidentity,
  a.attgenerated
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = 'OID' AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;";

/// The rest of `\d view`: there is nothing of what these ask for.
const OF_A_TABLE: [&str; 5] = [
    "SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, false AS relhasoids, c.relispartition, pg_catalog.array_to_string(c.reloptions || array(select 'toast.' || x from pg_catalog.unnest(tc.reloptions) x), ', ')
, c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence, c.relreplident, am.amname
FROM pg_catalog.pg_class c
 LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid)
LEFT JOIN pg_catalog.pg_am am ON (c.relam = am.oid)
WHERE c.oid = 'OID';",
    "SELECT pol.polname, pol.polpermissive,
  CASE WHEN pol.polroles = '{0}' THEN NULL ELSE pg_catalog.array_to_string(array(select rolname from pg_catalog.pg_roles where oid = any (pol.polroles) order by 1),',') END,
  pg_catalog.pg_get_expr(pol.polqual, pol.polrelid),
  pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid),
  CASE pol.polcmd
    WHEN 'r' THEN 'SELECT'
    WHEN 'a' THEN 'INSERT'
    WHEN 'w' THEN 'UPDATE'
    WHEN 'd' THEN 'DELETE'
    END AS cmd
FROM pg_catalog.pg_policy pol
WHERE pol.polrelid = 'OID' ORDER BY 1;",
    "SELECT oid, stxrelid::pg_catalog.regclass, stxnamespace::pg_catalog.regnamespace::pg_catalog.text AS nsp, stxname,
pg_catalog.pg_get_statisticsobjdef_columns(oid) AS columns,
  'd' = any(stxkind) AS ndist_enabled,
  'f' = any(stxkind) AS deps_enabled,
  'm' = any(stxkind) AS mcv_enabled,
stxstattarget
FROM pg_catalog.pg_statistic_ext
WHERE stxrelid = 'OID'
ORDER BY nsp, stxname;",
    "SELECT pubname
     , NULL
     , NULL
FROM pg_catalog.pg_publication p
     JOIN pg_catalog.pg_publication_namespace pn ON p.oid = pn.pnpubid
     JOIN pg_catalog.pg_class pc ON pc.relnamespace = pn.pnnspid
WHERE pc.oid ='OID' and pg_catalog.pg_relation_is_publishable('OID')
UNION
SELECT pubname
     , pg_get_expr(pr.prqual, c.oid)
     , (CASE WHEN pr.prattrs IS NOT NULL THEN
         (SELECT string_agg(attname, ', ')
           FROM pg_catalog.generate_series(0, pg_catalog.array_upper(pr.prattrs::pg_catalog.int2[], 1)) s,
                pg_catalog.pg_attribute
          WHERE attrelid = pr.prrelid AND attnum = prattrs[s])
        ELSE NULL END) FROM pg_catalog.pg_publication p
     JOIN pg_catalog.pg_publication_rel pr ON p.oid = pr.prpubid
     JOIN pg_catalog.pg_class c ON c.oid = pr.prrelid
WHERE pr.prrelid = 'OID'
UNION
SELECT pubname
     , NULL
     , NULL
FROM pg_catalog.pg_publication p
WHERE p.puballtables AND pg_catalog.pg_relation_is_publishable('OID')
ORDER BY 1;",
    "SELECT c.oid::pg_catalog.regclass
FROM pg_catalog.pg_class c, pg_catalog.pg_inherits i
WHERE c.oid = i.inhparent AND i.inhrelid = 'OID'
  AND c.relkind != 'p' AND c.relkind != 'I'
ORDER BY inhseqno;",
];

#[tokio::test(flavor = "multi_thread")]
async fn psql_lists_and_describes_the_tables() {
    let postgres = Postgres::new(&[]);
    let client = postgres.client("footfall").await;
    let tables = rows(&client, LIST).await;
    assert_eq!(tables.len(), 11);
    assert!(
        tables.contains(
            &["public", "view", "table", "footfall"]
                .map(str::to_owned)
                .to_vec()
        )
    );
    let found = rows(&client, FIND).await;
    assert_eq!(found.len(), 1);
    let oid = &found[0][0];
    let columns = rows(&client, &COLUMNS.replace("OID", oid)).await;
    let has = |name: &str, of: &str| {
        columns
            .iter()
            .any(|column| column[0] == name && column[1] == of)
    };
    assert!(has("time", "timestamp with time zone") && has("largest_contentful_paint", "bigint"));
    assert!(has("view_name", "text") && has("view_is_active", "boolean"));
    let mut given = Vec::new();
    for sql in OF_A_TABLE {
        given.push(rows(&client, &sql.replace("OID", oid)).await.len());
    }
    assert_eq!(given, [1, 0, 0, 0, 0]);
    let databases = rows(&client, "SELECT d.datname, pg_catalog.pg_encoding_to_char(d.encoding), pg_catalog.array_to_string(d.datacl, E'\\n') FROM pg_catalog.pg_database d ORDER BY 1").await;
    assert_eq!(databases[0][..2], ["footfall", "UTF8"]);
    let schemas = rows(&client, "SELECT n.nspname AS \"Name\" FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1").await;
    assert_eq!(schemas, [["public"]]);
}

const IN_SEARCH_PATH: &str = "quote_ident(table_schema) IN (
  SELECT
    CASE WHEN trim(s[i]) = '\"$user\"' THEN user ELSE trim(s[i]) END
  FROM
    generate_series(
      array_lower(string_to_array(current_setting('search_path'),','),1),
      array_upper(string_to_array(current_setting('search_path'),','),1)
    ) as i,
    string_to_array(current_setting('search_path'),',') s
)";

#[tokio::test(flavor = "multi_thread")]
async fn grafana_finds_tables_and_columns() {
    let postgres = Postgres::new(&[]);
    let client = postgres.client("footfall").await;
    let tables = format!(
        "SELECT CASE WHEN {IN_SEARCH_PATH}
      THEN quote_ident(table_name)
      ELSE quote_ident(table_schema) || '.' || quote_ident(table_name)
    END AS \"table\"
    FROM information_schema.tables
    WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_cache')
    ORDER BY CASE WHEN {IN_SEARCH_PATH} THEN 0 ELSE 1 END, 1"
    );
    let tables = rows(&client, &tables).await;
    assert_eq!(tables.len(), 11);
    assert!(tables.contains(&vec!["view".to_owned()]));
    for condition in [
        format!("{IN_SEARCH_PATH} AND table_name = 'view'"),
        "table_schema = 'public' AND table_name = 'view'".to_owned(),
    ] {
        let columns = format!(
            "SELECT quote_ident(column_name) AS \"column\", data_type AS \"type\" FROM information_schema.columns WHERE {condition};"
        );
        let columns = rows(&client, &columns).await;
        assert!(
            columns.contains(
                &["time", "timestamp with time zone"]
                    .map(str::to_owned)
                    .to_vec()
            ),
            "{columns:?}"
        );
    }
    let version = rows(
        &client,
        "SELECT current_setting('server_version_num')::int/100 as version",
    )
    .await;
    assert_eq!(version, [["1500"]]);
    let timescale = "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'";
    assert!(rows(&client, timescale).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_grafanas_macros_expand_to_groups_events() {
    let postgres = Postgres::new(&[]);
    let events: Vec<_> = (0..10)
        .map(|id| action("s1", "v1", &id.to_string()))
        .collect();
    assert_eq!(postgres.world.send(&events).status, 202);
    postgres.world.wait_for("SELECT count(*) FROM action", 10);
    let client = postgres.client("shop").await;
    let sum = async |sql: &str| -> i64 {
        let rows = rows(&client, sql).await;
        rows.iter()
            .map(|row| row.last().unwrap().parse::<i64>().unwrap())
            .sum()
    };
    let now = chrono::Utc::now();
    let [from, to] =
        [-1, 1].map(|hours| (now + chrono::TimeDelta::hours(hours)).format("%Y-%m-%dT%H:%M:%SZ"));
    let filter = format!("time BETWEEN '{from}' AND '{to}'");
    let seconds = now.timestamp() - 3_600;
    for sql in [
        // $__timeGroupAlias(time,$__interval), $__timeFilter(time)
        format!(
            "SELECT floor(extract(epoch from time)/60)*60 AS \"time\", count(*) AS value FROM action WHERE {filter} GROUP BY 1 ORDER BY 1"
        ),
        format!(
            "SELECT date_trunc('minute', time) AS time, count(*) FROM public.action WHERE {filter} GROUP BY 1 ORDER BY 1"
        ),
        format!(
            "SELECT time AS \"time\", action_type AS metric, 1 AS value FROM \"public\".\"action\" WHERE {filter} ORDER BY time"
        ),
        format!(
            "SELECT extract(epoch from time) as \"time\", 1 FROM action WHERE extract(epoch from time) >= {seconds}"
        ),
        format!(
            "SELECT count(*) FROM action WHERE time >= to_timestamp({seconds}) AND time < now() + interval '1 hour'"
        ),
        format!(
            "SELECT count(\"public\".\"action\".\"action_id\") FROM \"public\".\"action\" WHERE \"public\".\"action\".\"time\" > timestamp with time zone '{from}'"
        ),
    ] {
        assert_eq!(sum(&sql).await, 10, "{sql}");
    }
    let names = client.prepare("SELECT count(*), max(time), time::date, extract(epoch from now()) FROM action GROUP BY 3").await.unwrap();
    let names: Vec<_> = names
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    assert_eq!(names, ["count", "max", "time", "extract"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn jdbc_and_sqlalchemy_find_tables_and_columns() {
    let postgres = Postgres::new(&[]);
    let client = postgres.client("footfall").await;
    let tables = "SELECT current_database() AS \"TABLE_CAT\", n.nspname AS \"TABLE_SCHEM\", c.relname AS \"TABLE_NAME\",
  CASE c.relkind WHEN 'r' THEN 'TABLE' ELSE NULL END AS \"TABLE_TYPE\", d.description AS \"REMARKS\"
  FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 and d.classoid = 'pg_class'::regclass)
  WHERE c.relnamespace = n.oid AND n.nspname LIKE 'public' ORDER BY 4, 2, 3";
    let tables = rows(&client, tables).await;
    assert_eq!(tables.len(), 11);
    assert!(
        tables
            .iter()
            .all(|table| table[0] == "footfall" && table[4] != "NULL")
    );
    let columns = "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), pg_catalog.col_description(a.attrelid, a.attnum)
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'view'::regclass AND a.attnum > 0 ORDER BY a.attnum";
    let columns = rows(&client, columns).await;
    assert!(columns.iter().all(|column| column[2] != "NULL"));
    let types = "SELECT t.typname, t.oid FROM pg_type t JOIN pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = 1184";
    assert_eq!(rows(&client, types).await, [["timestamptz", "1184"]]);
    let named = "SELECT tables.table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'view'";
    assert_eq!(rows(&client, named).await, [["view"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_has_no_catalog() {
    let postgres = Postgres::new(&[]);
    for sql in [
        "SELECT * FROM pg_class",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT current_database()",
        "SELECT format_type(20)",
    ] {
        let body = serde_json::json!({ "sql": sql });
        let answer = postgres.world.server.api("/api/v1/query", &body).unwrap();
        assert_eq!(answer.status, 400, "{sql}: {}", answer.body);
    }
}
