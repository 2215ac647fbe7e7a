//! The decision cases of `rules/cases/`, read and checked. `rules/cases/README.md` says what each key means.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// Set-up objects, in the order in which they are made.
pub const KINDS: &[&str] = &[
    "sellers",
    "prompts",
    "lists",
    "consents",
    "confirmations",
    "revocations",
    "suppressions",
    "emergency_areas",
    "overrides",
    "relationships",
    "stop",
];

/// Facts that no request makes.
const LIBRARY_ONLY: &[&str] = &["attempts", "conversations", "holds", "campaign", "failures"];

const CASE_KEYS: &[&str] = &[
    "name",
    "why",
    "base",
    "with",
    "without",
    "to",
    "seller",
    "purpose",
    "at",
    "place",
    "caller_id",
    "expect",
    "ask",
    "candidates",
    "drivers",
    "change_sellers",
];

const EXPECT_KEYS: &[&str] = &[
    "verdict",
    "reasons",
    "includes",
    "rules",
    "next",
    "exemptions",
];

/// Every case, and what they start from.
pub struct Book {
    /// `fixtures.toml`.
    pub fixtures: Value,
    /// In the order of the files' names.
    pub cases: Vec<Case>,
}

/// One set-up and its questions.
pub struct Case {
    /// The file it stands in.
    pub file: String,
    /// Unique.
    pub name: String,
    /// The citation or sentence under test.
    pub why: String,
    /// The case as written, with `[default.case]`.
    pub raw: Map<String, Value>,
    /// The fixture's parts that are left, in order.
    pub parts: Vec<String>,
    /// Each an instant as text, and what is expected.
    pub asks: Vec<(String, Value)>,
}

impl Case {
    /// A text of the case.
    pub fn text(&self, key: &str) -> &str {
        self.raw
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Whether this driver can ask it.
    pub fn is_for(&self, driver: &str) -> bool {
        let named = self.raw.get("drivers").and_then(Value::as_array);
        let wanted = named.is_none_or(|d| d.iter().any(|v| v == driver));
        let zone = self.raw.get("place").and_then(|p| p.get("time_zone"));
        wanted && (driver != "cli" || (zone.is_none() && !self.raw.contains_key("caller_id")))
    }

    /// Whether it makes anything of its own beside the fixture.
    pub fn has_own_setup(&self) -> bool {
        self.raw
            .keys()
            .any(|k| KINDS.contains(&k.as_str()) || k == "change_sellers")
    }
}

/// Where the repository is.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn parse(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads every case.
pub fn read() -> Book {
    let dir = root().join("rules/cases");
    let fixtures = parse(&dir.join("fixtures.toml"));
    let mut files: Vec<PathBuf> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter(|path| !path.ends_with("fixtures.toml"))
        .collect();
    files.sort();
    let mut cases = Vec::new();
    let mut names = BTreeSet::new();
    for path in files {
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        for raw in parse(&path)["case"].as_array().unwrap() {
            let case = case(&fixtures, &file, raw.as_object().unwrap());
            assert!(
                names.insert(case.name.clone()),
                "{file}: two cases named {:?}",
                case.name
            );
            cases.push(case);
        }
    }
    Book { fixtures, cases }
}

fn case(fixtures: &Value, file: &str, written: &Map<String, Value>) -> Case {
    let mut raw = fixtures["default"]["case"].as_object().unwrap().clone();
    raw.extend(written.clone());
    let name = raw["name"].as_str().unwrap().to_owned();
    let known =
        |key: &str| CASE_KEYS.contains(&key) || KINDS.contains(&key) || LIBRARY_ONLY.contains(&key);
    for key in raw.keys() {
        assert!(known(key), "{file}, {name}: unknown key {key}");
    }
    if LIBRARY_ONLY.iter().any(|key| raw.contains_key(*key)) {
        assert_eq!(
            raw.get("drivers"),
            Some(&json!(["library"])),
            "{file}, {name}"
        );
    }
    let asks: Vec<(String, Value)> = match raw.get("ask") {
        Some(asks) => asks
            .as_array()
            .unwrap()
            .iter()
            .map(|ask| {
                (
                    ask["at"].as_str().unwrap().to_owned(),
                    ask["expect"].clone(),
                )
            })
            .collect(),
        None => vec![(
            raw["at"].as_str().unwrap().to_owned(),
            raw["expect"].clone(),
        )],
    };
    for (_, expect) in &asks {
        for key in expect.as_object().unwrap().keys() {
            assert!(
                EXPECT_KEYS.contains(&key.as_str()),
                "{file}, {name}: unknown key {key}"
            );
        }
    }
    Case {
        file: file.to_owned(),
        why: raw["why"].as_str().unwrap().to_owned(),
        parts: parts(fixtures, &raw),
        name,
        raw,
        asks,
    }
}

fn parts(fixtures: &Value, raw: &Map<String, Value>) -> Vec<String> {
    let list = |value: Option<&Value>| -> Vec<String> {
        value.map_or_else(Vec::new, |v| {
            v.as_array()
                .unwrap()
                .iter()
                .map(|s| s.as_str().unwrap().to_owned())
                .collect()
        })
    };
    let base = raw["base"].as_str().unwrap();
    let mut parts = list(fixtures["fixture"][base].get("parts"));
    parts.extend(list(raw.get("with")));
    for gone in list(raw.get("without")) {
        let before = parts.len();
        parts.retain(|part| *part != gone);
        assert!(
            parts.len() < before,
            "{}: {gone} is no part of {base}",
            raw["name"]
        );
    }
    parts
}
