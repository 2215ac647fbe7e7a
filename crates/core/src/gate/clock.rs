//! The rules that only the clock can lift, and the first instant at which all of them do.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Attempt;
use super::case::Case;
use super::relaxed::{lifted, relaxed_cap};
use crate::consent::Purpose;
use crate::rules::{Cap, ClosedDays, Concerns, Days, Hours, Local, Span, Window, Zone, date_of};

/// How far ahead a first allowed instant is looked for: longer than any year of holidays.
const HORIZON_DAYS: i64 = 400;

const DAY_SECONDS: i64 = 86_400;

/// One rule of the clock, in the zone in which it is tested.
enum Constraint<'c> {
    Window {
        window: &'c Window,
        zone: &'c Zone,
        /// Seconds kept free before closing.
        margin: u32,
    },
    ClosedDays {
        closed: &'c ClosedDays,
        zone: &'c Zone,
    },
    Cap {
        cap: &'c Cap,
        attempts: &'c [Attempt],
        zones: &'c [TimeZone],
    },
}

impl Constraint<'_> {
    /// The first instant not before `from` at which this rule allows a call.
    ///
    /// None where there is none up to `horizon`.
    fn first_open(&self, from: Timestamp, horizon: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Window {
                window,
                zone,
                margin,
            } => first_on_steady_days(window, zone, *margin, from).or_else(|| {
                let margin = SignedDuration::from_secs(i64::from(*margin));
                first_in_window(&window.hours, &zone.rules, margin, from, horizon)
            }),
            Self::ClosedDays { closed, zone } => {
                let mut at = from;
                while at <= horizon {
                    let local = zone.local(at);
                    if closed.closed_on(local.day).is_none() {
                        return Some(at);
                    }
                    at = if local.steady {
                        let midnight = at.as_second() - i64::from(local.second);
                        Timestamp::from_second(midnight + DAY_SECONDS).ok()?
                    } else {
                        start_of(date_of(local.day).tomorrow().ok()?, &zone.rules)?
                    };
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
}

/// Whether a call may begin now in this window, by this clock.
#[inline]
pub(super) fn is_open(case: &Case<'_>, window: &Window, zone: &Zone, local: Local) -> bool {
    let margin = case.facts.policy.closing_margin_seconds;
    if !local.steady {
        let margin = SignedDuration::from_secs(i64::from(margin));
        let hours = &window.hours;
        return first_in_window(hours, &zone.rules, margin, case.now, case.now) == Some(case.now);
    }
    // On a steady day the wall-clock times are the instants, so that comparing seconds is the same; the fraction of
    // the second that has begun changes neither comparison.
    if !window.days.hold(local.day) {
        return true;
    }
    let today = window.hours.week.get(usize::from(local.weekday));
    let mut spans = today.into_iter().flatten();
    spans.any(|span| span.open <= local.second && span.has_left(local.second, margin))
}

/// The windows of `day`; none: closed all day.
fn spans_on(hours: &Hours, day: Date) -> &[Span] {
    let monday_first = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
    hours.week.get(monday_first).map_or(&[], Vec::as_slice)
}

/// The first instant in this window, where it is today or tomorrow and both days have one offset, so that a wall-clock time
/// is so many seconds after midnight; none: look closer.
fn first_on_steady_days(
    window: &Window,
    zone: &Zone,
    margin: u32,
    from: Timestamp,
) -> Option<Timestamp> {
    let local = zone.local(from);
    if !local.steady {
        return None;
    }
    let today = from.as_second() - i64::from(local.second);
    for ahead in 0..2_u8 {
        let midnight = today + i64::from(ahead) * DAY_SECONDS;
        let not_before = |second: i64| {
            if second <= from.as_second() {
                Some(from)
            } else {
                Timestamp::from_second(second).ok()
            }
        };
        if !window.days.hold(local.day + i32::from(ahead)) {
            return not_before(midnight);
        }
        let weekday = usize::from((local.weekday + ahead) % 7);
        for span in window.hours.week.get(weekday)? {
            let at = not_before(midnight + i64::from(span.open))?;
            // The fraction of a second that has begun changes nothing.
            if at.as_second() + i64::from(margin) < midnight + i64::from(span.close) {
                return Some(at);
            }
        }
    }
    None
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

/// Whether one more call fits now.
#[inline]
pub(super) fn under_cap(cap: &Cap, attempts: &[Attempt], now: Timestamp) -> bool {
    let most = usize::try_from(cap.calls_max).ok();
    counted(cap, attempts, now).is_some_and(|counted| Some(counted.count()) < most)
        && after_conversation(cap, attempts, now).is_none()
}

/// The end of the time after a conversation in which no call may follow, if `at` lies in it.
fn after_conversation(cap: &Cap, attempts: &[Attempt], at: Timestamp) -> Option<Timestamp> {
    let quiet = cap.after_conversation_seconds?;
    let quiet = SignedDuration::from_secs(i64::try_from(quiet).ok()?);
    let talks = attempts
        .iter()
        .filter(|made| made.conversed && made.at <= at);
    let ends = talks
        .filter_map(|made| made.at.checked_add(quiet).ok())
        .max()?;
    (at < ends).then_some(ends)
}

/// The attempts that count at `at`.
fn counted<'f>(
    cap: &Cap,
    attempts: &'f [Attempt],
    at: Timestamp,
) -> Option<impl Iterator<Item = Timestamp> + use<'f>> {
    let period = SignedDuration::from_secs(i64::try_from(cap.period_seconds).ok()?);
    let since = at.checked_sub(period).ok()?;
    let made = attempts.iter().map(|attempt| attempt.at);
    Some(made.filter(move |made| since < *made && *made <= at))
}

fn first_under_cap(
    cap: &Cap,
    attempts: &[Attempt],
    zones: &[TimeZone],
    from: Timestamp,
) -> Option<Timestamp> {
    let period = SignedDuration::from_secs(i64::try_from(cap.period_seconds).ok()?);
    let most = usize::try_from(cap.calls_max).ok()?;
    let mut at = from;
    loop {
        let in_force = |zone: &TimeZone| cap.provenance.in_force_on(zone.to_datetime(at).date());
        if !zones.iter().any(in_force) {
            return Some(at);
        }
        if let Some(ends) = after_conversation(cap, attempts, at) {
            at = whole_second(ends)?;
            continue;
        }
        let counted: Vec<Timestamp> = counted(cap, attempts, at)?.collect();
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
fn constraints<'c>(case: &'c Case<'_>, held: &'c Held) -> Vec<Constraint<'c>> {
    if case.is_emergency() {
        return Vec::new();
    }
    let margin = case.facts.policy.closing_margin_seconds;
    let mut all = Vec::new();
    each_window(case, |window, zone, _| {
        if lifted(case, &window.hours.provenance, window.hours.relaxation).is_some() {
            return;
        }
        all.push(Constraint::Window {
            window,
            zone,
            margin,
        });
    });
    for state in case.states() {
        let closed = state.closed.as_ref().filter(|closed| {
            lifted(case, &closed.rule.provenance, closed.rule.relaxation).is_none()
        });
        for (zone, _) in case.zones() {
            all.extend(closed.map(|closed| Constraint::ClosedDays { closed, zone }));
        }
    }
    each_cap(case, |cap, _| {
        if relaxed_cap(case, cap).is_none() {
            all.push(Constraint::Cap {
                cap,
                attempts: &held.attempts,
                zones: &held.zones,
            });
        }
    });
    all
}

/// What caps look at while time goes on: the attempts on file now, and the zones whose days their dates are.
struct Held {
    attempts: Vec<Attempt>,
    zones: Vec<TimeZone>,
}

impl Held {
    fn of(case: &Case<'_>) -> Self {
        let attempts = case.facts.attempts.iter();
        let mut zones: Vec<TimeZone> = case.zones().map(|(zone, _)| zone.rules.clone()).collect();
        if zones.is_empty() {
            zones.push(TimeZone::UTC);
        }
        Self {
            attempts: attempts
                .filter(|made| made.at <= case.now)
                .cloned()
                .collect(),
            zones,
        }
    }
}

/// Takes each row of calling hours in each zone in which it is tested, with what the clock shows there: the federal rows
/// and every candidate state's; where a place is in no table, the strictest too.
#[inline]
pub(super) fn each_window<'a>(case: &Case<'a>, mut take: impl FnMut(&'a Window, &'a Zone, Local)) {
    let index = &case.pack.index;
    let mut each = |windows: &'a [Window]| {
        for window in windows {
            case.zones()
                .for_each(|(zone, local)| take(window, zone, local));
            // The zones that it names itself.
            for no in &window.also_in {
                if let Some(zone) = index.zones.get(usize::from(*no)) {
                    take(window, zone, zone.local(case.now));
                }
            }
        }
    };
    each(&index.federal);
    case.states().for_each(|state| each(&state.windows));
    if case.unplaced.is_some() || !case.is_placed() {
        each(std::slice::from_ref(&index.unknown));
    }
}

/// Takes each frequency cap of the federal layer and of every candidate state for this purpose, with the days it binds
/// on.
#[inline]
pub(super) fn each_cap<'a>(case: &Case<'a>, mut take: impl FnMut(&'a Cap, Days)) {
    let purpose = case.purpose();
    let mut each = |caps: &'a [Cap], days: &[Days]| {
        for (cap, days) in caps.iter().zip(days) {
            let for_purpose = if cap.purposes.is_empty() {
                purpose != Purpose::Emergency
            } else {
                cap.purposes.contains(&purpose)
            };
            if for_purpose {
                take(cap, *days);
            }
        }
    };
    // The federal caps bind some purposes only (Regulation F: debt collection).
    if case.pack.index.capped_purposes >> (purpose as u8) & 1 == 1 {
        each(&case.pack.federal.caps, &case.pack.index.federal_caps);
    }
    if case.concerns(Concerns::CAPS) {
        case.states()
            .for_each(|state| each(&state.law.caps, &state.caps));
    }
}

/// The first instant at which hours, holidays, Sundays and caps all allow, every other fact held as it is.
pub(super) fn next_allowed_at(case: &Case<'_>) -> Option<Timestamp> {
    let horizon = case
        .now
        .checked_add(SignedDuration::from_hours(24 * HORIZON_DAYS))
        .ok()?;
    let held = Held::of(case);
    let constraints = constraints(case, &held);
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
