//! The rules of uap-core, read from its own file.
//!
//! The file is YAML, of which it uses four forms: comments, `section:`, `  - regex: '…'` and `    key: '…'`. These are read
//! here, strictly: a YAML library would be a second parser in the binary for one embedded file, and a file of another form
//! fails the tests when it is renewed.

use std::borrow::Cow;
use std::sync::LazyLock;

use ua_parser::{device, os, user_agent};

const FILE: &str = include_str!("../../data/uap-core-regexes.yaml");

const READ: &str = "the tests read every rule of the embedded file";

/// The three sets of rules, each built when it is first asked. Measured with opt-level 1, processor time: browsers and operating
/// systems 70 ms and 9 MB together, devices 120 ms and 14 MB; these are spared as long as only desktop browsers, bots and
/// Apple's devices call.
pub(super) struct Rules {
    pub(super) browsers: LazyLock<user_agent::Extractor<'static>>,
    pub(super) systems: LazyLock<os::Extractor<'static>>,
    pub(super) devices: LazyLock<device::Extractor<'static>>,
}

impl Rules {
    pub(super) fn new() -> Self {
        Self {
            browsers: LazyLock::new(|| {
                let mut builder = user_agent::Builder::new();
                for rule in section("user_agent_parsers").map(|rule| rule.expect(READ)) {
                    builder = builder.push(browser_rule(rule)).expect(READ);
                }
                builder.build().expect(READ)
            }),
            systems: LazyLock::new(|| {
                let mut builder = os::Builder::new();
                for rule in section("os_parsers").map(|rule| rule.expect(READ)) {
                    builder = builder.push(system_rule(rule)).expect(READ);
                }
                builder.build().expect(READ)
            }),
            devices: LazyLock::new(|| {
                let mut builder = device::Builder::new();
                for rule in section("device_parsers").map(|rule| rule.expect(READ)) {
                    builder = builder.push(device_rule(rule)).expect(READ);
                }
                builder.build().expect(READ)
            }),
        }
    }
}

/// One rule: keys and values.
type Rule = Vec<(&'static str, Cow<'static, str>)>;

/// A line that is none of the four forms, counted from 1.
#[derive(Debug, PartialEq, Eq)]
struct UnknownForm {
    line: usize,
}

/// The rules of one section, in the order of the file.
fn section(name: &str) -> impl Iterator<Item = Result<Rule, UnknownForm>> {
    let mut lines = FILE
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with('#') && !line.trim().is_empty());
    let _heading = lines.find(|(_, line)| line.strip_suffix(':') == Some(name));
    let mut lines = lines
        .take_while(|(_, line)| line.starts_with(' '))
        .peekable();
    std::iter::from_fn(move || {
        let mut rule = Rule::new();
        let (index, line) = lines.next()?;
        let unknown = |index: usize| Some(Err(UnknownForm { line: index + 1 }));
        let Some(first) = line.strip_prefix("  - ").and_then(entry) else {
            return unknown(index);
        };
        rule.push(first);
        while let Some((index, line)) = lines.next_if(|(_, line)| !line.starts_with("  - ")) {
            let Some(next) = line.strip_prefix("    ").and_then(entry) else {
                return unknown(index);
            };
            rule.push(next);
        }
        Some(Ok(rule))
    })
}

fn entry(text: &'static str) -> Option<(&'static str, Cow<'static, str>)> {
    let (key, value) = text.split_once(": ")?;
    let value = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    let value = if value.contains('\'') {
        Cow::Owned(value.replace("''", "'"))
    } else {
        Cow::Borrowed(value)
    };
    Some((key, value))
}

fn browser_rule(rule: Rule) -> user_agent::Parser<'static> {
    let mut parser = user_agent::Parser::default();
    for (key, value) in rule {
        match key {
            "regex" => parser.regex = value,
            "family_replacement" => parser.family_replacement = Some(value),
            "v1_replacement" => parser.v1_replacement = Some(value),
            "v2_replacement" => parser.v2_replacement = Some(value),
            "v3_replacement" => parser.v3_replacement = Some(value),
            _ => unreachable!("{READ}"),
        }
    }
    parser
}

fn system_rule(rule: Rule) -> os::Parser<'static> {
    let mut parser = os::Parser::default();
    for (key, value) in rule {
        match key {
            "regex" => parser.regex = value,
            "os_replacement" => parser.os_replacement = Some(value),
            "os_v1_replacement" => parser.os_v1_replacement = Some(value),
            "os_v2_replacement" => parser.os_v2_replacement = Some(value),
            "os_v3_replacement" => parser.os_v3_replacement = Some(value),
            _ => unreachable!("{READ}"),
        }
    }
    parser
}

fn device_rule(rule: Rule) -> device::Parser<'static> {
    let mut parser = device::Parser::default();
    for (key, value) in rule {
        match key {
            "regex" => parser.regex = value,
            "regex_flag" => parser.regex_flag = (value == "i").then_some(device::Flag::IgnoreCase),
            "device_replacement" => parser.device_replacement = Some(value),
            "brand_replacement" => parser.brand_replacement = Some(value),
            "model_replacement" => parser.model_replacement = Some(value),
            _ => unreachable!("{READ}"),
        }
    }
    parser
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_file_is_read_and_compiles() {
        let count = |name| section(name).collect::<Result<Vec<_>, _>>().unwrap().len();
        let total = count("user_agent_parsers") + count("os_parsers") + count("device_parsers");
        assert_eq!(
            total,
            FILE.lines()
                .filter(|line| line.starts_with("  - regex: "))
                .count()
        );
        assert!(total > 1000, "{total} rules");
        let rules = Rules::new();
        assert!(
            rules
                .browsers
                .extract("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0")
                .is_some()
        );
        assert!(
            rules
                .systems
                .extract("(Windows NT 10.0; Win64; x64)")
                .is_some()
        );
        assert!(
            rules
                .devices
                .extract("(Linux; Android 14; SM-S918B)")
                .is_some()
        );
    }

    #[test]
    fn a_doubled_quote_is_one() {
        assert_eq!(entry("regex: 'it''s'"), Some(("regex", "it's".into())));
        assert_eq!(entry("regex: plain"), None);
    }
}
