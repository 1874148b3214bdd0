//! Wrong passwords: counted for each e-mail and each address, and locked for longer and longer.
//!
//! From the 10th wrong password on, the e-mail (or the address) is locked: 1 minute, then 2, 4 … up to an hour after each further
//! one. What is tried while locked is refused without a look at the password and does not lengthen the lock. The count is in
//! the database, so a restart forgives nothing.
//!
//! An attempt counts as wrong from its beginning and is taken back when the password was right: otherwise a thousand requests at
//! once would all be let through before the first of them is known to be wrong.

use std::net::IpAddr;

use schema::EventTime;
use sqlx::{Row, SqliteConnection};

use crate::error::Error;
use crate::rows::secret_hash;
use crate::workspace::WorkspaceId;

const FREE: i64 = 9;
const MINUTE_MICROS: i64 = 60 * 1_000_000;
const LOCK_MINUTES_MAX: i64 = 60;
/// A member may mistype now and then for ever; a guesser who waits a day for nine tries gets nowhere either.
const EMAIL_FORGOTTEN_MICROS: i64 = 24 * 60 * MINUTE_MICROS;
/// Shorter than of an e-mail: behind one address there may be a whole office.
const ADDRESS_FORGOTTEN_MICROS: i64 = 60 * MINUTE_MICROS;
/// E-mails and addresses that are remembered; beyond it the ones with the oldest failure go.
const SUBJECTS_MAX: i64 = 20_000;

/// An attempt under way, counted as wrong.
pub(crate) struct Attempt {
    workspace: WorkspaceId,
    subjects: Vec<Subject>,
}

struct Subject {
    hash: String,
    forgotten_micros: i64,
    is_email: bool,
    /// The lock that this attempt has set, to be taken back with it; 0: none.
    locked_until: i64,
}

impl Attempt {
    /// An attempt for an e-mail as it was typed, from an address if that is known.
    pub(crate) fn new(workspace: WorkspaceId, email: &str, ip: Option<IpAddr>) -> Self {
        let subject = |text: String, forgotten_micros, is_email| Subject {
            hash: secret_hash(&text),
            forgotten_micros,
            is_email,
            locked_until: 0,
        };
        let email = crate::email::normalise(email);
        let mut subjects = vec![subject(
            format!("email:{email}"),
            EMAIL_FORGOTTEN_MICROS,
            true,
        )];
        if let Some(ip) = ip {
            let address = format!("address:{}", network(ip));
            subjects.push(subject(address, ADDRESS_FORGOTTEN_MICROS, false));
        }
        Self {
            workspace,
            subjects,
        }
    }

    /// Counts the attempt, or gives the seconds until the next one is possible.
    pub(crate) async fn begin(
        mut self,
        tx: &mut SqliteConnection,
        now: EventTime,
    ) -> Result<Result<Self, u64>, Error> {
        let mut counts = Vec::with_capacity(self.subjects.len());
        let mut locked_until = 0;
        for subject in &self.subjects {
            let (failures, until) = self.read(tx, subject, now).await?;
            locked_until = locked_until.max(until);
            counts.push(failures);
        }
        if locked_until > now.0 {
            let wait = (locked_until - now.0 + 999_999) / 1_000_000;
            return Ok(Err(u64::try_from(wait).unwrap_or(1)));
        }
        for (subject, before) in self.subjects.iter_mut().zip(counts) {
            let failures = before + 1;
            subject.locked_until = lock_micros(failures).map_or(0, |lock| now.0 + lock);
            let upsert = "INSERT INTO sign_in_attempt (workspace_id, subject, failures, last_failure_at, locked_until) \
                          VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace_id, subject) DO UPDATE SET \
                          failures = excluded.failures, last_failure_at = excluded.last_failure_at, locked_until = excluded.locked_until";
            sqlx::query(upsert)
                .bind(self.workspace.0)
                .bind(&subject.hash)
                .bind(failures)
                .bind(now.0)
                .bind(subject.locked_until)
                .execute(&mut *tx)
                .await
                .map_err(writing)?;
        }
        prune(tx).await?;
        Ok(Ok(self))
    }

    /// The longest lock that this attempt has set, seconds.
    pub(crate) fn lock_s(&self, now: EventTime) -> Option<i64> {
        let until = self.subjects.iter().map(|subject| subject.locked_until);
        let lock = until.max().unwrap_or(0) - now.0;
        (lock > 0).then_some((lock + 999_999) / 1_000_000)
    }

    /// The password was right: the e-mail starts afresh. The address only gets this attempt back: with an account of their own a
    /// guesser could otherwise clear it after every ninth try.
    pub(crate) async fn succeeded(&self, tx: &mut SqliteConnection) -> Result<(), Error> {
        for subject in &self.subjects {
            let statement = if subject.is_email {
                sqlx::query("DELETE FROM sign_in_attempt WHERE workspace_id = $1 AND subject = $2")
            } else {
                let give_back = "UPDATE sign_in_attempt SET failures = failures - 1, \
                                 locked_until = CASE WHEN locked_until = $3 THEN 0 ELSE locked_until END \
                                 WHERE workspace_id = $1 AND subject = $2 AND failures > 0";
                sqlx::query(give_back)
            };
            let statement = statement.bind(self.workspace.0).bind(&subject.hash);
            let statement = if subject.is_email {
                statement
            } else {
                statement.bind(subject.locked_until)
            };
            statement.execute(&mut *tx).await.map_err(writing)?;
        }
        Ok(())
    }

    async fn read(
        &self,
        tx: &mut SqliteConnection,
        subject: &Subject,
        now: EventTime,
    ) -> Result<(i64, i64), Error> {
        let select = "SELECT failures, last_failure_at, locked_until FROM sign_in_attempt WHERE workspace_id = $1 AND subject = $2";
        let row = sqlx::query(select)
            .bind(self.workspace.0)
            .bind(&subject.hash)
            .fetch_optional(tx)
            .await
            .map_err(|source| Error::Read {
                what: "the sign-in attempts",
                source,
            })?;
        let Some(row) = row else { return Ok((0, 0)) };
        let (last, until): (i64, i64) = (row.get("last_failure_at"), row.get("locked_until"));
        if now.0 > last.max(until).saturating_add(subject.forgotten_micros) {
            return Ok((0, 0));
        }
        Ok((row.get("failures"), until))
    }
}

/// Forgets the wrong passwords of an e-mail, when its member has shown in another way who they are.
pub(crate) async fn forgive(
    tx: &mut SqliteConnection,
    workspace: WorkspaceId,
    email: &str,
) -> Result<(), Error> {
    Attempt::new(workspace, email, None).succeeded(tx).await
}

/// The lock that so many wrong passwords bring.
fn lock_micros(failures: i64) -> Option<i64> {
    let beyond = u32::try_from(failures - FREE - 1).ok()?;
    let minutes = 1_i64
        .checked_shl(beyond.min(30))
        .unwrap_or(LOCK_MINUTES_MAX);
    Some(minutes.min(LOCK_MINUTES_MAX) * MINUTE_MICROS)
}

/// Who has IPv6 has at least a /64 of addresses.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let prefix = u128::from(ip) >> 64 << 64;
            IpAddr::V6(prefix.into())
        }
        ip => ip,
    }
}

async fn prune(tx: &mut SqliteConnection) -> Result<(), Error> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM sign_in_attempt")
        .fetch_one(&mut *tx)
        .await
        .map_err(writing)?;
    if count <= SUBJECTS_MAX {
        return Ok(());
    }
    let delete = "DELETE FROM sign_in_attempt WHERE last_failure_at <= ( \
                  SELECT last_failure_at FROM sign_in_attempt ORDER BY last_failure_at DESC LIMIT 1 OFFSET $1)";
    sqlx::query(delete)
        .bind(SUBJECTS_MAX)
        .execute(tx)
        .await
        .map_err(writing)?;
    Ok(())
}

fn writing(source: sqlx::Error) -> Error {
    Error::Write {
        what: "a sign-in attempt",
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_doubles_from_the_tenth_wrong_password_to_an_hour() {
        let minutes = |failures| lock_micros(failures).map(|micros| micros / MINUTE_MICROS);
        assert_eq!((minutes(1), minutes(9)), (None, None));
        let locks: Vec<_> = (10..=17).filter_map(minutes).collect();
        assert_eq!(locks, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(minutes(1_000_000), Some(60));
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_address() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
    }
}
