//! Applications: what sends events, and what its owner decided about them.

use std::fmt;

use schema::{AppId, EventTime};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::database::Meta;
use crate::error::{Error, Limit};
use crate::names::{Names, names};
use crate::origin::Origin;
use crate::retention::{Retention, RetentionClass};
use crate::rows::{stored_app_id, stored_list, stored_name};
use crate::token::{self, ClientToken};

const APPLICATIONS: Limit = Limit {
    what: "applications",
    max: 1000,
};
const ORIGINS: Limit = Limit {
    what: "allowed origins of an application",
    max: 100,
};
const EARLIER_IDS: Limit = Limit {
    what: "earlier ids of an application",
    max: 50,
};
const SCRUB_KEYS: Limit = Limit {
    what: "scrub keys of an application",
    max: 200,
};

names! {
    /// What an application runs on (`design.md`, Objects).
    ApplicationType, "application type":
    Web = "web",
    Android = "android",
    Ios = "ios",
    Miniapp = "miniapp",
    ReactNative = "react_native",
    Flutter = "flutter",
    Uniapp = "uniapp",
    Macos = "macos",
    Windows = "windows",
    Cpp = "cpp",
}

names! {
    /// Who may send events for an application (`semantics.md`, Tenancy and access).
    Access, "access level":
    /// Only who names one of its tokens.
    Token = "token",
    /// Anybody; a token is neither needed nor checked.
    Open = "open",
}

names! {
    /// What becomes of the client's address.
    IpPrivacy, "address rule":
    Keep = "keep",
    /// The last octet of IPv4 and the last 80 bits of IPv6 are zeroed.
    Truncate = "truncate",
    Drop = "drop",
}

/// The integer by which an application goes inside a server; never given twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AppNumber(pub u32);

/// What people call a thing: 1 to 200 characters, no control characters, no space around.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Name(String);

impl Name {
    const LEN_MAX: usize = 200;

    /// Parses a name; space around it is cut.
    ///
    /// # Errors
    /// When it is empty, longer than 200 characters or has a control character.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let len = text.chars().count();
        if len == 0 || len > Self::LEN_MAX {
            return Err(Error::NameLength {
                len,
                max: Self::LEN_MAX,
            });
        }
        match text.chars().find(|c| c.is_control()) {
            Some(found) => Err(Error::NameCharacter { found }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&AppId> for Name {
    fn from(app_id: &AppId) -> Self {
        Self(app_id.as_str().to_owned())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How long something is kept: 1 to 3650 days.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RetentionDays(u16);

impl RetentionDays {
    const MIN: u16 = 1;
    const MAX: u16 = 3650;

    /// Parses a number of days.
    ///
    /// # Errors
    /// When it is not in 1 to 3650.
    pub fn parse(days: i64) -> Result<Self, Error> {
        match u16::try_from(days) {
            Ok(days) if (Self::MIN..=Self::MAX).contains(&days) => Ok(Self(days)),
            _ => Err(Error::Retention {
                days,
                min: Self::MIN,
                max: Self::MAX,
            }),
        }
    }

    /// In days.
    #[must_use]
    pub fn days(self) -> u16 {
        self.0
    }

    /// In microseconds.
    #[must_use]
    pub fn micros(self) -> i64 {
        i64::from(self.0) * 86_400_000_000
    }
}

impl Default for RetentionDays {
    fn default() -> Self {
        Self(14)
    }
}

/// What of a person is not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Privacy {
    pub ip: IpPrivacy,
    /// Names of fields and query parameters that are scrubbed beside the default list.
    pub scrub_keys: Vec<Name>,
}

/// What the owner of an application decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    pub name: Name,
    pub kind: ApplicationType,
    pub access: Access,
    /// Pages that may send; empty: any.
    pub allowed_origins: Vec<Origin>,
    /// Whether a request without `Origin` is refused.
    pub require_origin: bool,
    pub privacy: Privacy,
    pub retention: Retention,
}

impl Settings {
    /// The usual settings: a web application with tokens, any origin, addresses kept, everything for 14 days.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self {
            name,
            kind: ApplicationType::Web,
            access: Access::Token,
            allowed_origins: Vec::new(),
            require_origin: false,
            privacy: Privacy {
                ip: IpPrivacy::Keep,
                scrub_keys: Vec::new(),
            },
            retention: Retention::default(),
        }
    }

    fn check(&self) -> Result<(), Error> {
        ORIGINS.check(self.allowed_origins.len())?;
        SCRUB_KEYS.check(self.privacy.scrub_keys.len())
    }
}

/// An application to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewApplication {
    pub app_id: AppId,
    pub settings: Settings,
}

/// An application as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Application {
    pub app_id: AppId,
    pub number: AppNumber,
    pub settings: Settings,
    pub created_at: EventTime,
    /// Ids it had before; nobody else may take them, and events that name one are its own.
    pub earlier_app_ids: Vec<AppId>,
}

/// What was deleted, for who asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    pub app_id: AppId,
    pub name: Name,
    pub requested_at: EventTime,
    /// Client tokens that opened it until then.
    pub tokens_revoked: usize,
}

impl Application {
    /// Whether a request with this `Origin` header may send to it.
    #[must_use]
    pub fn accepts_origin(&self, header: Option<&str>) -> bool {
        let allowed = &self.settings.allowed_origins;
        match header {
            None => !self.settings.require_origin,
            Some(header) => {
                allowed.is_empty() || allowed.iter().any(|origin| origin.matches(header))
            }
        }
    }
}

const COLUMNS: &str = "SELECT number, app_id, name, type, access, allowed_origins, require_origin, ip_privacy, scrub_keys, \
                       retention_days, retention, created_at FROM application ORDER BY number";

impl Meta {
    /// Makes an application.
    ///
    /// # Errors
    /// [`Error::AppIdTaken`], [`Error::AppIdReserved`], [`Error::AppIdDeleted`], [`Error::Limit`].
    pub async fn create_application(&self, new: NewApplication) -> Result<Application, Error> {
        new.settings.check()?;
        self.change("an application", |tx, now| Box::pin(insert(tx, new, now)))
            .await
    }

    /// Makes the application that events of an unknown `app_id` name, open to anybody (`--create-applications`); gives back the one that is
    /// there when somebody else was faster.
    ///
    /// # Errors
    /// [`Error::AppIdReserved`], [`Error::AppIdDeleted`], [`Error::Limit`].
    pub async fn create_open_application(
        &self,
        app_id: &AppId,
        retention: RetentionDays,
    ) -> Result<Application, Error> {
        if let Some(there) = self.directory().by_app_id(app_id) {
            return Ok(Application::clone(there));
        }
        let settings = Settings {
            access: Access::Open,
            retention: retention.into(),
            ..Settings::new(Name::from(app_id))
        };
        let new = NewApplication {
            app_id: app_id.clone(),
            settings,
        };
        match self.create_application(new).await {
            Err(Error::AppIdTaken { .. }) => self.application(app_id),
            made => made,
        }
    }

    /// All applications in the order they were made.
    #[must_use]
    pub fn applications(&self) -> Vec<Application> {
        self.directory()
            .applications()
            .map(|application| Application::clone(application))
            .collect()
    }

    /// One application.
    ///
    /// # Errors
    /// [`Error::NoApplication`].
    pub fn application(&self, app_id: &AppId) -> Result<Application, Error> {
        let directory = self.directory();
        let found = directory
            .by_app_id(app_id)
            .map(|application| Application::clone(application));
        found.ok_or_else(|| Error::NoApplication {
            app_id: app_id.clone(),
        })
    }

    /// Changes the settings of an application: `edit` gets them as they are at that moment.
    ///
    /// # Errors
    /// [`Error::NoApplication`], [`Error::Limit`].
    pub async fn update_application<F>(&self, app_id: &AppId, edit: F) -> Result<Application, Error>
    where
        F: FnOnce(&mut Settings) + Send + 'static,
    {
        let app_id = app_id.clone();
        self.change("an application", move |tx, _| {
            Box::pin(async move {
                let mut application = find(tx, &app_id).await?;
                edit(&mut application.settings);
                application.settings.check()?;
                store_settings(tx, &application).await?;
                Ok(application)
            })
        })
        .await
    }

    /// Deletes an application with its tokens, and asks the store to erase its data ([`Meta::pending_deletions`]). Its id is refused
    /// from then on.
    ///
    /// # Errors
    /// [`Error::NoApplication`].
    pub async fn delete_application(&self, app_id: &AppId) -> Result<Receipt, Error> {
        let app_id = app_id.clone();
        self.change("an application", move |tx, now| {
            Box::pin(async move {
                let application = find(tx, &app_id).await?;
                let tokens = token::load_all(tx).await?;
                let is_revoked = |token: &&ClientToken| token.application == application.number && token.is_live(now);
                let tokens_revoked = tokens.iter().filter(is_revoked).count();
                let failed = |source| Error::Write { what: "a deletion", source };
                let number = i64::from(application.number.0);
                let request = "INSERT INTO deletion (app_id, application_number, requested_at) \
                               SELECT app_id, number, $2 FROM application WHERE number = $1 \
                               UNION ALL SELECT app_id, application_number, $2 FROM reserved_app_id WHERE application_number = $1";
                sqlx::query(request).bind(number).bind(now.0).execute(&mut *tx).await.map_err(failed)?;
                let delete = "DELETE FROM application WHERE number = $1";
                sqlx::query(delete).bind(number).execute(&mut *tx).await.map_err(failed)?;
                Ok(Receipt { app_id, name: application.settings.name, requested_at: now, tokens_revoked })
            })
        })
        .await
    }

    /// Gives an application another id. The one before stays its own: events that name it are stored under the new one; what is stored
    /// keeps the id it has. An earlier id of the same application can be taken back.
    ///
    /// # Errors
    /// [`Error::NoApplication`], [`Error::AppIdTaken`], [`Error::AppIdReserved`], [`Error::AppIdDeleted`], [`Error::Limit`].
    pub async fn rename_application(
        &self,
        app_id: &AppId,
        to: &AppId,
    ) -> Result<Application, Error> {
        let (app_id, to) = (app_id.clone(), to.clone());
        self.change("an application", move |tx, now| {
            Box::pin(async move {
                let application = find(tx, &app_id).await?;
                rename(tx, application, to, now).await
            })
        })
        .await
    }
}

pub(crate) async fn load_all(tx: &mut SqliteConnection) -> Result<Vec<Application>, Error> {
    let rows = sqlx::query(COLUMNS)
        .fetch_all(&mut *tx)
        .await
        .map_err(|source| Error::Read {
            what: "the applications",
            source,
        })?;
    let mut applications: Vec<Application> = rows.iter().map(from_row).collect::<Result<_, _>>()?;
    let select =
        "SELECT app_id, application_number FROM reserved_app_id ORDER BY reserved_at, app_id";
    let reserved: Vec<(String, i64)> =
        sqlx::query_as(select)
            .fetch_all(tx)
            .await
            .map_err(|source| Error::Read {
                what: "the earlier application ids",
                source,
            })?;
    for (app_id, number) in reserved {
        let mut owners = applications.iter_mut();
        if let Some(owner) = owners.find(|owner| i64::from(owner.number.0) == number) {
            owner.earlier_app_ids.push(stored_app_id(app_id)?);
        }
    }
    Ok(applications)
}

/// Reads all and picks one: there are a thousand at most, and one statement is the only place that knows the columns.
pub(crate) async fn find(tx: &mut SqliteConnection, app_id: &AppId) -> Result<Application, Error> {
    let found = load_all(tx)
        .await?
        .into_iter()
        .find(|application| application.app_id == *app_id);
    found.ok_or_else(|| Error::NoApplication {
        app_id: app_id.clone(),
    })
}

async fn insert(
    tx: &mut SqliteConnection,
    new: NewApplication,
    now: EventTime,
) -> Result<Application, Error> {
    check_free(tx, &new.app_id).await?;
    let failed = |source| Error::Write {
        what: "an application",
        source,
    };
    let count = "SELECT count(*) FROM application";
    let count: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
    APPLICATIONS.check(
        usize::try_from(count)
            .unwrap_or(usize::MAX)
            .saturating_add(1),
    )?;

    let next =
        "UPDATE counter SET value = value + 1 WHERE name = 'application_number' RETURNING value";
    let number: i64 = sqlx::query_scalar(next)
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
    let number = AppNumber(u32::try_from(number).map_err(|_| Error::Stored {
        what: "application number",
        text: number.to_string(),
    })?);
    let application = Application {
        app_id: new.app_id,
        number,
        settings: new.settings,
        created_at: now,
        earlier_app_ids: Vec::new(),
    };
    let insert = "INSERT INTO application (number, app_id, workspace_id, name, type, access, allowed_origins, require_origin, \
                  ip_privacy, scrub_keys, retention_days, created_at) \
                  VALUES ($1, $2, 1, '', '', '', '[]', FALSE, '', '[]', 0, $3)";
    sqlx::query(insert)
        .bind(i64::from(number.0))
        .bind(application.app_id.as_str())
        .bind(now.0)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
    store_settings(tx, &application).await?;
    Ok(application)
}

async fn rename(
    tx: &mut SqliteConnection,
    application: Application,
    to: AppId,
    now: EventTime,
) -> Result<Application, Error> {
    if application.app_id == to {
        return Ok(application);
    }
    let number = i64::from(application.number.0);
    let failed = |source| Error::Write {
        what: "an application id",
        source,
    };
    if application.earlier_app_ids.contains(&to) {
        let free = "DELETE FROM reserved_app_id WHERE app_id = $1 AND application_number = $2";
        sqlx::query(free)
            .bind(to.as_str())
            .bind(number)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
    } else {
        check_free(tx, &to).await?;
        EARLIER_IDS.check(application.earlier_app_ids.len() + 1)?;
    }
    let reserve =
        "INSERT INTO reserved_app_id (app_id, application_number, reserved_at) VALUES ($1, $2, $3)";
    sqlx::query(reserve)
        .bind(application.app_id.as_str())
        .bind(number)
        .bind(now.0)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
    sqlx::query("UPDATE application SET app_id = $2 WHERE number = $1")
        .bind(number)
        .bind(to.as_str())
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
    find(tx, &to).await
}

async fn check_free(tx: &mut SqliteConnection, app_id: &AppId) -> Result<(), Error> {
    let failed = |source| Error::Read {
        what: "an application id",
        source,
    };
    let taken = "SELECT 'application', app_id FROM application WHERE app_id = $1 \
                 UNION ALL SELECT 'deletion', app_id FROM deletion WHERE app_id = $1 \
                 UNION ALL SELECT 'reserved', application.app_id FROM reserved_app_id \
                 JOIN application ON application.number = application_number WHERE reserved_app_id.app_id = $1";
    let taken: Option<(String, String)> = sqlx::query_as(taken)
        .bind(app_id.as_str())
        .fetch_optional(tx)
        .await
        .map_err(failed)?;
    let app_id = app_id.clone();
    match taken {
        None => Ok(()),
        Some((by, owner)) if by == "reserved" => Err(Error::AppIdReserved {
            app_id,
            owner: stored_app_id(owner)?,
        }),
        Some((by, _)) if by == "deletion" => Err(Error::AppIdDeleted { app_id }),
        Some(_) => Err(Error::AppIdTaken { app_id }),
    }
}

async fn store_settings(tx: &mut SqliteConnection, application: &Application) -> Result<(), Error> {
    let settings = &application.settings;
    let update = "UPDATE application SET name = $2, type = $3, access = $4, allowed_origins = $5, require_origin = $6, \
                  ip_privacy = $7, scrub_keys = $8, retention_days = $9, retention = $10 WHERE number = $1";
    sqlx::query(update)
        .bind(i64::from(application.number.0))
        .bind(settings.name.as_str())
        .bind(settings.kind.as_str())
        .bind(settings.access.as_str())
        .bind(json_list(
            settings.allowed_origins.iter().map(Origin::as_str),
        ))
        .bind(settings.require_origin)
        .bind(settings.privacy.ip.as_str())
        .bind(json_list(
            settings.privacy.scrub_keys.iter().map(Name::as_str),
        ))
        .bind(i64::from(
            settings.retention.of(RetentionClass::Events).days(),
        ))
        .bind(settings.retention.to_json())
        .execute(tx)
        .await
        .map_err(|source| Error::Write {
            what: "an application",
            source,
        })?;
    Ok(())
}

fn json_list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    serde_json::Value::from_iter(texts).to_string()
}

fn from_row(row: &SqliteRow) -> Result<Application, Error> {
    let number: i64 = row.get("number");
    let bad_number = |_| Error::Stored {
        what: "application number",
        text: number.to_string(),
    };
    let origins = stored_list("list of origins", row.get("allowed_origins"))?;
    let origin = |text: String| {
        Origin::parse(&text).map_err(|_| Error::Stored {
            what: "origin",
            text,
        })
    };
    let scrub_keys = stored_list("list of scrub keys", row.get("scrub_keys"))?;
    let settings = Settings {
        name: Name::parse(row.get("name"))?,
        kind: stored_name(row.get("type"))?,
        access: stored_name(row.get("access"))?,
        allowed_origins: origins.into_iter().map(origin).collect::<Result<_, _>>()?,
        require_origin: row.get("require_origin"),
        privacy: Privacy {
            ip: stored_name(row.get("ip_privacy"))?,
            scrub_keys: scrub_keys
                .iter()
                .map(|key| Name::parse(key))
                .collect::<Result<_, _>>()?,
        },
        retention: Retention::stored(
            RetentionDays::parse(row.get("retention_days"))?,
            row.get("retention"),
        )?,
    };
    Ok(Application {
        app_id: stored_app_id(row.get("app_id"))?,
        number: AppNumber(u32::try_from(number).map_err(bad_number)?),
        settings,
        created_at: EventTime(row.get("created_at")),
        earlier_app_ids: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_in_characters_and_cut_of_space() {
        assert_eq!(Name::parse("  店铺 ").unwrap().as_str(), "店铺");
        assert!(Name::parse(&"店".repeat(200)).is_ok());
        assert!(matches!(
            Name::parse(&"店".repeat(201)),
            Err(Error::NameLength { len: 201, .. })
        ));
        assert!(matches!(
            Name::parse(" \t "),
            Err(Error::NameLength { len: 0, .. })
        ));
        assert!(matches!(
            Name::parse("a\u{0}b"),
            Err(Error::NameCharacter { found: '\u{0}' })
        ));
    }

    #[test]
    fn retention_is_1_to_3650_days() {
        assert_eq!(RetentionDays::parse(1).unwrap().micros(), 86_400_000_000);
        assert_eq!(RetentionDays::parse(3650).unwrap().days(), 3650);
        for days in [0, -1, 3651, 65_537] {
            assert!(
                matches!(RetentionDays::parse(days), Err(Error::Retention { .. })),
                "{days}"
            );
        }
    }

    #[track_caller]
    fn check_origin(allowed: &[&str], require_origin: bool, header: Option<&str>, expected: bool) {
        let mut settings = Settings::new(Name::parse("shop").unwrap());
        settings.allowed_origins = allowed
            .iter()
            .map(|text| Origin::parse(text).unwrap())
            .collect();
        settings.require_origin = require_origin;
        let app_id = AppId::parse("shop").unwrap();
        let application = Application {
            app_id,
            number: AppNumber(1),
            settings,
            created_at: EventTime(0),
            earlier_app_ids: Vec::new(),
        };
        assert_eq!(application.accepts_origin(header), expected);
    }

    #[test]
    fn origins_are_checked_only_where_they_are_set() {
        check_origin(&[], false, Some("https://any.example"), true);
        check_origin(&[], false, None, true);
        check_origin(&[], true, None, false);
        check_origin(&["https://shop.example"], false, None, true);
        check_origin(
            &["https://shop.example"],
            false,
            Some("https://shop.example"),
            true,
        );
        check_origin(
            &["https://shop.example"],
            false,
            Some("https://other.example"),
            false,
        );
    }
}
