//! Which checks a decision was made with: a later build makes more, and must still replay what an earlier one decided.

use super::Decision;
use super::check::{NAMES, SINCE};

/// Every check that one build made. Checks are only ever added, so a number says which: those that came with it or before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckSet(u16);

impl CheckSet {
    /// What [`decide`](super::decide) makes today.
    pub const LATEST: Self = Self(latest());

    /// The set that `decision` was made with, by the names of its checks; none where no build ever made just these, in
    /// this order.
    #[must_use]
    pub fn of(decision: &Decision) -> Option<Self> {
        let named = || decision.checks.iter().map(|made| made.check.as_ref());
        (1..=Self::LATEST.0)
            .map(Self)
            .find(|set| set.names().eq(named()))
    }

    /// The names of its checks, in order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = NAMES.iter().zip(SINCE);
        all.filter_map(move |(name, since)| self.has(*since).then_some(*name))
    }

    /// Whether a check that came with set `since` is one of its own.
    #[inline]
    pub(super) const fn has(self, since: u16) -> bool {
        since <= self.0
    }
}

const fn latest() -> u16 {
    let (mut most, mut rest) = (0, SINCE);
    while let [since, others @ ..] = rest {
        if *since > most {
            most = *since;
        }
        rest = others;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::CheckSet;
    use crate::gate::{Decision, Verdict, decide, decide_with, sample};
    use crate::rules::RulePack;

    #[test]
    fn a_decision_names_its_set() {
        let pack = RulePack::embedded().unwrap();
        let facts = sample::callees(&pack).remove(1);
        for number in 1..=CheckSet::LATEST.0 {
            let set = CheckSet(number);
            let decision = decide_with(set, &pack, &facts, sample::NOW);
            assert_eq!(CheckSet::of(&decision), Some(set));
        }
        let decision = decide(&pack, &facts, sample::NOW);
        assert_eq!(CheckSet::of(&decision), Some(CheckSet::LATEST));
        // One that no build made: a check is missing that always was, stands elsewhere, or is not known.
        let altered = |change: fn(&mut Decision)| {
            let mut decision = decision.clone();
            change(&mut decision);
            CheckSet::of(&decision)
        };
        assert_eq!(altered(|d| d.checks.retain(|c| c.check != "consent")), None);
        assert_eq!(altered(|d| d.checks.reverse()), None);
        assert_eq!(altered(|d| d.checks.clear()), None);
        assert_eq!(altered(|d| d.checks[0].check = "weather".into()), None);
    }

    /// Before there were holds, nothing was held.
    #[test]
    fn a_later_check_is_left_out_with_what_it_says() {
        let pack = RulePack::embedded().unwrap();
        let mut facts = sample::callees(&pack).remove(1);
        facts.holds.push(crate::gate::Hold {
            id: crate::id::Id::from("hold_1"),
            at: sample::NOW,
        });
        let then = decide_with(CheckSet(1), &pack, &facts, sample::NOW);
        assert_eq!(then.verdict, Verdict::Allow);
        assert_eq!(then.checks.len(), 19);
        let now = decide(&pack, &facts, sample::NOW);
        assert_eq!(now.verdict, Verdict::Deny);
        assert_eq!(now.checks.len(), 20);
        let held = now.checks.iter().position(|made| made.check == "held");
        let mut others = now.checks;
        others.remove(held.unwrap());
        assert_eq!(others, then.checks);
    }
}
