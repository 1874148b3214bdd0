//! A table for terminals, as PostgreSQL's client draws it.

use std::fmt::Write;

use super::csv::field;
use super::value::columns;
use crate::{Answer, ColumnType};

/// Renders an answer as a table. NULL is empty; control characters are shown escaped, so that no value can redraw the terminal.
#[must_use]
pub fn table(answer: &Answer) -> Vec<u8> {
    let header: Vec<String> = answer
        .columns
        .iter()
        .map(|column| printable(&column.name))
        .collect();
    let mut rows: Vec<Vec<String>> = Vec::with_capacity(answer.rows());
    for batch in &answer.batches {
        let values = columns(batch, &answer.columns);
        let cells = |row: usize| {
            values
                .iter()
                .map(|column| printable(&field(&column.at(row))))
                .collect()
        };
        rows.extend((0..batch.num_rows()).map(cells));
    }
    let mut widths: Vec<usize> = header.iter().map(|name| width(name)).collect();
    for row in &rows {
        for (width_max, cell) in widths.iter_mut().zip(row) {
            *width_max = (*width_max).max(width(cell));
        }
    }
    let is_right = |index: usize| {
        matches!(
            answer.columns[index].column_type,
            ColumnType::Integer | ColumnType::Number
        )
    };
    let mut out = String::new();
    line(&mut out, &header, &widths, |_| false);
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    out.push_str(&format!("-{}-\n", rule.join("-+-")));
    for row in &rows {
        line(&mut out, row, &widths, is_right);
    }
    let count = rows.len();
    let noun = if count == 1 { "row" } else { "rows" };
    let cut = if answer.truncated {
        ", cut: there are more"
    } else {
        ""
    };
    let _ = writeln!(out, "({count} {noun}{cut})");
    out.into_bytes()
}

fn line(out: &mut String, cells: &[String], widths: &[usize], is_right: impl Fn(usize) -> bool) {
    for (index, (cell, width_max)) in cells.iter().zip(widths).enumerate() {
        out.push_str(if index == 0 { " " } else { " | " });
        let padding = " ".repeat(width_max - width(cell));
        let is_last = index + 1 == cells.len();
        match (is_right(index), is_last) {
            (true, _) => out.extend([padding.as_str(), cell]),
            (false, true) => out.push_str(cell),
            (false, false) => out.extend([cell, padding.as_str()]),
        }
    }
    out.push('\n');
}

fn printable(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}

/// Columns on a terminal; East Asian wide characters take two.
fn width(text: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1f64f}' | '\u{20000}'..='\u{3fffd}');
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}
