//! Statements as a client sends them: one text can hold several, and some are answered by the session itself.

/// A statement and where it begins in what was sent, in characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) sql: &'a str,
    pub(crate) offset: usize,
}

/// What a statement is, by its first words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Statement {
    Empty,
    Set {
        name: String,
        value: String,
    },
    Reset(Option<String>),
    Show(String),
    Begin,
    Commit,
    Rollback,
    RollbackTo,
    /// Nothing has to be done; the word that says it is done.
    Done(&'static str),
    DiscardAll,
    Deallocate(Option<String>),
    /// It would change something; its first word.
    Write(String),
    /// For the engine.
    Query,
}

/// Words that begin a statement that changes something.
const WRITING: [&str; 21] = [
    "ALTER", "CALL", "CLUSTER", "COMMENT", "CREATE", "DELETE", "DO", "DROP", "GRANT", "IMPORT",
    "INSERT", "LOCK", "MERGE", "NOTIFY", "REASSIGN", "REFRESH", "REINDEX", "REVOKE", "TRUNCATE",
    "UPDATE", "VACUUM",
];

/// The statements of a text, without empty ones. What is inside of quotes, comments and dollar quotes ends none.
pub(crate) fn split(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut offset) = (0, 0);
    let mut rest = 0;
    loop {
        let end = text[rest..].find(ENDS_OR_OPENS).map(|found| rest + found);
        let Some(at) = end else {
            push(&mut parts, &text[start..], offset);
            return parts;
        };
        if text[at..].starts_with(';') {
            push(&mut parts, &text[start..at], offset);
            offset += text[start..=at].chars().count();
            start = at + 1;
            rest = start;
        } else {
            rest = at + skipped(&text[..at], &text[at..]);
        }
    }
}

const ENDS_OR_OPENS: [char; 6] = [';', '\'', '"', '-', '/', '$'];

fn push<'a>(parts: &mut Vec<Part<'a>>, sql: &'a str, offset: usize) {
    if !without_comments(sql).is_empty() {
        parts.push(Part { sql, offset });
    }
}

/// Bytes of what opens here: to its end, or to the text's when it has none.
fn skipped(before: &str, text: &str) -> usize {
    let end = match text.as_bytes() {
        [b'\'', ..] if is_escaped_string(before) => escaped_end(text),
        [quote @ (b'\'' | b'"'), ..] => text[1..].find(char::from(*quote)).map(|end| end + 2),
        [b'-', b'-', ..] => text.find('\n').map(|end| end + 1),
        [b'/', b'*', ..] => comment_end(text),
        [b'$', ..] => return dollar_quoted(before, text),
        _ => return 1,
    };
    end.unwrap_or(text.len())
}

/// `E'…'`: a backslash takes the next character.
fn is_escaped_string(before: &str) -> bool {
    let mut last = before.chars().rev();
    matches!(last.next(), Some('e' | 'E'))
        && !last
            .next()
            .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"')
}

fn escaped_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\'' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Comments nest.
fn comment_end(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(found) = text[at..].find(['/', '*']) {
        at += found;
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    None
}

/// `$tag$…$tag$`; `$1` and a dollar inside a name open nothing.
fn dollar_quoted(before: &str, text: &str) -> usize {
    let is_in_name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let tag = text[1..].find('$').map(|end| &text[..end + 2]);
    let tag = tag.filter(|tag| {
        let name = &tag[1..tag.len() - 1];
        !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    });
    match tag {
        Some(tag) if !is_in_name => {
            let end = text[tag.len()..].find(tag);
            end.map_or(text.len(), |end| end + 2 * tag.len())
        }
        _ => 1,
    }
}

/// The text from its first word on.
fn without_comments(sql: &str) -> &str {
    let mut rest = sql.trim_start();
    loop {
        let bytes = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment_end(rest).unwrap_or(rest.len())
        } else {
            return rest.trim_end();
        };
        rest = rest[bytes..].trim_start();
    }
}

/// Tells what a statement is.
pub(crate) fn read(sql: &str) -> Statement {
    let sql = without_comments(sql).trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    let (first, rest) = word(sql);
    let (second, _) = word(rest);
    let (first, second) = (first.to_ascii_uppercase(), second.to_ascii_uppercase());
    match first.as_str() {
        "" if sql.is_empty() => Statement::Empty,
        "SET" => set(rest),
        "RESET" => match second.as_str() {
            "ALL" => Statement::Reset(None),
            _ => Statement::Reset(Some(unquoted(rest))),
        },
        // The engine's own.
        "SHOW" if second == "TABLES" || second == "COLUMNS" => Statement::Query,
        "SHOW" => Statement::Show(shown(rest)),
        "BEGIN" => Statement::Begin,
        "START" if second == "TRANSACTION" => Statement::Begin,
        "COMMIT" | "END" => Statement::Commit,
        "ROLLBACK" | "ABORT" => {
            let words = rest.to_ascii_uppercase();
            if words.split_whitespace().any(|word| word == "TO") {
                Statement::RollbackTo
            } else {
                Statement::Rollback
            }
        }
        "SAVEPOINT" => Statement::Done("SAVEPOINT"),
        "RELEASE" => Statement::Done("RELEASE"),
        "LISTEN" => Statement::Done("LISTEN"),
        "UNLISTEN" => Statement::Done("UNLISTEN"),
        "CLOSE" => Statement::Done("CLOSE CURSOR"),
        "CHECKPOINT" => Statement::Done("CHECKPOINT"),
        "DISCARD" => Statement::DiscardAll,
        "DEALLOCATE" => {
            let name = match second.as_str() {
                "PREPARE" => word(rest).1,
                _ => rest,
            };
            let name = unquoted(name);
            Statement::Deallocate((!name.eq_ignore_ascii_case("all")).then_some(name))
        }
        writing if WRITING.contains(&writing) => Statement::Write(first),
        _ => Statement::Query,
    }
}

/// The first word and what follows it.
fn word(sql: &str) -> (&str, &str) {
    let end = sql.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
    let (word, rest) = sql.split_at(end.unwrap_or(sql.len()));
    (word, rest.trim_start())
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    for quote in ['\'', '"'] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner.replace(&format!("{quote}{quote}"), &quote.to_string());
        }
    }
    text.to_owned()
}

/// `SHOW TRANSACTION ISOLATION LEVEL` and `SHOW TIME ZONE` are written in words.
fn shown(rest: &str) -> String {
    let words: Vec<String> = rest
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    match words.join(" ").as_str() {
        "transaction isolation level" => "transaction_isolation".to_owned(),
        "time zone" => "TimeZone".to_owned(),
        "session authorization" => "session_authorization".to_owned(),
        _ => unquoted(rest),
    }
}

/// `SET [SESSION | LOCAL] name { TO | = } value`, and the forms written in words.
fn set(rest: &str) -> Statement {
    let (mut first, mut after) = word(rest);
    if first.eq_ignore_ascii_case("LOCAL") || first.eq_ignore_ascii_case("SESSION") {
        let (next, behind) = word(after);
        if !next.is_empty() {
            (first, after) = (next, behind);
        }
    }
    let value_of = |text: &str| {
        let text = text.trim();
        let text = text.strip_prefix('=').unwrap_or_else(|| {
            let (to, behind) = word(text);
            if to.eq_ignore_ascii_case("TO") {
                behind
            } else {
                text
            }
        });
        unquoted(text)
    };
    match first.to_ascii_uppercase().as_str() {
        // Everything is read only, and of one moment.
        "TRANSACTION" | "CHARACTERISTICS" | "CONSTRAINTS" | "ROLE" | "AUTHORIZATION" => {
            Statement::Done("SET")
        }
        "TIME" => Statement::Set {
            name: "TimeZone".to_owned(),
            value: unquoted(word(after).1),
        },
        "NAMES" => Statement::Set {
            name: "client_encoding".to_owned(),
            value: unquoted(after),
        },
        "" => Statement::Query,
        _ => Statement::Set {
            name: first.to_owned(),
            value: value_of(after),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_split(text: &str, expected: &[&str]) {
        let parts: Vec<&str> = split(text).iter().map(|part| part.sql.trim()).collect();
        assert_eq!(parts, expected, "{text}");
    }

    #[test]
    fn a_semicolon_ends_a_statement_only_outside_of_quotes_and_comments() {
        check_split("SELECT 1; SELECT 2", &["SELECT 1", "SELECT 2"]);
        check_split(";; ;", &[]);
        check_split("-- only a comment;\n/* ; */", &[]);
        check_split("SELECT ';''', \";\" ; x", &["SELECT ';''', \";\"", "x"]);
        check_split(r"SELECT E'\';', 'a\'; x", &[r"SELECT E'\';', 'a\'", "x"]);
        check_split(
            "SELECT $$;$$, $a$ ; $$ $a$; x",
            &["SELECT $$;$$, $a$ ; $$ $a$", "x"],
        );
        check_split("SELECT $1; SELECT $2", &["SELECT $1", "SELECT $2"]);
        check_split(
            "a -- ;\n b; /* /* ; */ ; */ c",
            &["a -- ;\n b", "/* /* ; */ ; */ c"],
        );
        check_split("SELECT 'open; x", &["SELECT 'open; x"]);
        check_split("SELECT 1 - 2 / 3; x", &["SELECT 1 - 2 / 3", "x"]);
    }

    #[test]
    fn an_offset_counts_characters() {
        let parts = split("SELECT 'ä'; SELECT 2");
        assert_eq!(parts[1].offset, 11);
    }

    #[test]
    fn statements_are_told_by_their_first_words() {
        let set = |name: &str, value: &str| Statement::Set {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let check = |sql: &str, expected: Statement| assert_eq!(read(sql), expected, "{sql}");
        check("/* x */ SET a = 'b''c'", set("a", "b'c"));
        check(
            "set session search_path to public, x",
            set("search_path", "public, x"),
        );
        check(
            "SET LOCAL statement_timeout=5000;",
            set("statement_timeout", "5000"),
        );
        check("SET TIME ZONE 'UTC'", set("TimeZone", "UTC"));
        check("SET NAMES 'utf8'", set("client_encoding", "utf8"));
        check(
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            Statement::Done("SET"),
        );
        check(
            "SHOW TRANSACTION ISOLATION LEVEL",
            Statement::Show("transaction_isolation".to_owned()),
        );
        check("SHOW TABLES", Statement::Query);
        check("begin isolation level serializable", Statement::Begin);
        check("ROLLBACK TO SAVEPOINT a", Statement::RollbackTo);
        check("ROLLBACK;", Statement::Rollback);
        check("DEALLOCATE ALL", Statement::Deallocate(None));
        check(
            "DEALLOCATE PREPARE \"s 1\"",
            Statement::Deallocate(Some("s 1".to_owned())),
        );
        check(
            "insert into view values (1)",
            Statement::Write("INSERT".to_owned()),
        );
        check("-- nothing", Statement::Empty);
        check("SELECT 1", Statement::Query);
        check("(SELECT 1)", Statement::Query);
    }
}
