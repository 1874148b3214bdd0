//! The metadata database: who may send, who may read, and what each application wants.
//!
//! **Job**: one SQLite file (`DIR/meta.db`; PostgreSQL later, by URL) with workspaces, applications, client tokens, API keys,
//! requested deletions and erasures, members with their sessions, and the audit entries. The store keeps its catalog in the same database with migrations of its own ([`Meta::migrate`]), so
//! that one transaction ([`Meta::begin`]) covers a whole flush.
//!
//! **Invariant**: what a call has answered is on disk (WAL journal, `synchronous=FULL`) and is in the [`Directory`] that
//! intake and pipeline read. Look-ups of the directory never touch the database.
//!
//! **Reading order**: [`Meta`] (`database.rs`), `migrate.rs`, `application.rs`, `token.rs`, `api_key.rs`, [`Directory`];
//! for who signs in `member.rs`, `sign_in.rs`, `member_session.rs`, `audit.rs`.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")
)]

mod api_key;
mod application;
mod attempt;
mod audit;
mod database;
mod deletion;
mod directory;
mod email;
mod erasure;
mod error;
mod invitation;
mod member;
mod member_session;
mod migrate;
mod names;
mod one_time_link;
mod origin;
mod password;
mod retention;
mod rows;
mod sign_in;
mod token;
mod workspace;

pub use api_key::{ApiKey, ApiKeyId, CreatedApiKey, NewApiKey, Principal, Rights};
pub use application::{
    Access, AppNumber, Application, ApplicationType, IpPrivacy, Name, NewApplication, Privacy,
    Receipt, RetentionDays, Settings,
};
pub use audit::{Actor, ActorKind, AuditAction, AuditEntry, AuditNote};
pub use database::{Clock, Meta, Options, Transaction, system_clock};
pub use deletion::Deletion;
pub use directory::{Directory, TokenRefusal};
pub use email::Email;
pub use erasure::{Erased, Erasure, ErasureId, ErasureState, NewErasure};
pub use error::{Error, Limit};
pub use invitation::{CreatedInvitation, Invitation, InvitationId, NewInvitation};
pub use member::{Member, MemberId, Role};
pub use member_session::{Device, MemberSession, SessionId, SignedIn};
pub use migrate::Migration;
pub use names::Names;
pub use one_time_link::{CreatedLink, Newcomer};
pub use origin::{Origin, OriginError};
pub use password::Password;
pub use retention::{Retention, RetentionClass};
pub use token::{ClientToken, TokenId};
pub use workspace::{Workspace, WorkspaceId};
