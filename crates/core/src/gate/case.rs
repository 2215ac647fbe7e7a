//! One call before the gate: the facts, with what the pack makes of the number and the place.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::standing::{Standing, standing};
use super::{Candidates, Facts};
use crate::consent::Purpose;
use crate::lead::{NumberError, PhoneNumber, StateCode};
use crate::rules::{AreaCode, Jurisdiction, RulePack};

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
    /// Every state the callee may be in, by code.
    pub states: Vec<&'a Jurisdiction>,
    /// Every zone the callee may be in, by name.
    pub zones: Vec<TimeZone>,
    /// A state, ZIP or zone that was stated and that no table knows.
    pub unplaced: Option<String>,
    pub standing: Standing<'a>,
}

impl<'a> Case<'a> {
    pub fn new(pack: &'a RulePack, facts: &'a Facts, now: Timestamp) -> Self {
        let request = &facts.request;
        let mut case = Self {
            pack,
            facts,
            now,
            callee: Callee::NotDialable,
            states: Vec::new(),
            zones: Vec::new(),
            unplaced: None,
            standing: standing(
                &facts.consents,
                &facts.suppressions.internal,
                &request.seller,
                request.purpose,
                now,
            ),
        };
        case.callee = case.place_number();
        case.place_address();
        case.states.sort_by_key(|state| state.code);
        case.states.dedup_by_key(|state| state.code);
        case.zones.sort_by(|a, b| a.iana_name().cmp(&b.iana_name()));
        case.zones.dedup_by(|a, b| a.iana_name() == b.iana_name());
        case
    }

    fn place_number(&mut self) -> Callee {
        let number = match PhoneNumber::parse(&self.facts.request.to) {
            Ok(number) => number,
            Err(error) => return Callee::Invalid(error),
        };
        let Some(code) = number.area_code() else {
            return Callee::NotDialable;
        };
        match self.pack.places.area_code(code) {
            AreaCode::Us { state, zones, .. } => {
                self.add_state(state);
                self.zones.extend(zones.iter().cloned());
                Callee::Us(number)
            }
            AreaCode::OtherCountry | AreaCode::NotGeographic => Callee::NotDialable,
            AreaCode::Unknown => Callee::UnknownAreaCode(number),
        }
    }

    fn place_address(&mut self) {
        let place = &self.facts.request.place;
        let mut narrowed = None;
        if let Some(zip) = &place.zip {
            if let Some((state, zone)) = self.pack.places.zip(zip) {
                self.add_state(state);
                self.zones.push(zone.clone());
                narrowed = Some(state);
            } else {
                self.unplaced = Some(format!("ZIP {zip}"));
            }
        }
        if let Some(state) = place.state {
            self.add_state(state);
            // A ZIP narrows its own state to one zone; without one, every zone of the state is possible.
            if narrowed != Some(state)
                && let Some(jurisdiction) = self.pack.jurisdictions.get(&state)
            {
                self.zones.extend(jurisdiction.time_zones.iter().cloned());
            }
        }
        if let Some(name) = &place.time_zone {
            match self.pack.places.zone(name) {
                Some(zone) => self.zones.push(zone),
                None => self.unplaced = Some(format!("time zone {name}")),
            }
        }
    }

    fn add_state(&mut self, code: StateCode) {
        match self.pack.jurisdictions.get(&code) {
            Some(jurisdiction) => self.states.push(jurisdiction),
            None => self.unplaced = Some(format!("state {code}")),
        }
    }

    pub fn purpose(&self) -> Purpose {
        self.facts.request.purpose
    }

    pub fn sells(&self) -> bool {
        self.purpose() == Purpose::Telemarketing
    }

    pub fn is_emergency(&self) -> bool {
        self.purpose() == Purpose::Emergency
    }

    /// The dates of this instant in every candidate zone; UTC's where there is none.
    pub fn dates(&self) -> Vec<Date> {
        if self.zones.is_empty() {
            return vec![TimeZone::UTC.to_datetime(self.now).date()];
        }
        self.zones
            .iter()
            .map(|zone| zone.to_datetime(self.now).date())
            .collect()
    }

    pub fn candidates(&self) -> Candidates {
        let states = self.states.iter().map(|state| format!("US-{}", state.code));
        Candidates {
            jurisdictions: std::iter::once("US".to_owned()).chain(states).collect(),
            time_zones: self
                .zones
                .iter()
                .filter_map(|zone| zone.iana_name().map(str::to_owned))
                .collect(),
        }
    }
}
