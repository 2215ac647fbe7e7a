//! The STOP button: nothing dials, whatever the purpose.

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::applied;

const RULE: &str = "ringfence-stop";

pub(super) fn check(case: &Case<'_>, out: &mut Findings<'_>) -> Option<String> {
    // Not dated by `at`: a button that is pressed answers every question with no.
    for stop in &case.facts.stops {
        let why = stop.reason.as_deref().unwrap_or("no reason given");
        let detail = format!("stopped since {} ({}): {why}", stop.since, stop.scope);
        out.deny(ReasonCode::Stopped, RULE, detail);
    }
    applied(RULE)
}
