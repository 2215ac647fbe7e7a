//! Did this callee agree to such a call from this seller? 47 CFR 64.1200(a)(1)-(3), 16 CFR 310.4(b)(1)(v)(A).

use super::super::case::{Callee, Case};
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::super::relaxed::named;
use super::super::standing::Standing;
use crate::consent::Purpose;

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if matches!(case.callee, Callee::Invalid(_)) {
        return None; // no consent can be on file for a number that cannot exist
    }
    let base = match case.purpose() {
        Purpose::Telemarketing => "us-fed-consent-telemarketing-pewc",
        Purpose::Charity => "us-fed-charity",
        Purpose::Political => "us-fed-political",
        _ => "us-fed-consent-info-wireless",
    };
    match &case.standing {
        Standing::NotNeeded => None,
        Standing::Stands(_) => Some(base),
        Standing::Relaxed {
            consent,
            lacks,
            advice,
        } => {
            let by = case.pack.federal.oral_consent.as_ref();
            let by = by.map_or(base, |oral| oral.rule.id);
            for code in lacks.codes() {
                out.exempt(code, by, || format!("{}; consent {}", named(advice), consent.id));
            }
            Some(base)
        }
        Standing::Lacking(codes) => {
            for code in codes.codes() {
                out.deny(code, rule(code, base), describe(code));
            }
            Some(base)
        }
    }
}

fn rule(code: ReasonCode, base: &'static str) -> &'static str {
    match code {
        ReasonCode::ConsentRevoked => "us-fed-revocation-any-reasonable",
        ReasonCode::ConsentTextLacksElement => "us-fed-pewc-contents",
        // Naming the seller is the TSR's rule and ours, not the vacated one-to-one rule of the FCC.
        ReasonCode::ConsentOtherSeller => "us-tsr-prerecorded",
        _ => base,
    }
}

fn describe(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::ConsentMissing => "no consent on file at this time",
        ReasonCode::ConsentOtherSeller => "only consents to other sellers are on file",
        ReasonCode::ConsentRevoked => {
            "withdrawn, or older than the entry it would have to overcome"
        }
        ReasonCode::ConsentPending => "double opt-in, not yet confirmed",
        ReasonCode::ConsentExpired => "ended by its own terms",
        ReasonCode::ConsentScope => "does not cover this purpose, or no artificial voice",
        ReasonCode::ConsentLevelTooLow => "sales calls need express written consent",
        ReasonCode::ConsentTextLacksElement => {
            "the text lacks an element that written consent needs"
        }
        _ => "",
    }
}
