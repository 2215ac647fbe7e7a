//! Lead files as people really export them, to leads; generous in reading, strict in meaning. A bad row never loses
//! a good one, and every row of a file is in exactly one list of the report.

mod columns;
mod encoding;
mod layout;
mod phone_text;
mod place_text;
mod records;
mod report;
mod row;
#[cfg(test)]
mod tests;
mod value_text;
mod withdrawal;

use std::collections::{BTreeMap, BTreeSet};

use crate::lead::PhoneNumber;

pub use columns::Field;
pub use encoding::Encoding;
pub use phone_text::{NumberProblem, read_number};
pub use place_text::{ZipText, is_united_states, read_state, read_time_zone, read_zip};
pub use report::{
    Campaign, Column, ConsentColumns, DoNotCallRow, Duplicate, FileError, ImportOptions,
    ImportReport, LeadRow, RowError,
};
pub use value_text::{TimeProblem, read_level, read_tick, read_time};

use layout::{Layout, find_layout, separator_line};
use records::Records;
use report::shown;
use row::{Row, RowReader};

/// Reads a lead file.
///
/// # Errors
/// [`FileError`] when no row of it can be read: it is empty, no text, has no phone column, or is over a bound.
pub fn read_leads(bytes: &[u8], options: &ImportOptions) -> Result<ImportReport, FileError> {
    let too_large = |setting, max: usize, what| FileError::TooLarge {
        setting,
        max: max as u64,
        what,
    };
    if bytes.len() > options.file_bytes_max {
        return Err(too_large("file_bytes_max", options.file_bytes_max, "bytes"));
    }
    let (text, encoding) = encoding::decode(bytes)?;
    let separator = separator_line(&text);
    let first_line = if separator.is_some() { 2 } else { 1 };
    let body = separator.map_or(text.as_str(), |(_, rest)| rest);
    let layout = find_layout(body, first_line, separator.map(|(sign, _)| sign))?;
    if layout.columns.len() > options.columns_max {
        return Err(too_large("columns_max", options.columns_max, "columns"));
    }
    let mut rows = Rows::default();
    let skip_to = layout.header_line.unwrap_or(0);
    for record in Records::new(body, layout.delimiter, first_line).filter(|r| r.line > skip_to) {
        rows.count += 1;
        if rows.count > options.rows_max {
            let max = usize::try_from(options.rows_max).unwrap_or(usize::MAX);
            return Err(too_large("rows_max", max, "rows"));
        }
        if record.is_blank() {
            rows.blank += 1;
            rows.blank_lines.push(record.line);
            continue;
        }
        let mut reader = RowReader {
            layout: &layout,
            record: &record,
            options,
            warnings: Vec::new(),
        };
        match reader.read() {
            Ok(row) => rows.read.push((record.line, row)),
            Err(error) => rows.errors.push(error),
        }
        rows.warnings.append(&mut reader.warnings);
    }
    if rows.count == 0 {
        return Err(FileError::NoRows);
    }
    if rows.read.is_empty() {
        layout.check_header()?;
    }
    Ok(rows.settle(layout, encoding, options))
}

#[derive(Default)]
struct Rows {
    count: u64,
    blank: u64,
    blank_lines: Vec<u64>,
    read: Vec<(u64, Row)>,
    errors: Vec<RowError>,
    warnings: Vec<RowError>,
}

impl Rows {
    /// Puts every row into its list. A do-not-call mark anywhere in the file binds the number's every row; else the
    /// first row of a number is the lead, and the first row of it that has a consent gives the lead its consent.
    fn settle(self, layout: Layout, encoding: Encoding, options: &ImportOptions) -> ImportReport {
        let marked: BTreeSet<PhoneNumber> = self
            .read
            .iter()
            .filter_map(|(_, row)| match row {
                Row::DoNotCall(number) => Some(*number),
                Row::Lead(_) | Row::Test => None,
            })
            .collect();
        let mut report = ImportReport {
            encoding,
            delimiter: layout.delimiter,
            header_line: layout.header_line,
            columns: layout.columns,
            notes: layout.notes,
            rows: self.count,
            blank: self.blank,
            blank_lines: self.blank_lines,
            leads: Vec::new(),
            errors: self.errors,
            warnings: self.warnings,
            duplicates: Vec::new(),
            test_leads: Vec::new(),
            do_not_call: Vec::new(),
        };
        note_zone(&mut report, options);
        let mut first_at: BTreeMap<PhoneNumber, usize> = BTreeMap::new();
        for (line, row) in self.read {
            let lead = match row {
                Row::Test => {
                    report.test_leads.push(line);
                    continue;
                }
                Row::DoNotCall(number) => {
                    report.do_not_call.push(DoNotCallRow { line, number });
                    continue;
                }
                Row::Lead(lead) => *lead,
            };
            let number = lead.number;
            if marked.contains(&number) {
                report.do_not_call.push(DoNotCallRow { line, number });
                continue;
            }
            let first = first_at
                .get(&number)
                .and_then(|at| report.leads.get_mut(*at));
            if let Some(first) = first {
                let consent_taken = first.consent.is_none() && lead.consent.is_some();
                if consent_taken {
                    first.consent = lead.consent;
                }
                report.duplicates.push(Duplicate {
                    line,
                    first_line: first.line,
                    number,
                    consent_taken,
                });
                continue;
            }
            first_at.insert(number, report.leads.len());
            report.leads.push(lead);
        }
        report
    }
}

fn note_zone(report: &mut ImportReport, options: &ImportOptions) {
    let has_times = report
        .columns
        .iter()
        .any(|c| matches!(c.field, Some(Field::ReceivedAt | Field::ConsentAt)));
    if has_times {
        let zone = options.zone.iana_name().unwrap_or("a fixed offset");
        let note = format!("times that name no offset are read in {zone}");
        report.notes.push(note);
    }
}
