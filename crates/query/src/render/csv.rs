//! CSV by RFC 4180: a header, fields in quotes where they need them, NULL an empty field, an empty string `""`.

use std::borrow::Cow;

use super::json::value;
use super::value::{Value, columns};
use crate::Answer;

/// Renders an answer as CSV. Lists and maps are JSON text.
#[must_use]
pub fn csv(answer: &Answer) -> Vec<u8> {
    let mut out = String::new();
    let names: Vec<Cow<'_, str>> = answer
        .columns
        .iter()
        .map(|column| quoted(Cow::Borrowed(&column.name)))
        .collect();
    out.push_str(&names.join(","));
    out.push_str("\r\n");
    for batch in &answer.batches {
        let values = columns(batch, &answer.columns);
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
    out.into_bytes()
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
