//! `ringfence bench`: figures that anybody can take again.

mod gate;

use clap::Subcommand;

use super::{Global, Outcome};

/// Figures, taken on this machine, now.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// One decision in process: every check, every rule
    Gate(gate::Gate),
}

impl Bench {
    /// Takes the figures.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Gate(gate) => gate.run(global),
        }
    }
}
