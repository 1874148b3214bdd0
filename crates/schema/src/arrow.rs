//! Rows ↔ Arrow. One schema a table: stored columns in declaration order, all nullable but the identity columns.
//!
//! Strings of every kind are `Utf8View` in memory (what DataFusion reads Parquet strings as) and plain strings on disk;
//! times are `Timestamp(µs, "UTC")`; lists are `List<Utf8View>`; attribute sets and JSON are text.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, Float64Builder, Int32Builder,
    Int64Builder, ListArray, ListBuilder, PrimitiveArray, RecordBatch, StringViewArray,
    StringViewBuilder, TimestampMicrosecondBuilder, new_empty_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::{cast, concat};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field, Float64Type, Int32Type, Int64Type, Schema, SchemaRef,
    TimeUnit, TimestampMicrosecondType,
};
use compact_str::CompactString;

use crate::{Attributes, ColumnId, Kind, Row, Table, TableId, Value};

/// The Arrow type of a kind.
#[must_use]
pub fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Keyword | Kind::Text | Kind::Json | Kind::Attributes => DataType::Utf8View,
        Kind::Bool => DataType::Boolean,
        Kind::Int32 => DataType::Int32,
        Kind::Int64 | Kind::Nanos | Kind::Bytes => DataType::Int64,
        Kind::Float | Kind::Percent => DataType::Float64,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::KeywordList | Kind::TextList => DataType::List(list_item()),
    }
}

fn list_item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Utf8View, true))
}

static STORED: LazyLock<Vec<SchemaRef>> = LazyLock::new(|| {
    let schema = |id: TableId| {
        let fields: Vec<Field> = stored(id.table())
            .map(|(_, column)| Field::new(column.name, data_type(column.kind), true))
            .collect();
        Arc::new(Schema::new(fields))
    };
    TableId::ALL.into_iter().map(schema).collect()
});

/// The schema of a table's segments and hot batches: hidden columns too, computed ones not.
#[must_use]
pub fn stored_schema(table: TableId) -> SchemaRef {
    Arc::clone(&STORED[table as usize - 1])
}

fn stored(table: &Table) -> impl Iterator<Item = (ColumnId, &crate::Column)> {
    table.ids().filter(|(_, column)| !column.computed)
}

/// Builds one batch of [`stored_schema`] from rows. Values whose type does not fit their column become NULL: decoding
/// has already made them fit, so this is only met by a damaged row.
#[must_use]
pub fn batch_of<'a>(table: TableId, rows: impl ExactSizeIterator<Item = &'a Row>) -> RecordBatch {
    let declared = table.table();
    let count = rows.len();
    let mut builders: Vec<Option<Builder<'_>>> = declared
        .columns()
        .iter()
        .map(|column| (!column.computed).then(|| Builder::new(column.kind, count)))
        .collect();
    for (index, row) in rows.enumerate() {
        for (column, value) in row.values() {
            if let Some(builder) = builders[column.index()].as_mut() {
                builder.push(index, value);
            }
        }
    }
    let schema = stored_schema(table);
    let nulls = Nulls::new(count);
    let arrays = builders
        .into_iter()
        .flatten()
        .zip(schema.fields())
        .map(|(builder, field)| {
            let filled = builder.finish();
            filled.unwrap_or_else(|| nulls.array(field.data_type()))
        })
        .collect();
    RecordBatch::try_new(schema, arrays).expect("each builder has the type and length of its field")
}

/// One batch of [`stored_schema`] of several that may lack columns, or have them in an older type. Values that cannot be converted
/// become NULL.
#[must_use]
pub fn joined(table: TableId, batches: &[RecordBatch]) -> RecordBatch {
    let schema = stored_schema(table);
    let count = batches.iter().map(RecordBatch::num_rows).sum();
    let nulls = Nulls::new(count);
    let column = |field: &Arc<Field>| {
        let of = |batch: &RecordBatch| {
            let array = batch.column_by_name(field.name())?;
            match array.data_type() == field.data_type() {
                true => Some(Arc::clone(array)),
                false => cast(array, field.data_type()).ok(),
            }
        };
        let found: Vec<Option<ArrayRef>> = batches.iter().map(of).collect();
        let mut present = found.iter().flatten();
        if present.all(|array| array.null_count() == array.len()) {
            return nulls.array(field.data_type());
        }
        let whole: Vec<ArrayRef> = found
            .into_iter()
            .zip(batches)
            .map(|(array, batch)| {
                array.unwrap_or_else(|| nulls.slice(field.data_type(), batch.num_rows()))
            })
            .collect();
        let whole: Vec<&dyn Array> = whole.iter().map(AsRef::as_ref).collect();
        concat(&whole).expect("arrays of one type, together within the limits of one batch")
    };
    let arrays = schema.fields().iter().map(column).collect();
    RecordBatch::try_new(schema, arrays).expect("each array has the type and length of its field")
}

/// A batch that may lack columns, or have them in an older type, in [`stored_schema`]. Values that cannot be converted become NULL.
#[must_use]
pub fn aligned(table: TableId, batch: &RecordBatch) -> RecordBatch {
    let schema = stored_schema(table);
    if batch.schema_ref() == &schema {
        return batch.clone();
    }
    let nulls = Nulls::new(batch.num_rows());
    let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
        Some(array) if array.data_type() == field.data_type() => Arc::clone(array),
        Some(array) => {
            cast(array, field.data_type()).unwrap_or_else(|_| nulls.array(field.data_type()))
        }
        None => nulls.array(field.data_type()),
    };
    let arrays = schema.fields().iter().map(column).collect();
    RecordBatch::try_new(schema, arrays).expect("each array has the type and length of its field")
}

/// Columns of NULLs that share their buffers: of a table's 150 to 300 columns most are NULL in all rows of a batch, and as
/// arrays of their own they took more memory than all values.
struct Nulls {
    count: usize,
    zeros: Buffer,
    validity: NullBuffer,
}

impl Nulls {
    fn new(count: usize) -> Self {
        Self {
            count,
            // 16 bytes a row is the widest, a view of text; offsets of lists are one more than the rows.
            zeros: Buffer::from_vec(vec![0_u128; count + 1]),
            validity: NullBuffer::new_null(count),
        }
    }

    fn array(&self, kind: &DataType) -> ArrayRef {
        self.slice(kind, self.count)
    }

    /// `count` NULLs, at most as many as all.
    fn slice(&self, kind: &DataType, count: usize) -> ArrayRef {
        let validity = self.validity.slice(0, count);
        match kind {
            DataType::Utf8View => {
                let views = ScalarBuffer::new(self.zeros.clone(), 0, count);
                Arc::new(StringViewArray::new(views, vec![], Some(validity)))
            }
            DataType::Boolean => {
                let values = BooleanBuffer::new(self.zeros.clone(), 0, count);
                Arc::new(BooleanArray::new(values, Some(validity)))
            }
            DataType::Int32 => Arc::new(self.primitive::<Int32Type>(validity)),
            DataType::Int64 => Arc::new(self.primitive::<Int64Type>(validity)),
            DataType::Float64 => Arc::new(self.primitive::<Float64Type>(validity)),
            DataType::Timestamp(..) => Arc::new(
                self.primitive::<TimestampMicrosecondType>(validity)
                    .with_timezone("UTC"),
            ),
            DataType::List(item) => {
                let offsets =
                    OffsetBuffer::new(ScalarBuffer::new(self.zeros.clone(), 0, count + 1));
                let values = new_empty_array(item.data_type());
                let list = ListArray::new(Arc::clone(item), offsets, values, Some(validity));
                Arc::new(list)
            }
            other => unreachable!("no kind maps to {other}"),
        }
    }

    fn primitive<T: ArrowPrimitiveType>(&self, validity: NullBuffer) -> PrimitiveArray<T> {
        let values = ScalarBuffer::new(self.zeros.clone(), 0, validity.len());
        PrimitiveArray::new(values, Some(validity))
    }
}

/// A column under construction that catches up with NULLs only when a value comes: most values are NULL.
struct Builder<'a> {
    kind: Kind,
    /// Rows of the whole column.
    count: usize,
    len: usize,
    /// Made for the first value: most columns have none.
    values: Option<Values>,
    /// A text and how many rows in a row have it, not yet among the values. Neighbours mostly share session, page and browser, which
    /// are kept once then.
    run: (&'a str, usize),
}

enum Values {
    Text(StringViewBuilder),
    Bool(BooleanBuilder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float(Float64Builder),
    Time(TimestampMicrosecondBuilder),
    List(ListBuilder<StringViewBuilder>),
}

impl<'a> Builder<'a> {
    fn new(kind: Kind, count: usize) -> Self {
        Self {
            kind,
            count,
            len: 0,
            values: None,
            run: ("", 0),
        }
    }

    fn push(&mut self, index: usize, value: &'a Value) {
        if let (Value::Str(text), (same, rows @ 1..)) = (value, &mut self.run)
            && self.len == index
            && *same == text.as_str()
        {
            *rows += 1;
            self.len += 1;
            return;
        }
        self.pad(index);
        self.len = index + 1;
        let values = self
            .values
            .get_or_insert_with(|| Values::new(self.kind, self.count));
        match (values, value) {
            (Values::Text(_), Value::Str(text)) => self.run = (text, 1),
            (Values::Text(builder), Value::Attributes(set)) => {
                builder.append_value(attributes_json(set))
            }
            (Values::Bool(builder), Value::Bool(flag)) => builder.append_value(*flag),
            (Values::Int32(builder), Value::Int(number)) => {
                builder.append_option(i32::try_from(*number).ok())
            }
            (Values::Int64(builder), Value::Int(number)) => builder.append_value(*number),
            (Values::Float(builder), Value::Float(number)) => builder.append_value(*number),
            (Values::Time(builder), Value::Int(number)) => builder.append_value(*number),
            (Values::List(builder), Value::List(items)) => {
                items
                    .iter()
                    .for_each(|item| builder.values().append_value(item));
                builder.append(true);
            }
            (values, _) => values.append_nulls(1),
        }
    }

    /// Writes the run, then NULLs up to a row.
    fn pad(&mut self, to: usize) {
        let nulls = to - self.len;
        self.len = to;
        let (text, rows) = std::mem::take(&mut self.run);
        if rows == 0 && nulls == 0 {
            return;
        }
        let values = self
            .values
            .get_or_insert_with(|| Values::new(self.kind, self.count));
        if let Values::Text(builder) = values {
            builder
                .try_append_value_n(text, rows)
                .expect("a text is bounded far below 4 GiB");
        }
        values.append_nulls(nulls);
    }

    fn finish(mut self) -> Option<ArrayRef> {
        if self.len == 0 {
            return None;
        }
        self.pad(self.count);
        Some(match self.values? {
            Values::Text(mut builder) => Arc::new(builder.finish()),
            Values::Bool(mut builder) => Arc::new(builder.finish()),
            Values::Int32(mut builder) => Arc::new(builder.finish()),
            Values::Int64(mut builder) => Arc::new(builder.finish()),
            Values::Float(mut builder) => Arc::new(builder.finish()),
            Values::Time(mut builder) => Arc::new(builder.finish()),
            Values::List(mut builder) => Arc::new(builder.finish()),
        })
    }
}

impl Values {
    fn new(kind: Kind, count: usize) -> Self {
        match data_type(kind) {
            DataType::Utf8View => Self::Text(StringViewBuilder::with_capacity(count)),
            DataType::Boolean => Self::Bool(BooleanBuilder::with_capacity(count)),
            DataType::Int32 => Self::Int32(Int32Builder::with_capacity(count)),
            DataType::Int64 => Self::Int64(Int64Builder::with_capacity(count)),
            DataType::Float64 => Self::Float(Float64Builder::with_capacity(count)),
            DataType::Timestamp(..) => {
                Self::Time(TimestampMicrosecondBuilder::with_capacity(count).with_timezone("UTC"))
            }
            DataType::List(_) => {
                let items = StringViewBuilder::new();
                Self::List(ListBuilder::with_capacity(items, count).with_field(list_item()))
            }
            other => unreachable!("no kind maps to {other}"),
        }
    }

    fn append_nulls(&mut self, count: usize) {
        match self {
            Self::Text(builder) => (0..count).for_each(|_| builder.append_null()),
            Self::Bool(builder) => builder.append_nulls(count),
            Self::Int32(builder) => builder.append_nulls(count),
            Self::Int64(builder) => builder.append_nulls(count),
            Self::Float(builder) => builder.append_nulls(count),
            Self::Time(builder) => builder.append_nulls(count),
            Self::List(builder) => (0..count).for_each(|_| builder.append(false)),
        }
    }
}

/// The JSON object of a set: keys sorted, values as sent, tombstones left out.
#[must_use]
pub fn attributes_json(set: &Attributes) -> String {
    let mut json = String::from("{");
    for (key, value) in set.iter().filter(|(_, value)| *value != "null") {
        if json.len() > 1 {
            json.push(',');
        }
        let is_plain = |byte: u8| byte >= b' ' && !matches!(byte, b'"' | b'\\');
        if key.bytes().all(is_plain) {
            json.push('"');
            json.push_str(key);
            json.push('"');
        } else {
            json.push_str(
                &serde_json::to_string(key.as_str()).expect("a string always has a JSON form"),
            );
        }
        json.push(':');
        json.push_str(value);
    }
    json.push('}');
    json
}

/// Reads the JSON object that [`attributes_json`] wrote; anything else is an empty set.
#[must_use]
pub fn attributes_from_json(json: &str) -> Attributes {
    let parsed: Result<std::collections::BTreeMap<String, Box<serde_json::value::RawValue>>, _> =
        serde_json::from_str(json);
    let entries = parsed.unwrap_or_default();
    entries
        .into_iter()
        .map(|(key, value)| (CompactString::from(key), CompactString::from(value.get())))
        .collect()
}

/// Reads rows `indexes` of a batch back; columns are found by name, so batches of older schemas read too.
#[must_use]
pub fn rows_of(
    table: TableId,
    batch: &RecordBatch,
    indexes: impl Iterator<Item = usize>,
) -> Vec<Row> {
    let declared = table.table();
    let columns: Vec<(ColumnId, Kind, &ArrayRef)> = stored(declared)
        .filter_map(|(id, column)| Some((id, column.kind, batch.column_by_name(column.name)?)))
        .collect();
    let row_at = |index: usize| {
        let values = columns
            .iter()
            .filter_map(|(id, kind, array)| Some((*id, value_at(*kind, array, index)?)));
        values.collect()
    };
    indexes.map(row_at).collect()
}

fn value_at(kind: Kind, array: &ArrayRef, index: usize) -> Option<Value> {
    if array.is_null(index) {
        return None;
    }
    let value = match kind {
        Kind::Keyword | Kind::Text | Kind::Json => Value::Str(text_at(array, index)?.into()),
        Kind::Attributes => Value::Attributes(attributes_from_json(text_at(array, index)?)),
        Kind::Bool => Value::Bool(array.as_boolean_opt()?.value(index)),
        Kind::Int32 => Value::Int(array.as_primitive_opt::<Int32Type>()?.value(index).into()),
        Kind::Int64 | Kind::Nanos | Kind::Bytes => {
            Value::Int(array.as_primitive_opt::<Int64Type>()?.value(index))
        }
        Kind::Float | Kind::Percent => {
            Value::Float(array.as_primitive_opt::<Float64Type>()?.value(index))
        }
        Kind::Time => Value::Int(
            array
                .as_primitive_opt::<TimestampMicrosecondType>()?
                .value(index),
        ),
        Kind::KeywordList | Kind::TextList => {
            let items = array.as_list_opt::<i32>()?.value(index);
            let texts = (0..items.len())
                .filter(|item| !items.is_null(*item))
                .filter_map(|item| text_at(&items, item));
            Value::List(texts.map(CompactString::from).collect())
        }
    };
    Some(value)
}

fn text_at(array: &ArrayRef, index: usize) -> Option<&str> {
    match array.data_type() {
        DataType::Utf8View => Some(array.as_string_view().value(index)),
        DataType::Utf8 => Some(array.as_string::<i32>().value(index)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{action, common, view};

    #[test]
    fn rows_survive_the_way_through_arrow() {
        let mut full = Row::new();
        full.set(common::app_id, "shop");
        full.set(common::time, 1_700_000_000_000_000_i64);
        full.set(common::time_adjusted, true);
        full.set(common::viewport_width, 1280_i64);
        full.set(common::sample_rate, 12.5);
        full.set(
            action::action_frustration_types,
            Value::List(vec!["rage_click".into(), "dead_click".into()]),
        );
        full.attributes_mut(common::attributes)
            .insert("context.\"q\"".into(), "[1,2.50]".into());
        let rows = [Row::new(), full, Row::new()];
        let batch = batch_of(TableId::Action, rows.iter());
        assert_eq!(rows_of(TableId::Action, &batch, 0..3), rows);
    }

    #[test]
    fn tombstones_are_not_shown() {
        let mut set = Attributes::new();
        set.insert("a".into(), "null".into());
        set.insert("b".into(), "1".into());
        assert_eq!(attributes_json(&set), r#"{"b":1}"#);
    }

    #[test]
    fn hidden_columns_are_stored_and_computed_ones_are_not() {
        assert!(
            stored_schema(TableId::View)
                .field_with_name(TableId::View.table().column(view::_merge).name)
                .is_ok()
        );
        assert!(
            stored_schema(TableId::Session)
                .field_with_name("session_is_active")
                .is_err()
        );
    }
}
