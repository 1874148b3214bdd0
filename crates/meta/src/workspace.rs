//! Workspaces: whose members, keys and applications these are. A server has one so far; every look-up names it all the same, so
//! that a second one cannot see into the first.

use crate::database::Meta;
use crate::error::Error;

/// Names a workspace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WorkspaceId(pub i64);

impl WorkspaceId {
    /// The workspace that the first start makes, and the one that the server's API serves.
    pub const FIRST: Self = Self(1);
}

/// A workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub name: String,
}

impl Meta {
    /// A workspace by its id.
    ///
    /// # Errors
    /// What the database says, also when there is none.
    pub async fn workspace(&self, id: WorkspaceId) -> Result<Workspace, Error> {
        let name = sqlx::query_scalar("SELECT name FROM workspace WHERE id = $1")
            .bind(id.0)
            .fetch_one(self.readers())
            .await
            .map_err(|source| Error::Read {
                what: "a workspace",
                source,
            })?;
        Ok(Workspace { id, name })
    }
}
