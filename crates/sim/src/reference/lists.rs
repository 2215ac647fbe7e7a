//! Lists of others: the national registry, the states', litigators, reassigned numbers (API 5, "DNC", "Reassigned
//! numbers").

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{Facts, ReasonCode, RelationshipKind};
use ringfence_core::suppression::{ListAnswer, Reassigned, ReassignedAnswer};

use super::consent::written_stands;
use super::number::{Kind, kind};
use super::{Answer, Question};

pub fn judge(question: &Question<'_>, answer: &mut Answer) {
    let lists = &question.facts.suppressions;
    let held = |list: &ListAnswer| list.listed && on_file(list, question.now);
    if lists.litigator.iter().any(held) && !question.is(Purpose::Emergency) {
        answer.required.insert(ReasonCode::Litigator);
    }
    reassigned(question, answer);
    if question.is(Purpose::Telemarketing) {
        national(question, answer);
        states(question, answer);
        if [Kind::Invalid, Kind::NotDialable]
            .contains(&kind(question.pack, &question.facts.request.to))
        {
            // No list can hold such a number, nor cover it.
            for code in LISTS {
                if answer.required.remove(&code) {
                    answer.permitted.insert(code);
                }
            }
        }
    }
}

const LISTS: [ReasonCode; 4] = [
    ReasonCode::DncNational,
    ReasonCode::DncState,
    ReasonCode::DncStale,
    ReasonCode::DncNotSubscribed,
];

fn on_file(list: &ListAnswer, now: Timestamp) -> bool {
    list.obtained_at <= now && list.effective_at.is_none_or(|at| at <= now)
}

fn days(count: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(count))
}

/// 47 CFR 64.1200(c)(2); 16 CFR 310.4(b)(1)(iii)(B), 310.8.
fn national(question: &Question<'_>, answer: &mut Answer) {
    let (facts, now) = (question.facts, question.now);
    let today = question.days(now);
    let subscribed = facts.seller.as_ref().is_some_and(|seller| {
        let san = seller.profile.san.as_ref();
        san.is_some_and(|san| today.iter().all(|day| *day <= san.expires_on))
    });
    let list = facts
        .suppressions
        .national
        .as_ref()
        .filter(|list| on_file(list, now));
    if facts.seller.is_some() && (!subscribed || list.is_none()) {
        answer.required.insert(ReasonCode::DncNotSubscribed);
    }
    let (Some(list), Some(_)) = (list, &facts.seller) else {
        return;
    };
    if now.duration_since(list.obtained_at) > days(question.pack.federal.registry_age_days_max) {
        answer.required.insert(ReasonCode::DncStale);
    }
    let lifted = written_stands(question) || related(question);
    if list.listed && (!lifted || facts.policy.national_hit_always_denies) {
        answer.required.insert(ReasonCode::DncNational);
    }
}

/// An established business relationship: 18 months from a purchase, 3 from an inquiry, ended by a do-not-call request
/// (47 CFR 64.1200(f)(5)).
fn related(question: &Question<'_>) -> bool {
    let (facts, now) = (question.facts, question.now);
    let (purchase, inquiry) = question.pack.federal.relationship_months;
    facts.relationships.iter().any(|tie| {
        let months = match tie.kind {
            RelationshipKind::Purchase => purchase,
            RelationshipKind::Inquiry => inquiry,
        };
        let began = tie.at.to_zoned(TimeZone::UTC);
        let ends = began.checked_add(i64::from(months).months());
        tie.at <= now
            && ends.is_ok_and(|ends| now <= ends.timestamp())
            && !asked_to_stop(facts, now)
    })
}

/// A do-not-call request ends a relationship "even if the subscriber continues to do business with the seller"
/// (47 CFR 64.1200(f)(5)(i)), so that no later purchase makes a new one.
fn asked_to_stop(facts: &Facts, now: Timestamp) -> bool {
    facts
        .suppressions
        .internal
        .iter()
        .any(|entry| entry.at <= now)
}

/// A number on a state's list is not called, wherever else the callee may be: to be on it is evidence of being there.
/// That there is a list, and that it is current, is asked of the candidate states.
fn states(question: &Question<'_>, answer: &mut Answer) {
    for (code, state) in &question.pack.jurisdictions {
        let of_state = |list: &&ListAnswer| {
            list.name.eq_ignore_ascii_case(code.as_str()) && on_file(list, question.now)
        };
        let lists = question.facts.suppressions.states.iter().filter(of_state);
        let lists: Vec<&ListAnswer> = lists.collect();
        let lifted = state.list.lifted_by_written_consent && written_stands(question);
        if !lifted && lists.iter().any(|list| list.listed) {
            answer.required.insert(ReasonCode::DncState);
        }
        if !question.places.states.contains(code) {
            continue;
        }
        if state.list.own_list && lists.is_empty() {
            answer.required.insert(ReasonCode::DncNotSubscribed);
        }
        if lists
            .iter()
            .any(|list| list.expires_at.is_some_and(|end| end <= question.now))
        {
            answer.required.insert(ReasonCode::DncStale);
        }
    }
}

/// 47 CFR 64.1200(m); 10 M.R.S. 1499-B(6).
fn reassigned(question: &Question<'_>, answer: &mut Answer) {
    if question.is(Purpose::Emergency) {
        return;
    }
    let known = question.facts.suppressions.reassigned.iter();
    let known: Vec<&ReassignedAnswer> = known
        .filter(|given| given.asked_at <= question.now)
        .collect();
    let newest = known.iter().map(|given| given.asked_at).max();
    let says_yes = |given: &&ReassignedAnswer| {
        Some(given.asked_at) == newest && given.answer == Reassigned::Yes
    };
    if known.iter().any(says_yes) {
        answer.required.insert(ReasonCode::Reassigned);
        return;
    }
    let mut limits: Vec<u32> = Vec::new();
    if question.facts.policy.reassigned_required {
        limits.push(question.pack.federal.reassigned_age_days_max);
    }
    if question.is(Purpose::Telemarketing) {
        let of_states = question
            .jurisdictions()
            .filter_map(|state| state.reassigned.as_ref());
        limits.extend(
            of_states
                .filter(|(rule, _)| question.binds(rule))
                .map(|(_, age)| *age),
        );
    }
    let fresh = |limit: &u32| {
        known.iter().any(|given| {
            given.answer == Reassigned::No
                && question.now.duration_since(given.asked_at) <= days(*limit)
        })
    };
    if !limits.iter().all(fresh) {
        answer.required.insert(ReasonCode::ReassignedUnknown);
    }
}
