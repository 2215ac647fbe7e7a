//! Times, ticks and consent levels as files have them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::consent::ConsentLevel;

/// Why a cell is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeProblem {
    /// A number of days since 1900, as a spreadsheet keeps dates; which calendar and zone it counts in is not said.
    #[error("a spreadsheet's serial number and not a date; format the column as a date")]
    Serial,
    /// Anything else.
    #[error("not a date and time that can be read")]
    Unreadable,
}

impl TimeProblem {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Serial => "date-serial",
            Self::Unreadable => "date-unreadable",
        }
    }
}

/// Times without an offset. The month stands first where all is figures: these are files of the United States.
const CIVIL: [&str; 19] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%y %I:%M %p",
    "%m/%d/%y %H:%M",
    "%m-%d-%Y %H:%M:%S",
    "%m-%d-%Y %H:%M",
    "%B %d %Y %I:%M:%S %p",
    "%B %d %Y %I:%M %p",
    "%B %d %Y %H:%M",
    "%d %B %Y %H:%M:%S",
    "%d %B %Y %H:%M",
];

/// Days without a time; they stand for their first instant, the earliest that could be meant, so that a revocation
/// on the same day wins.
const DAYS: [&str; 7] = [
    "%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%B %d %Y", "%d %B %Y",
];

/// Reads a time. RFC 3339, Meta's offset without a colon, US and named-month dates, Unix seconds or milliseconds;
/// `zone` is for those that name no offset.
///
/// # Errors
/// [`TimeProblem`].
pub fn read_time(cell: &str, zone: &TimeZone) -> Result<Timestamp, TimeProblem> {
    let text = cell.trim().trim_matches(['\'', '"']).trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Some(result) = figures(text) {
        return result;
    }
    // `Nov 20, 2026 at 6:22 p.m.` and `2026-11-20T18:22:11` to one spelling.
    let text = text
        .replace(['\u{202F}', '\u{A0}', ','], " ")
        .replace(" at ", " ")
        .replace("p.m.", "PM")
        .replace("a.m.", "AM");
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for half in ["AM", "PM", "am", "pm"] {
        if let Some(head) = text.strip_suffix(half) {
            text = format!("{} {half}", head.trim_end());
        }
    }
    if text.as_bytes().get(10) == Some(&b'T') {
        text.replace_range(10..11, " ");
    }
    let (local, zone) = offset_of(&text).unwrap_or((text.as_str(), zone.clone()));
    let civil = civil(local).ok_or(TimeProblem::Unreadable)?;
    let at = civil.to_zoned(zone).map_err(|_| TimeProblem::Unreadable)?;
    Ok(at.timestamp())
}

fn figures(text: &str) -> Option<Result<Timestamp, TimeProblem>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let count: i64 = whole.parse().ok()?;
    Some(match whole.len() {
        10 => Timestamp::from_second(count).map_err(|_| TimeProblem::Unreadable),
        13 => Timestamp::from_millisecond(count).map_err(|_| TimeProblem::Unreadable),
        5 => Err(TimeProblem::Serial),
        _ => Err(TimeProblem::Unreadable),
    })
}

/// The local part and the offset of a text that ends in one.
fn offset_of(text: &str) -> Option<(&str, TimeZone)> {
    const NAMED: [(&str, i8); 12] = [
        ("UTC", 0),
        ("GMT", 0),
        ("Z", 0),
        ("EST", -5),
        ("EDT", -4),
        ("CST", -6),
        ("CDT", -5),
        ("MST", -7),
        ("MDT", -6),
        ("PST", -8),
        ("PDT", -7),
        ("HST", -10),
    ];
    for (name, hours) in NAMED {
        if let Some(local) = text.strip_suffix(name) {
            return Some((local.trim_end(), TimeZone::fixed(jiff::tz::offset(hours))));
        }
    }
    let at = text.rfind(['+', '-']).filter(|at| *at > 10)?;
    let (local, offset) = text.split_at_checked(at)?;
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let known = offset
        .chars()
        .skip(1)
        .all(|c| c.is_ascii_digit() || c == ':');
    if !known || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits
        .get(2..)
        .filter(|m| !m.is_empty())
        .unwrap_or("0")
        .parse()
        .ok()?;
    if hours > 14 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let offset = jiff::tz::Offset::from_seconds(sign * seconds).ok()?;
    Some((local.trim_end(), TimeZone::fixed(offset)))
}

fn civil(text: &str) -> Option<DateTime> {
    // `%B` reads full names, `%b` the short ones; files have both.
    let read = |format: &str| {
        strtime::parse(format, text)
            .or_else(|_| strtime::parse(format.replace("%B", "%b"), text))
            .ok()
    };
    // `%Y` would read the year 26 of `11/20/26`; the format for short years comes after it.
    let modern = |at: &DateTime| at.year() >= 1990;
    let with_time = CIVIL
        .iter()
        .find_map(|f| read(f)?.to_datetime().ok().filter(modern));
    let day = |f: &&str| {
        let day = read(f)?.to_date().ok()?;
        Some(day.to_datetime(jiff::civil::Time::midnight())).filter(modern)
    };
    with_time.or_else(|| DAYS.iter().find_map(day))
}

/// Words for a tick, between bars.
const YES: &str = "yes|y|true|t|1|1.0|x|✓|✔|✅|☑|si|sí|s|verdadero|on|opted in|opt in|\
    optin|checked|ticked|agree|agreed|i agree|accept|accepted|granted|\
    acepto|consented|i consent";

/// Words for none; the empty cell is one of them.
const NO: &str = "|no|n|false|f|0|0.0|-|✗|✘|☐|❌|falso|off|opted out|opt out|optout|\
    unchecked|unticked|disagree|declined|refused|revoked|withdrawn|none|\
    null|n/a|not given|never|denied";

fn is_one_of(words: &str, text: &str) -> bool {
    words.split('|').any(|word| word == text)
}

/// A tick box, a yes or a no; `None` when the cell says neither. An empty cell is no tick: `Some(false)`.
#[must_use]
pub fn read_tick(cell: &str) -> Option<bool> {
    let text = cell.trim().trim_matches(['\'', '"', '.', '!', '\u{FE0F}']);
    let text = text.to_lowercase().replace(['-', '_'], " ");
    let text = if cell.trim() == "-" { "-" } else { text.trim() };
    if is_one_of(YES, text) {
        return Some(true);
    }
    if is_one_of(NO, text) {
        return Some(false);
    }
    let first = text
        .split([',', ' ', ':', ';', '.'])
        .next()
        .unwrap_or_default();
    let negated = text
        .split(|c: char| !c.is_alphanumeric())
        .any(|w| matches!(w, "not" | "no" | "don" | "dont" | "never" | "without"));
    match first {
        "no" | "not" | "declined" | "revoked" => Some(false),
        "yes" | "sí" | "si" if !negated => Some(true),
        _ => None,
    }
}

/// A consent level by the names people give it.
#[must_use]
pub fn read_level(cell: &str) -> Option<ConsentLevel> {
    let text = cell.trim().to_lowercase().replace(['-', '_'], " ");
    match text.as_str() {
        "express written"
        | "prior express written"
        | "prior express written consent"
        | "express written consent"
        | "pewc"
        | "written"
        | "escrito"
        | "por escrito"
        | "expreso por escrito"
        | "expreso y por escrito"
        | "previo expreso por escrito"
        | "consentimiento por escrito"
        | "consentimiento expreso por escrito" => Some(ConsentLevel::ExpressWritten),
        "express"
        | "prior express"
        | "prior express consent"
        | "express consent"
        | "pec"
        | "expreso"
        | "previo expreso"
        | "consentimiento expreso" => Some(ConsentLevel::Express),
        "oral" | "verbal" | "spoken" => Some(ConsentLevel::Oral),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, want) in [
            ("2026-11-20T18:22:11Z", "2026-11-20T18:22:11Z"),
            ("2026-11-20T18:22:11+0000", "2026-11-20T18:22:11Z"),
            ("2026-11-20T12:22:11-06:00", "2026-11-20T18:22:11Z"),
            ("2026-11-20T12:22:11-0600", "2026-11-20T18:22:11Z"),
            ("2026-11-20 18:22:11", "2026-11-20T18:22:11Z"),
            ("2026-11-20T18:22:11", "2026-11-20T18:22:11Z"),
            ("2026-11-20 18:22:11 UTC", "2026-11-20T18:22:11Z"),
            ("2026-11-20 13:22 EST", "2026-11-20T18:22:00Z"),
            ("11/20/2026 6:22 PM", "2026-11-20T18:22:00Z"),
            ("11/20/2026 6:22:11 pm", "2026-11-20T18:22:11Z"),
            ("11/20/2026, 6:22:11\u{202F}PM", "2026-11-20T18:22:11Z"),
            ("11/20/2026 6:22PM", "2026-11-20T18:22:00Z"),
            ("11/20/2026 18:22", "2026-11-20T18:22:00Z"),
            ("11/20/26 18:22", "2026-11-20T18:22:00Z"),
            ("Nov 20, 2026 6:22 PM", "2026-11-20T18:22:00Z"),
            ("November 20, 2026 at 6:22 p.m.", "2026-11-20T18:22:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("11/20/2026", "2026-11-20T00:00:00Z"),
            ("1795229998", "2026-11-21T02:59:58Z"),
            ("1795229998000", "2026-11-21T02:59:58Z"),
        ] {
            let read = read_time(text, &TimeZone::UTC).map(|t| t.to_string());
            assert_eq!(read.as_deref(), Ok(want), "{text}");
        }
        for (text, want) in [
            ("46346.765", TimeProblem::Serial),
            ("46346", TimeProblem::Serial),
            ("20/11/2026 18:22", TimeProblem::Unreadable),
            ("yesterday", TimeProblem::Unreadable),
            ("", TimeProblem::Unreadable),
            ("2026-13-01", TimeProblem::Unreadable),
        ] {
            assert_eq!(read_time(text, &TimeZone::UTC), Err(want), "{text}");
        }
    }

    #[test]
    fn ticks() {
        for text in [
            "Yes",
            "TRUE",
            "1",
            "x",
            "✓",
            "✔️",
            "Sí",
            "on",
            "Opted-in",
            "checked",
            "Yes, call me",
        ] {
            assert_eq!(read_tick(text), Some(true), "{text}");
        }
        for text in [
            "No",
            "FALSE",
            "0",
            "",
            " ",
            "opted out",
            "No, thanks",
            "declined",
            "-",
            "not now",
        ] {
            assert_eq!(read_tick(text), Some(false), "{text}");
        }
        for text in ["maybe", "2", "yes but not by phone", "pending"] {
            assert_eq!(read_tick(text), None, "{text}");
        }
    }
}
