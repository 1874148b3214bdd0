//! What a name can mean inside one `SELECT`.

use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart};
use schema::TableId;

use super::{aliased_column, joined, normal, visible_column};
use crate::Error;

/// The relations of a `FROM` and the names of the select list.
pub(super) struct Scope<'a> {
    relations: Vec<Relation>,
    outer: Option<&'a Scope<'a>>,
    /// Names given by `AS`.
    pub(super) given: Vec<String>,
    /// All names of the select list.
    pub(super) outputs: Vec<String>,
}

/// One relation of a `FROM`.
#[derive(Clone)]
pub(super) struct Relation {
    /// Its alias or its own name; empty if it has neither.
    pub(super) name: String,
    pub(super) columns: Columns,
}

/// What is known of a relation's columns.
#[derive(Clone)]
pub(super) enum Columns {
    Table(TableId),
    /// `stars` are the dictionary tables that `*` took columns from: their aliases hold for these still.
    Named {
        names: Vec<String>,
        stars: Vec<TableId>,
    },
    Unknown,
}

impl Columns {
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::Named { names, .. } => names.clone(),
            Self::Table(_) | Self::Unknown => Vec::new(),
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Table(table) => visible_column(table.table(), name).is_some(),
            Self::Named { names, .. } => names.iter().any(|known| known == name),
            Self::Unknown => false,
        }
    }
}

/// Common table expressions, inner ones before outer ones.
#[derive(Default)]
pub(super) struct Ctes<'a> {
    own: Vec<(String, Columns)>,
    outer: Option<&'a Ctes<'a>>,
}

impl<'a> Ctes<'a> {
    pub(super) fn inside(outer: &'a Self) -> Self {
        Self {
            own: Vec::new(),
            outer: Some(outer),
        }
    }

    pub(super) fn add(&mut self, name: String, columns: Columns) {
        self.own.push((name, columns));
    }

    pub(super) fn find(&self, name: &str) -> Option<&Columns> {
        let own = self
            .own
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, columns)| columns);
        own.or_else(|| self.outer.and_then(|outer| outer.find(name)))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let mut level = Some(self);
        let levels = std::iter::from_fn(move || {
            let ctes = level?;
            level = ctes.outer;
            Some(ctes)
        });
        levels.flat_map(|ctes| ctes.own.iter().map(|(name, _)| name.as_str()))
    }
}

/// What a name is in a scope, without the outer ones.
pub(super) enum Place {
    /// A column under its own name.
    Column,
    Alias(Found),
    Nothing,
}

/// The column an alias stands for.
#[derive(Clone, Debug)]
pub(super) struct Found {
    relation: String,
    column: &'static str,
    /// The alias as it was typed, without the relation's name.
    pub(super) typed: String,
}

impl Found {
    /// The column, qualified: another relation may have one of that name.
    pub(super) fn expr(&self) -> Expr {
        let quoted = |name: &str| Ident::with_quote('"', name);
        match self.relation.as_str() {
            // A derived table without a name.
            "" => Expr::Identifier(quoted(self.column)),
            relation => Expr::CompoundIdentifier(vec![quoted(relation), quoted(self.column)]),
        }
    }
}

impl<'a> Scope<'a> {
    pub(super) fn new(relations: Vec<Relation>, outer: Option<&'a Scope<'a>>) -> Self {
        Self {
            relations,
            outer,
            given: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// The column that a name stands for as an alias; nothing if it is a column, or unknown here and outside.
    pub(super) fn find_alias(&self, parts: &[Ident]) -> Result<Option<Found>, Error> {
        match self.try_place(parts)? {
            Place::Column => Ok(None),
            Place::Alias(found) => Ok(Some(found)),
            Place::Nothing => self.outer.map_or(Ok(None), |outer| outer.find_alias(parts)),
        }
    }

    /// What a name is here; an ambiguous alias counts as one.
    pub(super) fn place(&self, parts: &[Ident]) -> Place {
        self.try_place(parts).unwrap_or(Place::Nothing)
    }

    fn try_place(&self, parts: &[Ident]) -> Result<Place, Error> {
        let [first, rest @ ..] = parts else {
            return Ok(Place::Nothing);
        };
        let whole = joined(parts);
        if rest.is_empty() {
            if self
                .relations
                .iter()
                .any(|relation| relation.columns.has(&whole))
            {
                return Ok(Place::Column);
            }
            return self.unique_alias(&whole);
        }
        let qualifier = normal(first);
        let Some(relation) = self
            .relations
            .iter()
            .find(|relation| relation.name == qualifier)
        else {
            return self.unique_alias(&whole);
        };
        let rest = joined(rest);
        if relation.columns.has(&rest) {
            return Ok(Place::Column);
        }
        // `view.name` of `FROM view` is an alias as a whole; `v.lcp` of `FROM view v` is one behind the relation's name.
        let own = relation.alias(&whole).or_else(|| relation.alias(&rest));
        own.map_or_else(
            || self.unique_alias(&whole),
            |found| Ok(Place::Alias(found)),
        )
    }

    fn unique_alias(&self, alias: &str) -> Result<Place, Error> {
        let mut found = self
            .relations
            .iter()
            .filter_map(|relation| relation.alias(alias));
        let Some(first) = found.next() else {
            return Ok(Place::Nothing);
        };
        let others: Vec<Found> = found.collect();
        if others.is_empty() {
            return Ok(Place::Alias(first));
        }
        let candidates = std::iter::once(&first)
            .chain(&others)
            .map(|found| format!("`{}.{}`", found.relation, found.column));
        Err(Error::AmbiguousColumn {
            name: alias.to_owned(),
            candidates: candidates.collect(),
        })
    }

    /// Puts the column of `USING (alias)`: it has the same name on both sides, or planning refuses it.
    pub(super) fn using(&self, column: &mut ObjectName) {
        let [ObjectNamePart::Identifier(ident)] = column.0.as_mut_slice() else {
            return;
        };
        let name = normal(ident);
        if self
            .relations
            .iter()
            .any(|relation| relation.columns.has(&name))
        {
            return;
        }
        if let Some(found) = self
            .relations
            .iter()
            .find_map(|relation| relation.alias(&name))
        {
            *ident = Ident::with_quote('"', found.column);
        }
    }

    /// Adds the names of `*` or `relation.*`, and the dictionary tables they come from.
    pub(super) fn expand(
        &self,
        of: Option<&str>,
        names: &mut Vec<String>,
        stars: &mut Vec<TableId>,
    ) {
        for relation in self
            .relations
            .iter()
            .filter(|relation| of.is_none_or(|of| relation.name == of))
        {
            match &relation.columns {
                Columns::Table(table) => {
                    let visible = table
                        .table()
                        .columns()
                        .iter()
                        .filter(|column| !column.hidden);
                    names.extend(visible.map(|column| column.name.to_owned()));
                    stars.push(*table);
                }
                Columns::Named {
                    names: known,
                    stars: tables,
                } => {
                    names.extend(known.iter().cloned());
                    stars.extend(tables);
                }
                Columns::Unknown => {}
            }
        }
    }
}

impl Relation {
    fn alias(&self, alias: &str) -> Option<Found> {
        let column = match &self.columns {
            Columns::Table(table) => aliased_column(table.table(), alias)?,
            Columns::Named { names, stars } => {
                let mut columns = stars
                    .iter()
                    .filter_map(|table| aliased_column(table.table(), alias));
                columns.find(|column| names.iter().any(|name| name == column.name))?
            }
            Columns::Unknown => return None,
        };
        Some(Found {
            relation: self.name.clone(),
            column: column.name,
            typed: alias.to_owned(),
        })
    }
}
