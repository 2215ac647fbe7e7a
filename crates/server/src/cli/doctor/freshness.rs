//! How old each seller's copies of the lists are.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ringfence_store::PageRequest;
use ringfence_store::list::{ListKind, ListVersion};

use super::super::{Failure, World};
use super::{Finding, found};

/// So many days before the end it is said that a copy is about to be too old.
const WARN_DAYS: i64 = 7;

pub(super) fn look(world: &World, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let mut lists = world.store.lists()?;
    // What was pruned bound nobody any more.
    lists.retain(|list| list.pruned_at.is_none());
    let page = PageRequest::first(PageRequest::LIMIT_MAX);
    for seller in world.store.sellers(&page)?.items {
        findings.push(national(world, &lists, &seller.id));
    }
    for list in &lists {
        expiring(world.now(), list, findings);
    }
    Ok(())
}

fn days(span: SignedDuration) -> i64 {
    span.as_hours() / 24
}

/// The registry as one seller may use it: the newest copy of each area code.
fn national(world: &World, lists: &[ListVersion], seller: &str) -> Finding {
    let binds =
        |list: &&ListVersion| list.sellers.is_empty() || list.sellers.iter().any(|s| s == seller);
    let mut newest: BTreeMap<u16, Timestamp> = BTreeMap::new();
    let national =
        |list: &&ListVersion| matches!(list.kind, ListKind::FtcFull | ListKind::FtcChange);
    for list in lists.iter().filter(national).filter(binds) {
        for area in &list.area_codes {
            let at = newest.entry(*area).or_insert(list.obtained_at);
            *at = (*at).max(list.obtained_at);
        }
    }
    let most = i64::from(world.rules.federal.registry_age_days_max);
    let now = world.now();
    let Some(oldest) = newest.values().min() else {
        let detail = format!("`{seller}` has no copy of the registry: telemarketing is denied");
        return found("freshness", "missing", detail);
    };
    let age = days(now.duration_since(*oldest));
    let stale: Vec<String> = newest
        .iter()
        .filter(|(_, at)| now.duration_since(**at) > SignedDuration::from_hours(most * 24))
        .map(|(area, _)| area.to_string())
        .collect();
    let codes = newest.len();
    if !stale.is_empty() {
        let detail = format!(
            "`{seller}`: {} of {codes} area codes are older than {most} days: {}",
            stale.len(),
            stale.join(", ")
        );
        return found("freshness", "stale", detail);
    }
    let left = most - age;
    let state = if left <= WARN_DAYS { "note" } else { "ok" };
    let detail = format!(
        "`{seller}`: {codes} area codes, the oldest copy {age} days old; too old in {left} days"
    );
    found("freshness", state, detail)
}

/// Only lists with an end of their own age by it.
fn expiring(now: Timestamp, list: &ListVersion, findings: &mut Vec<Finding>) {
    let Some(end) = list.expires_at else { return };
    let name = format!("{} `{}`", list.kind.as_str(), list.name);
    if end <= now {
        findings.push(found("freshness", "note", format!("{name} ended on {end}")));
    } else if days(end.duration_since(now)) <= WARN_DAYS {
        findings.push(found("freshness", "note", format!("{name} ends on {end}")));
    }
}
