//! Deletions that the store still has to carry out.
//!
//! Deleting an application is a row here in the same transaction; the store's retention job reads [`Meta::pending_deletions`],
//! drops the data and calls [`Meta::complete_deletion`]. The row stays, so that the id is refused for good.

use schema::{AppId, EventTime};
use sqlx::Row;

use crate::application::AppNumber;
use crate::database::Meta;
use crate::error::Error;
use crate::rows::stored_app_id;

/// An application whose data goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deletion {
    pub app_id: AppId,
    pub number: AppNumber,
    pub requested_at: EventTime,
    /// When nothing of it was left.
    pub completed_at: Option<EventTime>,
}

impl Meta {
    /// The deletions whose data is still there, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pending_deletions(&self) -> Result<Vec<Deletion>, Error> {
        let select = "SELECT app_id, application_number, requested_at, completed_at FROM deletion \
                      WHERE completed_at IS NULL ORDER BY requested_at, app_id";
        self.read_deletions(select).await
    }

    /// All deletions, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn deletions(&self) -> Result<Vec<Deletion>, Error> {
        let select = "SELECT app_id, application_number, requested_at, completed_at FROM deletion \
                      ORDER BY requested_at, app_id";
        self.read_deletions(select).await
    }

    async fn read_deletions(&self, select: &'static str) -> Result<Vec<Deletion>, Error> {
        let rows = sqlx::query(select)
            .fetch_all(self.readers())
            .await
            .map_err(|source| Error::Read {
                what: "the deletions",
                source,
            })?;
        let mut deletions = Vec::with_capacity(rows.len());
        for row in &rows {
            let number: i64 = row.get("application_number");
            let bad_number = |_| Error::Stored {
                what: "application number",
                text: number.to_string(),
            };
            deletions.push(Deletion {
                app_id: stored_app_id(row.get("app_id"))?,
                number: AppNumber(u32::try_from(number).map_err(bad_number)?),
                requested_at: EventTime(row.get("requested_at")),
                completed_at: row.get::<Option<i64>, _>("completed_at").map(EventTime),
            });
        }
        Ok(deletions)
    }

    /// Notes that nothing of a deleted application is left. Calling it again changes nothing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn complete_deletion(&self, app_id: &AppId) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE deletion SET completed_at = $2 WHERE app_id = $1 AND completed_at IS NULL",
        )
        .bind(app_id.as_str())
        .bind(self.now().0)
        .execute(&mut *tx)
        .await
        .map_err(|source| Error::Write {
            what: "a deletion",
            source,
        })?;
        tx.commit().await.map_err(|source| Error::Commit { source })
    }
}
