//! abgleich: the program.

fn main() {}
