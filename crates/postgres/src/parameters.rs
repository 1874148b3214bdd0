//! Parameters as clients bind them, in text or binary, to what the engine takes: JSON with a type.

use arrow::datatypes::DataType;
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, TimeDelta};
use pgwire::error::PgWireResult;
use postgres_types::{FromSql, Type};
use query::ParameterType;
use serde_json::{Number, Value};

use crate::error::{self, error};

/// Binary times count from 2000-01-01.
pub(crate) const EPOCH_US: i64 = 946_684_800_000_000;
const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a date of the calendar");

/// What a type is for the engine; nothing for one that no parameter may have. `unknown` is text whose meaning its place decides.
pub(crate) fn kind(of: &Type) -> PgWireResult<Option<ParameterType>> {
    Ok(Some(match *of {
        Type::UNKNOWN => return Ok(None),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UUID => ParameterType::Text,
        Type::JSON | Type::JSONB => ParameterType::Text,
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => ParameterType::Integer,
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => ParameterType::Number,
        Type::BOOL => ParameterType::Boolean,
        Type::TIMESTAMPTZ | Type::TIMESTAMP => ParameterType::Timestamp,
        Type::DATE => ParameterType::Date,
        _ => {
            let message = format!("parameters of type {of} are not supported");
            return Err(error(error::NOT_SUPPORTED, message));
        }
    }))
}

/// The type of a parameter that planning found out.
pub(crate) fn inferred(data_type: Option<&DataType>) -> Type {
    match data_type {
        Some(DataType::Boolean) => Type::BOOL,
        Some(DataType::Int8 | DataType::Int16 | DataType::UInt8) => Type::INT2,
        Some(DataType::Int32 | DataType::UInt16) => Type::INT4,
        Some(DataType::UInt32) => Type::OID,
        Some(of) if of.is_integer() => Type::INT8,
        Some(of) if of.is_numeric() => Type::FLOAT8,
        Some(DataType::Timestamp(_, Some(_))) => Type::TIMESTAMPTZ,
        Some(DataType::Timestamp(_, None)) => Type::TIMESTAMP,
        Some(DataType::Date32 | DataType::Date64) => Type::DATE,
        _ => Type::TEXT,
    }
}

/// The value of a bound parameter.
pub(crate) fn value(of: &Type, bytes: Option<&Bytes>, is_binary: bool) -> PgWireResult<Value> {
    let Some(bytes) = bytes else {
        return Ok(Value::Null);
    };
    let value = if is_binary {
        binary(of, bytes)
    } else {
        std::str::from_utf8(bytes)
            .map_err(|_| "it is not UTF-8".to_owned())
            .and_then(|text| of_text(of, text))
    };
    let value = value.map_err(|why| {
        error(
            error::INVALID_TEXT,
            format!("invalid {of} parameter: {why}"),
        )
    })?;
    if value.as_str().is_some_and(|text| text.contains('\0')) {
        return Err(error("22021", "a text cannot hold a zero byte"));
    }
    Ok(value)
}

fn of_text(of: &Type, text: &str) -> Result<Value, String> {
    let trimmed = text.trim();
    match *of {
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => trimmed
            .parse::<i64>()
            .map(Value::from)
            .map_err(|error| format!("{trimmed:?}: {error}")),
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => trimmed
            .parse::<f64>()
            .map(float)
            .map_err(|error| format!("{trimmed:?}: {error}")),
        Type::BOOL => match trimmed.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" | "yes" | "y" | "on" => Ok(Value::Bool(true)),
            "f" | "false" | "0" | "no" | "n" | "off" => Ok(Value::Bool(false)),
            _ => Err(format!("{trimmed:?}")),
        },
        _ => Ok(Value::from(text)),
    }
}

fn binary(of: &Type, bytes: &[u8]) -> Result<Value, String> {
    fn read<'a, T: FromSql<'a>>(of: &Type, bytes: &'a [u8]) -> Result<T, String> {
        T::from_sql(of, bytes).map_err(|error| error.to_string())
    }
    match *of {
        Type::BOOL => read::<bool>(of, bytes).map(Value::from),
        Type::INT2 => read::<i16>(of, bytes).map(Value::from),
        Type::INT4 => read::<i32>(of, bytes).map(Value::from),
        Type::INT8 => read::<i64>(of, bytes).map(Value::from),
        Type::OID => read::<u32>(of, bytes).map(Value::from),
        Type::FLOAT4 => read::<f32>(of, bytes).map(|number| float(number.into())),
        Type::FLOAT8 => read::<f64>(of, bytes).map(float),
        Type::TIMESTAMPTZ | Type::TIMESTAMP => {
            let us = read::<i64>(&Type::INT8, bytes)?;
            let time = us
                .checked_add(EPOCH_US)
                .and_then(DateTime::from_timestamp_micros);
            time.map(|time| Value::from(time.to_rfc3339()))
                .ok_or_else(out_of_range)
        }
        Type::DATE => {
            let days = read::<i32>(&Type::INT4, bytes)?;
            let day = EPOCH.checked_add_signed(TimeDelta::days(days.into()));
            day.map(|day| Value::from(day.to_string()))
                .ok_or_else(out_of_range)
        }
        // A version byte, then text.
        Type::JSONB => {
            read::<&str>(&Type::TEXT, bytes.get(1..).unwrap_or_default()).map(Value::from)
        }
        Type::UUID => match <[u8; 16]>::try_from(bytes) {
            Ok(bytes) => Ok(Value::from(uuid_text(bytes))),
            Err(_) => Err("it has not 16 bytes".to_owned()),
        },
        Type::NUMERIC => Err("a numeric has to be sent as text".to_owned()),
        _ => read::<&str>(&Type::TEXT, bytes).map(Value::from),
    }
}

/// Infinity, for one.
fn out_of_range() -> String {
    "it is out of range".to_owned()
}

fn uuid_text(bytes: [u8; 16]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    parts.join("-")
}

/// JSON has no NaN and no infinity; as text they mean the same to the engine.
fn float(number: f64) -> Value {
    Number::from_f64(number).map_or_else(|| Value::from(number.to_string()), Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(of: &Type, bytes: &[u8], is_binary: bool, expected: &Value) {
        let bytes = Bytes::copy_from_slice(bytes);
        assert_eq!(&value(of, Some(&bytes), is_binary).unwrap(), expected);
    }

    #[test]
    fn text_and_binary_are_the_same_value() {
        check(&Type::INT4, b"42", false, &json!(42));
        check(&Type::INT4, &42_i32.to_be_bytes(), true, &json!(42));
        check(&Type::FLOAT8, b"1.5", false, &json!(1.5));
        check(&Type::FLOAT8, &1.5_f64.to_be_bytes(), true, &json!(1.5));
        check(&Type::BOOL, b"t", false, &json!(true));
        check(&Type::BOOL, &[1], true, &json!(true));
        check(&Type::TEXT, "ä".as_bytes(), true, &json!("ä"));
        check(&Type::UNKNOWN, b"5", false, &json!("5"));
        let second = 1_000_000_i64.to_be_bytes();
        check(
            &Type::TIMESTAMPTZ,
            &second,
            true,
            &json!("2000-01-01T00:00:01+00:00"),
        );
        check(
            &Type::DATE,
            &1_i32.to_be_bytes(),
            true,
            &json!("2000-01-02"),
        );
        check(
            &Type::UUID,
            &[0xab; 16],
            true,
            &json!("abababab-abab-abab-abab-abababababab"),
        );
        check(&Type::JSONB, b"\x01{}", true, &json!("{}"));
    }

    #[test]
    fn what_is_no_value_of_its_type_is_refused() {
        let refused = |of: &Type, bytes: &'static [u8], is_binary| {
            assert!(value(of, Some(&Bytes::from_static(bytes)), is_binary).is_err());
        };
        refused(&Type::INT4, b"x", false);
        refused(&Type::INT4, b"abc", true);
        refused(&Type::INT8, b"", true);
        refused(&Type::BOOL, b"maybe", false);
        refused(&Type::TEXT, b"\xff", false);
        refused(&Type::TEXT, b"a\0b", true);
        refused(&Type::UUID, b"short", true);
        refused(&Type::TIMESTAMPTZ, b"1234567", true);
        refused(
            &Type::TIMESTAMPTZ,
            &[0x7f, 255, 255, 255, 255, 255, 255, 255],
            true,
        );
        refused(&Type::DATE, &[0x7f, 255, 255, 255], true);
        refused(&Type::NUMERIC, b"1234", true);
        assert!(kind(&Type::POINT).is_err());
    }
}
