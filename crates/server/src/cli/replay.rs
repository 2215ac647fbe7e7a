//! `ringfence replay`

use anyhow::Context;
use clap::Args;
use ringfence_core::gate::{Facts, decide};
use ringfence_core::id::Id;
use ringfence_core::rules::RulePack;
use serde_json::json;

use super::{Exit, Failure, Global, Outcome, World, say, say_json};

/// Decides a stored decision again.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: the same, byte for byte; 1: not the same.\n\nExample:\n  \
    ringfence replay dec_01KAJ3Z6T0000000000000000"
)]
pub struct Replay {
    /// `dec_...`
    decision: String,
}

impl Replay {
    /// Does it. INVARIANT (replayable): stored facts + rule pack = the stored decision, byte for byte.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        let record = world.store.decision(&Id::from(self.decision.as_str()))?;
        let pack = if record.pack_sha256 == world.rules.sha256 {
            RulePack::clone(&world.rules)
        } else {
            let kept = world.store.rule_pack(&record.pack_sha256)?;
            RulePack::from_archive(&kept.archive).map_err(Failure::environment)?
        };
        let facts: Facts = serde_json::from_str(&record.facts_json)
            .context("the stored facts cannot be read")
            .map_err(Failure::Environment)?;
        let again = serde_json::to_string(&decide(&pack, &facts, record.at))?;
        let same = again == record.decision_json;
        if global.json {
            say_json(
                &json!({"decision": record.id, "same": same, "rule_pack": record.pack_sha256,
                             "stored": record.decision_json, "again": again}),
            )?;
        } else if same {
            say(&format!("{}: the same, byte for byte", record.id))?;
        } else {
            say(&format!("{}: NOT the same", record.id))?;
            say(&format!("stored: {}", record.decision_json))?;
            say(&format!("again:  {again}"))?;
        }
        Ok(if same { Exit::Done } else { Exit::CheckFailed })
    }
}
