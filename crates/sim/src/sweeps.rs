//! Every jurisdiction, swept over the instants at which something opens, closes, begins or ends: around each opening and
//! closing second, both changes of the clocks, the leap day, the year's end, every holiday and its observed day, Sundays,
//! and the first and last days of rules. Each instant is asked of the gate and of the reference gate.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{Facts, ReasonCode, Verdict, decide};
use ringfence_core::lead::StateCode;
use ringfence_core::rules::{AreaCode, Jurisdiction, RulePack};

use crate::reference::judge;
use crate::world::in_order;

/// What came of one jurisdiction's instants.
#[derive(Default)]
struct Seen {
    verdicts: BTreeSet<Verdict>,
    codes: BTreeSet<ReasonCode>,
}

/// The days to look at in these years.
fn days(state: &Jurisdiction, years: std::ops::RangeInclusive<i16>) -> BTreeSet<Date> {
    let mut days = BTreeSet::new();
    let mut around = |day: Date| {
        for beside in -1..=1 {
            days.insert(day.checked_add(beside.days()).unwrap());
        }
    };
    for year in years {
        let sunday = |month: i8, nth: i8| {
            let first = date(year, month, 1);
            first
                .nth_weekday_of_month(nth, jiff::civil::Weekday::Sunday)
                .unwrap()
        };
        // Clocks go forward on the second Sunday of March and back on the first of November.
        around(sunday(3, 2));
        around(sunday(11, 1));
        around(date(year, 2, 28));
        around(date(year, 12, 31));
        for recipe in state.holidays.iter().flat_map(|ban| &ban.recipes) {
            recipe.date_in(year).into_iter().for_each(&mut around);
            recipe
                .observed_date_of(year)
                .into_iter()
                .for_each(&mut around);
        }
    }
    // A plain week: a Monday to a Sunday, and the Monday after.
    around(date(2026, 6, 16));
    around(date(2026, 6, 19));
    around(date(2026, 6, 21));
    let dated = state.hours.iter().map(|row| &row.provenance);
    let dated = dated.chain(state.caps.iter().map(|row| &row.provenance));
    for rule in dated.chain(state.holidays.iter().map(|row| &row.provenance)) {
        for day in [rule.effective_from, rule.effective_to]
            .into_iter()
            .flatten()
        {
            around(day);
        }
    }
    days
}

/// The instants of a day at which the answer may change, and those beside them.
fn instants(
    pack: &RulePack,
    state: &Jurisdiction,
    day: Date,
    zones: &[TimeZone],
) -> BTreeSet<Timestamp> {
    let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap();
    let rows: Vec<_> = state.hours.iter().chain(&pack.federal.hours).collect();
    let mut seconds = vec![(0, false), (43_200, false)];
    for span in rows.iter().flat_map(|row| &row.week[weekday]) {
        seconds.extend([(span.open, false), (span.close, true)]);
    }
    let clocks = rows.iter().flat_map(|row| &row.also_in).chain(zones);
    let mut found = BTreeSet::new();
    for zone in clocks {
        let midnight = day.to_zoned(zone.clone()).unwrap();
        for (second, closes) in &seconds {
            let wall = midnight
                .datetime()
                .checked_add(SignedDuration::from_secs((*second).into()));
            let t = wall.unwrap().to_zoned(zone.clone()).unwrap().timestamp();
            let beside: &[i64] = if *closes {
                &[-61, -60, -59, 0]
            } else {
                &[-1, 0, 1]
            };
            found.extend(beside.iter().map(|off| t + SignedDuration::from_secs(*off)));
        }
    }
    found
}

/// One area code for every set of zones that the state's area codes have.
fn area_codes(pack: &RulePack, state: StateCode) -> BTreeMap<Vec<String>, u16> {
    let mut found = BTreeMap::new();
    for code in 200..=999 {
        if let AreaCode::Us {
            state: of, zones, ..
        } = pack.places.area_code(code)
            && of == state
        {
            let names = zones
                .iter()
                .map(|zone| zone.iana_name().unwrap().to_owned());
            found.entry(names.collect()).or_insert(code);
        }
    }
    found
}

fn sweep(pack: &RulePack, state: &Jurisdiction, scope: &Scope) -> Seen {
    let mut seen = Seen::default();
    let mut codes: Vec<_> = area_codes(pack, state.code).into_iter().collect();
    codes.sort_by_key(|(zones, _)| std::cmp::Reverse(zones.len()));
    for (_, code) in codes.into_iter().take(scope.area_codes_max) {
        let to = format!("+1{code}5550123");
        let AreaCode::Us { zones, .. } = pack.places.area_code(code) else {
            continue;
        };
        for day in days(state, scope.years.clone()) {
            for now in instants(pack, state, day, zones) {
                let facts = in_order(pack, &to, now);
                ask(pack, &facts, now, &mut seen);
            }
        }
    }
    seen
}

fn ask(pack: &RulePack, facts: &Facts, now: Timestamp, seen: &mut Seen) {
    let decision = decide(pack, facts, now);
    if let Some(what) = judge(pack, facts, now).difference(&decision) {
        panic!("{} at {now}: {what}", facts.request.to);
    }
    seen.verdicts.insert(decision.verdict);
    seen.codes.extend(decision.codes());
}

/// How much to sweep.
struct Scope {
    years: std::ops::RangeInclusive<i16>,
    /// Area codes a state, those of the most zones first.
    area_codes_max: usize,
}

fn sweep_all(scope: &Scope) {
    let pack = RulePack::embedded().unwrap();
    for state in pack.jurisdictions.values() {
        let seen = sweep(&pack, state, scope);
        let name = &state.name;
        assert!(
            seen.codes.contains(&ReasonCode::CallingHours),
            "{name} never closes"
        );
        if state.unread.is_some() {
            assert!(
                seen.verdicts.iter().eq([&Verdict::Deny]),
                "{name} is unread"
            );
            continue;
        }
        assert!(
            seen.verdicts.contains(&Verdict::Allow),
            "{name} never opens"
        );
        assert_eq!(
            seen.codes.contains(&ReasonCode::Holiday),
            state.holidays.is_some(),
            "{name}"
        );
        let closed = |row: &ringfence_core::rules::Hours| row.week[6].is_empty();
        assert_eq!(
            seen.codes.contains(&ReasonCode::Sunday),
            state.hours.iter().any(closed),
            "{name}"
        );
    }
}

/// A leap year. The rest of the decade, and every set of zones: `cargo test --release -p ringfence-sim --lib -- --ignored`.
#[test]
fn every_boundary_of_every_jurisdiction() {
    sweep_all(&Scope {
        years: 2028..=2028,
        area_codes_max: 1,
    });
}

#[test]
#[ignore = "every year of a decade, every set of zones: ten seconds in release, minutes without"]
fn every_boundary_of_every_jurisdiction_for_a_decade() {
    sweep_all(&Scope {
        years: 2024..=2034,
        area_codes_max: usize::MAX,
    });
}

/// Rules that are dated after the pack's own day switch themselves on, and those with a last day off.
#[test]
fn dated_rules_switch_themselves() {
    let pack = RulePack::embedded().unwrap();
    let as_of = date(2026, 11, 21);
    let mut later = Vec::new();
    for rule in pack.provenance.values().filter(|rule| rule.status.binds()) {
        if let Some(first) = rule.effective_from {
            assert!(!rule.in_force_on(first.yesterday().unwrap()), "{}", rule.id);
            assert!(rule.in_force_on(first), "{}", rule.id);
            if first > as_of {
                later.push((rule.id, first));
            }
        }
        if let Some(last) = rule.effective_to {
            assert!(rule.in_force_on(last), "{}", rule.id);
            assert!(!rule.in_force_on(last.tomorrow().unwrap()), "{}", rule.id);
        }
    }
    assert!(
        later.contains(&("us-fed-revoke-all", date(2027, 1, 31))),
        "{later:?}"
    );
    assert!(
        later.contains(&("us-co-ai-1", date(2027, 1, 1))),
        "{later:?}"
    );
    assert!(later.len() >= 6, "{later:?}");
}

/// Before and after the revoke-all rule, one opt-out ends every purpose but emergencies: we do not wait for it.
#[test]
fn revoke_all_changes_nothing_that_is_not_done_already() {
    let pack = RulePack::embedded().unwrap();
    for day in [date(2027, 1, 30), date(2027, 1, 31)] {
        let now = day
            .at(18, 0, 0, 0)
            .to_zoned(TimeZone::UTC)
            .unwrap()
            .timestamp();
        for purpose in [
            Purpose::Informational,
            Purpose::Healthcare,
            Purpose::Political,
        ] {
            let mut facts = in_order(&pack, "+12125550123", now);
            facts.request.purpose = purpose;
            assert_eq!(decide(&pack, &facts, now).verdict, Verdict::Allow);
            facts.suppressions.internal.push(crate::world::opt_out(now));
            let codes: BTreeSet<_> = decide(&pack, &facts, now).codes().collect();
            assert!(
                codes.contains(&ReasonCode::DncInternal),
                "{day} {purpose:?}"
            );
        }
    }
}
