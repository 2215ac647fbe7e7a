//! The seller's own do-not-call list, and what an opt-out puts there. 47 CFR 64.1200(d); only a later consent of
//! the callee's own ends it (invariant `opt-out-wins`).

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

const RULE: &str = "us-fed-company-dnc";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if case.is_emergency() {
        return None;
    }
    let entries = &case.facts.suppressions.internal;
    let latest = entries
        .iter()
        .filter(|entry| entry.at <= case.now)
        .max_by_key(|entry| entry.at);
    // A standing consent is later than every entry, or it would not stand.
    if let Some(entry) = latest {
        match case.standing.record() {
            Some(consent) => out.exempt(ReasonCode::DncInternal, RULE, || {
                format!(
                    "consent {} of {} is later than {}",
                    consent.id, consent.granted_at, entry.id
                )
            }),
            None => out.deny(ReasonCode::DncInternal, RULE, || {
                format!("on the internal list since {} ({})", entry.at, entry.id)
            }),
        }
    }
    Some(RULE)
}
