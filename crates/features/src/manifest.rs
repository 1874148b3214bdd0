//! Slice `manifest`: which segment files hold the live rows, for readers that cannot see the manifest file in the data folder.

use axum::{Json, extract};
use schema::{EventTime, TableId};
use serde::{Deserialize, Serialize};
use store::ManifestFile;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::api::auth::ReadAccess;
use crate::api::body::Query;
use crate::api::explore;
use crate::api::problems::Problem;
use crate::api::wire::Time;
use crate::{Slice, State};

pub(crate) const SLICE: Slice = Slice {
    name: "manifest",
    about: "Segment files and their dead rows, for other engines",
    routes: || vec![routes!(manifest)],
};

/// Whose files.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ManifestQuery {
    /// One table; all of them when absent.
    #[param(nullable = false)]
    table: Option<String>,
}

/// The live files at one version of the catalog: files and dead rows are true only together.
#[derive(Serialize, ToSchema)]
pub(crate) struct Manifest {
    /// Grows with each change.
    catalog_version: u64,
    items: Vec<ManifestItem>,
}

/// One live file.
#[derive(Serialize, ToSchema)]
pub(crate) struct ManifestItem {
    table_name: &'static str,
    /// From the data folder.
    path: String,
    /// Rows of the file, dead ones among them.
    row_count: u32,
    /// Rows to leave out, counted from 0 in the file's order, ascending.
    dead_rows: Vec<u32>,
    min_time: Time,
    max_time: Time,
    /// Applications that have rows in the file.
    app_ids: Vec<String>,
    size_bytes: u64,
}

/// List the segment files
///
/// What arrived since the last flush is in no file yet. A file stays for `replaced_keep` after it has left this list.
#[utoipa::path(get, path = "/api/v1/manifest", params(ManifestQuery), responses((status = OK, body = Manifest)))]
pub(crate) async fn manifest(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Query(query): Query<ManifestQuery>,
) -> Result<Json<Manifest>, Problem> {
    let table = query.table.as_deref().map(explore::table).transpose()?;
    let manifest = state.store.manifest();
    let files = manifest.files.iter();
    let asked = files.filter(|file| table.is_none_or(|table: TableId| file.segment.table == table));
    Ok(Json(Manifest {
        catalog_version: manifest.catalog_version,
        items: asked.map(item).collect(),
    }))
}

fn item(file: &ManifestFile) -> ManifestItem {
    let segment = &file.segment;
    ManifestItem {
        table_name: segment.table.name(),
        path: segment.path.clone(),
        row_count: segment.rows,
        dead_rows: file.dead_rows().collect(),
        min_time: Time(EventTime(segment.min_time_us)),
        max_time: Time(EventTime(segment.max_time_us)),
        app_ids: segment.app_ids.clone(),
        size_bytes: segment.size_bytes,
    }
}
