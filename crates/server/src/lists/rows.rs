//! From lines to rows.

use std::io::BufRead;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use ringfence_store::list::{InternalRow, ListChange, ListKind, ListRows, ReassignedRow};
use ringfence_store::registry::Builder;

use super::fields::{self, Shape};
use super::open::{Part, area_code_in_name};
use super::{ListError, Reading, flat, xml};

/// The longest line that is read; a longer one is no list.
const LINE_BYTES_MAX: usize = 4096;

/// Rows of the kinds that are kept as rows, and of a change list (invariant `bounded`); the registry adds 13,000 numbers
/// on an average day.
const ROWS_MAX: usize = 10_000_000;

/// The rows so far.
pub struct Rows {
    kind: ListKind,
    columns: Option<Vec<String>>,
    pattern: Option<Regex>,
    covers_stated: bool,
    latest: Timestamp,
    numbers: Builder,
    changes: Vec<ListChange>,
    internal: Vec<InternalRow>,
    reassigned: Vec<ReassignedRow>,
}

/// What one part has shown of itself.
#[derive(Default)]
struct Manner {
    shape: Option<Shape>,
    change_columns: Option<usize>,
    area_code: Option<u16>,
}

impl Rows {
    pub fn new(reading: &Reading) -> Self {
        let skew = SignedDuration::from_mins(5);
        Self {
            kind: reading.kind,
            columns: reading.columns.clone(),
            pattern: reading.pattern.clone(),
            covers_stated: reading.covers_stated,
            latest: reading.now.checked_add(skew).unwrap_or(reading.now),
            numbers: Builder::new(),
            changes: Vec::new(),
            internal: Vec::new(),
            reassigned: Vec::new(),
        }
    }

    /// Takes in one file or member.
    pub fn part(&mut self, part: &Part, text: &mut dyn BufRead) -> Result<(), ListError> {
        let mut manner = Manner::default();
        for code in part.file_names.iter().filter_map(|n| area_code_in_name(n)) {
            if manner.area_code.is_some_and(|other| other != code) {
                return Err(file_error(part, "two area codes in the file's names"));
            }
            manner.area_code = Some(code);
        }
        let national = matches!(self.kind, ListKind::FtcFull | ListKind::FtcChange);
        if national && xml::begins(text).map_err(|cause| unreadable(part, cause))? {
            return self.xml(part, text, &manner);
        }
        self.lines(part, text, &mut manner)
    }

    fn xml(
        &mut self,
        part: &Part,
        text: &mut dyn BufRead,
        manner: &Manner,
    ) -> Result<(), ListError> {
        if self.kind == ListKind::FtcChange {
            return Err(file_error(
                part,
                "an XML change list cannot be read; ask for the flat file",
            ));
        }
        xml::full(text, &mut |number| {
            agree(manner, number)?;
            put(&mut self.numbers, number)
        })
        .map_err(|what| ListError::File {
            file: part.name.clone(),
            what,
        })
    }

    fn lines(
        &mut self,
        part: &Part,
        text: &mut dyn BufRead,
        manner: &mut Manner,
    ) -> Result<(), ListError> {
        let mut bytes = Vec::new();
        let mut line_number = 0u64;
        let mut blank_at = None;
        let mut first = true;
        loop {
            // Whole lines of the usual shape, as long as nothing unusual came before them.
            if self.kind == ListKind::FtcFull
                && blank_at.is_none()
                && matches!(manner.shape, None | Some(Shape::Comma))
            {
                let taken = flat::take_lines(text, manner.area_code, &mut self.numbers)
                    .map_err(|cause| unreadable(part, cause))?;
                if taken > 0 {
                    manner.shape = Some(Shape::Comma);
                    line_number += taken;
                    first = false;
                }
            }
            bytes.clear();
            let n = read_line(text, &mut bytes).map_err(|cause| unreadable(part, cause))?;
            if n == 0 {
                return Ok(());
            }
            line_number += 1;
            let complain = |what: String| ListError::Line {
                file: part.name.clone(),
                line: line_number,
                what,
            };
            let line = std::str::from_utf8(&bytes).map_err(|_| complain("not UTF-8".into()))?;
            let line = if line_number == 1 {
                line.trim_start_matches('\u{feff}')
            } else {
                line
            };
            let line = line.trim_end_matches(['\n', '\r']);
            if line.len() >= LINE_BYTES_MAX {
                return Err(complain("too long for a line of a list".into()));
            }
            if line.trim().is_empty() {
                blank_at.get_or_insert(line_number);
                continue;
            }
            let strict = matches!(self.kind, ListKind::FtcFull | ListKind::FtcChange);
            if let Some(blank) = blank_at.filter(|_| strict) {
                let what = "a blank line inside the file".to_owned();
                return Err(ListError::Line {
                    file: part.name.clone(),
                    line: blank,
                    what,
                });
            }
            if !(first && fields::is_header(line, self.columns.as_deref())) {
                self.line(line, manner).map_err(complain)?;
            }
            first = false;
        }
    }

    fn line(&mut self, line: &str, manner: &mut Manner) -> Result<(), String> {
        match self.kind {
            ListKind::FtcFull => {
                let (number, shape) = fields::full(line)?;
                if *manner.shape.get_or_insert(shape) != shape {
                    return Err("written otherwise than the lines before".into());
                }
                agree(manner, number)?;
                put(&mut self.numbers, number)?;
            }
            ListKind::FtcChange => {
                let (change, columns) = fields::change(line)?;
                if *manner.change_columns.get_or_insert(columns) != columns {
                    return Err("written otherwise than the lines before".into());
                }
                agree(manner, change.number)?;
                self.changes.push(change);
            }
            ListKind::State => {
                let number = match &self.pattern {
                    Some(pattern) => fields::matched(line, pattern)?,
                    None => fields::one_number(line, self.columns.as_deref())?,
                };
                put(&mut self.numbers, number)?;
            }
            ListKind::Litigator => put(&mut self.numbers, fields::one_number(line, None)?)?,
            ListKind::Internal => self.internal.push(fields::internal(line, self.latest)?),
            ListKind::Reassigned => self.reassigned.push(fields::reassigned(line, self.latest)?),
        }
        let rows = self.changes.len() + self.internal.len() + self.reassigned.len();
        if rows > ROWS_MAX {
            return Err(format!("more than {ROWS_MAX} rows in one import"));
        }
        Ok(())
    }

    /// All rows, once every part is in.
    pub fn finish(self, files: &str) -> Result<ListRows, ListError> {
        let numbers = self.numbers;
        let (rows, empty) = match self.kind {
            ListKind::FtcFull | ListKind::State | ListKind::Litigator => {
                let empty = numbers.is_empty();
                (ListRows::Set(Arc::new(numbers.finish())), empty)
            }
            ListKind::FtcChange => {
                let empty = self.changes.is_empty();
                (ListRows::Changes(self.changes), empty)
            }
            ListKind::Internal => {
                let empty = self.internal.is_empty();
                (ListRows::Internal(self.internal), empty)
            }
            ListKind::Reassigned => {
                let empty = self.reassigned.is_empty();
                (ListRows::Reassigned(self.reassigned), empty)
            }
        };
        // An empty copy would lift every entry of the version before it. Only a subscription whose area codes are
        // said can hold no number.
        let may_be_empty = self.kind == ListKind::FtcFull && self.covers_stated;
        if empty && !may_be_empty {
            return Err(ListError::File {
                file: files.to_owned(),
                what: "no rows".to_owned(),
            });
        }
        Ok(rows)
    }
}

fn put(numbers: &mut Builder, number: u64) -> Result<(), String> {
    numbers.insert(number).map_err(|fault| fault.to_string())
}

/// The area code in the file's name must be that of every line.
fn agree(manner: &Manner, number: u64) -> Result<(), String> {
    match manner.area_code {
        Some(code) if number / 10_000_000 != u64::from(code) => Err(format!(
            "another area code than the file's name says ({code})"
        )),
        _ => Ok(()),
    }
}

fn read_line(text: &mut dyn BufRead, into: &mut Vec<u8>) -> std::io::Result<usize> {
    use std::io::Read;
    let limit = LINE_BYTES_MAX as u64;
    (&mut *text).take(limit).read_until(b'\n', into)
}

fn unreadable(part: &Part, cause: std::io::Error) -> ListError {
    ListError::Unreadable {
        file: part.name.clone(),
        cause,
    }
}

fn file_error(part: &Part, what: &str) -> ListError {
    ListError::File {
        file: part.name.clone(),
        what: what.to_owned(),
    }
}
