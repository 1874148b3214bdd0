//! Functions of PostgreSQL that read their arguments row by row. Those that say the same in every row are literals already
//! (`idioms`).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};

use super::tables::description;
use super::types::{CATALOG_OIDS, TYPES, table_of};

/// The functions, to be registered for clients of the PostgreSQL protocol.
pub(crate) fn functions() -> Vec<ScalarUDF> {
    use DataType::{Int64, Utf8};

    let of_oid = |name, value: fn(i64) -> Option<String>| {
        let by_row = move |args: &[ArrayRef]| texts(args, |args, row| value(number(args, 0, row)?));
        udf(name, vec![Int64], by_row)
    };
    let of_text = |name, value: fn(&str) -> String| {
        let by_row = move |args: &[ArrayRef]| {
            texts(args, |args, row| {
                let column = args.first()?.as_string_opt::<i32>()?;
                (!column.is_null(row)).then(|| value(column.value(row)))
            })
        };
        udf(name, vec![Utf8], by_row)
    };
    let described = |args: &[ArrayRef]| {
        texts(args, |args, row| {
            description(table_of(number(args, 0, row)?)?, number(args, 1, row)?)
        })
    };
    vec![
        of_oid("format_type", type_name),
        of_oid("regclass_name", relation_name),
        of_oid("obj_description", |oid| description(table_of(oid)?, 0)),
        udf("col_description", vec![Int64, Int64], described),
        of_text("quote_ident", quoted_identifier),
        of_text("quote_literal", |text| {
            format!("'{}'", text.replace('\'', "''"))
        }),
    ]
}

fn udf(
    name: &str,
    takes: Vec<DataType>,
    by_row: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> ScalarUDF {
    let call = move |args: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(args)?;
        by_row(&arrays).map(ColumnarValue::Array)
    };
    create_udf(
        name,
        takes,
        DataType::Utf8,
        Volatility::Immutable,
        Arc::new(call),
    )
}

fn texts(
    args: &[ArrayRef],
    value: impl Fn(&[ArrayRef], usize) -> Option<String>,
) -> Result<ArrayRef> {
    let first = args
        .first()
        .ok_or_else(|| exec_datafusion_err!("a function without arguments"))?;
    let values = (0..first.len()).map(|row| value(args, row));
    Ok(Arc::new(values.collect::<StringArray>()))
}

fn number(args: &[ArrayRef], index: usize, row: usize) -> Option<i64> {
    let column = args.get(index)?.as_primitive_opt::<Int64Type>()?;
    (!column.is_null(row)).then(|| column.value(row))
}

fn type_name(oid: i64) -> Option<String> {
    let known = TYPES.iter().find(|known| i64::from(known.oid) == oid);
    Some(known.map_or("???", |known| known.sql_name).to_owned())
}

fn relation_name(oid: i64) -> Option<String> {
    let catalog = CATALOG_OIDS
        .iter()
        .find(|(_, known)| i64::from(*known) == oid);
    let name = catalog
        .map(|(name, _)| *name)
        .or_else(|| table_of(oid).map(schema::TableId::name));
    Some(name.map_or_else(|| oid.to_string(), str::to_owned))
}

/// In quotes if it would mean something else without.
fn quoted_identifier(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_need_it() {
        let check = |name, quoted: &str| assert_eq!(quoted_identifier(name), quoted);
        check("view", "view");
        check("long_task", "long_task");
        check("View", "\"View\"");
        check("2nd", "\"2nd\"");
        check("a\"b", "\"a\"\"b\"");
        check("", "\"\"");
    }

    #[test]
    fn a_type_is_named_as_the_standard_has_it() {
        assert_eq!(type_name(1184).unwrap(), "timestamp with time zone");
        assert_eq!(type_name(1009).unwrap(), "text[]");
        assert_eq!(type_name(0).unwrap(), "???");
    }
}
