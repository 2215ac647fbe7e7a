//! A number whose callee said something unclear waits for a person's decision, or for the day on which silence counts
//! as an opt-out. A consent of the callee's own that is later than the words, and carries the call, ends the wait.

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

const RULE: &str = "ringfence-hold";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if case.is_emergency() {
        return None;
    }
    let holds = case.facts.holds.iter();
    for hold in holds.filter(|hold| hold.at <= case.now) {
        let later = case.standing.record();
        match later.filter(|consent| consent.granted_at > hold.at) {
            Some(consent) => out.exempt(ReasonCode::Held, RULE, || {
                format!(
                    "consent {} of {} is later than {}",
                    consent.id, consent.granted_at, hold.id
                )
            }),
            None => out.deny(ReasonCode::Held, RULE, || {
                format!("held for review since {} ({})", hold.at, hold.id)
            }),
        }
    }
    Some(RULE)
}
