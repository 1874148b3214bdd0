//! Tree to SQL, against the columns of one table.

use schema::{Column, Kind, Table, TableId};

use super::value::{Class, class};
use super::{
    Comparison, Field, Node, Pattern, Piece, Plain, SearchError, SearchErrorKind, Span, Test, error,
};
use crate::nearest::nearest;
use crate::{literal, names};

/// Comparisons of one condition. A statement may have ten times as many operators, and some contain a condition three times.
const COMPARISONS_MAX: usize = 400;
/// Where an attribute may stand, in the order of looking.
const ATTRIBUTE_PLACES: [&str; 4] = ["context.", "", "user.", "feature_flags."];

pub(super) fn condition(root: &Node, table: &'static Table) -> Result<String, SearchError> {
    let mut builder = Builder {
        table,
        comparisons: 0,
    };
    builder.node(root)
}

struct Builder {
    table: &'static Table,
    comparisons: usize,
}

/// What a field reads.
enum Target {
    Column(&'static Column),
    /// The keys under which it may stand.
    Attribute(Vec<String>),
}

impl Builder {
    /// Text that can be joined by `AND` and `OR` or negated as it is.
    fn node(&mut self, node: &Node) -> Result<String, SearchError> {
        match node {
            Node::And(parts) => self.chain(parts, " AND "),
            Node::Or(parts) => self.chain(parts, " OR "),
            // Not `NOT`: it gives NULL, thus no row, where the field is absent.
            Node::Not(inner) => Ok(format!("({} IS NOT TRUE)", self.node(inner)?)),
            Node::Text(pattern, span) => self.anywhere(pattern, *span),
            Node::Field { field, test } => self.field(field, test),
        }
    }

    fn chain(&mut self, parts: &[Node], join: &str) -> Result<String, SearchError> {
        let parts = parts
            .iter()
            .map(|part| self.node(part))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(format!("({})", parts.join(join)))
    }

    fn anywhere(&mut self, pattern: &Pattern, span: Span) -> Result<String, SearchError> {
        let mut like = like(pattern);
        if !like.starts_with('%') {
            like.insert(0, '%');
        }
        // A `%` that the user typed stands escaped at the end.
        if !like.ends_with('%') || like.ends_with("\\%") {
            like.push('%');
        }
        let like = literal::text(&like);
        let columns = self
            .table
            .columns()
            .iter()
            .filter(|column| column.kind == Kind::Text && !column.hidden && !column.computed);
        let parts: Vec<String> = columns
            .map(|column| format!("{} ILIKE {like}", column.name))
            .collect();
        self.count(parts.len(), span)?;
        Ok(format!("({})", parts.join(" OR ")))
    }

    fn field(&mut self, field: &Field, test: &Test) -> Result<String, SearchError> {
        match self.target(field)? {
            Target::Attribute(keys) => self.attribute(&keys, test, field),
            Target::Column(column) => {
                let own = self.column(column, test, field)?;
                // `user_id` is that of the newest view; the session may have had others before.
                let others = match (self.table.id, column.name) {
                    (TableId::Session, "user_id") => names::visible_column(self.table, "user_ids"),
                    _ => None,
                };
                match others {
                    Some(others) => Ok(format!("({own} OR {})", self.column(others, test, field)?)),
                    None => Ok(own),
                }
            }
        }
    }

    fn target(&self, field: &Field) -> Result<Target, SearchError> {
        let name = &field.name;
        if field.is_attribute {
            // `@view.loading_time` is how Datadog writes its own fields.
            let column = name
                .contains('.')
                .then(|| names::aliased_column(self.table, name))
                .flatten();
            return Ok(
                column.map_or_else(|| Target::Attribute(attribute_keys(name)), Target::Column)
            );
        }
        match names::column(self.table, name) {
            Some(column) => Ok(Target::Column(column)),
            None => Err(self.unknown(field)),
        }
    }

    fn unknown(&self, field: &Field) -> SearchError {
        let Field { name, span, .. } = field;
        let table = self.table.name();
        let others: Vec<&str> = TableId::ALL
            .into_iter()
            .filter(|id| names::column(id.table(), name).is_some())
            .map(TableId::name)
            .collect();
        let message = format!("`{name}` at {} is no field of `{table}`", span.start);
        let help = if others.is_empty() {
            let candidates = self.table.columns().iter().filter(|column| !column.hidden);
            let candidates = candidates
                .map(|column| column.name)
                .chain(self.table.aliases().map(|(alias, _)| alias));
            match nearest(name, candidates) {
                Some(name) => format!("Did you mean `{name}`? Attributes are written `@name:value`, text with a colon in quotes."),
                None => "The fields are listed at /api/v1/dictionary; attributes are written `@name:value`, text with a colon in quotes.".to_owned(),
            }
        } else {
            format!("`{name}` is a field of {}.", others.join(", "))
        };
        error(SearchErrorKind::UnknownField, *span, message, help)
    }

    fn column(
        &mut self,
        column: &'static Column,
        test: &Test,
        field: &Field,
    ) -> Result<String, SearchError> {
        let name = column.name;
        let class = class(column);
        self.count(2, field.span)?;
        match test {
            Test::Exists => Ok(format!("({name} IS NOT NULL)")),
            Test::Is(pattern, span) => self.is(column, class, pattern, *span),
            Test::Compare(comparison, plain) => Ok(format!(
                "({name} {} {})",
                comparison.sign(),
                size(column, class, plain)?
            )),
            Test::Range { .. } => {
                let bounds = bounds(test);
                let mut parts = Vec::new();
                for (comparison, plain) in bounds {
                    parts.push(format!(
                        "{name} {} {}",
                        comparison.sign(),
                        size(column, class, plain)?
                    ));
                }
                if parts.is_empty() {
                    parts.push(format!("{name} IS NOT NULL"));
                }
                Ok(format!("({})", parts.join(" AND ")))
            }
        }
    }

    fn is(
        &mut self,
        column: &Column,
        class: Class,
        pattern: &Pattern,
        span: Span,
    ) -> Result<String, SearchError> {
        let name = column.name;
        match (class, pattern.as_literal()) {
            (Class::Text, Some(id)) if matches!(name, "trace_id" | "span_id") => {
                let forms: Vec<String> = id_forms(id)
                    .iter()
                    .map(|form| literal::text(form))
                    .collect();
                Ok(format!("({name} IN ({}))", forms.join(", ")))
            }
            (Class::Text, Some(text)) => Ok(format!("({name} = {})", literal::text(text))),
            (Class::Text, None) => Ok(format!("({name} LIKE {})", literal::text(&like(pattern)))),
            (Class::List, Some(text)) => Ok(format!("array_has({name}, {})", literal::text(text))),
            (Class::List, None) => {
                // One element a line, so that a wildcard cannot reach from one into the next.
                let regex = literal::text(&format!("(?m)^{}$", regex(pattern)));
                Ok(format!("(array_to_string({name}, chr(10)) ~ {regex})"))
            }
            (Class::Bool, Some("true")) => Ok(format!("({name} = true)")),
            (Class::Bool, Some("false")) => Ok(format!("({name} = false)")),
            (Class::Number | Class::Duration | Class::Size | Class::Time, Some(text)) => {
                match class.literal(text) {
                    Some(value) => Ok(format!("({name} = {value})")),
                    None => Err(wrong_value(column, class, text, span)),
                }
            }
            (Class::Bool | Class::Set, Some(text)) => Err(wrong_value(column, class, text, span)),
            (_, None) => Err(wrong_value(column, class, "a wildcard", span)),
        }
    }

    fn attribute(
        &mut self,
        keys: &[String],
        test: &Test,
        field: &Field,
    ) -> Result<String, SearchError> {
        self.count(4 + keys.len(), field.span)?;
        let text = first_of(keys, |key| format!("attributes->>{}", literal::text(key)));
        let number = || {
            first_of(keys, |key| {
                format!("attr_number(attributes, {})", literal::text(key))
            })
        };
        match test {
            Test::Exists => Ok(format!("({text} IS NOT NULL)")),
            Test::Is(pattern, _) => {
                let own = match pattern.as_literal() {
                    Some(value) => format!("{text} = {}", literal::text(value)),
                    None => format!("{text} LIKE {}", literal::text(&like(pattern))),
                };
                let element = literal::text(&element_regex(pattern));
                Ok(format!(
                    "({own} OR ({text} LIKE '[%' AND {text} ~ {element}))"
                ))
            }
            Test::Compare(comparison, plain) => Ok(format!(
                "({} {} {})",
                number(),
                comparison.sign(),
                attribute_number(plain)?
            )),
            Test::Range { .. } => {
                let mut parts = Vec::new();
                for (comparison, plain) in bounds(test) {
                    parts.push(format!(
                        "{} {} {}",
                        number(),
                        comparison.sign(),
                        attribute_number(plain)?
                    ));
                }
                if parts.is_empty() {
                    parts.push(format!("{text} IS NOT NULL"));
                }
                Ok(format!("({})", parts.join(" AND ")))
            }
        }
    }

    fn count(&mut self, comparisons: usize, span: Span) -> Result<(), SearchError> {
        self.comparisons += comparisons;
        if self.comparisons <= COMPARISONS_MAX {
            return Ok(());
        }
        let message = format!("the condition at {} makes the search too large", span.start);
        let help = "Use fewer conditions; a word without a field counts once for each text column.";
        Err(error(SearchErrorKind::Syntax, span, message, help))
    }
}

fn attribute_keys(name: &str) -> Vec<String> {
    if name.starts_with("context.") {
        return vec![name.to_owned()];
    }
    let is_placed = name.starts_with("user.") || name.starts_with("feature_flags.");
    let places = if is_placed {
        &ATTRIBUTE_PLACES[..2]
    } else {
        &ATTRIBUTE_PLACES[..]
    };
    places
        .iter()
        .map(|place| format!("{place}{name}"))
        .collect()
}

fn first_of(keys: &[String], read: impl Fn(&String) -> String) -> String {
    match keys {
        [key] => format!("({})", read(key)),
        keys => format!(
            "coalesce({})",
            keys.iter().map(read).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// The ends of a range that are there.
fn bounds(test: &Test) -> Vec<(Comparison, &Plain)> {
    let Test::Range {
        low,
        high,
        includes_low,
        includes_high,
    } = test
    else {
        return Vec::new();
    };
    let low_sign = if *includes_low {
        Comparison::GreaterOrEqual
    } else {
        Comparison::Greater
    };
    let high_sign = if *includes_high {
        Comparison::LessOrEqual
    } else {
        Comparison::Less
    };
    let low = low.iter().map(|plain| (low_sign, plain));
    low.chain(high.iter().map(|plain| (high_sign, plain)))
        .collect()
}

fn size(column: &Column, class: Class, plain: &Plain) -> Result<String, SearchError> {
    class
        .literal(&plain.text)
        .ok_or_else(|| wrong_value(column, class, &plain.text, plain.span))
}

fn attribute_number(plain: &Plain) -> Result<String, SearchError> {
    Class::Number.literal(&plain.text).ok_or_else(|| {
        let message = format!(
            "expected a number at {}, found `{}`",
            plain.span.start, plain.text
        );
        let help = "Attributes have no unit: write a plain number, as the application sent it.";
        error(SearchErrorKind::Value, plain.span, message, help)
    })
}

fn wrong_value(column: &Column, class: Class, found: &str, span: Span) -> SearchError {
    let name = column.name;
    let start = span.start;
    if matches!(class, Class::Text | Class::List) {
        let message =
            format!("`{name}` holds text, which is not compared by size: `{found}` at {start}");
        return error(
            SearchErrorKind::Value,
            span,
            message,
            format!("Write `{name}:value`; `*` and `?` are wildcards."),
        );
    }
    let expected = class.expected();
    let message = format!("`{name}` takes {expected} at {start}, found `{found}`");
    error(SearchErrorKind::Value, span, message, class.help())
}

fn like(pattern: &Pattern) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => literal::like(text),
        Piece::Any => "%".to_owned(),
        Piece::One => "_".to_owned(),
    };
    pattern.0.iter().map(piece).collect()
}

fn regex(pattern: &Pattern) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => literal::regex(text),
        Piece::Any => "[^\\n]*".to_owned(),
        Piece::One => "[^\\n]".to_owned(),
    };
    pattern.0.iter().map(piece).collect()
}

/// Finds a scalar element of a JSON array: a string, or a number or boolean that is written the same.
fn element_regex(pattern: &Pattern) -> String {
    let json = |text: &str| {
        let quoted = serde_json::Value::from(text).to_string();
        literal::regex(&quoted[1..quoted.len() - 1])
    };
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => json(text),
        Piece::Any => "([^\"\\\\]|\\\\.)*".to_owned(),
        Piece::One => "([^\"\\\\]|\\\\.)".to_owned(),
    };
    let string: String = pattern.0.iter().map(piece).collect();
    let bare = pattern.as_literal().filter(|text| {
        matches!(*text, "true" | "false") || text.parse::<f64>().is_ok_and(f64::is_finite)
    });
    let bare = bare
        .map(|text| format!("|{}", literal::regex(text)))
        .unwrap_or_default();
    format!("(?s)^\\[(.*,)?\\s*(\"{string}\"{bare})\\s*(,.*)?\\]$")
}

/// Ids of traces and spans come as decimal numbers or as 16 or 32 hexadecimal digits, and both name the same.
fn id_forms(id: &str) -> Vec<String> {
    let mut forms = vec![id.to_owned()];
    let is_decimal = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    if is_decimal && let Ok(number) = id.parse::<u128>() {
        forms.extend([
            format!("{number:016x}"),
            format!("{number:032x}"),
            format!("{number:x}"),
        ]);
    }
    // Sixteen decimal digits can be either.
    if matches!(id.len(), 16 | 32)
        && let Ok(number) = u128::from_str_radix(id, 16)
    {
        forms.extend([number.to_string(), id.to_lowercase()]);
    }
    forms.sort();
    forms.dedup();
    forms
}
