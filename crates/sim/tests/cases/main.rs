//! The decision cases of `rules/cases/`, through the library: `decide` over facts as the contract's words make them.

mod answer;
mod book;
mod facts;
mod setup;

use std::collections::BTreeSet;

use ringfence_core::gate::{ReasonCode, decide};
use ringfence_core::rules::RulePack;

#[test]
fn the_gate_decides_every_case() {
    let pack = RulePack::embedded().unwrap();
    let book = book::read();
    let mut failures = answer::Failures::default();
    let mut asked = 0;
    for case in book.cases.iter().filter(|case| case.is_for("library")) {
        let steps = setup::steps(&book, case);
        for (ask, (at, _)) in case.asks.iter().enumerate() {
            let now = at.parse().unwrap();
            let mut facts = facts::facts(case, &steps, now);
            facts::add_library_only(case, &mut facts);
            let decision = decide(&pack, &facts, now);
            failures.judge(case, ask, &serde_json::to_value(&decision).unwrap());
            asked += 1;
        }
    }
    failures.report(asked);
}

#[test]
fn every_reason_code_has_two_cases() {
    let book = book::read();
    assert!(book.cases.len() >= 200, "{} cases", book.cases.len());
    for code in ReasonCode::ALL {
        let count = book.cases.iter().filter(|case| {
            case.asks.iter().any(|(_, expect)| {
                ["reasons", "includes"].iter().any(|key| {
                    expect[key]
                        .as_array()
                        .is_some_and(|all| all.iter().any(|c| c == code.as_str()))
                })
            })
        });
        let count = count.count();
        assert!(count >= 2, "{code} stands in {count} cases");
    }
}

#[test]
fn every_jurisdiction_has_a_case() {
    let pack = RulePack::embedded().unwrap();
    let book = book::read();
    let named: BTreeSet<String> = book
        .cases
        .iter()
        .filter_map(|case| case.raw.get("candidates"))
        .flat_map(|c| c["jurisdictions"].as_array().unwrap().clone())
        .map(|v| v.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(pack.jurisdictions.len(), 56);
    for code in pack.jurisdictions.keys() {
        assert!(
            named.contains(&format!("US-{code}")),
            "no case is in {code}"
        );
    }
}
