//! An open-loop load generator. A request is sent when it is due, whether or not earlier ones have
//! been answered, and its latency counts from when it was due. A service that stalls is charged for
//! every request that came due meanwhile; a closed loop would leave those out (coordinated
//! omission).
//!
//! `connection` speaks HTTP/1.1. `generator` sends the requests of a `Workload` over many
//! connections from one thread. The workload says what is requested, and what follows a response.
//! `inbox` takes what is posted to the workload meanwhile.

pub mod connection;
pub mod generator;
pub mod inbox;

pub use connection::Response;
pub use generator::{Completion, LoadGenerator, TIMEOUT, Workload};
