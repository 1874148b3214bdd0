//! Slice `dictionary`: tables and columns, for completion, column pickers and help.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use query::ColumnType;
use schema::{Table, TableId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::Slice;
use crate::api::auth::ReadAccess;
use crate::api::explore::is_sortable;
use crate::api::problems::Problem;

pub(crate) const SLICE: Slice = Slice {
    name: "dictionary",
    about: "Tables and columns of the events",
    routes: || vec![routes!(dictionary)],
};

/// Every table.
#[derive(Serialize, ToSchema)]
pub(crate) struct Dictionary {
    tables: Vec<DictionaryTable>,
}

/// One table.
#[derive(Serialize, ToSchema)]
pub(crate) struct DictionaryTable {
    name: &'static str,
    doc: String,
    columns: Vec<DictionaryColumn>,
}

/// One column.
#[derive(Serialize, ToSchema)]
pub(crate) struct DictionaryColumn {
    name: &'static str,
    /// string, integer, number, boolean, timestamp, list or map.
    r#type: &'static str,
    /// ns, B, %, px and so on.
    #[schema(required)]
    unit: Option<&'static str>,
    /// Few enough values to be counted one by one.
    facet: bool,
    /// A list can be sorted by it.
    sortable: bool,
    doc: String,
    /// Other names that queries and searches accept.
    aliases: Vec<&'static str>,
}

/// Get the dictionary
///
/// The same for one version of the server: the answer has an `ETag` and may be kept.
#[utoipa::path(get, path = "/api/v1/dictionary", responses((status = OK, body = Dictionary)))]
pub(crate) async fn dictionary(_: ReadAccess, headers: HeaderMap) -> Result<Response, Problem> {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let tables = TableId::ALL.map(|id| table(id.table())).into();
        serde_json::to_string(&Dictionary { tables }).expect("the dictionary is text and flags")
    });
    const TAG: &str = concat!("\"", env!("CARGO_PKG_VERSION"), "\"");
    let kept = [
        (header::ETAG, HeaderValue::from_static(TAG)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=0, must-revalidate"),
        ),
    ];
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == TAG.as_bytes());
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let content_type = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    )];
    Ok((kept, content_type, JSON.as_str()).into_response())
}

fn table(table: &Table) -> DictionaryTable {
    let visible = table.ids().filter(|(_, column)| !column.hidden);
    let columns = visible.map(|(id, column)| {
        let aliases = table.aliases().filter(|(_, of)| *of == id);
        let mut aliases: Vec<&str> = aliases.map(|(alias, _)| alias).collect();
        aliases.sort_unstable();
        DictionaryColumn {
            name: column.name,
            r#type: ColumnType::of_column(column).name(),
            unit: column.unit(),
            facet: column.facet,
            sortable: is_sortable(column),
            doc: one_line(column.doc),
            aliases,
        }
    });
    DictionaryTable {
        name: table.name(),
        doc: one_line(table.doc),
        columns: columns.collect(),
    }
}

fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
