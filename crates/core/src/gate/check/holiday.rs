//! Is it a day on which a state the callee may be in bars soliciting? The observed day is closed with the day.

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::super::relaxed::lifted;
use crate::rules::{Concerns, date_of};

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if case.is_emergency() || !case.concerns(Concerns::HOLIDAYS) {
        return None;
    }
    let mut first = None;
    for state in case.states() {
        let Some(closed) = &state.closed else {
            continue;
        };
        let rule = closed.rule.provenance.id;
        first.get_or_insert(rule);
        let found = case
            .days()
            .find_map(|day| closed.closed_on(day).map(|name| (name, day)));
        if let Some((name, day)) = found {
            if let Some(why) = lifted(case, &closed.rule.provenance, closed.rule.relaxation) {
                out.exempt(ReasonCode::Holiday, rule, || why);
                continue;
            }
            out.defer(ReasonCode::Holiday, rule, || {
                format!("{name} in {} ({})", state.law.name, date_of(day))
            });
        }
    }
    first
}
