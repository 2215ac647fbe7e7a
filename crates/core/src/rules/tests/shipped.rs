//! The shipped pack is whole.

use std::collections::BTreeSet;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::super::archive::EMBEDDED;
use super::{PACK, RulePack};

/// The files below `rules/` that belong to a pack; the decision cases and the READMEs do not.
fn files() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let mut found = BTreeSet::new();
    for folder in ["", "states", "places"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let data = [".toml", ".csv"].iter().any(|end| name.ends_with(end));
            if data {
                found.insert(if folder.is_empty() {
                    name
                } else {
                    format!("{folder}/{name}")
                });
            }
        }
    }
    found
}

#[test]
fn every_file_is_compiled_in() {
    let listed: BTreeSet<String> = EMBEDDED
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(listed, files());
    assert_eq!(listed.len(), EMBEDDED.len(), "a file is listed twice");
}

#[test]
fn the_archive_gives_the_same_pack_and_its_hash() {
    let archive = PACK.to_archive();
    let again = RulePack::from_archive(&archive).unwrap();
    assert_eq!(again.sha256, PACK.sha256);
    assert_eq!(again.to_archive(), archive);
    assert_eq!(again.jurisdictions, PACK.jurisdictions);
    assert_eq!(again.provenance, PACK.provenance);
    let hash = Sha256::digest(archive.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, PACK.sha256);
}

#[test]
fn neither_order_nor_line_ends_change_the_hash() {
    let turned: Vec<(&str, String)> = EMBEDDED
        .iter()
        .rev()
        .map(|(name, text)| (*name, text.replace('\n', "\r\n")))
        .collect();
    let sources: Vec<(&str, &str)> = turned
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    assert_eq!(
        RulePack::from_sources(&sources).unwrap().sha256,
        PACK.sha256
    );
}

#[test]
fn one_changed_letter_changes_the_hash() {
    let archive = PACK.to_archive().replace("\"Wyoming\"", "\"Wyomung\"");
    assert_ne!(
        RulePack::from_archive(&archive).unwrap().sha256,
        PACK.sha256
    );
}

#[test]
fn a_cut_archive_is_refused() {
    let archive = PACK.to_archive();
    for cut in [0, 10, 500, archive.len() - 1] {
        let error = RulePack::from_archive(&archive[..cut]).unwrap_err();
        assert!(!error.problems.is_empty(), "cut at {cut}");
    }
}
