//! The real binary from outside, over its command line and HTTP, each test in a folder of its own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may stop at the first surprise, in what they share, too"
)]

mod access;
mod calls;
mod campaigns;
mod carrier;
mod clock;
mod command_line;
mod converse;
mod crash;
mod crash_opt_outs;
mod decisions;
mod hooks;
mod idempotency;
mod life;
mod lists;
mod problems;
mod receiver;
mod server;
mod webhooks;
