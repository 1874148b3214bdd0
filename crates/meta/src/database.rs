//! Opening the database, its one writer and its readers, and the snapshot that follows each change.

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use futures::future::BoxFuture;
use schema::EventTime;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::api_key::Keys;
use crate::audit::{self, AuditNote};
use crate::directory::{self, Directory};
use crate::error::Error;
use crate::migrate;
use crate::password::Hasher;
use crate::rows::random_hex;

/// Says what time it is; tests hand in their own.
pub type Clock = Arc<dyn Fn() -> EventTime + Send + Sync>;

/// A transaction of the one writer. Dropped without commit, it is rolled back.
pub type Transaction = sqlx::Transaction<'static, Sqlite>;

/// How to open the database.
#[derive(Clone)]
pub struct Options {
    /// The database file; its folder must exist.
    pub path: PathBuf,
    /// How long a statement waits for a lock that another process holds.
    pub busy_timeout: Duration,
    /// Connections that read beside the one that writes.
    pub readers_max: u32,
    pub clock: Clock,
}

impl Options {
    /// The usual options for a file.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            busy_timeout: Duration::from_secs(10),
            readers_max: 4,
            clock: system_clock(),
        }
    }
}

/// The system's clock. Before 1970 it says 1970.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        EventTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}

/// The metadata database. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Meta {
    inner: Arc<Inner>,
    /// Written in the same transaction as each change through this handle; see [`Meta::noting`].
    note: Option<Arc<AuditNote>>,
}

struct Inner {
    // SQLite has one writer at a time. A pool of one queues writers in order; left to SQLite's lock they would poll.
    writer: SqlitePool,
    readers: SqlitePool,
    clock: Clock,
    directory: watch::Sender<Arc<Directory>>,
    keys: RwLock<Arc<Keys>>,
    hasher: Hasher,
    tasks: TaskTracker,
    // Last, so that it is dropped after the connections.
    _folder: Option<TemporaryFolder>,
}

impl Meta {
    /// Opens or creates the database, migrates it and makes workspace 1.
    ///
    /// The file gets mode 0600; SQLite gives the same to its journal.
    ///
    /// # Errors
    /// When the file cannot be made or opened, was written by a newer release, or holds what cannot be read.
    pub async fn open(options: Options) -> Result<Self, Error> {
        create_private_file(&options.path).map_err(|source| Error::CreateFile {
            path: options.path.clone(),
            source,
        })?;
        let connect = SqliteConnectOptions::new()
            .filename(&options.path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        Self::connect(options, connect, None).await
    }

    /// A database in a folder of its own that goes with the last clone; for tests, also those of other crates.
    ///
    /// # Errors
    /// As [`Meta::open`].
    pub async fn temporary() -> Result<Self, Error> {
        Self::temporary_at(system_clock()).await
    }

    /// As [`Meta::temporary`], with the clock of a test.
    ///
    /// # Errors
    /// As [`Meta::open`].
    pub async fn temporary_at(clock: Clock) -> Result<Self, Error> {
        // Not in memory: SQLite's memdb and its shared cache both let a reader wait for the writer's whole transaction, which
        // a file with a WAL does not, so a test would hang where the server runs, or the other way round.
        let folder = TemporaryFolder(
            std::env::temp_dir().join(format!("footfall-meta-{}", random_hex::<8>())),
        );
        let path = folder.0.join("meta.db");
        let created = fs::create_dir(&folder.0).and_then(|()| create_private_file(&path));
        created.map_err(|source| Error::CreateFile {
            path: path.clone(),
            source,
        })?;
        let connect = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Off);
        Self::connect(
            Options {
                clock,
                ..Options::at(&path)
            },
            connect,
            Some(folder),
        )
        .await
    }

    async fn connect(
        options: Options,
        connect: SqliteConnectOptions,
        folder: Option<TemporaryFolder>,
    ) -> Result<Self, Error> {
        let connect = connect
            .foreign_keys(true)
            .busy_timeout(options.busy_timeout)
            .disable_statement_logging();
        let opened = |source| Error::Open {
            path: options.path.clone(),
            source,
        };
        // Connections are kept for good: reopening one gains nothing, and closing the last one would checkpoint.
        let pool = || {
            SqlitePoolOptions::new()
                .min_connections(1)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool()
            .max_connections(1)
            .connect_with(connect.clone())
            .await
            .map_err(opened)?;
        let readers = pool()
            .max_connections(options.readers_max.max(1))
            .connect_with(connect.pragma("query_only", "ON"))
            .await
            .map_err(opened)?;
        let meta = Self {
            inner: Arc::new(Inner {
                writer,
                readers,
                clock: options.clock,
                directory: watch::Sender::new(Arc::new(Directory::default())),
                keys: RwLock::default(),
                hasher: Hasher::default(),
                tasks: TaskTracker::new(),
                _folder: folder,
            }),
            note: None,
        };
        meta.migrate("meta", migrate::OWN).await?;
        meta.change("the first workspace", |tx, now| {
            Box::pin(async move {
                sqlx::query("INSERT INTO workspace (id, name, created_at) VALUES (1, $1, $2) ON CONFLICT DO NOTHING")
                    .bind("Default")
                    .bind(now.0)
                    .execute(tx)
                    .await
                    .map_err(|source| Error::Write { what: "the first workspace", source })?;
                Ok(())
            })
        })
        .await?;
        Ok(meta)
    }

    /// The one writer, for crates that keep tables of their own here. It has a single connection: whoever holds a transaction must
    /// not ask it for another, and what only reads is better asked of [`Meta::readers`].
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.inner.writer
    }

    /// Connections for reading (writes are refused); each statement sees what was last committed.
    #[must_use]
    pub fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    /// Begins a transaction of the one writer, waiting for the one before. Keep it short: everybody's writes wait for it.
    ///
    /// It takes the write lock at once (`BEGIN IMMEDIATE`), so what it has read stays true until it commits.
    ///
    /// # Errors
    /// When the writer is not free within 30 s, or the database fails.
    pub async fn begin(&self) -> Result<Transaction, Error> {
        self.inner
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(|source| Error::Begin { source })
    }

    /// What intake and pipeline look up; an unchanging snapshot.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.inner.directory.borrow().clone()
    }

    /// Follows the directory: holds the newest snapshot and wakes at each change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Directory>> {
        self.inner.directory.subscribe()
    }

    /// The time, by the clock that was handed in.
    #[must_use]
    pub fn now(&self) -> EventTime {
        (self.inner.clock)()
    }

    /// Waits for changes under way, notes when keys were last used, and closes the file. Calls after it fail.
    pub async fn close(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        if let Err(error) = self.save_key_use().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot note when api keys were last used"
            );
        }
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    pub(crate) fn keys(&self) -> Arc<Keys> {
        self.inner
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn hasher(&self) -> &Hasher {
        &self.inner.hasher
    }

    /// A handle whose next change also writes this audit entry, in the same transaction: there is neither a change without its
    /// entry nor an entry without its change.
    #[must_use]
    pub fn noting(&self, note: AuditNote) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            note: Some(Arc::new(note)),
        }
    }

    /// Runs `work` in a transaction. For what is not in the directory: sign-ins are frequent, and intake need not hear of them.
    ///
    /// In a task of its own, as [`Meta::change`].
    pub(crate) async fn write<T, F>(&self, what: &'static str, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut SqliteConnection, EventTime) -> BoxFuture<'t, Result<T, Error>>
            + Send
            + 'static,
    {
        let meta = self.clone();
        let task = self.inner.tasks.spawn(async move {
            let mut tx = meta.begin().await?;
            let value = work(&mut tx, meta.now()).await?;
            meta.write_note(&mut tx).await?;
            tx.commit()
                .await
                .map_err(|source| Error::Commit { source })?;
            Ok(value)
        });
        task.await
            .map_err(|source| Error::Stopped { what, source })?
    }

    async fn write_note(&self, tx: &mut SqliteConnection) -> Result<(), Error> {
        match &self.note {
            Some(note) => audit::insert(tx, self.now(), note).await,
            None => Ok(()),
        }
    }

    /// Runs `work` in a transaction, then puts what it changed into the directory.
    ///
    /// In a task of its own: a caller that goes away between commit and publication (a client hanging up) would leave a
    /// committed change that intake does not see.
    pub(crate) async fn change<T, F>(&self, what: &'static str, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut SqliteConnection, EventTime) -> BoxFuture<'t, Result<T, Error>>
            + Send
            + 'static,
    {
        let meta = self.clone();
        let task = self.inner.tasks.spawn(async move {
            let mut tx = meta.begin().await?;
            let value = work(&mut tx, meta.now()).await?;
            meta.write_note(&mut tx).await?;
            let directory = directory::load_next(&mut tx).await?;
            let keys = Keys::load(&mut tx).await?;
            tx.commit()
                .await
                .map_err(|source| Error::Commit { source })?;
            meta.publish(directory, keys);
            Ok(value)
        });
        task.await
            .map_err(|source| Error::Stopped { what, source })?
    }

    fn publish(&self, directory: Directory, mut keys: Keys) {
        // Two tasks can come here in the other order than they committed; the older snapshot must not win.
        self.inner.directory.send_if_modified(|current| {
            let newer = directory.version() > current.version();
            if newer {
                let mut held = self
                    .inner
                    .keys
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                keys.take_over_use(&held);
                *held = Arc::new(keys);
                *current = Arc::new(directory);
            }
            newer
        });
    }
}

/// Removes the folder of a temporary database.
struct TemporaryFolder(PathBuf);

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's temporary folder, which is swept by others.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn create_private_file(path: &Path) -> io::Result<()> {
    let created = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match created {
        Ok(_) => {
            // The name of a new file is durable only once its folder is.
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            fs::File::open(folder)?.sync_all()
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        }
        Err(error) => Err(error),
    }
}
