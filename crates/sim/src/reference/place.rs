//! Where the callee may be (API 5, "Hours"), and the places that deny by themselves.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{CallRequest, ReasonCode};
use ringfence_core::lead::StateCode;
use ringfence_core::rules::{
    AreaCode, ArtificialVoiceAction, Jurisdiction, Provenance, Relaxation, RulePack,
};

use super::consent;
use super::number::{Kind, kind};
use super::{Answer, Question};

/// Candidate states and zones. Every one must allow.
#[derive(Debug, Default)]
pub struct Whereabouts {
    /// Of the area code, the ZIP and the stated state, each once.
    pub states: Vec<StateCode>,
    /// Of the area code, the ZIP, the stated state where no ZIP narrows it, and the stated zone.
    pub zones: Vec<TimeZone>,
    /// A state, ZIP or zone was stated that is in no table: the strictest hours are tested as well.
    pub unplaced: bool,
    /// It was the state or the zone: nobody can say which law or clock holds.
    pub nowhere: bool,
}

pub fn whereabouts(pack: &RulePack, request: &CallRequest) -> Whereabouts {
    let mut found = Whereabouts::default();
    if let Kind::Us(code) = kind(pack, &request.to)
        && let AreaCode::Us { state, zones, .. } = pack.places.area_code(code)
    {
        found.states.push(state);
        found.zones.extend(zones.iter().cloned());
    }
    let zip = request
        .place
        .zip
        .as_deref()
        .and_then(|zip| pack.places.zip(zip));
    found.unplaced = request.place.zip.is_some() && zip.is_none();
    if let Some((state, zone)) = zip {
        found.states.push(state);
        found.zones.push(zone.clone());
    }
    if let Some(stated) = request.place.state {
        match pack.jurisdictions.get(&stated) {
            Some(jurisdiction) => {
                found.states.push(stated);
                // A ZIP narrows its own state only.
                if zip.is_none_or(|(state, _)| state != stated) {
                    found.zones.extend(jurisdiction.time_zones.iter().cloned());
                }
            }
            None => found.nowhere = true,
        }
    }
    if let Some(name) = &request.place.time_zone {
        match pack.places.zone(name) {
            Some(zone) => found.zones.push(zone),
            None => found.nowhere = true,
        }
    }
    found.unplaced |= found.nowhere;
    found.states.sort();
    found.states.dedup();
    let mut zones: Vec<TimeZone> = Vec::new();
    for zone in found.zones {
        if !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    found.zones = zones;
    found
}

impl Question<'_> {
    /// The candidate states' rows.
    pub fn jurisdictions(&self) -> impl Iterator<Item = &Jurisdiction> {
        self.places
            .states
            .iter()
            .filter_map(|code| self.pack.jurisdictions.get(code))
    }

    /// The days that `t` falls on in the candidate zones; that of UTC where there is none.
    pub fn days(&self, t: Timestamp) -> Vec<Date> {
        if self.places.zones.is_empty() {
            return vec![t.to_zoned(TimeZone::UTC).date()];
        }
        let zones = self.places.zones.iter();
        zones.map(|zone| t.to_zoned(zone.clone()).date()).collect()
    }

    /// Whether a rule that is no window binds: in force on the day of any candidate zone.
    pub fn binds(&self, rule: &Provenance) -> bool {
        self.days(self.now)
            .into_iter()
            .any(|day| rule.in_force_on(day))
    }

    /// Whether counsel's advice lifts this rule, which the pack lays open to it.
    pub fn lifted(&self, rule: &Provenance, relaxation: Option<Relaxation>) -> bool {
        relaxation.is_some_and(|open| {
            self.overridden(rule.id) && (!open.needs_consent || consent::stands(self))
        })
    }

    /// Whether counsel's advice on this rule is on file and in force.
    pub fn overridden(&self, rule: &str) -> bool {
        self.facts.overrides.iter().any(|advice| {
            advice.rule == rule
                && advice.from <= self.now
                && advice.to.is_none_or(|to| self.now < to)
        })
    }
}

pub fn judge(question: &Question<'_>, answer: &mut Answer) {
    let unread = question.jurisdictions().any(|state| {
        state
            .unread
            .as_ref()
            .is_some_and(|rule| question.binds(rule))
    });
    // Nobody has read the law of a place that is in no table either.
    if unread || (question.places.nowhere && !question.is(Purpose::Emergency)) {
        answer.required.insert(ReasonCode::JurisdictionUnread);
    }
    if !question.is(Purpose::Telemarketing) {
        return;
    }
    let prohibits = question.jurisdictions().any(|state| {
        let voice = &state.artificial_voice;
        voice.action == ArtificialVoiceAction::ProhibitWithoutOverride
            && question.binds(&voice.provenance)
            && !question.overridden(voice.provenance.id)
    });
    if prohibits {
        answer.required.insert(ReasonCode::JurisdictionProhibits);
    }
    let declared = question.facts.emergency_areas.iter().any(|area| {
        let lasts = area.from <= question.now && area.to.is_none_or(|to| question.now < to);
        let states = &question.places.states;
        let state = area.states.iter().any(|state| states.contains(state));
        lasts && (state || area.zips.iter().any(|zip| may_be_in_zip(question, zip)))
    });
    if declared {
        answer.required.insert(ReasonCode::EmergencyArea);
    }
}

/// Whether the callee may be in this ZIP: it is the stated one, or it lies in a candidate state in which no ZIP of theirs
/// is known.
fn may_be_in_zip(question: &Question<'_>, zip: &str) -> bool {
    let five = |zip: &str| zip.trim().chars().take(5).collect::<String>();
    let stated = question.facts.request.place.zip.as_deref();
    if stated.is_some_and(|stated| five(stated) == five(zip)) {
        return true;
    }
    let places = &question.pack.places;
    let known = stated
        .and_then(|stated| places.zip(stated))
        .map(|(state, _)| state);
    let of = places.zip(zip).map(|(state, _)| state);
    of.is_some_and(|state| known != Some(state) && question.places.states.contains(&state))
}
