//! May the seller present this number? 47 CFR 64.1601(e), 16 CFR 310.4(a)(8); the authorisation's proof and period
//! are part of the call record (16 CFR 310.5(a)(2)).

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use crate::lead::PhoneNumber;
use crate::seller::CallerId;

const RULE: &str = "us-fed-caller-id";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    let seller = &case.facts.seller.as_ref()?.profile;
    // Both days are inclusive, in every zone the callee may be in.
    let authorised = |id: &CallerId| {
        case.all_since(id.authorised_from) && id.authorised_to.is_none_or(|last| case.all_until(last))
    };
    let mut known = seller.caller_ids.iter();
    let code = ReasonCode::CallerIdNotRegistered;
    match case
        .facts
        .request
        .caller_id
        .as_deref()
        .map(PhoneNumber::parse)
    {
        None if !known.any(authorised) => {
            out.deny(code, RULE, "the seller has no caller ID in force");
        }
        None => {}
        Some(Err(error)) => out.deny(code, RULE, || format!("the caller ID is {error}")),
        Some(Ok(wanted)) if !known.any(|id| id.number == wanted && authorised(id)) => {
            out.deny(code, RULE, || {
                format!("{wanted} is not in force for this seller")
            });
        }
        Some(Ok(_)) => {}
    }
    Some(RULE)
}
