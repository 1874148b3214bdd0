//! The real binary, from outside.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod access;
mod crash;
mod demo;
mod disk;
mod doctor;
mod erasures;
mod export;
mod fixtures;
mod hostile;
mod layout;
mod lifecycle;
mod onboarding;
mod postgres;
mod postgres_catalog;
mod postgres_hostile;
mod sign_in;
mod versions;
mod world;
