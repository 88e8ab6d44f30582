//! What the commands of some size do and print, one file each. The commands are in main.rs.

pub mod demo;
