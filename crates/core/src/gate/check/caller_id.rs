//! May the seller present this number? 47 CFR 64.1601(e), 16 CFR 310.4(a)(8); the authorisation's proof and period
//! are part of the call record (16 CFR 310.5(a)(2)).

use jiff::civil::Date;

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use crate::lead::PhoneNumber;
use crate::seller::CallerId;

const RULE: &str = "us-fed-caller-id";

pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    let seller = &case.facts.seller.as_ref()?.profile;
    let dates = case.dates();
    let mut in_force = seller.caller_ids.iter().filter(|id| authorised(id, dates.clone()));
    let code = ReasonCode::CallerIdNotRegistered;
    match case
        .facts
        .request
        .caller_id
        .as_deref()
        .map(PhoneNumber::parse)
    {
        None if in_force.next().is_none() => {
            out.deny(code, RULE, "the seller has no caller ID in force");
        }
        None => {}
        Some(Err(error)) => out.deny(code, RULE, || format!("the caller ID is {error}")),
        Some(Ok(wanted)) if !in_force.any(|id| id.number == wanted) => {
            out.deny(code, RULE, || {
                format!("{wanted} is not in force for this seller")
            });
        }
        Some(Ok(_)) => {}
    }
    Some(RULE)
}

/// Both days are inclusive, in every zone the callee may be in.
fn authorised(id: &CallerId, mut dates: impl Iterator<Item = Date>) -> bool {
    dates.all(|day| id.authorised_from <= day && id.authorised_to.is_none_or(|last| day <= last))
}
