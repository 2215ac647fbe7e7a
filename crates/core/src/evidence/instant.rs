//! Instants as text, as `jiff` and `serde` write them: every record has several, and most of what `jiff` does for any
//! calendar and any precision is not needed for one in UTC of our own centuries.

use std::fmt::Write as _;

use jiff::Timestamp;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// The first second of the year 10000.
const FIVE_DIGIT_YEARS: u64 = 253_402_300_800;

/// Appends the instant as [`Timestamp`]'s `Display` writes it: `2026-11-11T17:30:00.25Z`.
pub(crate) fn write_instant(at: Timestamp, out: &mut String) {
    let nanoseconds = u32::try_from(at.subsec_nanosecond());
    match (u64::try_from(at.as_second()), nanoseconds) {
        (Ok(second), Ok(nanosecond)) if second < FIVE_DIGIT_YEARS => {
            write_second(second, out);
            if nanosecond > 0 {
                write_fraction(nanosecond, out);
            }
            out.push('Z');
        }
        // Writing to a `String` cannot fail.
        _ => _ = write!(out, "{at}"),
    }
}

/// The last digit of a number as a character.
const fn digit(number: u64) -> u8 {
    b'0' + (number % 10) as u8
}

/// Days since 1970 as a civil date: the Gregorian calendar in years that begin in March, so that the leap day is the last.
/// After Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

fn write_second(second: u64, out: &mut String) {
    let (year, month, day) = civil(second / DAY);
    let time = second % DAY;
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
    let mut rest = u64::from(nanosecond);
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
