use proptest::prelude::*;

use super::*;
use crate::{Request, statement};

fn request(sql: &str) -> Request {
    Request {
        sql: sql.to_owned(),
        ..Request::default()
    }
}

fn parsed(text: &str) -> Search {
    Search::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

#[track_caller]
fn check(table: TableId, text: &str, expected: &str) {
    let condition = parsed(text).condition(table);
    let condition = condition.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    assert_eq!(condition.unwrap_or_default(), expected, "{text}");
}

/// The mistake, the text it is about, and a part of what is said.
#[track_caller]
fn check_error(table: TableId, text: &str, at: &str, said: &str) {
    let error = Search::parse(text)
        .and_then(|search| search.condition(table))
        .expect_err(text);
    assert_eq!(&text[error.start..error.end], at, "{text}: {error:?}");
    let all = format!("{} {}", error.message, error.help);
    assert!(all.contains(said), "{text}: {all}");
}

#[test]
fn conditions_are_sql() {
    let view = |text: &str, expected: &str| check(TableId::View, text, expected);
    view("", "");
    view("  \t\n ", "");
    view("browser_name:Chrome", "(browser_name = 'Chrome')");
    view("browser:Chrome", "(browser_name = 'Chrome')");
    view("view.name:\"a b\"", "(view_name = 'a b')");
    view("usr.id:it's", "(user_id = 'it''s')");
    view("-env:prod", "((env = 'prod') IS NOT TRUE)");
    view("NOT env:prod", "((env = 'prod') IS NOT TRUE)");
    view("env:(a OR \"b c\")", "((env = 'a') OR (env = 'b c'))");
    view(
        "env:(a OR -b)",
        "((env = 'a') OR ((env = 'b') IS NOT TRUE))",
    );
    view(
        "env:a os:b OR bot:true",
        "(((env = 'a') AND (os_name = 'b')) OR (bot = true))",
    );
    view(
        "env:a AND (os:b OR bot:true)",
        "((env = 'a') AND ((os_name = 'b') OR (bot = true)))",
    );
    view("lcp:>2.5s", "(largest_contentful_paint > 2500000000)");
    view(
        "lcp:<=2500000000",
        "(largest_contentful_paint <= 2500000000)",
    );
    view(
        "lcp:[1s TO 2s}",
        "(largest_contentful_paint >= 1000000000 AND largest_contentful_paint < 2000000000)",
    );
    view("cls:{0.1 TO *]", "(cumulative_layout_shift > 0.1)");
    view("cls:[* TO *]", "(cumulative_layout_shift IS NOT NULL)");
    view("cls:*", "(cumulative_layout_shift IS NOT NULL)");
    view("_exists_:cls", "(cumulative_layout_shift IS NOT NULL)");
    view(
        "-_exists_:cls",
        "((cumulative_layout_shift IS NOT NULL) IS NOT TRUE)",
    );
    view("memory_max:>1.5mb", "(memory_max > 1500000)");
    view("view_error_count:-5", "(view_error_count = -5)");
    view(
        "view_error_count:(-5 OR 3)",
        "((view_error_count = -5) OR (view_error_count = 3))",
    );
    view(
        "view_url:https://a.b/?x*",
        "(view_url LIKE 'https://a.b/_x%')",
    );
    view(
        "view_url_path_group:\"/product/?\"",
        "(view_url_path_group = '/product/?')",
    );
    view("view_name:50%_*", "(view_name LIKE '50\\%\\_%')");
    view("view_name:a\\*", "(view_name = 'a*')");
    view(
        "time:>=2026-11-21",
        "(time >= '2026-11-21T00:00:00.000000Z')",
    );
    view(
        "@context.plan:pro",
        "((attributes->>'context.plan') = 'pro' OR ((attributes->>'context.plan') LIKE '[%' AND (attributes->>'context.plan') ~ '(?s)^\\[(.*,)?\\s*(\"pro\")\\s*(,.*)?\\]$'))",
    );
    view(
        "@context.amount:>5",
        "((attr_number(attributes, 'context.amount')) > 5)",
    );
    view(
        "@plan:*",
        "(coalesce(attributes->>'context.plan', attributes->>'plan', attributes->>'user.plan', attributes->>'feature_flags.plan') IS NOT NULL)",
    );
    view("@view.loading_time:>2s", "(view_loading_time > 2000000000)");
    view(
        "trace_id:255",
        "(trace_id IN ('000000000000000000000000000000ff', '00000000000000ff', '255', 'ff'))",
    );
    check(
        TableId::Session,
        "user_id:x",
        "((user_id = 'x') OR array_has(user_ids, 'x'))",
    );
    check(
        TableId::Action,
        "action_frustration_types:rage_*",
        "(array_to_string(action_frustration_types, chr(10)) ~ '(?m)^rage_[^\\n]*$')",
    );
    check(
        TableId::Resource,
        "duration:>1s",
        "(resource_duration > 1000000000)",
    );
    check(
        TableId::Action,
        "duration:>1s",
        "(action_loading_time > 1000000000)",
    );
}

#[test]
fn words_are_looked_for_in_every_text_column() {
    let condition = parsed("it's*x").condition(TableId::Error).unwrap().unwrap();
    assert!(
        condition.contains("error_message ILIKE '%it''s%x%'"),
        "{condition}"
    );
    assert!(condition.contains("view_url ILIKE"), "{condition}");
    assert!(
        !condition.contains("error_threads"),
        "JSON is no text column: {condition}"
    );
    let condition = parsed("100%").condition(TableId::Error).unwrap().unwrap();
    assert!(condition.contains("ILIKE '%100\\%%'"), "{condition}");
}

#[test]
fn mistakes_have_a_place_and_say_what_was_expected() {
    let view = |text: &str, at: &str, said: &str| check_error(TableId::View, text, at, said);
    view(
        "lcp:>fast",
        "fast",
        "takes a duration at 5, found `fast` Write durations with a unit",
    );
    view(
        "lcp:>",
        "",
        "expected a value without wildcards at 5, found the end",
    );
    view("lcp:", "", "expected a value for `lcp` at 4");
    view("lcp:1*", "1*", "takes a duration");
    view("bot:yes", "yes", "`true` or `false`");
    view("cls:high", "high", "a number");
    view("view_name:>a", "a", "not compared by size");
    view("vew_name:a", "vew_name", "Did you mean `view_name`?");
    view("env:a vew_name:a", "vew_name", "at 6 is no field of `view`");
    view(
        "resource_status:500",
        "resource_status",
        "`resource_status` is a field of resource",
    );
    view("https://x", "https", "text with a colon in quotes");
    view("(env:a", "", "expected `)` at 6, found the end");
    view("env:a)", ")", "expected an operator or the end at 5");
    view("env:a OR", "", "expected a word, a field or `(` at 8");
    view(
        "OR env:a",
        "OR",
        "expected a word, a field or `(` at 0, found `OR`",
    );
    view("env:(a OR AND b)", "AND", "found `AND`");
    view("env:a(b)", "(b)", "quotes around it");
    view("\"open", "\"open", "a closing quote");
    view("lcp:[1 2]", "2]", "`TO`");
    view("lcp:[1 TO 2", "", "`]` at the end of the range");
    view("@:x", ":x", "a name without wildcards");
    view("@plan:>2s", "2s", "Attributes have no unit");
    view("view_custom_timings:x", "x", "@key:value");
    view("\"\"", "\"\"", "text to look for");
    view("* OR env:a", "*", "text to look for");
    view("env:a\\", "", "a character after `\\`");
    view("env:a\u{0}", "\u{0}", "control character");
    view("env:\u{FFFD}", "\u{FFFD}", "no UTF-8");
    check_error(
        TableId::Session,
        "ü lcp:>2s",
        "lcp",
        "`lcp` is a field of view",
    );
}

#[test]
fn hostile_text_is_refused_or_harmless() {
    for open in ["(", "-(", "NOT ", "-", "env:(", "((a) OR "] {
        let text = open.repeat(100_000);
        let error = Search::parse(&text).unwrap_err();
        assert_eq!((error.start, error.end), (BYTES_MAX, text.len()), "{open}");
        let text = open.repeat(BYTES_MAX / open.len());
        assert!(Search::parse(&text).is_err(), "{open}");
    }
    let error = Search::parse(&"a ".repeat(1000)).unwrap_err();
    assert!(
        error.message.contains("more than 100 conditions"),
        "{error}"
    );
    let words = parsed(&"a ".repeat(100))
        .condition(TableId::View)
        .unwrap_err();
    assert!(words.message.contains("too large"), "{words}");
    check(
        TableId::View,
        "env:\"'; DROP TABLE view; --\"",
        "(env = '''; DROP TABLE view; --')",
    );
}

#[test]
fn every_column_and_alias_can_be_searched_and_the_largest_search_is_a_statement() {
    for id in TableId::ALL {
        let columns = id.table().columns().iter().filter(|column| !column.hidden);
        for column in columns {
            let condition = parsed(&format!("{}:*", column.name)).condition(id).unwrap();
            let sql = format!(
                "SELECT {} FROM {} WHERE {}",
                column.name,
                id.name(),
                condition.unwrap()
            );
            statement::read(&request(&sql)).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        }
    }
    let deepest = format!(
        "{}env:a{}",
        "-(".repeat(DEPTH_MAX / 2),
        ")".repeat(DEPTH_MAX / 2)
    );
    let widest = vec!["lcp:>2s"; TERMS_MAX].join(" OR ");
    for text in [deepest, widest] {
        let condition = parsed(&text).condition(TableId::View).unwrap().unwrap();
        let part = format!("SELECT count(*) FROM view WHERE {condition}");
        let sql = format!("{part} UNION ALL {part} UNION ALL {part}");
        statement::read(&request(&sql)).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

#[test]
fn a_search_prints_as_it_would_be_typed() {
    let check = |text: &str, expected: &str| {
        assert_eq!(parsed(text).to_string(), expected);
        assert_eq!(parsed(expected), parsed(text));
    };
    check("a   AND b", "a b");
    check("NOT env:x", "-env:x");
    check("env:a OR env:\"b c\"", "env:(a OR \"b c\")");
    check("-(env:a OR env:>=b) x", "-env:(a OR >=b) x");
    check("env:a OR os:b", "env:a OR os:b");
    check("env:(a b)", "env:a env:b");
    check("a (b OR c)", "a (b OR c)");
    check("a (b c)", "a (b c)");
    check("NOT NOT a", "-(-a)");
    check("\"AND\" \"it\"", "\"AND\" it");
    check("_exists_:env", "env:*");
    check("env:\"a b\"", "env:\"a b\"");
    check("view_url:https://a.b/c?", "view_url:https\\://a.b/c?");
    check("@\"odd key\":[1 TO *]", "@\"odd key\":[1 TO *]");
    let all = Search::all([
        parsed("a b"),
        parsed(""),
        parsed("c OR d"),
        Search::equal("env", None),
    ]);
    assert_eq!(all.to_string(), "a b (c OR d) -env:*");
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,6}", "[ -~]{1,8}", "\\PC{1,6}"]
        .prop_filter("no mark of broken bytes", |text| {
            !text.contains('\u{FFFD}') && !text.chars().any(char::is_control)
        })
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let piece = prop_oneof![
        word().prop_map(Piece::Text),
        Just(Piece::Any),
        Just(Piece::One)
    ];
    proptest::collection::vec(piece, 1..4).prop_map(|pieces| {
        let mut pattern = Pattern::default();
        pieces.into_iter().for_each(|piece| pattern.push(piece));
        pattern
    })
}

fn leaf() -> impl Strategy<Value = Node> {
    let plain = || {
        word().prop_map(|text| Plain {
            text,
            span: Span::default(),
        })
    };
    let bound = move || proptest::option::of(plain());
    let comparison = prop_oneof![
        Just(Comparison::Greater),
        Just(Comparison::GreaterOrEqual),
        Just(Comparison::Less),
        Just(Comparison::LessOrEqual)
    ];
    let is = pattern().prop_filter("that is Exists", |pattern| pattern.0 != [Piece::Any]);
    let test = prop_oneof![
        Just(Test::Exists),
        is.prop_map(|pattern| Test::Is(pattern, Span::default())),
        (comparison, plain()).prop_map(|(comparison, plain)| Test::Compare(comparison, plain)),
        (bound(), bound(), any::<bool>(), any::<bool>()).prop_map(
            |(low, high, includes_low, includes_high)| {
                Test::Range {
                    low,
                    high,
                    includes_low,
                    includes_high,
                }
            }
        ),
    ];
    let field = (word(), any::<bool>(), test).prop_map(|(name, is_attribute, test)| Node::Field {
        field: Field {
            name,
            is_attribute,
            span: Span::default(),
        },
        test,
    });
    let is_text = |pattern: &Pattern| {
        pattern
            .0
            .iter()
            .any(|piece| matches!(piece, Piece::Text(text) if !text.trim().is_empty()))
    };
    let text = pattern().prop_filter("nothing to look for", is_text);
    prop_oneof![3 => field, 1 => text.prop_map(|pattern| Node::Text(pattern, Span::default()))]
}

fn node() -> impl Strategy<Value = Node> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Node::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Node::Or),
            inner.prop_map(|inner| Node::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same(root in node()) {
        let search = Search { root: Some(root) };
        let text = search.to_string();
        let again = Search::parse(&text);
        prop_assert_eq!(again.as_ref(), Ok(&search), "{}", text);
        prop_assert_eq!(again.unwrap().to_string(), text);
    }

    #[test]
    fn any_text_is_a_search_or_a_mistake_inside_it(text in "\\PC{0,60}") {
        check_any(&text)?;
    }

    #[test]
    fn any_arrangement_of_the_syntax_is_a_search_or_a_mistake_inside_it(
        parts in proptest::collection::vec(prop_oneof![
            Just("("), Just(")"), Just("env:"), Just("lcp:"), Just(">"), Just("["), Just("]"), Just(" TO "), Just("2s"), Just("\""),
            Just("\\"), Just("*"), Just("-"), Just(" "), Just("OR "), Just("AND "), Just("NOT "), Just("@"), Just("x"), Just("'"), Just("ü"),
        ], 0..20)
    ) {
        check_any(&parts.concat())?;
    }
}

/// Either a mistake whose place is in the text, or a search that prints, and a condition that is part of a statement.
fn check_any(text: &str) -> Result<(), TestCaseError> {
    let search = match Search::parse(text) {
        Ok(search) => search,
        Err(error) => {
            prop_assert!(text.get(error.start..error.end).is_some(), "{:?}", error);
            return Ok(());
        }
    };
    prop_assert_eq!(&parsed(&search.to_string()), &search);
    match search.condition(TableId::View) {
        Ok(None) => prop_assert!(search.is_empty()),
        Ok(Some(condition)) => {
            let sql = format!("SELECT count(*) FROM view WHERE {condition}");
            let read = statement::read(&request(&sql));
            prop_assert!(read.is_ok(), "{}: {:?}", sql, read.err());
        }
        Err(error) => prop_assert!(text.get(error.start..error.end).is_some(), "{:?}", error),
    }
    Ok(())
}
