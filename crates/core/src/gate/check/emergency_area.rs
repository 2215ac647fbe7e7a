//! Telemarketing to an area under a declared emergency (La. R.S. 45:844.31, N.Y. GBL 399-z(5-a)); elsewhere the
//! operator's own table is policy.

use super::super::case::Case;
use super::super::facts::EmergencyArea;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;

const POLICY: &str = "ringfence-emergency-area";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    if !case.sells() {
        return None;
    }
    let current =
        |area: &&EmergencyArea| area.from <= case.now && area.to.is_none_or(|to| case.now < to);
    for area in case.facts.emergency_areas.iter().filter(current) {
        if may_be_inside(case, area) {
            out.deny(ReasonCode::EmergencyArea, rule(case, area), || {
                format!("may be in the emergency area {} ({})", area.id, area.source)
            });
        }
    }
    Some(POLICY)
}

fn may_be_inside(case: &Case<'_>, area: &EmergencyArea) -> bool {
    area.states.iter().any(|code| case.may_be_in(*code))
        || area.zips.iter().any(|zip| may_be_in_zip(case, zip))
}

/// The stated ZIP's own; or one of a candidate state in which no stated ZIP places the callee, so that they may be
/// anywhere in it.
fn may_be_in_zip(case: &Case<'_>, zip: &str) -> bool {
    let places = &case.pack.places;
    let stated = case.facts.request.place.zip.as_deref();
    if stated.is_some_and(|stated| five(stated) == five(zip)) {
        return true;
    }
    let placed_in = stated.and_then(|stated| places.zip(stated));
    places.zip(zip).is_some_and(|(code, _)| {
        placed_in.is_none_or(|(state, _)| state != code) && case.may_be_in(code)
    })
}

/// The five digits of a ZIP or ZIP+4.
fn five(zip: &str) -> &str {
    let zip = zip.trim();
    zip.split_once('-').map_or(zip, |(five, _)| five)
}

fn rule(case: &Case<'_>, area: &EmergencyArea) -> &'static str {
    let laws = case.states().map(|state| &state.law).filter(|state| {
        area.states.contains(&state.code)
            || area.zips.iter().any(|zip| {
                case.pack
                    .places
                    .zip(zip)
                    .is_some_and(|(code, _)| code == state.code)
            })
    });
    laws.filter_map(|state| state.emergency_ban.as_ref())
        .map(|ban| ban.id)
        .next()
        .unwrap_or(POLICY)
}
