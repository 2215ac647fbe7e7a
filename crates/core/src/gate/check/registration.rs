//! Is the seller registered as a telemarketer wherever that may be required?

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use crate::seller::Registration;

pub(super) fn check(case: &Case<'_>, out: &mut Findings<'_>) -> Option<String> {
    let seller = case.facts.seller.as_ref()?;
    if !case.sells() {
        return None;
    }
    let dates = case.dates();
    let answers = |registration: &Registration| {
        let in_force = registration
            .expires_on
            .is_none_or(|last| dates.iter().all(|day| *day <= last));
        // An exemption that was recorded with a last day ends with it, like a certificate.
        in_force && (registration.number.is_some() || registration.exempt_because.is_some())
    };
    let mut first = None;
    for state in &case.states {
        let Some(rule) = &state.registration else {
            continue;
        };
        if !dates.iter().any(|day| rule.in_force_on(*day)) {
            continue;
        }
        first.get_or_insert_with(|| rule.id.clone());
        let held = &seller.profile.registrations;
        if !held.iter().any(|r| r.state == state.code && answers(r)) {
            let detail = format!(
                "no registration in force for {}, and no exemption",
                state.name
            );
            out.deny(ReasonCode::RegistrationMissing, &rule.id, detail);
        }
    }
    first
}
