//! Days as numbers and as dates, for what is asked at every decision.

/// The year, month and day of a day, so many after 1970-01-01: the Gregorian calendar in years that begin in March, so that
/// the leap day is the last of its year (Hinnant, "chrono-compatible low-level date algorithms").
#[inline]
pub(crate) fn civil(day: i64) -> (i64, u32, u32) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097) as u32;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = i64::from(year_of_era) + era * 400 + i64::from(month <= 2);
    let dom = day_of_year - (153 * shifted + 2) / 5 + 1;
    (year, month, dom)
}
