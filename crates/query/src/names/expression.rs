//! Names inside expressions, wherever a clause has them.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Ident, Query, VisitMut, VisitorMut};

use super::scope::{Ctes, Place, Scope};
use super::{Clause, Level, Resolver, joined, name_parts, normal};
use crate::{Error, functions};

impl Resolver {
    /// Resolves every name in a piece of syntax; queries inside it get scopes of their own.
    pub(super) fn expressions(
        &mut self,
        syntax: &mut impl VisitMut,
        scope: &Scope,
        ctes: &Ctes,
        clause: Clause,
    ) -> Result<(), Error> {
        let mut visitor = ExpressionVisitor {
            resolver: self,
            scope,
            ctes,
            clause,
            depth: 0,
        };
        match syntax.visit(&mut visitor) {
            ControlFlow::Break(error) => Err(error),
            ControlFlow::Continue(()) => Ok(()),
        }
    }
}

struct ExpressionVisitor<'a> {
    resolver: &'a mut Resolver,
    scope: &'a Scope<'a>,
    ctes: &'a Ctes<'a>,
    clause: Clause,
    /// How many queries deep the visit is; those are resolved whole when they are entered.
    depth: usize,
}

impl VisitorMut for ExpressionVisitor<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.depth += 1;
        if self.depth > 1 {
            return ControlFlow::Continue(());
        }
        match self
            .resolver
            .query(query, Some(self.scope), self.ctes, Level::Inner)
        {
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if self.depth > 0 {
            return ControlFlow::Continue(());
        }
        match self.resolve(expr) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

impl ExpressionVisitor<'_> {
    fn resolve(&self, expr: &mut Expr) -> Result<(), Error> {
        if let Expr::Function(function) = expr {
            let name = function
                .name
                .0
                .last()
                .and_then(|part| part.as_ident())
                .map(normal)
                .unwrap_or_default();
            if functions::is_denied(&name) {
                return Err(Error::not_allowed(format!("function `{name}`")));
            }
        }
        let Some(parts) = name_parts(expr) else {
            return Ok(());
        };
        let typed = joined(&parts);
        match self.clause {
            Clause::Order if self.scope.outputs.contains(&typed) => {
                *expr = Expr::Identifier(Ident::with_quote('"', typed));
                return Ok(());
            }
            Clause::Groups
                if parts.len() == 1
                    && self.scope.given.contains(&typed)
                    && !matches!(self.scope.place(&parts), Place::Column) =>
            {
                return Ok(());
            }
            _ => {}
        }
        if let Some(found) = self.scope.find_alias(&parts)? {
            *expr = found.expr();
        }
        Ok(())
    }
}
