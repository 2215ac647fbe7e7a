//! Tables of numbers and of calls as text: whatever program wrote them, one row a line. Rows that cannot be read are
//! told by their line and never dropped.

mod heading;

use std::borrow::Cow;
use std::ops::Range;

pub use heading::Column;

/// Why a table was refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// Not text in UTF-8.
    #[error("not a text in UTF-8; save it as CSV (UTF-8)")]
    NotText,
    /// Nothing in it.
    #[error("the file holds no row")]
    Empty,
    /// A needed column has none of the names that would do.
    #[error("no column {wanted}; the first line has {found}")]
    NoColumn {
        /// The names that would do.
        wanted: String,
        /// What stands in the first line.
        found: String,
    },
}

/// A table, its columns found.
#[derive(Debug, Clone)]
pub struct Sheet<'t> {
    body: &'t [u8],
    /// The line on which the body begins; the file's first is 1.
    first_line: u64,
    delimiter: u8,
    /// The first line, if it names the columns.
    pub head: Option<&'t [u8]>,
    columns: Vec<(Column, usize)>,
}

/// One line, split; the parts live in a buffer that the next line uses again.
#[derive(Debug)]
pub struct Row<'t, 'b> {
    /// The physical line.
    pub line: u64,
    /// As it stands in the file, without its end.
    pub raw: &'t [u8],
    cells: &'b [Range<usize>],
    columns: &'b [(Column, usize)],
    /// A quote is opened on it and not closed.
    pub broken: bool,
}

impl<'t> Sheet<'t> {
    /// Finds delimiter, heading and columns. `needed` must be there; a table without a heading has its columns in the
    /// order of `order`.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn open(bytes: &'t [u8], needed: &[Column], order: &[Column]) -> Result<Self, SheetError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.contains(&0) {
            return Err(SheetError::NotText);
        }
        let mut lines = Lines {
            rest: bytes,
            line: 0,
        };
        let (line, first) = lines
            .find(|(_, line)| !line.is_empty())
            .ok_or(SheetError::Empty)?;
        let first_text = std::str::from_utf8(first).map_err(|_| SheetError::NotText)?;
        let count = |sign: char| first_text.matches(sign).count();
        let delimiter = [('\t', b'\t'), (';', b';'), ('|', b'|')]
            .into_iter()
            .find(|(sign, _)| count(*sign) > count(','))
            .map_or(b',', |(_, sign)| sign);
        let mut parts = Vec::new();
        split(first, delimiter, &mut parts);
        let names: Vec<String> = parts
            .iter()
            .map(|part| cell(first, part).into_owned())
            .collect();
        let columns = heading::find(&names);
        if needed
            .iter()
            .all(|want| columns.iter().any(|(column, _)| column == want))
        {
            return Ok(Self {
                body: lines.rest,
                first_line: line + 1,
                delimiter,
                head: Some(first),
                columns,
            });
        }
        let bare = names.first().is_some_and(|name| heading::is_number(name));
        let missing = needed.iter().find(|want| !order.contains(want));
        match (bare, missing) {
            (true, None) => Ok(Self {
                body: bytes,
                first_line: 1,
                delimiter,
                head: None,
                columns: order.iter().copied().zip(0..).collect(),
            }),
            _ => Err(no_column(needed, &columns, &names)),
        }
    }

    /// How the first line separates its cells.
    pub fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// Gives every row that is not blank to `each`, until it says stop.
    pub fn each(&self, mut each: impl FnMut(Row<'t, '_>) -> bool) {
        let mut parts = Vec::new();
        let lines = Lines {
            rest: self.body,
            line: self.first_line - 1,
        };
        for (line, raw) in lines {
            if raw
                .iter()
                .all(|b| b.is_ascii_whitespace() || *b == self.delimiter)
            {
                continue;
            }
            parts.clear();
            let broken =
                !split(raw, self.delimiter, &mut parts) || std::str::from_utf8(raw).is_err();
            let row = Row {
                line,
                raw,
                cells: &parts,
                columns: &self.columns,
                broken,
            };
            if !each(row) {
                return;
            }
        }
    }
}

fn no_column(needed: &[Column], columns: &[(Column, usize)], names: &[String]) -> SheetError {
    let missing = needed
        .iter()
        .find(|want| !columns.iter().any(|(column, _)| column == *want));
    SheetError::NoColumn {
        wanted: missing.map(|column| column.names()).unwrap_or_default(),
        // A line of numbers in place of a heading is personal data.
        found: names
            .iter()
            .map(|name| {
                if heading::is_number(name) {
                    "(a number)"
                } else {
                    name.as_str()
                }
            })
            .take(30)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

impl<'t> Row<'t, '_> {
    /// A cell, trimmed, its quotes undone; none where the column is missing or the cell is empty.
    pub fn get(&self, column: Column) -> Option<Cow<'t, str>> {
        let (_, at) = self.columns.iter().find(|(known, _)| *known == column)?;
        let text = cell(self.raw, self.cells.get(*at)?);
        (!text.is_empty()).then_some(text)
    }
}

struct Lines<'t> {
    rest: &'t [u8],
    line: u64,
}

impl<'t> Iterator for Lines<'t> {
    type Item = (u64, &'t [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self
            .rest
            .iter()
            .position(|b| *b == b'\n')
            .unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.get(1..).unwrap_or_default();
        self.line += 1;
        Some((self.line, line.strip_suffix(b"\r").unwrap_or(line)))
    }
}

/// Splits a line; whether every quote that it opens is closed.
fn split(line: &[u8], delimiter: u8, parts: &mut Vec<Range<usize>>) -> bool {
    let (mut start, mut quoted, mut fresh) = (0, false, true);
    for (at, byte) in line.iter().enumerate() {
        match *byte {
            b'"' if quoted || fresh => {
                quoted = !quoted;
                fresh = false;
            }
            // A doubled quote closes and opens again.
            b'"' if line.get(at.wrapping_sub(1)) == Some(&b'"') => quoted = true,
            sign if sign == delimiter && !quoted => {
                parts.push(start..at);
                start = at + 1;
                fresh = true;
            }
            b' ' => {}
            _ => fresh = false,
        }
    }
    parts.push(start..line.len());
    !quoted
}

fn cell<'t>(line: &'t [u8], part: &Range<usize>) -> Cow<'t, str> {
    let bytes = line.get(part.clone()).unwrap_or_default().trim_ascii();
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    match text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(inner) if inner.contains('"') => {
            Cow::Owned(inner.replace("\"\"", "\"").trim().to_owned())
        }
        Some(inner) => Cow::Borrowed(inner.trim()),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Option<String>, Option<String>, bool)> {
        let sheet = Sheet::open(
            text.as_bytes(),
            &[Column::Number],
            &[Column::Number, Column::Zip],
        )
        .unwrap();
        let mut all = Vec::new();
        sheet.each(|row| {
            let text = |column| row.get(column).map(Cow::into_owned);
            all.push((
                row.line,
                text(Column::Number),
                text(Column::Zip),
                row.broken,
            ));
            true
        });
        all
    }

    fn row(line: u64, number: &str, zip: &str) -> (u64, Option<String>, Option<String>, bool) {
        let text = |t: &str| (!t.is_empty()).then(|| t.to_owned());
        (line, text(number), text(zip), false)
    }

    #[test]
    fn tables_as_programs_write_them() {
        for (text, want) in [
            (
                "2125550123\n\n2125550124,10001\n",
                vec![row(1, "2125550123", ""), row(3, "2125550124", "10001")],
            ),
            (
                "Phone Number;ZIP Code\r\n212 555 0123;10001\r\n",
                vec![row(2, "212 555 0123", "10001")],
            ),
            (
                "\u{feff}zip\tTo\n10001\t+12125550123",
                vec![row(2, "+12125550123", "10001")],
            ),
            (
                "name,to\n\"Doe, \"\"Jo\"\"\",\"+12125550123\"\n",
                vec![row(2, "+12125550123", "")],
            ),
        ] {
            assert_eq!(rows(text), want, "{text:?}");
        }
        let broken = rows("to,zip\n\"+12125550123,1\n+12125550124,2\n");
        assert!(broken[0].3);
        assert_eq!(broken[1], row(3, "+12125550124", "2"));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let open =
            |text: &[u8]| Sheet::open(text, &[Column::Number], &[Column::Number]).map(|_| ());
        assert_eq!(open(b""), Err(SheetError::Empty));
        assert_eq!(open(b"\n\n"), Err(SheetError::Empty));
        assert_eq!(open(b"t\0o\n"), Err(SheetError::NotText));
        let refused = open(b"name,2125550123\n").unwrap_err().to_string();
        assert!(
            refused.contains("phone_number") && refused.contains("name, (a number)"),
            "{refused}"
        );
    }
}
