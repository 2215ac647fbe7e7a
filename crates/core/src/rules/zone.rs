//! The clock on the callee's wall, fast: the offsets of a zone in a table of the years around now. Outside the table,
//! and near every change of the clocks, `jiff` is asked instead, so that both ways always agree.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::calendar::civil;

/// 2020-01-01 and 2045-01-01, UTC: the table's first and last second, exclusive.
const TABLE: (i64, i64) = (1_577_836_800, 2_366_841_600);

/// So long before and after a change of the clocks a day's wall-clock times may not be the instants that one offset
/// gives: two days, and an hour more.
const UNSTEADY_SECONDS: i64 = 49 * 3600;

const DAY: i64 = 86_400;

/// 365.2425 days, halved.
const HALF_A_YEAR: i64 = 15_778_476;

/// A zone with its offsets.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    /// The IANA name; a fixed offset has none.
    pub name: Option<&'static str>,
    pub rules: TimeZone,
    /// From which second, UTC, which offset in seconds holds; sorted.
    offsets: Box<[(i64, i32)]>,
    /// The offset in each stretch of the table, where the whole stretch is steady; else [`UNSTEADY`].
    stretches: Box<[i32]>,
}

/// A stretch of the table is two to this power seconds, twelve days.
const STRETCH_BITS: u32 = 20;

/// No offset.
const UNSTEADY: i32 = i32::MAX;

/// What a clock in a zone shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Local {
    /// Days since 1970-01-01.
    pub day: i32,
    /// Seconds since midnight as the clock shows them.
    pub second: u32,
    /// Monday: 0.
    pub weekday: u8,
    /// One offset holds for the whole day, the day before and the day after.
    pub steady: bool,
}

impl Local {
    /// What a clock shows so many seconds after 1970-01-01T00:00:00 of its own.
    #[inline]
    fn shown(seconds: i64, steady: bool) -> Self {
        let day = seconds.div_euclid(DAY) as i32;
        Self {
            day,
            second: seconds.rem_euclid(DAY) as u32,
            // 1970-01-01 was a Thursday.
            weekday: day.wrapping_add(3).rem_euclid(7) as u8,
            steady,
        }
    }

    /// The same inside the table, where nothing is negative and all fits in 32 bits.
    #[inline]
    fn shown_in_table(seconds: u32, steady: bool) -> Self {
        const DAY: u32 = 86_400;
        let day = seconds / DAY;
        Self {
            day: day as i32,
            second: seconds % DAY,
            weekday: (day.wrapping_add(3) % 7) as u8,
            steady,
        }
    }
}

impl Zone {
    /// A zone with its table.
    pub fn new(rules: TimeZone) -> Self {
        let mut offsets = Vec::new();
        if let Ok(first) = Timestamp::from_second(TABLE.0) {
            offsets.push((TABLE.0, rules.to_offset(first).seconds()));
            let changes = rules
                .following(first)
                .map(|change| (change.timestamp().as_second(), change.offset().seconds()));
            offsets.extend(changes.take_while(|(at, _)| *at < TABLE.1));
        }
        let mut zone = Self {
            name: rules.iana_name().map(super::intern::keep),
            rules,
            offsets: offsets.into(),
            stretches: Box::default(),
        };
        let length = 1 << STRETCH_BITS;
        let begins = (TABLE.0..TABLE.1).step_by(length);
        zone.stretches = begins
            .map(|begin| zone.steady_offset(begin, begin + (1 << STRETCH_BITS) - 1))
            .collect();
        zone
    }

    /// The offset that holds from the first to the last of these seconds and is steady in all of them.
    fn steady_offset(&self, first: i64, last: i64) -> i32 {
        match (self.in_table(first), self.in_table(last)) {
            (Some((offset, true)), Some((same, true))) if offset == same => {
                let next = (self.next_change(first), self.next_change(last));
                if next.0 == next.1 { offset } else { UNSTEADY }
            }
            _ => UNSTEADY,
        }
    }

    /// A zone that no pack names, kept for good: there are no more than the bundled database has.
    pub fn stranger(rules: TimeZone) -> &'static Self {
        static KEPT: Mutex<BTreeMap<String, &'static Zone>> = Mutex::new(BTreeMap::new());
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let name = rules.iana_name().unwrap_or_default().to_owned();
        kept.entry(name)
            .or_insert_with(|| Box::leak(Box::new(Self::new(rules))))
    }

    /// What the clock shows at `at`.
    #[inline]
    pub fn local(&self, at: Timestamp) -> Local {
        let second = at.as_second();
        let into_table = second.wrapping_sub(TABLE.0) as u64;
        let stretch = usize::try_from(into_table >> STRETCH_BITS).unwrap_or(usize::MAX);
        match self.stretches.get(stretch) {
            Some(&offset) if offset != UNSTEADY => {
                Local::shown_in_table((second as u32).wrapping_add_signed(offset), true)
            }
            _ => self.local_slowly(at),
        }
    }

    #[cold]
    fn local_slowly(&self, at: Timestamp) -> Local {
        let second = at.as_second();
        match self.in_table(second) {
            Some((offset, steady)) => Local::shown(second + i64::from(offset), steady),
            None => self.asked(at),
        }
    }

    /// The offset at this second, and whether it is steady.
    fn in_table(&self, second: i64) -> Option<(i32, bool)> {
        if !(TABLE.0..TABLE.1).contains(&second) {
            return None;
        }
        let next = self.next_change(second);
        let (from, offset) = self.offsets.get(next.checked_sub(1)?)?;
        let until = self.offsets.get(next).map_or(TABLE.1, |(from, _)| *from);
        let steady = second - *from > UNSTEADY_SECONDS && until - second > UNSTEADY_SECONDS;
        Some((*offset, steady))
    }

    /// The first entry of the table after `second`.
    fn next_change(&self, second: i64) -> usize {
        // Where clocks change, they mostly do so twice a year: looked for from there, step by step.
        let halves = (second - TABLE.0) / HALF_A_YEAR;
        let guess = usize::try_from(halves).unwrap_or_default();
        let mut next = guess.min(self.offsets.len());
        let begins = |place: usize| {
            self.offsets
                .get(place)
                .is_some_and(|(from, _)| *from <= second)
        };
        while begins(next) {
            next += 1;
        }
        while next > 0 && !begins(next - 1) {
            next -= 1;
        }
        next
    }

    #[cold]
    fn asked(&self, at: Timestamp) -> Local {
        let shown = self.rules.to_datetime(at);
        let time = shown.time();
        let hms = [time.hour(), time.minute(), time.second()];
        let second = hms
            .into_iter()
            .fold(0, |sum, part| sum * 60 + i64::from(part));
        Local::shown(i64::from(day_number(shown.date())) * DAY + second, false)
    }
}

/// Days since 1970-01-01.
pub(crate) fn day_number(date: Date) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    let days = date.duration_since(epoch).as_secs() / DAY;
    i32::try_from(days).unwrap_or(i32::MAX)
}

/// The date of a day, days since 1970-01-01.
#[inline]
pub(crate) fn date_of(day: i32) -> Date {
    let (year, month, day) = civil(i64::from(day));
    Date::new(year as i16, month as i8, day as i8).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;

    use super::*;

    /// Every zone of the bundled database, at every change of its clocks between 2019 and 2046, and between them.
    #[test]
    fn the_table_agrees_with_the_database() {
        let database = TimeZoneDatabase::bundled();
        let mut compared = 0_u32;
        for name in database.available() {
            let rules = database.get(name.as_str()).unwrap();
            let zone = Zone::new(rules.clone());
            let begin = Timestamp::from_second(TABLE.0 - 400 * DAY).unwrap();
            let end = Timestamp::from_second(TABLE.1 + 400 * DAY).unwrap();
            let mut instants: Vec<i64> = rules
                .following(begin)
                .map(|change| change.timestamp().as_second())
                .take_while(|at| *at < end.as_second())
                .flat_map(|at| [-UNSTEADY_SECONDS, -1, 0, 1, UNSTEADY_SECONDS].map(|off| at + off))
                .collect();
            let step = usize::try_from(11 * DAY + 12_347).unwrap();
            instants.extend((begin.as_second()..end.as_second()).step_by(step));
            instants.extend([TABLE.0 - 1, TABLE.0, TABLE.1 - 1, TABLE.1]);
            for second in instants {
                let at = Timestamp::from_second(second).unwrap();
                let (fast, asked) = (zone.local(at), zone.asked(at));
                assert_eq!(
                    (fast.day, fast.second, fast.weekday),
                    (asked.day, asked.second, asked.weekday),
                    "{} {at}",
                    name.as_str()
                );
                assert_eq!(date_of(fast.day), rules.to_datetime(at).date());
                let monday_first = date_of(fast.day).weekday().to_monday_zero_offset();
                assert_eq!(i8::try_from(fast.weekday).unwrap(), monday_first);
                let slow = zone.local_slowly(at);
                assert_eq!(fast, slow, "{} {at}", name.as_str());
                compared += 1;
            }
        }
        assert!(compared > 300_000, "{compared}");
    }

    /// Where one offset is said to hold, it gives the instants of the whole day's wall-clock times.
    #[test]
    fn a_steady_day_has_one_offset() {
        let database = TimeZoneDatabase::bundled();
        for name in [
            "America/New_York",
            "America/Havana",
            "Africa/Cairo",
            "Australia/Lord_Howe",
            "Asia/Gaza",
        ] {
            let zone = Zone::new(database.get(name).unwrap());
            for hours in (0..5 * 366 * 24).step_by(7) {
                let at = Timestamp::from_second(1_767_225_600 + hours * 3600).unwrap();
                let local = zone.local(at);
                if !local.steady {
                    continue;
                }
                let midnight = date_of(local.day).to_datetime(jiff::civil::Time::midnight());
                for quarter in 0..=96_i64 {
                    let wall = midnight + jiff::SignedDuration::from_mins(quarter * 15);
                    let instant = zone.rules.to_ambiguous_timestamp(wall);
                    assert!(!instant.is_ambiguous(), "{name} {at} {wall}");
                    let from_now = quarter * 900 - i64::from(local.second);
                    assert_eq!(
                        instant.unambiguous().unwrap().as_second(),
                        at.as_second() + from_now
                    );
                }
            }
        }
    }

    #[test]
    fn days_and_dates() {
        for (date, day) in [
            ((1970, 1, 1), 0),
            ((2024, 2, 29), 19_782),
            ((2026, 12, 31), 20_818),
        ] {
            let date = jiff::civil::date(date.0, date.1, date.2);
            assert_eq!((day_number(date), date_of(day)), (day, date));
        }
        let mut date = jiff::civil::date(1999, 12, 1);
        for day in day_number(date)..day_number(jiff::civil::date(2101, 1, 1)) {
            assert_eq!(date_of(day), date);
            date = date.tomorrow().unwrap();
        }
    }
}
