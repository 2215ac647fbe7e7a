//! Holidays as recipes, so that any year can be computed.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::{Span as Days, ToSpan};
use serde::Deserialize;

use super::read::Table;

/// One holiday's recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolidayRecipe {
    /// Stable id, such as `good_friday`.
    pub id: String,
    /// In words.
    pub name: String,
    day: DayRule,
}

/// How a holiday's day is found in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DayRule {
    /// A fixed date; with `observed`, a Saturday also closes the Friday before and a Sunday the Monday after.
    Fixed { month: i8, day: i8, observed: bool },
    /// The nth such weekday of a month; -1: the last.
    Nth { month: i8, weekday: Weekday, n: i8 },
    /// So many days after Easter Sunday.
    Easter { offset_days: i64 },
    /// The Tuesday after the month's first Monday.
    FirstTuesdayAfterFirstMonday { month: i8 },
    /// So many days after the fourth Thursday of November.
    Thanksgiving { offset_days: i64 },
}

impl HolidayRecipe {
    /// The holiday's name if `day` is closed because of it: the day itself or its observed day, which may lie in
    /// the year before or after.
    #[must_use]
    pub fn closed_on(&self, day: Date) -> Option<&str> {
        let year = day.year();
        let closed = [year.checked_sub(1), Some(year), year.checked_add(1)]
            .into_iter()
            .flatten()
            .any(|year| {
                self.date_in(year) == Some(day) || self.observed_date_of(year) == Some(day)
            });
        closed.then_some(self.name.as_str())
    }

    /// The day itself in `year`; none where that year has no such day.
    #[must_use]
    pub fn date_in(&self, year: i16) -> Option<Date> {
        match self.day {
            DayRule::Fixed { month, day, .. } => Date::new(year, month, day).ok(),
            DayRule::Nth { month, weekday, n } => nth(year, month, weekday, n),
            DayRule::Easter { offset_days } => plus(easter(year)?, offset_days),
            DayRule::FirstTuesdayAfterFirstMonday { month } => {
                plus(nth(year, month, Weekday::Monday, 1)?, 1)
            }
            DayRule::Thanksgiving { offset_days } => {
                plus(nth(year, 11, Weekday::Thursday, 4)?, offset_days)
            }
        }
    }

    /// The weekday on which the holiday of `year` is observed, where that is another day. Both days are closed,
    /// since the states differ in which of them their ban means.
    #[must_use]
    pub fn observed_date_of(&self, year: i16) -> Option<Date> {
        let DayRule::Fixed { observed: true, .. } = self.day else {
            return None;
        };
        let day = self.date_in(year)?;
        match day.weekday() {
            Weekday::Saturday => day.yesterday().ok(),
            Weekday::Sunday => day.tomorrow().ok(),
            _ => None,
        }
    }
}

fn nth(year: i16, month: i8, weekday: Weekday, n: i8) -> Option<Date> {
    let first = Date::new(year, month, 1).ok()?;
    first.nth_weekday_of_month(n, weekday).ok()
}

fn plus(date: Date, days: i64) -> Option<Date> {
    let span: Days = days.days();
    date.checked_add(span).ok()
}

/// Easter Sunday of the Gregorian calendar (the anonymous algorithm in Meeus, Astronomical Algorithms, ch. 8).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(
        year,
        i8::try_from(n / 31).ok()?,
        i8::try_from(n % 31 + 1).ok()?,
    )
    .ok()
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Fixed,
    NthWeekday,
    LastWeekday,
    Easter,
    FirstTuesdayAfterFirstMonday,
    Thanksgiving,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Observed {
    SaturdayToFridaySundayToMonday,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum WeekdayName {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<WeekdayName> for Weekday {
    fn from(name: WeekdayName) -> Self {
        match name {
            WeekdayName::Monday => Self::Monday,
            WeekdayName::Tuesday => Self::Tuesday,
            WeekdayName::Wednesday => Self::Wednesday,
            WeekdayName::Thursday => Self::Thursday,
            WeekdayName::Friday => Self::Friday,
            WeekdayName::Saturday => Self::Saturday,
            WeekdayName::Sunday => Self::Sunday,
        }
    }
}

/// Every recipe of a source by its id.
pub(super) fn recipes(root: &Table<'_>) -> BTreeMap<String, HolidayRecipe> {
    let mut recipes = BTreeMap::new();
    for table in root.tables("holiday") {
        let id = table.needed("id");
        let name = table.needed("name");
        let day = day_rule(&table);
        let (Some(id), Some(name), Some(day)) = (id, name, day) else {
            continue;
        };
        let recipe = HolidayRecipe {
            id: id.text.to_owned(),
            name: name.text.to_owned(),
            day,
        };
        if recipes.insert(recipe.id.clone(), recipe).is_some() {
            table.report(id.at, format!("the holiday `{}` is given twice", id.text));
        }
    }
    recipes
}

fn day_rule(table: &Table<'_>) -> Option<DayRule> {
    let month = |table: &Table<'_>| {
        let month = table.needed_number("month", 1, 12)?;
        i8::try_from(month).ok()
    };
    match table.one_of::<Kind>("kind") {
        None => {
            for key in ["month", "day", "weekday", "n", "offset_days", "observed"] {
                table.kept(key);
            }
            None
        }
        Some(Kind::Fixed) => {
            let (month, day) = (month(table), table.needed_number("day", 1, 31));
            let observed = match table.word("observed") {
                Some(_) => {
                    table.one_of::<Observed>("observed")?;
                    true
                }
                None => false,
            };
            let (month, day) = (month?, i8::try_from(day?).ok()?);
            // 2024 is a leap year: the 29th of February is a day, the 31st of June is not.
            if Date::new(2024, month, day).is_err() {
                table.report_here(format!("there is no day {day} in month {month}"));
                return None;
            }
            Some(DayRule::Fixed {
                month,
                day,
                observed,
            })
        }
        Some(kind @ (Kind::NthWeekday | Kind::LastWeekday)) => {
            let month = month(table);
            let weekday = table.one_of::<WeekdayName>("weekday");
            let n = match kind {
                Kind::NthWeekday => table.needed_number("n", 1, 4),
                _ => Some(-1),
            };
            Some(DayRule::Nth {
                month: month?,
                weekday: weekday?.into(),
                n: i8::try_from(n?).ok()?,
            })
        }
        Some(Kind::Easter) => Some(DayRule::Easter {
            offset_days: table.needed_number("offset_days", -60, 60)?,
        }),
        Some(Kind::FirstTuesdayAfterFirstMonday) => Some(DayRule::FirstTuesdayAfterFirstMonday {
            month: month(table)?,
        }),
        Some(Kind::Thanksgiving) => Some(DayRule::Thanksgiving {
            offset_days: table.needed_number("offset_days", -30, 30)?,
        }),
    }
}
