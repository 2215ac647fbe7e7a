//! Is the seller known?

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

const RULE: &str = "ringfence-seller-known";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if case.facts.seller.is_none() {
        out.deny(ReasonCode::SellerUnknown, RULE, || {
            format!("no seller `{}`; put it first", case.facts.request.seller)
        });
    }
    Some(RULE)
}
