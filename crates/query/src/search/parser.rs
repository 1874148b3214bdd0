//! Text to tree. Reads characters directly: where a word ends depends on whether a name or a value is expected.

use super::{
    BYTES_MAX, Comparison, DEPTH_MAX, Field, Node, Pattern, Piece, Plain, Search, SearchError,
    SearchErrorKind, Span, TERMS_MAX, Test, error,
};

const SYNTAX_HELP: &str = "Write `field:value`, `-field:value`, AND, OR and parentheses; put text with special characters into quotes.";

pub(super) fn parse(text: &str) -> Result<Search, SearchError> {
    check_text(text)?;
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        terms: 0,
    };
    parser.skip_space();
    if parser.is_at_end() {
        return Ok(Search::default());
    }
    let root = parser.or(None)?;
    parser.skip_space();
    if !parser.is_at_end() {
        return Err(parser.expected("an operator or the end"));
    }
    Ok(Search { root: Some(root) })
}

/// What no keyboard types: control characters, and the mark that stands where bytes were no UTF-8.
fn check_text(text: &str) -> Result<(), SearchError> {
    if text.len() > BYTES_MAX {
        let span = Span {
            start: BYTES_MAX,
            end: text.len(),
        };
        let message = format!(
            "the search is {} bytes long, at most {BYTES_MAX} are read",
            text.len()
        );
        return Err(error(
            SearchErrorKind::Syntax,
            span,
            message,
            "Shorten the search.",
        ));
    }
    for (start, character) in text.char_indices() {
        let is_space = matches!(character, '\t' | '\n' | '\r');
        if character == char::REPLACEMENT_CHARACTER || (character.is_control() && !is_space) {
            let span = Span {
                start,
                end: start + character.len_utf8(),
            };
            let message = format!("the byte at {start} is a control character or was no UTF-8");
            return Err(error(
                SearchErrorKind::Syntax,
                span,
                message,
                "Send the search as UTF-8 text; `?` stands for one character of any kind.",
            ));
        }
    }
    Ok(())
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    terms: usize,
}

/// Where a word ends besides at white space, parentheses and quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Colon,
    Bracket,
    Nothing,
}

impl Parser<'_> {
    /// `of` is the field whose values stand in parentheses, if any.
    fn or(&mut self, of: Option<&Field>) -> Result<Node, SearchError> {
        let first = self.and(of)?;
        let mut parts = vec![first];
        while self.takes_keyword("OR") {
            parts.push(self.and(of)?);
        }
        Ok(joined(parts, Node::Or))
    }

    fn and(&mut self, of: Option<&Field>) -> Result<Node, SearchError> {
        let first = self.not(of)?;
        let mut parts = vec![first];
        loop {
            self.skip_space();
            if self.is_at_end() || self.next() == Some(')') || self.is_keyword("OR") {
                return Ok(joined(parts, Node::And));
            }
            self.takes_keyword("AND");
            parts.push(self.not(of)?);
        }
    }

    fn not(&mut self, of: Option<&Field>) -> Result<Node, SearchError> {
        self.skip_space();
        let is_minus = self.next() == Some('-') && self.negates(of);
        if is_minus {
            self.at += 1;
        }
        if !is_minus && !self.takes_keyword("NOT") {
            return self.primary(of);
        }
        self.deeper()?;
        let inner = self.not(of)?;
        self.depth -= 1;
        Ok(Node::Not(Box::new(inner)))
    }

    /// Whether the minus here negates: among a field's values, one before a digit is a sign.
    fn negates(&self, of: Option<&Field>) -> bool {
        match self.text[self.at + 1..].chars().next() {
            None => false,
            Some(next) if of.is_some() && next.is_ascii_digit() => false,
            Some(next) => !next.is_whitespace(),
        }
    }

    fn primary(&mut self, of: Option<&Field>) -> Result<Node, SearchError> {
        self.skip_space();
        if self.next() == Some('(') {
            self.deeper()?;
            self.at += 1;
            let inner = self.or(of)?;
            self.closing()?;
            self.depth -= 1;
            return Ok(inner);
        }
        if self.is_keyword("AND") || self.is_keyword("OR") {
            return Err(self.expected("a word, a field or `(`"));
        }
        if let Some(field) = of {
            return self.value(field);
        }
        let start = self.at;
        if self.next() == Some('@') {
            self.at += 1;
            let name = self.name()?;
            return self.field(name, true, start);
        }
        if self.next() == Some('"') {
            let phrase = self.phrase()?;
            if self.next() == Some(':') {
                return self.field(phrase, false, start);
            }
            return self.text_node(Pattern::literal(phrase), start);
        }
        let word = self.word(End::Colon)?;
        if self.next() == Some(':') {
            let Some(name) = word.as_literal().filter(|name| !name.is_empty()) else {
                return Err(self.expected_at(start, "the name of a field before `:`"));
            };
            return self.field(name.to_owned(), false, start);
        }
        if word == Pattern::default() {
            return Err(self.expected("a word, a field or `(`"));
        }
        self.text_node(word, start)
    }

    fn text_node(&mut self, pattern: Pattern, start: usize) -> Result<Node, SearchError> {
        self.count_term(start)?;
        let span = self.since(start);
        if !pattern
            .0
            .iter()
            .any(|piece| matches!(piece, Piece::Text(text) if !text.trim().is_empty()))
        {
            return Err(self.expected_at(start, "text to look for"));
        }
        Ok(Node::Text(pattern, span))
    }

    fn name(&mut self) -> Result<String, SearchError> {
        let start = self.at;
        if self.next() == Some('"') {
            return self.phrase();
        }
        let word = self.word(End::Colon)?;
        match word.as_literal() {
            Some(name) if !name.is_empty() => Ok(name.to_owned()),
            _ => Err(self.expected_at(start, "a name without wildcards")),
        }
    }

    /// What follows a name.
    fn field(
        &mut self,
        name: String,
        is_attribute: bool,
        start: usize,
    ) -> Result<Node, SearchError> {
        let span = self.since(start);
        if self.next() != Some(':') || name.is_empty() {
            return Err(self.expected("`:` and a value after the name of a field"));
        }
        self.at += 1;
        if !is_attribute && name == "_exists_" {
            let start = self.at;
            let is_attribute = self.next() == Some('@');
            self.at += usize::from(is_attribute);
            let name = self.name()?;
            self.count_term(start)?;
            let field = Field {
                name,
                is_attribute,
                span: self.since(start),
            };
            return Ok(Node::Field {
                field,
                test: Test::Exists,
            });
        }
        let field = Field {
            name,
            is_attribute,
            span,
        };
        if self.next() == Some('(') {
            self.deeper()?;
            self.at += 1;
            let values = self.or(Some(&field))?;
            self.closing()?;
            self.depth -= 1;
            return Ok(values);
        }
        self.value(&field)
    }

    fn value(&mut self, field: &Field) -> Result<Node, SearchError> {
        let start = self.at;
        self.count_term(start)?;
        let test = match self.next() {
            Some('[' | '{') => self.range()?,
            Some('>' | '<') => {
                let comparison = self.comparison();
                Test::Compare(comparison, self.plain(End::Nothing)?)
            }
            Some('"') => {
                let phrase = self.phrase()?;
                Test::Is(Pattern::literal(phrase), self.since(start))
            }
            _ => {
                let word = self.word(End::Nothing)?;
                if word == Pattern::default() {
                    let name = &field.name;
                    return Err(self.expected(&format!("a value for `{name}`")));
                }
                if word.0 == [Piece::Any] {
                    Test::Exists
                } else {
                    Test::Is(word, self.since(start))
                }
            }
        };
        self.value_ended()?;
        Ok(Node::Field {
            field: field.clone(),
            test,
        })
    }

    /// `a(b` and `a"b"` are more likely slips than two values.
    fn value_ended(&mut self) -> Result<(), SearchError> {
        match self.next() {
            Some('(' | '"') => Err(self.expected("a space after the value, or quotes around it")),
            _ => Ok(()),
        }
    }

    fn comparison(&mut self) -> Comparison {
        let rest = &self.text[self.at..];
        let (comparison, length) = if rest.starts_with(">=") {
            (Comparison::GreaterOrEqual, 2)
        } else if rest.starts_with("<=") {
            (Comparison::LessOrEqual, 2)
        } else if rest.starts_with('>') {
            (Comparison::Greater, 1)
        } else {
            (Comparison::Less, 1)
        };
        self.at += length;
        comparison
    }

    fn range(&mut self) -> Result<Test, SearchError> {
        let includes_low = self.next() == Some('[');
        self.at += 1;
        let low = self.bound()?;
        if !self.takes_keyword("TO") {
            return Err(self.expected("`TO`, as in `[2 TO 8]`"));
        }
        let high = self.bound()?;
        self.skip_space();
        let includes_high = match self.next() {
            Some(']') => true,
            Some('}') => false,
            _ => return Err(self.expected("`]` at the end of the range")),
        };
        self.at += 1;
        Ok(Test::Range {
            low,
            high,
            includes_low,
            includes_high,
        })
    }

    fn bound(&mut self) -> Result<Option<Plain>, SearchError> {
        self.skip_space();
        if self.next() == Some('*') {
            self.at += 1;
            return Ok(None);
        }
        self.plain(End::Bracket).map(Some)
    }

    fn plain(&mut self, end: End) -> Result<Plain, SearchError> {
        let start = self.at;
        let text = if self.next() == Some('"') {
            self.phrase()?
        } else {
            let word = self.word(end)?;
            match word.as_literal() {
                Some(text) if !text.is_empty() => text.to_owned(),
                _ => return Err(self.expected_at(start, "a value without wildcards")),
            }
        };
        Ok(Plain {
            text,
            span: self.since(start),
        })
    }

    /// Characters up to where a word ends; possibly none.
    fn word(&mut self, end: End) -> Result<Pattern, SearchError> {
        let mut pattern = Pattern::default();
        while let Some(character) = self.next() {
            let ends = match character {
                '(' | ')' | '"' => true,
                ':' => end == End::Colon,
                ']' | '}' => end == End::Bracket,
                other => other.is_whitespace(),
            };
            if ends {
                break;
            }
            self.at += character.len_utf8();
            pattern.push(match character {
                '*' => Piece::Any,
                '?' => Piece::One,
                '\\' => Piece::Text(self.escaped()?.to_string()),
                other => Piece::Text(other.to_string()),
            });
        }
        Ok(pattern)
    }

    fn phrase(&mut self) -> Result<String, SearchError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(character) = self.next() else {
                return Err(self.expected_at(start, "a closing quote for the one"));
            };
            self.at += character.len_utf8();
            match character {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped()?),
                other => text.push(other),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, SearchError> {
        let Some(character) = self.next() else {
            return Err(self.expected("a character after `\\`"));
        };
        self.at += character.len_utf8();
        Ok(character)
    }

    fn closing(&mut self) -> Result<(), SearchError> {
        self.skip_space();
        if self.next() != Some(')') {
            return Err(self.expected("`)`"));
        }
        self.at += 1;
        Ok(())
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        let Some(rest) = self.text[self.at..].strip_prefix(keyword) else {
            return false;
        };
        rest.chars()
            .next()
            .is_none_or(|next| next.is_whitespace() || next == '(')
    }

    fn takes_keyword(&mut self, keyword: &str) -> bool {
        self.skip_space();
        let is_there = self.is_keyword(keyword);
        if is_there {
            self.at += keyword.len();
            self.skip_space();
        }
        is_there
    }

    fn deeper(&mut self) -> Result<(), SearchError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!(
                "the nesting at {} is deeper than {DEPTH_MAX} parentheses and negations",
                self.at
            );
            let span = Span {
                start: self.at,
                end: self.at + 1,
            };
            return Err(error(
                SearchErrorKind::Syntax,
                span,
                message,
                "Use fewer parentheses.",
            ));
        }
        Ok(())
    }

    fn count_term(&mut self, start: usize) -> Result<(), SearchError> {
        self.terms += 1;
        if self.terms > TERMS_MAX {
            let message =
                format!("the search has more than {TERMS_MAX} conditions; the next is at {start}");
            let span = Span {
                start,
                end: self.text.len(),
            };
            return Err(error(
                SearchErrorKind::Syntax,
                span,
                message,
                "Use fewer conditions.",
            ));
        }
        Ok(())
    }

    fn next(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    fn skip_space(&mut self) {
        while let Some(space) = self.next().filter(|next| next.is_whitespace()) {
            self.at += space.len_utf8();
        }
    }

    const fn since(&self, start: usize) -> Span {
        Span {
            start,
            end: self.at,
        }
    }

    fn expected(&self, what: &str) -> SearchError {
        self.expected_at(self.at, what)
    }

    fn expected_at(&self, start: usize, what: &str) -> SearchError {
        let rest = &self.text[start..];
        let word = rest.split(char::is_whitespace).next().unwrap_or_default();
        let found = if rest.is_empty() {
            "the end".to_owned()
        } else {
            format!("`{}`", word.chars().take(40).collect::<String>())
        };
        let span = Span {
            start,
            end: self.at.max(start + word.len()),
        };
        let message = format!("expected {what} at {start}, found {found}");
        error(SearchErrorKind::Syntax, span, message, SYNTAX_HELP)
    }
}

fn joined(mut parts: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    if parts.len() > 1 {
        return join(parts);
    }
    parts.pop().expect("a chain has at least one part")
}
