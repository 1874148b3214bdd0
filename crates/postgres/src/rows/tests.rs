use arrow::array::{
    Decimal128Array, DurationSecondArray, ListBuilder, StringArray, StringViewBuilder,
};
use arrow::datatypes::Schema;

use super::*;

fn batch(array: ArrayRef) -> RecordBatch {
    let field = Field::new("x", array.data_type().clone(), true);
    RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap()
}

/// The values of a column as they are sent; the type with them.
fn sent(array: ArrayRef, format: i16) -> (Type, Vec<Option<Vec<u8>>>) {
    let batch = batch(array);
    let targets = targets(&batch.schema()).unwrap();
    let mut rows = Rows::new(&batch, &targets, &Formats(vec![format])).unwrap();
    let mut values = Vec::new();
    while let Some(row) = rows.next_row() {
        let len = i32::from_be_bytes(row.data[..4].try_into().unwrap());
        let value = (len >= 0).then(|| row.data[4..].to_vec());
        assert_eq!(
            value
                .as_ref()
                .map_or(-1, |value| i32::try_from(value.len()).unwrap()),
            len
        );
        values.push(value);
    }
    (targets[0].of.clone(), values)
}

#[track_caller]
fn check_text(array: impl Array + 'static, of: &Type, expected: &[Option<&str>]) {
    let (found, values) = sent(Arc::new(array), 0);
    let texts = values.iter().map(|value| value.as_deref());
    let expected = expected.iter().map(|text| text.map(str::as_bytes));
    assert!(texts.eq(expected), "{values:?}");
    assert_eq!(&found, of);
}

#[track_caller]
fn check_binary(array: impl Array + 'static, expected: &[u8]) {
    let (_, values) = sent(Arc::new(array), 1);
    assert_eq!(values[0].as_deref(), Some(expected));
}

fn lists() -> ListArray {
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    lists.append_value([Some("a"), None, Some("b \"c\\")]);
    lists.append_value(Vec::<Option<&str>>::new());
    lists.append_null();
    lists.finish()
}

#[test]
fn values_are_the_texts_that_postgresql_writes() {
    check_text(
        BooleanArray::from(vec![Some(true), Some(false), None]),
        &Type::BOOL,
        &[Some("t"), Some("f"), None],
    );
    check_text(
        Int64Array::from(vec![i64::MIN]),
        &Type::INT8,
        &[Some("-9223372036854775808")],
    );
    check_text(
        Float64Array::from(vec![0.1, 1.0, f64::NAN, f64::NEG_INFINITY]),
        &Type::FLOAT8,
        &[Some("0.1"), Some("1"), Some("NaN"), Some("-Infinity")],
    );
    check_text(Float32Array::from(vec![0.1]), &Type::FLOAT4, &[Some("0.1")]);
    check_text(StringArray::from(vec!["ä"]), &Type::TEXT, &[Some("ä")]);
    let times = TimestampMicrosecondArray::from(vec![0, 1_500_000, -1]);
    check_text(
        times.clone().with_timezone("UTC"),
        &Type::TIMESTAMPTZ,
        &[
            Some("1970-01-01 00:00:00+00"),
            Some("1970-01-01 00:00:01.5+00"),
            Some("1969-12-31 23:59:59.999999+00"),
        ],
    );
    check_text(
        times.slice(0, 1),
        &Type::TIMESTAMP,
        &[Some("1970-01-01 00:00:00")],
    );
    check_text(
        Date32Array::from(vec![10_957]),
        &Type::DATE,
        &[Some("2000-01-01")],
    );
    check_text(
        DurationSecondArray::from(vec![2]),
        &Type::INT8,
        &[Some("2000000000")],
    );
    check_text(
        UInt32Array::from(vec![16_385]),
        &Type::OID,
        &[Some("16385")],
    );
    check_text(
        lists(),
        &Type::TEXT_ARRAY,
        &[Some("{\"a\",NULL,\"b \\\"c\\\\\"}"), Some("{}"), None],
    );
}

#[test]
fn values_in_binary_are_big_endian_and_times_count_from_2000() {
    check_binary(Int64Array::from(vec![1]), &[0, 0, 0, 0, 0, 0, 0, 1]);
    check_binary(Float64Array::from(vec![1.0]), &1.0_f64.to_be_bytes());
    check_binary(BooleanArray::from(vec![true]), &[1]);
    let time = TimestampMicrosecondArray::from(vec![EPOCH_US + 1]).with_timezone("UTC");
    check_binary(time, &1_i64.to_be_bytes());
    check_binary(Date32Array::from(vec![10_958]), &1_i32.to_be_bytes());
    let list = [
        &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 3, 0, 0, 0, 1][..],
        &[0, 0, 0, 1, b'a', 255, 255, 255, 255, 0, 0, 0, 5],
        b"b \"c\\",
    ];
    check_binary(lists(), &list.concat());
    check_binary(lists().slice(1, 1), &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25]);
}

#[test]
fn decimals_are_digits_of_ten_thousand() {
    let number = |value: i128, scale: i8| {
        Decimal128Array::from(vec![value])
            .with_precision_and_scale(38, scale)
            .unwrap()
    };
    let check = |value: i128, scale: i8, expected: &[i16]| {
        let bytes: Vec<u8> = expected
            .iter()
            .flat_map(|part| part.to_be_bytes())
            .collect();
        check_binary(number(value, scale), &bytes);
    };
    check(0, 2, &[0, 0, 0, 2]);
    check(12_345, 0, &[2, 1, 0, 0, 1, 2_345]);
    check(-1_234_567, 2, &[3, 1, 0x4000, 2, 1, 2_345, 6_700]);
    check(5, 5, &[1, -2, 0, 5, 5_000]);
    check_text(number(-1_234_567, 2), &Type::NUMERIC, &[Some("-12345.67")]);
}

#[test]
fn values_become_what_was_described_before() {
    let described = targets(&batch(Arc::new(Int64Array::from(vec![1]))).schema()).unwrap();
    let text = batch(Arc::new(StringArray::from(vec!["42"])));
    let row = Rows::new(&text, &described, &Formats::default())
        .unwrap()
        .next_row()
        .unwrap();
    assert_eq!(&row.data[4..], b"42");
    let wrong = batch(Arc::new(StringArray::from(vec!["x"])));
    assert!(Rows::new(&wrong, &described, &Formats::default()).is_err());
}

#[test]
fn formats_are_for_all_columns_or_for_each() {
    assert_eq!(Formats(vec![]).of(3), FieldFormat::Text);
    assert_eq!(Formats(vec![1]).of(3), FieldFormat::Binary);
    assert_eq!(Formats(vec![0, 1]).of(1), FieldFormat::Binary);
    assert_eq!(Formats(vec![0, 1]).of(7), FieldFormat::Text);
}
