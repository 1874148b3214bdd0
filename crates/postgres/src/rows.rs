//! Rows of the engine as rows of the protocol: which type a column is, and its values in text and binary.
//!
//! Each column is first brought to one of few Arrow types ([`Target`]), then written value by value: four bytes of length, −1 for NULL, and
//! the value (PostgreSQL documentation, "Message Formats", DataRow). A prepared statement was described before its parameters were
//! known; its values are brought to what was described.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float32Array,
    Float64Array, GenericByteArray, Int16Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringViewArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, GenericBinaryType, SchemaRef, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::{BufMut, BytesMut};
use chrono::{DateTime, NaiveDate, TimeDelta};
use pgwire::api::results::{FieldFormat, FieldInfo};
use pgwire::error::PgWireResult;
use pgwire::messages::data::DataRow;
use postgres_types::Type;

use crate::error::{self, error};
use crate::parameters::EPOCH_US;

mod numeric;

/// More columns than this no statement of PostgreSQL has.
const COLUMNS_MAX: usize = 1_664;
/// Days from 1970 to 2000, from which binary dates count.
const EPOCH_DAYS: i32 = 10_957;

/// What a column is written as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) of: Type,
    data_type: DataType,
}

/// What the columns of a schema are written as.
pub(crate) fn targets(schema: &SchemaRef) -> PgWireResult<Vec<Target>> {
    let columns = schema.fields().len();
    if columns > COLUMNS_MAX {
        let message = format!("a statement can have at most {COLUMNS_MAX} columns, not {columns}");
        return Err(error(error::TOO_MANY_COLUMNS, message));
    }
    let target = |field: &Arc<Field>| {
        let (of, data_type) = target_of(field.data_type());
        Target {
            name: field.name().replace('\0', " "),
            of,
            data_type,
        }
    };
    Ok(schema.fields().iter().map(target).collect())
}

fn target_of(from: &DataType) -> (Type, DataType) {
    match from {
        DataType::Boolean => (Type::BOOL, DataType::Boolean),
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => (Type::INT2, DataType::Int16),
        DataType::Int32 | DataType::UInt16 => (Type::INT4, DataType::Int32),
        // Only the catalog has these.
        DataType::UInt32 => (Type::OID, DataType::UInt32),
        DataType::Int64 | DataType::UInt64 | DataType::Duration(_) => (Type::INT8, DataType::Int64),
        DataType::Float16 | DataType::Float32 => (Type::FLOAT4, DataType::Float32),
        DataType::Float64 => (Type::FLOAT8, DataType::Float64),
        DataType::Decimal128(..) => (Type::NUMERIC, from.clone()),
        DataType::Date32 | DataType::Date64 => (Type::DATE, DataType::Date32),
        DataType::Timestamp(_, zone) => {
            let of = match zone {
                Some(_) => Type::TIMESTAMPTZ,
                None => Type::TIMESTAMP,
            };
            (of, DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            (Type::BYTEA, DataType::Binary)
        }
        DataType::Dictionary(_, values) => target_of(values),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => list_of(item.data_type()),
        _ => (Type::TEXT, DataType::Utf8View),
    }
}

fn list_of(item: &DataType) -> (Type, DataType) {
    let (of, item) = match target_of(item) {
        (Type::BOOL, item) => (Type::BOOL_ARRAY, item),
        (Type::INT2 | Type::INT4 | Type::INT8, _) => (Type::INT8_ARRAY, DataType::Int64),
        (Type::FLOAT4 | Type::FLOAT8, _) => (Type::FLOAT8_ARRAY, DataType::Float64),
        _ => (Type::TEXT_ARRAY, DataType::Utf8View),
    };
    (
        of,
        DataType::List(Arc::new(Field::new_list_field(item, true))),
    )
}

/// The formats of the columns of an answer, as they were asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Formats(pub(crate) Vec<i16>);

impl Formats {
    /// One for all, one for each, or none: text.
    pub(crate) fn of(&self, column: usize) -> FieldFormat {
        let code = match self.0.as_slice() {
            [all] => Some(all),
            each => each.get(column),
        };
        FieldFormat::from(code.copied().unwrap_or_default())
    }
}

/// The description of an answer's columns.
pub(crate) fn fields(targets: &[Target], formats: &Formats) -> Vec<FieldInfo> {
    let field = |(index, target): (usize, &Target)| {
        let (name, of) = (target.name.clone(), target.of.clone());
        let len = fixed_len(&target.of).unwrap_or(-1);
        FieldInfo::new(name, None, None, of, formats.of(index)).with_type_size(len)
    };
    targets.iter().enumerate().map(field).collect()
}

fn fixed_len(of: &Type) -> Option<i16> {
    match *of {
        Type::BOOL => Some(1),
        Type::INT2 => Some(2),
        Type::INT4 | Type::OID | Type::FLOAT4 | Type::DATE => Some(4),
        Type::INT8 | Type::FLOAT8 | Type::TIMESTAMP | Type::TIMESTAMPTZ => Some(8),
        _ => None,
    }
}

/// The rows of a batch, to be written one after the other.
pub(crate) struct Rows {
    columns: Vec<(Values, FieldFormat)>,
    len: usize,
    next: usize,
}

impl Rows {
    /// # Errors
    /// When a value does not fit what was described.
    pub(crate) fn new(
        batch: &RecordBatch,
        targets: &[Target],
        formats: &Formats,
    ) -> PgWireResult<Self> {
        if batch.num_columns() != targets.len() {
            let message = "cached plan must not change result type";
            return Err(error(error::NOT_SUPPORTED, message));
        }
        let columns = batch.columns().iter().zip(targets).enumerate();
        let column = |(index, (array, target)): (usize, (&ArrayRef, &Target))| {
            let array = converted(array, &target.data_type)?;
            Ok((Values::of(&array, &target.of), formats.of(index)))
        };
        Ok(Self {
            columns: columns.map(column).collect::<PgWireResult<_>>()?,
            len: batch.num_rows(),
            next: 0,
        })
    }

    pub(crate) fn next_row(&mut self) -> Option<DataRow> {
        if self.next == self.len {
            return None;
        }
        let mut data = BytesMut::with_capacity(self.columns.len() * 16);
        for (values, format) in &self.columns {
            values.write(self.next, *format, &mut data);
        }
        self.next += 1;
        let columns = i16::try_from(self.columns.len()).unwrap_or(i16::MAX);
        Some(DataRow::new(data, columns))
    }
}

fn converted(array: &ArrayRef, to: &DataType) -> PgWireResult<ArrayRef> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let cast = |array: &dyn Array, to: &DataType| cast_with_options(array, to, &options);
    let result = match array.data_type() {
        DataType::Duration(_) => cast(array, &DataType::Duration(TimeUnit::Nanosecond))
            .and_then(|nanos| cast(&nanos, to)),
        // Lists of texts in lists, structures, intervals: as text.
        _ if *to == DataType::Utf8View
            && !arrow::compute::can_cast_types(array.data_type(), to) =>
        {
            displayed(array)
        }
        _ => cast(array, to),
    };
    result.map_err(|failed| error("22003", failed.to_string()))
}

fn displayed(array: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
    let text = |row| {
        array
            .is_valid(row)
            .then(|| formatter.value(row).to_string())
    };
    let texts: StringViewArray = (0..array.len()).map(text).collect();
    Ok(Arc::new(texts))
}

/// The values of a column.
enum Values {
    Bool(BooleanArray),
    Int2(Int16Array),
    Int4(Int32Array),
    Int8(Int64Array),
    Oid(UInt32Array),
    Float4(Float32Array),
    Float8(Float64Array),
    Numeric(Decimal128Array),
    Text(StringViewArray),
    Date(Date32Array),
    Time {
        values: TimestampMicrosecondArray,
        has_zone: bool,
    },
    Bytes(GenericByteArray<GenericBinaryType<i32>>),
    List {
        lists: ListArray,
        items: Box<Values>,
        item_oid: u32,
    },
    /// Of a type that [`target_of`] does not give.
    Nothing,
}

impl Values {
    fn of(array: &ArrayRef, of: &Type) -> Self {
        use arrow::datatypes as types;

        match array.data_type() {
            DataType::Boolean => Self::Bool(array.as_boolean().clone()),
            DataType::Int16 => Self::Int2(array.as_primitive().clone()),
            DataType::Int32 => Self::Int4(array.as_primitive().clone()),
            DataType::Int64 => Self::Int8(array.as_primitive().clone()),
            DataType::UInt32 => Self::Oid(array.as_primitive().clone()),
            DataType::Float32 => Self::Float4(array.as_primitive().clone()),
            DataType::Float64 => Self::Float8(array.as_primitive().clone()),
            DataType::Decimal128(..) => Self::Numeric(array.as_primitive().clone()),
            DataType::Utf8View => Self::Text(array.as_string_view().clone()),
            DataType::Date32 => Self::Date(array.as_primitive().clone()),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => Self::Time {
                values: array
                    .as_primitive::<types::TimestampMicrosecondType>()
                    .clone(),
                has_zone: zone.is_some(),
            },
            DataType::Binary => Self::Bytes(array.as_binary().clone()),
            DataType::List(_) => {
                let lists = array.as_list::<i32>().clone();
                let item = match *of {
                    Type::BOOL_ARRAY => Type::BOOL,
                    Type::INT8_ARRAY => Type::INT8,
                    Type::FLOAT8_ARRAY => Type::FLOAT8,
                    _ => Type::TEXT,
                };
                Self::List {
                    items: Box::new(Self::of(lists.values(), &item)),
                    lists,
                    item_oid: item.oid(),
                }
            }
            _ => Self::Nothing,
        }
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Bool(values) => values.is_null(row),
            Self::Int2(values) => values.is_null(row),
            Self::Int4(values) => values.is_null(row),
            Self::Int8(values) => values.is_null(row),
            Self::Oid(values) => values.is_null(row),
            Self::Float4(values) => values.is_null(row),
            Self::Float8(values) => values.is_null(row),
            Self::Numeric(values) => values.is_null(row),
            Self::Text(values) => values.is_null(row),
            Self::Date(values) => values.is_null(row),
            Self::Time { values, .. } => values.is_null(row),
            Self::Bytes(values) => values.is_null(row),
            Self::List { lists, .. } => lists.is_null(row),
            Self::Nothing => true,
        }
    }

    fn write(&self, row: usize, format: FieldFormat, out: &mut BytesMut) {
        if self.is_null(row) {
            return out.put_i32(-1);
        }
        let start = out.len();
        out.put_i32(0);
        match format {
            FieldFormat::Text => self.write_text(row, out),
            FieldFormat::Binary => self.write_binary(row, out),
        }
        let len = i32::try_from(out.len() - start - 4).unwrap_or(i32::MAX);
        out[start..start + 4].copy_from_slice(&len.to_be_bytes());
    }

    fn write_text(&self, row: usize, out: &mut BytesMut) {
        match self {
            Self::Bool(values) => out.put_u8(if values.value(row) { b't' } else { b'f' }),
            Self::Int2(values) => put(out, values.value(row)),
            Self::Int4(values) => put(out, values.value(row)),
            Self::Int8(values) => put(out, values.value(row)),
            Self::Oid(values) => put(out, values.value(row)),
            Self::Float4(values) => put(out, float(values.value(row).into(), values.value(row))),
            Self::Float8(values) => put(out, float(values.value(row), values.value(row))),
            Self::Numeric(values) => put(out, values.value_as_string(row)),
            Self::Text(values) => out.put_slice(values.value(row).as_bytes()),
            Self::Date(values) => put(out, date(values.value(row))),
            Self::Time { values, has_zone } => put(out, time(values.value(row), *has_zone)),
            Self::Bytes(values) => {
                out.put_slice(b"\\x");
                for byte in values.value(row) {
                    put(out, format_args!("{byte:02x}"));
                }
            }
            Self::List { lists, items, .. } => list_text(items, range(lists, row), out),
            Self::Nothing => {}
        }
    }

    fn write_binary(&self, row: usize, out: &mut BytesMut) {
        match self {
            Self::Bool(values) => out.put_u8(values.value(row).into()),
            Self::Int2(values) => out.put_i16(values.value(row)),
            Self::Int4(values) => out.put_i32(values.value(row)),
            Self::Int8(values) => out.put_i64(values.value(row)),
            Self::Oid(values) => out.put_u32(values.value(row)),
            Self::Float4(values) => out.put_f32(values.value(row)),
            Self::Float8(values) => out.put_f64(values.value(row)),
            Self::Numeric(values) => numeric::write(&values.value_as_string(row), out),
            Self::Text(values) => out.put_slice(values.value(row).as_bytes()),
            Self::Date(values) => out.put_i32(values.value(row).saturating_sub(EPOCH_DAYS)),
            Self::Time { values, .. } => out.put_i64(values.value(row).saturating_sub(EPOCH_US)),
            Self::Bytes(values) => out.put_slice(values.value(row)),
            Self::List {
                lists,
                items,
                item_oid,
            } => {
                let rows = range(lists, row);
                // Dimensions, whether there are NULLs, the type; then of each dimension its length and first index.
                out.put_i32(i32::from(!rows.is_empty()));
                out.put_i32(rows.clone().any(|item| items.is_null(item)).into());
                out.put_u32(*item_oid);
                if !rows.is_empty() {
                    out.put_i32(i32::try_from(rows.len()).unwrap_or(i32::MAX));
                    out.put_i32(1);
                }
                for item in rows {
                    items.write(item, FieldFormat::Binary, out);
                }
            }
            Self::Nothing => {}
        }
    }
}

fn range(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    let at = |index: usize| usize::try_from(lists.value_offsets()[index]).unwrap_or(0);
    at(row)..at(row + 1)
}

/// `{a,"b c",NULL}`
fn list_text(items: &Values, rows: std::ops::Range<usize>, out: &mut BytesMut) {
    out.put_u8(b'{');
    for (index, row) in rows.enumerate() {
        if index > 0 {
            out.put_u8(b',');
        }
        match items {
            _ if items.is_null(row) => out.put_slice(b"NULL"),
            Values::Text(texts) => {
                let text = texts.value(row);
                let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
                put(out, format_args!("\"{escaped}\""));
            }
            other => other.write_text(row, out),
        }
    }
    out.put_u8(b'}');
}

fn put(out: &mut BytesMut, value: impl std::fmt::Display) {
    use std::fmt::Write;

    // Writing to memory does not fail.
    let _ = write!(out, "{value}");
}

/// The shortest text that is this number again; `shown` is it in its own precision.
fn float(number: f64, shown: impl std::fmt::Display) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned()
    } else {
        shown.to_string()
    }
}

fn date(days: i32) -> String {
    let day = NaiveDate::default().checked_add_signed(TimeDelta::days(days.into()));
    day.map_or_else(|| "infinity".to_owned(), |day| day.to_string())
}

/// ISO, in UTC: `2026-11-21 09:00:00.5+00`.
fn time(us: i64, has_zone: bool) -> String {
    let Some(time) = DateTime::from_timestamp_micros(us) else {
        return if us > 0 { "infinity" } else { "-infinity" }.to_owned();
    };
    let mut text = time.format("%Y-%m-%d %H:%M:%S").to_string();
    let fraction = us.rem_euclid(1_000_000);
    if fraction > 0 {
        text.push('.');
        text.push_str(format!("{fraction:06}").trim_end_matches('0'));
    }
    if has_zone {
        text.push_str("+00");
    }
    text
}

#[cfg(test)]
mod tests;
