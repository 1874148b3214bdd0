//! `SELECT` statements put together from parts: the one way in which features ask of one table.
//!
//! The statement is text that a user can run as it stands: every condition is in it with its literal values.

use std::fmt;

use schema::TableId;

use crate::literal;
use crate::search::{Search, SearchError};

/// Which rows are meant.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub app_id: Option<String>,
    pub env: Option<String>,
    /// Earliest `time`, µs, inclusive.
    pub from_us: Option<i64>,
    /// Latest `time`, µs, exclusive.
    pub to_us: Option<i64>,
    pub search: Search,
}

impl Filter {
    /// The conditions over a table, all of which have to hold.
    ///
    /// # Errors
    /// When the search names fields that the table has not, or values that they do not take.
    pub fn conditions(&self, table: TableId) -> Result<Vec<String>, SearchError> {
        let equals = |column: &str, value: &Option<String>| {
            value
                .as_ref()
                .map(|value| format!("{column} = {}", literal::text(value)))
        };
        let parts = [
            equals("app_id", &self.app_id),
            equals("env", &self.env),
            self.from_us
                .map(|from| format!("time >= {}", literal::time(from))),
            self.to_us.map(|to| format!("time < {}", literal::time(to))),
            self.search.condition(table)?,
        ];
        Ok(parts.into_iter().flatten().collect())
    }
}

/// A statement over one table. Everything in it is SQL already; values get in by [`literal`] and [`Filter`].
#[derive(Clone, Debug)]
pub struct Select {
    pub table: TableId,
    pub items: Vec<String>,
    /// All of them have to hold.
    pub conditions: Vec<String>,
    /// How many of the first items are the groups.
    pub groups: usize,
    pub order: Vec<String>,
    pub limit: Option<usize>,
}

impl Select {
    /// The rows of a table that a filter leaves.
    ///
    /// # Errors
    /// See [`Filter::conditions`].
    pub fn of(table: TableId, filter: &Filter) -> Result<Self, SearchError> {
        Ok(Self {
            table,
            items: Vec::new(),
            conditions: filter.conditions(table)?,
            groups: 0,
            order: Vec::new(),
            limit: None,
        })
    }

    /// With one more item.
    #[must_use]
    pub fn item(mut self, expression: impl fmt::Display, name: &str) -> Self {
        self.items.push(format!("{expression} AS {name}"));
        self
    }

    /// Grouped by the items so far.
    #[must_use]
    pub fn grouped(mut self) -> Self {
        self.groups = self.items.len();
        self
    }

    /// With one more condition.
    #[must_use]
    pub fn and(mut self, condition: impl Into<String>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// With one more key of the order.
    #[must_use]
    pub fn by(mut self, key: impl Into<String>) -> Self {
        self.order.push(key.into());
        self
    }

    /// With so many rows at most.
    #[must_use]
    pub fn take(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl fmt::Display for Select {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "SELECT {}\nFROM {}",
            self.items.join(",\n  "),
            self.table.name()
        )?;
        if !self.conditions.is_empty() {
            write!(out, "\nWHERE {}", self.conditions.join("\n  AND "))?;
        }
        if self.groups > 0 {
            let groups: Vec<String> = (1..=self.groups).map(|group| group.to_string()).collect();
            write!(out, "\nGROUP BY {}", groups.join(", "))?;
        }
        if !self.order.is_empty() {
            write!(out, "\nORDER BY {}", self.order.join(", "))?;
        }
        match self.limit {
            Some(limit) => write!(out, "\nLIMIT {limit}"),
            None => Ok(()),
        }
    }
}
