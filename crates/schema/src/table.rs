//! Tables as values: columns by id, by name and by alias.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::tables;
use crate::{Column, ColumnId};

/// A table of the dictionary. The numbers are written into identity hashes on disk and never change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum TableId {
    Session = 1,
    View = 2,
    Resource = 3,
    Action = 4,
    LongTask = 5,
    Error = 6,
    Vital = 7,
    Log = 8,
    Span = 9,
    Telemetry = 10,
    ReplaySegment = 11,
}

impl TableId {
    /// Every table, in the dictionary's order.
    pub const ALL: [Self; 11] = [
        Self::Session,
        Self::View,
        Self::Resource,
        Self::Action,
        Self::LongTask,
        Self::Error,
        Self::Vital,
        Self::Log,
        Self::Span,
        Self::Telemetry,
        Self::ReplaySegment,
    ];

    /// The table's name in SQL, in the catalog and in paths.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::View => "view",
            Self::Resource => "resource",
            Self::Action => "action",
            Self::LongTask => "long_task",
            Self::Error => "error",
            Self::Vital => "vital",
            Self::Log => "log",
            Self::Span => "span",
            Self::Telemetry => "telemetry",
            Self::ReplaySegment => "replay_segment",
        }
    }

    /// The table of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Whether rows of this table count towards their session.
    #[must_use]
    pub const fn is_in_session(self) -> bool {
        !matches!(self, Self::Session | Self::Telemetry | Self::ReplaySegment)
    }

    /// Whether a row may change after it was stored.
    #[must_use]
    pub const fn is_versioned(self) -> bool {
        matches!(self, Self::Session | Self::View)
    }

    /// The table's declaration.
    #[must_use]
    pub fn table(self) -> &'static Table {
        &TABLES[self as usize - 1]
    }
}

/// The declaration of one table with its look-ups.
#[derive(Debug)]
pub struct Table {
    pub id: TableId,
    pub doc: &'static str,
    columns: Vec<Column>,
    by_name: HashMap<&'static str, ColumnId>,
    by_alias: HashMap<&'static str, ColumnId>,
    leaders: Vec<(ColumnId, Vec<ColumnId>)>,
}

static TABLES: LazyLock<Vec<Table>> =
    LazyLock::new(|| TableId::ALL.into_iter().map(Table::declare).collect());

impl Table {
    fn declare(id: TableId) -> Self {
        let (doc, own) = match id {
            TableId::Session => (tables::session::DOC, tables::session::COLUMNS),
            TableId::View => (tables::view::DOC, tables::view::COLUMNS),
            TableId::Resource => (tables::resource::DOC, tables::resource::COLUMNS),
            TableId::Action => (tables::action::DOC, tables::action::COLUMNS),
            TableId::LongTask => (tables::long_task::DOC, tables::long_task::COLUMNS),
            TableId::Error => (tables::error::DOC, tables::error::COLUMNS),
            TableId::Vital => (tables::vital::DOC, tables::vital::COLUMNS),
            TableId::Log => (tables::log::DOC, tables::log::COLUMNS),
            TableId::Span => (tables::span::DOC, tables::span::COLUMNS),
            TableId::Telemetry => (tables::telemetry::DOC, tables::telemetry::COLUMNS),
            TableId::ReplaySegment => {
                (tables::replay_segment::DOC, tables::replay_segment::COLUMNS)
            }
        };
        let columns: Vec<Column> = tables::common::COLUMNS.iter().chain(own).copied().collect();
        let by_name: HashMap<_, _> = ids(&columns)
            .map(|(id, column)| (column.name, id))
            .collect();
        let leaders = group_followers(&columns, &by_name);
        let mut table = Self {
            id,
            doc,
            columns,
            by_name,
            by_alias: HashMap::new(),
            leaders,
        };
        table.collect_aliases();
        table
    }

    /// A table's own columns claim a spelling before the common ones; a column's name before any alias.
    fn collect_aliases(&mut self) {
        let common = usize::from(tables::common::LEN);
        let own_first = (common..self.columns.len()).chain(0..common);
        for index in own_first {
            let column = self.columns[index];
            let id = ColumnId(u16::try_from(index).expect("a table has fewer than 65,536 columns"));
            let spellings = column
                .aliases
                .as_slice()
                .iter()
                .chain(column.dd.as_slice())
                .chain(column.dk.as_slice());
            for alias in spellings
                .copied()
                .filter(|alias| !self.by_name.contains_key(alias))
            {
                self.by_alias.entry(alias).or_insert(id);
            }
        }
        for alias in self.event_id_aliases() {
            self.by_alias.insert(alias, tables::common::event_id);
        }
    }

    fn event_id_aliases(&self) -> &'static [&'static str] {
        match self.id {
            TableId::Resource => &["resource_id", "resource.id"],
            TableId::Action => &["action.id"],
            TableId::LongTask => &["long_task_id", "long_task.id"],
            TableId::Error => &["error_id", "error.id"],
            TableId::Vital => &["vital_id", "vital.id"],
            _ => &[],
        }
    }

    /// The name in SQL.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.id.name()
    }

    /// Every column: common ones first.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Every column with its id.
    pub fn ids(&self) -> impl Iterator<Item = (ColumnId, &Column)> {
        ids(&self.columns)
    }

    /// One column.
    #[must_use]
    pub fn column(&self, id: ColumnId) -> &Column {
        &self.columns[id.index()]
    }

    /// The column of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<ColumnId> {
        self.by_name.get(name).copied()
    }

    /// The column that another product's name, path or spelling stands for; not the column's own name.
    #[must_use]
    pub fn by_alias(&self, alias: &str) -> Option<ColumnId> {
        self.by_alias.get(alias).copied()
    }

    /// All aliases with their columns, in no order.
    pub fn aliases(&self) -> impl Iterator<Item = (&'static str, ColumnId)> {
        self.by_alias.iter().map(|(alias, id)| (*alias, *id))
    }

    /// Columns that explain another one's value, by that leader.
    #[must_use]
    pub fn leaders(&self) -> &[(ColumnId, Vec<ColumnId>)] {
        &self.leaders
    }
}

fn ids(columns: &[Column]) -> impl Iterator<Item = (ColumnId, &Column)> {
    columns.iter().enumerate().map(|(index, column)| {
        (
            ColumnId(u16::try_from(index).expect("a table has fewer than 65,536 columns")),
            column,
        )
    })
}

fn group_followers(
    columns: &[Column],
    by_name: &HashMap<&str, ColumnId>,
) -> Vec<(ColumnId, Vec<ColumnId>)> {
    let mut leaders: Vec<(ColumnId, Vec<ColumnId>)> = Vec::new();
    for (id, column) in ids(columns) {
        let Some(leader) = column.goes_with else {
            continue;
        };
        let leader = by_name[leader];
        match leaders.iter_mut().find(|(known, _)| *known == leader) {
            Some((_, followers)) => followers.push(id),
            None => leaders.push((leader, vec![id])),
        }
    }
    leaders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_of_the_field_reach_their_column() {
        let check = |table: TableId, alias: &str, column: &str| {
            let id = table.table().by_alias(alias);
            assert_eq!(
                id.map(|id| table.table().column(id).name),
                Some(column),
                "{alias}"
            );
        };
        check(TableId::View, "view.loading_time", "view_loading_time");
        check(TableId::View, "lcp", "largest_contentful_paint");
        check(TableId::View, "time_spent", "view_time_spent");
        check(TableId::Session, "time_spent", "session_duration");
        check(TableId::Resource, "resource_id", "event_id");
        check(TableId::Resource, "duration", "resource_duration");
        check(TableId::Action, "duration", "action_loading_time");
        check(TableId::Error, "usr.id", "user_id");
    }

    #[test]
    fn column_names_are_unique_and_every_leader_exists() {
        for id in TableId::ALL {
            let table = id.table();
            assert_eq!(table.by_name.len(), table.columns.len(), "{}", table.name());
        }
        assert_eq!(TableId::View.table().leaders().len(), 3);
    }
}
