//! Relations of a `FROM`: which there may be, and what columns they have.

use datafusion::sql::sqlparser::ast::{
    Join, JoinConstraint, JoinOperator, ObjectName, TableFactor, TableWithJoins,
};
use schema::TableId;

use super::scope::{Columns, Ctes, Relation, Scope};
use super::{Clause, Level, Names, Resolver, normal, renamed, single, unknown_table};
use crate::{Error, catalog, functions};

impl Resolver {
    pub(super) fn table_with_joins(
        &mut self,
        table: &mut TableWithJoins,
        relations: &mut Vec<Relation>,
        outer: Option<&Scope>,
        ctes: &Ctes,
    ) -> Result<(), Error> {
        self.factor(&mut table.relation, relations, outer, ctes)?;
        for join in &mut table.joins {
            self.factor(&mut join.relation, relations, outer, ctes)?;
        }
        Ok(())
    }

    fn factor(
        &mut self,
        factor: &mut TableFactor,
        relations: &mut Vec<Relation>,
        outer: Option<&Scope>,
        ctes: &Ctes,
    ) -> Result<(), Error> {
        // A lateral relation sees those before it.
        let before = Scope::new(relations.clone(), outer);
        let (alias, columns, name) = match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
                ..
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                let name = single(name)?;
                (alias, self.named(&name, ctes)?, name)
            }
            TableFactor::Table {
                name,
                alias,
                args: Some(args),
                ..
            } => {
                let name = table_function(name)?;
                self.expressions(args, &before, ctes, Clause::Rows)?;
                (alias, Columns::Unknown, name)
            }
            TableFactor::Function {
                name, args, alias, ..
            } => {
                let name = table_function(name)?;
                self.expressions(args, &before, ctes, Clause::Rows)?;
                (alias, Columns::Unknown, name)
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample: None,
            } => {
                let seen = if *lateral { Some(&before) } else { outer };
                (
                    alias,
                    self.query(subquery, seen, ctes, Level::Inner)?,
                    String::new(),
                )
            }
            TableFactor::UNNEST {
                alias, array_exprs, ..
            } => {
                self.expressions(array_exprs, &before, ctes, Clause::Rows)?;
                (alias, Columns::Unknown, String::new())
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => {
                return self.table_with_joins(table_with_joins, relations, outer, ctes);
            }
            other => return Err(Error::not_allowed(format!("`{other}` in FROM"))),
        };
        let relation = match alias {
            Some(alias) => Relation {
                name: normal(&alias.name),
                columns: renamed(alias).unwrap_or(columns),
            },
            None => Relation { name, columns },
        };
        relations.push(relation);
        Ok(())
    }

    fn named(&mut self, name: &str, ctes: &Ctes) -> Result<Columns, Error> {
        if let Some(columns) = ctes.find(name) {
            return Ok(columns.clone());
        }
        if self.names == Names::EventsAndCatalog
            && let Some(name) = catalog::registered_name(name)
        {
            self.catalog.insert(name);
            return Ok(Columns::Unknown);
        }
        let table = TableId::from_name(name).ok_or_else(|| unknown_table(name, ctes.names()))?;
        self.tables.insert(table);
        Ok(Columns::Table(table))
    }

    pub(super) fn join_conditions(
        &mut self,
        table: &mut TableWithJoins,
        scope: &Scope,
        ctes: &Ctes,
    ) -> Result<(), Error> {
        if let TableFactor::NestedJoin {
            table_with_joins, ..
        } = &mut table.relation
        {
            self.join_conditions(table_with_joins, scope, ctes)?;
        }
        for Join {
            relation,
            join_operator,
            ..
        } in &mut table.joins
        {
            if let TableFactor::NestedJoin {
                table_with_joins, ..
            } = relation
            {
                self.join_conditions(table_with_joins, scope, ctes)?;
            }
            match constraint(join_operator) {
                Some(JoinConstraint::On(condition)) => {
                    self.expressions(condition, scope, ctes, Clause::Rows)?
                }
                Some(JoinConstraint::Using(columns)) => {
                    columns.iter_mut().for_each(|column| scope.using(column))
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::Semi(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::RightSemi(constraint)
        | JoinOperator::Anti(constraint)
        | JoinOperator::LeftAnti(constraint)
        | JoinOperator::RightAnti(constraint) => Some(constraint),
        _ => None,
    }
}

fn table_function(name: &ObjectName) -> Result<String, Error> {
    let name = single(name)?;
    if functions::TABLE_FUNCTIONS.contains(&name.as_str()) || name == "unnest" {
        return Ok(name);
    }
    Err(Error::not_allowed(format!("table function `{name}`")))
}
