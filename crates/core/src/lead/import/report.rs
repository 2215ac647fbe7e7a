//! What an import found: every row of the file is in exactly one of its lists.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::columns::Field;
use super::encoding::Encoding;
use crate::consent::ConsentLevel;
use crate::lead::{PhoneNumber, Place};

/// How a file is to be read, and the bounds on it. INVARIANT (bounded).
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The most bytes of a file.
    pub file_bytes_max: usize,
    /// The most rows.
    pub rows_max: u64,
    /// The most columns.
    pub columns_max: usize,
    /// The most bytes of one cell.
    pub cell_bytes_max: usize,
    /// The zone of times that name none. The report says when it was used.
    pub zone: TimeZone,
    /// The words that the form showed, for exports that do not hold them (Meta, Google). They are taken only for rows
    /// that say yes in a consent column.
    pub consent_text: Option<String>,
    /// The form could not be sent without agreeing to `consent_text`, so that a row without any consent column counts
    /// as a yes. A row that says no is still a no.
    pub form_implies_consent: bool,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            file_bytes_max: 256 * 1024 * 1024,
            rows_max: 1_000_000,
            columns_max: 1_000,
            cell_bytes_max: 64 * 1024,
            zone: TimeZone::UTC,
            consent_text: None,
            form_implies_consent: false,
        }
    }
}

/// Why a file as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No bytes, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// A header and nothing after it.
    #[error("the file has a header and no rows")]
    NoRows,
    /// Not a text file.
    #[error("not a CSV file: it looks like {kind}")]
    NotText {
        /// What it looks like.
        kind: &'static str,
    },
    /// No column holds phone numbers.
    #[error(
        "no column for the phone number (`phone`, `phone_number`, `mobile`, `cell`, `telephone` or `telefono` \
         would do); the header has: {}",
        headers.join(", ")
    )]
    NoPhoneColumn {
        /// The header's cells.
        headers: Vec<String>,
    },
    /// Larger than a bound of [`ImportOptions`].
    #[error("the file has more than {max} {what} ({setting})")]
    TooLarge {
        /// The option's name.
        setting: &'static str,
        /// Its value.
        max: u64,
        /// What it counts.
        what: &'static str,
    },
}

impl FileError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "file-empty",
            Self::NoRows => "file-no-rows",
            Self::NotText { .. } => "file-not-text",
            Self::NoPhoneColumn { .. } => "phone-column-missing",
            Self::TooLarge { .. } => "file-too-large",
        }
    }
}

/// One column and what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// As the file has it; `column N` in a file without a header.
    pub header: String,
    /// None: kept in `extra` under its header, as a status is.
    pub field: Option<Field>,
}

/// The consent that a row gives by its own cells (or by the operator's `consent_text`); a cell that the file lacks is
/// `None`, and nothing is filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentColumns {
    /// The consent's own time, else the time the form was sent.
    pub granted_at: Timestamp,
    /// The words that were shown.
    pub text: String,
    /// How it was given.
    pub level: Option<ConsentLevel>,
    /// Such as `web-form`.
    pub channel: Option<String>,
    /// The named business.
    pub seller: Option<String>,
    /// The callee's address on the network.
    pub ip: Option<String>,
    /// The callee's browser.
    pub user_agent: Option<String>,
    /// The form's page.
    pub page_url: Option<String>,
    /// A certificate of a third party, such as TrustedForm.
    pub certificate_url: Option<String>,
    /// What the calls may be for, as written.
    pub purposes: Option<String>,
    /// Whether an artificial voice is agreed to.
    pub artificial_voice: Option<bool>,
    /// Whether a confirmation is needed.
    pub double_opt_in: Option<bool>,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// The ad that brought the lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Campaign {
    /// The platform's id of the campaign.
    pub campaign_id: Option<String>,
    /// Its name.
    pub campaign_name: Option<String>,
    /// The ad.
    pub ad_id: Option<String>,
    /// Its name.
    pub ad_name: Option<String>,
    /// The form.
    pub form_id: Option<String>,
    /// Its name.
    pub form_name: Option<String>,
}

/// One lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeadRow {
    /// The physical line on which its row begins.
    pub line: u64,
    /// A number that can exist; whether it may be dialed, the gate says.
    pub number: PhoneNumber,
    /// Full name, or first and last.
    pub name: Option<String>,
    /// As written.
    pub email: Option<String>,
    /// Where they say they are.
    pub place: Place,
    /// None: no consent is recorded for this row.
    pub consent: Option<ConsentColumns>,
    /// The platform's id of the lead, its prefix (`l:`) dropped.
    pub external_id: Option<String>,
    /// Where it came from, as written.
    pub source: Option<String>,
    /// The ad.
    pub campaign: Campaign,
    /// When the form was sent.
    pub received_at: Option<Timestamp>,
    /// The columns that are taken for nothing else, by header; empty cells left out.
    pub extra: BTreeMap<String, String>,
}

/// Something about one row: why it was refused, or what in it was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowError {
    /// The physical line on which its row begins.
    pub line: u64,
    /// The column's header.
    pub column: Option<String>,
    /// Stable, kebab-case.
    pub code: &'static str,
    /// For people; a cell is shown with most of its signs hidden.
    pub message: String,
}

/// A number that stood in the file before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// The line that was left out.
    pub line: u64,
    /// The line of the lead that was kept.
    pub first_line: u64,
    /// The number.
    pub number: PhoneNumber,
    /// The kept lead had no consent and took this row's.
    pub consent_taken: bool,
}

/// A row whose own cells say that this person must not be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoNotCallRow {
    /// The physical line.
    pub line: u64,
    /// The number, to be suppressed by the caller.
    pub number: PhoneNumber,
}

/// What a file held. `rows` = leads + errors + duplicates + test leads + do-not-call + blank rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// How the bytes were read.
    pub encoding: Encoding,
    /// Between the cells.
    pub delimiter: char,
    /// The header's line; none in a file without one.
    pub header_line: Option<u64>,
    /// In the file's order.
    pub columns: Vec<Column>,
    /// What was decided about the file, in sentences (two phone columns, times without a zone, lines before the header).
    pub notes: Vec<String>,
    /// All rows after the header, lines that are wholly empty not counted.
    pub rows: u64,
    /// Rows of empty cells.
    pub blank: u64,
    /// Their lines.
    pub blank_lines: Vec<u64>,
    /// In the file's order.
    pub leads: Vec<LeadRow>,
    /// The refused rows, one error each.
    pub errors: Vec<RowError>,
    /// What was left out of rows that were kept.
    pub warnings: Vec<RowError>,
    /// Rows of a number that was there before; the first row wins.
    pub duplicates: Vec<Duplicate>,
    /// The lines of a platform's test leads, which are never dialed.
    pub test_leads: Vec<u64>,
    /// Rows marked do-not-call or opted out; such a number is no lead, whatever its other rows say.
    pub do_not_call: Vec<DoNotCallRow>,
}

/// A cell for a message: control signs dropped, all but three letters or digits hidden (numbers and names are
/// personal data), cut.
pub(super) fn shown(cell: &str) -> String {
    let mut seen = 0_usize;
    let hidden = cell.chars().filter(|c| !c.is_control()).map(|c| {
        if c.is_alphanumeric() {
            seen += 1;
        }
        if seen > 3 && c.is_alphanumeric() {
            '*'
        } else {
            c
        }
    });
    hidden.take(32).collect()
}
