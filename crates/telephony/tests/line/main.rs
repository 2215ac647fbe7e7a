//! The line against the simulated carrier, and against `sipp` where it is installed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may stop at the first surprise; clippy knows only functions marked as tests"
)]

mod driver;
mod logs;
mod simulated;
mod sipp;
mod strangers;
mod stray;
