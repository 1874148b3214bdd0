//! The rows of an answer as JSON values, for answers that contain more than one statement's rows.

use serde_json::Value as Json;

use super::json::EXACT_MAX;
use super::value::{Value, columns};
use crate::Answer;

/// One list a row, values as in [`super::json`].
#[must_use]
pub fn values(answer: &Answer) -> Vec<Vec<Json>> {
    let mut rows = Vec::with_capacity(answer.rows());
    for batch in &answer.batches {
        let columns = columns(batch, &answer.columns);
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|column| value(column.at(row))).collect());
        }
    }
    rows
}

fn value(of: Value<'_>) -> Json {
    match of {
        Value::Null => Json::Null,
        Value::Text(text) => Json::String(text.into_owned()),
        Value::Boolean(flag) => Json::Bool(flag),
        Value::List(items) => Json::Array(items.into_iter().map(value).collect()),
        Value::Map(entries) => Json::Object(
            entries
                .into_iter()
                .map(|(name, of)| (name, value(of)))
                .collect(),
        ),
        Value::Integer(number) => match i64::try_from(number) {
            Ok(exact) if (-EXACT_MAX..=EXACT_MAX).contains(&number) => exact.into(),
            _ => Json::String(number.to_string()),
        },
        // Not by way of text: reading it back may be off by the last bit.
        Value::Number(number) => number.into(),
        Value::Json(text) => serde_json::from_str(text).unwrap_or(Json::Null),
    }
}
