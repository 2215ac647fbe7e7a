//! So many decisions about the sample's callees, and nothing else: for counting instructions
//! (`scripts/count-instructions`).
//!
//! `count-decisions rules|decide|record COUNT`: the rules alone; the decision with its words; the decision with its
//! record, both hashed and chained as the event log does it.

use std::hint::black_box;
use std::process::ExitCode;

use ringfence_core::gate::{Facts, Judgement, decide, judge, sample};
use ringfence_core::rules::RulePack;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let count = arguments
        .next()
        .and_then(|count| count.parse::<usize>().ok());
    let (Some(count), Ok(pack)) = (count, RulePack::embedded()) else {
        eprintln!("count-decisions rules|decide|record COUNT");
        return ExitCode::from(2);
    };
    let callees = sample::callees(&pack);
    let seller = sample::seller_sha256(&callees);
    let mut chain = String::from(ringfence_core::evidence::GENESIS);
    let one: &mut dyn FnMut(&Facts) = match what.as_str() {
        "rules" => &mut |facts| {
            black_box(judge(&pack, facts, sample::NOW, Judgement::verdict));
        },
        "decide" => &mut |facts| {
            black_box(decide(&pack, facts, sample::NOW));
        },
        _ => &mut |facts| chain = sample::record(&pack, facts, seller.as_deref(), &chain),
    };
    for facts in callees.iter().cycle().take(count) {
        one(black_box(facts));
    }
    ExitCode::SUCCESS
}
