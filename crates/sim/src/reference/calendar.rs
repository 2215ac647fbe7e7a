//! Local days and times as instants.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// 0 for a Monday, 6 for a Sunday.
pub fn monday_first(day: Date) -> usize {
    usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default()
}

/// The instant of a time of day, given as seconds since midnight by the clock on the wall; 86,400 is the next midnight.
pub fn instant(day: Date, seconds: u32, zone: &TimeZone) -> Option<Timestamp> {
    let (day, seconds) = match seconds {
        86_400 => (day.tomorrow().ok()?, 0),
        _ => (day, seconds),
    };
    let part = |seconds: u32| i8::try_from(seconds).ok();
    let local = day.at(
        part(seconds / 3600)?,
        part(seconds / 60 % 60)?,
        part(seconds % 60)?,
        0,
    );
    local
        .to_zoned(zone.clone())
        .ok()
        .map(|zoned| zoned.timestamp())
}
