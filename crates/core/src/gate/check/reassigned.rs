//! Does the number still belong to the one who agreed? 47 CFR 64.1200(m); mandatory for sales calls to Maine
//! (10 M.R.S. 1499-B(6)).

use jiff::SignedDuration;

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::applied;
use crate::suppression::{Reassigned, ReassignedAnswer};

const RULE: &str = "us-fed-rnd";

pub(super) fn check(case: &Case<'_>, out: &mut Findings<'_>) -> Option<String> {
    if case.is_emergency() {
        return None;
    }
    let answers: Vec<&ReassignedAnswer> = case
        .facts
        .suppressions
        .reassigned
        .iter()
        .filter(|answer| answer.asked_at <= case.now)
        .collect();
    let newest = answers.iter().map(|answer| answer.asked_at).max();
    let latest = || {
        answers
            .iter()
            .filter(|answer| Some(answer.asked_at) == newest)
    };
    if let Some(yes) = latest().find(|answer| answer.answer == Reassigned::Yes) {
        let detail = format!(
            "disconnected since {}, asked {}",
            yes.consent_date, yes.asked_at
        );
        out.deny(ReasonCode::Reassigned, RULE, detail);
        return applied(RULE);
    }
    if let Some((rule, days)) = required(case)
        && !answers.iter().any(|answer| is_fresh_no(case, answer, days))
    {
        let detail = format!("no `no` of the last {days} days is on file");
        out.deny(ReasonCode::ReassignedUnknown, &rule, detail);
    }
    applied(RULE)
}

/// The rule that makes an answer mandatory here, and the greatest age of the answer in days.
fn required(case: &Case<'_>) -> Option<(String, u32)> {
    let dates = case.dates();
    let by_state = case
        .states
        .iter()
        .filter_map(|state| state.reassigned.as_ref())
        .find(|(provenance, _)| {
            case.sells() && dates.iter().any(|day| provenance.in_force_on(*day))
        });
    let by_policy = case.facts.policy.reassigned_required;
    by_state
        .map(|(provenance, days)| (provenance.id.clone(), *days))
        .or_else(|| by_policy.then(|| (RULE.to_owned(), case.pack.federal.reassigned_age_days_max)))
}

/// A `no` young enough. Asked about whichever date: the answers on file bind as they were imported.
fn is_fresh_no(case: &Case<'_>, answer: &ReassignedAnswer, days: u32) -> bool {
    let most = SignedDuration::from_hours(24 * i64::from(days));
    answer.answer == Reassigned::No && case.now.duration_since(answer.asked_at) <= most
}
