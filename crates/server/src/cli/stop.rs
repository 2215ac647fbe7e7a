//! `ringfence stop`

use anyhow::anyhow;
use clap::Args;
use ringfence_core::id::Id;
use ringfence_store::operator::{StopRecord, StopScope};
use serde_json::json;

use super::{Exit, Failure, Global, Outcome, World, say, say_json};

/// The STOP button: every decision is denied from now on, also by a server that runs on the same database, which cancels
/// what is ringing within a second.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --seller or --campaign it stops everything.\n\nExamples:\n  \
    ringfence stop --reason \"complaint 117\"\n  \
    ringfence stop --seller acme-solar\n  \
    ringfence stop --list\n  \
    ringfence stop --release --seller acme-solar"
)]
pub struct Stop {
    /// Only this seller
    #[arg(long, conflicts_with = "campaign")]
    seller: Option<String>,
    /// Only this campaign
    #[arg(long)]
    campaign: Option<String>,
    /// Why, for the log
    #[arg(long, conflicts_with_all = ["release", "list"])]
    reason: Option<String>,
    /// Release it again
    #[arg(long, conflicts_with = "list")]
    release: bool,
    /// Show every STOP that is pressed
    #[arg(long, conflicts_with_all = ["seller", "campaign"])]
    list: bool,
}

impl Stop {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        if self.list {
            return show(global, &world);
        }
        let scope = match (self.seller, self.campaign) {
            (Some(seller), _) => {
                // A name mistyped must not look like a stop; an emergency is no time to find that out later.
                world.store.seller(&seller)?;
                StopScope::Seller(seller)
            }
            (None, Some(campaign)) => {
                StopScope::Campaign(world.store.campaign(&Id::from(campaign.as_str()))?.id)
            }
            (None, None) => StopScope::All,
        };
        if self.release {
            if !world.store.resume(&scope, world.now())? {
                return Err(Failure::usage(anyhow!("STOP ({scope}) is not pressed")));
            }
            if !global.json {
                say(&format!("released: STOP ({scope})"))?;
            }
        } else {
            let in_flight = world.store.stop(scope.clone(), self.reason, world.now())?;
            if !global.json {
                say(&format!(
                    "STOP ({scope}): every decision is denied from now on; {} calls under way",
                    in_flight.len()
                ))?;
            }
        }
        if global.json {
            return show(global, &world);
        }
        Ok(Exit::Done)
    }
}

fn show(global: &Global, world: &World) -> Outcome {
    let stops: Vec<StopRecord> = world.store.stops()?;
    if global.json {
        say_json(&json!({"stopped": !stops.is_empty(), "stops": stops}))?;
        return Ok(Exit::Done);
    }
    for stop in &stops {
        let reason = stop.reason.as_deref().unwrap_or("no reason given");
        say(&format!(
            "STOP ({}) since {}: {reason}",
            stop.scope, stop.since
        ))?;
    }
    if stops.is_empty() {
        say("nothing is stopped")?;
    }
    Ok(Exit::Done)
}
