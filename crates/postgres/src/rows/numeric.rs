//! Decimal numbers in binary: digits of base 10,000 with the weight of the first and the number of decimals shown
//! (PostgreSQL source, `numeric_send`).

use bytes::{BufMut, BytesMut};

const NEGATIVE: u16 = 0x4000;

/// Writes a number given as `-123.45`.
pub(super) fn write(text: &str, out: &mut BytesMut) {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (NEGATIVE, text),
        None => (0, text),
    };
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.trim_start_matches('0');
    let number = |value: usize| i16::try_from(value).unwrap_or(i16::MAX);
    // Groups of four around the point.
    let padded = format!(
        "{}{whole}{decimals}{}",
        "0".repeat((4 - whole.len() % 4) % 4),
        "0".repeat((4 - decimals.len() % 4) % 4)
    );
    let groups = padded.as_bytes().chunks(4).map(group);
    let mut digits: Vec<i16> = groups.collect();
    // Groups before the point; below zero when the first digit is behind it.
    let mut weight = number(whole.len().div_ceil(4));
    while digits.first() == Some(&0) {
        digits.remove(0);
        weight -= 1;
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    out.put_i16(number(digits.len()));
    out.put_i16(if digits.is_empty() { 0 } else { weight - 1 });
    out.put_u16(if digits.is_empty() { 0 } else { sign });
    out.put_i16(number(decimals.len()));
    for digit in digits {
        out.put_i16(digit);
    }
}

fn group(digits: &[u8]) -> i16 {
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + i16::from(digit - b'0'))
}
