//! Attribute sets in SQL: `attributes->>'context.plan'` (text), `attributes->'context.plan'` (JSON) and
//! `attr_number(attributes, 'context.amount')`.
//!
//! A set is the text of one flat JSON object with sorted keys and no spaces, as `schema::arrow::attributes_json` writes it; any
//! other JSON object is read too. A string loses its quotes in `->>`; numbers, booleans, arrays and objects are their JSON text;
//! an absent key and `null` are NULL.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Builder, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, exec_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::BinaryOperator;
use memchr::memmem;

/// What a function makes of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Form {
    Text,
    Json,
    Number,
}

/// One of the three functions.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Attribute {
    form: Form,
    signature: Signature,
}

impl Attribute {
    fn udf(form: Form) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::from(Self {
            form,
            signature: Signature::string(2, Volatility::Immutable),
        }))
    }
}

/// The functions by name.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    [Form::Text, Form::Json, Form::Number]
        .map(Attribute::udf)
        .to_vec()
}

impl ScalarUDFImpl for Attribute {
    fn name(&self) -> &'static str {
        match self.form {
            Form::Text => "attr_text",
            Form::Json => "attr_json",
            Form::Number => "attr_number",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(if self.form == Form::Number {
            DataType::Float64
        } else {
            DataType::Utf8View
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let [sets, keys] = <[ColumnarValue; 2]>::try_from(args.args)
            .or_else(|_| exec_err!("{} takes a set and a key", self.name()))?;
        if let (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_)) = (&sets, &keys) {
            let array = self.entries(&sets.into_array(1)?, &keys)?;
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &array, 0,
            )?));
        }
        Ok(ColumnarValue::Array(
            self.entries(&sets.into_array(rows)?, &keys)?,
        ))
    }
}

impl Attribute {
    fn entries(&self, sets: &ArrayRef, keys: &ColumnarValue) -> Result<ArrayRef> {
        let sets = cast(sets, &DataType::Utf8View)?;
        let sets = sets.as_string_view();
        let mut entries = Entries::new(self.form, sets.len());
        match keys {
            ColumnarValue::Scalar(key) => {
                let key = key.try_as_str().flatten().map(Key::new);
                for set in sets {
                    entries.push(set.zip(key.as_ref()).and_then(|(set, key)| key.find(set)));
                }
            }
            ColumnarValue::Array(keys) => {
                let keys = cast(keys, &DataType::Utf8View)?;
                for (set, key) in sets.iter().zip(keys.as_string_view()) {
                    entries.push(set.zip(key).and_then(|(set, key)| Key::new(key).find(set)));
                }
            }
        }
        Ok(entries.finish())
    }
}

enum Entries {
    Text(StringViewBuilder),
    Json(StringViewBuilder),
    Number(Float64Builder),
}

impl Entries {
    fn new(form: Form, rows: usize) -> Self {
        match form {
            Form::Text => Self::Text(StringViewBuilder::with_capacity(rows)),
            Form::Json => Self::Json(StringViewBuilder::with_capacity(rows)),
            Form::Number => Self::Number(Float64Builder::with_capacity(rows)),
        }
    }

    fn push(&mut self, json: Option<&str>) {
        let json = json.filter(|json| *json != "null");
        match self {
            Self::Text(builder) => builder.append_option(json.map(unquoted)),
            Self::Json(builder) => builder.append_option(json),
            // A number that was sent as a string counts as well: `"amount": "12.5"` is common.
            Self::Number(builder) => {
                builder.append_option(
                    json.and_then(|json| unquoted(json).trim().parse().ok())
                        .filter(|n: &f64| n.is_finite()),
                );
            }
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut builder) | Self::Json(mut builder) => Arc::new(builder.finish()),
            Self::Number(mut builder) => Arc::new(builder.finish()),
        }
    }
}

/// The text of a JSON value: a string without its quotes.
fn unquoted(json: &str) -> Cow<'_, str> {
    let Some(inner) = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'))
    else {
        return json.into();
    };
    if !inner.contains('\\') {
        return inner.into();
    }
    serde_json::from_str::<String>(json).map_or_else(|_| inner.into(), Cow::Owned)
}

/// A key to look for, in its JSON form.
struct Key {
    /// `"key"`.
    quoted: String,
    /// Finds `"key":`.
    needle: memmem::Finder<'static>,
    /// It begins as what may follow a closing quote, so that the needle could be found across two strings: `{"":",",":":1}` has `",":`.
    is_ambiguous: bool,
}

impl Key {
    fn new(key: &str) -> Self {
        let quoted = serde_json::to_string(key).unwrap_or_default();
        let needle = memmem::Finder::new(&format!("{quoted}:")).into_owned();
        Self {
            quoted,
            needle,
            is_ambiguous: key.starts_with([',', ':', '}', ']', ' ', '\t', '\r', '\n']),
        }
    }

    /// The JSON text of the key's value.
    ///
    /// `"key":` behind a comma or brace cannot be inside a string, where its quotes would be escaped, so it is a key: of the object
    /// itself, or of an object inside it. The walk that tells these apart is needed only where something opens before the find.
    fn find<'a>(&self, set: &'a str) -> Option<&'a str> {
        let bytes = set.as_bytes();
        if bytes.first() != Some(&b'{') {
            return None;
        }
        if self.is_ambiguous {
            return self.walk(set);
        }
        match self.needle.find(bytes) {
            Some(at)
                if begins_entry(bytes, at)
                    && memchr::memchr2(b'{', b'[', &bytes[1..at]).is_none() =>
            {
                let start = at + self.quoted.len() + 1;
                Some(set[start..value_end(bytes, start)].trim())
            }
            // Written with spaces, or nested: read entry by entry.
            Some(_) => self.walk(set),
            None if is_compact(bytes) => None,
            None => self.walk(set),
        }
    }

    fn walk<'a>(&self, set: &'a str) -> Option<&'a str> {
        let bytes = set.as_bytes();
        let mut at = 1;
        loop {
            at = skip(bytes, at, b" \t\r\n,");
            if bytes.get(at) != Some(&b'"') {
                return None;
            }
            let end = string_end(bytes, at);
            let key = &set[at..end];
            at = skip(bytes, end, b" \t\r\n:");
            let end = value_end(bytes, at);
            if key == self.quoted {
                return Some(set[at..end].trim());
            }
            at = end;
        }
    }
}

/// The quote at `at` opens a key: an escaped one, as in the key `x"b`, has a backslash before it.
fn begins_entry(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1)
        .is_some_and(|before| matches!(bytes[before], b'{' | b','))
}

/// Written as Footfall writes sets: no space after the brace. Others' JSON may have one between a key and its colon.
fn is_compact(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"\" :").is_none()
}

fn skip(bytes: &[u8], from: usize, set: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| set.contains(byte)).count()
}

/// The end of the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(offset) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += offset;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// The end of the value that begins at `start`: the comma or bracket behind it.
fn value_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Plans `->>` and `->` onto the functions.
#[derive(Debug)]
pub(crate) struct ArrowPlanner;

impl ExprPlanner for ArrowPlanner {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        _: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let form = match expr.op {
            BinaryOperator::LongArrow => Form::Text,
            BinaryOperator::Arrow => Form::Json,
            _ => return Ok(PlannerResult::Original(expr)),
        };
        let call = ScalarFunction {
            func: Attribute::udf(form),
            args: vec![expr.left, expr.right],
        };
        Ok(PlannerResult::Planned(Expr::ScalarFunction(call)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(set: &str, key: &str, expected: Option<&str>) {
        assert_eq!(
            Key::new(key).find(set).map(unquoted).as_deref(),
            expected,
            "{key} in {set}"
        );
    }

    #[test]
    fn an_entry_is_found_at_the_top_only() {
        let set =
            r#"{"a":[{"b":1,"c":"x"}],"b":"2,}","c":{"b":3},"d":null,"e\"f":true,"g":-1.5e3}"#;
        check(set, "b", Some("2,}"));
        check(set, "c", Some(r#"{"b":3}"#));
        check(set, "a", Some(r#"[{"b":1,"c":"x"}]"#));
        check(set, "e\"f", Some("true"));
        check(set, "g", Some("-1.5e3"));
        check(set, "x", None);
        check(r#"{"text":"\"b\":1"}"#, "b", None);
        check(r#"{ "a" : 1 , "b" : "y" }"#, "b", Some("y"));
        check(r#"{"a":"line\nbreak ü"}"#, "a", Some("line\nbreak ü"));
        check(r#"{"":",",":":""}"#, ",", None);
        check(r#"{",":":","a":1}"#, ":", None);
        check(r#"{",":":",":":"x"}"#, ":", Some("x"));
        check("[1]", "a", None);
        check("", "a", None);
    }

    proptest! {
        #[test]
        fn the_fast_scan_agrees_with_a_parser(
            set in prop::collection::btree_map("[ab\"{\\[,:\\\\ü]{0,3}", "[ab\"{\\[,:\\\\]{0,4}", 0..5),
            nested in any::<bool>(),
            key in "[ab\"{\\[,:\\\\ü]{0,3}",
        ) {
            let object: serde_json::Map<_, _> = set.into_iter().map(|(key, text)| {
                let value = if nested && text.len() > 2 { serde_json::json!([{ text.clone(): 1 }]) } else { text.into() };
                (key, value)
            }).collect();
            let expected = object.get(&key).cloned();
            let text = serde_json::Value::Object(object).to_string();
            let found = Key::new(&key).find(&text).map(|json| serde_json::from_str::<serde_json::Value>(json).unwrap());
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", key in "\\PC{0,4}") {
            let _ = Key::new(&key).find(&text);
            let _ = Key::new("a").find(&format!("{{\"a{text}"));
        }
    }
}
