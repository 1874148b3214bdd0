//! Path groups: one name for all paths that differ only in ids.
//!
//! The rule of `semantics.md`, for every client alike. A segment becomes `?` when it is or has
//! - a number, also with sign, dots or commas (`7`, `1.2.3`, `52.5,13.4`), or a date or time made of numbers (`5-12`, `24:00`);
//! - a run of at least three digits (`order-12345`, `2024-review`);
//! - a UUID, or hexadecimal of at least eight digits, alone or between `.`, `-`, `_` (`main.8f3a2b1c.js`; between separators at
//!   least one digit is asked for, so that words of a–f stay);
//! - an id in the manner of Base64, Base62 or Base32: judged by how short its runs of one character class are, see [`is_random`];
//! - an e-mail address, a scrubbed value, or more than 128 bytes.
//!
//! These stay: locales (`en-US`, `zh-Hans-CN`, `es-419`) and versions (`v2`, `v1.10`, `v1beta1`; a `v` and up to three digits).
//! Beside segments: `//` counts as `/`, a trailing `/` is cut, `;jsessionid=…` is cut, more than 32 segments are cut, and the
//! empty path is `/`. Grouping a group changes nothing.

use crate::scrub::REDACTED;

const SEGMENTS_MAX: usize = 32;
const SEGMENT_BYTES_MAX: usize = 128;

/// The group of a URL's path (without query and fragment), or of the class or route name that mobile clients call a URL.
#[must_use]
pub fn path_group(path: &str) -> String {
    let mut group = String::with_capacity(path.len().min(SEGMENTS_MAX * SEGMENT_BYTES_MAX));
    let mut is_first = !path.starts_with('/');
    for segment in path
        .split('/')
        .map(without_parameters)
        .filter(|segment| !segment.is_empty())
        .take(SEGMENTS_MAX)
    {
        if !is_first {
            group.push('/');
        }
        is_first = false;
        group.push_str(if is_id(segment) { "?" } else { segment });
    }
    if group.is_empty() {
        "/".to_owned()
    } else {
        group
    }
}

/// Cuts matrix parameters, as `;jsessionid=…`.
fn without_parameters(segment: &str) -> &str {
    segment.split_once(';').map_or(segment, |(name, _)| name)
}

fn is_id(segment: &str) -> bool {
    if is_locale(segment) || is_version(segment) {
        return false;
    }
    segment.len() > SEGMENT_BYTES_MAX
        || is_numeric(segment)
        || has_digit_run(segment)
        || is_hex(segment, 0)
        || is_email(segment)
        || segment.contains(REDACTED)
        || has_random_part(segment)
}

/// A language of two or three letters, then perhaps a script and a region: RFC 5646, section 2.1.
fn is_locale(segment: &str) -> bool {
    let mut parts = segment.split(['-', '_']);
    let is_letters = |part: &str, len: std::ops::RangeInclusive<usize>| {
        len.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    if !parts
        .next()
        .is_some_and(|language| is_letters(language, 2..=3))
    {
        return false;
    }
    let mut next = parts.next();
    if next.is_some_and(|script| is_letters(script, 4..=4)) {
        next = parts.next();
    }
    // Regions by number are many; these three are the ones in use, and `sku-123` must not pass for one.
    let is_region = |part: &str| is_letters(part, 2..=2) || matches!(part, "001" | "150" | "419");
    next.is_none_or(is_region) && parts.next().is_none()
}

/// `v2`, `V1.10.3`, `v1beta1`.
fn is_version(segment: &str) -> bool {
    let Some(numbers) = segment.strip_prefix(['v', 'V']) else {
        return false;
    };
    let numbers = ["alpha", "beta", "rc"]
        .iter()
        .find_map(|stage| {
            let (before, after) = numbers.split_once(stage)?;
            after
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then_some(before)
        })
        .unwrap_or(numbers);
    numbers.split('.').all(|number| {
        (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Only digits and what joins the numbers of dates, times, versions and coordinates.
fn is_numeric(segment: &str) -> bool {
    let is_joint = |byte: u8| matches!(byte, b'.' | b',' | b'-' | b'+' | b':' | b'_');
    segment.bytes().any(|byte| byte.is_ascii_digit())
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_digit() || is_joint(byte))
}

/// Three digits in a row, not counting those of percent-encoded bytes.
fn has_digit_run(segment: &str) -> bool {
    let mut run = 0;
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            bytes.nth(1);
            run = 0;
        } else if byte.is_ascii_digit() {
            run += 1;
            if run == 3 {
                return true;
            }
        } else {
            run = 0;
        }
    }
    false
}

fn is_hex(text: &str, digits_min: usize) -> bool {
    let text = text.strip_prefix("0x").unwrap_or(text);
    text.len() >= 8
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().filter(u8::is_ascii_digit).count() >= digits_min
}

fn is_email(segment: &str) -> bool {
    let parts = segment
        .split_once('@')
        .or_else(|| segment.split_once("%40"));
    parts.is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'))
}

fn has_random_part(segment: &str) -> bool {
    let is_joint = |c: char| matches!(c, '.' | '-' | '_' | '~' | ':' | ',' | '+');
    if segment.len() >= 8 && segment.ends_with('=') && !segment.contains('%') {
        return true;
    }
    if segment
        .split(is_joint)
        .any(|part| is_hex(part, 1) || is_random(part))
    {
        return true;
    }
    // An id of base64url may hold `-` and `_` itself; a slug of words never has runs this short.
    let runs = Runs::of(segment);
    segment
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && runs.letters_and_digits >= 16
        && runs.has_mixed_case
        && runs.digit_runs > 0
        && runs.letters_and_digits * 10 <= runs.count * 26
}

/// Whether letters and digits look drawn at random. Words, also joined in camel case, have runs (`Phone`, `15`, `URL`) of
/// three characters and more on average; Base62 text has about 2.2.
fn is_random(part: &str) -> bool {
    if part.len() < 8 || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let runs = Runs::of(part);
    let average_is_at_most = |tenths: usize| part.len() * 10 <= runs.count * tenths;
    match part.len() {
        20.. if runs.has_mixed_case && runs.digit_runs > 0 => average_is_at_most(40),
        10.. if runs.has_mixed_case && runs.digit_runs > 0 => average_is_at_most(26),
        8.. if runs.has_mixed_case && runs.digit_runs > 0 => average_is_at_most(20),
        16.. if !runs.has_mixed_case => runs.digit_runs >= 3,
        10.. => runs.has_mixed_case && average_is_at_most(20),
        _ => false,
    }
}

/// Runs of a text: digits, small letters with the capital before them, capitals.
#[derive(Default)]
struct Runs {
    count: usize,
    digit_runs: usize,
    letters_and_digits: usize,
    has_mixed_case: bool,
}

impl Runs {
    fn of(text: &str) -> Self {
        let (mut runs, mut before) = (Self::default(), b' ');
        let (mut has_small, mut has_capital) = (false, false);
        for byte in text.bytes() {
            let continues = match byte {
                b'0'..=b'9' => before.is_ascii_digit(),
                b'a'..=b'z' => before.is_ascii_alphabetic(),
                b'A'..=b'Z' => before.is_ascii_uppercase(),
                _ => true,
            };
            runs.letters_and_digits += usize::from(byte.is_ascii_alphanumeric());
            runs.count += usize::from(!continues);
            runs.digit_runs += usize::from(!continues && byte.is_ascii_digit());
            has_small |= byte.is_ascii_lowercase();
            has_capital |= byte.is_ascii_uppercase();
            before = byte;
        }
        runs.has_mixed_case = has_small && has_capital;
        runs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_become_a_question_mark_and_names_stay() {
        let table = [
            ("", "/"),
            ("/", "/"),
            ("///", "/"),
            ("/products", "/products"),
            ("/products/", "/products"),
            ("//products//list", "/products/list"),
            ("/products/7", "/products/?"),
            ("/products/12345/reviews", "/products/?/reviews"),
            ("/page/-1", "/page/?"),
            ("/docs/1.2.3/intro", "/docs/?/intro"),
            ("/map/52.52,13.40", "/map/?"),
            ("/order-12345", "/?"),
            ("/iphone-15", "/iphone-15"),
            ("/iPhone15Pro", "/iPhone15Pro"),
            ("/404", "/?"),
            ("/2024-01-05/notes", "/?/notes"),
            ("/2024/01/05", "/?/?/?"),
            ("/5-12", "/?"),
            ("/at/24:00", "/at/?"),
            ("/2024-review", "/?"),
            ("/users/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/users/?"),
            (
                "/users/3F2504E0-4F89-11D3-9A0C-0305E82C3301/edit",
                "/users/?/edit",
            ),
            ("/commit/deadbeef", "/commit/?"),
            ("/commit/a1b2c3d", "/commit/a1b2c3d"),
            ("/commit/a1b2c3d4", "/commit/?"),
            ("/tx/0xabcdef01", "/tx/?"),
            ("/js/main.8f3a2b1c.js", "/js/?"),
            ("/js/app.min.js", "/js/app.min.js"),
            ("/assets/index-BcD3fG5h.js", "/assets/?"),
            (
                "/chunks/datadogRecorder-531f1c41bdc9a22e4845-datadog-rum.js",
                "/chunks/?",
            ),
            ("/defaced-facades", "/defaced-facades"),
            ("/watch/dQw4w9WgXcQ", "/watch/?"),
            ("/s/V1StGXR8_Z5jdHi6B-myT", "/s/?"),
            ("/u/cjld2cjxh0000qzrmn831i7rn", "/u/?"),
            ("/u/tz4a98xxat96iws9zmbrgj3a", "/u/?"),
            ("/u/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/u/?"),
            ("/b/aGVsbG8gd29ybGQ=", "/b/?"),
            (
                "/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SflKxwRJSMeKKF2QT4",
                "/t/?",
            ),
            ("/en-US/home", "/en-US/home"),
            ("/zh-Hans-CN", "/zh-Hans-CN"),
            ("/es-419/shop", "/es-419/shop"),
            ("/pt_BR", "/pt_BR"),
            ("/sku-123", "/?"),
            ("/api/v2/users", "/api/v2/users"),
            ("/api/v1.10/users", "/api/v1.10/users"),
            ("/apis/v1beta1", "/apis/v1beta1"),
            ("/v2024", "/?"),
            ("/cart;jsessionid=1A2B3C4D", "/cart"),
            (
                "/blog/how-to-bake-bread-at-home",
                "/blog/how-to-bake-bread-at-home",
            ),
            ("/My-Great-Post-2-Read", "/My-Great-Post-2-Read"),
            ("/UserAccountSettings", "/UserAccountSettings"),
            (
                "/%E4%BA%A7%E5%93%81/%E5%88%97%E8%A1%A8",
                "/%E4%BA%A7%E5%93%81/%E5%88%97%E8%A1%A8",
            ),
            ("/产品/列表", "/产品/列表"),
            ("/@alice", "/@alice"),
            ("/users/alice@shop.example", "/users/?"),
            ("/users/REDACTED/orders", "/users/?/orders"),
            ("/a/?/b", "/a/?/b"),
            (
                "com.example.shop.CheckoutActivity",
                "com.example.shop.CheckoutActivity",
            ),
            ("UIViewController", "UIViewController"),
            ("pages/detail/index", "pages/detail/index"),
            ("pages/detail/998877", "pages/detail/?"),
        ];
        for (path, expected) in table {
            assert_eq!(path_group(path), expected, "group of {path}");
        }
    }

    #[test]
    fn a_group_is_bounded() {
        assert_eq!(path_group(&format!("/{}", "long-word-".repeat(20))), "/?");
        assert_eq!(path_group(&"/a".repeat(1000)), "/a".repeat(32));
    }

    proptest! {
        #[test]
        fn grouping_a_group_changes_nothing(path in "[/a-zA-Z0-9?%;=@._~-]{0,60}|.{0,60}") {
            let group = path_group(&path);
            prop_assert_eq!(path_group(&group), group);
        }
    }
}
