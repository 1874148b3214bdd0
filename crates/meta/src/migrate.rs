//! Migrations: an ordered list of SQL scripts for each crate that keeps tables in the metadata database.
//!
//! The table `migration (owner, version, name, checksum, applied_at)` says what was applied. A version that this binary does not
//! know means that a newer release wrote the database: it is refused, since an older one would read it wrongly.

use sha2::{Digest, Sha256};
use sqlx::Row;

use crate::database::Meta;
use crate::error::Error;

/// One step of the database's shape. Never edited once released.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1, 2, 3 …
    pub version: u32,
    pub name: &'static str,
    /// One or more statements, in SQL that SQLite and PostgreSQL share.
    pub sql: &'static str,
}

pub(crate) const OWN: &[Migration] = &[
    Migration {
        version: 1,
        name: "identities",
        sql: include_str!("../migrations/0001_identities.sql"),
    },
    Migration {
        version: 2,
        name: "access",
        sql: include_str!("../migrations/0002_access.sql"),
    },
    Migration {
        version: 3,
        name: "erasures",
        sql: include_str!("../migrations/0003_erasures.sql"),
    },
    Migration {
        version: 4,
        name: "retention by class",
        sql: include_str!("../migrations/0004_retention_by_class.sql"),
    },
];

impl Meta {
    /// Brings the tables of `owner` to the newest version, each step in a transaction of its own.
    ///
    /// # Errors
    /// [`Error::Newer`] when the database knows more steps than `migrations`, [`Error::ChangedMigration`] when a step is not what
    /// was applied, and whatever the database says.
    pub async fn migrate(
        &self,
        owner: &'static str,
        migrations: &'static [Migration],
    ) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        let create = "CREATE TABLE IF NOT EXISTS migration (owner TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, \
                      checksum TEXT NOT NULL, applied_at BIGINT NOT NULL, PRIMARY KEY (owner, version))";
        sqlx::query(create)
            .execute(&mut *tx)
            .await
            .map_err(|source| Error::Write {
                what: "the list of migrations",
                source,
            })?;
        let rows = sqlx::query(
            "SELECT version, checksum FROM migration WHERE owner = $1 ORDER BY version",
        )
        .bind(owner)
        .fetch_all(&mut *tx)
        .await
        .map_err(|source| Error::Read {
            what: "the list of migrations",
            source,
        })?;
        tx.commit()
            .await
            .map_err(|source| Error::Commit { source })?;

        let applied: Vec<(i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        if let Some((found, _)) = applied
            .iter()
            .find(|(found, _)| !migrations.iter().any(|m| i64::from(m.version) == *found))
        {
            let known = migrations.last().map_or(0, |last| last.version);
            return Err(Error::Newer {
                owner,
                found: *found,
                known,
            });
        }
        for migration in migrations {
            match applied
                .iter()
                .find(|(found, _)| *found == i64::from(migration.version))
            {
                None => self.apply(owner, migration).await?,
                Some((_, sum)) if *sum == checksum(migration) => {}
                Some(_) => {
                    return Err(Error::ChangedMigration {
                        owner,
                        version: migration.version,
                    });
                }
            }
        }
        Ok(())
    }

    async fn apply(&self, owner: &'static str, migration: &'static Migration) -> Result<(), Error> {
        let failed = |source| Error::Migrate {
            owner,
            version: migration.version,
            source,
        };
        let mut tx = self.begin().await?;
        sqlx::raw_sql(migration.sql)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        sqlx::query("INSERT INTO migration (owner, version, name, checksum, applied_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(owner)
            .bind(i64::from(migration.version))
            .bind(migration.name)
            .bind(checksum(migration))
            .bind(self.now().0)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        tracing::info!(
            owner,
            version = migration.version,
            name = migration.name,
            "metadata database migrated"
        );
        Ok(())
    }
}

fn checksum(migration: &Migration) -> String {
    hex::encode(Sha256::digest(migration.sql.as_bytes()))
}
