//! Has this number been called too often? Every INVITE sent counts, and every attempt reserved and not void.

use super::super::case::Case;
use super::super::clock::{cap_constraint, caps};
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

pub(super) fn check(case: &Case<'_>, out: &mut Findings<'_>) -> Option<String> {
    let mut first = None;
    for cap in caps(case) {
        first.get_or_insert_with(|| cap.provenance.id.clone());
        if !cap_constraint(case, cap).allows(case.now) {
            let hours = cap.period_seconds / 3600;
            let detail = format!("{} calls in {hours} hours are the most", cap.calls_max);
            out.defer(ReasonCode::FrequencyCap, &cap.provenance.id, detail);
        }
    }
    first
}
