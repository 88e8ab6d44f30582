//! dosebook: vaccine booking with a dose ledger. Floors, from below: `domain` (pure rules), `db`
//! (SQL), `board` (what is public, in memory), `flows` (one transaction each), then `api`, `web`
//! and `jobs`; `app` wires them. See ARCHITECTURE.md.
#![cfg_attr(
    test,
    allow(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "a unit test may be loose with small numbers; the build without tests is not"
    )
)]

pub mod api;
pub mod board;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod demo;
pub mod domain;
pub mod flows;
pub mod html;
pub mod http;
pub mod ics;
pub mod jobs;
pub mod messaging;
pub mod postgres;
pub mod random;
pub mod rehearsal;
pub mod serve;
pub mod store;
pub mod supervisor;
pub mod telemetry;
pub mod web;
pub mod words;
pub mod worker_pool;
