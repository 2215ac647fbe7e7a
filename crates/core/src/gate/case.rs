//! One call before the gate: the facts, with what the pack makes of the number and the place.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::few::Few;
use super::standing::{Standing, standing};
use super::{Candidates, Facts};
use crate::consent::Purpose;
use crate::lead::{NumberError, PhoneNumber, StateCode};
use crate::rules::{
    AreaCode, Days, Local, RulePack, State, StateNo, Zone, ZoneNo, date_of, day_number,
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

/// Stands for [`Case::stranger`].
const STRANGER: ZoneNo = ZoneNo::MAX;

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
    /// Every zone the callee may be in, by name, and what its clock shows.
    zones: Few<(ZoneNo, Local), 8>,
    /// The days it is in those zones, each once.
    days: Few<i32, 4>,
    dates: Few<Date, 4>,
    /// A stated zone that the pack does not name.
    stranger: Option<Box<Zone>>,
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
                now,
            ),
            states: Few::new(),
            zones: Few::new(),
            days: Few::new(),
            dates: Few::new(),
            stranger: None,
        };
        let mut zones = Few::new();
        case.callee = case.place_number(&mut zones);
        case.place_address(&mut zones);
        case.states.sort_and_dedup();
        zones.sort_and_dedup();
        case.tell_the_time(&zones);
        case
    }

    fn place_number(&mut self, zones: &mut Few<ZoneNo, 8>) -> Callee {
        let number = match PhoneNumber::parse(&self.facts.request.to) {
            Ok(number) => number,
            Err(error) => return Callee::Invalid(error),
        };
        let Some(code) = number.area_code() else {
            return Callee::NotDialable;
        };
        if let Some((state, of_area)) = self.pack.index.area(code) {
            self.states.push(state);
            for zone in of_area {
                zones.push(*zone);
            }
            return Callee::Us(number);
        }
        match self.pack.places.area_code(code) {
            AreaCode::OtherCountry | AreaCode::NotGeographic => Callee::NotDialable,
            AreaCode::Us { .. } | AreaCode::Unknown => Callee::UnknownAreaCode(number),
        }
    }

    fn place_address(&mut self, zones: &mut Few<ZoneNo, 8>) {
        let place = &self.facts.request.place;
        let mut narrowed = None;
        if let Some(zip) = &place.zip {
            if let Some((state, zone)) = self.pack.index.zip(zip) {
                self.states.push(state);
                zones.push(zone);
                narrowed = Some(state);
            } else {
                self.unplaced = Some(format!("ZIP {zip}"));
            }
        }
        if let Some(code) = place.state {
            match self.pack.index.state(code) {
                Some(state) => {
                    self.states.push(state);
                    // A ZIP narrows its own state to one zone; without one, every zone of the state is possible.
                    if narrowed != Some(state) {
                        let of_state = self.pack.index.states.get(usize::from(state));
                        for zone in of_state.iter().flat_map(|state| &state.zones) {
                            zones.push(*zone);
                        }
                    }
                }
                None => self.unplaced = Some(format!("state {code}")),
            }
        }
        if let Some(name) = &place.time_zone {
            match self.stated_zone(name) {
                Some(zone) => zones.push(zone),
                None => self.unplaced = Some(format!("time zone {name}")),
            }
        }
    }

    fn stated_zone(&mut self, name: &str) -> Option<ZoneNo> {
        if let Some(known) = self.pack.index.zone(name) {
            return Some(known);
        }
        // Names are found in any case, and the database spells them as they are sorted and shown.
        let rules = self.pack.places.zone(name)?;
        if let Some(known) = rules
            .iana_name()
            .and_then(|name| self.pack.index.zone(name))
        {
            return Some(known);
        }
        self.stranger = Some(Box::new(Zone::without_table(rules)));
        Some(STRANGER)
    }

    fn tell_the_time(&mut self, zones: &Few<ZoneNo, 8>) {
        let mut sorted = zones.clone();
        if let Some(stranger) = &self.stranger {
            let index = &self.pack.index.zones;
            let name = |no: &ZoneNo| index.get(usize::from(*no)).unwrap_or(stranger).name;
            let mut all = zones.as_slice().to_vec();
            all.sort_by_key(name);
            sorted = Few::new();
            all.into_iter().for_each(|zone| sorted.push(zone));
        }
        for no in sorted.iter() {
            if let Some(zone) = self.zone(no) {
                let local = zone.local(self.now);
                self.zones.push((no, local));
                self.add_day(local.day);
            }
        }
        if zones.as_slice().is_empty() {
            self.add_day(day_number(TimeZone::UTC.to_datetime(self.now).date()));
        }
    }

    fn add_day(&mut self, day: i32) {
        if !self.days.as_slice().contains(&day) {
            self.days.push(day);
            self.dates.push(date_of(day));
        }
    }

    fn zone(&self, no: ZoneNo) -> Option<&Zone> {
        match no {
            STRANGER => self.stranger.as_deref(),
            _ => self.pack.index.zones.get(usize::from(no)),
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
    pub fn states(&self) -> impl Iterator<Item = &'a State> + use<'a, '_> {
        let all = &self.pack.index.states;
        self.states.iter().filter_map(|no| all.get(usize::from(no)))
    }

    pub fn may_be_in(&self, code: StateCode) -> bool {
        self.states().any(|state| state.law.code == code)
    }

    /// Every zone the callee may be in, by name, and what its clock shows.
    #[inline]
    pub fn zones(&self) -> impl Iterator<Item = (&Zone, Local)> {
        self.zones
            .iter()
            .filter_map(|(no, local)| Some((self.zone(no)?, local)))
    }

    /// The days of this instant in every candidate zone, each once; UTC's where there is no zone.
    #[inline]
    pub fn days(&self) -> impl Iterator<Item = i32> + Clone {
        self.days.iter()
    }

    /// The same as dates.
    #[inline]
    pub fn dates(&self) -> &[Date] {
        self.dates.as_slice()
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
