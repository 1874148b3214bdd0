//! The PostgreSQL wire protocol (version 3), read-only: psql, Grafana, Metabase, DBeaver and drivers ask the event tables by it.
//!
//! **Job**: [`serve`] takes connections, checks an API key as password, and answers statements from the same [`query::Engine`] as
//! `POST /api/v1/query`, with the same limits. The database that a client names is its scope: one application, or `footfall` for all.
//!
//! **Invariants**
//! - Nothing is read but through the engine, within the connection's scope; nothing is ever written.
//! - No message reaches the protocol's library before its length and structure were checked (`frame`), so that no bytes can make it
//!   panic or keep more than [`Options::message_bytes_max`] of a connection.
//! - Connections, prepared statements, portals and waiting times have bounds. A client that hangs up, or a cancel request, ends its query.
//! - Rows are sent as they come: no answer is held whole.
//!
//! **Reading order**: `server` (connections), `frame` (bytes to messages), `startup` (who asks), `simple` and `extended` (the two ways to
//! ask), `statement` (what the session answers by itself), `rows` (Arrow to PostgreSQL), `parameters` (the other way), `error` (SQLSTATE).
//!
//! Passwords are sent in the clear: API keys are kept as hashes, and a challenge would need the key itself. TLS is a tunnel's or proxy's
//! matter, as it is for HTTP (`docs/decisions/0015`).
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")
)]

mod error;
mod extended;
mod frame;
mod parameters;
mod rows;
mod run;
mod server;
mod session;
mod simple;
mod startup;
mod statement;
mod stream;

pub use server::{Counts, Options, Server, serve};
