//! What clients of the PostgreSQL protocol ask besides events: the catalog, and the words of PostgreSQL that DataFusion does not know.
//!
//! Only requests with a [`PostgresClient`] see any of this; for all others these names do not exist. The catalog is small and made for
//! each query from the dictionary: the event tables as tables of the schema `public`, read by psql, Grafana and JDBC from `pg_catalog`
//! and `information_schema`. It holds the whole dictionary whatever the scope: columns are no secret, rows are.
//!
//! Reading order: `tables` (which there are and their rows), `idioms` (the statement is rewritten before its names are resolved),
//! `functions` (what cannot be rewritten into a literal), `types` (what a column is in PostgreSQL).

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Int32Array, RecordBatch, StringArray, UInt32Array,
};
use datafusion::catalog::MemTable;
use datafusion::common::Result;

pub(crate) mod functions;
pub(crate) mod idioms;
mod tables;
pub(crate) mod types;

use tables::{Cell, EMPTY, TABLES, Table};

/// What an always empty table is.
const NOTHING: Table = Table {
    name: "",
    columns: &[("oid", Cell::Oid(0))],
    rows: |_| Vec::new(),
};

/// Who asks over the PostgreSQL protocol, as their own statements can see it.
#[derive(Clone, Debug)]
pub struct PostgresClient {
    pub database: String,
    pub user: String,
    /// What `version()` says.
    pub version: String,
    /// Answers of `current_setting`, by name in lower case.
    pub settings: Vec<(String, String)>,
}

impl PostgresClient {
    fn setting(&self, name: &str) -> Option<&str> {
        let found = self
            .settings
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The name by which a statement's tables of the catalog are registered, if it is one.
pub(crate) fn registered_name(name: &str) -> Option<&'static str> {
    let known = TABLES.iter().map(|table| table.name);
    let mut known = known.chain(EMPTY);
    known.find(|known| *known == name)
}

/// The rows of a table of the catalog.
pub(crate) fn provider(name: &str, client: &PostgresClient) -> Result<Option<Arc<MemTable>>> {
    let batch = match TABLES.iter().find(|table| table.name == name) {
        Some(table) => batch(table, client)?,
        // For `count(*)`; whatever names its columns was made a query without rows before.
        None if EMPTY.contains(&name) => batch(&NOTHING, client)?,
        None => return Ok(None),
    };
    MemTable::try_new(batch.schema(), vec![vec![batch]]).map(|table| Some(Arc::new(table)))
}

fn batch(table: &Table, client: &PostgresClient) -> Result<RecordBatch> {
    let rows = (table.rows)(client);
    let column = |(name, default): &(&'static str, Cell)| {
        let cells = rows.iter().map(|row| {
            let given = row.iter().find(|(column, _)| column == name);
            given.map_or_else(|| default.clone(), |(_, cell)| cell.clone())
        });
        (*name, array(default, cells), true)
    };
    let columns = table.columns.iter().map(column);
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

/// A column of the type of its default. A cell of another type is NULL: tables are declared in one place, and a test reads them all.
fn array(default: &Cell, cells: impl Iterator<Item = Cell>) -> ArrayRef {
    macro_rules! of {
        ($array:ty, $($variant:ident)|+) => {
            Arc::new(cells.map(|cell| match cell {
                $(Cell::$variant(value) => Some(value.into()),)+
                _ => None,
            }).collect::<$array>())
        };
    }
    match default {
        // Object ids are the only unsigned 32-bit numbers that an answer has.
        Cell::Oid(_) => of!(UInt32Array, Oid),
        Cell::Int(_) => of!(Int32Array, Int),
        Cell::Real(_) => of!(Float32Array, Real),
        Cell::Bool(_) => of!(BooleanArray, Bool),
        Cell::Text(_) | Cell::Owned(_) | Cell::Null => {
            let texts = cells.map(|cell| match cell {
                Cell::Text(text) => Some(text.to_owned()),
                Cell::Owned(text) => Some(text),
                _ => None,
            });
            Arc::new(texts.collect::<StringArray>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> PostgresClient {
        PostgresClient {
            database: "footfall".to_owned(),
            user: "grafana".to_owned(),
            version: "PostgreSQL 15.0".to_owned(),
            settings: Vec::new(),
        }
    }

    #[test]
    fn rows_name_only_declared_columns_with_values_of_their_type() {
        for table in TABLES {
            for (column, cell) in (table.rows)(&client()).into_iter().flatten() {
                let declared = table.columns.iter().find(|(name, _)| *name == column);
                let (_, default) = declared.unwrap_or_else(|| panic!("{}.{column}", table.name));
                let kept = array(default, std::iter::once(cell.clone()));
                let is_null = matches!(cell, Cell::Null);
                assert_eq!(
                    kept.null_count(),
                    usize::from(is_null),
                    "{}.{column}: {cell:?}",
                    table.name
                );
            }
        }
    }

    #[test]
    fn every_visible_column_of_the_dictionary_is_an_attribute() {
        let attributes = TABLES.iter().find(|table| table.name == "pg_attribute");
        let rows = (attributes.unwrap().rows)(&client()).len();
        let visible = |table: &schema::Table| {
            let columns = table.columns().iter();
            columns.filter(|column| !column.hidden).count()
        };
        let declared: usize = schema::TableId::ALL
            .into_iter()
            .map(|id| visible(id.table()))
            .sum();
        assert_eq!(rows, declared);
    }
}
