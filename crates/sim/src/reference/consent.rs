//! Which consent counts (API 5, "Consent"; 47 CFR 64.1200(a), (f)(9)).

use ringfence_core::consent::{Consent, ConsentLevel, Purpose};
use ringfence_core::gate::ReasonCode;
use ringfence_core::suppression::InternalEntry;

use super::number::{Kind, kind};
use super::{Answer, Codes, Question};

pub fn judge(question: &Question<'_>, answer: &mut Answer) {
    if question.is(Purpose::Emergency) {
        return;
    }
    let now = question.now;
    // Unclear words wait for a person, unless a consent that carries the call came after them.
    let waits = |at| {
        let consents = &question.facts.consents;
        at <= now
            && !consents.iter().any(|consent| {
                consent.granted_at > at
                    && consent.granted_at <= now
                    && consent.seller == question.facts.request.seller
                    && failures(question, consent).is_empty()
            })
    };
    if question.facts.holds.iter().any(|hold| waits(hold.at)) {
        answer.required.insert(ReasonCode::Held);
    }
    let on_file = || {
        question
            .facts
            .consents
            .iter()
            .filter(|consent| consent.granted_at <= now)
    };
    // A consent to somebody else is none to this seller, whatever else it is.
    let own: Vec<Codes> = own(question)
        .map(|consent| failures(question, consent))
        .collect();
    if stands(question) {
        return;
    }
    if entries(question).next().is_some() {
        answer.required.insert(ReasonCode::DncInternal);
    }
    let none = if entries(question).any(|entry| entry.revocation) {
        ReasonCode::ConsentRevoked
    } else if on_file().next().is_some() {
        ReasonCode::ConsentOtherSeller
    } else {
        ReasonCode::ConsentMissing
    };
    let least = own.iter().map(Codes::len).min();
    let closest = own
        .iter()
        .filter(|codes| Some(codes.len()) == least)
        .cloned();
    answer.one_of = closest.collect();
    if answer.one_of.is_empty() {
        answer.one_of = vec![Codes::from([none])];
    }
    answer.permitted.extend(own.into_iter().flatten());
    if kind(question.pack, &question.facts.request.to) == Kind::Invalid {
        // No consent can be on file for a number that cannot exist.
        answer.permitted.extend(answer.one_of.drain(..).flatten());
    }
}

/// Whether a consent carries this call.
pub fn stands(question: &Question<'_>) -> bool {
    standing(question).next().is_some()
}

/// The consents that carry this call.
fn standing<'a>(question: &'a Question<'_>) -> impl Iterator<Item = &'a Consent> {
    let form = [
        ReasonCode::ConsentLevelTooLow,
        ReasonCode::ConsentTextLacksElement,
    ];
    let oral = oral_consent_will_do(question);
    own(question).filter(move |consent| {
        let lacks = failures(question, consent);
        lacks.iter().all(|code| oral && form.contains(code))
    })
}

/// Words that nobody has understood yet hold the number, until a later consent of the callee's own.
pub fn held(question: &Question<'_>) -> bool {
    let on_file = question.facts.holds.iter();
    let mut holds = on_file.filter(|hold| hold.at <= question.now);
    let later = |at| standing(question).any(|consent| consent.granted_at > at);
    !question.is(Purpose::Emergency) && holds.any(|hold| !later(hold.at))
}

/// Whether a written consent stands for this sales call: with every element, naming the seller.
pub fn written_stands(question: &Question<'_>) -> bool {
    own(question).any(|consent| failures(question, consent).is_empty())
}

fn own<'a>(question: &'a Question<'_>) -> impl Iterator<Item = &'a Consent> {
    let on_file = question.facts.consents.iter();
    let granted = on_file.filter(|consent| consent.granted_at <= question.now);
    granted.filter(|consent| consent.seller == question.facts.request.seller)
}

/// Bradford v. Sovereign Pest Control (5th Cir. 2026): in its three states, once decided, and only on counsel's advice.
fn oral_consent_will_do(question: &Question<'_>) -> bool {
    let Some(oral) = &question.pack.federal.oral_consent else {
        return false;
    };
    let places = &question.places;
    let advised = question.overridden(oral.relaxes) || question.overridden(oral.rule.id);
    advised
        && !places.states.is_empty()
        && !places.unplaced
        && places
            .states
            .iter()
            .all(|state| ["TX", "LA", "MS"].contains(&state.as_str()))
        && question
            .days(question.now)
            .into_iter()
            .all(|day| oral.rule.in_force_on(day))
}

/// The internal entries on file. The facts hold those that bind this seller.
fn entries<'a>(question: &'a Question<'_>) -> impl Iterator<Item = &'a InternalEntry> {
    let entries = question.facts.suppressions.internal.iter();
    entries.filter(|entry| entry.at <= question.now)
}

fn failures(question: &Question<'_>, consent: &Consent) -> Codes {
    let request = &question.facts.request;
    let now = question.now;
    let mut found = Codes::new();
    if entries(question).any(|entry| consent.granted_at <= entry.at) {
        found.insert(ReasonCode::ConsentRevoked);
    }
    if !consent.purposes.contains(&request.purpose) || !consent.artificial_voice {
        found.insert(ReasonCode::ConsentScope);
    }
    if consent.expires_at.is_some_and(|end| end <= now) {
        found.insert(ReasonCode::ConsentExpired);
    }
    if consent.double_opt_in && consent.confirmed_at.is_none_or(|at| at > now) {
        found.insert(ReasonCode::ConsentPending);
    }
    if request.purpose == Purpose::Telemarketing {
        if consent.level != ConsentLevel::ExpressWritten {
            found.insert(ReasonCode::ConsentLevelTooLow);
        } else if !consent.missing.is_empty() {
            found.insert(ReasonCode::ConsentTextLacksElement);
        }
    }
    found
}
