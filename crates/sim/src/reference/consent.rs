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
    let on_file = || {
        question
            .facts
            .consents
            .iter()
            .filter(|consent| consent.granted_at <= now)
    };
    // A consent to somebody else is none to this seller, whatever else it is.
    let own = on_file().filter(|consent| consent.seller == question.facts.request.seller);
    let own: Vec<Codes> = own.map(|consent| failures(question, consent)).collect();
    if own.iter().any(Codes::is_empty) {
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

/// Whether a written consent stands for this call: with every element, naming the seller.
pub fn written_stands(question: &Question<'_>) -> bool {
    question.facts.consents.iter().any(|consent| {
        consent.granted_at <= question.now
            && consent.level == ConsentLevel::ExpressWritten
            && consent.missing.is_empty()
            && consent.seller == question.facts.request.seller
            && failures(question, consent).is_empty()
    })
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
