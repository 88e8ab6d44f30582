//! Measurements that print ratios.

fn main() {}
