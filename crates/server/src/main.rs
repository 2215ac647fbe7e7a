//! The binary `ringfence`.

mod api;
mod app;
mod assembly;
mod calls;
mod cli;
mod clock;
mod config;
mod converse;
mod demo;
mod desk;
mod dialer;
mod driver;
mod hooks;
mod intake;
mod latency;
mod lists;
mod metrics;
mod post;
mod prompts;
mod scrub;
mod second_opinion;
mod shadow;
mod sheet;
mod strangers;
mod watch;
mod webhooks;

fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os())
}
