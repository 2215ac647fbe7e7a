//! `ringfence decide`

use anyhow::anyhow;
use clap::Args;
use jiff::Timestamp;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{CallRequest, CheckState, Decision, Verdict};
use ringfence_core::lead::{Place, StateCode};

use super::{Exit, Failure, Global, Outcome, World, say, say_json};
use crate::api::DecisionAnswer;
use crate::app::{dry_run, fresh_id};

/// One dry-run decision.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: allowed; 1: denied or deferred.\n\nExample:\n  \
    ringfence decide --seller acme-solar --to +12125550123 --at 2026-11-23T15:00:00Z"
)]
pub struct Decide {
    /// The seller's id
    #[arg(long)]
    seller: String,
    /// The callee's number, E.164
    #[arg(long, allow_hyphen_values = true)]
    to: String,
    /// telemarketing, informational, healthcare, debt-collection, charity, political or emergency
    #[arg(long, default_value = "telemarketing")]
    purpose: String,
    /// The number to present; any in force for the seller if none is given
    #[arg(long)]
    caller_id: Option<String>,
    /// Where the callee says they are: five digits
    #[arg(long)]
    zip: Option<String>,
    /// Where the callee says they are: two letters
    #[arg(long)]
    state: Option<String>,
    /// Decide for this instant instead of now
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

impl Decide {
    /// Decides.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        let at = self.at.unwrap_or_else(|| world.now());
        let call = self.request(&world)?;
        let decision = dry_run(&*world.store, &world.rules, &world.config, &call, at)?;
        if global.json {
            say_json(&DecisionAnswer::bare(&fresh_id("dec"), &decision))?;
        } else {
            explain(&decision)?;
        }
        Ok(match decision.verdict {
            Verdict::Allow => Exit::Done,
            Verdict::Defer | Verdict::Deny => Exit::CheckFailed,
        })
    }

    fn request(self, world: &World) -> Result<CallRequest, Failure> {
        let purpose: Purpose = serde_json::from_value(serde_json::json!(self.purpose))
            .map_err(|_| Failure::usage(anyhow!("`{}` is no purpose", self.purpose)))?;
        let state = self.state.as_deref().map(StateCode::parse).transpose();
        let state = state.map_err(Failure::usage)?;
        if state.is_some_and(|s| !world.rules.jurisdictions.contains_key(&s)) {
            return Err(Failure::usage(anyhow!(
                "no state, district or territory of that code"
            )));
        }
        let five = |z: &String| z.len() == 5 && z.bytes().all(|b| b.is_ascii_digit());
        if self.zip.as_ref().is_some_and(|z| !five(z)) {
            return Err(Failure::usage(anyhow!("a ZIP code is five digits")));
        }
        Ok(CallRequest {
            to: self.to,
            seller: self.seller,
            purpose,
            caller_id: self.caller_id,
            place: Place {
                zip: self.zip,
                state,
                time_zone: None,
            },
            lead: None,
            campaign: None,
        })
    }
}

fn explain(decision: &Decision) -> Result<(), Failure> {
    let verdict = match decision.verdict {
        Verdict::Allow => "ALLOW: the call may be placed".to_owned(),
        Verdict::Defer => match decision.next_allowed_at {
            Some(at) => format!("DEFER: not before {at}"),
            None => "DEFER".to_owned(),
        },
        Verdict::Deny => "DENY: the call must not be placed".to_owned(),
    };
    say(&verdict)?;
    for reason in &decision.reasons {
        say(&format!("\n  {}  {}", reason.code, reason.detail))?;
        say(&format!("    {} ({})", reason.citation, reason.rule))?;
    }
    for exemption in &decision.exemptions {
        say(&format!(
            "\n  lifted: {}  {}",
            exemption.code, exemption.detail
        ))?;
        say(&format!("    {} ({})", exemption.citation, exemption.rule))?;
    }
    let passed = decision
        .checks
        .iter()
        .filter(|c| c.result == CheckState::Pass)
        .count();
    say(&format!(
        "\n{passed} of {} checks passed. Places: {}. Time zones: {}.",
        decision.checks.len(),
        decision.candidates.jurisdictions.join(", "),
        decision.candidates.time_zones.join(", "),
    ))?;
    let pack = &decision.rule_pack;
    let short = pack.sha256.get(..12).unwrap_or_default();
    say(&format!(
        "Decided for {} by rule pack {} ({short}, tzdb {}). A dry run: nothing was recorded.",
        decision.decided_at, pack.version, pack.tzdb
    ))
}
