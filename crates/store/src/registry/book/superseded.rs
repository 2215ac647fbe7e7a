//! Which versions nobody has needed since a day, and nobody will: their files may go.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Areas, Book, Entry, Group, Version};

impl Book {
    /// The versions whose file is there and that bind nobody, at no moment from `since` on, for no area code, oldest
    /// first. Each moment is looked at twice: with all versions, as a question about a day in the past is answered, and
    /// with those that were imported by then, as calls were decided on that day: what replaced another only when it
    /// came in late did not replace it before.
    pub(crate) fn superseded(&self, since: Timestamp) -> Vec<Arc<Version>> {
        let mut needed = BTreeSet::new();
        for group in &self.national {
            need_national(group, since, &mut needed);
        }
        for group in self.states.iter().chain(&self.litigators) {
            need_newest(group, since, &mut needed);
        }
        let mut found: Vec<Arc<Version>> = self
            .versions
            .iter()
            .filter(|entry| {
                let version = &entry.version;
                version.file.is_some()
                    && version.pruned_at.is_none()
                    && version.imported_at < since
                    && !needed.contains(&version.row)
            })
            .map(|entry| Arc::clone(&entry.version))
            .collect();
        found.sort_by_key(|version| version.row);
        found
    }
}

/// `since`, and every moment after it at which another version may begin to bind.
fn moments(group: &Group, since: Timestamp) -> BTreeSet<Timestamp> {
    let versions = group.by_effect.iter().map(|entry| &entry.version);
    let begins = versions.flat_map(|version| {
        let answer = &version.answer;
        let obtained = [Some(answer.obtained_at), Some(version.imported_at)];
        obtained.into_iter().chain([answer.effective_at]).flatten()
    });
    let later = begins.filter(|at| *at > since);
    later.chain([since]).collect()
}

/// Whether it is among the versions that can bind at a moment: all of them, or those imported by then.
fn stands(version: &Version, at: Timestamp, as_known: bool) -> bool {
    version.in_force(at) && (!as_known || version.imported_at <= at)
}

fn need_national(group: &Group, since: Timestamp, needed: &mut BTreeSet<i64>) {
    for at in moments(group, since) {
        for as_known in [false, true] {
            let standing = group.by_obtained.iter();
            let standing = standing.filter(|e| stands(&e.version, at, as_known));
            need_by_area(standing, |version| &version.covered, needed);
        }
    }
    // What the next change list stands on, and what `lists check` answers from, whether in force or not.
    need_by_area(group.by_obtained.iter(), |version| &version.covered, needed);
    need_by_area(group.by_effect.iter(), |version| &version.areas, needed);
    let newest = group.by_obtained.first().into_iter();
    needed.extend(newest.map(|entry| entry.version.row));
}

/// The first of each area code, of entries with the one that counts first.
fn need_by_area<'e>(
    entries: impl Iterator<Item = &'e Entry>,
    areas: impl Fn(&Version) -> &Areas,
    needed: &mut BTreeSet<i64>,
) {
    let mut seen = Areas::default();
    for entry in entries {
        if seen.take(areas(&entry.version)) {
            needed.insert(entry.version.row);
        }
    }
}

fn need_newest(group: &Group, since: Timestamp, needed: &mut BTreeSet<i64>) {
    let entries = &group.by_effect;
    for at in moments(group, since) {
        for as_known in [false, true] {
            let stood = entries.iter().find(|e| stands(&e.version, at, as_known));
            needed.extend(stood.map(|entry| entry.version.row));
        }
    }
    needed.extend(entries.first().map(|entry| entry.version.row));
}
