//! Names in a statement: which tables it reads, and aliases of the dictionary put back into column names.
//!
//! Runs on the parsed statement, before planning. In each `SELECT`, a name that is no column of its `FROM` but an alias of a
//! dictionary table named there (`lcp`, `view.loading_time`, `"usr.id"`, `v.lcp`) becomes that column, and an unaliased item keeps
//! the name that was typed. Real columns win over aliases, inner queries over outer ones, and names the statement itself gives
//! (`AS`, CTEs, derived tables) over aliases. What resolves to nothing is left for planning to complain about.
//!
//! On the same walk everything is refused that no answer may use: qualified tables, table functions, statements inside queries.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use datafusion::sql::sqlparser::ast::{
    Cte, Distinct, Expr, GroupByExpr, Ident, ObjectName, OrderBy, OrderByKind, Query, Select,
    SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableAlias,
};
use schema::{Table, TableId};

use crate::Error;
use crate::nearest::nearest;

mod expression;
mod from;
mod refuse;
mod scope;

use refuse::{refuse_clauses, refuse_select_clauses};
use scope::{Columns, Ctes, Scope};

/// Whether tables of PostgreSQL's catalog have names too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Names {
    Events,
    EventsAndCatalog,
}

/// What a query reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) tables: Vec<TableId>,
    /// Of PostgreSQL's catalog.
    pub(crate) catalog: Vec<&'static str>,
}

/// Resolves a query in place and tells which tables it reads.
pub(crate) fn resolve(query: &mut Query, names: Names) -> Result<Read, Error> {
    let mut resolver = Resolver {
        names,
        tables: BTreeSet::new(),
        catalog: BTreeSet::new(),
    };
    resolver.query(query, None, &Ctes::default(), Level::Outermost)?;
    Ok(Read {
        tables: resolver.tables.into_iter().collect(),
        catalog: resolver.catalog.into_iter().collect(),
    })
}

/// The dictionary table of a name.
pub(crate) fn table(name: &ObjectName) -> Result<TableId, Error> {
    let name = single(name)?;
    TableId::from_name(&name).ok_or_else(|| unknown_table(&name, std::iter::empty()))
}

/// A column that a statement can see under this name.
pub(crate) fn visible_column(table: &'static Table, name: &str) -> Option<&'static schema::Column> {
    table
        .by_name(name)
        .map(|id| table.column(id))
        .filter(|column| !column.hidden)
}

/// The visible column that an alias stands for; names are compared without regard to case, as SQL does with unquoted ones.
pub(crate) fn aliased_column(
    table: &'static Table,
    alias: &str,
) -> Option<&'static schema::Column> {
    static LOWER: LazyLock<HashMap<(TableId, String), &'static str>> = LazyLock::new(|| {
        let of = |id: TableId| {
            id.table()
                .aliases()
                .map(move |(alias, _)| ((id, alias.to_lowercase()), alias))
        };
        TableId::ALL.into_iter().flat_map(of).collect()
    });
    let exact = table.by_alias(alias);
    let folded = || {
        LOWER
            .get(&(table.id, alias.to_lowercase()))
            .and_then(|alias| table.by_alias(alias))
    };
    exact
        .or_else(folded)
        .map(|id| table.column(id))
        .filter(|column| !column.hidden)
}

/// The visible column of a table by its name or one of its aliases: what a search and a list of columns may name.
#[must_use]
pub fn column(table: &'static Table, name: &str) -> Option<&'static schema::Column> {
    visible_column(table, name).or_else(|| aliased_column(table, name))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Outermost,
    Inner,
}

/// Which names a clause sees besides columns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clause {
    /// `WHERE`, `ON`, the select list: columns only.
    Rows,
    /// `GROUP BY`, `HAVING`: columns, then names given by `AS`.
    Groups,
    /// `ORDER BY`: names of the select list, then columns.
    Order,
}

struct Resolver {
    names: Names,
    tables: BTreeSet<TableId>,
    catalog: BTreeSet<&'static str>,
}

impl Resolver {
    fn query(
        &mut self,
        query: &mut Query,
        outer: Option<&Scope>,
        ctes: &Ctes,
        level: Level,
    ) -> Result<Columns, Error> {
        refuse_clauses(query)?;
        let mut own = Ctes::inside(ctes);
        if let Some(with) = &mut query.with {
            for cte in &mut with.cte_tables {
                self.cte(cte, with.recursive, outer, &mut own)?;
            }
        }
        let columns =
            self.set_expr(&mut query.body, query.order_by.as_mut(), outer, &own, level)?;
        let nothing = Scope::new(Vec::new(), outer);
        self.expressions(&mut query.limit_clause, &nothing, &own, Clause::Rows)?;
        self.expressions(&mut query.fetch, &nothing, &own, Clause::Rows)?;
        Ok(columns)
    }

    fn cte(
        &mut self,
        cte: &mut Cte,
        recursive: bool,
        outer: Option<&Scope>,
        ctes: &mut Ctes,
    ) -> Result<(), Error> {
        let name = normal(&cte.alias.name);
        let renamed = renamed(&cte.alias);
        if recursive {
            ctes.add(name.clone(), renamed.clone().unwrap_or(Columns::Unknown));
        }
        let columns = self.query(&mut cte.query, outer, ctes, Level::Inner)?;
        ctes.add(name, renamed.unwrap_or(columns));
        Ok(())
    }

    fn set_expr(
        &mut self,
        body: &mut SetExpr,
        order_by: Option<&mut OrderBy>,
        outer: Option<&Scope>,
        ctes: &Ctes,
        level: Level,
    ) -> Result<Columns, Error> {
        match body {
            SetExpr::Select(select) => self.select(select, order_by, outer, ctes, level),
            SetExpr::Query(query) => {
                let columns = self.query(query, outer, ctes, level)?;
                self.order_outputs(order_by, &columns, outer, ctes)?;
                Ok(columns)
            }
            SetExpr::SetOperation { left, right, .. } => {
                let columns = self.set_expr(left, None, outer, ctes, level)?;
                self.set_expr(right, None, outer, ctes, Level::Inner)?;
                self.order_outputs(order_by, &columns, outer, ctes)?;
                Ok(columns)
            }
            SetExpr::Values(values) => {
                self.expressions(
                    &mut values.rows,
                    &Scope::new(Vec::new(), outer),
                    ctes,
                    Clause::Rows,
                )?;
                Ok(Columns::Unknown)
            }
            SetExpr::Table(_) => Err(Error::not_allowed("TABLE as a query")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(Error::not_allowed("changing data"))
            }
        }
    }

    /// `ORDER BY` of a set operation: it sees only the names of its output.
    fn order_outputs(
        &mut self,
        order_by: Option<&mut OrderBy>,
        columns: &Columns,
        outer: Option<&Scope>,
        ctes: &Ctes,
    ) -> Result<(), Error> {
        let mut scope = Scope::new(Vec::new(), outer);
        scope.outputs = columns.names();
        self.order_by(order_by, &scope, ctes, &HashMap::new())
    }

    fn select(
        &mut self,
        select: &mut Select,
        order_by: Option<&mut OrderBy>,
        outer: Option<&Scope>,
        ctes: &Ctes,
        level: Level,
    ) -> Result<Columns, Error> {
        refuse_select_clauses(select)?;
        let mut relations = Vec::new();
        for table in &mut select.from {
            self.table_with_joins(table, &mut relations, outer, ctes)?;
        }
        let mut scope = Scope::new(relations, outer);
        for table in &mut select.from {
            self.join_conditions(table, &scope, ctes)?;
        }
        scope.given = given_names(&select.projection);
        let mut typed = HashMap::new();
        let columns = self.projection(&mut select.projection, &scope, ctes, level, &mut typed)?;
        scope.outputs = columns.names();
        self.expressions(&mut select.selection, &scope, ctes, Clause::Rows)?;
        if let Some(Distinct::On(expressions)) = &mut select.distinct {
            self.expressions(expressions, &scope, ctes, Clause::Order)?;
        }
        if let GroupByExpr::Expressions(expressions, _) = &mut select.group_by {
            self.expressions(expressions, &scope, ctes, Clause::Groups)?;
        }
        self.expressions(&mut select.having, &scope, ctes, Clause::Groups)?;
        self.expressions(&mut select.qualify, &scope, ctes, Clause::Groups)?;
        self.expressions(&mut select.named_window, &scope, ctes, Clause::Rows)?;
        self.order_by(order_by, &scope, ctes, &typed)?;
        Ok(columns)
    }

    /// Items of a select list. `typed` gets the text of each renamed expression, for `ORDER BY` to find.
    fn projection(
        &mut self,
        items: &mut [SelectItem],
        scope: &Scope,
        ctes: &Ctes,
        level: Level,
        typed: &mut HashMap<String, Ident>,
    ) -> Result<Columns, Error> {
        let (mut names, mut stars) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let text = expr.to_string();
                    let name = match self.renamed_item(expr, scope, ctes, level)? {
                        Some(name) => {
                            let alias = Ident::with_quote('"', &name);
                            typed.insert(text, alias.clone());
                            *item = SelectItem::ExprWithAlias {
                                expr: expr.clone(),
                                alias,
                            };
                            Some(name)
                        }
                        None => last_name(expr),
                    };
                    names.extend(name);
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    self.expressions(expr, scope, ctes, Clause::Rows)?;
                    names.push(normal(alias));
                }
                SelectItem::ExprWithAliases { .. } => {
                    return Err(Error::not_allowed("an item with several aliases"));
                }
                SelectItem::Wildcard(_) => scope.expand(None, &mut names, &mut stars),
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(relation),
                    _,
                ) => {
                    scope.expand(Some(&single(relation)?), &mut names, &mut stars);
                }
                SelectItem::QualifiedWildcard(..) => {
                    return Err(Error::not_allowed("the fields of an expression"));
                }
            }
        }
        Ok(Columns::Named { names, stars })
    }

    /// The name an unaliased item must be given so that it is called what was typed.
    fn renamed_item(
        &mut self,
        expr: &mut Expr,
        scope: &Scope,
        ctes: &Ctes,
        level: Level,
    ) -> Result<Option<String>, Error> {
        if let Some(parts) = name_parts(expr) {
            let Some(found) = scope.find_alias(&parts)? else {
                return Ok(None);
            };
            *expr = found.expr();
            return Ok(Some(found.typed));
        }
        let text = expr.to_string();
        self.expressions(expr, scope, ctes, Clause::Rows)?;
        let is_renamed = level == Level::Outermost || expr.to_string() != text;
        Ok(is_renamed.then_some(text))
    }

    fn order_by(
        &mut self,
        order_by: Option<&mut OrderBy>,
        scope: &Scope,
        ctes: &Ctes,
        typed: &HashMap<String, Ident>,
    ) -> Result<(), Error> {
        let Some(OrderByKind::Expressions(items)) = order_by.map(|order_by| &mut order_by.kind)
        else {
            return Ok(());
        };
        for item in items {
            // The same expression as in the select list is that column: with DISTINCT nothing else may be ordered by.
            match typed.get(&item.expr.to_string()) {
                Some(alias) => item.expr = Expr::Identifier(alias.clone()),
                None => self.expressions(&mut item.expr, scope, ctes, Clause::Order)?,
            }
        }
        Ok(())
    }
}

/// The identifiers of a name.
fn name_parts(expr: &Expr) -> Option<Vec<Ident>> {
    match expr {
        Expr::Identifier(ident) => Some(vec![ident.clone()]),
        Expr::CompoundIdentifier(parts) => Some(parts.clone()),
        _ => None,
    }
}

/// An identifier as SQL compares it: lower case unless quoted.
pub(crate) fn normal(ident: &Ident) -> String {
    if ident.quote_style.is_some() {
        ident.value.clone()
    } else {
        ident.value.to_lowercase()
    }
}

fn joined(parts: &[Ident]) -> String {
    parts.iter().map(normal).collect::<Vec<_>>().join(".")
}

fn last_name(expr: &Expr) -> Option<String> {
    name_parts(expr).and_then(|parts| parts.last().map(normal))
}

/// The names of a table alias that renames columns.
fn renamed(alias: &TableAlias) -> Option<Columns> {
    let names: Vec<String> = alias
        .columns
        .iter()
        .map(|column| normal(&column.name))
        .collect();
    (!names.is_empty()).then_some(Columns::Named {
        names,
        stars: Vec::new(),
    })
}

/// Names that `AS` gives in a select list.
fn given_names(items: &[SelectItem]) -> Vec<String> {
    let given = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(normal(alias)),
        _ => None,
    };
    items.iter().filter_map(given).collect()
}

/// A name without a schema: nothing lies in any.
fn single(name: &ObjectName) -> Result<String, Error> {
    match name.0.as_slice() {
        [part] => part
            .as_ident()
            .map(normal)
            .ok_or_else(|| Error::not_allowed(format!("`{name}` as a table"))),
        _ => Err(Error::not_allowed(format!(
            "`{name}`: a table of another schema"
        ))),
    }
}

fn unknown_table<'a>(name: &str, ctes: impl Iterator<Item = &'a str>) -> Error {
    let candidates: Vec<&str> = TableId::ALL
        .into_iter()
        .map(|id| -> &str { id.name() })
        .chain(ctes)
        .collect();
    Error::UnknownTable {
        name: name.to_owned(),
        nearest: nearest(name, candidates.into_iter()),
    }
}

#[cfg(test)]
mod tests;
