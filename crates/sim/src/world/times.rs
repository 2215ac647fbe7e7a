//! Instants worth asking about.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use ringfence_core::lead::StateCode;
use ringfence_core::rules::RulePack;

use super::{Dice, World};

/// Days around which the law or the clocks change.
pub fn edges(pack: &RulePack) -> Vec<Date> {
    let mut days = vec![
        date(2024, 2, 29),
        date(2028, 2, 29),
        date(2025, 12, 31),
        date(2026, 12, 31),
        date(2027, 12, 31),
    ];
    // Second Sunday of March and first of November, when clocks change in the states that change them.
    for (year, march, november) in [(2025, 9, 2), (2026, 8, 1), (2027, 14, 7), (2028, 12, 5)] {
        days.push(date(year, 3, march));
        days.push(date(year, 11, november));
    }
    let rules = pack.provenance.values();
    let dated = rules
        .flat_map(|rule| [rule.effective_from, rule.effective_to])
        .flatten();
    days.extend(dated.filter(|day| day.year() >= 2020));
    days
}

impl World<'_> {
    /// An instant near an opening, a closing or a midnight of this state, on a day near an edge or a holiday more often
    /// than not.
    pub(super) fn moment(&self, dice: &mut Dice, home: Option<StateCode>) -> Timestamp {
        let state = home.and_then(|code| self.pack.jurisdictions.get(&code));
        let day = self.day(dice, home);
        let zones = state
            .map(|state| state.time_zones.clone())
            .unwrap_or_default();
        let zone = dice.pick(&zones).unwrap_or(TimeZone::UTC);
        let federal = &self.pack.federal.hours;
        let rows = state
            .map_or(federal, |state| &state.hours)
            .iter()
            .chain(federal);
        let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default();
        let spans = rows.filter_map(|row| row.week.get(weekday)).flatten();
        let mut seconds: Vec<u32> = spans.flat_map(|span| [span.open, span.close]).collect();
        seconds.extend([0, 43_200]);
        let at = match dice.chance(60) {
            true => {
                i64::from(dice.pick(&seconds).unwrap_or_default())
                    + dice.number(&[-3600, -61, -60, -59, -1, 0, 0, 1, 60, 3600])
            }
            false => i64::try_from(dice.below(86_400)).unwrap_or_default(),
        };
        let midnight = day
            .to_zoned(zone)
            .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
        let fraction = dice.number(&[0, 0, 0, 0, 0, 0, 1, 999]);
        midnight + SignedDuration::from_secs(at) + SignedDuration::from_millis(fraction)
    }

    fn day(&self, dice: &mut Dice, home: Option<StateCode>) -> Date {
        let beside = dice.number(&[-2, -1, 0, 0, 0, 1, 2]);
        let any = date(2025, 1, 1)
            .checked_add(
                i64::try_from(dice.below(4 * 365))
                    .unwrap_or_default()
                    .days(),
            )
            .unwrap_or(date(2026, 6, 16));
        let ban = home
            .and_then(|code| self.pack.jurisdictions.get(&code))
            .and_then(|state| state.holidays.as_ref());
        let chosen = match dice.below(10) {
            0..2 => dice.pick(&self.edges),
            2..5 => {
                let recipe = ban.and_then(|ban| dice.pick(&ban.recipes));
                recipe.and_then(|recipe| {
                    recipe
                        .observed_date_of(any.year())
                        .or_else(|| recipe.date_in(any.year()))
                })
            }
            _ => None,
        };
        let chosen = chosen.and_then(|day| day.checked_add(beside.days()).ok());
        chosen.unwrap_or(any)
    }
}
