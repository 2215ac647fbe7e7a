//! One call before the gate: the facts, with what the pack makes of the number and the place.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::few::Few;
use super::relaxed::advice;
use super::standing::{Form, Standing, lacks_of_form, standing};
use super::{Candidates, Facts};
use crate::consent::Purpose;
use crate::lead::{NumberError, PhoneNumber, StateCode};
use crate::rules::{
    AreaCode, Concerns, Days, Local, RulePack, State, StateNo, Zone, ZoneNo, day_number,
};

/// What the number is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Callee {
    /// A US number whose area code is in the tables.
    Us(PhoneNumber),
    /// A +1 number whose area code is in no table.
    UnknownAreaCode(PhoneNumber),
    /// Toll-free, premium, personal, or of another country.
    NotDialable,
    /// Not a number that can exist.
    Invalid(NumberError),
}

/// The facts in the form that the checks read.
pub(super) struct Case<'a> {
    pub pack: &'a RulePack,
    pub facts: &'a Facts,
    pub now: Timestamp,
    pub callee: Callee,
    /// A state, ZIP or zone that was stated and that no table knows.
    pub unplaced: Option<String>,
    pub standing: Standing<'a>,
    /// Every state the callee may be in, by code.
    states: Few<Option<&'a State>, 4>,
    /// What the laws of those states have to say.
    concerns: Concerns,
    /// Every zone the callee may be in, by name, and what its clock shows.
    zones: Few<Option<(&'a Zone, Local)>, 4>,
    /// The days it is in those zones, each once.
    days: Few<(i32, Date), 2>,
}

impl<'a> Case<'a> {
    pub fn new(pack: &'a RulePack, facts: &'a Facts, now: Timestamp) -> Self {
        let request = &facts.request;
        let mut case = Self {
            pack,
            facts,
            now,
            callee: Callee::NotDialable,
            unplaced: None,
            standing: standing(
                &facts.consents,
                &facts.suppressions.internal,
                &request.seller,
                request.purpose,
                Form::Written,
                now,
            ),
            states: Few::new(),
            concerns: Concerns::default(),
            zones: Few::new(),
            days: Few::new(),
        };
        let (state, of_area) = case.place_number().unzip();
        let place = &request.place;
        if place.zip.is_none() && place.state.is_none() && place.time_zone.is_none() {
            state.into_iter().for_each(|state| case.add_state(state));
            // In order and each once, as the index has them.
            for zone in of_area.unwrap_or_default() {
                case.add_zone(pack.index.zones.get(usize::from(*zone)));
            }
        } else {
            case.place_address(state, of_area.unwrap_or_default());
        }
        if case.days.as_slice().is_empty() {
            case.add_day(day_number(TimeZone::UTC.to_datetime(now).date()));
        }
        if !facts.overrides.is_empty() {
            case.relax_consent();
        }
        case
    }

    /// Lets less than written consent carry a sales call, where counsel's advice says so and every candidate state is one
    /// in which it may.
    #[cold]
    fn relax_consent(&mut self) {
        let (Some(oral), Standing::Lacking(_)) = (&self.pack.federal.oral_consent, &self.standing)
        else {
            return;
        };
        let request = &self.facts.request;
        let advice = advice(self, oral.relaxes).or_else(|| advice(self, oral.rule.id));
        let there = |state: &State| oral.states.contains(&state.law.code);
        let everywhere = self.is_placed() && self.states().all(there);
        let in_force = self.dates().all(|day| oral.rule.in_force_on(day));
        let open = self.sells() && self.unplaced.is_none() && everywhere && in_force;
        let Some(advice) = advice.filter(|_| open) else {
            return;
        };
        let relaxed = standing(
            &self.facts.consents,
            &self.facts.suppressions.internal,
            &request.seller,
            request.purpose,
            Form::Any,
            self.now,
        );
        if let Standing::Stands(consent) = relaxed {
            self.standing = Standing::Relaxed {
                consent,
                lacks: lacks_of_form(consent),
                advice,
            };
        }
    }

    /// Says what the number is; the state and the zones of its area code.
    fn place_number(&mut self) -> Option<(StateNo, &'a [ZoneNo])> {
        let number = match PhoneNumber::parse(&self.facts.request.to) {
            Ok(number) => number,
            Err(error) => {
                self.callee = Callee::Invalid(error);
                return None;
            }
        };
        let code = number.area_code()?;
        let found = self.pack.index.area(code);
        self.callee = if found.is_some() {
            Callee::Us(number)
        } else {
            match self.pack.places.area_code(code) {
                AreaCode::OtherCountry | AreaCode::NotGeographic => Callee::NotDialable,
                AreaCode::Us { .. } | AreaCode::Unknown => Callee::UnknownAreaCode(number),
            }
        };
        found
    }

    /// Adds the places that were stated to those of the area code.
    fn place_address(&mut self, state_of_area: Option<StateNo>, of_area: &[ZoneNo]) {
        let (index, place) = (&self.pack.index, &self.facts.request.place);
        let mut states: Vec<StateNo> = state_of_area.into_iter().collect();
        let mut zones: Vec<ZoneNo> = of_area.to_vec();
        let mut narrowed = None;
        if let Some(zip) = &place.zip {
            if let Some((state, zone)) = index.zip(zip) {
                states.push(state);
                zones.push(zone);
                narrowed = Some(state);
            } else {
                self.unplaced = Some(format!("ZIP {zip}"));
            }
        }
        if let Some(code) = place.state {
            match index.state(code) {
                Some(state) => {
                    states.push(state);
                    // A ZIP narrows its own state to one zone; without one, every zone of the state is possible.
                    if narrowed != Some(state) {
                        let of_state = index.states.get(usize::from(state));
                        zones.extend(of_state.iter().flat_map(|state| &state.zones));
                    }
                }
                None => self.unplaced = Some(format!("state {code}")),
            }
        }
        let numbered = |no: &ZoneNo| index.zones.get(usize::from(*no));
        let mut zones: Vec<&'a Zone> = zones.iter().filter_map(numbered).collect();
        if let Some(name) = &place.time_zone {
            match self.stated_zone(name) {
                Some(zone) => zones.push(zone),
                None => self.unplaced = Some(format!("time zone {name}")),
            }
        }
        // Their numbers are in the order of their codes.
        states.sort_unstable();
        states.dedup();
        states.into_iter().for_each(|state| self.add_state(state));
        zones.sort_by_key(|zone| zone.name);
        zones.dedup_by_key(|zone| zone.name);
        zones.into_iter().for_each(|zone| self.add_zone(Some(zone)));
    }

    fn stated_zone(&self, name: &str) -> Option<&'a Zone> {
        let index = &self.pack.index;
        if let Some(known) = index.zone(name) {
            return Some(known);
        }
        // Names are found in any case, and the database spells them as they are sorted and shown.
        let rules = self.pack.places.zone(name)?;
        let known = rules.iana_name().and_then(|name| index.zone(name));
        known.or_else(|| Some(Zone::stranger(rules)))
    }

    #[inline]
    fn add_state(&mut self, no: StateNo) {
        if let Some(state) = self.pack.index.states.get(usize::from(no)) {
            self.states.push(Some(state));
            self.concerns |= state.concerns;
        }
    }

    #[inline]
    fn add_zone(&mut self, zone: Option<&'a Zone>) {
        if let Some(zone) = zone {
            let local = zone.local(self.now);
            self.zones.push(Some((zone, local)));
            self.add_day(local.day);
        }
    }

    #[inline]
    fn add_day(&mut self, day: i32) {
        if !self.days().any(|known| known == day) {
            self.days.push((day, self.pack.index.date(day)));
        }
    }

    #[inline]
    pub fn purpose(&self) -> Purpose {
        self.facts.request.purpose
    }

    #[inline]
    pub fn sells(&self) -> bool {
        self.purpose() == Purpose::Telemarketing
    }

    #[inline]
    pub fn is_emergency(&self) -> bool {
        self.purpose() == Purpose::Emergency
    }

    /// Every state the callee may be in, by code.
    #[inline]
    pub fn states(&self) -> impl Iterator<Item = &'a State> {
        self.states.iter().flatten()
    }

    /// Whether a law of any of those states has something to say about this.
    #[inline]
    pub fn concerns(&self, what: Concerns) -> bool {
        self.concerns.have(what)
    }

    pub fn may_be_in(&self, code: StateCode) -> bool {
        self.states().any(|state| state.law.code == code)
    }

    /// Whether any state is a candidate.
    #[inline]
    pub fn is_placed(&self) -> bool {
        !self.states.as_slice().is_empty()
    }

    /// Every zone the callee may be in, by name, and what its clock shows.
    #[inline]
    pub fn zones(&self) -> impl Iterator<Item = (&'a Zone, Local)> {
        self.zones.iter().flatten()
    }

    /// The days of this instant in every candidate zone, each once; UTC's where there is no zone.
    #[inline]
    pub fn days(&self) -> impl Iterator<Item = i32> + Clone {
        self.days.iter().map(|(day, _)| day)
    }

    /// The same as dates.
    #[inline]
    pub fn dates(&self) -> impl Iterator<Item = Date> + Clone {
        self.days.iter().map(|(_, date)| date)
    }

    /// Whether a rule is in force in any candidate zone.
    #[inline]
    pub fn in_force(&self, rule: Days) -> bool {
        self.days().any(|day| rule.hold(day))
    }

    pub fn candidates(&self) -> Candidates {
        let mut jurisdictions = Vec::with_capacity(1 + self.states.as_slice().len());
        jurisdictions.push(Cow::Borrowed("US"));
        jurisdictions.extend(self.states().map(|state| Cow::Borrowed(state.place)));
        Candidates {
            jurisdictions,
            time_zones: self
                .zones()
                .filter_map(|(zone, _)| zone.name.map(Cow::Borrowed))
                .collect(),
        }
    }
}
