//! Has this number been called too often? Every INVITE sent counts, and every attempt reserved and not void.

use super::super::case::Case;
use super::super::clock::{each_cap, under_cap};
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::super::relaxed::relaxed_cap;

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    let mut first = None;
    each_cap(case, |cap, days| {
        let rule = cap.provenance.id;
        if !case.in_force(days) {
            return;
        }
        first.get_or_insert(rule);
        if under_cap(cap, &case.facts.attempts, case.now) {
            return;
        }
        let code = ReasonCode::FrequencyCap;
        if let Some(why) = relaxed_cap(case, cap) {
            return out.exempt(code, rule, || why);
        }
        out.defer(code, rule, || {
            let hours = cap.period_seconds / 3600;
            format!("{} calls in {hours} hours are the most", cap.calls_max)
        });
    });
    first
}
