//! Client tokens: what an SDK names to write into an application. They stand in the page's source, so they are no secret.

use std::time::Duration;

use schema::{AppId, EventTime};
use sqlx::{Row, SqliteConnection};

use crate::application::{self, AppNumber};
use crate::database::Meta;
use crate::error::{Error, Limit};
use crate::rows::random_hex;

const LIVE_TOKENS: Limit = Limit {
    what: "live client tokens of an application",
    max: 50,
};
/// Dead tokens are remembered so that intake can say "revoked" instead of "unknown", but not without end.
const DEAD_TOKENS_MAX: i64 = 50;

/// Names a token in the API, where its text would stand in access logs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TokenId(pub String);

/// A token and its life.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientToken {
    pub id: TokenId,
    pub application: AppNumber,
    /// `pub` and 32 hex digits: 128 random bits, in characters that every SDK's address form can carry.
    pub token: String,
    pub created_at: EventTime,
    /// From when it is refused; set by rotation.
    pub expires_at: Option<EventTime>,
    pub revoked_at: Option<EventTime>,
}

impl ClientToken {
    /// Whether it opens its application at this time.
    #[must_use]
    pub fn is_live(&self, now: EventTime) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

impl Meta {
    /// Makes a token for an application.
    ///
    /// # Errors
    /// [`Error::NoApplication`], [`Error::Limit`].
    pub async fn create_token(&self, app_id: &AppId) -> Result<ClientToken, Error> {
        let app_id = app_id.clone();
        self.change("a client token", move |tx, now| {
            Box::pin(async move {
                let application = application::find(tx, &app_id).await?;
                insert(tx, application.number, now).await
            })
        })
        .await
    }

    /// The tokens of an application, also dead ones, in the order they were made.
    ///
    /// # Errors
    /// [`Error::NoApplication`], or what the database says.
    pub async fn tokens(&self, app_id: &AppId) -> Result<Vec<ClientToken>, Error> {
        let number = self.application(app_id)?.number;
        let mut connection = self
            .readers()
            .acquire()
            .await
            .map_err(|source| Error::Read {
                what: "the client tokens",
                source,
            })?;
        Ok(load_all(&mut connection)
            .await?
            .into_iter()
            .filter(|token| token.application == number)
            .collect())
    }

    /// Makes a new token; the old one lives on for `overlap`, so that pages in the field can be changed without loss.
    ///
    /// # Errors
    /// [`Error::NoToken`] when the old one is not there or no longer live, [`Error::Limit`].
    pub async fn rotate_token(
        &self,
        app_id: &AppId,
        id: &TokenId,
        overlap: Duration,
    ) -> Result<ClientToken, Error> {
        let (app_id, id) = (app_id.clone(), id.clone());
        let overlap_micros = i64::try_from(overlap.as_micros()).unwrap_or(i64::MAX);
        self.change("a client token", move |tx, now| {
            Box::pin(async move {
                let old = find_live(tx, &app_id, &id, now).await?;
                let end = now.0.saturating_add(overlap_micros);
                // A second rotation must not lengthen the life that the first one cut.
                let end = old.expires_at.map_or(end, |before| before.0.min(end));
                set_time(
                    tx,
                    "UPDATE client_token SET expires_at = $2 WHERE id = $1",
                    &id,
                    end,
                )
                .await?;
                insert(tx, old.application, now).await
            })
        })
        .await
    }

    /// Ends a token at once.
    ///
    /// # Errors
    /// [`Error::NoToken`] when it is not there or no longer live.
    pub async fn revoke_token(&self, app_id: &AppId, id: &TokenId) -> Result<(), Error> {
        let (app_id, id) = (app_id.clone(), id.clone());
        self.change("a client token", move |tx, now| {
            Box::pin(async move {
                find_live(tx, &app_id, &id, now).await?;
                set_time(
                    tx,
                    "UPDATE client_token SET revoked_at = $2 WHERE id = $1",
                    &id,
                    now.0,
                )
                .await
            })
        })
        .await
    }
}

pub(crate) async fn load_all(connection: &mut SqliteConnection) -> Result<Vec<ClientToken>, Error> {
    let select = "SELECT id, application_number, token, created_at, expires_at, revoked_at FROM client_token \
                  ORDER BY created_at, id";
    let rows = sqlx::query(select)
        .fetch_all(connection)
        .await
        .map_err(|source| Error::Read {
            what: "the client tokens",
            source,
        })?;
    let mut tokens = Vec::with_capacity(rows.len());
    for row in &rows {
        let number: i64 = row.get("application_number");
        let bad_number = |_| Error::Stored {
            what: "application number",
            text: number.to_string(),
        };
        tokens.push(ClientToken {
            id: TokenId(row.get("id")),
            application: AppNumber(u32::try_from(number).map_err(bad_number)?),
            token: row.get("token"),
            created_at: EventTime(row.get("created_at")),
            expires_at: row.get::<Option<i64>, _>("expires_at").map(EventTime),
            revoked_at: row.get::<Option<i64>, _>("revoked_at").map(EventTime),
        });
    }
    Ok(tokens)
}

async fn find_live(
    tx: &mut SqliteConnection,
    app_id: &AppId,
    id: &TokenId,
    now: EventTime,
) -> Result<ClientToken, Error> {
    let number = application::find(tx, app_id).await?.number;
    let tokens = load_all(tx).await?;
    let found = tokens
        .into_iter()
        .find(|token| token.id == *id && token.application == number && token.is_live(now));
    found.ok_or_else(|| Error::NoToken {
        app_id: app_id.clone(),
        id: id.0.clone(),
    })
}

async fn set_time(
    tx: &mut SqliteConnection,
    update: &'static str,
    id: &TokenId,
    micros: i64,
) -> Result<(), Error> {
    sqlx::query(update)
        .bind(&id.0)
        .bind(micros)
        .execute(tx)
        .await
        .map_err(|source| Error::Write {
            what: "a client token",
            source,
        })?;
    Ok(())
}

async fn insert(
    tx: &mut SqliteConnection,
    application: AppNumber,
    now: EventTime,
) -> Result<ClientToken, Error> {
    let token = ClientToken {
        id: TokenId(format!("tok_{}", random_hex::<8>())),
        application,
        token: format!("pub{}", random_hex::<16>()),
        created_at: now,
        expires_at: None,
        revoked_at: None,
    };
    let failed = |source| Error::Write {
        what: "a client token",
        source,
    };
    sqlx::query("INSERT INTO client_token (id, application_number, token, created_at) VALUES ($1, $2, $3, $4)")
        .bind(&token.id.0)
        .bind(i64::from(application.0))
        .bind(&token.token)
        .bind(now.0)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
    let of_application = load_all(tx)
        .await?
        .into_iter()
        .filter(|token| token.application == application);
    LIVE_TOKENS.check(of_application.filter(|token| token.is_live(now)).count())?;

    let prune = "DELETE FROM client_token WHERE application_number = $1 AND id IN ( \
                 SELECT id FROM client_token WHERE application_number = $1 AND (revoked_at IS NOT NULL OR expires_at <= $2) \
                 ORDER BY created_at DESC, id LIMIT 1000 OFFSET $3)";
    sqlx::query(prune)
        .bind(i64::from(application.0))
        .bind(now.0)
        .bind(DEAD_TOKENS_MAX)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
    Ok(token)
}
