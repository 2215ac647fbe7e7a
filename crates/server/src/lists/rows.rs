//! From lines to rows.

use std::io::BufRead;

use jiff::{SignedDuration, Timestamp};
use ringfence_store::list::{InternalRow, ListChange, ListKind, ListRows, ReassignedRow};

use super::fields::{self, Shape};
use super::open::{Part, area_code_in_name};
use super::xml;
use super::{ListError, Reading};

/// The longest line that is read; a longer one is no list.
const LINE_BYTES_MAX: usize = 4096;

/// The rows so far.
pub struct Rows {
    kind: ListKind,
    columns: Option<Vec<String>>,
    covers_stated: bool,
    latest: Timestamp,
    numbers: Vec<u64>,
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
            covers_stated: reading.covers_stated,
            latest: reading.now.checked_add(skew).unwrap_or(reading.now),
            numbers: Vec::new(),
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
            self.numbers.push(number);
            Ok(())
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
                self.numbers.push(number);
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
                self.numbers
                    .push(fields::one_number(line, self.columns.as_deref())?);
            }
            ListKind::Litigator => self.numbers.push(fields::one_number(line, None)?),
            ListKind::Internal => self.internal.push(fields::internal(line, self.latest)?),
            ListKind::Reassigned => self.reassigned.push(fields::reassigned(line, self.latest)?),
        }
        Ok(())
    }

    /// All rows, once every part is in.
    pub fn finish(self, files: &str) -> Result<ListRows, ListError> {
        let rows = match self.kind {
            ListKind::FtcFull | ListKind::State | ListKind::Litigator => {
                ListRows::Numbers(self.numbers)
            }
            ListKind::FtcChange => ListRows::Changes(self.changes),
            ListKind::Internal => ListRows::Internal(self.internal),
            ListKind::Reassigned => ListRows::Reassigned(self.reassigned),
        };
        let empty = match &rows {
            ListRows::Numbers(rows) => rows.is_empty(),
            ListRows::Changes(rows) => rows.is_empty(),
            ListRows::Internal(rows) => rows.is_empty(),
            ListRows::Reassigned(rows) => rows.is_empty(),
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
