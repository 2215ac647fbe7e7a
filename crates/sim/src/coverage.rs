//! `rules/COVERAGE.md` names every rule that the pack holds, and only checks that there are.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ringfence_core::rules::RulePack;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn document() -> String {
    std::fs::read_to_string(root().join("rules/COVERAGE.md")).unwrap()
}

/// The first cells of every table's rows that are one word in backquotes.
fn rows(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("| `"));
    lines
        .filter_map(|line| line.split_once('`'))
        .map(|(id, _)| id)
        .collect()
}

#[test]
fn every_federal_rule_and_every_one_of_ours_has_its_row() {
    let pack = RulePack::embedded().unwrap();
    let text = document();
    let rows = rows(&text);
    let states: BTreeSet<String> = pack
        .jurisdictions
        .keys()
        .map(|code| format!("us-{}-", code.as_str().to_lowercase()))
        .collect();
    let mut looked_at = 0;
    for id in pack.provenance.keys() {
        let of_a_state = states.iter().any(|state| id.starts_with(state.as_str()));
        if of_a_state || id.starts_with("ringfence-retention-") {
            continue;
        }
        looked_at += 1;
        assert!(
            rows.contains(&id.as_ref()),
            "`{id}` has no row in rules/COVERAGE.md"
        );
    }
    assert!(looked_at > 60, "{looked_at}");
}

#[test]
fn every_table_of_a_states_file_has_its_row() {
    let text = document();
    let rows = rows(&text);
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("rules/states")).unwrap() {
        let state = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in state.lines().filter(|line| line.starts_with('[')) {
            seen.insert(line.trim_matches(['[', ']']).to_owned());
        }
    }
    assert!(seen.len() > 10, "{seen:?}");
    for table in &seen {
        assert!(
            rows.contains(table.as_str()),
            "`[{table}]` has no row in rules/COVERAGE.md"
        );
    }
}

/// A check that is renamed or taken away must not live on in the table.
#[test]
fn the_checks_it_names_are_checks() {
    let text = document();
    let dir = root().join("crates/core/src/gate/check");
    let cell = |line: &str| line.split('|').nth(2).unwrap_or_default().to_owned();
    let named: BTreeSet<String> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| {
            let cell = cell(line);
            let words = cell.split('`').skip(1).step_by(2).map(str::to_owned);
            words.collect::<Vec<_>>()
        })
        .filter(|word| !word.contains(' '))
        .collect();
    assert!(named.len() > 15, "{named:?}");
    for check in named {
        let file = dir.join(format!("{}.rs", check.replace('-', "_")));
        assert!(
            file.is_file(),
            "rules/COVERAGE.md names the check `{check}`, which there is not"
        );
    }
}
