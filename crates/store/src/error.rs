//! What can go wrong in the store, named by what was attempted.

use crate::SegmentId;

/// Result of the store's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed attempt.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("could not use the catalog: {attempt}")]
    Catalog {
        attempt: &'static str,
        source: sqlx::Error,
    },
    #[error("could not encode a segment of table {table}")]
    EncodeSegment {
        table: &'static str,
        source: parquet::errors::ParquetError,
    },
    #[error("could not write the manifest")]
    WriteManifest {
        source: parquet::errors::ParquetError,
    },
    #[error("could not read segment {id}")]
    ReadSegment {
        id: SegmentId,
        source: parquet::errors::ParquetError,
    },
    #[error("could not use object {path}")]
    Object {
        path: String,
        source: object_store::Error,
    },
    #[error("could not use file {path}: {attempt}")]
    File {
        attempt: &'static str,
        path: String,
        source: std::io::Error,
    },
    #[error("could not order rows of table {table}")]
    SortRows {
        table: &'static str,
        source: arrow::error::ArrowError,
    },
    #[error("the keys of segment {id} are damaged: {what}")]
    DamagedKeys { id: SegmentId, what: &'static str },
    #[error(
        "the data folder was written by a newer version (format {found}, this binary knows {known}): use that version or newer"
    )]
    NewerFormat { found: i64, known: i64 },
    #[error("a catalog row is damaged: {what}")]
    DamagedCatalog { what: String },
}

impl Error {
    /// The segment whose file is not what was written. Not a failure of the disk or the object store, which may pass.
    pub(crate) fn damaged_segment(&self) -> Option<SegmentId> {
        match self {
            Self::ReadSegment {
                source: parquet::errors::ParquetError::External(_),
                ..
            } => None,
            Self::ReadSegment { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// Whether the metadata database itself is damaged, so that a catalog must be made anew.
    #[must_use]
    pub fn is_damaged_database(&self) -> bool {
        match self {
            Self::Catalog { source, .. } => is_damaged_database(source),
            Self::DamagedCatalog { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn catalog(attempt: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Catalog { attempt, source }
    }

    pub(crate) fn object(
        path: &object_store::path::Path,
    ) -> impl FnOnce(object_store::Error) -> Self {
        let path = path.to_string();
        move |source| Self::Object { path, source }
    }

    pub(crate) fn file(
        attempt: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::File {
            attempt,
            path,
            source,
        }
    }
}

/// Whether SQLite says that a file is damaged or no database (`SQLITE_CORRUPT`, `SQLITE_NOTADB`).
fn is_damaged_database(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    // Extended codes hold the primary one in their low byte.
    matches!(code.map(|code| code & 0xff), Some(11 | 26))
}
