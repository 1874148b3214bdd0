//! Slice `overview`: the first numbers of an application, each with the statement that gives it and the list behind it.
//!
//! Overview counts people: bots and synthetic sessions are left out by the search [`PEOPLE`], which stands in every statement and
//! in every list's filter. What a number counts is written in the search syntax too, so that number and list cannot differ.
//!
//! **Reading order**: this file, `figures` (definitions), `period`, `series`, `pages`, `breakdown`, `environments`.

mod breakdown;
mod cubes;
mod environments;
mod figures;
mod pages;
mod period;
mod series;
mod terms;

use query::{Filter, Search};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(crate) use cubes::cubes;

use crate::Slice;
use crate::api::problems::Problem;

pub(crate) const SLICE: Slice = Slice {
    name: "overview",
    about: "Traffic, vitals and errors at a glance",
    routes: || {
        vec![
            routes!(environments::list),
            routes!(figures::figures),
            routes!(series::series),
            routes!(pages::pages),
            routes!(breakdown::breakdown),
        ]
    },
};

/// Who is counted unless bots are asked for.
const PEOPLE: &str = "session_type:user -bot:true";

/// Who is counted besides people.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Include {
    /// Bots and synthetic sessions.
    Bots,
}

/// What the period before is good for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Compare {
    /// The period of the same length that ends where this one begins.
    #[default]
    Previous,
    None,
}

/// A filter over people, unless bots are included.
fn of_people(mut filter: Filter, include: Option<Include>) -> Filter {
    if include.is_none() {
        filter.search = Search::all([fixed(PEOPLE), filter.search]);
    }
    filter
}

/// A search that stands in the code.
fn fixed(text: &str) -> Search {
    Search::parse(text).expect("searches in the code are tested")
}

/// The condition of a search that stands in the code.
fn condition(text: &str, table: schema::TableId) -> Result<Option<String>, Problem> {
    Ok(fixed(text).condition(table)?)
}
