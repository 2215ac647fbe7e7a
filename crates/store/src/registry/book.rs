//! The list versions on file, in memory: which one binds whom, where and when, without a question to the database.

mod needed;
mod superseded;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use ringfence_core::gate::SourceFailure;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::suppression::ListAnswer;

use super::Residence;
use super::shelf::Slot;

/// What the versions of one name replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    National,
    State,
    Litigator,
}

/// Area codes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Areas([u64; 16]);

impl Areas {
    pub(crate) fn insert(&mut self, area: u16) {
        if let Some(word) = self.0.get_mut(usize::from(area / 64)) {
            *word |= 1 << (area % 64);
        }
    }

    fn contains(&self, area: u16) -> bool {
        let word = self.0.get(usize::from(area / 64));
        word.is_some_and(|word| word >> (area % 64) & 1 == 1)
    }

    /// Takes another's in; whether any of them is new.
    fn take(&mut self, other: &Self) -> bool {
        let mut new = false;
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            new |= theirs & !*mine != 0;
            *mine |= theirs;
        }
        new
    }
}

/// A version as the database keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// Its row: the greater, the later it was imported.
    pub(crate) row: i64,
    pub(crate) family: Family,
    /// Whom it belongs to, sorted; empty: everybody.
    pub(crate) owners: Vec<String>,
    /// Area codes that occur in it, or that it covers; only national lists have any.
    pub(crate) areas: Areas,
    /// Those that it covers.
    pub(crate) covered: Areas,
    /// The answer, but for the number.
    pub(crate) answer: ListAnswer,
    /// SHA-256 of its file's header and the file's length; none: imported before there were files.
    pub(crate) file: Option<(String, u64)>,
    pub(crate) imported_at: Timestamp,
    /// Since when its file is gone on purpose.
    pub(crate) pruned_at: Option<Timestamp>,
}

impl Version {
    fn binds(&self, seller: &str) -> bool {
        self.owners.is_empty() || self.owners.iter().any(|owner| owner == seller)
    }

    fn in_force(&self, now: Timestamp) -> bool {
        self.answer.obtained_at <= now && self.answer.effective_at.is_none_or(|at| at <= now)
    }

    /// The newest obtained first.
    fn by_obtained(&self) -> impl Ord + use<> {
        Reverse((self.answer.obtained_at, self.row))
    }

    /// The newest to bind first.
    fn by_effect(&self) -> impl Ord + use<> {
        let obtained = self.answer.obtained_at;
        let effect = self.answer.effective_at.unwrap_or(obtained);
        Reverse((effect, obtained, self.row))
    }
}

/// A version with its file.
#[derive(Debug, Clone)]
struct Entry {
    version: Arc<Version>,
    slot: Arc<Slot>,
}

/// The versions of one list and the same owners: one replaces the one before it, and nobody else's.
#[derive(Debug, Default)]
struct Group {
    by_obtained: Vec<Entry>,
    by_effect: Vec<Entry>,
}

/// A number that is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) number: PhoneNumber,
    pub(crate) seller: &'a str,
    pub(crate) now: Timestamp,
}

/// Every version on file, as of one state of the database.
#[derive(Debug, Default)]
pub(crate) struct Book {
    stamp: Option<i64>,
    /// When fewer versions are needed than this book keeps in memory.
    turns_at: Option<Timestamp>,
    versions: Vec<Entry>,
    national: Vec<Group>,
    states: Vec<Group>,
    litigators: Vec<Group>,
}

impl Book {
    /// From all versions; `slot` gives the file of each. Those that a decision could need now or later are kept in
    /// memory; now is `told` or, if that is later, the newest import.
    pub(crate) fn new(
        stamp: i64,
        versions: Vec<Arc<Version>>,
        told: Timestamp,
        mut slot: impl FnMut(&Version, Residence) -> Arc<Slot>,
    ) -> Self {
        let all: Vec<&Version> = versions.iter().map(Arc::as_ref).collect();
        let imported = all.iter().map(|version| version.imported_at).max();
        let now = imported.map_or(told, |at| at.max(told));
        let (needed, turns_at) = needed::needed_from(&all, now);
        let mut lists: BTreeMap<needed::List<'_>, Vec<Entry>> = BTreeMap::new();
        for version in &versions {
            let kept = needed.contains(&version.row) && version.pruned_at.is_none();
            let residence = if kept {
                Residence::Memory
            } else {
                Residence::Disk
            };
            let entry = Entry {
                version: Arc::clone(version),
                slot: slot(version, residence),
            };
            lists.entry(version.list()).or_default().push(entry);
        }
        let mut book = Self {
            stamp: Some(stamp),
            turns_at,
            ..Self::default()
        };
        for ((family, ..), entries) in lists {
            book.versions.extend(entries.iter().cloned());
            let mut group = Group {
                by_obtained: entries.clone(),
                by_effect: entries,
            };
            group.by_obtained.sort_by_key(|e| e.version.by_obtained());
            group.by_effect.sort_by_key(|e| e.version.by_effect());
            match family {
                Family::National => book.national.push(group),
                Family::State => book.states.push(group),
                Family::Litigator => book.litigators.push(group),
            }
        }
        book
    }

    /// The state of the database that it knows; none: nothing was read yet.
    pub(crate) const fn stamp(&self) -> Option<i64> {
        self.stamp
    }

    /// Every version.
    pub(crate) fn versions(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.versions.iter().map(|entry| &entry.version)
    }

    /// The file of a version.
    pub(crate) fn slot(&self, row: i64) -> Option<&Arc<Slot>> {
        let entry = self.versions.iter().find(|e| e.version.row == row)?;
        Some(&entry.slot)
    }

    /// Every file.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.versions.iter().map(|entry| &entry.slot)
    }

    /// Whether by then it keeps more in memory than anybody will need.
    pub(crate) fn has_turned(&self, now: Timestamp) -> bool {
        self.turns_at.is_some_and(|at| at <= now)
    }

    /// Opens the files that are kept in memory and that nobody has asked yet.
    pub(crate) fn open(&self) {
        let kept = self.slots().filter(|s| s.residence() == Residence::Memory);
        // What cannot be opened says so to whoever asks.
        kept.for_each(|slot| drop(slot.with(|_| ())));
    }

    /// What cannot be used of the versions that some decision at `now` could need; opens those that nobody has asked
    /// yet.
    pub(crate) fn faults(&self, now: Timestamp) -> Vec<SourceFailure> {
        let versions = self.versions().map(Arc::as_ref);
        let needed = needed::needed_at(versions, now);
        let needed = |entry: &&Entry| needed.contains(&entry.version.row);
        let faults = self.versions.iter().filter(needed).filter_map(|entry| {
            let detail = entry.slot.with(|_| ()).err()?;
            Some(failure(&entry.version, detail))
        });
        faults.collect()
    }

    /// The newest national version that this seller may use and that covers the number's area code.
    pub(crate) fn national(
        &self,
        asked: &Asked<'_>,
        failures: &mut Vec<SourceFailure>,
    ) -> Option<ListAnswer> {
        self.national_entry(asked)?.answer(asked.number, failures)
    }

    fn national_entry(&self, asked: &Asked<'_>) -> Option<&Entry> {
        let area = asked.number.area_code()?;
        self.national
            .iter()
            .filter_map(|group| {
                let binds = group.by_obtained.first()?.version.binds(asked.seller);
                binds.then_some(())?;
                group
                    .by_obtained
                    .iter()
                    .find(|e| e.version.in_force(asked.now) && e.version.covered.contains(area))
            })
            .min_by_key(|entry| entry.version.by_obtained())
    }

    /// The lists of a family that bind, for numbers in their order; the registry's copy is that of the number's area
    /// code.
    pub(crate) fn bound(&self, family: Family, asked: &Asked<'_>) -> Vec<Bound> {
        let entries = match family {
            Family::National => self.national_entry(asked).into_iter().collect(),
            Family::State => newest_entries(&self.states, asked),
            Family::Litigator => newest_entries(&self.litigators, asked),
        };
        let bound = |entry: &Entry| Bound {
            entry: entry.clone(),
            absent: None,
        };
        entries.into_iter().map(bound).collect()
    }

    /// The newest version of every state's list that binds.
    pub(crate) fn states(
        &self,
        asked: &Asked<'_>,
        failures: &mut Vec<SourceFailure>,
    ) -> Vec<ListAnswer> {
        newest(&self.states, asked, failures)
    }

    /// The litigator lists that hold the number.
    pub(crate) fn litigator(
        &self,
        asked: &Asked<'_>,
        failures: &mut Vec<SourceFailure>,
    ) -> Vec<ListAnswer> {
        let mut found = newest(&self.litigators, asked, failures);
        found.retain(|answer| answer.listed);
        found
    }

    /// The names of a family's lists that hold a number: the newest version of each name and owner, whatever its age.
    pub(crate) fn holding(
        &self,
        family: Family,
        number: PhoneNumber,
        seller: Option<&str>,
    ) -> Result<Vec<String>, String> {
        let (Some(area), Some(ten)) = (number.area_code(), number.nanp()) else {
            return Ok(Vec::new());
        };
        let groups = match family {
            Family::National => &self.national,
            Family::State => &self.states,
            Family::Litigator => &self.litigators,
        };
        let mut newest: Vec<&Entry> = groups
            .iter()
            .filter_map(|group| {
                group.by_effect.iter().find(|e| {
                    let version = &e.version;
                    seller.is_none_or(|seller| version.binds(seller))
                        && (family != Family::National || version.areas.contains(area))
                })
            })
            .collect();
        newest.sort_by_key(|e| {
            let name = match family {
                Family::National => "",
                Family::State | Family::Litigator => e.version.answer.name.as_str(),
            };
            (name, e.version.by_effect())
        });
        let mut names = Vec::new();
        for entry in newest {
            let version = &entry.version;
            let held = entry.slot.holds(ten);
            if held.map_err(|why| format!("{}: {why}", source(version)))? {
                names.push(version.answer.name.clone());
            }
        }
        Ok(names)
    }
}

impl Entry {
    /// What it says of a number. Of a list that cannot be read it says nothing, and the failure denies (invariant
    /// `unknown-denies`).
    fn answer(&self, number: PhoneNumber, failures: &mut Vec<SourceFailure>) -> Option<ListAnswer> {
        let ten = number.nanp()?;
        let listed = self.slot.holds(ten).unwrap_or_else(|why| {
            failures.push(failure(&self.version, why));
            false
        });
        Some(ListAnswer {
            listed,
            ..self.version.answer.clone()
        })
    }
}

/// A list that binds, asked for many numbers in their order.
#[derive(Debug)]
pub(crate) struct Bound {
    entry: Entry,
    /// An exchange of which it holds no number.
    absent: Option<u64>,
}

impl Bound {
    /// The answer, but for the number.
    pub(crate) fn answer(&self) -> &ListAnswer {
        &self.entry.version.answer
    }

    /// Whether it holds ten digits.
    pub(crate) fn holds(&mut self, ten_digits: u64) -> Result<bool, SourceFailure> {
        let exchange = ten_digits / 10_000;
        if self.absent == Some(exchange) {
            return Ok(false);
        }
        let slot = &self.entry.slot;
        let held = slot.with(|snapshot| {
            let place = super::split(ten_digits).map(|(place, _)| place);
            match place.and_then(|place| snapshot.directory().rank(place)) {
                Some(_) => snapshot.holds(ten_digits).map(Some),
                None => Ok(None),
            }
        });
        let held = held.and_then(|held| held.map_err(|e| e.to_string()));
        let held = held.map_err(|why| failure(&self.entry.version, why))?;
        if held.is_none() {
            self.absent = Some(exchange);
        }
        Ok(held.unwrap_or_default())
    }
}

fn source(version: &Version) -> String {
    let answer = &version.answer;
    format!("list `{}`, version {}", answer.name, answer.version)
}

fn failure(version: &Version, detail: String) -> SourceFailure {
    SourceFailure {
        source: source(version),
        detail,
    }
}

/// The newest version of each list and owners that binds this seller: a seller's own list never lifts what binds
/// everybody.
fn newest(
    groups: &[Group],
    asked: &Asked<'_>,
    failures: &mut Vec<SourceFailure>,
) -> Vec<ListAnswer> {
    newest_entries(groups, asked)
        .into_iter()
        .filter_map(|entry| entry.answer(asked.number, failures))
        .collect()
}

fn newest_entries<'b>(groups: &'b [Group], asked: &Asked<'_>) -> Vec<&'b Entry> {
    let mut found: Vec<&Entry> = groups
        .iter()
        .filter_map(|group| {
            let in_force = |e: &&Entry| e.version.in_force(asked.now);
            let entry = group.by_effect.iter().find(in_force)?;
            entry.version.binds(asked.seller).then_some(entry)
        })
        .collect();
    found.sort_by_key(|e| (e.version.answer.name.as_str(), e.version.by_effect()));
    found
}

#[cfg(test)]
mod tests;
