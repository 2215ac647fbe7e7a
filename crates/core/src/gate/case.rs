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
    AreaCode, Concerns, Days, Local, RulePack, State, StateNo, Zone, ZoneNo, date_of, day_number,
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
    states: Few<StateNo, 4>,
    /// What the laws of those states have to say.
    concerns: Concerns,
    /// Every zone the callee may be in, by name, and what its clock shows.
    zones: Few<Option<(&'a Zone, Local)>, 3>,
    /// The first and the last day that it is in any of those zones; UTC's where there is no zone.
    first_day: i32,
    last_day: i32,
    first_date: Date,
    last_date: Date,
}

impl<'a> Case<'a> {
    /// A call before it is known where it goes.
    #[inline(always)]
    pub fn unplaced(pack: &'a RulePack, facts: &'a Facts, now: Timestamp) -> Self {
        Self {
            pack,
            facts,
            now,
            callee: Callee::NotDialable,
            unplaced: None,
            standing: Standing::NotNeeded,
            states: Few::new(),
            concerns: Concerns::default(),
            zones: Few::new(),
            first_day: i32::MAX,
            last_day: i32::MIN,
            first_date: Date::ZERO,
            last_date: Date::ZERO,
        }
    }

    /// Works out where the callee may be, and which consent carries the call.
    #[inline(always)]
    pub fn place(&mut self) {
        let (pack, facts) = (self.pack, self.facts);
        let request = &facts.request;
        let area;
        (self.callee, area) = callee(pack, &request.to);
        let internal = &facts.suppressions.internal;
        self.standing = standing(
            &facts.consents,
            internal,
            &request.seller,
            request.purpose,
            Form::Written,
            self.now,
        );
        let place = &request.place;
        if place.zip.is_none() && place.state.is_none() && place.time_zone.is_none() {
            if let Some((state, zones)) = area {
                self.add_state(state);
                // In order and each once, as the index has them.
                for zone in zones {
                    self.add_zone(pack.index.zones.get(usize::from(*zone)));
                }
            }
        } else {
            self.place_address(area);
        }
        self.date_days();
        if !facts.overrides.is_empty() {
            self.relax_consent();
        }
    }

    #[inline]
    fn date_days(&mut self) {
        if self.zones.as_slice().is_empty() {
            let day = day_number(TimeZone::UTC.to_datetime(self.now).date());
            (self.first_day, self.last_day) = (day, day);
        }
        let index = &self.pack.index;
        self.last_date = index.date(self.last_day);
        self.first_date = if self.first_day == self.last_day {
            self.last_date
        } else {
            index.date(self.first_day)
        };
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
        let in_force = self.days().all(|day| oral.rule.in_force_on(date_of(day)));
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

    /// Adds the places that were stated to those of the area code.
    #[inline(never)]
    fn place_address(&mut self, area: Option<(StateNo, &'a [ZoneNo])>) {
        let (state_of_area, of_area) = area.unzip();
        let of_area = of_area.unwrap_or_default();
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
            self.states.push(no);
            self.concerns |= state.concerns;
        }
    }

    #[inline]
    fn add_zone(&mut self, zone: Option<&'a Zone>) {
        if let Some(zone) = zone {
            let local = zone.local(self.now);
            self.zones.push(Some((zone, local)));
            self.first_day = self.first_day.min(local.day);
            self.last_day = self.last_day.max(local.day);
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
        let states = self.pack.index.states.as_slice();
        let numbers = self.states.iter();
        numbers.filter_map(|no| states.get(usize::from(no)))
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

    /// The days of this instant in every candidate zone, in their order; UTC's where there is no zone.
    #[inline]
    pub fn days(&self) -> impl Iterator<Item = i32> {
        let no_zone = self.zones.as_slice().is_empty().then_some(self.first_day);
        self.zones().map(|(_, local)| local.day).chain(no_zone)
    }

    /// Whether what begins on this date has begun in every candidate zone.
    #[inline]
    pub fn all_since(&self, first: Date) -> bool {
        order(first) <= order(self.first_date)
    }

    /// Whether what ends with this date, inclusive, has ended in no candidate zone.
    #[inline]
    pub fn all_until(&self, last: Date) -> bool {
        order(self.last_date) <= order(last)
    }

    /// Whether a rule is in force in any candidate zone.
    #[inline]
    pub fn in_force(&self, rule: Days) -> bool {
        if self.last_day.wrapping_sub(self.first_day) <= 1 {
            rule.hold_on_either(self.first_day, self.last_day)
        } else {
            self.days().any(|day| rule.hold(day))
        }
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

/// What the number is, and the state and the zones of its area code.
#[inline]
fn callee<'a>(pack: &'a RulePack, to: &str) -> (Callee, Option<(StateNo, &'a [ZoneNo])>) {
    let number = match PhoneNumber::parse(to) {
        Ok(number) => number,
        Err(error) => return (Callee::Invalid(error), None),
    };
    let Some(code) = number.area_code() else {
        return (Callee::NotDialable, None);
    };
    match pack.index.area(code) {
        Some(found) => (Callee::Us(number), Some(found)),
        None => match pack.places.area_code(code) {
            AreaCode::OtherCountry | AreaCode::NotGeographic => (Callee::NotDialable, None),
            AreaCode::Us { .. } | AreaCode::Unknown => (Callee::UnknownAreaCode(number), None),
        },
    }
}

/// A number that is greater for a later date.
#[inline]
fn order(date: Date) -> i32 {
    i32::from(date.year()) << 16 | i32::from(date.month()) << 8 | i32::from(date.day())
}
