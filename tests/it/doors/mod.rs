//! Doors that a patient stranger opens: slow clients, uploads, guessing, and what answers give
//! away.

mod answer;
mod session_key;
mod slow;
mod staff;
mod upload;
