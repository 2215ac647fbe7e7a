//! The binary `ringfence`.

mod clock;
mod config;

fn main() {}
