//! The statements that compute cells.

/// What is summarised: how views are divided, and what is measured of each part. Everything in it is SQL over `view`.
#[derive(Clone, Debug)]
pub struct Cube {
    pub name: &'static str,
    /// Which rows are of people: a condition.
    pub is_person: String,
    /// The column that divides views, and the one that names its values for people.
    pub dimension: Option<(&'static str, &'static str)>,
    /// Aggregates that are whole numbers and add up, by name. The first is `count(*)`.
    pub counts: Vec<(&'static str, String)>,
    /// Numbers of which percentiles are asked, by name.
    pub sketches: Vec<(&'static str, &'static str)>,
    /// A text whose distinct values are counted, over the rows for which the condition holds.
    pub distinct: (String, Option<String>),
}

impl Cube {
    /// The place of a count in [`super::Cell`].
    #[must_use]
    pub fn count(&self, name: &str) -> Option<usize> {
        self.counts.iter().position(|(known, _)| *known == name)
    }

    /// The place of a sketch in [`super::Cell`].
    #[must_use]
    pub fn sketch(&self, name: &str) -> Option<usize> {
        self.sketches.iter().position(|(known, _)| *known == name)
    }
}

/// How time is divided.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bins {
    /// Not at all.
    One,
    /// Into bins of so many µs, counted from 1970.
    Of(i64),
}

/// Columns that every statement begins with, by which it groups.
pub(super) const GROUPS: [&str; 5] = ["app_id", "env", "is_person", "begin_us", "value"];

/// Counts and sketches of each part.
pub(super) fn measures(cube: &Cube, bins: Bins, conditions: &[String]) -> String {
    let mut items = groups(cube, bins);
    let label = cube
        .dimension
        .map_or("CAST(NULL AS VARCHAR)".to_owned(), |(_, label)| {
            format!("max(CAST({label} AS VARCHAR))")
        });
    items.push(format!("{label} AS label"));
    for (name, count) in &cube.counts {
        items.push(format!("CAST({count} AS BIGINT) AS count_{name}"));
    }
    for (name, number) in &cube.sketches {
        items.push(format!("percentile_sketch({number}) AS sketch_{name}"));
    }
    select(&items, conditions, GROUPS.len())
}

/// The hash of each distinct text of each part.
pub(super) fn distinct(cube: &Cube, bins: Bins, conditions: &[String]) -> String {
    let mut items = groups(cube, bins);
    let (text, condition) = &cube.distinct;
    items.push(format!("stable_hash({text}) AS hash"));
    let mut conditions = conditions.to_vec();
    conditions.extend(condition.iter().map(|condition| format!("({condition})")));
    select(&items, &conditions, GROUPS.len() + 1)
}

fn groups(cube: &Cube, bins: Bins) -> Vec<String> {
    let begin = match bins {
        Bins::One => "CAST(0 AS BIGINT)".to_owned(),
        Bins::Of(width_us) => {
            let seconds = width_us / 1_000_000;
            format!(
                "date_bin(INTERVAL '{seconds} seconds', time, TIMESTAMP '1970-01-01T00:00:00Z')"
            )
        }
    };
    let value = cube
        .dimension
        .map_or("CAST(NULL AS VARCHAR)".to_owned(), |(column, _)| {
            format!("CAST({column} AS VARCHAR)")
        });
    let expressions = [
        "app_id".to_owned(),
        "env".to_owned(),
        format!("coalesce({}, false)", cube.is_person),
        begin,
        value,
    ];
    let named = expressions.iter().zip(GROUPS);
    named
        .map(|(expression, name)| format!("{expression} AS {name}"))
        .collect()
}

fn select(items: &[String], conditions: &[String], groups: usize) -> String {
    let mut sql = format!("SELECT {}\nFROM view", items.join(",\n  "));
    if !conditions.is_empty() {
        sql += &format!("\nWHERE {}", conditions.join("\n  AND "));
    }
    let groups: Vec<String> = (1..=groups).map(|group| group.to_string()).collect();
    sql + &format!("\nGROUP BY {}", groups.join(", "))
}
