//! The real binary from outside, over its command line and HTTP, each test in a folder of its own.

mod access;
mod clock;
mod command_line;
mod decisions;
mod idempotency;
mod life;
mod lists;
mod problems;
mod server;
