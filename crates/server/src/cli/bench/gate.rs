//! `ringfence bench gate`: decisions in process, without the store.

use std::hint::black_box;
use std::time::Instant;

use clap::Args;
use ringfence_core::evidence::GENESIS;
use ringfence_core::gate::{Facts, Verdict, decide, judge, sample};
use ringfence_core::rules::RulePack;
use serde_json::json;

use super::super::{Exit, Failure, Global, Outcome, open, say, say_json};
use crate::latency::percentile;

/// Decisions in process, without the store.
#[derive(Debug, Args)]
#[command(
    after_help = "A thousand made-up callees in turn: the rules alone, then with the decision in words, then with facts\n\
    and decision as they are recorded, both hashed, and the chained event. Instructions instead of time:\n  \
    scripts/count-instructions\n\nExample:\n  ringfence bench gate --count 200000"
)]
pub struct Gate {
    /// How many decisions of each part
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    count: u32,
}

/// The parts, each with the ones before it.
const PARTS: [(&str, &str, Part); 3] = [
    ("rules", "the rules alone", Part::Rules),
    ("decision", "the decision with its words", Part::Decision),
    ("record", "with its record and the chain", Part::Record),
];

#[derive(Clone, Copy)]
enum Part {
    Rules,
    Decision,
    Record,
}

impl Gate {
    /// Takes the figures.
    pub fn run(&self, global: &Global) -> Outcome {
        let pack = open::rules()?;
        let callees = sample::callees(&pack);
        let seller = sample::seller_sha256(&callees);
        let mut verdicts = [0_u64; 3];
        let mut figures = Vec::new();
        for (name, what, part) in PARTS {
            let mut chain = GENESIS.to_owned();
            let mut micros = Vec::with_capacity(self.count as usize);
            for facts in callees.iter().cycle().take(self.count as usize) {
                let begun = Instant::now();
                let verdict = one(part, &pack, black_box(facts), seller.as_deref(), &mut chain);
                micros.push(begun.elapsed().as_secs_f64() * 1e6);
                let of = match verdict {
                    Some(Verdict::Allow) => 0,
                    Some(Verdict::Defer) => 1,
                    Some(Verdict::Deny) => 2,
                    None => continue,
                };
                if let Some(count) = verdicts.get_mut(of) {
                    *count += 1;
                }
            }
            micros.sort_by(f64::total_cmp);
            figures.push((name, what, percentile(&micros, 50), percentile(&micros, 99)));
        }
        self.print(global, &figures, verdicts)?;
        Ok(Exit::Done)
    }

    fn print(
        &self,
        global: &Global,
        figures: &[(&str, &str, f64, f64)],
        [allowed, deferred, denied]: [u64; 3],
    ) -> Result<(), Failure> {
        if global.json {
            let parts: serde_json::Map<_, _> = figures
                .iter()
                .map(|(name, _, p50, p99)| {
                    ((*name).to_owned(), json!({"p50_us": p50, "p99_us": p99}))
                })
                .collect();
            return say_json(&json!({"decisions": self.count, "parts": parts,
                         "allowed": allowed, "deferred": deferred, "denied": denied}));
        }
        let count = self.count;
        say(&format!(
            "{count} decisions ({allowed} allowed, {deferred} deferred, {denied} denied), with the clock's own 0.05 us:"
        ))?;
        for (_, what, p50, p99) in figures {
            say(&format!(
                "  {what:<32} p50 {p50:>7.2} us   p99 {p99:>7.2} us"
            ))?;
        }
        Ok(())
    }
}

/// What was decided, if the part decides.
fn one(
    part: Part,
    pack: &RulePack,
    facts: &Facts,
    seller: Option<&str>,
    chain: &mut String,
) -> Option<Verdict> {
    match part {
        Part::Rules => {
            judge(pack, facts, sample::NOW, |judgement| {
                black_box(judgement.verdict())
            });
            None
        }
        Part::Decision => Some(black_box(decide(pack, facts, sample::NOW)).verdict),
        Part::Record => {
            *chain = sample::record(pack, facts, seller, chain);
            None
        }
    }
}
