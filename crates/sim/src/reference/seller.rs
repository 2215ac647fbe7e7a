//! The seller, its caller IDs, its disclosure and its registrations (API 2, `PUT /v1/sellers/{id}`).

use jiff::civil::Date;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::ReasonCode;
use ringfence_core::lead::StateCode;
use ringfence_core::seller::{Seller, names_seller};

use super::{Answer, Question};

pub fn judge(question: &Question<'_>, answer: &mut Answer) {
    let Some(seller) = &question.facts.seller else {
        answer.required.insert(ReasonCode::SellerUnknown);
        // It has no caller ID, disclosure, registration or subscription, hence no registry copy, either: the same obstacle.
        answer.permitted.extend([
            ReasonCode::CallerIdNotRegistered,
            ReasonCode::DisclosureMissing,
            ReasonCode::RegistrationMissing,
            ReasonCode::DncNotSubscribed,
            ReasonCode::DncNational,
            ReasonCode::DncStale,
        ]);
        return;
    };
    let days = question.days(question.now);
    if !may_present(question, &seller.profile, &days) {
        answer.required.insert(ReasonCode::CallerIdNotRegistered);
    }
    // A recorded prompt is what is played, so it must name the seller; only without one a TTS speaks.
    let disclosed = match &seller.disclosure.words {
        Some(words) => names_seller(words, &seller.profile.name),
        None => seller.disclosure.spoken_by_tts,
    };
    if !disclosed {
        answer.required.insert(ReasonCode::DisclosureMissing);
    }
    if question.is(Purpose::Telemarketing) {
        let missing = question.jurisdictions().any(|state| {
            let row = state.registration.as_ref();
            row.is_some_and(|rule| question.binds(rule))
                && !attested(&seller.profile, state.code, &days)
        });
        if missing {
            answer.required.insert(ReasonCode::RegistrationMissing);
        }
    }
}

/// A caller ID counts on a day within its authorisation, both days inclusive, in every candidate zone.
fn may_present(question: &Question<'_>, seller: &Seller, days: &[Date]) -> bool {
    seller.caller_ids.iter().any(|id| {
        let named = question
            .facts
            .request
            .caller_id
            .as_ref()
            .is_none_or(|text| *text == id.number.e164());
        named
            && days.iter().all(|day| {
                id.authorised_from <= *day && id.authorised_to.is_none_or(|last| *day <= last)
            })
    })
}

fn attested(seller: &Seller, state: StateCode, days: &[Date]) -> bool {
    seller.registrations.iter().any(|row| {
        row.state == state
            && (row.number.is_some() || row.exempt_because.is_some())
            && days
                .iter()
                .all(|day| row.expires_on.is_none_or(|last| *day <= last))
    })
}
