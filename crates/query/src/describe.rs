//! `SHOW TABLES`, `SHOW COLUMNS` and `DESCRIBE`: the dictionary as rows. They are answered from the declaration, not from an
//! information schema, which would also tell how the engine is set up.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use schema::{Table, TableId};

use crate::answer::{Answer, Column, ColumnType, Stats};

/// One row a table.
pub(crate) fn tables() -> Answer {
    let rows = TableId::ALL.map(|id| {
        [
            Some(id.name().to_owned()),
            Some(first_paragraph(id.table().doc)),
        ]
    });
    answer(["table_name", "description"], &rows)
}

/// One row a visible column, in the order of `SELECT *`.
pub(crate) fn columns(table: &Table) -> Answer {
    let visible = table.columns().iter().filter(|column| !column.hidden);
    let row = |column: &schema::Column| {
        [
            Some(column.name.to_owned()),
            Some(column.kind.name().to_owned()),
            column.unit().map(str::to_owned),
            Some(first_paragraph(column.doc)),
        ]
    };
    let rows: Vec<_> = visible.map(row).collect();
    answer(["column_name", "data_type", "unit", "description"], &rows)
}

fn first_paragraph(doc: &str) -> String {
    doc.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn answer<const N: usize>(names: [&str; N], rows: &[[Option<String>; N]]) -> Answer {
    let column = |index: usize| -> ArrayRef {
        Arc::new(
            rows.iter()
                .map(|row| row[index].as_deref())
                .collect::<StringArray>(),
        )
    };
    let arrays = (0..N).map(|index| (names[index], column(index), true));
    let batch =
        RecordBatch::try_from_iter_with_nullable(arrays).expect("all columns have one value a row");
    let named = |name: &str| Column {
        name: name.to_owned(),
        column_type: ColumnType::String,
        unit: None,
    };
    Answer {
        columns: names.map(named).to_vec(),
        schema: batch.schema(),
        batches: vec![batch],
        truncated: false,
        stats: Stats::default(),
    }
}
