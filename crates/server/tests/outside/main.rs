//! The real binary from outside, over its command line and HTTP, each test in a folder of its own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may stop at the first surprise, in what they share, too"
)]

mod access;
mod area_codes;
mod bad_input;
mod calls;
mod campaigns;
mod carrier;
mod clock;
mod command_line;
mod converse;
mod couriers;
mod crash;
mod crash_moments;
mod crash_opt_outs;
mod decisions;
mod hooks;
mod https;
mod idempotency;
mod keeping;
mod life;
mod list_files;
mod list_prune;
mod lists;
mod problems;
mod receiver;
mod review;
mod rules;
mod scrubs;
mod server;
mod shadow;
mod webhooks;
