//! Is it a number that may be dialed at all?

use super::super::case::{Callee, Case};
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    match &case.callee {
        Callee::Us(_) => {}
        Callee::UnknownAreaCode(number) => {
            let area = number.area_code().unwrap_or_default();
            out.deny(
                ReasonCode::NumberUnknownAreaCode,
                "ringfence-number-table",
                || format!("area code {area} is in no table; an overlay may be added"),
            );
        }
        Callee::NotDialable => out.deny(
            ReasonCode::NumberNotDialable,
            "ringfence-number-dialable",
            "toll-free, premium, personal, or not a US number",
        ),
        Callee::Invalid(error) => {
            out.deny(
                ReasonCode::NumberInvalid,
                "ringfence-number-e164",
                || error.to_string(),
            );
        }
    }
    Some("ringfence-number-table")
}
