//! What changed between two packs, in words. It compares the files themselves, row by row and key by key, so that nothing
//! that differs goes unsaid, whether a check reads it or only people do.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use toml::{Table, Value};

use super::RulePack;
use super::rule::HOURS_KEYS;

/// What happened to a row, or to one key of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Only the later pack has it.
    Added,
    /// Only the earlier pack has it.
    Removed,
    /// Both have it, and it says something else.
    Changed,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `US`, a state's code, `places`, or the file's name without its ending.
    pub place: String,
    /// What the row is about: `hours`, `caps`, `holidays`, ...
    pub topic: String,
    /// The rule's id, or the first cell of a table's row.
    pub rule: Option<String>,
    /// What happened.
    pub kind: ChangeKind,
    /// Which key of the row; none: the row as a whole.
    pub field: Option<String>,
    /// What it said; none: nothing.
    pub before: Option<String>,
    /// What it says now; none: nothing.
    pub after: Option<String>,
    /// The first day on which the later row is in force, if it names one.
    pub effective_from: Option<Date>,
    /// All of it in one line.
    pub words: String,
}

/// Every change from `before` to `after`, by file and row.
#[must_use]
pub fn diff(before: &RulePack, after: &RulePack) -> Vec<Change> {
    let (old, new) = (texts(before), texts(after));
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let mut changes = Vec::new();
    for name in names {
        let pair = (
            old.get(name).copied().unwrap_or(""),
            new.get(name).copied().unwrap_or(""),
        );
        if pair.0 == pair.1 {
            continue;
        }
        let known = changes.len();
        if name.ends_with(".csv") {
            csv(name, pair, &mut changes);
        } else {
            File::new(name).compare(&rows(pair.0), &rows(pair.1), &mut changes);
        }
        if changes.len() == known {
            // Blank lines, order, remarks: the hash of the pack changes with them, and so they are said.
            changes.push(only_wording(name));
        }
    }
    changes
}

fn texts(pack: &RulePack) -> BTreeMap<&str, &str> {
    pack.sources()
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}

fn only_wording(name: &str) -> Change {
    let file = File::new(name);
    Change {
        words: format!(
            "{}: {name}: only its layout or its remarks changed",
            file.place
        ),
        place: file.place,
        topic: "wording".into(),
        rule: None,
        kind: ChangeKind::Changed,
        field: None,
        before: None,
        after: None,
        effective_from: None,
    }
}

/// A rule's row with its topic; rows without an id stand under an empty one.
pub(super) type Rows = BTreeMap<String, (String, Table)>;

fn rows(text: &str) -> Rows {
    // Both packs were loaded, so each text is TOML; one that is missing is empty.
    let root: Table = text.parse().unwrap_or_default();
    let mut found = Rows::new();
    let mut loose = Table::new();
    for (key, value) in root {
        match value {
            Value::Table(table) if table.contains_key("id") => enter(&mut found, &key, table),
            Value::Array(items) if items.iter().any(|item| id_of(item).is_some()) => {
                for item in items {
                    if let Value::Table(table) = item {
                        enter(&mut found, &key, table);
                    }
                }
            }
            other => {
                loose.insert(key, other);
            }
        }
    }
    found.insert(String::new(), ("this place".into(), loose));
    found
}

fn id_of(value: &Value) -> Option<&str> {
    value.as_table()?.get("id")?.as_str()
}

fn enter(found: &mut Rows, topic: &str, mut table: Table) {
    let id = match table.remove("id") {
        Some(Value::String(id)) => id,
        _ => String::new(),
    };
    let topic = match table.get("topic").and_then(Value::as_str) {
        Some(own) if topic == "rule" => own.to_owned(),
        _ => topic.to_owned(),
    };
    found.insert(id, (topic.replace('_', " "), table));
}

struct File {
    place: String,
}

impl File {
    fn new(name: &str) -> Self {
        let stem = name.rsplit('/').next().unwrap_or(name);
        let stem = stem.split('.').next().unwrap_or(stem);
        let place = match name {
            "federal.toml" => "US",
            _ if name.starts_with("places/") => "places",
            _ => stem,
        };
        Self {
            place: place.to_owned(),
        }
    }

    fn compare(&self, old: &Rows, new: &Rows, changes: &mut Vec<Change>) {
        let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for id in ids {
            match (old.get(id), new.get(id)) {
                (Some((_, a)), Some((topic, b))) => self.row(id, topic, a, b, changes),
                (Some((topic, row)), None) => {
                    let words = format!(
                        "{}: {id} ({topic}) removed: {}",
                        self.place,
                        words::row(row)
                    );
                    changes.push(self.whole(id, topic, ChangeKind::Removed, row, words));
                }
                (None, Some((topic, row))) => {
                    let words =
                        format!("{}: {id} ({topic}) added: {}", self.place, words::row(row));
                    changes.push(self.whole(id, topic, ChangeKind::Added, row, words));
                    self.succession(id, topic, row, new, changes);
                }
                (None, None) => {}
            }
        }
    }

    fn whole(&self, id: &str, topic: &str, kind: ChangeKind, row: &Table, words: String) -> Change {
        let text = Some(words::row(row));
        let added = kind == ChangeKind::Added;
        Change {
            place: self.place.clone(),
            topic: topic.to_owned(),
            rule: Some(id.to_owned()),
            kind,
            field: None,
            before: text.clone().filter(|_| !added),
            after: text.filter(|_| added),
            effective_from: first_day(row),
            words,
        }
    }

    fn row(&self, id: &str, topic: &str, a: &Table, b: &Table, changes: &mut Vec<Change>) {
        let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let (before, after) = (a.get(key), b.get(key));
            if before == after {
                continue;
            }
            let kind = match (before, after) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Removed,
                _ => ChangeKind::Changed,
            };
            let from = first_day(b);
            let named = if id.is_empty() {
                String::new()
            } else {
                format!(" ({id})")
            };
            let when = match from {
                Some(day) if !words::is_about_the_rule(key) => format!(" from {day}"),
                _ => String::new(),
            };
            changes.push(Change {
                place: self.place.clone(),
                topic: topic.to_owned(),
                rule: (!id.is_empty()).then(|| id.to_owned()),
                kind,
                field: Some(key.clone()),
                before: before.map(words::value),
                after: after.map(words::value),
                effective_from: from,
                words: format!(
                    "{}: {}{when}{named}",
                    self.place,
                    words::change(key, before, after)
                ),
            });
        }
    }

    /// A row that takes over from one that ends on the day before: what is different from that day on.
    fn succession(
        &self,
        id: &str,
        topic: &str,
        row: &Table,
        new: &Rows,
        changes: &mut Vec<Change>,
    ) {
        let Some(from) = first_day(row) else { return };
        let eve = from.yesterday().ok().map(|day| day.to_string());
        let ends =
            |table: &Table| table.get("effective_to").map(words::value) == eve && eve.is_some();
        let same_kind = |table: &Table| {
            ["mode", "purposes"]
                .iter()
                .all(|key| table.get(*key) == row.get(*key))
        };
        let before = new.iter().find(|(other, (about, table))| {
            *other != id && about == topic && ends(table) && same_kind(table)
        });
        let Some((before_id, (_, table))) = before else {
            return;
        };
        for key in HOURS_KEYS.iter().chain(&["calls_max", "period_hours"]) {
            let (a, b) = (table.get(*key), row.get(*key));
            if a == b {
                continue;
            }
            let said = words::change(key, a, b);
            changes.push(Change {
                place: self.place.clone(),
                topic: topic.to_owned(),
                rule: Some(id.to_owned()),
                kind: ChangeKind::Changed,
                field: Some((*key).to_owned()),
                before: a.map(words::value),
                after: b.map(words::value),
                effective_from: Some(from),
                words: format!(
                    "{}: {said} from {from} ({id} follows {before_id})",
                    self.place
                ),
            });
        }
    }
}

fn first_day(row: &Table) -> Option<Date> {
    words::value(row.get("effective_from")?).parse().ok()
}

/// Tables of places: rows by their first cell.
fn csv(name: &str, (old, new): (&str, &str), changes: &mut Vec<Change>) {
    let what = match name {
        "places/area_codes.csv" => "area code",
        "places/other_countries.csv" => "area code of another country",
        "places/zip3.csv" => "ZIP codes",
        _ => "ZIP code",
    };
    let read = |text: &str| -> BTreeMap<String, String> {
        text.lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
            .map(|line| {
                let (key, rest) = line.split_once(',').unwrap_or((line, ""));
                (key.trim().to_owned(), rest.trim().to_owned())
            })
            .collect()
    };
    let (old, new) = (read(old), read(new));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (before, after) = (old.get(key), new.get(key));
        if before == after {
            continue;
        }
        let (kind, said) = match (before, after) {
            (None, Some(row)) => (ChangeKind::Added, format!("added: {row}")),
            (Some(row), None) => (ChangeKind::Removed, format!("removed: {row}")),
            (Some(a), Some(b)) => (ChangeKind::Changed, format!("{a} -> {b}")),
            (None, None) => continue,
        };
        changes.push(Change {
            place: "places".into(),
            topic: what.to_owned(),
            rule: Some(key.clone()),
            kind,
            field: None,
            before: before.cloned(),
            after: after.cloned(),
            effective_from: None,
            words: format!("places: {what} {key} {said}")
                .trim_end_matches([':', ' '])
                .to_owned(),
        });
    }
}
