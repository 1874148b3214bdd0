//! CSV by RFC 4180: a header, fields in quotes where they need them, NULL an empty field, an empty string `""`.

use std::borrow::Cow;

use arrow::array::RecordBatch;

use super::json::value;
use super::value::{Value, columns};
use crate::{Answer, Column};

/// Renders an answer as CSV. Lists and maps are JSON text.
#[must_use]
pub fn csv(answer: &Answer) -> Vec<u8> {
    let mut out = String::new();
    head(&mut out, &answer.columns);
    for batch in &answer.batches {
        rows(&mut out, batch, &answer.columns);
    }
    out.into_bytes()
}

/// The line of names.
pub(super) fn head(out: &mut String, columns: &[Column]) {
    let names: Vec<Cow<'_, str>> = columns
        .iter()
        .map(|column| quoted(Cow::Borrowed(&column.name)))
        .collect();
    out.push_str(&names.join(","));
    out.push_str("\r\n");
}

/// A line for each row.
pub(super) fn rows(out: &mut String, batch: &RecordBatch, of: &[Column]) {
    let values = columns(batch, of);
    for row in 0..batch.num_rows() {
        for (index, column) in values.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            match column.at(row) {
                Value::Null => {}
                value => out.push_str(&quoted(field(&value))),
            }
        }
        out.push_str("\r\n");
    }
}

/// A value as plain text; NULL is empty.
pub(super) fn field<'a>(of: &'a Value<'a>) -> Cow<'a, str> {
    match of {
        Value::Null => Cow::Borrowed(""),
        Value::Text(text) => Cow::Borrowed(text),
        Value::Integer(number) => number.to_string().into(),
        Value::Number(number) => number.to_string().into(),
        Value::Boolean(flag) => flag.to_string().into(),
        Value::Json(text) => Cow::Borrowed(text),
        Value::List(_) | Value::Map(_) => {
            let mut json = Vec::new();
            value(&mut json, of);
            String::from_utf8(json).unwrap_or_default().into()
        }
    }
}

fn quoted(text: Cow<'_, str>) -> Cow<'_, str> {
    let needs_quotes = text.is_empty() || text.contains([',', '"', '\n', '\r']);
    if needs_quotes {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text
    }
}
