//! From HTTP to the store.
//!
//! **Job**: [`intake`] answers each protocol in its own manner and puts the request into the log; [`pipeline`] follows the log,
//! decodes, enriches and applies to the store.
//!
//! **Invariants**
//! - A request is acknowledged only after its record is durable in the log.
//! - The pipeline is the only writer of the store, in the order of the log; what it applied is a function of the log and the
//!   applications. A start replays the log from the store's flushed position through the same code.
//! - Nothing a client sends stops the process or its neighbours' events: what cannot be stored is in quarantine with a reason.
//!
//! **Reading order**: [`intake`], [`admission`], [`record`], [`pipeline`], [`resolve`], [`account`], [`relay`].
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")
)]

pub mod account;
pub mod admission;
mod client_address;
pub mod intake;
pub mod metrics;
pub mod pipeline;
pub mod record;
mod refusal;
pub mod relay;
mod resolve;

pub use account::Account;
pub use client_address::TrustedProxies;
pub use intake::Intake;
pub use metrics::{Metrics, MetricsSnapshot};
pub use pipeline::Pipeline;

/// Reads the wall clock, µs since 1970; tests hand in their own.
pub type Clock = std::sync::Arc<dyn Fn() -> i64 + Send + Sync>;
