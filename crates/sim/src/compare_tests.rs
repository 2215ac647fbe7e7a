//! The gate against the reference gate, in numbers that suit every run of the tests. A million:
//! `cargo run --release -p ringfence-sim --bin compare-gates -- --count 1000000`.

use std::collections::BTreeSet;

use ringfence_core::gate::{ReasonCode, decide};
use ringfence_core::rules::RulePack;

use crate::compare::disagreement;
use crate::reference::is_known;
use crate::seed::seed;
use crate::world::{Dice, World};

const COUNT: usize = 20_000;

#[test]
fn the_gate_and_the_reference_agree() {
    let pack = RulePack::embedded().unwrap();
    let world = World::new(&pack);
    let seed = seed();
    println!("seed {seed:#x}");
    let mut dice = Dice::new(seed);
    let mut seen = BTreeSet::new();
    for number in 0..COUNT {
        let (facts, now) = world.scene(&mut dice);
        seen.extend(decide(&pack, &facts, now).codes());
        if let Some(found) = disagreement(&pack, &facts, now) {
            let text = serde_json::to_string_pretty(&found.facts).unwrap();
            panic!("seed {seed:#x}, #{number} at {now}: {}\n{text}", found.what);
        }
    }
    let missed: Vec<&ReasonCode> = ReasonCode::ALL
        .iter()
        .filter(|code| !seen.contains(code))
        .collect();
    assert!(
        missed.is_empty(),
        "no facts reached {missed:?}; seed {seed:#x}"
    );
}

#[test]
fn the_references_calendar_knows_every_holiday_of_the_pack() {
    let pack = RulePack::embedded().unwrap();
    for state in pack.jurisdictions.values() {
        for recipe in state.holidays.iter().flat_map(|ban| &ban.recipes) {
            assert!(is_known(&recipe.id), "{} of {}", recipe.id, state.name);
        }
    }
}

/// Two ways to compute a calendar, over forty years.
#[test]
fn the_packs_recipes_and_the_references_calendar_agree() {
    let pack = RulePack::embedded().unwrap();
    let bans = pack
        .jurisdictions
        .values()
        .filter_map(|state| state.holidays.as_ref());
    let mut recipes: Vec<_> = bans.flat_map(|ban| &ban.recipes).collect();
    recipes.sort_by(|a, b| a.id.cmp(&b.id));
    recipes.dedup_by(|a, b| a.id == b.id);
    assert!(recipes.len() > 15);
    let mut day = jiff::civil::date(2020, 1, 1);
    while day.year() < 2060 {
        for recipe in &recipes {
            assert_eq!(
                Some(recipe.closed_on(day).is_some()),
                crate::reference::falls_on(&recipe.id, day),
                "{} on {day}",
                recipe.id
            );
        }
        day = day.tomorrow().unwrap();
    }
}
