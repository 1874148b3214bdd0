//! The search for secrets in one text. See the module above for what is found.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3, memmem};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::REDACTED;
use super::list::{Lists, Place, is_name};

/// Levels of encoding that are looked into. What is encoded more often and may hide a secret is replaced whole.
const DEPTH_MAX: usize = 4;

/// What is encoded again after a nested URL was changed: whatever would end or split the value it stands in.
const NESTED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'`');

/// How a text is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// Words, among them URLs; perhaps JSON.
    Text,
    /// As `Text`; the `:line:column` that ends a frame is kept, or stacks could not be restored.
    Stack,
    /// One URL, spaces and quotes included.
    Url,
    /// The query of a URL, or JSON of its parameters.
    Query,
}

#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) lists: Lists<'a>,
    pub(super) shape: Shape,
}

/// What is known of a word before it is read.
#[derive(Clone, Copy)]
struct Context {
    /// It began with what is after a `?`.
    is_parameters: bool,
    /// It is or stands in a URL, so e-mail addresses in it are replaced.
    is_url: bool,
    depth: usize,
}

impl Search<'_> {
    /// The text without its secrets, or nothing if it has none.
    pub(super) fn scrub(&self, text: &str) -> Option<String> {
        self.scrub_at(text, 0)
    }

    fn scrub_at(&self, text: &str, depth: usize) -> Option<String> {
        let place = if self.shape == Shape::Text || self.shape == Shape::Stack {
            Place::Text
        } else {
            Place::Parameter
        };
        let after_members = self.scrub_members(text, place);
        let rest = after_members.as_deref().unwrap_or(text);
        if memchr3(b'=', b'%', b'@', rest.as_bytes()).is_none()
            && memchr(b'\\', rest.as_bytes()).is_none()
        {
            return after_members;
        }
        let is_query = self.shape == Shape::Query;
        let after_words = match self.shape {
            Shape::Url => self.scrub_word(
                rest,
                Context {
                    is_parameters: false,
                    is_url: true,
                    depth,
                },
            ),
            Shape::Query if memchr(b'"', rest.as_bytes()).is_none() => self.scrub_word(
                rest,
                Context {
                    is_parameters: true,
                    is_url: true,
                    depth,
                },
            ),
            Shape::Query | Shape::Text | Shape::Stack => self.scrub_words(rest, is_query, depth),
        };
        after_words.or(after_members)
    }

    /// Replaces the values of secret members in JSON, also in JSON inside a JSON string, also where the text was cut.
    fn scrub_members(&self, text: &str, place: Place) -> Option<String> {
        let bytes = text.as_bytes();
        memchr(b'"', bytes)?;
        let (mut out, mut copied, mut at) = (String::new(), 0, 0);
        while let Some(colon) = memchr(b':', &bytes[at..]).map(|found| at + found) {
            at = colon + 1;
            let Some(member) =
                Member::at(text, colon).filter(|member| self.lists.has(member.name, place))
            else {
                continue;
            };
            let end = member.value_end(text);
            if end > member.start {
                out.push_str(&text[copied..member.start]);
                out.push_str(REDACTED);
                copied = end;
            }
            at = end;
        }
        finish(text, out, copied)
    }

    fn scrub_words(&self, text: &str, is_query: bool, depth: usize) -> Option<String> {
        let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '`');
        let (mut out, mut copied, mut start) = (String::new(), 0, 0);
        while start < text.len() {
            let end = text[start..]
                .find(is_end)
                .map_or(text.len(), |found| start + found);
            // A backslash before a quote escapes it and is no part of the word.
            let word = if text[end..].starts_with('"') {
                text[start..end].trim_end_matches('\\')
            } else {
                &text[start..end]
            };
            let context = Context {
                is_parameters: is_query,
                is_url: is_query || is_url(word),
                depth,
            };
            if let Some(changed) = self
                .scrub_escaped(word, context)
                .or_else(|| self.scrub_word(word, context))
            {
                out.push_str(&text[copied..start]);
                out.push_str(&changed);
                copied = start + word.len();
            }
            start = end + text[end..].chars().next().map_or(0, char::len_utf8);
        }
        finish(text, out, copied)
    }

    /// A word from JSON text may spell `=` as `\u003d` and `/` as `\/`.
    fn scrub_escaped(&self, word: &str, context: Context) -> Option<String> {
        memchr(b'\\', word.as_bytes())?;
        let plain = unescape(word);
        if plain == word {
            return None;
        }
        if context.depth >= DEPTH_MAX {
            return Some(REDACTED.to_owned());
        }
        self.scrub_at(&plain, context.depth + 1)
            .map(|changed| escape(&changed))
    }

    /// Replaces secrets in one word: a URL, a query, `name=value`.
    fn scrub_word(&self, word: &str, context: Context) -> Option<String> {
        memchr3(b'=', b'%', b'@', word.as_bytes())?;
        let without_login = without_login(word);
        let rest = without_login.as_deref().unwrap_or(word);
        self.scrub_parts(rest, context).or(without_login)
    }

    /// Goes through the parts between `?`, `&`, `#`, `;` and `=`.
    fn scrub_parts(&self, word: &str, context: Context) -> Option<String> {
        let bytes = word.as_bytes();
        let (mut out, mut copied, mut start) = (String::new(), 0, 0);
        let mut context = context;
        loop {
            let end = bytes[start..]
                .iter()
                .position(|byte| matches!(byte, b'?' | b'&' | b'#' | b';' | b'='));
            let end = end.map_or(word.len(), |found| start + found);
            let place = if context.is_parameters {
                Place::Parameter
            } else {
                Place::Text
            };
            let separator = bytes.get(end).copied();
            if separator == Some(b'=') && self.lists.has(last_name(&word[start..end]), place) {
                // To the end of the parameter: a value may hold `=`, `;` and `?` as they are.
                let value_end =
                    memchr2(b'&', b'#', &bytes[end..]).map_or(word.len(), |found| end + found);
                let kept = value_end - self.position_len(&word[end + 1..value_end]);
                if kept > end + 1 {
                    out.push_str(&word[copied..=end]);
                    out.push_str(REDACTED);
                    copied = kept;
                }
                start = value_end;
            } else {
                if let Some(changed) = self.scrub_part(&word[start..end], context) {
                    out.push_str(&word[copied..start]);
                    out.push_str(&changed);
                    copied = end;
                }
                start = end;
            }
            let Some(separator) = bytes.get(start) else {
                return finish(word, out, copied);
            };
            // In prose `;` and `=` begin no parameters: `errno=5;code=ENOENT`.
            context.is_parameters |= context.is_url || !matches!(separator, b';' | b'=');
            start += 1;
        }
    }

    /// A part without separators: percent-encoded it may hide a whole URL, and it may be an e-mail address.
    fn scrub_part(&self, part: &str, context: Context) -> Option<String> {
        if is_encoded(part) {
            let plain = percent_decode_str(part).decode_utf8_lossy();
            let may_hide = |byte: u8| matches!(byte, b'=' | b'%' | b'@' | b'"');
            if !plain.bytes().any(may_hide) {
                return None;
            }
            if context.depth >= DEPTH_MAX {
                return Some(REDACTED.to_owned());
            }
            let nested = Context {
                is_url: context.is_url || is_url(&plain),
                depth: context.depth + 1,
                ..context
            };
            let after_members = self.scrub_members(&plain, Place::Parameter);
            let rest = after_members.as_deref().unwrap_or(&plain);
            let changed = self.scrub_word(rest, nested).or(after_members)?;
            return Some(utf8_percent_encode(&changed, NESTED).to_string());
        }
        if context.is_url {
            without_emails(part)
        } else {
            None
        }
    }

    /// Length of the `:line:column)` that ends a frame of a stack.
    fn position_len(&self, value: &str) -> usize {
        if self.shape != Shape::Stack {
            return 0;
        }
        let without_brackets = value.trim_end_matches([')', ',', ';']);
        let mut rest = without_brackets;
        for _ in 0..2 {
            let digits = rest.trim_end_matches(|c: char| c.is_ascii_digit());
            if digits.len() == rest.len() || !digits.ends_with(':') {
                return 0;
            }
            rest = &digits[..digits.len() - 1];
        }
        value.len() - rest.len()
    }
}

fn finish(text: &str, mut out: String, copied: usize) -> Option<String> {
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

fn last_name(text: &str) -> &str {
    let start = text.rfind(|c| !is_name(c)).map_or(0, |found| {
        found + text[found..].chars().next().map_or(0, char::len_utf8)
    });
    &text[start..]
}

/// Whether a percent sign begins an encoded byte.
fn is_encoded(part: &str) -> bool {
    part.as_bytes()
        .windows(3)
        .any(|at| at[0] == b'%' && at[1].is_ascii_hexdigit() && at[2].is_ascii_hexdigit())
}

fn is_url(word: &str) -> bool {
    word.starts_with('/')
        || memmem::find(word.as_bytes(), b"://").is_some()
        || memmem::find(word.as_bytes(), b"mailto:").is_some()
        || memchr(b'?', word.as_bytes())
            .is_some_and(|query| memchr(b'=', &word.as_bytes()[query..]).is_some())
}

/// A member of a JSON object whose value is a string.
struct Member<'a> {
    name: &'a str,
    /// Backslashes before its quotes: 0, or more in JSON inside a JSON string.
    level: usize,
    /// Begin of the value.
    start: usize,
}

impl<'a> Member<'a> {
    fn at(text: &'a str, colon: usize) -> Option<Self> {
        let before = text[..colon].trim_end().strip_suffix('"')?;
        let name_end = before.trim_end_matches('\\').len();
        let level = before.len() - name_end;
        let name = &text[text[..name_end].rfind('"')? + 1..name_end];
        let after = text[colon + 1..].trim_start();
        let value = after.trim_start_matches('\\');
        let is_string = after.len() - value.len() == level && value.starts_with('"');
        is_string.then(|| Self {
            name,
            level,
            start: text.len() - value.len() + 1,
        })
    }

    /// End of the value; of the text, if it was cut.
    fn value_end(&self, text: &str) -> usize {
        let mut at = self.start;
        while let Some(quote) = memchr(b'"', &text.as_bytes()[at..]).map(|found| at + found) {
            let end = self.start + text[self.start..quote].trim_end_matches('\\').len();
            let backslashes = quote - end;
            // Fewer end the string around it; more escape a quote inside, unless they are pairs that escape each other.
            if backslashes <= self.level {
                return end;
            }
            if (backslashes - self.level).is_multiple_of(2 * (self.level + 1)) {
                return quote - self.level;
            }
            at = quote + 1;
        }
        text.len()
    }
}

/// Replaces `user:password@` after each `//`.
fn without_login(word: &str) -> Option<String> {
    memchr(b'@', word.as_bytes())?;
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(start) = memmem::find(&word.as_bytes()[at..], b"//").map(|found| at + found + 2)
    {
        let end = word[start..]
            .find(['/', '?', '#', '\\'])
            .map_or(word.len(), |found| start + found);
        let login = word[start..end].rfind('@').filter(|login| *login > 0);
        if let Some(login) = login.filter(|login| word[start..start + login] != *REDACTED) {
            out.push_str(&word[copied..start]);
            out.push_str(REDACTED);
            copied = start + login;
        }
        at = end;
    }
    finish(word, out, copied)
}

fn without_emails(part: &str) -> Option<String> {
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(sign) = memchr(b'@', &part.as_bytes()[at..]).map(|found| at + found) {
        at = sign + 1;
        let is_local =
            |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'');
        let start = copied + part[copied..sign].trim_end_matches(is_local).len();
        let is_domain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
        let domain = &part[at..];
        let domain = domain[..domain.len() - domain.trim_start_matches(is_domain).len()]
            .trim_end_matches(['.', '-']);
        let is_login = part[start..sign] == *REDACTED;
        if start < sign && !is_login && is_mail_domain(domain) {
            out.push_str(&part[copied..start]);
            out.push_str(REDACTED);
            copied = at + domain.len();
            at = copied;
        }
    }
    finish(part, out, copied)
}

/// A domain ends in letters; `vue@next.min.js` is a package.
fn is_mail_domain(domain: &str) -> bool {
    let Some((_, top)) = domain.rsplit_once('.') else {
        return false;
    };
    let is_file = matches!(
        top,
        "js" | "mjs"
            | "cjs"
            | "ts"
            | "tsx"
            | "jsx"
            | "css"
            | "map"
            | "json"
            | "html"
            | "png"
            | "svg"
    );
    top.chars().count() >= 2 && top.chars().all(char::is_alphabetic) && !is_file
}

/// Takes off one level of JSON's escapes; what is none stays.
fn unescape(word: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let simple = match after.as_bytes().first() {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            _ => {
                let code = after.strip_prefix(['u', 'U']).and_then(|hex| hex.get(..4));
                let code = code
                    .and_then(|hex| u32::from_str_radix(hex, 16).ok())
                    .and_then(char::from_u32);
                out.push(code.unwrap_or('\\'));
                rest = if code.is_some() { &after[5..] } else { after };
                continue;
            }
        };
        out.push(simple);
        rest = &after[1..];
    }
    if out.is_empty() && rest.len() == word.len() {
        return Cow::Borrowed(word);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn escape(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
