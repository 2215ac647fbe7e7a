//! Holidays by year, observed days too.

use jiff::civil::{Date, date};

use super::super::Holiday;
use super::PACK;
use crate::lead::StateCode;

fn holidays(state: &str) -> &'static Holiday {
    PACK.jurisdictions[&StateCode::parse(state).unwrap()]
        .holidays
        .as_ref()
        .unwrap()
}

fn closed(state: &str, day: Date) -> Option<&'static str> {
    holidays(state)
        .recipes
        .iter()
        .find_map(|recipe| recipe.closed_on(day))
}

/// Every closed day of a year, in order.
fn calendar(state: &str, year: i16) -> Vec<String> {
    date(year, 1, 1)
        .series(jiff::ToSpan::day(1))
        .take_while(|day| day.year() == year)
        .filter(|day| closed(state, *day).is_some())
        .map(|day| day.strftime("%m-%d").to_string())
        .collect()
}

#[test]
fn easter_based_days_over_the_years() {
    // Easter Sundays: 2016-03-27, 2024-03-31, 2025-04-20, 2026-04-05, 2027-03-28, 2028-04-16, 2038-04-25.
    let table = [
        (date(2016, 3, 25), date(2016, 2, 9)),
        (date(2024, 3, 29), date(2024, 2, 13)),
        (date(2025, 4, 18), date(2025, 3, 4)),
        (date(2026, 4, 3), date(2026, 2, 17)),
        (date(2027, 3, 26), date(2027, 2, 9)),
        (date(2028, 4, 14), date(2028, 2, 29)),
        (date(2038, 4, 23), date(2038, 3, 9)),
    ];
    for (good_friday, mardi_gras) in table {
        assert_eq!(closed("LA", good_friday), Some("Good Friday"));
        assert_eq!(closed("LA", mardi_gras), Some("Mardi Gras"));
        assert_eq!(closed("PA", mardi_gras), None, "{mardi_gras}");
    }
}

#[test]
fn an_observed_day_closes_beside_the_day_itself() {
    // 1 January 2028 is a Saturday: the Friday before lies in the year before.
    assert_eq!(closed("PA", date(2027, 12, 31)), Some("New Year's Day"));
    assert_eq!(closed("PA", date(2028, 1, 1)), Some("New Year's Day"));
    assert_eq!(closed("PA", date(2028, 1, 3)), None);
    // 4 July 2026 is a Saturday, 25 December 2027 too, 4 July 2027 a Sunday.
    assert_eq!(closed("UT", date(2026, 7, 3)), Some("Independence Day"));
    assert_eq!(closed("UT", date(2026, 7, 4)), Some("Independence Day"));
    assert_eq!(closed("UT", date(2027, 12, 24)), Some("Christmas Day"));
    assert_eq!(closed("UT", date(2027, 7, 5)), Some("Independence Day"));
    assert_eq!(closed("UT", date(2027, 7, 2)), None);
    // 31 December 2026 is a Thursday and 1 January 2027 a Friday.
    assert_eq!(closed("PA", date(2026, 12, 31)), None);
}

#[test]
fn whole_calendars_of_2026() {
    let table: [(&str, &[&str]); 5] = [
        (
            "PA",
            &[
                "01-01", "01-19", "02-16", "04-03", "05-25", "06-14", "06-15", "06-19", "07-03",
                "07-04", "09-07", "10-12", "11-03", "11-11", "11-26", "12-25",
            ],
        ),
        (
            "AL",
            &[
                "01-01", "01-19", "02-16", "02-17", "04-27", "05-25", "06-01", "06-19", "07-03",
                "07-04", "09-07", "10-12", "11-11", "11-26", "12-25",
            ],
        ),
        (
            "LA",
            &[
                "01-01", "01-19", "02-16", "02-17", "04-03", "05-25", "06-19", "07-03", "07-04",
                "09-07", "10-12", "11-01", "11-02", "11-03", "11-11", "11-26", "11-27", "12-25",
            ],
        ),
        (
            "UT",
            &[
                "01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "07-04", "07-24", "09-07",
                "10-12", "11-11", "11-26", "12-25",
            ],
        ),
        (
            "RI",
            &[
                "01-01", "01-19", "02-16", "05-04", "05-25", "06-19", "07-03", "07-04", "08-10",
                "09-07", "10-12", "11-03", "11-11", "11-26", "12-25",
            ],
        ),
    ];
    for (state, days) in table {
        assert_eq!(calendar(state, 2026), days, "{state}");
    }
}

#[test]
fn election_day_is_closed_in_odd_years_as_well() {
    assert_eq!(
        closed("RI", date(2027, 11, 2)),
        Some("General Election Day")
    );
    // When the 1st is a Tuesday, the day is the 8th.
    assert_eq!(
        closed("RI", date(2022, 11, 8)),
        Some("General Election Day")
    );
    assert_eq!(closed("RI", date(2022, 11, 1)), None);
}

#[test]
fn only_five_places_bar_calls_on_holidays() {
    let banning: Vec<&str> = PACK
        .jurisdictions
        .values()
        .filter(|place| place.holidays.is_some())
        .map(|place| place.code.as_str())
        .collect();
    assert_eq!(banning, ["AL", "LA", "PA", "RI", "UT"]);
}
