//! One value of an answer, whatever Arrow type it came in.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::DateTime;

use crate::ColumnType;

/// A value as clients see it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Integer(i128),
    Number(f64),
    Boolean(bool),
    List(Vec<Value<'a>>),
    Map(Vec<(String, Value<'a>)>),
    /// A map that is JSON already: an attribute set.
    Json(&'a str),
}

/// A column ready to be read by row: of few types, the rest having been cast to them.
pub(super) struct Values {
    array: ArrayRef,
    kind: Kind,
}

enum Kind {
    Null,
    Text,
    Json,
    Integer,
    Unsigned,
    Duration,
    Number,
    Boolean,
    Time,
    List(Box<Values>),
    Map(Vec<(String, Values)>),
    /// Read through Arrow's own text form.
    Other,
}

/// The columns of a batch.
pub(super) fn columns(batch: &RecordBatch, columns: &[crate::Column]) -> Vec<Values> {
    let typed = batch.columns().iter().zip(columns);
    typed
        .map(|(array, column)| Values::new(array, column.column_type == ColumnType::Map))
        .collect()
}

impl Values {
    fn new(array: &ArrayRef, is_map: bool) -> Self {
        let to = |data_type: DataType, kind: Kind| match cast(array, &data_type) {
            Ok(array) => Self { array, kind },
            Err(_) => Self {
                array: ArrayRef::clone(array),
                kind: Kind::Other,
            },
        };
        match array.data_type() {
            DataType::Null => Self {
                array: ArrayRef::clone(array),
                kind: Kind::Null,
            },
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => to(
                DataType::Utf8View,
                if is_map { Kind::Json } else { Kind::Text },
            ),
            DataType::Dictionary(_, values) => match cast(array, values) {
                Ok(array) => Self::new(&array, is_map),
                Err(_) => Self {
                    array: ArrayRef::clone(array),
                    kind: Kind::Other,
                },
            },
            DataType::Boolean => to(DataType::Boolean, Kind::Boolean),
            DataType::UInt64 => to(DataType::UInt64, Kind::Unsigned),
            numeric if numeric.is_integer() => to(DataType::Int64, Kind::Integer),
            numeric if numeric.is_numeric() => to(DataType::Float64, Kind::Number),
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
                to(DataType::Timestamp(TimeUnit::Microsecond, None), Kind::Time)
            }
            DataType::Duration(unit) => {
                let factor = unit_ns(*unit);
                let kind = Kind::Duration;
                to(DataType::Int64, kind).scaled(factor)
            }
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::FixedSizeList(field, _)
            | DataType::ListView(field)
            | DataType::LargeListView(field) => {
                let list = DataType::LargeList(std::sync::Arc::clone(field));
                let Ok(array) = cast(array, &list) else {
                    return Self {
                        array: ArrayRef::clone(array),
                        kind: Kind::Other,
                    };
                };
                let items = Self::new(array.as_list::<i64>().values(), false);
                Self {
                    array,
                    kind: Kind::List(Box::new(items)),
                }
            }
            DataType::Struct(fields) => {
                let structs = array.as_struct();
                let field =
                    |(field, column): (&std::sync::Arc<arrow::datatypes::Field>, &ArrayRef)| {
                        (field.name().clone(), Self::new(column, false))
                    };
                let fields = fields.iter().zip(structs.columns()).map(field).collect();
                Self {
                    array: ArrayRef::clone(array),
                    kind: Kind::Map(fields),
                }
            }
            _ => Self {
                array: ArrayRef::clone(array),
                kind: Kind::Other,
            },
        }
    }

    fn scaled(self, factor: i64) -> Self {
        match self.kind {
            Kind::Duration if factor != 1 => {
                let scaled = self
                    .array
                    .as_primitive::<Int64Type>()
                    .unary::<_, Int64Type>(|value| value.saturating_mul(factor));
                Self {
                    array: std::sync::Arc::new(scaled),
                    kind: Kind::Duration,
                }
            }
            _ => self,
        }
    }

    /// The value of a row.
    pub(super) fn at(&self, row: usize) -> Value<'_> {
        if self.array.is_null(row) {
            return Value::Null;
        }
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Text => Value::Text(self.array.as_string_view().value(row).into()),
            Kind::Json => json(self.array.as_string_view().value(row)),
            Kind::Integer | Kind::Duration => {
                Value::Integer(self.array.as_primitive::<Int64Type>().value(row).into())
            }
            Kind::Unsigned => {
                Value::Integer(self.array.as_primitive::<UInt64Type>().value(row).into())
            }
            Kind::Number => number(self.array.as_primitive::<Float64Type>().value(row)),
            Kind::Boolean => Value::Boolean(self.array.as_boolean().value(row)),
            Kind::Time => Value::Text(
                rfc3339(
                    self.array
                        .as_primitive::<TimestampMicrosecondType>()
                        .value(row),
                )
                .into(),
            ),
            Kind::List(items) => {
                let offsets = self.array.as_list::<i64>().value_offsets();
                let range = offsets[row]..offsets[row + 1];
                Value::List(
                    range
                        .map(|item| {
                            items.at(usize::try_from(item).expect("offsets are not negative"))
                        })
                        .collect(),
                )
            }
            Kind::Map(fields) => Value::Map(
                fields
                    .iter()
                    .map(|(name, values)| (name.clone(), values.at(row)))
                    .collect(),
            ),
            Kind::Other => other(&self.array, row),
        }
    }
}

fn json(text: &str) -> Value<'_> {
    // Not valid JSON only if something else than an attribute set stands in such a column; it is shown as it is.
    match serde_json::from_str::<&serde_json::value::RawValue>(text) {
        Ok(_) => Value::Json(text),
        Err(_) => Value::Text(text.into()),
    }
}

fn number(value: f64) -> Value<'static> {
    if value.is_finite() {
        Value::Number(value)
    } else {
        Value::Null
    }
}

fn other(array: &ArrayRef, row: usize) -> Value<'static> {
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(array, &options)
        .and_then(|formatter| formatter.value(row).try_to_string());
    text.map_or(Value::Null, |text| Value::Text(text.into()))
}

/// Microseconds since 1970 as RFC 3339 UTC. Years that a calendar of four digits cannot hold keep a sign.
pub(super) fn rfc3339(us: i64) -> String {
    match DateTime::from_timestamp_micros(us) {
        Some(time) => time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        None => us.to_string(),
    }
}

const fn unit_ns(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}
