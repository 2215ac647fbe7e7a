//! ZIP codes, states and time zones as files have them. What cannot be read is left out and said; it never loses
//! the row, because the area code still gives the gate its candidates.

use crate::lead::StateCode;

/// The states, the District and the five territories: code, name, other spellings.
const STATES: [(&str, &str, &[&str]); 56] = [
    ("AL", "alabama", &["ala"]),
    ("AK", "alaska", &[]),
    ("AZ", "arizona", &["ariz"]),
    ("AR", "arkansas", &["ark"]),
    ("CA", "california", &["calif"]),
    ("CO", "colorado", &["colo"]),
    ("CT", "connecticut", &["conn"]),
    ("DE", "delaware", &["del"]),
    (
        "DC",
        "district of columbia",
        &["washington dc", "distrito de columbia"],
    ),
    ("FL", "florida", &["fla"]),
    ("GA", "georgia", &[]),
    ("HI", "hawaii", &["hawai i", "hawái"]),
    ("ID", "idaho", &[]),
    ("IL", "illinois", &["ill"]),
    ("IN", "indiana", &["ind"]),
    ("IA", "iowa", &[]),
    ("KS", "kansas", &["kan"]),
    ("KY", "kentucky", &[]),
    ("LA", "louisiana", &["luisiana"]),
    ("ME", "maine", &[]),
    ("MD", "maryland", &[]),
    ("MA", "massachusetts", &["mass"]),
    ("MI", "michigan", &["mich"]),
    ("MN", "minnesota", &["minn"]),
    ("MS", "mississippi", &["miss", "misisipi"]),
    ("MO", "missouri", &[]),
    ("MT", "montana", &["mont"]),
    ("NE", "nebraska", &["neb"]),
    ("NV", "nevada", &["nev"]),
    ("NH", "new hampshire", &["nuevo hampshire"]),
    ("NJ", "new jersey", &["nueva jersey"]),
    ("NM", "new mexico", &["nuevo méxico", "nuevo mexico"]),
    ("NY", "new york", &["nueva york", "new york state"]),
    ("NC", "north carolina", &["carolina del norte"]),
    ("ND", "north dakota", &["dakota del norte"]),
    ("OH", "ohio", &[]),
    ("OK", "oklahoma", &["okla"]),
    ("OR", "oregon", &["ore", "oregón"]),
    ("PA", "pennsylvania", &["penn", "penna", "pensilvania"]),
    ("RI", "rhode island", &[]),
    ("SC", "south carolina", &["carolina del sur"]),
    ("SD", "south dakota", &["dakota del sur"]),
    ("TN", "tennessee", &["tenn"]),
    ("TX", "texas", &["tex", "tejas"]),
    ("UT", "utah", &[]),
    ("VT", "vermont", &[]),
    ("VA", "virginia", &[]),
    ("WA", "washington", &["wash", "washington state"]),
    ("WV", "west virginia", &["virginia occidental"]),
    ("WI", "wisconsin", &["wis"]),
    ("WY", "wyoming", &["wyo"]),
    ("PR", "puerto rico", &[]),
    (
        "VI",
        "us virgin islands",
        &["virgin islands", "united states virgin islands", "usvi"],
    ),
    ("GU", "guam", &[]),
    ("AS", "american samoa", &[]),
    (
        "MP",
        "northern mariana islands",
        &["cnmi", "commonwealth of the northern mariana islands"],
    ),
];

/// Words for a time zone that no database lists. An abbreviation stands for the zone of the people who use it.
const ZONE_WORDS: [(&str, &str); 28] = [
    ("eastern", "America/New_York"),
    ("et", "America/New_York"),
    ("est", "America/New_York"),
    ("edt", "America/New_York"),
    ("central", "America/Chicago"),
    ("ct", "America/Chicago"),
    ("cst", "America/Chicago"),
    ("cdt", "America/Chicago"),
    ("mountain", "America/Denver"),
    ("mt", "America/Denver"),
    ("mst", "America/Denver"),
    ("mdt", "America/Denver"),
    ("arizona", "America/Phoenix"),
    ("pacific", "America/Los_Angeles"),
    ("pt", "America/Los_Angeles"),
    ("pst", "America/Los_Angeles"),
    ("pdt", "America/Los_Angeles"),
    ("alaska", "America/Anchorage"),
    ("akst", "America/Anchorage"),
    ("akdt", "America/Anchorage"),
    ("hawaii", "Pacific/Honolulu"),
    ("hst", "Pacific/Honolulu"),
    ("atlantic", "America/Puerto_Rico"),
    ("ast", "America/Puerto_Rico"),
    ("us eastern", "America/New_York"),
    ("us central", "America/Chicago"),
    ("us mountain", "America/Denver"),
    ("us pacific", "America/Los_Angeles"),
];

/// Lower case, points dropped, everything else that is no letter a blank.
fn words(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '.' | '\''))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphabetic() { c } else { ' ' })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A state by its code (`NY`, `N.Y.`, `US-NY`, `NY - New York`) or its name in English or Spanish.
#[must_use]
pub fn read_state(cell: &str) -> Option<StateCode> {
    let text = words(cell);
    let known = |text: &str| {
        let found = STATES.iter().find(|(code, name, others)| {
            code.eq_ignore_ascii_case(text) || *name == text || others.contains(&text)
        });
        found.and_then(|(code, ..)| StateCode::parse(code).ok())
    };
    let compact: String = text.split(' ').collect();
    let (head, tail) = text.split_once(' ').unwrap_or((&text, ""));
    let both = || known(head).filter(|code| known(tail) == Some(*code));
    let after_country = || matches!(head, "us" | "usa").then(|| known(tail)).flatten();
    known(&text)
        .or_else(|| (compact.len() == 2).then(|| known(&compact)).flatten())
        .or_else(after_country)
        .or_else(both)
}

/// What a ZIP cell held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZipText {
    /// Five digits.
    Zip(String),
    /// Five digits, of which leading zeros were restored that a spreadsheet had dropped.
    ZeroRestored(String),
    /// Nothing.
    Empty,
    /// No ZIP of the United States.
    Unreadable,
}

/// A ZIP code: `10001`, `10001-1234` (cut), `z:10001` (Meta), `1001` (a lost zero is restored).
#[must_use]
pub fn read_zip(cell: &str) -> ZipText {
    let text: String = cell
        .chars()
        .map(|c| match c {
            '\u{FF10}'..='\u{FF19}' => char::from_digit(u32::from(c) - 0xFF10, 10).unwrap_or(c),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            c => c,
        })
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200B}'..='\u{200F}' | '\u{FEFF}'))
        .collect();
    let mut text = text.trim_matches(['\'', '"', '=']);
    for prefix in ["z:", "Z:"] {
        text = text.strip_prefix(prefix).unwrap_or(text);
    }
    if super::phone_text::is_nothing(text) {
        return ZipText::Empty;
    }
    text = text.strip_suffix(".0").unwrap_or(text);
    let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let (zip, plus_four) = text.split_once('-').unwrap_or((text, ""));
    if !all_digits(zip) || !all_digits(plus_four) || !matches!(plus_four.len(), 0 | 3 | 4) {
        return ZipText::Unreadable;
    }
    match zip.len() {
        5 => ZipText::Zip(zip.to_owned()),
        9 if plus_four.is_empty() => ZipText::Zip(zip.get(..5).unwrap_or_default().to_owned()),
        3 | 4 => ZipText::ZeroRestored(format!("{zip:0>5}")),
        _ => ZipText::Unreadable,
    }
}

/// An IANA time zone, by its name or by the words people use for the zones of the United States.
#[must_use]
pub fn read_time_zone(cell: &str) -> Option<String> {
    let text = cell.trim();
    if text.contains('/') {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(text).ok()?;
        return zone.iana_name().map(str::to_owned);
    }
    let text = words(text);
    let bare = text
        .trim_end_matches(" us canada")
        .trim_end_matches(" time")
        .trim_end_matches(" standard")
        .trim_end_matches(" daylight");
    ZONE_WORDS
        .iter()
        .find(|(word, _)| *word == bare)
        .map(|(_, zone)| (*zone).to_owned())
}

/// Whether a country cell says the United States, or a territory of theirs, or nothing.
#[must_use]
pub fn is_united_states(cell: &str) -> bool {
    let text = words(cell);
    let names = [
        "",
        "us",
        "usa",
        "united states",
        "united states of america",
        "america",
        "estados unidos",
        "ee uu",
        "eeuu",
        "u s",
        "u s a",
        "pr",
        "puerto rico",
        "gu",
        "guam",
        "vi",
        "as",
        "mp",
    ];
    names.contains(&text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_by_code_and_name() {
        for (code, name, others) in STATES {
            let want = StateCode::parse(code).ok();
            for text in others.iter().chain([&code, &name]) {
                assert_eq!(read_state(text), want, "{text}");
            }
        }
        for (text, want) in [
            ("n.y.", Some("NY")),
            ("N. Y.", Some("NY")),
            ("US-TX", Some("TX")),
            ("NY - New York", Some("NY")),
            ("Washington, D.C.", Some("DC")),
            ("U.S. Virgin Islands", Some("VI")),
            ("ON", None),
            ("NY TX", None),
            ("", None),
            ("12", None),
        ] {
            let read = read_state(text).map(|s| s.as_str().to_owned());
            assert_eq!(read.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn zips() {
        let zip = |t: &str| ZipText::Zip(t.to_owned());
        let restored = |t: &str| ZipText::ZeroRestored(t.to_owned());
        for (text, want) in [
            ("10001", zip("10001")),
            (" 10001-1234 ", zip("10001")),
            ("10001\u{2011}1234", zip("10001")),
            ("z:10001", zip("10001")),
            ("100011234", zip("10001")),
            ("'01001", zip("01001")),
            ("１０００１", zip("10001")),
            ("1001", restored("01001")),
            ("501", restored("00501")),
            ("10001.0", zip("10001")),
            ("", ZipText::Empty),
            ("n/a", ZipText::Empty),
            ("12", ZipText::Unreadable),
            ("SW1A 1AA", ZipText::Unreadable),
            ("K1A0B1", ZipText::Unreadable),
            ("1.0E+04", ZipText::Unreadable),
        ] {
            assert_eq!(read_zip(text), want, "{text}");
        }
    }

    #[test]
    fn time_zones() {
        for (text, want) in [
            ("America/New_York", Some("America/New_York")),
            ("america/chicago", Some("America/Chicago")),
            ("Eastern Time (US & Canada)", Some("America/New_York")),
            ("Pacific Standard Time", Some("America/Los_Angeles")),
            ("CST", Some("America/Chicago")),
            ("Mars/Olympus", None),
            ("soon", None),
        ] {
            assert_eq!(read_time_zone(text).as_deref(), want, "{text}");
        }
    }
}
