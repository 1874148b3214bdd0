//! What the catalog keeps of an erasure: amounts for its receipt, the identities that are refused, and packs without its requests.

use foldhash::fast::RandomState;
use schema::Identity;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, SqlitePool, Transaction};

use super::{Amounts, Forgotten};
use crate::catalog::{signed, unsigned};
use crate::packs::NewPack;
use crate::{Error, Result, Store};

/// Bytes of an identity in the table.
const IDENTITY: usize = 16;

/// What the transaction of an erasure writes besides dead rows and segments.
#[derive(Debug)]
pub(crate) struct Erasing {
    pub(crate) erasure: String,
    pub(crate) amounts: Amounts,
    pub(crate) forgotten: Vec<Identity>,
    pub(crate) until_us: i64,
    /// Ids in the quarantine.
    pub(crate) quarantined: Vec<i64>,
    pub(crate) packs: Vec<NewPack>,
}

pub(crate) async fn note(
    transaction: &mut Transaction<'_, Sqlite>,
    erasing: &Erasing,
) -> Result<()> {
    for (name, amount) in &erasing.amounts {
        sqlx::query(
            "INSERT INTO erased (erasure, name, amount) VALUES (?, ?, ?)
                ON CONFLICT (erasure, name) DO UPDATE SET amount = amount + excluded.amount",
        )
        .bind(&erasing.erasure)
        .bind(name)
        .bind(signed(*amount))
        .execute(&mut **transaction)
        .await
        .map_err(Error::catalog("note what was erased"))?;
    }
    if !erasing.forgotten.is_empty() {
        let identities = erasing.forgotten.iter();
        let identities: Vec<u8> = identities
            .flat_map(|identity| identity.0.to_be_bytes())
            .collect();
        sqlx::query("INSERT INTO forgotten (until_us, identities) VALUES (?, ?)")
            .bind(erasing.until_us)
            .bind(identities)
            .execute(&mut **transaction)
            .await
            .map_err(Error::catalog("note erased identities"))?;
    }
    let quarantined =
        serde_json::to_string(&erasing.quarantined).expect("numbers have a JSON form");
    sqlx::query("DELETE FROM quarantine WHERE id IN (SELECT value FROM json_each(?))")
        .bind(quarantined)
        .execute(&mut **transaction)
        .await
        .map_err(Error::catalog("empty the quarantine"))?;
    for pack in &erasing.packs {
        pack.note(transaction).await?;
    }
    Ok(())
}

/// What went under the name of an erasure.
pub(super) async fn amounts(pool: &SqlitePool, erasure: &str) -> Result<Amounts> {
    let rows = sqlx::query("SELECT name, amount FROM erased WHERE erasure = ?")
        .bind(erasure)
        .fetch_all(pool)
        .await
        .map_err(Error::catalog("read what was erased"))?;
    let amount = |row: &SqliteRow| Ok((row.get("name"), unsigned(row.get("amount"))?));
    rows.iter().map(amount).collect()
}

/// The identities that are refused, with their times.
pub(crate) async fn forgotten(pool: &SqlitePool) -> Result<Forgotten> {
    let rows = sqlx::query("SELECT until_us, identities FROM forgotten")
        .fetch_all(pool)
        .await
        .map_err(Error::catalog("read erased identities"))?;
    let mut forgotten = Forgotten::with_hasher(RandomState::default());
    for row in &rows {
        let until_us: i64 = row.get("until_us");
        let identities: Vec<u8> = row.get("identities");
        for identity in identities.as_chunks::<IDENTITY>().0 {
            let known = forgotten
                .entry(Identity(u128::from_be_bytes(*identity)))
                .or_insert(until_us);
            *known = until_us.max(*known);
        }
    }
    Ok(forgotten)
}

impl Store {
    /// Lets go of identities that were refused long enough.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn expire_forgotten(&self, now_us: i64) -> Result<()> {
        let _maintenance = self.inner.maintenance.lock().await;
        if self
            .forgotten()
            .values()
            .all(|until_us| *until_us >= now_us)
        {
            return Ok(());
        }
        sqlx::query("DELETE FROM forgotten WHERE until_us < ?")
            .bind(now_us)
            .execute(&self.inner.pool)
            .await
            .map_err(Error::catalog("let go of erased identities"))?;
        let mut forgotten = (*self.forgotten()).clone();
        forgotten.retain(|_, until_us| *until_us >= now_us);
        self.set_forgotten(forgotten);
        Ok(())
    }
}
