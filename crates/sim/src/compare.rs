//! The gate against the reference gate, over random facts; what differs is shrunk to what it takes.

use jiff::Timestamp;
use ringfence_core::gate::{self, Facts, Policy, decide};
use ringfence_core::lead::Place;
use ringfence_core::rules::RulePack;

use crate::reference;

/// Facts on which the two gates differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The facts, as little of them as it takes.
    pub facts: Facts,
    /// The instant.
    pub now: Timestamp,
    /// What differs.
    pub what: String,
}

/// How the two gates differ over these facts; none where they agree.
#[must_use]
pub fn difference(pack: &RulePack, facts: &Facts, now: Timestamp) -> Option<String> {
    let decision = decide(pack, facts, now);
    let same = gate::judge(pack, facts, now, |wordless| {
        let codes = wordless.reasons().map(|(code, _)| code);
        codes.eq(decision.codes()) && wordless.next_allowed_at() == decision.next_allowed_at
    });
    if !same {
        return Some("without words: `judge` says other than `decide`".to_owned());
    }
    reference::judge(pack, facts, now).difference(&decision)
}

/// A disagreement over these facts, shrunk; none where the gates agree.
#[must_use]
pub fn disagreement(pack: &RulePack, facts: &Facts, now: Timestamp) -> Option<Disagreement> {
    let kind = |what: &str| what.split(':').next().map(str::to_owned);
    let first = difference(pack, facts, now)?;
    let same = |facts: &Facts| {
        difference(pack, facts, now).is_some_and(|what| kind(&what) == kind(&first))
    };
    let mut facts = facts.clone();
    while let Some(less) = lesser(&facts)
        .into_iter()
        .find(|less| *less != facts && same(less))
    {
        facts = less;
    }
    let what = difference(pack, &facts, now).unwrap_or(first);
    Some(Disagreement { facts, now, what })
}

/// The facts with one thing taken away, each in turn.
fn lesser(facts: &Facts) -> Vec<Facts> {
    let mut all = Vec::new();
    macro_rules! without_each {
        ($($field:ident).+) => {
            for index in 0..facts.$($field).+.len() {
                let mut less = facts.clone();
                less.$($field).+.remove(index);
                all.push(less);
            }
        };
    }
    macro_rules! with {
        ($($field:ident).+ = $value:expr) => {{
            let mut less = facts.clone();
            less.$($field).+ = $value;
            all.push(less);
        }};
    }
    with!(suppressions.states = vec![]);
    with!(request.place = Place::default());
    with!(request.place.zip = None);
    with!(request.place.state = None);
    with!(request.place.time_zone = None);
    with!(request.caller_id = None);
    with!(policy = Policy::default());
    with!(suppressions.national = None);
    with!(campaign = None);
    without_each!(consents);
    without_each!(attempts);
    without_each!(emergency_areas);
    without_each!(overrides);
    without_each!(relationships);
    without_each!(stops);
    without_each!(holds);
    without_each!(failures);
    without_each!(suppressions.internal);
    without_each!(suppressions.states);
    without_each!(suppressions.litigator);
    without_each!(suppressions.reassigned);
    if let Some(seller) = &facts.seller {
        for index in 0..seller.profile.registrations.len() {
            let mut less = seller.clone();
            less.profile.registrations.remove(index);
            with!(seller = Some(less));
        }
        for index in 0..seller.profile.caller_ids.len() {
            let mut less = seller.clone();
            less.profile.caller_ids.remove(index);
            with!(seller = Some(less));
        }
    }
    all
}
