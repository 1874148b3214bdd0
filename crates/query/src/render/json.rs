//! The answer of `POST /api/v1/query`:
//! `{"columns":[{"name","type","unit"?}],"rows":[[…]],"truncated":bool,"stats":{"elapsed_ms","rows_scanned","bytes_scanned"}}`.

use std::io::Write;

use super::value::{Value, columns};
use crate::Answer;

/// Integers up to this are exact in every JSON reader (2^53).
pub(super) const EXACT_MAX: i128 = 1 << 53;

/// Renders an answer as JSON.
#[must_use]
pub fn json(answer: &Answer) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + answer.rows() * answer.columns.len() * 8);
    out.extend_from_slice(b"{\"columns\":[");
    for (index, column) in answer.columns.iter().enumerate() {
        separate(&mut out, index);
        out.extend_from_slice(b"{\"name\":");
        string(&mut out, &column.name);
        out.extend_from_slice(b",\"type\":");
        string(&mut out, column.column_type.name());
        if let Some(unit) = column.unit {
            out.extend_from_slice(b",\"unit\":");
            string(&mut out, unit);
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"],\"rows\":[");
    let mut written = 0;
    for batch in &answer.batches {
        let values = columns(batch, &answer.columns);
        for row in 0..batch.num_rows() {
            separate(&mut out, written);
            out.push(b'[');
            for (index, column) in values.iter().enumerate() {
                separate(&mut out, index);
                value(&mut out, &column.at(row));
            }
            out.push(b']');
            written += 1;
        }
    }
    let stats = &answer.stats;
    let end = format!(
        "],\"truncated\":{},\"stats\":{{\"elapsed_ms\":{},\"rows_scanned\":{},\"bytes_scanned\":{}}}}}",
        answer.truncated, stats.elapsed_ms, stats.rows_scanned, stats.bytes_scanned
    );
    out.extend_from_slice(end.as_bytes());
    out
}

/// Writes one value.
pub(super) fn value(out: &mut Vec<u8>, of: &Value<'_>) {
    match of {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Text(text) => string(out, text),
        Value::Integer(number) if (-EXACT_MAX..=EXACT_MAX).contains(number) => print(out, number),
        Value::Integer(number) => string(out, &number.to_string()),
        Value::Number(number) => serialise(out, number),
        Value::Boolean(flag) => print(out, flag),
        Value::Json(text) => out.extend_from_slice(text.as_bytes()),
        Value::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                separate(out, index);
                value(out, item);
            }
            out.push(b']');
        }
        Value::Map(entries) => {
            out.push(b'{');
            for (index, (name, entry)) in entries.iter().enumerate() {
                separate(out, index);
                string(out, name);
                out.push(b':');
                value(out, entry);
            }
            out.push(b'}');
        }
    }
}

pub(super) fn separate(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    serialise(out, &text);
}

fn print(out: &mut Vec<u8>, value: &dyn std::fmt::Display) {
    write!(out, "{value}").expect("a vector takes every byte");
}

fn serialise<T: serde::Serialize>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("strings and finite numbers have a JSON form");
}
