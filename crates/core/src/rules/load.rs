//! Makes a pack of its sources, or says everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lead::StateCode;

use super::federal::{federal, policy, retention};
use super::holiday::{HolidayRecipe, recipes};
use super::index::Index;
use super::intern::keep;
use super::pack::{Hours, Jurisdiction, RulePack};
use super::places_load::{OPERATOR, PLACE_FILES, places};
use super::problem::PackError;
use super::read::{Reading, Source, Table};
use super::rule::hours;
use super::state::jurisdiction;

/// The form of pack that this program reads.
const SCHEMA_VERSION: i64 = 1;

/// Every jurisdiction a pack must have: the states, DC and the five territories.
pub(super) const JURISDICTIONS: &str = "AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI \
    MN MO MP MS MT NC ND NE NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY";

const FILES: [&str; 6] = [
    "pack.toml",
    "federal.toml",
    "holidays.toml",
    "policy.toml",
    "retention.toml",
    "unknown.toml",
];

/// The sources of one pack by name, with what is found wrong in them.
struct Sources<'a> {
    reading: Reading,
    texts: BTreeMap<&'a str, &'a str>,
}

impl<'a> Sources<'a> {
    fn get(&self, name: &'a str) -> Option<Source<'a>> {
        let text = self.texts.get(name).copied();
        if text.is_none() {
            self.reading.report(name, 1, "the file is missing");
        }
        text.map(|text| Source { name, text })
    }

    /// A source that need not be there.
    fn given(&self, name: &'a str) -> Option<Source<'a>> {
        let text = self.texts.get(name).copied();
        text.map(|text| Source { name, text })
    }

    fn read<T>(&self, name: &'a str, read: impl FnOnce(&Table<'_>) -> T) -> Option<T> {
        Table::root(&self.reading, self.get(name)?, read)
    }
}

/// Loads a pack; `sources` are in the order of their names and `sha256` is their archive's.
pub(super) fn load(
    sources: Arc<[(String, String)]>,
    sha256: String,
) -> Result<RulePack, PackError> {
    let held = Sources {
        reading: Reading::new(),
        texts: sources
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect(),
    };
    report_strangers(&held, &sources);
    let version = held.read("pack.toml", version).flatten();
    let recipes = held.read("holidays.toml", recipes).unwrap_or_default();
    let federal = held.read("federal.toml", federal).flatten();
    held.read("policy.toml", policy);
    held.read("retention.toml", retention);
    let unknown = held.read("unknown.toml", unknown).flatten();
    let jurisdictions = jurisdictions(&held, &recipes);
    let places = places(&held.reading, |name| held.get(name), held.given(OPERATOR));
    let problems = held.reading.problems();
    let rules = held.reading.rules.take();
    match (version, federal, unknown) {
        (Some(version), Some(federal), Some(strictest_unknown)) if problems.is_empty() => {
            Ok(RulePack {
                names: (keep(&version), keep(&sha256)),
                index: Index::new(&federal, &jurisdictions, &strictest_unknown, &places),
                version,
                sha256,
                federal,
                jurisdictions,
                strictest_unknown,
                provenance: rules
                    .into_iter()
                    .map(|(id, (rule, _))| (id, rule))
                    .collect(),
                places,
                sources: Arc::clone(&sources),
            })
        }
        _ => Err(PackError { problems }),
    }
}

fn report_strangers(held: &Sources<'_>, sources: &[(String, String)]) {
    let mut seen = BTreeSet::new();
    for (name, _) in sources {
        if !seen.insert(name) {
            held.reading.report(name, 1, "the file is given twice");
        }
        let known = FILES.contains(&name.as_str())
            || PLACE_FILES.contains(&name.as_str())
            || name == OPERATOR
            || state_names().any(|(_, file)| file == *name);
        if !known {
            held.reading
                .report(name, 1, "no such file belongs to a pack");
        }
    }
}

fn state_names() -> impl Iterator<Item = (StateCode, String)> {
    JURISDICTIONS.split_whitespace().filter_map(|code| {
        let state = StateCode::parse(code).ok()?;
        Some((state, format!("states/{code}.toml")))
    })
}

fn version(table: &Table<'_>) -> Option<String> {
    let schema = table.needed_number("schema_version", 0, i64::MAX);
    if schema.is_some_and(|schema| schema != SCHEMA_VERSION) {
        table.report_here(format!("`schema_version` must be {SCHEMA_VERSION}"));
    }
    let version = table.needed("version");
    table.needed("as_of");
    table.date("as_of");
    version.map(|version| version.text.to_owned())
}

fn unknown(table: &Table<'_>) -> Option<Hours> {
    let mut rows: Vec<_> = table.tables("hours").iter().filter_map(hours).collect();
    if rows.len() > 1 {
        table.report_here("one `[[hours]]` row, not several");
    }
    let row = rows.pop();
    if row.is_none() {
        table.report_here("no usable `[[hours]]` row");
    }
    row
}

fn jurisdictions(
    held: &Sources<'_>,
    recipes: &BTreeMap<String, HolidayRecipe>,
) -> BTreeMap<StateCode, Jurisdiction> {
    let mut found = BTreeMap::new();
    for (code, file) in state_names() {
        let Some((name, text)) = held.texts.get_key_value(file.as_str()) else {
            held.reading.report(&file, 1, "the file is missing");
            continue;
        };
        let source = Source { name, text };
        let read = Table::root(&held.reading, source, |table| {
            jurisdiction(table, code, recipes)
        });
        if let Some(state) = read.flatten() {
            found.insert(code, state);
        }
    }
    found
}
