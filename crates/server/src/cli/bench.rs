//! `ringfence bench`: figures that anybody can take again.

mod decisions;
mod gate;
mod http;
mod lists;
mod node;
mod opt_out;
mod race;
mod scrub;
mod timing;
mod world;

use clap::Subcommand;

use super::{Global, Outcome};

/// Figures, taken on this machine, now.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Durable decisions: facts read, decided, recorded, chained and flushed
    Decisions(decisions::Decisions),
    /// Durable decisions over HTTP beside a handler that does nothing
    Http(http::Http),
    /// One decision in process: every check, every rule
    Gate(gate::Gate),
    /// Many numbers asked about at once, nothing recorded
    Scrub(scrub::ScrubBench),
    /// What judging an utterance costs, and how soon an opt-out binds everywhere
    OptOut(opt_out::OptOut),
    /// Deciders against opt-outs: nothing may be allowed after one
    Race(race::Race),
    /// The registry of 258 million numbers: size, look-ups, import, change
    Lists(lists::Lists),
    /// One node with the whole registry and a million leads: memory, and taking up a new list
    Node(node::Node),
}

impl Bench {
    /// Takes the figures.
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Decisions(decisions) => decisions.run(global),
            Self::Gate(gate) => gate.run(global),
            Self::Http(http) => http.run(global),
            Self::Scrub(scrub) => scrub.run(global),
            Self::OptOut(opt_out) => opt_out.run(global),
            Self::Race(race) => race.run(global),
            Self::Lists(lists) => lists.run(global),
            Self::Node(node) => node.run(global),
        }
    }
}
