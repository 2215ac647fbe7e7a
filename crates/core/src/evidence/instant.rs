//! Instants as text, as `jiff` and `serde` write them: every record has several, and most of what `jiff` does for any
//! calendar and any precision is not needed for one in UTC of our own centuries.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::calendar::civil;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The first second of the year 10000.
const FIVE_DIGIT_YEARS: i64 = 253_402_300_800;

/// Appends the instant as [`Timestamp`]'s `Display` writes it: `2026-11-11T17:30:00.25Z`.
pub(crate) fn write_instant(at: Timestamp, out: &mut String) {
    let (second, nanosecond) = (at.as_second(), at.subsec_nanosecond());
    if (0..FIVE_DIGIT_YEARS).contains(&second) && nanosecond >= 0 {
        write_second(second, out);
        if nanosecond > 0 {
            write_fraction(nanosecond.unsigned_abs(), out);
        }
        out.push('Z');
    } else {
        // Writing to a `String` cannot fail.
        let _ = write!(out, "{at}");
    }
}

/// The last digit of a number as a character.
const fn digit(number: u32) -> u8 {
    b'0' + (number % 10) as u8
}

fn write_second(second: i64, out: &mut String) {
    let (year, month, day) = civil(second / DAY);
    // A year of four digits, and the seconds of a day.
    let (year, time) = (year as u32, (second % DAY) as u32);
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    let text = [
        digit(year / 1_000),
        digit(year / 100),
        digit(year / 10),
        digit(year),
        b'-',
        digit(month / 10),
        digit(month),
        b'-',
        digit(day / 10),
        digit(day),
        b'T',
        digit(hour / 10),
        digit(hour),
        b':',
        digit(minute / 10),
        digit(minute),
        b':',
        digit(second / 10),
        digit(second),
    ];
    // ASCII only.
    out.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

fn write_fraction(nanosecond: u32, out: &mut String) {
    let mut rest = nanosecond;
    let mut text = [b'.'; 10];
    for place in text.iter_mut().skip(1).rev() {
        *place = digit(rest);
        rest /= 10;
    }
    let text = std::str::from_utf8(&text).unwrap_or_default();
    out.push_str(text.trim_end_matches('0'));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(at: Timestamp) {
        let mut text = String::from("at ");
        write_instant(at, &mut text);
        assert_eq!(text, format!("at {at}"));
    }

    #[test]
    fn as_jiff_writes_it() {
        for second in [0, 1, 59, 60, 3_599, 3_600, 86_399, 86_400, 951_782_399] {
            for nanosecond in [0, 1, 10, 1_000, 250_000_000, 999_999_999, 123_456_000] {
                same(Timestamp::new(second, nanosecond).unwrap());
                same(Timestamp::new(-second - 1, -nanosecond).unwrap());
            }
        }
        same(Timestamp::MIN);
        same(Timestamp::MAX);
    }

    #[test]
    fn days_of_eight_thousand_years() {
        // Every day of the first centuries, and one in five weeks after that, each at another second.
        let last = Timestamp::MAX.as_second();
        let days = (0..60_000).chain((60_000..last / 86_400).step_by(37));
        for day in days {
            let second = day * 86_400 + day * 7_919 % 86_400;
            same(Timestamp::from_second(second).unwrap());
        }
    }
}
