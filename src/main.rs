//! The commands of dosebook.

fn main() {}
