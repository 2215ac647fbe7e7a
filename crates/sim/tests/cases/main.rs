//! The decision cases of `rules/cases/`, through the library: `decide` over facts as the contract's words make them, and over
//! those that the store remembers.

#![cfg(test)]

mod answer;
mod book;
mod facts;
mod plan;
mod remember;
mod setup;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ringfence_core::gate::{ReasonCode, decide};
use ringfence_core::rules::RulePack;
use ringfence_store::Store;
use ringfence_store::gate::GateSettings;
use ringfence_store::sqlite::SqliteStore;
use tempfile::TempDir;

/// The world's clock: later than any fact of any case.
const WORLD: &str = "2029-01-01T00:00:00Z";

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
fn the_gate_decides_every_case_from_what_the_store_remembers() {
    let pack = RulePack::embedded().unwrap();
    let book = book::read();
    let settings = GateSettings::default();
    plan::run(
        &book,
        "library",
        |parts| template(&book, parts),
        |template, job, failures| {
            let dir = copy(template);
            let store = open(&dir);
            remember::make(&store, &job.steps, WORLD.parse().unwrap());
            let mut asked = 0;
            for case in &job.cases {
                for (ask, (at, _)) in case.asks.iter().enumerate() {
                    let now = at.parse().unwrap();
                    let mut facts = store.facts(&facts::request(case), &settings, now).unwrap();
                    facts::add_library_only(case, &mut facts);
                    let decision = decide(&pack, &facts, now);
                    failures.judge(case, ask, &serde_json::to_value(&decision).unwrap());
                    asked += 1;
                }
            }
            asked
        },
    );
}

fn copy(template: &TempDir) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_all(template.path(), dir.path());
    dir
}

/// The database, and the lists that stand in a directory beside it.
fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
            copy_all(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

fn open(dir: &TempDir) -> SqliteStore {
    SqliteStore::open(&dir.path().join("ringfence.db"), WORLD.parse().unwrap()).unwrap()
}

/// A database of what the parts alone make, closed, to be copied.
fn template(book: &book::Book, parts: &[String]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    store.start_test_clock(WORLD.parse().unwrap()).unwrap();
    remember::make(&store, &setup::fixed(book, parts), WORLD.parse().unwrap());
    drop(store);
    dir
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
