//! Load as a crowd makes it: requests come when they come, whether or not earlier ones have been
//! answered (an open loop), and each is timed from the moment at which it was due. A service that
//! stalls is charged for everybody who came meanwhile, not only for those who got through
//! (coordinated omission).
//!
//! `connection` speaks HTTP/1.1, `crowd` sends what a `Script` says on many connections from one
//! thread. What is asked, and what an answer leads to, is the script's business.

pub mod connection;
pub mod crowd;

pub use connection::Answer;
pub use crowd::{Crowd, Heard, PATIENCE, Script};
