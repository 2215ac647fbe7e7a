//! The binary `ringfence`.

mod api;
mod app;
mod cli;
mod clock;
mod config;
mod desk;
mod intake;
mod lists;
mod metrics;

fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os())
}
