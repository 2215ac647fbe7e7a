//! Does the number still belong to the one who agreed? 47 CFR 64.1200(m); mandatory for sales calls to Maine
//! (10 M.R.S. 1499-B(6)).

use jiff::SignedDuration;

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use crate::rules::Concerns;
use crate::suppression::{Reassigned, ReassignedAnswer};

const RULE: &str = "us-fed-rnd";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if case.is_emergency() {
        return None;
    }
    let on_file = &case.facts.suppressions.reassigned;
    let asked_for = case.concerns(Concerns::REASSIGNED) || case.facts.policy.reassigned_required;
    if on_file.is_empty() && !asked_for {
        return Some(RULE);
    }
    let answers = || on_file.iter().filter(|answer| answer.asked_at <= case.now);
    let newest = answers().map(|answer| answer.asked_at).max();
    let latest = || answers().filter(|answer| Some(answer.asked_at) == newest);
    if let Some(yes) = latest().find(|answer| answer.answer == Reassigned::Yes) {
        out.deny(ReasonCode::Reassigned, RULE, || {
            format!(
                "disconnected since {}, asked {}",
                yes.consent_date, yes.asked_at
            )
        });
        return Some(RULE);
    }
    if let Some((rule, days)) = required(case)
        && !answers().any(|answer| is_fresh_no(case, answer, days))
    {
        out.deny(ReasonCode::ReassignedUnknown, rule, || {
            format!("no `no` of the last {days} days is on file")
        });
    }
    Some(RULE)
}

/// The rule that makes an answer mandatory here, and the greatest age of the answer in days.
fn required(case: &Case<'_>) -> Option<(&'static str, u32)> {
    let by_state = case.states().find_map(|state| {
        let (rule, days) = state.law.reassigned.as_ref()?;
        let binds = case.sells() && case.in_force(state.reassigned?);
        binds.then_some((rule.id, *days))
    });
    let by_policy = case.facts.policy.reassigned_required;
    by_state.or_else(|| by_policy.then_some((RULE, case.pack.federal.reassigned_age_days_max)))
}

/// A `no` young enough. Asked about whichever date: the answers on file bind as they were imported.
fn is_fresh_no(case: &Case<'_>, answer: &ReassignedAnswer, days: u32) -> bool {
    let most = SignedDuration::from_hours(24 * i64::from(days));
    answer.answer == Reassigned::No && case.now.duration_since(answer.asked_at) <= most
}
