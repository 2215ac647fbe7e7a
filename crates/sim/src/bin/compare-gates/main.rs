//! Compares the gate with the reference gate on random facts: `compare-gates [--count N] [--seed SEED]`.
//!
//! The seed is printed; without `--seed` it is that of `RINGFENCE_SEED`, else one of the clock. Ends with 1 when the two
//! disagree, and prints the shrunk facts.

use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ringfence_core::gate::decide;
use ringfence_core::rules::RulePack;
use ringfence_sim::compare::disagreement;
use ringfence_sim::world::{Dice, World};

/// After so many disagreements there is enough to read.
const DISAGREEMENTS_MAX: usize = 25;

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<usize, String> {
    let (count, seed) = arguments()?;
    let pack = RulePack::embedded().map_err(|error| error.to_string())?;
    let world = World::new(&pack);
    println!(
        "seed {seed:#x}, {count} facts, pack {} {}",
        pack.version, pack.sha256
    );
    let began = Instant::now();
    let mut dice = Dice::new(seed);
    let mut verdicts = std::collections::BTreeMap::new();
    let mut codes = std::collections::BTreeMap::new();
    let mut found = 0;
    for number in 0..count {
        let (facts, now) = world.scene(&mut dice);
        let decision = decide(&pack, &facts, now);
        *verdicts.entry(decision.verdict).or_insert(0_u64) += 1;
        for reason in &decision.reasons {
            *codes.entry(reason.code).or_insert(0_u64) += 1;
        }
        let Some(what) = disagreement(&pack, &facts, now) else {
            continue;
        };
        found += 1;
        let text = serde_json::to_string_pretty(&what.facts).map_err(|error| error.to_string())?;
        println!("\n#{number} at {now}: {}\n{text}", what.what);
        if found == DISAGREEMENTS_MAX {
            break;
        }
    }
    println!("\n{verdicts:?}");
    for (code, count) in codes {
        println!("{count:>9} {code}");
    }
    println!(
        "{found} disagreements, {:.1} s",
        began.elapsed().as_secs_f64()
    );
    Ok(found)
}

fn arguments() -> Result<(u64, u64), String> {
    let usage = "usage: compare-gates [--count N] [--seed SEED]";
    let mut count = 100_000;
    let mut seed = std::env::var("RINGFENCE_SEED")
        .ok()
        .and_then(|text| number(&text));
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().and_then(|text| number(&text)).ok_or(usage)?;
        match word.as_str() {
            "--count" => count = value,
            "--seed" => seed = Some(value),
            _ => return Err(usage.to_owned()),
        }
    }
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| passed.as_nanos());
    let of_clock = u64::try_from(clock % u128::from(u64::MAX)).unwrap_or_default();
    Ok((count, seed.unwrap_or(of_clock)))
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}
