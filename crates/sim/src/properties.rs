//! What must hold of the gate whatever the facts: totality, replay, monotony, and the first allowed instant.

use jiff::{SignedDuration, Timestamp};
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{
    Attempt, Decision, Effect, EmergencyArea, Facts, SourceFailure, Stop, Verdict, decide,
};
use ringfence_core::id::Id;
use ringfence_core::rules::RulePack;
use ringfence_core::suppression::{ListAnswer, Reassigned, ReassignedAnswer};

use crate::seed::seed;
use crate::world::{Dice, World, internal};

const ROUNDS: u64 = 4000;

fn each(mut check: impl FnMut(&mut Dice, &RulePack, &Facts, &Decision)) {
    let pack = RulePack::embedded().unwrap();
    let seed = seed();
    let mut dice = Dice::new(seed);
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
            "{verdict:?} came {count} times; seed {seed:#x}"
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
        let how = worsen(dice, &mut worse, now);
        let after = decide(pack, &worse, now).verdict;
        assert!(
            after >= decision.verdict,
            "{how}: {:?} became {after:?}; seed {:#x}: {worse:?}",
            decision.verdict,
            seed()
        );
    });
}

/// Takes something away that could only help, or adds something that could only harm; says what.
fn worsen(dice: &mut Dice, facts: &mut Facts, now: Timestamp) -> &'static str {
    let lists = &mut facts.suppressions;
    match dice.below(17) {
        0 => {
            lists.internal.push(internal(dice, now));
            "an internal entry"
        }
        1 => {
            facts.consents.clear();
            "no consent"
        }
        2 => {
            facts.consents.pop();
            "a consent less"
        }
        3 => {
            lists.national = None;
            "no national list"
        }
        4 => {
            lists.states.iter_mut().for_each(|list| list.listed = true);
            "on every state's list"
        }
        5 => {
            // Those that hold the number or have ended are obstacles themselves.
            lists
                .states
                .retain(|list| list.listed || list.expires_at.is_some());
            "no current list of any state"
        }
        6 => {
            lists.litigator.push(listed(now));
            "on a litigator list"
        }
        7 => {
            lists.reassigned.push(ReassignedAnswer {
                consent_date: jiff::civil::date(2024, 1, 1),
                answer: Reassigned::Yes,
                asked_at: now,
            });
            "reassigned"
        }
        _ => worsen_the_rest(dice, facts, now),
    }
}

fn worsen_the_rest(dice: &mut Dice, facts: &mut Facts, now: Timestamp) -> &'static str {
    match dice.below(9) {
        0 => {
            facts.relationships.clear();
            "no relationship"
        }
        1 => {
            facts.overrides.clear();
            "no override"
        }
        2 => {
            facts.seller = None;
            "no seller"
        }
        3 => {
            facts.seller.iter_mut().for_each(|seller| {
                seller.profile.registrations.pop();
                seller.profile.caller_ids.pop();
            });
            "a registration and a caller ID less"
        }
        4 => {
            facts.policy.closing_margin_seconds += 600;
            "a longer margin"
        }
        5 => {
            facts.attempts.extend((0..4).map(|n| Attempt {
                id: Id::from(format!("att_1{n}").as_str()),
                at: now,
                campaign: None,
                conversed: false,
            }));
            "more attempts"
        }
        6 => {
            facts.emergency_areas.push(EmergencyArea {
                id: "flood".to_owned(),
                states: pack_states(facts),
                zips: vec![],
                from: now,
                to: None,
                source: "order 3".to_owned(),
            });
            "an emergency area"
        }
        7 => {
            facts.failures.push(SourceFailure {
                source: "internal list".to_owned(),
                detail: "disk I/O error".to_owned(),
            });
            "a source that cannot be read"
        }
        _ => {
            facts.stops.push(Stop {
                since: now,
                scope: "all".to_owned(),
                reason: None,
            });
            "STOP"
        }
    }
}

fn pack_states(facts: &Facts) -> Vec<ringfence_core::lead::StateCode> {
    facts.request.place.state.into_iter().collect()
}

fn listed(now: Timestamp) -> ListAnswer {
    ListAnswer {
        version: Id::from("lst_9"),
        name: "serial-plaintiffs".to_owned(),
        obtained_at: now,
        effective_at: None,
        expires_at: None,
        listed: true,
    }
}

/// Times at the very ends of what can be said, figures as large as they go, and texts of any kind: an answer all the same.
#[test]
fn it_answers_whatever_the_facts() {
    let ends = [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH];
    each(|dice, pack, facts, _| {
        let mut wild = facts.clone();
        let mut end = || dice.pick(&ends).unwrap_or_default();
        for consent in &mut wild.consents {
            consent.granted_at = end();
            consent.expires_at = Some(end());
        }
        wild.attempts
            .iter_mut()
            .for_each(|attempt| attempt.at = end());
        wild.relationships.iter_mut().for_each(|tie| tie.at = end());
        wild.suppressions
            .internal
            .iter_mut()
            .for_each(|entry| entry.at = end());
        wild.suppressions
            .reassigned
            .iter_mut()
            .for_each(|answer| answer.asked_at = end());
        let lists = &mut wild.suppressions;
        for list in lists.national.iter_mut().chain(&mut lists.states) {
            list.obtained_at = end();
            list.expires_at = Some(end());
        }
        let now = [end(), facts_time(facts)];
        wild.policy.closing_margin_seconds = u32::MAX;
        wild.request.to = "\u{661}+1\u{0}".to_owned();
        wild.request.place.zip = Some("\u{1f600}\u{1f600}".to_owned());
        for mut facts in [wild.clone(), facts.clone()] {
            for now in now {
                let _ = decide(pack, &facts, now);
                facts.suppressions = wild.suppressions.clone();
                facts.attempts = wild.attempts.clone();
                let _ = decide(pack, &facts, now);
            }
        }
    });
}

fn facts_time(facts: &Facts) -> Timestamp {
    facts
        .attempts
        .first()
        .map_or(Timestamp::UNIX_EPOCH, |attempt| attempt.at)
}

#[test]
fn an_opt_out_just_now_denies_whatever_stood() {
    each(|dice, pack, facts, decision| {
        let now = decision.decided_at;
        let mut after = facts.clone();
        let mut entry = internal(dice, now);
        entry.at = now;
        after.suppressions.internal.push(entry);
        if facts.request.purpose != Purpose::Emergency {
            assert_eq!(decide(pack, &after, now).verdict, Verdict::Deny);
        }
    });
}

/// Every fact as it is at `at`, for good: what is dated later is not on file, what has not ended by then does not end.
fn held(facts: &Facts, at: Timestamp) -> Facts {
    let mut held = facts.clone();
    held.attempts.retain(|attempt| attempt.at <= at);
    held.consents.retain(|consent| consent.granted_at <= at);
    for consent in &mut held.consents {
        consent.expires_at = consent.expires_at.filter(|end| *end <= at);
        consent.confirmed_at = consent.confirmed_at.filter(|then| *then <= at);
    }
    held.suppressions.internal.retain(|entry| entry.at <= at);
    held.overrides
        .retain(|advice| advice.from <= at && advice.to.is_none_or(|to| at < to));
    held.overrides
        .iter_mut()
        .for_each(|advice| advice.to = None);
    held
}

#[test]
fn the_first_allowed_instant_is_allowed_and_the_second_before_is_not() {
    each(|_, pack, facts, decision| {
        let Some(at) = decision.next_allowed_at else {
            return;
        };
        assert_eq!(at.subsec_nanosecond(), 0);
        assert!(at > decision.decided_at);
        let held = held(facts, decision.decided_at);
        let clock_reasons = |at| {
            let later = decide(pack, &held, at);
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

/// Scrubs rest on it: numbers of one area code with the same facts get one decision.
#[test]
fn of_a_number_that_can_exist_only_the_area_code_counts() {
    let mut moved = 0_u64;
    each(|dice, pack, facts, decision| {
        let Some(area) = facts
            .request
            .to
            .strip_prefix("+1")
            .and_then(|ten| ten.get(..3))
        else {
            return;
        };
        if ringfence_core::lead::PhoneNumber::parse(&facts.request.to).is_err() {
            return;
        }
        let mut neighbour = facts.clone();
        neighbour.request.to = format!("+1{area}{}", 2_000_000 + dice.below(8_000_000));
        assert_eq!(decide(pack, &neighbour, decision.decided_at), *decision);
        moved += 1;
    });
    assert!(moved > ROUNDS / 2, "{moved}");
}
