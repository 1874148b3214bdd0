//! What the dictionary's columns are in PostgreSQL.

use schema::{Kind, TableId};

/// A type of PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub(crate) oid: u32,
    /// `typname`.
    pub(crate) name: &'static str,
    /// As the SQL standard writes it.
    pub(crate) sql_name: &'static str,
    /// Bytes; -1 when they vary.
    pub(crate) len: i32,
    pub(crate) category: &'static str,
    /// Of the elements of an array.
    pub(crate) element: u32,
}

const fn of(
    oid: u32,
    name: &'static str,
    sql_name: &'static str,
    len: i32,
    category: &'static str,
) -> Type {
    Type {
        oid,
        name,
        sql_name,
        len,
        category,
        element: 0,
    }
}

pub(crate) const BOOL: Type = of(16, "bool", "boolean", 1, "B");
pub(crate) const INT8: Type = of(20, "int8", "bigint", 8, "N");
pub(crate) const INT4: Type = of(23, "int4", "integer", 4, "N");
pub(crate) const TEXT: Type = of(25, "text", "text", -1, "S");
pub(crate) const FLOAT8: Type = of(701, "float8", "double precision", 8, "N");
pub(crate) const TIMESTAMPTZ: Type = of(1184, "timestamptz", "timestamp with time zone", 8, "D");
pub(crate) const TEXT_LIST: Type = Type {
    element: TEXT.oid,
    ..of(1009, "_text", "text[]", -1, "A")
};

/// Every type that an answer can have.
pub(crate) const TYPES: [Type; 17] = [
    BOOL,
    of(17, "bytea", "bytea", -1, "U"),
    of(19, "name", "name", 64, "S"),
    INT8,
    of(21, "int2", "smallint", 2, "N"),
    INT4,
    TEXT,
    of(26, "oid", "oid", 4, "N"),
    of(114, "json", "json", -1, "U"),
    of(700, "float4", "real", 4, "N"),
    FLOAT8,
    of(1043, "varchar", "character varying", -1, "S"),
    of(1082, "date", "date", 4, "D"),
    of(1114, "timestamp", "timestamp without time zone", 8, "D"),
    TIMESTAMPTZ,
    of(1700, "numeric", "numeric", -1, "N"),
    TEXT_LIST,
];

/// The type of a column.
pub(crate) fn of_kind(kind: Kind) -> Type {
    match kind {
        Kind::Keyword | Kind::Text | Kind::Json | Kind::Attributes => TEXT,
        Kind::Bool => BOOL,
        Kind::Int32 => INT4,
        Kind::Int64 | Kind::Nanos | Kind::Bytes => INT8,
        Kind::Float | Kind::Percent => FLOAT8,
        Kind::Time => TIMESTAMPTZ,
        Kind::KeywordList | Kind::TextList => TEXT_LIST,
    }
}

/// The first id that PostgreSQL gives to tables of users.
const TABLES_FROM: u32 = 16_384;

/// The object id of an event table: the same in every server and release.
pub(crate) fn oid_of(table: TableId) -> u32 {
    TABLES_FROM + table as u32
}

/// The event table of an object id.
pub(crate) fn table_of(oid: i64) -> Option<TableId> {
    TableId::ALL
        .into_iter()
        .find(|table| i64::from(oid_of(*table)) == oid)
}

/// Tables of the catalog that others name by `'pg_class'::regclass`.
pub(crate) const CATALOG_OIDS: [(&str, u32); 5] = [
    ("pg_type", 1247),
    ("pg_attribute", 1249),
    ("pg_class", 1259),
    ("pg_database", 1262),
    ("pg_namespace", 2615),
];

/// The object id of a table by name.
pub(crate) fn oid_of_name(name: &str) -> Option<u32> {
    let catalog = CATALOG_OIDS.iter().find(|(known, _)| *known == name);
    catalog
        .map(|(_, oid)| *oid)
        .or_else(|| TableId::from_name(name).map(oid_of))
}
