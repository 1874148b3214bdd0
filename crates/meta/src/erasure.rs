//! Erasures: requests to delete the data of one user or one session, and the receipts of what went.
//!
//! The value by which somebody is named stands here in clear until the data is gone, because a restart has to go on; then it is
//! overwritten, and a keyed hash of it stays. Who has the value can ask for the hash again by the same key, nobody can go back.

use std::collections::BTreeMap;

use schema::{AppId, EventTime, Subject, SubjectKind};
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::database::Meta;
use crate::error::{Error, Limit};
use crate::rows::{random_hex, stored_app_id, stored_list};
use crate::workspace::WorkspaceId;

/// Each is a scan of the application's rows.
const OPEN: Limit = Limit {
    what: "erasures that are not complete",
    max: 100,
};
const SELECT: &str = "SELECT id, app_ids, kind, value, value_hash, requested_at, rows_gone_at, log_position, erased, completed_at \
                      FROM erasure";

/// Names an erasure.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ErasureId(pub String);

/// What went, by name: rows by table, and what else is counted.
pub type Erased = BTreeMap<String, u64>;

/// A request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewErasure {
    pub workspace: WorkspaceId,
    /// The application's id and its earlier ones.
    pub app_ids: Vec<AppId>,
    pub subject: Subject,
}

/// How far an erasure is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErasureState {
    /// Its rows are still there.
    Requested,
    /// No answer has its rows any more, some file may still have their bytes.
    RowsGone,
    Complete,
}

/// An erasure as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erasure {
    pub id: ErasureId,
    pub app_ids: Vec<AppId>,
    pub kind: SubjectKind,
    /// Nothing once the data is gone.
    pub subject: Option<Subject>,
    pub value_hash: String,
    pub requested_at: EventTime,
    pub rows_gone_at: Option<EventTime>,
    /// What the log holds before this may have the data; nothing while the rows are there.
    pub log_position: Option<u64>,
    pub erased: Erased,
    pub completed_at: Option<EventTime>,
}

impl Erasure {
    /// Takes the value of an erasure out of a copy of the database, its id being `?`.
    pub const FORGET: &str = "UPDATE erasure SET value = NULL WHERE id = ?";

    #[must_use]
    pub fn state(&self) -> ErasureState {
        match (self.rows_gone_at, self.completed_at) {
            (_, Some(_)) => ErasureState::Complete,
            (Some(_), None) => ErasureState::RowsGone,
            (None, None) => ErasureState::Requested,
        }
    }
}

impl Meta {
    /// Asks for an erasure. The same one that is not complete is given again: asking twice changes nothing.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub async fn request_erasure(&self, new: NewErasure) -> Result<Erasure, Error> {
        self.write("an erasure", |tx, now| Box::pin(request(tx, new, now)))
            .await
    }

    /// The erasures of a workspace, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn erasures(&self, workspace: WorkspaceId) -> Result<Vec<Erasure>, Error> {
        let select = "WHERE workspace_id = $1 ORDER BY requested_at, id";
        let select = sqlx::AssertSqlSafe(format!("{SELECT} {select}"));
        let rows = sqlx::query(select)
            .bind(workspace.0)
            .fetch_all(self.readers())
            .await;
        rows.map_err(read_failed)?.iter().map(from_row).collect()
    }

    /// One erasure of a workspace.
    ///
    /// # Errors
    /// [`Error::NoErasure`].
    pub async fn erasure(&self, workspace: WorkspaceId, id: &ErasureId) -> Result<Erasure, Error> {
        let all = self.erasures(workspace).await?;
        let found = all.into_iter().find(|erasure| erasure.id == *id);
        found.ok_or_else(|| Error::NoErasure { id: id.0.clone() })
    }

    /// The erasures of all workspaces that are not complete, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open_erasures(&self) -> Result<Vec<Erasure>, Error> {
        let select = "WHERE completed_at IS NULL ORDER BY requested_at, id";
        let select = sqlx::AssertSqlSafe(format!("{SELECT} {select}"));
        let rows = sqlx::query(select).fetch_all(self.readers()).await;
        rows.map_err(read_failed)?.iter().map(from_row).collect()
    }

    /// Notes that no answer has the rows of an erasure any more, what went, and which part of the log may still have it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn erasure_rows_gone(
        &self,
        id: &ErasureId,
        erased: &Erased,
        log_position: u64,
    ) -> Result<(), Error> {
        let update =
            "UPDATE erasure SET rows_gone_at = $2, erased = $3, log_position = $4 WHERE id = $1";
        let erased = serde_json::to_string(erased).expect("texts and numbers have a JSON form");
        sqlx::query(update)
            .bind(&id.0)
            .bind(self.now().0)
            .bind(erased)
            .bind(i64::try_from(log_position).unwrap_or(i64::MAX))
            .execute(self.pool())
            .await
            .map_err(write_failed)?;
        Ok(())
    }

    /// Forgets the value of an erasure, also in the pages of the file that it stood in.
    ///
    /// # Errors
    /// What the database says; [`Error::Busy`] while a reader still needs the database's journal, which may have it too.
    pub async fn forget_erasure_value(&self, id: &ErasureId) -> Result<(), Error> {
        sqlx::query(Erasure::FORGET)
            .bind(&id.0)
            .execute(self.pool())
            .await
            .map_err(write_failed)?;
        // Written anew whole: pages that are free or half free keep what they held.
        sqlx::query("VACUUM")
            .execute(self.pool())
            .await
            .map_err(write_failed)?;
        let (is_busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(self.pool())
            .await
            .map_err(write_failed)?;
        if is_busy == 0 {
            Ok(())
        } else {
            Err(Error::Busy)
        }
    }

    /// Notes that no file has the data of an erasure any more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn complete_erasure(&self, id: &ErasureId) -> Result<(), Error> {
        let update = "UPDATE erasure SET completed_at = $2 WHERE id = $1 AND completed_at IS NULL";
        sqlx::query(update)
            .bind(&id.0)
            .bind(self.now().0)
            .execute(self.pool())
            .await
            .map_err(write_failed)?;
        Ok(())
    }
}

async fn request(
    tx: &mut SqliteConnection,
    new: NewErasure,
    now: EventTime,
) -> Result<Erasure, Error> {
    let hash = value_hash(&key(tx).await?, &new.subject);
    let app_ids: Vec<&str> = new.app_ids.iter().map(AppId::as_str).collect();
    let app_ids = serde_json::Value::from(app_ids).to_string();
    let open = sqlx::AssertSqlSafe(format!(
        "{SELECT} WHERE workspace_id = $1 AND completed_at IS NULL"
    ));
    let open = sqlx::query(open)
        .bind(new.workspace.0)
        .fetch_all(&mut *tx)
        .await
        .map_err(read_failed)?;
    for row in &open {
        let known: (String, String) = (row.get("app_ids"), row.get("value_hash"));
        if known == (app_ids.clone(), hash.clone())
            && row.get::<Option<i64>, _>("rows_gone_at").is_none()
        {
            return from_row(row);
        }
    }
    OPEN.check(open.len() + 1)?;
    let id = ErasureId(random_hex::<8>());
    let insert = "INSERT INTO erasure (id, workspace_id, app_ids, kind, value, value_hash, requested_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(insert)
        .bind(&id.0)
        .bind(new.workspace.0)
        .bind(app_ids)
        .bind(new.subject.kind().column())
        .bind(new.subject.value())
        .bind(&hash)
        .bind(now.0)
        .execute(tx)
        .await
        .map_err(write_failed)?;
    Ok(Erasure {
        id,
        app_ids: new.app_ids,
        kind: new.subject.kind(),
        subject: Some(new.subject),
        value_hash: hash,
        requested_at: now,
        rows_gone_at: None,
        log_position: None,
        erased: Erased::new(),
        completed_at: None,
    })
}

/// The key of the hashes; made at the first request.
async fn key(tx: &mut SqliteConnection) -> Result<String, Error> {
    let insert =
        "INSERT INTO secret_key (name, value) VALUES ('erasure', $1) ON CONFLICT DO NOTHING";
    sqlx::query(insert)
        .bind(random_hex::<32>())
        .execute(&mut *tx)
        .await
        .map_err(write_failed)?;
    sqlx::query_scalar("SELECT value FROM secret_key WHERE name = 'erasure'")
        .fetch_one(tx)
        .await
        .map_err(read_failed)
}

/// Key and kind have lengths that do not depend on the value, so no two inputs are the same bytes.
fn value_hash(key: &str, subject: &Subject) -> String {
    let mut hash = Sha256::new();
    hash.update(key.as_bytes());
    hash.update(subject.kind().column().as_bytes());
    hash.update([0]);
    hash.update(subject.value().as_bytes());
    hex::encode(hash.finalize())
}

fn from_row(row: &SqliteRow) -> Result<Erasure, Error> {
    let kind: String = row.get("kind");
    let kind = SubjectKind::from_column(&kind).ok_or(Error::Stored {
        what: "kind of an erasure",
        text: kind,
    })?;
    let subject = |value: String| {
        Subject::parse(kind, &value).map_err(|_| Error::Stored {
            what: "value of an erasure",
            // Not the value itself: it is what somebody wants gone.
            text: String::new(),
        })
    };
    let app_ids = stored_list("list of application ids", row.get("app_ids"))?;
    let erased: Option<String> = row.get("erased");
    let erased = erased.unwrap_or_else(|| "{}".to_owned());
    let time = |name: &str| row.get::<Option<i64>, _>(name).map(EventTime);
    Ok(Erasure {
        id: ErasureId(row.get("id")),
        app_ids: app_ids
            .into_iter()
            .map(stored_app_id)
            .collect::<Result<_, _>>()?,
        kind,
        subject: row
            .get::<Option<String>, _>("value")
            .map(subject)
            .transpose()?,
        value_hash: row.get("value_hash"),
        requested_at: EventTime(row.get("requested_at")),
        rows_gone_at: time("rows_gone_at"),
        log_position: row
            .get::<Option<i64>, _>("log_position")
            .map(|position| u64::try_from(position).unwrap_or(0)),
        erased: serde_json::from_str(&erased).map_err(|_| Error::Stored {
            what: "counts of an erasure",
            text: erased,
        })?,
        completed_at: time("completed_at"),
    })
}

fn read_failed(source: sqlx::Error) -> Error {
    Error::Read {
        what: "the erasures",
        source,
    }
}

fn write_failed(source: sqlx::Error) -> Error {
    Error::Write {
        what: "an erasure",
        source,
    }
}
