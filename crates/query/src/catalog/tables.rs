//! The tables of the catalog: their columns with what they are in most rows, and the rows as far as they differ from that.

use schema::{Column, TableId};

use super::PostgresClient;
use super::types::{TYPES, Type, of_kind, oid_of};

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Null,
    Oid(u32),
    Int(i32),
    Real(f32),
    Bool(bool),
    Text(&'static str),
    Owned(String),
}
use Cell::{Bool, Int, Null, Oid, Owned, Real, Text};

type Row = Vec<(&'static str, Cell)>;

/// A table of the catalog.
pub(super) struct Table {
    /// As it is registered; tables of `information_schema` with the schema before a dot.
    pub(super) name: &'static str,
    /// With the value of rows that do not name the column, which also decides its type.
    pub(super) columns: &'static [(&'static str, Cell)],
    pub(super) rows: fn(&PostgresClient) -> Vec<Row>,
}

pub(super) const PG_CATALOG: u32 = 11;
const PUBLIC: u32 = 2_200;
const INFORMATION_SCHEMA: u32 = 13_000;
const OWNER: u32 = 10;
const DATABASE: u32 = 5;

/// Tables that PostgreSQL has, and that are empty here: queries of them give no rows, whatever columns they name. Two of them are joined to
/// others so often that they have columns below.
pub(super) const EMPTY: [&str; 44] = [
    "pg_am",
    "pg_attrdef",
    "information_schema.constraint_column_usage",
    "information_schema.key_column_usage",
    "information_schema.parameters",
    "information_schema.referential_constraints",
    "information_schema.routines",
    "information_schema.table_constraints",
    "information_schema.triggers",
    "information_schema.views",
    "pg_aggregate",
    "pg_auth_members",
    "pg_cast",
    "pg_collation",
    "pg_constraint",
    "pg_depend",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_foreign_table",
    "pg_index",
    "pg_indexes",
    "pg_inherits",
    "pg_language",
    "pg_matviews",
    "pg_operator",
    "pg_partitioned_table",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_publication_namespace",
    "pg_publication_rel",
    "pg_range",
    "pg_rewrite",
    "pg_sequence",
    "pg_shdescription",
    "pg_statistic_ext",
    "pg_stat_activity",
    "pg_stat_user_tables",
    "pg_trigger",
    "pg_tablespace",
    "pg_views",
];

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "pg_namespace",
        columns: &[
            ("oid", Oid(0)),
            ("nspname", Text("")),
            ("nspowner", Oid(OWNER)),
            ("nspacl", Null),
        ],
        rows: |_| {
            let names = [
                (PG_CATALOG, "pg_catalog"),
                (PUBLIC, "public"),
                (INFORMATION_SCHEMA, "information_schema"),
            ];
            let row = |(oid, name)| vec![("oid", Oid(oid)), ("nspname", Text(name))];
            names.map(row).into()
        },
    },
    Table {
        name: "pg_class",
        columns: &[
            ("oid", Oid(0)),
            ("relname", Text("")),
            ("relnamespace", Oid(PUBLIC)),
            ("reltype", Oid(0)),
            ("reloftype", Oid(0)),
            ("relowner", Oid(OWNER)),
            ("relam", Oid(0)),
            ("relfilenode", Oid(0)),
            ("reltablespace", Oid(0)),
            ("relpages", Int(0)),
            ("reltuples", Real(-1.0)),
            ("relallvisible", Int(0)),
            ("reltoastrelid", Oid(0)),
            ("relhasindex", Bool(false)),
            ("relisshared", Bool(false)),
            ("relpersistence", Text("p")),
            ("relkind", Text("r")),
            ("relnatts", Int(0)),
            ("relchecks", Int(0)),
            ("relhasrules", Bool(false)),
            ("relhastriggers", Bool(false)),
            ("relhassubclass", Bool(false)),
            ("relrowsecurity", Bool(false)),
            ("relforcerowsecurity", Bool(false)),
            ("relispopulated", Bool(true)),
            ("relreplident", Text("n")),
            ("relispartition", Bool(false)),
            ("relacl", Null),
            ("reloptions", Null),
            ("relpartbound", Null),
        ],
        rows: |_| TableId::ALL.map(class).into(),
    },
    Table {
        name: "pg_attribute",
        columns: &[
            ("attrelid", Oid(0)),
            ("attname", Text("")),
            ("atttypid", Oid(0)),
            ("attstattarget", Int(-1)),
            ("attlen", Int(-1)),
            ("attnum", Int(0)),
            ("attndims", Int(0)),
            ("atttypmod", Int(-1)),
            ("attstorage", Text("p")),
            ("attcompression", Text("")),
            ("attnotnull", Bool(false)),
            ("atthasdef", Bool(false)),
            ("attidentity", Text("")),
            ("attgenerated", Text("")),
            ("attisdropped", Bool(false)),
            ("attislocal", Bool(true)),
            ("attinhcount", Int(0)),
            ("attcollation", Oid(0)),
            ("attacl", Null),
            ("attoptions", Null),
        ],
        rows: |_| of_columns(attribute),
    },
    Table {
        name: "pg_attrdef",
        columns: &[
            ("oid", Oid(0)),
            ("adrelid", Oid(0)),
            ("adnum", Int(0)),
            ("adbin", Null),
        ],
        rows: |_| Vec::new(),
    },
    Table {
        name: "pg_type",
        columns: &[
            ("oid", Oid(0)),
            ("typname", Text("")),
            ("typnamespace", Oid(PG_CATALOG)),
            ("typowner", Oid(OWNER)),
            ("typlen", Int(-1)),
            ("typbyval", Bool(false)),
            ("typtype", Text("b")),
            ("typcategory", Text("U")),
            ("typispreferred", Bool(false)),
            ("typisdefined", Bool(true)),
            ("typdelim", Text(",")),
            ("typrelid", Oid(0)),
            ("typelem", Oid(0)),
            ("typarray", Oid(0)),
            ("typbasetype", Oid(0)),
            ("typtypmod", Int(-1)),
            ("typnotnull", Bool(false)),
            ("typndims", Int(0)),
            ("typcollation", Oid(0)),
            ("typdefault", Null),
        ],
        rows: |_| TYPES.map(a_type).into(),
    },
    Table {
        name: "pg_description",
        columns: &[
            ("objoid", Oid(0)),
            ("classoid", Oid(1_259)),
            ("objsubid", Int(0)),
            ("description", Text("")),
        ],
        rows: descriptions,
    },
    Table {
        name: "pg_am",
        columns: &[("oid", Oid(0)), ("amname", Text("")), ("amtype", Text("t"))],
        rows: |_| Vec::new(),
    },
    Table {
        name: "pg_database",
        columns: &[
            ("oid", Oid(DATABASE)),
            ("datname", Text("")),
            ("datdba", Oid(OWNER)),
            ("encoding", Int(6)),
            ("datlocprovider", Text("c")),
            ("datistemplate", Bool(false)),
            ("datallowconn", Bool(true)),
            ("datconnlimit", Int(-1)),
            ("dattablespace", Oid(0)),
            ("datcollate", Text("C")),
            ("datctype", Text("C.UTF-8")),
            ("daticulocale", Null),
            ("datcollversion", Null),
            ("datacl", Null),
        ],
        rows: |client| vec![vec![("datname", Owned(client.database.clone()))]],
    },
    Table {
        name: "pg_roles",
        columns: &[
            ("oid", Oid(OWNER)),
            ("rolname", Text("")),
            ("rolsuper", Bool(false)),
            ("rolinherit", Bool(true)),
            ("rolcreaterole", Bool(false)),
            ("rolcreatedb", Bool(false)),
            ("rolcanlogin", Bool(true)),
            ("rolreplication", Bool(false)),
            ("rolconnlimit", Int(-1)),
            ("rolvaliduntil", Null),
            ("rolbypassrls", Bool(false)),
        ],
        rows: |client| vec![vec![("rolname", Owned(client.user.clone()))]],
    },
    Table {
        name: "pg_settings",
        columns: &[
            ("name", Text("")),
            ("setting", Text("")),
            ("unit", Null),
            ("category", Text("")),
            ("short_desc", Text("")),
            ("context", Text("user")),
            ("vartype", Text("string")),
            ("source", Text("default")),
        ],
        rows: |client| {
            let row = |(name, value): &(String, String)| {
                vec![
                    ("name", Owned(name.clone())),
                    ("setting", Owned(value.clone())),
                ]
            };
            client.settings.iter().map(row).collect()
        },
    },
    Table {
        name: "pg_tables",
        columns: &[
            ("schemaname", Text("public")),
            ("tablename", Text("")),
            ("tableowner", Text("footfall")),
            ("tablespace", Null),
            ("hasindexes", Bool(false)),
            ("hasrules", Bool(false)),
            ("hastriggers", Bool(false)),
            ("rowsecurity", Bool(false)),
        ],
        rows: |_| {
            TableId::ALL
                .map(|id| vec![("tablename", Text(id.name()))])
                .into()
        },
    },
    Table {
        name: "information_schema.schemata",
        columns: &[
            ("catalog_name", Text("")),
            ("schema_name", Text("")),
            ("schema_owner", Text("footfall")),
        ],
        rows: |client| {
            let names = ["pg_catalog", "public", "information_schema"];
            let row = |name| {
                vec![
                    ("catalog_name", Owned(client.database.clone())),
                    ("schema_name", Text(name)),
                ]
            };
            names.map(row).into()
        },
    },
    Table {
        name: "information_schema.tables",
        columns: &[
            ("table_catalog", Text("")),
            ("table_schema", Text("public")),
            ("table_name", Text("")),
            ("table_type", Text("BASE TABLE")),
            ("is_insertable_into", Text("NO")),
            ("is_typed", Text("NO")),
        ],
        rows: |client| {
            let row = |id: TableId| {
                vec![
                    ("table_catalog", Owned(client.database.clone())),
                    ("table_name", Text(id.name())),
                ]
            };
            TableId::ALL.map(row).into()
        },
    },
    Table {
        name: "information_schema.columns",
        columns: &[
            ("table_catalog", Text("")),
            ("table_schema", Text("public")),
            ("table_name", Text("")),
            ("column_name", Text("")),
            ("ordinal_position", Int(0)),
            ("column_default", Null),
            ("is_nullable", Text("YES")),
            ("data_type", Text("")),
            ("character_maximum_length", Int(0)),
            ("numeric_precision", Int(0)),
            ("numeric_scale", Int(0)),
            ("datetime_precision", Int(0)),
            ("udt_catalog", Text("")),
            ("udt_schema", Text("pg_catalog")),
            ("udt_name", Text("")),
            ("is_identity", Text("NO")),
            ("is_generated", Text("NEVER")),
            ("is_updatable", Text("NO")),
        ],
        rows: |client| {
            let mut rows = of_columns(information);
            for row in &mut rows {
                row.push(("table_catalog", Owned(client.database.clone())));
                row.push(("udt_catalog", Owned(client.database.clone())));
            }
            rows
        },
    },
];

fn class(id: TableId) -> Row {
    let columns = visible(id).count();
    vec![
        ("oid", Oid(oid_of(id))),
        ("relname", Text(id.name())),
        ("relnatts", Int(i32::try_from(columns).unwrap_or(i32::MAX))),
    ]
}

fn visible(id: TableId) -> impl Iterator<Item = &'static Column> {
    let columns = id.table().columns().iter();
    columns.filter(|column| !column.hidden)
}

/// One row a visible column; its number counts from 1.
fn of_columns(row: fn(TableId, i32, &'static Column) -> Row) -> Vec<Row> {
    let of_table = |id: TableId| {
        (1..)
            .zip(visible(id))
            .map(move |(n, column)| row(id, n, column))
    };
    TableId::ALL.into_iter().flat_map(of_table).collect()
}

fn attribute(id: TableId, number: i32, column: &'static Column) -> Row {
    let kind = of_kind(column.kind);
    vec![
        ("attrelid", Oid(oid_of(id))),
        ("attname", Text(column.name)),
        ("atttypid", Oid(kind.oid)),
        ("attlen", Int(kind.len)),
        ("attnum", Int(number)),
        ("attndims", Int(i32::from(kind.element != 0))),
    ]
}

fn a_type(kind: Type) -> Row {
    let list = TYPES.iter().find(|other| other.element == kind.oid);
    vec![
        ("oid", Oid(kind.oid)),
        ("typname", Text(kind.name)),
        ("typlen", Int(kind.len)),
        ("typbyval", Bool((1..=8).contains(&kind.len))),
        ("typcategory", Text(kind.category)),
        ("typelem", Oid(kind.element)),
        ("typarray", Oid(list.map_or(0, |list| list.oid))),
    ]
}

fn descriptions(_: &PostgresClient) -> Vec<Row> {
    let of_table = |id: TableId| {
        vec![
            ("objoid", Oid(oid_of(id))),
            ("description", Owned(one_line(id.table().doc))),
        ]
    };
    let of_column = |id: TableId, number: i32, column: &'static Column| {
        vec![
            ("objoid", Oid(oid_of(id))),
            ("objsubid", Int(number)),
            ("description", Owned(one_line(column.doc))),
        ]
    };
    let mut rows: Vec<Row> = TableId::ALL.map(of_table).into();
    rows.extend(of_columns(of_column));
    rows
}

/// A text of the dictionary without its line breaks.
pub(super) fn one_line(doc: &str) -> String {
    let words: Vec<&str> = doc.split_whitespace().collect();
    words.join(" ")
}

/// The text of the dictionary on a table, or on its column of that number.
pub(super) fn description(id: TableId, number: i64) -> Option<String> {
    if number == 0 {
        return Some(one_line(id.table().doc));
    }
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    visible(id).nth(index).map(|column| one_line(column.doc))
}

fn information(id: TableId, number: i32, column: &'static Column) -> Row {
    let kind = of_kind(column.kind);
    let precision = match kind.name {
        "int4" => Int(32),
        "int8" => Int(64),
        "float8" => Int(53),
        _ => Null,
    };
    let of_times = if kind.name == "timestamptz" {
        Int(6)
    } else {
        Null
    };
    let data_type = if kind.element == 0 {
        kind.sql_name
    } else {
        "ARRAY"
    };
    vec![
        ("table_name", Text(id.name())),
        ("column_name", Text(column.name)),
        ("ordinal_position", Int(number)),
        ("data_type", Text(data_type)),
        ("character_maximum_length", Null),
        ("numeric_precision", precision),
        ("numeric_scale", Null),
        ("datetime_precision", of_times),
        ("udt_name", Text(kind.name)),
    ]
}
