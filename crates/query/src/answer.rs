//! What is answered: columns with their types and units, rows as Arrow batches, and what it took.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};

/// The rows of a statement.
#[derive(Clone, Debug)]
pub struct Answer {
    pub columns: Vec<Column>,
    /// The batches' schema, also when there are none.
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    /// There were more rows than the limits let through.
    pub truncated: bool,
    pub stats: Stats,
}

impl Answer {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// One column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub column_type: ColumnType,
    /// The unit its values are formatted by, where the statement keeps one: `ns`, `B`, `%`, `px` and so on.
    pub unit: Option<&'static str>,
}

/// What clients can tell apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ColumnType {
    String,
    Integer,
    Number,
    Boolean,
    Timestamp,
    List,
    Map,
}

impl ColumnType {
    /// The name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
            Self::List => "list",
            Self::Map => "map",
        }
    }

    /// The type of a column's values.
    #[must_use]
    pub fn of_column(column: &schema::Column) -> Self {
        if column.kind == schema::Kind::Attributes {
            return Self::Map;
        }
        Self::of(&schema::arrow::data_type(column.kind))
    }

    /// The type of values of an Arrow type. Durations are integers in nanoseconds; times of day and intervals are text.
    pub(crate) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean,
            DataType::Dictionary(_, values) => Self::of(values),
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Self::Timestamp,
            DataType::Duration(_) => Self::Integer,
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::ListView(_)
            | DataType::LargeListView(_) => Self::List,
            DataType::Struct(_) | DataType::Map(..) => Self::Map,
            numeric if numeric.is_integer() => Self::Integer,
            numeric if numeric.is_numeric() => Self::Number,
            _ => Self::String,
        }
    }
}

/// What a query took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub elapsed_ms: u64,
    /// Rows read from segments and hot tables, before filters.
    pub rows_scanned: u64,
    /// Bytes read from segments; hot rows are in memory and not counted.
    pub bytes_scanned: u64,
}
