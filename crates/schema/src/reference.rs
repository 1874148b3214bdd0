//! `docs/reference/dictionary.md`, written from the declaration.

use std::fmt::Write;

use crate::tables::common;
use crate::{Column, TableId};

/// The whole reference as Markdown.
#[must_use]
pub fn dictionary_markdown() -> String {
    let mut page = String::from(
        "# Dictionary\n\nWritten by `make gen` from `crates/schema`; do not edit. Aliases are accepted wherever a column is named, outside `SELECT *`.\n",
    );
    section(&mut page, "Columns of every table", "", common::COLUMNS);
    for id in TableId::ALL {
        let table = id.table();
        section(
            &mut page,
            table.name(),
            table.doc,
            &table.columns()[usize::from(common::LEN)..],
        );
    }
    page
}

fn section(page: &mut String, title: &str, doc: &str, columns: &[Column]) {
    let _ = write!(page, "\n## {title}\n");
    if !doc.is_empty() {
        let _ = write!(page, "\n{}\n", doc.trim());
    }
    page.push_str(
        "\n| column | type | merge | aliases | meaning |\n| --- | --- | --- | --- | --- |\n",
    );
    for column in columns.iter().filter(|column| !column.hidden) {
        let _ = writeln!(
            page,
            "| `{}` | {}{} | {} | {} | {} |",
            column.name,
            column.kind.name(),
            if column.facet { ", facet" } else { "" },
            merge(column),
            aliases(column),
            column.doc.trim().replace('\n', " ").replace('|', "\\|"),
        );
    }
}

fn merge(column: &Column) -> String {
    match column.goes_with {
        Some(leader) => format!("with `{leader}`"),
        None if column.computed => "at query".to_owned(),
        None => column.merge.name().to_owned(),
    }
}

fn aliases(column: &Column) -> String {
    let all = column
        .aliases
        .as_slice()
        .iter()
        .chain(column.dd.as_slice())
        .chain(column.dk.as_slice());
    let mut names: Vec<String> = all
        .filter(|name| **name != column.name)
        .map(|name| format!("`{name}`"))
        .collect();
    names.dedup();
    names.join(", ")
}
