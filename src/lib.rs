//! Vaccine booking with a dose ledger: the limit is known before anyone queues.
//!
//! Four floors, `domain <- db <- flows <- api`, `web` and `jobs`; each imports only those below it.
#![cfg_attr(
    test,
    allow(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "a unit test may be loose with small numbers; the build without tests is not"
    )
)]

pub mod db;
pub mod domain;
pub mod flows;
