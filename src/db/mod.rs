//! The SQL, one file per table family, each statement beside the function that runs it.
//!
//! A function that takes `impl PgExecutor` only reads; one that takes `&mut PgConnection` is part
//! of somebody's transaction, which only `in_tx` (and a lane) opens. What the database refuses with
//! is told apart in `error` and nowhere else.

pub mod allocation;
pub mod barrier;
pub mod batch;
pub mod board;
pub mod booking;
pub mod booking_limit;
pub mod campaign;
pub mod campaign_sum;
pub mod catalogue;
pub mod check;
pub mod clinic;
pub mod clinic_day;
pub mod closure;
pub mod code_cap;
pub mod cohort;
pub mod copy;
pub mod course;
pub mod day;
pub mod day_close;
pub mod day_list;
pub mod demo;
pub mod discrepancy;
pub mod eligibility;
pub mod error;
pub mod exclusion;
pub mod idempotency_key;
pub mod import;
pub mod journal;
pub mod journal_seal;
pub mod locked;
pub mod merge;
pub mod metrics;
pub mod migration;
pub mod movement;
pub mod notice;
pub mod opening_hours;
pub mod outbox;
pub mod outcome;
pub mod own_booking;
pub mod person;
pub mod person_change;
pub mod person_find;
pub mod person_key;
pub mod person_look;
pub mod person_record;
pub mod pool;
pub mod product;
pub mod proposal;
pub mod region;
pub mod rehearsal;
pub mod roster;
pub mod safety;
pub mod schedule;
pub mod session;
pub mod session_key;
pub mod sign_in;
pub mod sign_in_code;
pub mod sign_in_delay;
pub mod slot;
pub mod slot_plan;
pub mod split;
pub mod staff_booking;
pub mod staff_invitation;
pub mod staff_user;
pub mod supply;
pub mod supply_history;
pub mod tranche;
pub mod visit;
pub mod walk_in;

mod connect;
mod connection;
mod lease;
mod transaction;

pub use connection::{Db, PLANNER_SETTINGS};
pub use error::{Error, Failure};
pub use lease::{Lease, Pool};
pub use metrics::Metrics;
pub use transaction::{in_long_tx, in_tx, in_tx_once, insist, look};

/// Forward only; a migration that has landed is never edited.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
