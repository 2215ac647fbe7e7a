//! The binary `ringfence`.

mod api;
mod app;
mod clock;
mod config;
mod desk;
mod intake;
mod lists;
mod metrics;

fn main() {}
