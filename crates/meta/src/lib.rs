//! The metadata database: who may send, who may read, and what each application wants.
//!
//! **Job**: one SQLite file (`DIR/meta.db`; PostgreSQL later, by URL) with workspaces, applications, client tokens, API keys and
//! requested deletions. The store keeps its catalog in the same database with migrations of its own ([`Meta::migrate`]), so
//! that one transaction ([`Meta::begin`]) covers a whole flush.
//!
//! **Invariant**: what a call has answered is on disk (WAL journal, `synchronous=FULL`) and is in the [`Directory`] that
//! intake and pipeline read. Look-ups of the directory never touch the database.
//!
//! **Reading order**: [`Meta`] (`database.rs`), `migrate.rs`, `application.rs`, `token.rs`, `api_key.rs`, [`Directory`].
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")
)]

mod api_key;
mod application;
mod database;
mod deletion;
mod directory;
mod error;
mod migrate;
mod names;
mod origin;
mod rows;
mod token;

pub use api_key::{ApiKey, ApiKeyId, CreatedApiKey, NewApiKey, Principal, Rights};
pub use application::{
    Access, AppNumber, Application, ApplicationType, IpPrivacy, Name, NewApplication, Privacy,
    Receipt, RetentionDays, Settings,
};
pub use database::{Clock, Meta, Options, Transaction, system_clock};
pub use deletion::Deletion;
pub use directory::{Directory, TokenRefusal};
pub use error::{Error, Limit};
pub use migrate::Migration;
pub use names::Names;
pub use origin::{Origin, OriginError};
pub use token::{ClientToken, TokenId};
