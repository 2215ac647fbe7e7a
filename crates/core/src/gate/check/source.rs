//! Sources that could not be read: each denies (invariant `unknown-denies`).

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

const RULE: &str = "ringfence-source-readable";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    for failure in &case.facts.failures {
        out.deny(ReasonCode::SourceStale, RULE, || {
            format!("{} could not be read: {}", failure.source, failure.detail)
        });
    }
    Some(RULE)
}
