//! Which environments there are.

use axum::{Json, extract};
use query::{Filter, Select};
use schema::TableId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::terms::count;
use crate::State;
use crate::api::auth::ReadAccess;
use crate::api::body::Query;
use crate::api::explore::{Reading, time_us};
use crate::api::problems::Problem;

const ENVIRONMENTS_MAX: usize = 200;

/// Of which application and time.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EnvironmentsQuery {
    /// One application; all of them when absent.
    #[param(nullable = false)]
    app: Option<String>,
    /// Earliest time, RFC 3339, inclusive.
    #[param(nullable = false)]
    from: Option<String>,
    /// Latest time, RFC 3339, exclusive.
    #[param(nullable = false)]
    to: Option<String>,
}

/// Environments, the busiest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Environments {
    items: Vec<Environment>,
}

/// One environment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Environment {
    env: String,
    views: u64,
}

/// List the environments of views
#[utoipa::path(get, path = "/api/v1/environments", params(EnvironmentsQuery), responses((status = OK, body = Environments)))]
pub(crate) async fn list(
    _: ReadAccess,
    extract::State(state): extract::State<State>,
    Query(asked): Query<EnvironmentsQuery>,
) -> Result<Json<Environments>, Problem> {
    let time =
        |field, text: &Option<String>| text.as_deref().map(|text| time_us(field, text)).transpose();
    let filter = Filter {
        from_us: time("from", &asked.from)?,
        to_us: time("to", &asked.to)?,
        app_id: asked.app,
        ..Filter::default()
    };
    let sql = Select::of(TableId::View, &filter)?
        .item("env", "env")
        .grouped()
        .item(count(None), "views")
        .and("env IS NOT NULL")
        .by("views DESC")
        .by("env")
        .take(ENVIRONMENTS_MAX);
    let reading = Reading::open(&state, None).await?;
    let rows = reading.run(&sql.to_string()).await?;
    let items = rows.iter().map(|row| Environment {
        env: row.text("env").unwrap_or_default().to_owned(),
        views: row.count("views"),
    });
    Ok(Json(Environments {
        items: items.collect(),
    }))
}
