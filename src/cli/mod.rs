//! The commands, one file each: open the store, call a flow, print, close the store.

pub mod demo;
pub mod import;
pub mod imports;
pub mod keys;
pub mod messages;
pub mod migrate;
pub mod replay;
pub mod serve;
pub mod user;
pub mod verify;

mod output;
