//! Is the seller known?

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::applied;

const RULE: &str = "ringfence-seller-known";

pub(super) fn check(case: &Case<'_>, out: &mut Findings<'_>) -> Option<String> {
    if case.facts.seller.is_none() {
        let detail = format!("no seller `{}`; put it first", case.facts.request.seller);
        out.deny(ReasonCode::SellerUnknown, RULE, detail);
    }
    applied(RULE)
}
