//! The line against the simulated carrier, and against `sipp` where it is installed.

mod driver;
mod simulated;
