//! `ringfence log`

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;

use super::{Exit, Failure, Global, Outcome, World, say, say_json};

/// The event log.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// Verify the whole chain; name the first bad entry
    #[command(after_help = "Exit code 0: whole; 1: not.\n\nExample:\n  \
        ringfence log verify --checkpoint head-2026-11-20.json")]
    Verify {
        /// A head exported earlier: the log must still begin with it
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Export the signed head, to keep elsewhere
    #[command(after_help = "Example:\n  ringfence log checkpoint -o head-2026-11-20.json")]
    Checkpoint {
        /// Where to write it [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

impl Log {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        match self {
            Self::Verify { checkpoint } => verify(global, &world, checkpoint),
            Self::Checkpoint { output } => {
                let text = world.store.export_checkpoint()?;
                match output {
                    Some(path) => std::fs::write(&path, text + "\n")
                        .with_context(|| path.display().to_string())
                        .map_err(Failure::Environment)?,
                    None => say(&text)?,
                }
                Ok(Exit::Done)
            }
        }
    }
}

fn verify(global: &Global, world: &World, checkpoint: Option<PathBuf>) -> Outcome {
    let checkpoint = checkpoint
        .map(|path| std::fs::read_to_string(&path).with_context(|| path.display().to_string()))
        .transpose()
        .map_err(Failure::Usage)?;
    let report = world.store.verify_chain(checkpoint.as_deref())?;
    let whole = report.fault.is_none();
    if global.json {
        say_json(&report)?;
    } else if let Some(fault) = &report.fault {
        say(&format!("NOT whole: entry {}: {}", fault.seq, fault.what))?;
    } else {
        say(&format!(
            "whole: {} entries, head {}",
            report.entries, report.head_hash
        ))?;
        say(&format!("signed by {}", report.key))?;
    }
    if world.clock.is_test() && !global.json {
        say("made under a test clock: no evidence")?;
    }
    Ok(if whole { Exit::Done } else { Exit::CheckFailed })
}
