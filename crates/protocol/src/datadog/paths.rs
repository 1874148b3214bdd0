//! Which path of an event goes where: one tree per table, made from the dictionary's `dd` names, the fixups' paths and the
//! list of what is dropped. An event's JSON is walked once beside it.

use std::sync::LazyLock;

use foldhash::{HashMap, HashMapExt};
use schema::{ColumnId, Kind, TableId, tables::common};

use super::fixups::FIXUPS;
use super::wire;

/// What becomes of the value at a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Take {
    Column(Slot),
    /// A fixup of that path reshapes it.
    Fixup(&'static str),
    /// It carries nothing; if a value is given, only that one does not.
    Drop(Option<&'static str>),
}

/// A column at one of its paths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) column: ColumnId,
    pub(crate) kind: Kind,
    pub(crate) path: &'static str,
    /// 0 for the path declared first, which wins.
    pub(crate) rank: usize,
    /// Other paths fill the same column.
    pub(crate) has_rivals: bool,
    /// It may be as long as a stack.
    pub(crate) is_stack: bool,
}

#[derive(Debug, Default)]
struct Node {
    children: HashMap<&'static str, usize>,
    take: Option<Take>,
}

/// The tree of one table.
#[derive(Debug)]
pub(crate) struct Paths {
    nodes: Vec<Node>,
}

/// A place in a tree.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    paths: &'static Paths,
    node: usize,
}

static PATHS: LazyLock<Vec<(TableId, Paths)>> = LazyLock::new(|| {
    wire::TABLES
        .into_iter()
        .map(|table| (table, Paths::declare(table)))
        .collect()
});

impl Paths {
    /// The root of a table's tree.
    pub(crate) fn root(table: TableId) -> Place {
        let found = PATHS.iter().find(|(known, _)| *known == table);
        let (_, paths) = found.expect("every table that events decode into has a tree");
        Place { paths, node: 0 }
    }

    fn declare(table: TableId) -> Self {
        let mut paths = Self {
            nodes: vec![Node::default()],
        };
        for (column, declared) in table.table().ids() {
            // `date` names `time`, which enrichment makes from `client_time`.
            if column == common::time {
                continue;
            }
            let names = declared.dd.as_slice();
            for (rank, path) in names.iter().copied().enumerate() {
                let slot = Slot {
                    column,
                    kind: declared.kind,
                    path,
                    rank,
                    has_rivals: names.len() > 1,
                    is_stack: declared.name.contains("stack"),
                };
                // A table's own columns come after the common ones and win, as in SQL.
                paths.declare_path(path, Take::Column(slot));
            }
        }
        for path in FIXUPS.iter().flat_map(|fixup| fixup.paths) {
            paths.declare_path(path, Take::Fixup(path));
        }
        for (path, value, _) in wire::DROPPED {
            paths.declare_path(path, Take::Drop(*value));
        }
        paths
    }

    fn declare_path(&mut self, path: &'static str, take: Take) {
        let mut node = 0;
        for key in path.split('.') {
            let next = self.nodes.len();
            node = *self.nodes[node].children.entry(key).or_insert(next);
            if node == next {
                self.nodes.push(Node {
                    children: HashMap::new(),
                    take: None,
                });
            }
        }
        self.nodes[node].take = Some(take);
    }
}

impl Place {
    pub(crate) fn child(self, key: &str) -> Option<Self> {
        let node = *self.paths.nodes[self.node].children.get(key)?;
        Some(Self { node, ..self })
    }

    pub(crate) fn take(self) -> Option<Take> {
        self.paths.nodes[self.node].take
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_lies_inside_one_that_is_taken_whole() {
        for (table, paths) in PATHS.iter() {
            for node in &paths.nodes {
                assert!(
                    node.take.is_none() || node.children.is_empty(),
                    "{table:?}: {:?}",
                    node.take
                );
            }
        }
    }

    #[test]
    fn a_path_leads_to_its_column_and_date_does_not_lead_to_time() {
        let root = Paths::root(TableId::View);
        let place = root
            .child("view")
            .and_then(|view| view.child("loading_time"))
            .unwrap();
        let Some(Take::Column(slot)) = place.take() else {
            panic!("not a column")
        };
        assert_eq!(
            TableId::View.table().column(slot.column).name,
            "view_loading_time"
        );
        assert!(matches!(
            root.child("date").unwrap().take(),
            Some(Take::Fixup("date"))
        ));
        assert!(root.child("view").unwrap().take().is_none());
        assert!(root.child("no_such_key").is_none());
    }
}
