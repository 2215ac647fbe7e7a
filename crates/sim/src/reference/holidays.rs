//! Holidays by what the statutes call them, without the pack's recipes: La. R.S. 1:55, Ala. Code 1-3-8, 44 P.S. 11,
//! R.I. Gen. Laws 25-1-1, Utah Code 63G-1-301.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

/// Fixed days; with a Saturday or Sunday the weekday next to it is closed as well.
const FIXED: &[(&str, i8, i8)] = &[
    ("new_years", 1, 1),
    ("ri_independence", 5, 4),
    ("flag_day", 6, 14),
    ("juneteenth", 6, 19),
    ("independence", 7, 4),
    ("pioneer_day", 7, 24),
    ("all_saints", 11, 1),
    ("veterans", 11, 11),
    ("christmas", 12, 25),
];

/// The nth Monday of a month.
const MONDAYS: &[(&str, i8, i8)] = &[
    ("mlk", 1, 3),
    ("presidents", 2, 3),
    ("confederate_memorial_al", 4, 4),
    ("jefferson_davis_al", 6, 1),
    ("victory_day", 8, 2),
    ("labor", 9, 1),
    ("columbus", 10, 2),
];

/// Whether this calendar knows the holiday.
#[must_use]
pub fn is_known(id: &str) -> bool {
    falls_on(id, date(2026, 1, 1)).is_some()
}

/// Whether `day` is closed because of the holiday; none where the holiday is not known here.
#[must_use]
pub fn falls_on(id: &str, day: Date) -> Option<bool> {
    let is = |(_, month, number): &(&str, i8, i8), day: Date| {
        day.month() == *month && day.day() == *number
    };
    if let Some(fixed) = FIXED.iter().find(|(name, ..)| *name == id) {
        let eve = day.weekday() == Weekday::Friday
            && day.tomorrow().is_ok_and(|saturday| is(fixed, saturday));
        let morrow = day.weekday() == Weekday::Monday
            && day.yesterday().is_ok_and(|sunday| is(fixed, sunday));
        return Some(is(fixed, day) || eve || morrow);
    }
    if let Some((_, month, nth)) = MONDAYS.iter().find(|(name, ..)| *name == id) {
        return Some(is_nth(day, *month, Weekday::Monday, *nth));
    }
    Some(match id {
        "memorial" => day.month() == 5 && day.weekday() == Weekday::Monday && day.day() + 7 > 31,
        "election_day" => {
            day.month() == 11 && day.weekday() == Weekday::Tuesday && (2..=8).contains(&day.day())
        }
        "thanksgiving" => is_nth(day, 11, Weekday::Thursday, 4),
        "day_after_thanksgiving" => day
            .yesterday()
            .is_ok_and(|eve| is_nth(eve, 11, Weekday::Thursday, 4)),
        "good_friday" => day.checked_add(2.days()).is_ok_and(is_easter),
        "mardi_gras" => day.checked_add(47.days()).is_ok_and(is_easter),
        _ => return None,
    })
}

fn is_nth(day: Date, month: i8, weekday: Weekday, nth: i8) -> bool {
    day.month() == month && day.weekday() == weekday && (day.day() - 1) / 7 + 1 == nth
}

/// Easter Sunday by Gauss's rule for 1900 to 2099.
fn is_easter(day: Date) -> bool {
    let year = i32::from(day.year());
    let (a, b, c) = (year % 19, year % 4, year % 7);
    let d = (19 * a + 24) % 30;
    let e = (2 * b + 4 * c + 6 * d + 5) % 7;
    let march = match (d, e) {
        (29, 6) => 50,
        (28, 6) if a > 10 => 49,
        _ => 22 + d + e,
    };
    let number = i32::from(day.day());
    match day.month() {
        3 => number == march,
        4 => number + 31 == march,
        _ => false,
    }
}
