//! The binary `ringfence`.

mod clock;
mod config;
mod desk;
mod lists;

fn main() {}
