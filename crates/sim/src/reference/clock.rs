//! Hours, holidays, Sundays and frequency caps (API 5, "Hours", "Frequency caps", "`next_allowed_at`").

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{Attempt, ReasonCode};
use ringfence_core::rules::{Cap, Hours, RulePack};

use super::{Answer, CLOCK, Codes, Question, calendar, consent, holidays};

/// How far `next_allowed_at` looks.
const HORIZON_DAYS: i64 = 400;

pub fn judge(question: &Question<'_>, answer: &mut Answer) {
    answer.required.extend(obstacles(question, question.now));
    if question.places.zones.is_empty() {
        // There is no clock to test; the number denies already.
        answer.permitted.extend(CLOCK);
    }
}

/// What of the clock stands in the way at `t`, every other fact held as it is at the question's instant.
pub fn obstacles(question: &Question<'_>, t: Timestamp) -> Codes {
    let mut found = Codes::new();
    if question.is(Purpose::Emergency) {
        return found;
    }
    for zone in &question.places.zones {
        let local = t.to_zoned(zone.clone()).date();
        for row in &question.pack.federal.hours {
            found.extend(closed(question, row, zone, t));
        }
        if question.places.states.is_empty() || question.places.unplaced {
            found.extend(closed(question, &question.pack.strictest_unknown, zone, t));
        }
        for state in question.jurisdictions() {
            for row in &state.hours {
                found.extend(closed(question, row, zone, t));
            }
            if let Some(ban) = &state.holidays
                && !question.lifted(&ban.provenance, ban.relaxation)
                && ban.provenance.in_force_on(local)
                && ban
                    .recipes
                    .iter()
                    .any(|day| holidays::falls_on(&day.id, local) != Some(false))
            {
                found.insert(ReasonCode::Holiday);
            }
        }
    }
    // Mississippi's own clocks, whatever the callee's.
    for state in question.jurisdictions() {
        for row in &state.hours {
            for zone in &row.also_in {
                found.extend(closed(question, row, zone, t));
            }
        }
    }
    if caps(question).any(|cap| used_up(question, cap, t)) {
        found.insert(ReasonCode::FrequencyCap);
    }
    found
}

/// Opening <= t and t + margin < closing, by the clock of `zone`.
fn closed(
    question: &Question<'_>,
    row: &Hours,
    zone: &TimeZone,
    t: Timestamp,
) -> Option<ReasonCode> {
    let day = t.to_zoned(zone.clone()).date();
    if !row.provenance.in_force_on(day) || question.lifted(&row.provenance, row.relaxation) {
        return None;
    }
    let spans = &row.week.get(calendar::monday_first(day))?;
    let margin = SignedDuration::from_secs(question.facts.policy.closing_margin_seconds.into());
    let open = spans.iter().any(|span| {
        let opening = calendar::instant(day, span.open, zone);
        let closing = calendar::instant(day, span.close, zone);
        opening.is_some_and(|opening| opening <= t)
            && closing.is_some_and(|closing| t + margin < closing)
    });
    match open {
        true => None,
        false if spans.is_empty() && is_sunday(day) => Some(ReasonCode::Sunday),
        false => Some(ReasonCode::CallingHours),
    }
}

fn is_sunday(day: Date) -> bool {
    day.weekday() == Weekday::Sunday
}

/// The caps that bind this purpose: federal ones, and those of every candidate state, less those that are lifted.
fn caps<'a>(question: &'a Question<'_>) -> impl Iterator<Item = &'a Cap> {
    let of_states = question.jurisdictions().flat_map(|state| &state.caps);
    let purpose = question.facts.request.purpose;
    let all = question.pack.federal.caps.iter().chain(of_states);
    all.filter(move |cap| {
        let bound = cap.purposes.is_empty() || cap.purposes.contains(&purpose);
        let lifted = question.lifted(&cap.provenance, cap.relaxation)
            || (cap.lifted_by_consent && consent::stands(question));
        purpose != Purpose::Emergency && bound && !lifted
    })
}

fn period(cap: &Cap) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(cap.period_seconds).unwrap_or(i64::MAX))
}

fn used_up(question: &Question<'_>, cap: &Cap, t: Timestamp) -> bool {
    if !question
        .days(t)
        .into_iter()
        .any(|day| cap.provenance.in_force_on(day))
    {
        return false;
    }
    let within = |at: Timestamp| at <= question.now && t.duration_since(at) < period(cap);
    let count = question
        .facts
        .attempts
        .iter()
        .filter(|made| within(made.at))
        .count();
    let quiet = |made: &Attempt| {
        let seconds = cap
            .after_conversation_seconds
            .map(i64::try_from)
            .and_then(Result::ok);
        seconds.is_some_and(|seconds| {
            made.conversed && t.duration_since(made.at) < SignedDuration::from_secs(seconds)
        })
    };
    let talked = |made: &&Attempt| made.at <= question.now && quiet(made);
    count >= usize::try_from(cap.calls_max).unwrap_or(usize::MAX)
        || question.facts.attempts.iter().any(|made| talked(&made))
}

/// The first whole second after the question's instant at which nothing of the clock stands in the way.
///
/// Windows open, rules begin and end, at quarters of an hour in every zone; an attempt falls out of a cap at a
/// second of its own. So these instants are tried one after the other.
pub fn next_allowed_at(question: &Question<'_>) -> Option<Timestamp> {
    let step = if opens_at_quarters(question.pack) {
        900
    } else {
        60
    };
    let ends = |cap: &Cap| {
        let quiet = cap
            .after_conversation_seconds
            .map(i64::try_from)
            .and_then(Result::ok);
        [Some(period(cap)), quiet.map(SignedDuration::from_secs)]
            .into_iter()
            .flatten()
    };
    let mut releases: Vec<i64> = caps(question)
        .flat_map(ends)
        .flat_map(|after| {
            let made = question.facts.attempts.iter();
            made.map(move |made| made.at.checked_add(after))
        })
        .filter_map(Result::ok)
        .map(ceiling)
        .filter(|second| *second > question.now.as_second())
        .collect();
    releases.sort_unstable();
    let first = question.now.as_second();
    let last = first + HORIZON_DAYS * 86_400;
    let mut releases = releases.into_iter().peekable();
    let mut quarter = first - first.rem_euclid(step) + step;
    loop {
        let second = match releases.next_if(|release| *release <= quarter) {
            Some(release) => release,
            None => {
                quarter += step;
                quarter - step
            }
        };
        let t = Timestamp::from_second(second).ok()?;
        if second > last {
            return None;
        }
        if t > question.now && obstacles(question, t).is_empty() {
            return Some(t);
        }
    }
}

fn ceiling(t: Timestamp) -> i64 {
    t.as_second() + i64::from(t.subsec_nanosecond() > 0)
}

fn opens_at_quarters(pack: &RulePack) -> bool {
    let states = pack.jurisdictions.values().flat_map(|state| &state.hours);
    let rows = states
        .chain(&pack.federal.hours)
        .chain([&pack.strictest_unknown]);
    rows.flat_map(|row| row.week.iter().flatten())
        .all(|span| span.open % 900 == 0)
}
