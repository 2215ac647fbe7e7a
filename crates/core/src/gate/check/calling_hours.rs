//! May a call begin at this time of day? 47 CFR 64.1200(c)(1), 16 CFR 310.4(c) and the states' own windows, every
//! one in every zone the callee may be in. A Sunday closed all day has a code of its own.

use super::super::case::Case;
use super::super::clock::{each_window, is_open};
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use super::super::relaxed::lifted;
use crate::rules::{Local, Window, Zone};

/// As [`Local::weekday`] counts.
const SUNDAY: u8 = 6;

const FEDERAL: &str = "us-fed-calling-hours";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if case.is_emergency() {
        return None;
    }
    if let Some(what) = &case.unplaced {
        unplaced(case, what, out);
    }
    let margin = case.facts.policy.closing_margin_seconds;
    let surely_open = |local| case.states().all(|state| state.surely_open(local, margin));
    if case.unplaced.is_none()
        && case.is_placed()
        && case.zones().all(|(_, local)| surely_open(local))
    {
        return Some(FEDERAL);
    }
    each_window(case, |window, zone, local| {
        if !is_open(case, window, zone, local) {
            closed(case, window, zone, local, out);
        }
    });
    Some(FEDERAL)
}

#[cold]
fn closed(case: &Case<'_>, window: &Window, zone: &Zone, local: Local, out: &mut Findings) {
    let hours = &window.hours;
    let today = hours.week.get(usize::from(local.weekday));
    let sunday = local.weekday == SUNDAY && today.is_none_or(Vec::is_empty);
    let code = if sunday {
        ReasonCode::Sunday
    } else {
        ReasonCode::CallingHours
    };
    if let Some(why) = lifted(case, &hours.provenance, hours.relaxation) {
        return out.exempt(code, hours.provenance.id, || why);
    }
    out.defer(code, hours.provenance.id, || {
        let local = zone.rules.to_datetime(case.now);
        let zone = zone.name.unwrap_or("a fixed offset");
        format!(
            "it is {} {} in {zone}",
            local.strftime("%A"),
            local.strftime("%H:%M:%S")
        )
    });
}

/// A place that no table knows: no window can be proven for it.
fn unplaced(case: &Case<'_>, what: &str, out: &mut Findings) {
    let stated_state_is_unknown = case
        .facts
        .request
        .place
        .state
        .is_some_and(|state| !case.pack.jurisdictions.contains_key(&state));
    let zone_is_unknown = case
        .facts
        .request
        .place
        .time_zone
        .as_ref()
        .is_some_and(|name| case.pack.places.zone(name).is_none());
    if stated_state_is_unknown || zone_is_unknown {
        let rule = case.pack.strictest_unknown.provenance.id;
        out.deny(ReasonCode::JurisdictionUnread, rule, || {
            format!("{what} is in no table")
        });
    }
}
