//! Rehearsal: replays a scenario against a running service, and compares what the clients were told
//! with the database afterwards.
//!
//! `replay` is the whole of it: prepare, run, check. `scenario` says how many citizens arrive and
//! how they behave, `curve` when each arrives. `slots` reads what can be booked, `sign_in` gets
//! session tokens, and `plan` holds everything that is known before the start. While the replay
//! runs, `load` generates the load, `citizens` decides on the next request (`step`), and `tally`
//! and `pace` count. Then `check` queries the database. `report` has the results, which `table`
//! prints as text, and `page` and `plot` as HTML; it is also written as JSON. That is the replay of
//! people who are signed in already; `journey` plays them from the landing page on.

pub mod check;
pub mod citizens;
pub mod clinic_day;
pub mod clinic_day_page;
pub mod clinic_day_report;
pub mod curve;
pub mod figure;
pub mod journey;
pub mod load;
pub mod pace;
pub mod page;
pub mod plan;
pub mod plot;
pub mod replay;
pub mod report;
pub mod scenario;
pub mod sign_in;
pub mod slots;
pub mod step;
pub mod table;
pub mod tally;
pub mod target;

pub use self::{
    check::CheckResult,
    replay::{FinishedReplay, PreparedReplay, ReplayConfig, prepare},
    report::Report,
    scenario::Scenario,
    target::Target,
};
