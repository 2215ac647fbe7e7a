//! What must hold of the gate whatever the facts: totality, replay, monotony, and the first allowed instant.

use jiff::SignedDuration;
use ringfence_core::gate::{Decision, Effect, Facts, Verdict, decide};
use ringfence_core::rules::RulePack;

use crate::world::{Dice, World, internal};

const SEED: u64 = 0x51EE_D5ED;
const ROUNDS: u64 = 4000;

fn each(mut check: impl FnMut(&mut Dice, &RulePack, &Facts, &Decision)) {
    let pack = RulePack::embedded().unwrap();
    let mut dice = Dice::new(SEED);
    let world = World::new(&pack);
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..ROUNDS {
        let (facts, now) = world.scene(&mut dice);
        let decision = decide(&pack, &facts, now);
        *seen.entry(decision.verdict).or_insert(0_u64) += 1;
        check(&mut dice, &pack, &facts, &decision);
    }
    // A world in which everything is denied would prove nothing.
    for verdict in [Verdict::Allow, Verdict::Defer, Verdict::Deny] {
        let count = seen.get(&verdict).copied().unwrap_or(0);
        assert!(
            count > ROUNDS / 100,
            "{verdict:?} came {count} times; seed {SEED:#x}"
        );
    }
}

#[test]
fn stored_facts_give_the_stored_decision_byte_for_byte() {
    each(|_, pack, facts, decision| {
        let stored_facts = serde_json::to_string(facts).unwrap();
        let stored = serde_json::to_string(decision).unwrap();
        let again: Facts = serde_json::from_str(&stored_facts).unwrap();
        let replayed = decide(pack, &again, decision.decided_at);
        assert_eq!(serde_json::to_string(&replayed).unwrap(), stored);
    });
}

#[test]
fn a_verdict_is_what_its_reasons_say() {
    each(|_, _, _, decision| {
        let denies = decision
            .reasons
            .iter()
            .any(|reason| reason.effect == Effect::Deny);
        match decision.verdict {
            Verdict::Allow => assert!(decision.reasons.is_empty()),
            Verdict::Defer => assert!(!denies && !decision.reasons.is_empty()),
            Verdict::Deny => assert!(denies),
        }
        assert_eq!(
            decision.next_allowed_at.is_some(),
            decision.verdict == Verdict::Defer
        );
        for reason in &decision.reasons {
            assert!(
                !reason.citation.is_empty(),
                "{} has no citation",
                reason.rule
            );
            assert!(
                !reason.detail.contains("55501"),
                "a whole number in: {}",
                reason.detail
            );
        }
    });
}

#[test]
fn adding_a_suppression_or_taking_a_consent_away_never_helps() {
    each(|dice, pack, facts, decision| {
        let now = decision.decided_at;
        let mut worse = facts.clone();
        match dice.below(5) {
            0 => worse.suppressions.internal.push(internal(dice, now)),
            1 => worse.consents.clear(),
            2 => {
                worse.consents.pop();
            }
            3 => worse.suppressions.national = None,
            _ => worse
                .suppressions
                .states
                .iter_mut()
                .for_each(|list| list.listed = true),
        }
        let after = decide(pack, &worse, now).verdict;
        assert!(
            after >= decision.verdict,
            "{:?} became {after:?}: {worse:?}",
            decision.verdict
        );
    });
}

#[test]
fn an_opt_out_just_now_denies_whatever_stood() {
    each(|dice, pack, facts, decision| {
        let now = decision.decided_at;
        let mut after = facts.clone();
        let mut entry = internal(dice, now);
        entry.at = now;
        after.suppressions.internal.push(entry);
        if facts.request.purpose != ringfence_core::consent::Purpose::Emergency {
            assert_eq!(decide(pack, &after, now).verdict, Verdict::Deny);
        }
    });
}

#[test]
fn the_first_allowed_instant_is_allowed_and_the_second_before_is_not() {
    each(|_, pack, facts, decision| {
        let Some(at) = decision.next_allowed_at else {
            return;
        };
        assert_eq!(at.subsec_nanosecond(), 0);
        assert!(at > decision.decided_at);
        let clock_reasons = |at| {
            let later = decide(pack, facts, at);
            later
                .reasons
                .into_iter()
                .filter(|reason| reason.effect == Effect::Defer)
                .count()
        };
        assert_eq!(clock_reasons(at), 0, "{at} is not open: {facts:?}");
        let before = at - SignedDuration::from_secs(1);
        assert!(
            clock_reasons(before) > 0,
            "{before} was open already: {facts:?}"
        );
    });
}
