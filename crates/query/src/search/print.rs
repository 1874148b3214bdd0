//! Tree to text: the text parses to the same tree.

use std::fmt::{Display, Formatter, Result, Write};

use super::{Field, Node, Pattern, Piece, Search, Test};

impl Display for Search {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match &self.root {
            Some(root) => node(out, root),
            None => Ok(()),
        }
    }
}

fn node(out: &mut Formatter<'_>, of: &Node) -> Result {
    match of {
        Node::And(parts) => chain(out, parts, " "),
        Node::Or(parts) => match one_field(parts) {
            Some(field) => values(out, field, parts),
            None => chain(out, parts, " OR "),
        },
        Node::Not(inner) => {
            out.write_char('-')?;
            match inner.as_ref() {
                // `--x` would do as well, but nobody reads it.
                Node::Not(_) => parenthesised(out, inner),
                inner => part(out, inner),
            }
        }
        Node::Field { field, test } => field_test(out, field, test),
        Node::Text(text, _) => pattern(out, text, Place::Bare),
    }
}

/// A chain inside a chain keeps its parentheses, or it would be read as part of the outer one.
fn chain(out: &mut Formatter<'_>, parts: &[Node], separator: &str) -> Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.write_str(separator)?;
        }
        self::part(out, part)?;
    }
    Ok(())
}

/// Part of a chain, or what is negated.
fn part(out: &mut Formatter<'_>, of: &Node) -> Result {
    match of {
        Node::Or(parts) if one_field(parts).is_some() => node(out, of),
        Node::And(_) | Node::Or(_) => parenthesised(out, of),
        Node::Not(_) | Node::Field { .. } | Node::Text(..) => node(out, of),
    }
}

/// The field of which all parts are values.
fn one_field(parts: &[Node]) -> Option<&Field> {
    let mut fields = parts.iter().map(|part| match part {
        Node::Field { field, .. } => Some(field),
        _ => None,
    });
    let first = fields.next()??;
    fields.all(|field| field == Some(first)).then_some(first)
}

/// `field:(a OR b)`.
fn values(out: &mut Formatter<'_>, field: &Field, parts: &[Node]) -> Result {
    name(out, field)?;
    out.write_char('(')?;
    let mut separator = "";
    for part in parts {
        if let Node::Field { test, .. } = part {
            out.write_str(separator)?;
            value(out, test)?;
            separator = " OR ";
        }
    }
    out.write_char(')')
}

fn parenthesised(out: &mut Formatter<'_>, of: &Node) -> Result {
    out.write_char('(')?;
    node(out, of)?;
    out.write_char(')')
}

fn field_test(out: &mut Formatter<'_>, field: &Field, test: &Test) -> Result {
    name(out, field)?;
    value(out, test)
}

/// The name and the colon behind it.
fn name(out: &mut Formatter<'_>, field: &Field) -> Result {
    if field.is_attribute {
        out.write_char('@')?;
    }
    // A quoted name after `@` and a bare one may be anything but a keyword or the special name.
    let is_bare = !field.name.is_empty()
        && field.name != "_exists_"
        && field.name.chars().all(is_plain)
        && (field.is_attribute || !field.name.starts_with(['@', '-']));
    if is_bare {
        out.write_str(&field.name)?;
    } else {
        quoted(out, &field.name)?;
    }
    out.write_char(':')
}

fn value(out: &mut Formatter<'_>, test: &Test) -> Result {
    match test {
        Test::Exists => out.write_char('*'),
        Test::Is(value, _) => pattern(out, value, Place::Value),
        Test::Compare(comparison, plain) => {
            out.write_str(comparison.sign())?;
            literal(out, &plain.text, Place::Value)
        }
        Test::Range {
            low,
            high,
            includes_low,
            includes_high,
        } => {
            out.write_char(if *includes_low { '[' } else { '{' })?;
            match low {
                Some(low) => literal(out, &low.text, Place::Value)?,
                None => out.write_char('*')?,
            }
            out.write_str(" TO ")?;
            match high {
                Some(high) => literal(out, &high.text, Place::Value)?,
                None => out.write_char('*')?,
            }
            out.write_char(if *includes_high { ']' } else { '}' })
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Bare,
    Value,
}

fn pattern(out: &mut Formatter<'_>, of: &Pattern, place: Place) -> Result {
    if let Some(text) = of.as_literal() {
        return literal(out, text, place);
    }
    for (index, piece) in of.0.iter().enumerate() {
        match piece {
            Piece::Any => out.write_char('*')?,
            Piece::One => out.write_char('?')?,
            Piece::Text(text) => {
                for (at, character) in text.chars().enumerate() {
                    // A sign in front of the whole would negate or compare; a keyword has no wildcards.
                    let is_safe =
                        is_plain(character) && (index + at > 0 || character.is_alphanumeric());
                    if !is_safe {
                        out.write_char('\\')?;
                    }
                    out.write_char(character)?;
                }
            }
        }
    }
    Ok(())
}

fn literal(out: &mut Formatter<'_>, text: &str, place: Place) -> Result {
    let begins_plain = text.starts_with(|first: char| first.is_alphanumeric() || first == '/')
        || (place == Place::Value && text.starts_with('_'));
    let is_bare = begins_plain
        && text
            .chars()
            .all(|character| is_plain(character) || (place == Place::Value && character == ':'))
        && !matches!(text, "AND" | "OR" | "NOT" | "TO");
    if is_bare {
        out.write_str(text)
    } else {
        quoted(out, text)
    }
}

fn quoted(out: &mut Formatter<'_>, text: &str) -> Result {
    out.write_char('"')?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.write_char('\\')?;
        }
        out.write_char(character)?;
    }
    out.write_char('"')
}

/// Characters that mean nothing to the parser wherever they stand.
fn is_plain(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(
            character,
            '_' | '.' | '/' | '-' | '%' | '+' | ',' | '=' | '&' | '#' | '~' | ';' | '@'
        )
}
