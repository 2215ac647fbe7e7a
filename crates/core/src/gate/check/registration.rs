//! Is the seller registered as a telemarketer wherever that may be required?

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use crate::lead::StateCode;
use crate::rules::Concerns;
use crate::seller::Registration;

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    let seller = case.facts.seller.as_ref()?;
    if !case.sells() || !case.concerns(Concerns::REGISTRATION) {
        return None;
    }
    let held = seller.profile.registrations.as_slice();
    let answers = |registration: &Registration| {
        let in_force = registration.expires_on.is_none_or(|last| case.all_until(last));
        // An exemption that was recorded with a last day ends with it, like a certificate.
        in_force && (registration.number.is_some() || registration.exempt_because.is_some())
    };
    let mut first = None;
    for state in case.states() {
        let (Some(rule), Some(days)) = (&state.law.registration, state.registration) else {
            continue;
        };
        if !case.in_force(days) {
            continue;
        }
        first.get_or_insert(rule.id);
        let code = state.law.code;
        // Mostly in the order of their states, and if not, all are looked at.
        let likely = likely(held, code, state.number);
        if !likely.is_some_and(answers) && !held.iter().any(|r| r.state == code && answers(r)) {
            out.deny(ReasonCode::RegistrationMissing, rule.id, || {
                format!(
                    "no registration in force for {}, and no exemption",
                    state.law.name
                )
            });
        }
    }
    first
}

/// The registration for this state, the `number`th of all by code, where they stand in the order of their codes: looked
/// for from where it stands if none is left out.
#[inline]
fn likely(held: &[Registration], code: StateCode, number: usize) -> Option<&Registration> {
    let mut place = number.min(held.len().checked_sub(1)?);
    loop {
        let registration = held.get(place)?;
        if registration.state.number() <= code.number() {
            return (registration.state == code).then_some(registration);
        }
        place = place.checked_sub(1)?;
    }
}
