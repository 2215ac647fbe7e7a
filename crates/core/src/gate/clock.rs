//! The rules that only the clock can lift, and the first instant at which all of them do.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::case::Case;
use crate::consent::Purpose;
use crate::rules::{Cap, Holiday, Hours, Span};

/// How far ahead a first allowed instant is looked for: longer than any year of holidays.
const HORIZON_DAYS: i64 = 400;

/// One rule of the clock, in the zone in which it is tested.
pub(super) enum Constraint<'a> {
    Window {
        hours: &'a Hours,
        zone: TimeZone,
        margin: SignedDuration,
    },
    ClosedDays {
        holiday: &'a Holiday,
        zone: TimeZone,
    },
    Cap {
        cap: &'a Cap,
        attempts: Vec<Timestamp>,
        zones: Vec<TimeZone>,
    },
}

impl Constraint<'_> {
    /// The first instant not before `from` at which this rule allows a call.
    ///
    /// None where there is none up to `horizon`.
    fn first_open(&self, from: Timestamp, horizon: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Window {
                hours,
                zone,
                margin,
            } => first_in_window(hours, zone, *margin, from, horizon),
            Self::ClosedDays { holiday, zone } => {
                let mut at = from;
                while at <= horizon {
                    let day = zone.to_datetime(at).date();
                    if closed_on(holiday, day).is_none() {
                        return Some(at);
                    }
                    at = start_of(day.tomorrow().ok()?, zone)?;
                }
                None
            }
            Self::Cap {
                cap,
                attempts,
                zones,
            } => first_under_cap(cap, attempts, zones, from),
        }
    }

    pub fn allows(&self, at: Timestamp) -> bool {
        self.first_open(at, at) == Some(at)
    }
}

/// The name of the holiday that closes `day`, if the ban is in force.
pub(super) fn closed_on(holiday: &Holiday, day: Date) -> Option<&str> {
    if !holiday.provenance.in_force_on(day) {
        return None;
    }
    holiday
        .recipes
        .iter()
        .find_map(|recipe| recipe.closed_on(day))
}

/// The windows of `day`; none: closed all day.
pub(super) fn spans_on(hours: &Hours, day: Date) -> &[Span] {
    let monday_first = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
    hours.week.get(monday_first).map_or(&[], Vec::as_slice)
}

fn first_in_window(
    hours: &Hours,
    zone: &TimeZone,
    margin: SignedDuration,
    from: Timestamp,
    horizon: Timestamp,
) -> Option<Timestamp> {
    let mut day = zone.to_datetime(from).date();
    loop {
        let midnight = start_of(day, zone)?;
        if midnight > horizon {
            return None;
        }
        if !hours.provenance.in_force_on(day) {
            return Some(from.max(midnight));
        }
        for span in spans_on(hours, day) {
            // Opening and closing are wall-clock times turned into instants, so that a day on which the clocks
            // change is judged by the clock on the callee's wall.
            let open = instant(day, span.open, zone)?;
            let close = instant(day, span.close, zone)?;
            let at = from.max(open);
            if at.checked_add(margin).ok()? < close {
                return Some(at);
            }
        }
        day = day.tomorrow().ok()?;
    }
}

fn first_under_cap(
    cap: &Cap,
    attempts: &[Timestamp],
    zones: &[TimeZone],
    from: Timestamp,
) -> Option<Timestamp> {
    let period = SignedDuration::from_secs(i64::try_from(cap.period_seconds).ok()?);
    let mut at = from;
    loop {
        let in_force = |zone: &TimeZone| cap.provenance.in_force_on(zone.to_datetime(at).date());
        if !zones.iter().any(in_force) {
            return Some(at);
        }
        let since = at.checked_sub(period).ok()?;
        let counted: Vec<&Timestamp> = attempts
            .iter()
            .filter(|made| since < **made && **made <= at)
            .collect();
        let most = usize::try_from(cap.calls_max).ok()?;
        if counted.len() < most {
            return Some(at);
        }
        // The oldest that must leave the period before one more fits.
        let leaves = counted.get(counted.len().checked_sub(most)?)?;
        at = whole_second(leaves.checked_add(period).ok()?)?;
    }
}

fn whole_second(at: Timestamp) -> Option<Timestamp> {
    let floor = Timestamp::from_second(at.as_second()).ok()?;
    if floor < at {
        floor.checked_add(SignedDuration::from_secs(1)).ok()
    } else {
        Some(floor)
    }
}

fn start_of(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    instant(day, 0, zone)
}

fn instant(day: Date, second_of_day: u32, zone: &TimeZone) -> Option<Timestamp> {
    let midnight = DateTime::from_parts(day, jiff::civil::Time::midnight());
    let wall = midnight
        .checked_add(SignedDuration::from_secs(i64::from(second_of_day)))
        .ok()?;
    zone.to_timestamp(wall).ok()
}

/// Every clock rule that binds this call, each in each zone in which it is tested.
pub(super) fn constraints<'a>(case: &Case<'a>) -> Vec<Constraint<'a>> {
    if case.is_emergency() {
        return Vec::new();
    }
    let mut all = windows(case);
    for state in &case.states {
        for zone in &case.zones {
            all.extend(
                state
                    .holidays
                    .as_ref()
                    .map(|holiday| Constraint::ClosedDays {
                        holiday,
                        zone: zone.clone(),
                    }),
            );
        }
    }
    all.extend(caps(case).map(|cap| cap_constraint(case, cap)));
    all
}

/// A cap over the attempts on file: one that is dated later is not on file yet.
pub(super) fn cap_constraint<'a>(case: &Case<'a>, cap: &'a Cap) -> Constraint<'a> {
    let attempts = case.facts.attempts.iter().map(|attempt| attempt.at);
    let zones = match case.zones.is_empty() {
        true => vec![TimeZone::UTC],
        false => case.zones.clone(),
    };
    Constraint::Cap {
        cap,
        attempts: attempts.filter(|at| *at <= case.now).collect(),
        zones,
    }
}

/// Calling hours: the federal window and every candidate state's, in every candidate zone.
pub(super) fn windows<'a>(case: &Case<'a>) -> Vec<Constraint<'a>> {
    let margin = SignedDuration::from_secs(i64::from(case.facts.policy.closing_margin_seconds));
    let pack = case.pack;
    let unnamed = case.unplaced.is_some() || case.states.is_empty();
    let unknown = unnamed.then_some(&pack.strictest_unknown);
    let states = case.states.iter().flat_map(|state| &state.hours);
    pack.federal
        .hours
        .iter()
        .chain(states)
        .chain(unknown)
        .flat_map(|hours| {
            case.zones
                .iter()
                .chain(&hours.also_in)
                .map(move |zone| Constraint::Window {
                    hours,
                    zone: zone.clone(),
                    margin,
                })
        })
        .collect()
}

/// Frequency caps of the federal layer and of every candidate state that bind this purpose.
pub(super) fn caps<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Cap> + use<'a> {
    let purpose = case.purpose();
    let binds = move |cap: &&Cap| {
        let for_purpose = if cap.purposes.is_empty() {
            purpose != Purpose::Emergency
        } else {
            cap.purposes.contains(&purpose)
        };
        for_purpose
    };
    let states: Vec<&'a Cap> = case.states.iter().flat_map(|state| &state.caps).collect();
    case.pack.federal.caps.iter().chain(states).filter(binds)
}

/// The first instant at which hours, holidays, Sundays and caps all allow, every other fact held as it is.
pub(super) fn next_allowed_at(case: &Case<'_>) -> Option<Timestamp> {
    let horizon = case
        .now
        .checked_add(SignedDuration::from_hours(24 * HORIZON_DAYS))
        .ok()?;
    let constraints = constraints(case);
    let mut at = case.now;
    // Each pass moves forward to where every rule has allowed once; it ends when none moves it further. Every
    // rule answers with its own first instant, so nothing earlier can have been passed over.
    loop {
        let before = at;
        for constraint in &constraints {
            at = constraint.first_open(at, horizon)?;
        }
        if at > horizon {
            return None;
        }
        if at == before {
            return Some(at);
        }
    }
}
