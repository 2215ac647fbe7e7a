//! `ringfence replay`

use anyhow::Context;
use clap::Args;
use ringfence_core::gate::{CheckSet, Decision, Facts, decide_with};
use ringfence_core::id::Id;
use ringfence_core::rules::RulePack;
use serde_json::json;

use super::{Exit, Failure, Global, Outcome, World, say, say_json};

/// Decides a stored decision again.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: the same, byte for byte; 1: not the same. What an earlier version decided is decided\nwith the checks that it made.\n\nExample:\n  \
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
        let stored: Decision = serde_json::from_str(&record.decision_json)
            .context("the stored decision cannot be read")
            .map_err(Failure::Environment)?;
        // A build before this one may have made fewer checks; no build made others than its own.
        let checks = CheckSet::of(&stored).unwrap_or(CheckSet::LATEST);
        let again = serde_json::to_string(&decide_with(checks, &pack, &facts, record.at))?;
        let same = again == record.decision_json;
        let later: Vec<&str> = (CheckSet::LATEST.names())
            .filter(|name| !checks.names().any(|made| made == *name))
            .collect();
        if global.json {
            say_json(
                &json!({"decision": record.id, "same": same, "rule_pack": record.pack_sha256,
                             "without_checks": later, "stored": record.decision_json, "again": again}),
            )?;
        } else if same {
            say(&format!("{}: the same, byte for byte", record.id))?;
            if !later.is_empty() {
                let later = later.join(", ");
                say(&format!(
                    "(decided before there was the check {later}: made without)"
                ))?;
            }
        } else {
            say(&format!("{}: NOT the same", record.id))?;
            say(&format!("stored: {}", record.decision_json))?;
            say(&format!("again:  {again}"))?;
        }
        Ok(if same { Exit::Done } else { Exit::CheckFailed })
    }
}
