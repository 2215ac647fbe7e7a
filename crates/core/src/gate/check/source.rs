//! Sources that could not be read: each denies (invariant `unknown-denies`).

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::applied;

const RULE: &str = "ringfence-source-readable";

pub(super) fn check(case: &Case<'_>, out: &mut Findings<'_>) -> Option<String> {
    for failure in &case.facts.failures {
        let detail = format!("{} could not be read: {}", failure.source, failure.detail);
        out.deny(ReasonCode::SourceStale, RULE, detail);
    }
    applied(RULE)
}
