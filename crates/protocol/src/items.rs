//! A body's text → single events: newline-delimited JSON, or one JSON array, each item found without parsing it, so that a
//! bad one costs only itself.

use memchr::{memchr, memchr2};

/// One event's text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Item<'a> {
    /// Line number, or position in the array; from 1.
    pub(crate) place: usize,
    /// Without white space around it; never empty.
    pub(crate) text: &'a [u8],
    /// It reaches to the end of the body without a line end or bracket after it.
    pub(crate) is_open: bool,
}

/// Iterates over the events of a body. A body whose first character is `[` is an array.
pub(crate) struct Items<'a> {
    rest: &'a [u8],
    /// Of the line or element read last, empty ones too.
    pub(crate) place: usize,
    in_array: bool,
}

/// The items of a body.
pub(crate) fn items(text: &[u8]) -> Items<'_> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    match text.trim_ascii_start().strip_prefix(b"[") {
        Some(rest) => Items {
            rest,
            place: 0,
            in_array: true,
        },
        None => Items {
            rest: text,
            place: 0,
            in_array: false,
        },
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        while !self.rest.is_empty() {
            let (text, is_open) = if self.in_array {
                self.element()
            } else {
                self.line()
            };
            let text = text.trim_ascii();
            if !text.is_empty() {
                return Some(Item {
                    place: self.place,
                    text,
                    is_open,
                });
            }
        }
        None
    }
}

impl<'a> Items<'a> {
    fn line(&mut self) -> (&'a [u8], bool) {
        self.place += 1;
        match memchr(b'\n', self.rest) {
            Some(end) => (self.take(end), false),
            None => (self.take(self.rest.len()), true),
        }
    }

    /// Up to the next comma or closing bracket of the array. After the bracket, what follows is read as lines.
    fn element(&mut self) -> (&'a [u8], bool) {
        self.place += 1;
        let mut depth = 0_usize;
        let mut at = 0;
        while let Some(byte) = self.rest.get(at) {
            match byte {
                b'"' => at = string_end(self.rest, at),
                b'{' | b'[' => depth += 1,
                b',' if depth == 0 => return (self.take(at), false),
                b']' if depth == 0 => {
                    self.in_array = false;
                    return (self.take(at), false);
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            at += 1;
        }
        (self.take(self.rest.len()), true)
    }

    /// Takes `length` bytes and the separator after them.
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest.get(1..).unwrap_or_default();
        taken
    }
}

/// Whether brackets nest deeper than `depth_max`: one pass and no recursion, to be asked before any parser is, since a parser
/// that recurses dies of 10⁵ brackets.
pub(crate) fn is_too_deep(text: &[u8], depth_max: usize) -> bool {
    // Nearly all events have fewer brackets in all than may nest, and counting them is much faster than following them.
    let brackets = text.iter().filter(|byte| matches!(byte, b'{' | b'['));
    if brackets.count() <= depth_max {
        return false;
    }
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = string_end(text, at),
            b'{' | b'[' => {
                depth += 1;
                if depth > depth_max {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    false
}

/// The index of the quote that ends the string begun at `start`; the text's end if none does.
fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if text[at] == b'"' {
            return at;
        }
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(usize, &str, bool)]) {
        let found: Vec<_> = items(text.as_bytes())
            .map(|item| {
                (
                    item.place,
                    std::str::from_utf8(item.text).unwrap(),
                    item.is_open,
                )
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn lines_keep_their_number() {
        check(
            "{\"a\":1}\n\n \r\n{\"b\":2}\r\n",
            &[(1, "{\"a\":1}", false), (4, "{\"b\":2}", false)],
        );
        check("\u{feff}{}", &[(1, "{}", true)]);
        check("", &[]);
    }

    #[test]
    fn an_array_is_cut_between_its_elements_only() {
        check(
            " [ {\"a\":\"],[\"},\n{\"b\":[1,[2]],\"c\":\"\\\"]\"} , 3]\n{}",
            &[
                (1, "{\"a\":\"],[\"}", false),
                (2, "{\"b\":[1,[2]],\"c\":\"\\\"]\"}", false),
                (3, "3", false),
                (5, "{}", true),
            ],
        );
        check("[]", &[]);
        check(
            "[{\"a\":1},{\"b\":",
            &[(1, "{\"a\":1}", false), (2, "{\"b\":", true)],
        );
        check("[{\"a\":\"\\", &[(1, "{\"a\":\"\\", true)]);
    }

    #[test]
    fn depth_counts_brackets_outside_strings() {
        assert!(!is_too_deep(b"[[[\"[[[[\\\"[\"]],{\"a\":[]}]", 3));
        assert!(is_too_deep(b"[[[[]]]]", 3));
        assert!(is_too_deep(&vec![b'['; 100_000], 64));
        assert!(!is_too_deep(b"\"\\", 0));
    }
}
