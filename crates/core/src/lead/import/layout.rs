//! How a file is laid out: its delimiter, its header, which column is which.

use super::columns::{FUZZY_RANK, Field, field_of};
use super::phone_text::read_number;
use super::place_text::{ZipText, read_state, read_zip};
use super::records::{Record, Records};
use super::report::Column;
use super::{FileError, shown};

/// How many records are looked at.
const SAMPLE_RECORDS: usize = 50;

/// How many records may stand before the header (titles, dates of the export).
const PREAMBLE_RECORDS_MAX: usize = 20;

/// Up to which line a header is believed even when no row below it gives a number.
const HEADER_LINE_MAX: u64 = 5;

/// The layout of one file.
pub(super) struct Layout {
    pub(super) delimiter: char,
    /// The header's physical line; none in a file without one.
    pub(super) header_line: Option<u64>,
    pub(super) columns: Vec<Column>,
    /// For each field its columns in the order in which they are read.
    order: Vec<(Field, Vec<usize>)>,
    pub(super) notes: Vec<String>,
}

impl Layout {
    /// The columns of a field, best first.
    pub(super) fn columns_of(&self, field: Field) -> &[usize] {
        let found = self.order.iter().find(|(f, _)| *f == field);
        found.map_or(&[], |(_, at)| at.as_slice())
    }

    /// What is wrong with a file in which no row gives a number: its header may be a line of prose that names a phone.
    ///
    /// # Errors
    /// [`FileError::NoPhoneColumn`] unless the header is a plain one and stands at the file's beginning.
    pub(super) fn check_header(&self) -> Result<(), FileError> {
        let Some(line) = self.header_line else {
            return Ok(());
        };
        let plain = self.columns.iter().any(|column| {
            matches!(field_of(&column.header), Some((Field::Phone, rank)) if rank < FUZZY_RANK)
        });
        let several = self.columns.iter().filter(|c| c.field.is_some()).count() > 1;
        if line <= HEADER_LINE_MAX && (plain || several) {
            return Ok(());
        }
        let cut = |c: &Column| c.header.chars().take(64).collect();
        Err(FileError::NoPhoneColumn {
            headers: self.columns.iter().take(50).map(cut).collect(),
        })
    }

    fn new(delimiter: char, headers: Vec<(String, Option<(Field, u8)>)>) -> Self {
        let mut ranked: Vec<(Field, u8, usize)> = Vec::new();
        for (at, (_, field)) in headers.iter().enumerate() {
            ranked.extend(field.map(|(field, rank)| (field, rank, at)));
        }
        ranked.sort_unstable();
        let mut order: Vec<(Field, Vec<usize>)> = Vec::new();
        for (field, _, at) in ranked {
            match order.last_mut() {
                Some((last, columns)) if *last == field => columns.push(at),
                _ => order.push((field, vec![at])),
            }
        }
        let columns: Vec<Column> = headers
            .into_iter()
            .map(|(header, field)| Column {
                header,
                field: field.map(|(field, _)| field),
            })
            .collect();
        let mut notes = Vec::new();
        for (field, at) in order.iter().filter(|(_, at)| at.len() > 1) {
            let names = at.iter().filter_map(|at| columns.get(*at));
            let names: Vec<&str> = names.map(|c| c.header.as_str()).collect();
            let rule = match field {
                Field::ConsentGiven | Field::DoNotCall | Field::Status => {
                    "every one of them counts"
                }
                _ => "the first that is not empty is read",
            };
            notes.push(format!(
                "{} columns hold {field:?}: {}; {rule}, in this order",
                names.len(),
                names.join(", ")
            ));
        }
        Self {
            delimiter,
            header_line: None,
            columns,
            order,
            notes,
        }
    }
}

/// Excel's first line `sep=;`: its delimiter, and the text after it.
pub(super) fn separator_line(text: &str) -> Option<(char, &str)> {
    let end = text.find(['\r', '\n'])?;
    let (line, rest) = text.split_at_checked(end)?;
    let line = line.trim_matches('"');
    let sign = line.get(..4).filter(|k| k.eq_ignore_ascii_case("sep="))?;
    let delimiter = line.get(sign.len()..)?.chars().next()?;
    let rest = rest.strip_prefix("\r\n").or_else(|| rest.get(1..))?;
    Some((delimiter, rest))
}

/// Finds the layout of `text`, which begins on `first_line`.
///
/// # Errors
/// [`FileError::NoPhoneColumn`] when no column can be the phone number's.
pub(super) fn find_layout(
    text: &str,
    first_line: u64,
    delimiter: Option<char>,
) -> Result<Layout, FileError> {
    let given = delimiter.map(|d| vec![d]);
    let candidates = given.unwrap_or_else(|| vec![',', ';', '\t', '|']);
    let mut best: Option<(Score, char, Vec<Record>)> = None;
    for delimiter in candidates {
        let sample: Vec<Record> = Records::new(text, delimiter, first_line)
            .take(SAMPLE_RECORDS)
            .collect();
        let score = Score::of(&sample);
        // Ties go to the first candidate: a single column has no delimiter at all.
        if best.as_ref().is_none_or(|(other, ..)| score > *other) {
            best = Some((score, delimiter, sample));
        }
    }
    let (_, delimiter, sample) = best.ok_or(FileError::Empty)?;
    if let Some(at) = header_at(&sample) {
        return Ok(with_header(delimiter, &sample, at));
    }
    without_header(delimiter, &sample)
}

/// How well a delimiter explains a file; compared in this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    has_header: bool,
    known_headers: usize,
    rows_with_number: usize,
    rows_alike: usize,
}

impl Score {
    fn of(sample: &[Record]) -> Self {
        let header = header_at(sample).and_then(|at| sample.get(at));
        let width = header.or(sample.first()).map_or(0, |r| r.cells.len());
        let alike = sample.iter().filter(|r| r.cells.len() == width);
        Self {
            has_header: header.is_some(),
            known_headers: header.map_or(0, |r| known(r).len()),
            rows_with_number: sample.iter().filter(|r| has_number(r)).count(),
            rows_alike: if width > 1 { alike.count() } else { 0 },
        }
    }
}

fn known(record: &Record) -> Vec<(Field, u8)> {
    record.cells.iter().filter_map(|c| field_of(c)).collect()
}

fn has_number(record: &Record) -> bool {
    record.cells.iter().any(|c| read_number(c).is_ok())
}

/// Data and not a header: an address with an @, or as many digits as a number has.
fn looks_like_data(record: &Record) -> bool {
    record
        .cells
        .iter()
        .any(|cell| cell.contains('@') || cell.chars().filter(char::is_ascii_digit).count() >= 7)
}

fn header_at(sample: &[Record]) -> Option<usize> {
    let first = sample.iter().take(PREAMBLE_RECORDS_MAX);
    let before_data = first.take_while(|r| !has_number(r));
    before_data
        .enumerate()
        .find(|(_, r)| known(r).iter().any(|(f, _)| *f == Field::Phone))
        .map(|(at, _)| at)
}

fn with_header(delimiter: char, sample: &[Record], at: usize) -> Layout {
    let Some(header) = sample.get(at) else {
        return Layout::new(delimiter, Vec::new());
    };
    let named = header.cells.iter().map(|c| {
        let plain: String = c.chars().filter(|c| !c.is_control()).collect();
        (plain, field_of(c))
    });
    let mut layout = Layout::new(delimiter, named.collect());
    layout.header_line = Some(header.line);
    if at > 0 {
        layout.notes.push(format!(
            "the header stands on line {}; what is before it is not read",
            header.line
        ));
    }
    layout
}

/// A file of bare numbers, or of rows whose columns show what they are by what they hold.
fn without_header(delimiter: char, sample: &[Record]) -> Result<Layout, FileError> {
    let width = sample.iter().map(|r| r.cells.len()).max().unwrap_or(0);
    let count = |at: usize, test: &dyn Fn(&str) -> bool| {
        let cells = sample.iter().filter_map(|r| r.cells.get(at));
        cells.filter(|c| test(c)).count()
    };
    let is_number = |c: &str| read_number(c).is_ok();
    let mut phone: Option<(usize, usize)> = None;
    for at in 0..width {
        let numbers = count(at, &is_number);
        if numbers > phone.map_or(0, |(most, _)| most) {
            phone = Some((numbers, at));
        }
    }
    let begins_with_data = sample.first().is_some_and(looks_like_data) || width == 1;
    let Some((_, phone)) = phone.filter(|_| begins_with_data) else {
        let first = sample.first().map(|r| r.cells.clone()).unwrap_or_default();
        let data = sample.first().is_some_and(looks_like_data);
        let show = |c: &String| {
            if data {
                shown(c)
            } else {
                c.chars().filter(|c| !c.is_control()).take(64).collect()
            }
        };
        return Err(FileError::NoPhoneColumn {
            headers: first.iter().take(50).map(show).collect(),
        });
    };
    let mut taken = vec![Field::Phone];
    let mut headers = Vec::new();
    for at in 0..width {
        let most = |test: &dyn Fn(&str) -> bool| {
            let filled = count(at, &|c| !c.is_empty());
            filled > 0 && count(at, test) * 10 >= filled * 8
        };
        let is_zip = |c: &str| matches!(read_zip(c), ZipText::Zip(_));
        let is_state = |c: &str| read_state(c).is_some();
        let is_name = |c: &str| c.chars().all(|c| !c.is_ascii_digit()) && c.len() > 2;
        let guess = if at == phone {
            Some(Field::Phone)
        } else if most(&|c| c.contains('@')) {
            Some(Field::Email)
        } else if most(&is_zip) {
            Some(Field::Zip)
        } else if most(&is_state) {
            Some(Field::State)
        } else if most(&is_name) {
            Some(Field::Name)
        } else {
            None
        };
        let guess = guess.filter(|f| at == phone || !taken.contains(f));
        taken.extend(guess);
        headers.push((format!("column {}", at + 1), guess.map(|f| (f, 0))));
    }
    let mut layout = Layout::new(delimiter, headers);
    layout.notes.push(format!(
        "the file has no header; column {} is read as the phone number",
        phone + 1
    ));
    Ok(layout)
}
