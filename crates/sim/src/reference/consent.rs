//! Which consent counts (API 5, "Consent"; 47 CFR 64.1200(a), (f)(9)).

use jiff::Timestamp;
use ringfence_core::consent::{Consent, ConsentLevel, Purpose};
use ringfence_core::gate::ReasonCode;

use super::{Answer, Codes, Question};

pub fn judge(question: &Question<'_>, answer: &mut Answer) {
    if question.is(Purpose::Emergency) {
        return;
    }
    let on_file: Vec<Codes> = question
        .facts
        .consents
        .iter()
        .filter(|consent| consent.granted_at <= question.now)
        .map(|consent| failures(question, consent))
        .collect();
    let stands = on_file.iter().any(Codes::is_empty);
    if !stands && last_entry(question).is_some() {
        answer.required.insert(ReasonCode::DncInternal);
    }
    if stands {
        return;
    }
    let closest = on_file.iter().map(Codes::len).min();
    answer.one_of = match closest {
        Some(least) => on_file
            .iter()
            .filter(|codes| codes.len() == least)
            .cloned()
            .collect(),
        None if last_revocation(question).is_some() => {
            vec![Codes::from([ReasonCode::ConsentRevoked])]
        }
        None => vec![Codes::from([ReasonCode::ConsentMissing])],
    };
    answer.permitted.extend(on_file.into_iter().flatten());
}

/// Whether a written consent stands for this call: with every element, naming the seller.
pub fn written_stands(question: &Question<'_>) -> bool {
    question.facts.consents.iter().any(|consent| {
        consent.granted_at <= question.now
            && consent.level == ConsentLevel::ExpressWritten
            && consent.missing.is_empty()
            && failures(question, consent).is_empty()
    })
}

/// The latest internal entry on file that binds this seller.
fn last_entry(question: &Question<'_>) -> Option<Timestamp> {
    let entries = question.facts.suppressions.internal.iter();
    entries
        .map(|entry| entry.at)
        .filter(|at| *at <= question.now)
        .max()
}

fn last_revocation(question: &Question<'_>) -> Option<Timestamp> {
    let entries = question.facts.suppressions.internal.iter();
    let revocations = entries.filter(|entry| entry.revocation);
    revocations
        .map(|entry| entry.at)
        .filter(|at| *at <= question.now)
        .max()
}

fn failures(question: &Question<'_>, consent: &Consent) -> Codes {
    let request = &question.facts.request;
    let now = question.now;
    let mut found = Codes::new();
    if consent.seller != request.seller {
        found.insert(ReasonCode::ConsentOtherSeller);
    }
    if last_entry(question).is_some_and(|entry| consent.granted_at <= entry) {
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
