//! Is it a day on which a state the callee may be in bars soliciting? The observed day is closed with the day.

use super::super::case::Case;
use super::super::clock::closed_on;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

pub(super) fn check(case: &Case<'_>, out: &mut Findings<'_>) -> Option<String> {
    if case.is_emergency() {
        return None;
    }
    let mut first = None;
    for state in &case.states {
        let Some(holiday) = &state.holidays else {
            continue;
        };
        first.get_or_insert_with(|| holiday.provenance.id.clone());
        for day in case.dates() {
            if let Some(name) = closed_on(holiday, day) {
                let detail = format!("{name} in {} ({day})", state.name);
                out.defer(ReasonCode::Holiday, &holiday.provenance.id, detail);
                break;
            }
        }
    }
    first
}
