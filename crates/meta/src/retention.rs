//! How long each class of an application's data is kept.

use std::collections::BTreeMap;

use schema::TableId;

use crate::application::RetentionDays;
use crate::error::Error;
use crate::names::{Names, names};

names! {
    /// What is kept for a time of its own. A new class is a line here, and its tables in [`RetentionClass::of_table`].
    RetentionClass, "class of data":
    /// The rows of all tables, and logs and profiles that are kept whole.
    Events = "events",
    /// Recordings, and the rows that say where they are.
    Replay = "replay",
}

impl RetentionClass {
    /// The class of a table's rows.
    #[must_use]
    pub const fn of_table(table: TableId) -> Self {
        match table {
            TableId::ReplaySegment => Self::Replay,
            _ => Self::Events,
        }
    }

    /// The class of requests that are kept whole, by their kind.
    #[must_use]
    pub fn of_kept(kind: &str) -> Self {
        match kind {
            "replay" => Self::Replay,
            _ => Self::Events,
        }
    }
}

/// The time of each class.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Retention([RetentionDays; <RetentionClass as Names>::ALL.len()]);

impl From<RetentionDays> for Retention {
    /// The same for all classes.
    fn from(days: RetentionDays) -> Self {
        Self([days; <RetentionClass as Names>::ALL.len()])
    }
}

impl Retention {
    /// The time of a class.
    #[must_use]
    pub fn of(&self, class: RetentionClass) -> RetentionDays {
        self.0[class as usize]
    }

    /// Sets the time of a class.
    pub fn set(&mut self, class: RetentionClass, days: RetentionDays) {
        self.0[class as usize] = days;
    }

    /// The times as JSON by the names of their classes; read back by [`Retention::stored`].
    pub(crate) fn to_json(self) -> String {
        let days = RetentionClass::ALL.iter();
        let days: BTreeMap<&str, u16> = days
            .map(|class| (class.as_str(), self.of(*class).days()))
            .collect();
        serde_json::to_string(&days).expect("texts and numbers have a JSON form")
    }

    /// The times of an application. A class that was not there when they were stored is kept as long as events.
    pub(crate) fn stored(events: RetentionDays, json: &str) -> Result<Self, Error> {
        let days: BTreeMap<String, i64> =
            serde_json::from_str(json).map_err(|_| Error::Stored {
                what: "retention",
                text: json.to_owned(),
            })?;
        let mut retention = Self::from(events);
        for class in RetentionClass::ALL {
            if let Some(days) = days.get(class.as_str()) {
                retention.set(*class, RetentionDays::parse(*days)?);
            }
        }
        Ok(retention)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_back_and_a_class_of_before_follows_the_events() {
        let days = |days| RetentionDays::parse(days).unwrap();
        let mut retention = Retention::from(days(30));
        retention.set(RetentionClass::Replay, days(3));
        let read = Retention::stored(days(30), &retention.to_json()).unwrap();
        assert_eq!(read, retention);
        assert_eq!(Retention::stored(days(9), "{}").unwrap(), days(9).into());
        for wrong in ["", "[]", r#"{"replay":0}"#, r#"{"replay":"3"}"#] {
            assert!(Retention::stored(days(9), wrong).is_err(), "{wrong}");
        }
    }
}
