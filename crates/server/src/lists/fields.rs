//! One line of one kind of list.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use regex::Regex;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::suppression::Reassigned;
use ringfence_store::list::{InternalRow, ListChange, ReassignedRow};

/// What is wrong with a line; without the number.
pub type Complaint = String;

/// How a full list of the registry writes a number; one file keeps to one shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `AAA,NNNNNNN`
    Comma,
    /// `AAANNNNNNN`
    Plain,
    /// `AAA-NNN-NNNN`
    Dashes,
}

/// A line of `ftc-full`.
pub fn full(line: &str) -> Result<(u64, Shape), Complaint> {
    let bytes = line.as_bytes();
    let (shape, digits) = match bytes.len() {
        11 if bytes.get(3) == Some(&b',') => (Shape::Comma, line.replacen(',', "", 1)),
        10 => (Shape::Plain, line.to_owned()),
        12 if bytes.get(3) == Some(&b'-') && bytes.get(7) == Some(&b'-') => {
            (Shape::Dashes, line.replace('-', ""))
        }
        _ => return Err("not `AAA,NNNNNNN`".into()),
    };
    ten_digits(&digits)
        .map(|number| (number, shape))
        .ok_or_else(|| "not `AAA,NNNNNNN`".into())
}

/// A line of `ftc-change`: `NNNNNNNNNN,STAMP,A|D`, or `AAA,NNNNNNN,STAMP,A|D`. Answers the number of columns, too.
pub fn change(line: &str) -> Result<(ListChange, usize), Complaint> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let wrong = || Complaint::from("not `NNNNNNNNNN,STAMP,A|D`");
    let (digits, stamp, mark) = match fields.as_slice() {
        [number, stamp, mark] if number.len() == 10 => ((*number).to_owned(), *stamp, *mark),
        [area, local, stamp, mark] if area.len() == 3 && local.len() == 7 => {
            (format!("{area}{local}"), *stamp, *mark)
        }
        _ => return Err(wrong()),
    };
    let number = ten_digits(&digits).ok_or_else(wrong)?;
    let added = match mark {
        "A" => true,
        "D" => false,
        _ => return Err("the mark is neither A nor D".into()),
    };
    // No zone is given; the stamps only put the changes in order.
    let stamp: DateTime = stamp.parse().map_err(|_| "the stamp is no date and time")?;
    let stamp = jiff::tz::TimeZone::UTC
        .to_timestamp(stamp)
        .map_err(|_| "the stamp is no date and time")?
        .as_second();
    Ok((
        ListChange {
            number,
            stamp,
            added,
        },
        fields.len(),
    ))
}

/// A line of `internal`: `number[,seller][,at]`; of two columns, a date or an instant is `at`.
pub fn internal(line: &str, latest: Timestamp) -> Result<InternalRow, Complaint> {
    let fields = split(line)?;
    let field = |i: usize| fields.get(i).map(|f| f.trim()).filter(|f| !f.is_empty());
    if fields.len() > 3 {
        return Err("more than three columns".into());
    }
    let number = number(field(0).unwrap_or_default())?;
    let (seller, at) = match (field(1), field(2)) {
        (Some(second), None) if time(second).is_ok() => (None, Some(second)),
        (second, third) => (second.map(str::to_owned), third),
    };
    let at = at.map(|text| instant(text, latest)).transpose()?;
    Ok(InternalRow { number, seller, at })
}

/// A line of `reassigned`: `number,consent_date,answer,asked_at`.
pub fn reassigned(line: &str, latest: Timestamp) -> Result<ReassignedRow, Complaint> {
    let fields = split(line)?;
    let fields: Vec<&str> = fields.iter().map(|f| f.trim()).collect();
    let (head, asked_at) = match fields.as_slice() {
        [a, b, c] => ([*a, *b, *c], None),
        [a, b, c, d] => ([*a, *b, *c], Some(*d).filter(|d| !d.is_empty())),
        _ => return Err("not `number,consent_date,answer,asked_at`".into()),
    };
    let [text, date, answer] = head;
    Ok(ReassignedRow {
        number: number(text)?,
        consent_date: date
            .parse::<Date>()
            .map_err(|_| "the consent date is not YYYY-MM-DD")?,
        answer: match answer.to_ascii_lowercase().as_str() {
            "yes" => Reassigned::Yes,
            "no" => Reassigned::No,
            "no_data" => Reassigned::NoData,
            _ => return Err("the answer is not yes, no or no_data".into()),
        },
        asked_at: asked_at.map(|text| instant(text, latest)).transpose()?,
    })
}

/// A line with one number, in a column of its own if `columns` says so.
pub fn one_number(line: &str, columns: Option<&[String]>) -> Result<u64, Complaint> {
    let fields = split(line)?;
    let text = match columns {
        None if fields.len() == 1 => fields.into_iter().next().unwrap_or_default(),
        None => return Err("more than one column".into()),
        Some(columns) if columns.len() != fields.len() => {
            return Err(format!("{} columns, not {}", fields.len(), columns.len()));
        }
        Some(columns) => {
            let named = |name: &str| {
                let at = columns.iter().position(|c| c == name)?;
                fields.get(at).map(|f| f.trim().to_owned())
            };
            named("number")
                .or_else(|| Some(named("area_code")? + &named("local")?))
                .unwrap_or_default()
        }
    };
    number(text.trim())?
        .nanp()
        .ok_or_else(|| "not a number of the North American plan".into())
}

/// A line with one number where a pattern says.
pub fn matched(line: &str, pattern: &Regex) -> Result<u64, Complaint> {
    let found = pattern.captures(line).ok_or("not as the pattern says")?;
    let group = |name| found.name(name).map(|group| group.as_str());
    let text = match (group("number"), group("area_code"), group("local")) {
        (Some(whole), ..) => whole.to_owned(),
        (None, Some(area), Some(local)) => format!("{area}{local}"),
        _ => return Err("the pattern found no number".into()),
    };
    number(text.trim())?
        .nanp()
        .ok_or_else(|| "not a number of the North American plan".into())
}

/// A number as people write it: E.164, or ten digits with or without a leading 1 and separators.
pub fn number(text: &str) -> Result<PhoneNumber, Complaint> {
    if let Ok(number) = PhoneNumber::parse(text) {
        return Ok(number);
    }
    let separators = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')' | '+');
    let digits: String = text.chars().filter(|c| !separators(*c)).collect();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("no number in its column".into());
    }
    let e164 = match digits.len() {
        10 => format!("+1{digits}"),
        11 if digits.starts_with('1') => format!("+{digits}"),
        _ => return Err("not a number that could exist".into()),
    };
    PhoneNumber::parse(&e164).map_err(|e| e.to_string())
}

/// An instant, or a date: its first instant in UTC.
pub fn time(text: &str) -> Result<Timestamp, Complaint> {
    let wrong = || Complaint::from("neither an instant such as 2026-11-20T18:00:00Z nor a date");
    // Longer texts would be read as dates as well, and their time of day lost.
    if text.len() == "2026-11-20".len() {
        let date: Date = text.parse().map_err(|_| wrong())?;
        let begins = jiff::tz::TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0));
        return begins.map_err(|_| wrong());
    }
    text.parse().map_err(|_| wrong())
}

/// An instant that is not in the future.
fn instant(text: &str, latest: Timestamp) -> Result<Timestamp, Complaint> {
    let at = time(text)?;
    if at > latest {
        return Err("an instant in the future".into());
    }
    Ok(at)
}

/// Ten ASCII digits whose area code could exist. The exchange is not checked: the registry holds what was registered, and a
/// number that cannot exist is never asked about.
pub fn ten_digits(text: &str) -> Option<u64> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = text.parse().ok().filter(|_| plain)?;
    (number >= 2_000_000_000).then_some(number)
}

/// Comma-separated fields, with double quotes where a field holds a comma.
pub fn split(line: &str) -> Result<Vec<String>, Complaint> {
    if !line.contains('"') {
        return Ok(line.split(',').map(str::to_owned).collect());
    }
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                push(&mut fields, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => push(&mut fields, c),
        }
    }
    if quoted {
        return Err("an open quotation mark".into());
    }
    Ok(fields)
}

fn push(fields: &mut [String], c: char) {
    if let Some(last) = fields.last_mut() {
        last.push(c);
    }
}

/// Names of a column that holds a number, or a part of one; letters and digits only.
const NUMBER_COLUMNS: &[&str] = &[
    "number",
    "numbers",
    "phone",
    "phonenumber",
    "phonenumbers",
    "telephone",
    "telephonenumber",
    "areacode",
    "local",
    "localnumber",
];

/// Names of the other columns that the kinds of list have.
const OTHER_COLUMNS: &[&str] = &[
    "seller",
    "at",
    "consentdate",
    "answer",
    "askedat",
    "stamp",
    "timestamp",
    "date",
    "datetime",
    "mark",
    "action",
    "change",
    "changetype",
];

/// Whether a first line is a header: nothing but names of columns, one of them a number's. Any other line must be a
/// row, for a row that was passed over as a header would be a number that is called.
pub fn is_header(line: &str, columns: Option<&[String]>) -> bool {
    let Ok(cells) = split(line) else {
        return false;
    };
    let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
    let stated = |cell: &str| columns.unwrap_or_default().iter().any(|c| plain(c) == cell);
    let known = |cell: &String| {
        [NUMBER_COLUMNS, OTHER_COLUMNS]
            .iter()
            .any(|names| names.contains(&cell.as_str()))
            || (!cell.is_empty() && stated(cell))
    };
    cells.iter().all(known)
        && cells
            .iter()
            .any(|cell| NUMBER_COLUMNS.contains(&cell.as_str()))
}

fn plain(cell: &str) -> String {
    cell.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
