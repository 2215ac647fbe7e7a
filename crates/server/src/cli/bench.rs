//! `ringfence bench`: figures that anybody can take again.

mod gate;
mod lists;

use clap::Subcommand;

use super::{Global, Outcome};

/// Figures, taken on this machine, now.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// One decision in process: every check, every rule
    Gate(gate::Gate),
    /// The registry of 258 million numbers: size, look-ups, import, change
    Lists(lists::Lists),
}

impl Bench {
    /// Takes the figures.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Gate(gate) => gate.run(global),
            Self::Lists(lists) => lists.run(global),
        }
    }
}
