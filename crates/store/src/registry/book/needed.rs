//! Which versions some decision could need, at a moment or from a moment on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Areas, Family, Version};

/// The versions that replace one another.
pub(super) type List<'v> = (Family, &'v str, &'v [String]);

impl Version {
    /// What it is a version of.
    pub(super) fn list(&self) -> List<'_> {
        // The registry is one list whatever its copies are called.
        let name = match self.family {
            Family::National => "",
            Family::State | Family::Litigator => self.answer.name.as_str(),
        };
        (self.family, name, self.owners.as_slice())
    }
}

/// The rows of the versions that a decision at this moment could need, whoever the seller, whatever the number.
pub(super) fn needed_at<'v>(
    versions: impl Iterator<Item = &'v Version>,
    at: Timestamp,
) -> BTreeSet<i64> {
    let mut lists: BTreeMap<List<'v>, Vec<&'v Version>> = BTreeMap::new();
    for version in versions.filter(|version| version.in_force(at)) {
        lists.entry(version.list()).or_default().push(version);
    }
    let mut needed = BTreeSet::new();
    let mut national: Vec<(&[String], Vec<&Version>)> = Vec::new();
    for ((family, _, owners), versions) in lists {
        match family {
            Family::National => national.push((owners, versions)),
            Family::State | Family::Litigator => {
                let newest = versions
                    .into_iter()
                    .min_by_key(|version| version.by_effect());
                needed.extend(newest.map(|version| version.row));
            }
        }
    }
    for copies in subscriptions(&national) {
        let mut copies: Vec<&Version> = copies
            .into_iter()
            .filter_map(|list| national.get(list))
            .flat_map(|(_, versions)| versions.iter().copied())
            .collect();
        copies.sort_by_key(|version| version.by_obtained());
        let mut seen = Areas::default();
        for version in copies {
            if seen.take(&version.covered) {
                needed.insert(version.row);
            }
        }
    }
    needed
}

/// What can be one seller's national lists, as places in `national`: everybody's and, of the sellers that own some, each
/// one's own. Sellers with the same lists are one.
fn subscriptions(national: &[(&[String], Vec<&Version>)]) -> BTreeSet<Vec<usize>> {
    let everybodys =
        |(place, (owners, _)): (usize, &(&[String], _))| owners.is_empty().then_some(place);
    let shared: Vec<usize> = national.iter().enumerate().filter_map(everybodys).collect();
    let mut by_owner: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, (owners, _)) in national.iter().enumerate() {
        for owner in *owners {
            let own = by_owner.entry(owner).or_insert_with(|| shared.clone());
            own.push(place);
        }
    }
    by_owner.into_values().chain([shared]).collect()
}

/// The rows of the versions that a decision could need then or at any later moment, and the next moment at which that
/// is fewer.
pub(super) fn needed_from(
    versions: &[&Version],
    since: Timestamp,
) -> (BTreeSet<i64>, Option<Timestamp>) {
    let begins = versions.iter().flat_map(|version| {
        let answer = &version.answer;
        [Some(answer.obtained_at), answer.effective_at]
    });
    let later: BTreeSet<Timestamp> = begins.flatten().filter(|at| *at > since).collect();
    let next = later.first().copied();
    let moments = later.into_iter().chain([since]);
    let needed = moments.flat_map(|at| needed_at(versions.iter().copied(), at));
    (needed.collect(), next)
}
