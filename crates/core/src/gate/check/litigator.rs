//! Numbers of people known to sue: a list of the operator's, which binds every purpose but emergencies.

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

const RULE: &str = "ringfence-litigator";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if case.is_emergency() {
        return None;
    }
    let lists = &case.facts.suppressions.litigator;
    for list in lists
        .iter()
        .filter(|list| list.listed && list.obtained_at <= case.now)
    {
        out.deny(ReasonCode::Litigator, RULE, || {
            format!("on the litigator list {}", list.name)
        });
    }
    Some(RULE)
}
