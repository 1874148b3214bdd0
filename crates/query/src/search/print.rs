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
        Node::Or(parts) => chain(out, parts, " OR "),
        Node::Not(inner) => {
            out.write_char('-')?;
            match inner.as_ref() {
                // `--x` would do as well, but nobody reads it.
                Node::And(_) | Node::Or(_) | Node::Not(_) => parenthesised(out, inner),
                Node::Field { .. } | Node::Text(..) => node(out, inner),
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
        match part {
            Node::And(_) | Node::Or(_) => parenthesised(out, part)?,
            Node::Not(_) | Node::Field { .. } | Node::Text(..) => node(out, part)?,
        }
    }
    Ok(())
}

fn parenthesised(out: &mut Formatter<'_>, of: &Node) -> Result {
    out.write_char('(')?;
    node(out, of)?;
    out.write_char(')')
}

fn field_test(out: &mut Formatter<'_>, field: &Field, test: &Test) -> Result {
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
    out.write_char(':')?;
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
