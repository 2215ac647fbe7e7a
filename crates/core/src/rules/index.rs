//! What the gate looks up at every decision, worked out once when a pack is loaded: zones with their offsets, the
//! states and zones of every area code, dates as day numbers, closed days as bits.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::intern::keep;
use super::pack::{ArtificialVoiceAction, Cap, Federal, Hours, Jurisdiction, Provenance, Span};
use super::places::{AreaRow, Places, zip_number};
use super::zone::{Local, Zone, date_of, day_number};
use super::{Holiday, HolidayRecipe};
use crate::lead::StateCode;

/// 2020-01-01 to 2045-01-01: the days whose dates and holidays are worked out in advance.
const KNOWN_DAYS: (i32, i32) = (18_262, 27_394);

/// A state's place in [`Index::states`].
pub(crate) type StateNo = u16;

/// A zone's place in [`Index::zones`]; the order is that of the names.
pub(crate) type ZoneNo = u16;

/// The tables.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub zones: Vec<Zone>,
    /// Zones with a name; those after are fixed offsets.
    named: usize,
    pub states: Vec<State>,
    by_code: BTreeMap<StateCode, StateNo>,
    /// By area code: its state and zones, sorted, each once.
    areas: Vec<Option<(StateNo, Box<[ZoneNo]>)>>,
    zip3: Vec<Option<(StateNo, ZoneNo)>>,
    zip5: BTreeMap<u32, (StateNo, ZoneNo)>,
    pub federal: Vec<Window>,
    pub unknown: Window,
    pub federal_caps: Vec<Days>,
    /// A bit for each purpose that a federal cap may bind.
    pub capped_purposes: u8,
    /// The date of each of [`KNOWN_DAYS`].
    dates: Box<[Date]>,
}

/// The days on which a rule is in force, both inclusive, as day numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days {
    from: i32,
    to: i32,
}

impl Days {
    fn of(rule: &Provenance) -> Self {
        const NONE: Days = Days {
            from: i32::MAX,
            to: i32::MIN,
        };
        let days = Self {
            from: rule.effective_from.map_or(i32::MIN, day_number),
            to: rule.effective_to.map_or(i32::MAX, day_number),
        };
        let any = rule.status.binds() && days.from <= days.to;
        if any { days } else { NONE }
    }

    #[inline]
    pub fn hold(self, day: i32) -> bool {
        self.from <= day && day <= self.to
    }

    /// Whether it holds on either of two days, the same or one after the other.
    #[inline]
    pub fn hold_on_either(self, first: i32, next: i32) -> bool {
        self.from <= next && first <= self.to
    }
}

/// A row of calling hours: when it holds, and the zones beside the candidates.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub hours: Hours,
    pub days: Days,
    pub also_in: Box<[ZoneNo]>,
}

/// The days on which a state bars soliciting.
#[derive(Debug, Clone)]
pub(crate) struct ClosedDays {
    days: Days,
    /// For each of [`KNOWN_DAYS`]: the place of the recipe that closes it, from 1; else 0.
    closing: Box<[u8]>,
    pub rule: Holiday,
}

impl ClosedDays {
    /// The name of the holiday that closes this day.
    #[inline]
    pub fn closed_on(&self, day: i32) -> Option<&str> {
        if !self.days.hold(day) {
            return None;
        }
        let place = usize::try_from(day.wrapping_sub(KNOWN_DAYS.0)).unwrap_or(usize::MAX);
        match self.closing.get(place) {
            Some(0) => None,
            Some(recipe) => {
                let recipe = self.rule.recipes.get(usize::from(*recipe) - 1)?;
                Some(&recipe.name)
            }
            None => self.worked_out(date_of(day)),
        }
    }

    #[cold]
    fn worked_out(&self, day: Date) -> Option<&str> {
        self.rule
            .recipes
            .iter()
            .find_map(|recipe| recipe.closed_on(day))
    }
}

/// What a state's law has something to say about: a check passes at once where no candidate's has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Concerns(u8);

impl Concerns {
    /// It has not been read, or bars artificial voices without an override.
    pub const PLACE: Self = Self(1);
    pub const LIST: Self = Self(2);
    pub const REGISTRATION: Self = Self(4);
    pub const REASSIGNED: Self = Self(8);
    pub const HOLIDAYS: Self = Self(16);
    pub const CAPS: Self = Self(32);

    #[inline]
    pub const fn have(self, what: Self) -> bool {
        self.0 & what.0 != 0
    }

    fn of(law: &Jurisdiction) -> Self {
        let bars = law.artificial_voice.action == ArtificialVoiceAction::ProhibitWithoutOverride;
        [
            (law.unread.is_some() || bars, Self::PLACE),
            (law.list.own_list, Self::LIST),
            (law.registration.is_some(), Self::REGISTRATION),
            (law.reassigned.is_some(), Self::REASSIGNED),
            (law.holidays.is_some(), Self::HOLIDAYS),
            (!law.caps.is_empty(), Self::CAPS),
        ]
        .into_iter()
        .filter_map(|(has, what)| has.then_some(what))
        .fold(Self::default(), |all, what| Self(all.0 | what.0))
    }
}

impl std::ops::BitOrAssign for Concerns {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// The time of day that every window of a state and of the federal layer leaves open, while the same ones are in force.
#[derive(Debug, Clone)]
struct OpenHours {
    days: Days,
    /// Monday first. Closed where one span cannot say it; then each window must be asked.
    week: [Span; 7],
}

impl OpenHours {
    /// One for each stretch of days in which the same windows are in force.
    fn of<'w>(windows: impl Iterator<Item = &'w Window> + Clone) -> Box<[Self]> {
        let mut begins = vec![i32::MIN];
        for window in windows.clone() {
            begins.extend([window.days.from, window.days.to.saturating_add(1)]);
        }
        begins.sort_unstable();
        begins.dedup();
        let ends = begins.iter().skip(1).map(|next| next.saturating_sub(1));
        let ends: Vec<i32> = ends.chain([i32::MAX]).collect();
        let stretches = begins.into_iter().zip(ends);
        stretches
            .map(|(from, to)| Self {
                days: Days { from, to },
                week: std::array::from_fn(|weekday| {
                    common(windows.clone().filter(|w| w.days.hold(from)), weekday)
                }),
            })
            .collect()
    }
}

fn common<'w>(windows: impl Iterator<Item = &'w Window>, weekday: usize) -> Span {
    const CLOSED: Span = Span { open: 1, close: 0 };
    let mut common = Span {
        open: 0,
        close: 86_400,
    };
    for window in windows {
        let spans = window
            .hours
            .week
            .get(weekday)
            .map_or(&[][..], Vec::as_slice);
        let ([span], true) = (spans, window.also_in.is_empty()) else {
            return CLOSED;
        };
        common.open = common.open.max(span.open);
        common.close = common.close.min(span.close);
    }
    common
}

/// A state with what was worked out for it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// `US-NY`.
    pub place: &'static str,
    pub law: Jurisdiction,
    pub zones: Box<[ZoneNo]>,
    pub windows: Box<[Window]>,
    pub closed: Option<ClosedDays>,
    open: Box<[OpenHours]>,
    pub concerns: Concerns,
    pub caps: Box<[Days]>,
    pub voice: Days,
    pub registration: Option<Days>,
    pub reassigned: Option<Days>,
    /// How many states stand before it, by code.
    pub number: usize,
    /// How many of those a list of their own: where its list stands among all of them.
    pub lists_before: usize,
}

impl State {
    /// Whether it is certain that every window of this state and of the federal layer is open at this time of a steady
    /// day, and stays open for `margin` seconds; if not, each window must be asked.
    #[inline]
    pub fn surely_open(&self, local: Local, margin: u32) -> bool {
        // They follow each other without a gap, and the newest are asked about most.
        let holds = |open: &&OpenHours| open.days.from <= local.day;
        let Some(open) = self.open.iter().rev().find(holds) else {
            return false;
        };
        let Some(today) = open.week.get(usize::from(local.weekday)) else {
            return false;
        };
        local.steady && today.open <= local.second && today.has_left(local.second, margin)
    }
}

impl Index {
    pub fn new(
        federal: &Federal,
        jurisdictions: &BTreeMap<StateCode, Jurisdiction>,
        unknown: &Hours,
        places: &Places,
    ) -> Self {
        let zones = Zones::new(federal, jurisdictions, unknown, places);
        let mut closures = Closures::default();
        let everywhere: Vec<Window> = federal.hours.iter().map(|h| zones.window(h)).collect();
        let mut states: Vec<State> = jurisdictions
            .values()
            .map(|law| state(law, &everywhere, &zones, &mut closures))
            .collect();
        let mut lists = 0;
        for (number, state) in states.iter_mut().enumerate() {
            (state.number, state.lists_before) = (number, lists);
            lists += usize::from(state.law.list.own_list);
        }
        let by_code: BTreeMap<StateCode, StateNo> =
            jurisdictions.keys().copied().zip(0..).collect();
        let row =
            |(code, zone): &(StateCode, TimeZone)| Some((*by_code.get(code)?, zones.number(zone)?));
        let area = |area: &AreaRow| match area {
            AreaRow::Us {
                state, zones: of, ..
            } => Some((*by_code.get(state)?, zones.numbers(of))),
            AreaRow::Unknown | AreaRow::OtherCountry => None,
        };
        Self {
            areas: places.areas.iter().map(area).collect(),
            zip3: places
                .zip3
                .iter()
                .map(|zip| zip.as_ref().and_then(row))
                .collect(),
            zip5: places
                .zip5
                .iter()
                .filter_map(|(zip, of)| Some((*zip, row(of)?)))
                .collect(),
            federal: everywhere,
            unknown: zones.window(unknown),
            federal_caps: federal
                .caps
                .iter()
                .map(|cap| Days::of(&cap.provenance))
                .collect(),
            capped_purposes: capped(&federal.caps),
            dates: (KNOWN_DAYS.0..KNOWN_DAYS.1).map(date_of).collect(),
            named: zones.named,
            zones: zones.all,
            states,
            by_code,
        }
    }

    /// The date of a day.
    #[inline]
    pub fn date(&self, day: i32) -> Date {
        let place = usize::try_from(day.wrapping_sub(KNOWN_DAYS.0)).unwrap_or(usize::MAX);
        self.dates
            .get(place)
            .copied()
            .unwrap_or_else(|| date_of(day))
    }

    /// The state and the zones of an area code.
    #[inline]
    pub fn area(&self, code: u16) -> Option<(StateNo, &[ZoneNo])> {
        let (state, zones) = self.areas.get(usize::from(code))?.as_ref()?;
        Some((*state, zones))
    }

    /// As [`Places::zip`].
    pub fn zip(&self, zip: &str) -> Option<(StateNo, ZoneNo)> {
        let number = zip_number(zip)?;
        self.zip5.get(&number).copied().or_else(|| {
            let first_three = usize::try_from(number / 100).ok()?;
            *self.zip3.get(first_three)?
        })
    }

    pub fn state(&self, code: StateCode) -> Option<StateNo> {
        self.by_code.get(&code).copied()
    }

    /// The zone of this exact name, if it is one of the pack's.
    pub fn zone(&self, name: &str) -> Option<&Zone> {
        let named = self.zones.get(..self.named)?;
        let place = named
            .binary_search_by_key(&Some(name), |zone| zone.name)
            .ok()?;
        named.get(place)
    }
}

/// The zones that a pack names, while it is being indexed.
struct Zones {
    all: Vec<Zone>,
    named: usize,
}

impl Zones {
    fn new(
        federal: &Federal,
        jurisdictions: &BTreeMap<StateCode, Jurisdiction>,
        unknown: &Hours,
        places: &Places,
    ) -> Self {
        let mut named = BTreeMap::new();
        let mut fixed: Vec<TimeZone> = Vec::new();
        let mut add = |zone: &TimeZone| match zone.iana_name() {
            Some(name) => {
                named.entry(name.to_owned()).or_insert_with(|| zone.clone());
            }
            None if !fixed.contains(zone) => fixed.push(zone.clone()),
            None => {}
        };
        let states = jurisdictions.values();
        let hours = states
            .clone()
            .flat_map(|state| &state.hours)
            .chain(&federal.hours);
        hours
            .chain([unknown])
            .flat_map(|hours| &hours.also_in)
            .for_each(&mut add);
        states
            .flat_map(|state| &state.time_zones)
            .for_each(&mut add);
        for area in &places.areas {
            if let AreaRow::Us { zones, .. } = area {
                zones.iter().for_each(&mut add);
            }
        }
        let zips = places.zip3.iter().flatten().chain(places.zip5.values());
        zips.map(|(_, zone)| zone).for_each(&mut add);
        Self {
            named: named.len(),
            all: named.into_values().chain(fixed).map(Zone::new).collect(),
        }
    }

    fn number(&self, zone: &TimeZone) -> Option<ZoneNo> {
        let place = self.all.iter().position(|known| match zone.iana_name() {
            Some(name) => known.name == Some(name),
            None => known.name.is_none() && known.rules == *zone,
        })?;
        ZoneNo::try_from(place).ok()
    }

    fn numbers(&self, zones: &[TimeZone]) -> Box<[ZoneNo]> {
        let mut numbers: Vec<ZoneNo> = zones.iter().filter_map(|zone| self.number(zone)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into()
    }

    fn window(&self, hours: &Hours) -> Window {
        Window {
            hours: hours.clone(),
            days: Days::of(&hours.provenance),
            also_in: hours
                .also_in
                .iter()
                .filter_map(|zone| self.number(zone))
                .collect(),
        }
    }
}

fn capped(caps: &[Cap]) -> u8 {
    let bits = |cap: &Cap| match cap.purposes.as_slice() {
        [] => u8::MAX,
        some => some
            .iter()
            .fold(0, |bits, purpose| bits | 1 << (*purpose as u8)),
    };
    caps.iter().fold(0, |all, cap| all | bits(cap))
}

fn state(
    law: &Jurisdiction,
    everywhere: &[Window],
    zones: &Zones,
    closures: &mut Closures,
) -> State {
    let windows: Box<[Window]> = law.hours.iter().map(|hours| zones.window(hours)).collect();
    State {
        place: keep(&format!("US-{}", law.code)),
        zones: zones.numbers(&law.time_zones),
        open: OpenHours::of(everywhere.iter().chain(&windows)),
        windows,
        closed: law.holidays.as_ref().map(|rule| ClosedDays {
            days: Days::of(&rule.provenance),
            closing: closures.of_all(&rule.recipes),
            rule: rule.clone(),
        }),
        concerns: Concerns::of(law),
        caps: law
            .caps
            .iter()
            .map(|cap| Days::of(&cap.provenance))
            .collect(),
        voice: Days::of(&law.artificial_voice.provenance),
        registration: law.registration.as_ref().map(Days::of),
        reassigned: law.reassigned.as_ref().map(|(rule, _)| Days::of(rule)),
        number: 0,
        lists_before: 0,
        law: law.clone(),
    }
}

/// The closed days of each holiday, worked out once for all the states that keep it.
#[derive(Default)]
struct Closures {
    by_id: BTreeMap<String, Vec<usize>>,
}

impl Closures {
    fn of_all(&mut self, recipes: &[HolidayRecipe]) -> Box<[u8]> {
        let length = usize::try_from(KNOWN_DAYS.1 - KNOWN_DAYS.0).unwrap_or_default();
        let mut closing = vec![0; length];
        // The first recipe of a state's list names the day, so the others go first.
        for (number, recipe) in (1_u8..).zip(recipes).collect::<Vec<_>>().into_iter().rev() {
            let known = self.by_id.entry(recipe.id.clone());
            for place in known.or_insert_with(|| closed_days(recipe)) {
                if let Some(day) = closing.get_mut(*place) {
                    *day = number;
                }
            }
        }
        closing.into()
    }
}

/// Where they stand among [`KNOWN_DAYS`].
fn closed_days(recipe: &HolidayRecipe) -> Vec<usize> {
    let (first, last) = (date_of(KNOWN_DAYS.0).year(), date_of(KNOWN_DAYS.1).year());
    // A day may be closed for the holiday of the year before or after.
    (first - 1..=last + 1)
        .flat_map(|year| [recipe.date_in(year), recipe.observed_date_of(year)])
        .flatten()
        .filter_map(|date| usize::try_from(day_number(date) - KNOWN_DAYS.0).ok())
        .collect()
}
