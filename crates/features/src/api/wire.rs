//! Values as the API writes them.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat};
use meta::Names;
use schema::EventTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A time as RFC 3339 in UTC with microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Time(pub EventTime);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match DateTime::from_timestamp_micros(self.0.0) {
            Some(time) => {
                serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true))
            }
            // Beyond the year 262143: no clock says so, and a made-up time would be worse.
            None => serializer.serialize_none(),
        }
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        let description = "RFC 3339, UTC, with microseconds";
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(format))
            .description(Some(description))
            .into()
    }
}

impl ToSchema for Time {}

/// A value of a closed list, by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Named<T>(pub T);

impl<T: Names> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de, T: Names> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        T::parse(&text).map(Self).ok_or_else(|| {
            let mut message = format!("unknown {} `{text}`, expected one of", T::WHAT);
            for value in T::ALL {
                let _ = write!(message, " `{}`", value.as_str());
            }
            serde::de::Error::custom(message)
        })
    }
}

impl<T: Names> PartialSchema for Named<T> {
    fn schema() -> RefOr<Schema> {
        let names = T::ALL.iter().map(|value| value.as_str());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(names))
            .into()
    }
}

impl<T: Names> ToSchema for Named<T> {
    /// "application type" → `ApplicationType`.
    fn name() -> Cow<'static, str> {
        let mut name = String::new();
        for word in T::WHAT.split(' ') {
            name.push_str(&word[..1].to_ascii_uppercase());
            name.push_str(&word[1..]);
        }
        name.into()
    }
}
