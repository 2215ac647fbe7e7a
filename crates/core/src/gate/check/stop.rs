//! The STOP button: nothing dials, whatever the purpose.

use super::super::case::Case;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

const RULE: &str = "ringfence-stop";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    // Not dated by `at`: a button that is pressed answers every question with no.
    for stop in &case.facts.stops {
        out.deny(ReasonCode::Stopped, RULE, || {
            let why = stop.reason.as_deref().unwrap_or("no reason given");
            format!("stopped since {} ({}): {why}", stop.since, stop.scope)
        });
    }
    Some(RULE)
}
