//! The `hemiola` program.

fn main() {}
