//! Which errors are the same: the hash of the raw grouping key, and the hash of the stack.
//!
//! `error_group` is XXH3-64, 16 hexadecimal digits, of
//! - `fingerprint`, newline, the fingerprint, where the application gave one;
//! - else `error` and, each after a newline: type, normalised message, method and path group of a failed request, then up to five
//!   frames from the top, or, where no frame is understood, the first five lines of the stack, normalised.
//!
//! A message is normalised to what errors of one cause share: quoted texts, URLs, UUIDs, hexadecimal of eight digits and more, and
//! numbers become `?`, white space one space, and only the first KiB counts. Of a frame the function and the path group of the
//! file count: neither line nor column, nor query, nor host, nor the hash that a bundler put into the name, so that a new build of the same
//! code keeps the group. Frames are read in the forms of V8, Firefox, Safari, Java and the Datadog SDKs.
//!
//! Issues hang on these hashes: a change of the key makes new issues of all old errors. Sources change it only by decision.
//!
//! A log line has a group if it carries an error. Everything is hashed as stored, that is after scrubbing.

use schema::tables::{error, log};
use schema::{ColumnId, Event, Row, TableId};
use xxhash_rust::xxh3::xxh3_64;

use crate::path_group::path_group;
use crate::url_parts::UrlParts;

const FRAMES: usize = 5;
const MESSAGE_BYTES_MAX: usize = 1024;
const QUOTED_BYTES_MAX: usize = 256;

struct Columns {
    kind: ColumnId,
    message: ColumnId,
    stack: ColumnId,
    fingerprint: ColumnId,
    group: ColumnId,
    stack_hash: ColumnId,
}

/// Sets `error_group` and `error_stack_hash` in the tables that have them.
pub(crate) fn fill(event: &mut Event) {
    let columns = match event.table {
        TableId::Error => Columns {
            kind: error::error_type,
            message: error::error_message,
            stack: error::error_stack,
            fingerprint: error::error_fingerprint,
            group: error::error_group,
            stack_hash: error::error_stack_hash,
        },
        TableId::Log => Columns {
            kind: log::error_type,
            message: log::error_message,
            stack: log::error_stack,
            fingerprint: log::error_fingerprint,
            group: log::error_group,
            stack_hash: log::error_stack_hash,
        },
        _ => return,
    };
    let row = &mut event.row;
    let parts = [
        columns.kind,
        columns.message,
        columns.stack,
        columns.fingerprint,
    ];
    if event.table == TableId::Log && parts.iter().all(|column| row.get(*column).is_none()) {
        return;
    }
    let stack_hash = row.str(columns.stack).map(hash);
    let group = hash(&grouping_key(row, &columns, event.table));
    row.set_option(columns.stack_hash, stack_hash);
    row.set(columns.group, group);
}

fn hash(text: &str) -> String {
    format!("{:016x}", xxh3_64(text.as_bytes()))
}

fn grouping_key(row: &Row, columns: &Columns, table: TableId) -> String {
    if let Some(fingerprint) = row
        .str(columns.fingerprint)
        .filter(|fingerprint| !fingerprint.is_empty())
    {
        return format!("fingerprint\n{fingerprint}");
    }
    let text = |column| row.str(column).unwrap_or_default();
    let mut key = format!(
        "error\n{}\n{}",
        text(columns.kind),
        normalise(text(columns.message))
    );
    if table == TableId::Error && row.get(error::error_resource_url).is_some() {
        let path = UrlParts::of(text(error::error_resource_url))
            .path
            .map(path_group)
            .unwrap_or_default();
        key.push_str(&format!("\n{} {path}", text(error::error_resource_method)));
    }
    push_frames(&mut key, text(columns.stack));
    key
}

fn push_frames(key: &mut String, stack: &str) {
    let before = key.len();
    for (function, file) in stack.lines().filter_map(frame).take(FRAMES) {
        key.push('\n');
        key.push_str(function);
        key.push(' ');
        key.push_str(&file);
    }
    if key.len() > before {
        return;
    }
    for line in stack
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(FRAMES)
    {
        key.push('\n');
        key.push_str(&normalise(line));
    }
}

/// Function and file of a line of a stack, if it is a frame.
fn frame(line: &str) -> Option<(&str, String)> {
    let line = line.trim();
    let (function, place) = if let Some(rest) = line.strip_prefix("at ") {
        // `at f @ file:1:2` (Datadog), `at f (file:1:2)` (V8, Java), `at file:1:2` (V8, without a name).
        let in_brackets = || rest.strip_suffix(')')?.rsplit_once('(');
        rest.rsplit_once(" @ ")
            .or_else(in_brackets)
            .unwrap_or(("", rest))
    } else {
        // `f@file:1:2` (Firefox, Safari).
        line.split_once('@')
            .filter(|(function, place)| !function.contains(' ') && place.contains(':'))?
    };
    let file = without_position(place.trim());
    let file = UrlParts::of(file).path.map(path_group).unwrap_or_default();
    Some((function.trim(), file))
}

/// Cuts `:line` and `:line:column`.
fn without_position(place: &str) -> &str {
    let mut file = place;
    for _ in 0..2 {
        let digits = file.trim_end_matches(|c: char| c.is_ascii_digit());
        if digits.len() < file.len() && digits.ends_with(':') {
            file = &digits[..digits.len() - 1];
        }
    }
    file
}

/// What errors of one cause share of their message.
fn normalise(message: &str) -> String {
    let message = without_quoted(&message[..message.floor_char_boundary(MESSAGE_BYTES_MAX)]);
    let mut out = String::with_capacity(message.len());
    for word in message.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        match word.find("://") {
            Some(colon) => {
                let scheme = word[..colon].trim_end_matches(|c: char| {
                    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
                });
                out.push_str(scheme);
                out.push('?');
                let url_end = word
                    .trim_end_matches([')', ']', '.', ',', ';', ':', '!', '\'', '"', '>'])
                    .len();
                out.push_str(&word[url_end..]);
            }
            None => push_without_ids(&mut out, word),
        }
    }
    out
}

/// Replaces what stands in quotes; an apostrophe inside a word opens nothing.
fn without_quoted(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(open) = rest.find(['"', '\'', '`']) {
        let (before, quoted) = rest.split_at(open);
        out.push_str(before);
        let quote = char::from(quoted.as_bytes()[0]);
        let opens = !before.ends_with(char::is_alphanumeric);
        let close = quoted[1..]
            .find(quote)
            .filter(|close| opens && *close <= QUOTED_BYTES_MAX);
        let (shown, used) = match close {
            Some(close) => ("?", close + 2),
            None => (&quoted[..1], 1),
        };
        out.push_str(shown);
        rest = &quoted[used..];
    }
    out.push_str(rest);
    out
}

/// Replaces UUIDs, hexadecimal and numbers in a word.
fn push_without_ids(out: &mut String, word: &str) {
    let mut rest = word;
    while !rest.is_empty() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        if is_uuid(part) {
            out.push('?');
        } else {
            push_without_numbers(out, part);
        }
        let next = after.find(is_part).unwrap_or(after.len());
        out.push_str(&after[..next]);
        rest = &after[next..];
    }
}

fn is_uuid(part: &str) -> bool {
    let mut groups = part.split('-');
    let fits = |len: &usize| {
        groups.next().is_some_and(|group| {
            group.len() == *len && group.bytes().all(|b| b.is_ascii_hexdigit())
        })
    };
    [8, 4, 4, 4, 12].iter().all(fits) && part.len() == 36
}

fn push_without_numbers(out: &mut String, part: &str) {
    for (index, word) in part.split('-').enumerate() {
        if index > 0 {
            out.push('-');
        }
        let hex = word.strip_prefix("0x").unwrap_or(word);
        let is_hex = hex.len() >= 8
            && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
            && hex.bytes().any(|b| b.is_ascii_digit());
        if is_hex || hex.len() < word.len() {
            out.push('?');
            continue;
        }
        let mut in_number = false;
        for c in word.chars() {
            let is_digit = c.is_ascii_digit();
            if !is_digit || !in_number {
                out.push(if is_digit { '?' } else { c });
            }
            in_number = is_digit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(kind: &str, message: &str, stack: &str) -> String {
        let mut event = Event::new(TableId::Error);
        event.row.set(error::error_type, kind);
        event.row.set(error::error_message, message);
        event.row.set(error::error_stack, stack);
        fill(&mut event);
        event.row.str(error::error_group).unwrap().to_owned()
    }

    #[test]
    fn messages_are_normalised() {
        let table = [
            (
                "Cannot read properties of undefined (reading 'total')",
                "Cannot read properties of undefined (reading ?)",
            ),
            (
                "can't find \"a b\" and `c` in don't",
                "can't find ? and ? in don't",
            ),
            (
                "Loading chunk 42 failed.\n(https://x.example/js/42.8f3a.js)",
                "Loading chunk ? failed. (?)",
            ),
            (
                "user 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is gone",
                "user ? is gone",
            ),
            ("object deadbeef01 at 0x7f", "object ? at ?"),
            ("item12 of 3.5 at 10:20", "item? of ?.? at ?:?"),
            ("GET https://x.example/a?b=1: 500", "GET ?: ?"),
            ("it's ' open", "it's ' open"),
            ("产品 7 不存在", "产品 ? 不存在"),
            ("", ""),
        ];
        for (message, expected) in table {
            assert_eq!(normalise(message), expected, "{message}");
        }
    }

    #[test]
    fn frames_are_read_in_every_browsers_form() {
        let table = [
            (
                "    at f (https://x.example/js/app.js?v=1:10:5)",
                Some(("f", "/js/app.js")),
            ),
            (
                "    at async g (webpack-internal:///./src/a.js:1:2)",
                Some(("async g", "/./src/a.js")),
            ),
            (
                "    at https://x.example/js/main.8f3a2b1c.js:10:5",
                Some(("", "/js/?")),
            ),
            ("  at eval @ :370:30", Some(("eval", ""))),
            (
                "  at UtilityScript.<anonymous> @ <anonymous>:1:44",
                Some(("UtilityScript.<anonymous>", "<anonymous>")),
            ),
            (
                "  at pay @ https://x.example/js/app.js#x:10:5",
                Some(("pay", "/js/app.js")),
            ),
            (
                "h@https://x.example/js/app.js:3:4",
                Some(("h", "/js/app.js")),
            ),
            ("@https://x.example/js/app.js:3:4", Some(("", "/js/app.js"))),
            (
                "\tat com.example.Cart.pay(Cart.java:17)",
                Some(("com.example.Cart.pay", "Cart.java")),
            ),
            ("TypeError: no such thing", None),
            ("write to a@b.example", None),
        ];
        for (line, expected) in table {
            let found = frame(line);
            assert_eq!(
                found
                    .as_ref()
                    .map(|(function, file)| (*function, file.as_str())),
                expected,
                "{line}"
            );
        }
    }

    #[test]
    fn another_build_with_other_values_is_the_same_error() {
        let first = group(
            "TypeError",
            "item 7 is 'red'",
            "TypeError: item 7\n  at pay @ https://a.example/js/main.8f3a2b1c.js:1:200",
        );
        let second = group(
            "TypeError",
            "item 99 is 'blue'",
            "TypeError: item 99\n  at pay @ https://b.example/js/main.00ff11ee.js:4:7",
        );
        assert_eq!(first, second);
        assert_ne!(
            first,
            group(
                "RangeError",
                "item 7 is 'red'",
                "  at pay @ https://a.example/js/main.8f3a2b1c.js:1:200"
            )
        );
        assert_ne!(
            first,
            group(
                "TypeError",
                "item 7 is 'red'",
                "  at refund @ https://a.example/js/main.8f3a2b1c.js:1:200"
            )
        );
    }

    #[test]
    fn only_the_five_frames_from_the_top_count() {
        let stack = |sixth: &str, fifth: &str| {
            let top: String = (1..5)
                .map(|frame| format!("  at f{frame} @ /a.js:1:2\n"))
                .collect();
            format!("{top}  at {fifth} @ /a.js:1:2\n  at {sixth} @ /a.js:1:2")
        };
        assert_eq!(
            group("E", "", &stack("a", "x")),
            group("E", "", &stack("b", "x"))
        );
        assert_ne!(
            group("E", "", &stack("a", "x")),
            group("E", "", &stack("a", "y"))
        );
    }

    #[test]
    fn a_stack_without_frames_groups_by_its_lines() {
        let stack =
            "0   Shop   0x000000010280a000 0x102800000 + 40960\n1   UIKit  0x0000000185 start + 12";
        let other =
            "0   Shop   0x000000010280b111 0x102800000 + 41111\n1   UIKit  0x0000000199 start + 99";
        assert_eq!(group("SIGABRT", "", stack), group("SIGABRT", "", other));
        assert_ne!(
            group("SIGABRT", "", stack),
            group("SIGABRT", "", "0   Other  0x000000010280b111")
        );
    }

    #[test]
    fn a_fingerprint_decides_alone() {
        let with_fingerprint = |message: &str| {
            let mut event = Event::new(TableId::Error);
            event.row.set(error::error_fingerprint, "checkout");
            event.row.set(error::error_message, message);
            fill(&mut event);
            event.row.str(error::error_group).unwrap().to_owned()
        };
        assert_eq!(with_fingerprint("a"), with_fingerprint("b"));
        assert_ne!(with_fingerprint("a"), group("", "a", ""));
    }

    #[test]
    fn failed_requests_group_by_method_and_path() {
        let of = |method: &str, url: &str| {
            let mut event = Event::new(TableId::Error);
            event
                .row
                .set(error::error_message, format!("Fetch error {method} {url}"));
            event.row.set(error::error_resource_method, method);
            event.row.set(error::error_resource_url, url);
            fill(&mut event);
            event.row.str(error::error_group).unwrap().to_owned()
        };
        assert_eq!(
            of("GET", "https://x.example/items/123?a=1"),
            of("GET", "https://x.example/items/456")
        );
        assert_ne!(
            of("GET", "https://x.example/items/123"),
            of("GET", "https://x.example/users/123")
        );
        assert_ne!(
            of("GET", "https://x.example/items/123"),
            of("PUT", "https://x.example/items/123")
        );
    }

    #[test]
    fn only_logs_with_an_error_have_a_group() {
        let mut event = Event::new(TableId::Log);
        event.row.set(log::message, "started");
        fill(&mut event);
        assert_eq!(
            (
                event.row.str(log::error_group),
                event.row.str(log::error_stack_hash)
            ),
            (None, None)
        );
        event.row.set(
            log::error_stack,
            "Error: x\n  at f @ https://x.example/a.js:1:2",
        );
        fill(&mut event);
        assert!(event.row.str(log::error_group).is_some());
        assert_eq!(event.row.str(log::error_stack_hash).map(str::len), Some(16));
    }

    #[test]
    fn the_key_never_changes() {
        assert_eq!(
            group(
                "TypeError",
                "item 7",
                "  at pay @ https://a.example/js/app.js:1:2"
            ),
            "66b1724f1f4cbbd0"
        );
    }
}
