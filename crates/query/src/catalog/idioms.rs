//! Statements as clients of PostgreSQL write them, put into words that the engine knows. Runs before names are resolved.
//!
//! - Names of schemas go: `public.view` is `view`, `pg_catalog.pg_class` is `pg_class`, and so for functions, types and operators.
//! - Functions that say the same in every row become literals: `version()`, `current_database()`, `pg_table_is_visible(…)`.
//! - A `SELECT` from a table of the catalog that is always empty becomes one that gives no rows, so that none of its words have to be known.
//! - The list of schemas in the search path, which Grafana takes apart with functions of arrays, becomes `public`.
//! - Unnamed items of the outermost select list are called as PostgreSQL calls them: `count`, not `count(*)`.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Ident, ObjectName, ObjectNamePart, Query, Select, SetExpr, TableAlias, TableFactor, Value,
    VisitMut, VisitorMut,
};

use super::PostgresClient;
use super::types::oid_of_name;
use crate::Error;
use crate::names::normal;

mod empty;
mod items;
mod values;

use empty::{constant, gives_nothing, is_empty, only_value, reads_search_path, without_rows};
use items::name_items;
use values::{list, literal, null, number, text, text_of};

const INFORMATION: &str = "information_schema";
/// Rewrites a query in place.
///
/// # Errors
/// When it names a relation that there is not (`'x'::regclass`), or builds an array of a query's rows.
pub(crate) fn rewrite(query: &mut Query, client: &PostgresClient) -> Result<(), Error> {
    // First, because a function that became a literal has no name any more.
    if let SetExpr::Select(select) = query.body.as_mut() {
        name_items(select);
    }
    match query.visit(&mut Idioms { client }) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Idioms<'a> {
    client: &'a PostgresClient,
}

impl VisitorMut for Idioms<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let SetExpr::Select(select) = query.body.as_mut() else {
            return ControlFlow::Continue(());
        };
        if reads_search_path(select) {
            *select.as_mut() = constant(select, text("public"));
        } else if is_empty(select) {
            // It may be by a column that is not there any more.
            query.order_by = None;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        if is_empty(select) {
            without_rows(select);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        if let TableFactor::Table { name, alias, .. } = factor {
            unqualify_relation(name, alias);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        // Options of storage and rights, which nothing has; psql unfolds the former with a query of their own.
        if matches!(expr, Expr::Function(call) if called(call) == "array_to_string") {
            let shown = expr.to_string();
            if shown.contains("reloptions") || shown.contains("acl,") {
                *expr = text("");
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match self.rewritten(expr) {
            Ok(Some(other)) => {
                *expr = other;
                ControlFlow::Continue(())
            }
            Ok(None) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

impl Idioms<'_> {
    /// What an expression becomes, its parts being rewritten already; nothing when it may stay, perhaps changed in place.
    fn rewritten(&self, expr: &mut Expr) -> Result<Option<Expr>, Error> {
        match expr {
            Expr::Collate { expr, .. } => Ok(Some(expr.as_ref().clone())),
            Expr::BinaryOp { op, .. } => {
                *op = operator(op)?;
                Ok(None)
            }
            Expr::CompoundIdentifier(parts) => {
                // "public"."view"."time"
                if parts.len() > 2 && normal(&parts[0]) == "public" {
                    parts.remove(0);
                }
                Ok(None)
            }
            Expr::Identifier(name) if name.quote_style.is_none() => Ok(self.word(&name.value)),
            Expr::Subquery(query) if gives_nothing(query) => Ok(Some(null())),
            Expr::Exists { subquery, negated } if gives_nothing(subquery) => {
                Ok(Some(literal(Value::Boolean(*negated))))
            }
            // Queries may not stand in every clause, lists may.
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => Ok(only_value(subquery).map(|value| Expr::InList {
                expr: expr.clone(),
                list: vec![value],
                negated: *negated,
            })),
            Expr::Cast {
                expr, data_type, ..
            } => cast(expr, data_type),
            Expr::Function(call) => self.function(call),
            _ => Ok(None),
        }
    }

    /// Words that are functions without parentheses.
    fn word(&self, word: &str) -> Option<Expr> {
        match word.to_ascii_lowercase().as_str() {
            "user" | "current_user" | "session_user" | "current_role" => {
                Some(text(&self.client.user))
            }
            "current_catalog" => Some(text(&self.client.database)),
            "current_schema" => Some(text("public")),
            _ => None,
        }
    }

    fn function(&self, call: &mut Function) -> Result<Option<Expr>, Error> {
        if let [.., schema, name] = call.name.0.as_slice()
            && schema
                .as_ident()
                .is_some_and(|schema| normal(schema) == "pg_catalog")
        {
            call.name = ObjectName(vec![name.clone()]);
        }
        let name = called(call);
        if name == "array"
            && let FunctionArguments::Subquery(query) = &call.args
        {
            return match gives_nothing(query) {
                true => Ok(Some(list(&[]))),
                false => Err(Error::not_allowed("an array of a query's rows")),
            };
        }
        if matches!(call.args, FunctionArguments::None)
            && let Some(word) = self.word(&name)
        {
            return Ok(Some(word));
        }
        let args = arguments(call);
        if name == "obj_description" || name == "format_type" {
            // The second argument changes nothing for tables and types without modifiers.
            if let FunctionArguments::List(list) = &mut call.args {
                list.args.truncate(1);
            }
            return Ok(None);
        }
        self.constant_function(&name, &args)
    }

    /// Functions whose answer does not depend on a row.
    fn constant_function(&self, name: &str, args: &[Expr]) -> Result<Option<Expr>, Error> {
        let client = self.client;
        let truth = |value| Some(literal(Value::Boolean(value)));
        Ok(match name {
            "version" if args.is_empty() => Some(text(&client.version)),
            "current_database" | "current_catalog" => Some(text(&client.database)),
            "current_schema" => Some(text("public")),
            "current_schemas" => Some(list(&["pg_catalog", "public"])),
            "current_user" | "session_user" | "current_role" | "user" => Some(text(&client.user)),
            "pg_get_userbyid" => Some(text("footfall")),
            "current_setting" => return self.setting(args).map(Some),
            "set_config" => args.get(1).cloned(),
            "pg_backend_pid"
            | "pg_relation_size"
            | "pg_total_relation_size"
            | "pg_table_size"
            | "txid_current" => Some(number(0)),
            "pg_encoding_to_char" => Some(text("UTF8")),
            "pg_table_is_visible" | "pg_type_is_visible" | "pg_function_is_visible" => truth(true),
            "pg_is_in_recovery" | "pg_is_other_temp_schema" | "pg_relation_is_publishable" => {
                truth(false)
            }
            "has_table_privilege"
            | "has_schema_privilege"
            | "has_database_privilege"
            | "has_column_privilege"
            | "has_any_column_privilege" => {
                let asked = args.last().and_then(text_of).unwrap_or_default();
                truth(["SELECT", "USAGE", "CONNECT"].contains(&asked.to_uppercase().as_str()))
            }
            "pg_get_expr"
            | "pg_get_constraintdef"
            | "pg_get_indexdef"
            | "pg_get_viewdef"
            | "pg_get_partkeydef"
            | "shobj_description"
            | "inet_server_addr"
            | "inet_server_port"
            | "inet_client_addr"
            | "pg_get_serial_sequence"
            | "to_regtype"
            | "pg_my_temp_schema" => Some(null()),
            _ => None,
        })
    }

    fn setting(&self, args: &[Expr]) -> Result<Expr, Error> {
        let name = args.first().and_then(text_of).unwrap_or_default();
        match self.client.setting(&name) {
            Some(value) => Ok(text(value)),
            // The second argument: an unknown name is no error.
            None if args.len() > 1 => Ok(null()),
            None => Err(Error::invalid(format!(
                "unrecognized configuration parameter \"{name}\""
            ))),
        }
    }
}

/// The function's name without its schema.
fn called(call: &Function) -> String {
    let last = call.name.0.last().and_then(ObjectNamePart::as_ident);
    last.map(normal).unwrap_or_default()
}

fn arguments(call: &Function) -> Vec<Expr> {
    let FunctionArguments::List(list) = &call.args else {
        return Vec::new();
    };
    let plain = |arg: &FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    list.args.iter().filter_map(plain).collect()
}

/// `OPERATOR(pg_catalog.~)` is `~`.
fn operator(op: &BinaryOperator) -> Result<BinaryOperator, Error> {
    let BinaryOperator::PGCustomBinaryOperator(parts) = op else {
        return Ok(op.clone());
    };
    let symbol = parts.last().map(String::as_str).unwrap_or_default();
    Ok(match symbol {
        "~" => BinaryOperator::PGRegexMatch,
        "~*" => BinaryOperator::PGRegexIMatch,
        "!~" => BinaryOperator::PGRegexNotMatch,
        "!~*" => BinaryOperator::PGRegexNotIMatch,
        "=" => BinaryOperator::Eq,
        "<>" => BinaryOperator::NotEq,
        "~~" => BinaryOperator::PGLikeMatch,
        "!~~" => BinaryOperator::PGNotLikeMatch,
        _ => return Err(Error::not_allowed(format!("operator `{symbol}`"))),
    })
}

/// Casts to the types of object ids; the engine has names and numbers instead.
fn cast(expr: &mut Expr, data_type: &mut DataType) -> Result<Option<Expr>, Error> {
    let name = match &*data_type {
        DataType::Regclass => "regclass".to_owned(),
        DataType::JSON | DataType::JSONB => "json".to_owned(),
        DataType::Custom(name, _) => {
            let last = name.0.last().and_then(ObjectNamePart::as_ident);
            last.map(normal).unwrap_or_default()
        }
        _ => return Ok(None),
    };
    let by = |function: &str| Some(values::call(function, expr.clone()));
    match name.as_str() {
        "regclass" => match text_of(expr) {
            Some(relation) => relation_oid(&relation).map(Some),
            None => Ok(by("regclass_name")),
        },
        "regtype" => Ok(by("format_type")),
        "oid" | "xid" | "cid" | "int8" => {
            *data_type = DataType::BigInt(None);
            Ok(None)
        }
        "int4" | "int2" => {
            *data_type = DataType::Int(None);
            Ok(None)
        }
        "float8" => {
            *data_type = DataType::DoublePrecision;
            Ok(None)
        }
        "bool" => {
            *data_type = DataType::Boolean;
            Ok(None)
        }
        "text" | "name" | "char" | "varchar" | "bpchar" | "json" | "regnamespace" | "regproc"
        | "regrole" => {
            *data_type = DataType::Text;
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// The object id behind `'public.view'::regclass`.
fn relation_oid(relation: &str) -> Result<Expr, Error> {
    let bare = relation
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .trim_matches('"');
    let known = oid_of_name(bare).or_else(|| relation.parse().ok());
    let oid = known.ok_or_else(|| Error::UnknownTable {
        name: relation.to_owned(),
        nearest: None,
    })?;
    Ok(number(i64::from(oid)))
}

/// Takes the schema off a relation's name. The name in `information_schema` is registered with it, and keeps its own as an alias.
fn unqualify_relation(name: &mut ObjectName, alias: &mut Option<TableAlias>) {
    let parts: Vec<String> = name
        .0
        .iter()
        .filter_map(|part| part.as_ident().map(normal))
        .collect();
    let [.., schema, relation] = parts.as_slice() else {
        return;
    };
    if parts.len() != name.0.len() || parts.len() > 3 {
        return;
    }
    let own = Ident::with_quote('"', relation);
    match schema.as_str() {
        "public" | "pg_catalog" => *name = ObjectName::from(vec![own]),
        INFORMATION => {
            let registered = Ident::with_quote('"', format!("{INFORMATION}.{relation}"));
            *name = ObjectName::from(vec![registered]);
            if alias.is_none() {
                *alias = Some(TableAlias {
                    explicit: true,
                    name: own,
                    columns: Vec::new(),
                    at: None,
                });
            }
        }
        _ => {}
    }
}
