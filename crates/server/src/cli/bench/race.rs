//! `ringfence bench race`: many deciders while opt-outs land. By the log's own order, nothing may be allowed after them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::evidence::EventFilter;
use ringfence_store::{Store, StoreError};
use serde_json::json;

use super::super::{Exit, Failure, Global, Outcome, say, say_json};
use super::world::World;

/// Deciders and opt-outs at once.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 1: a decision was allowed after an opt-out.\n\nExample:\n  \
    ringfence bench race --decisions 1000000"
)]
pub struct Race {
    /// How many decisions, each durable
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    decisions: u32,
    /// Numbers that are decided about; each opts out once
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=9_000))]
    numbers: u32,
    /// Deciders
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: u32,
}

impl Race {
    /// Takes the figures.
    pub fn run(&self, global: &Global) -> Outcome {
        let world = World::new().map_err(Failure::Environment)?;
        let numbers = numbers(&world, self.numbers).map_err(Failure::Environment)?;
        let begun = Instant::now();
        self.race(&world, &numbers)?;
        let seconds = begun.elapsed().as_secs_f64();
        let judged = Judged::of(&*world.store)?;
        let report = world.store.verify_chain(None)?;
        let rate = f64::from(self.decisions) / seconds;
        if global.json {
            say_json(&json!({
                "decisions": self.decisions, "seconds": seconds, "per_second": rate,
                "opt_outs": judged.opt_outs, "allowed_before": judged.before,
                "denied_after": judged.denied_after, "allowed_after": judged.after,
                "log_verifies": report.fault.is_none(),
            }))?;
        } else {
            say(&format!(
                "{} decisions and {} opt-outs in {seconds:.1} s ({rate:.0} decisions/s): {} allowed before the number's \
                 opt-out, {} denied after it, {} allowed after it",
                self.decisions, judged.opt_outs, judged.before, judged.denied_after, judged.after
            ))?;
        }
        match judged.after == 0 && report.fault.is_none() {
            true => Ok(Exit::Done),
            false => Ok(Exit::CheckFailed),
        }
    }

    fn race(&self, world: &World, numbers: &[PhoneNumber]) -> Result<(), StoreError> {
        let total = usize::try_from(self.decisions).unwrap_or(usize::MAX);
        let (asked, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let decider = || -> Result<(), StoreError> {
            loop {
                let n = asked.fetch_add(1, Ordering::Relaxed);
                let number = numbers.get(n.wrapping_mul(7919) % numbers.len().max(1));
                let (true, Some(number)) = (n < total, number) else {
                    return Ok(());
                };
                if let Err(error) = world.decide(*number) {
                    failed.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        };
        std::thread::scope(|scope| {
            let deciders: Vec<_> = (0..self.threads).map(|_| scope.spawn(decider)).collect();
            for (n, number) in numbers.iter().enumerate() {
                // Spread over the whole run.
                let due = total / numbers.len().max(1) * n;
                while asked.load(Ordering::Relaxed) < due && !failed.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                world.opt_out(*number)?;
            }
            for decider in deciders {
                decider
                    .join()
                    .unwrap_or_else(|_| Err(StoreError::Unavailable("a decider died".into())))?;
            }
            Ok(())
        })
    }
}

fn numbers(world: &World, count: u32) -> Result<Vec<PhoneNumber>> {
    (0..usize::try_from(count)?)
        .map(|n| {
            let number = world.number(n)?;
            world.consent(number)?;
            Ok(number)
        })
        .collect()
}

/// What the log says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judged {
    pub opt_outs: u64,
    pub before: u64,
    pub denied_after: u64,
    pub after: u64,
}

impl Judged {
    /// Reads the whole log in its order.
    pub fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let mut judged = Self::default();
        let mut opted_out = BTreeSet::new();
        let mut seen = 0;
        loop {
            let events = store.events(seen, 5_000, &EventFilter::default())?;
            let Some(last) = events.last() else {
                return Ok(judged);
            };
            seen = last.seq;
            for event in &events {
                let Some(number) = event.subject.number else {
                    continue;
                };
                let allows = match event.kind.as_str() {
                    "consent.revoked" => {
                        judged.opt_outs += u64::from(opted_out.insert(number));
                        continue;
                    }
                    "gate.decided" => event.data.get("verdict") == Some(&json!("allow")),
                    "dial.reserved" | "dial.redeemed" => true,
                    _ => continue,
                };
                let late = opted_out.contains(&number);
                match (allows, late) {
                    (true, true) => judged.after += 1,
                    (true, false) => judged.before += u64::from(event.kind == "gate.decided"),
                    (false, true) => judged.denied_after += 1,
                    (false, false) => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_race_is_won_by_the_opt_outs() {
        let race = Race {
            decisions: 600,
            numbers: 20,
            threads: 4,
        };
        let world = World::new().unwrap();
        let numbers = numbers(&world, race.numbers).unwrap();
        race.race(&world, &numbers).unwrap();
        let judged = Judged::of(&*world.store).unwrap();
        assert_eq!((judged.opt_outs, judged.after), (20, 0), "{judged:?}");
        assert!(
            judged.before > 100 && judged.denied_after > 100,
            "{judged:?}"
        );
    }
}
