//! Text to records, each with the physical line on which it begins.
//!
//! Why not the `csv` crate: one quote that is opened and never closed makes a strict reader swallow every row up to
//! the next quote, or to the end. Here such a record gives back all lines but its first, so that a bad row never
//! loses a good one; and line numbers count blank lines, quoted line breaks and lone carriage returns.

/// The most lines that one record may span; with it a file full of stray quotes is still read in linear time.
/// INVARIANT (bounded).
const RECORD_LINES_MAX: u64 = 100;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// The physical line on which it begins; the file's first is 1.
    pub(super) line: u64,
    /// Its cells, trimmed; empty when `quote_unclosed`.
    pub(super) cells: Vec<String>,
    /// A quote was opened on this line and not properly closed; the line is given up, and only it.
    pub(super) quote_unclosed: bool,
}

impl Record {
    /// Whether no cell holds anything.
    pub(super) fn is_blank(&self) -> bool {
        !self.quote_unclosed && self.cells.iter().all(String::is_empty)
    }
}

/// The records of a text, blank lines left out.
pub(super) struct Records<'t> {
    rest: &'t str,
    line: u64,
    delimiter: char,
}

impl<'t> Records<'t> {
    /// `first_line` is the line number of the text's beginning.
    pub(super) fn new(text: &'t str, delimiter: char, first_line: u64) -> Self {
        Self {
            rest: text,
            line: first_line,
            delimiter,
        }
    }

    fn advance(&mut self, bytes: usize, lines: u64) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.line += lines;
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        while let Some(break_bytes) = break_at(self.rest) {
            self.advance(break_bytes, 1);
        }
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        if let Some(scan) = scan(self.rest, self.delimiter) {
            self.advance(scan.bytes, scan.breaks);
            return Some(Record {
                line,
                cells: scan.cells,
                quote_unclosed: false,
            });
        }
        let end = self.rest.find(['\r', '\n']).unwrap_or(self.rest.len());
        let tail = self.rest.get(end..).unwrap_or_default();
        let break_bytes = break_at(tail).unwrap_or_default();
        self.advance(end + break_bytes, u64::from(break_bytes > 0));
        Some(Record {
            line,
            cells: Vec::new(),
            quote_unclosed: true,
        })
    }
}

/// The length of the line break that `text` begins with.
fn break_at(text: &str) -> Option<usize> {
    if text.starts_with("\r\n") {
        Some(2)
    } else {
        text.starts_with(['\r', '\n']).then_some(1)
    }
}

struct Scan {
    cells: Vec<String>,
    bytes: usize,
    breaks: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// At the start of a cell, or in blanks before it.
    Start,
    Plain,
    Quoted,
    AfterQuote,
}

/// One record from the start of `text`, its line break included; none when a quote is not properly closed and the
/// record would run on over other lines.
fn scan(text: &str, delimiter: char) -> Option<Scan> {
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut state, mut breaks) = (State::Start, 0_u64);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_break = matches!(c, '\r' | '\n');
        let is_pair = c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n');
        if is_break && state == State::Quoted {
            if is_pair {
                chars.next();
            }
            cell.push('\n');
            breaks += 1;
            if breaks >= RECORD_LINES_MAX {
                return None;
            }
            continue;
        }
        if is_break {
            cells.push(cell.trim().to_owned());
            return Some(Scan {
                cells,
                bytes: at + if is_pair { 2 } else { 1 },
                breaks: breaks + 1,
            });
        }
        if c == delimiter && state != State::Quoted {
            cells.push(cell.trim().to_owned());
            cell.clear();
            state = State::Start;
            continue;
        }
        state = match (state, c) {
            (State::Start, '"') => {
                cell.clear();
                State::Quoted
            }
            (State::Quoted, '"') => State::AfterQuote,
            (State::AfterQuote, '"') => {
                cell.push('"');
                State::Quoted
            }
            (State::AfterQuote, ' ' | '\t') => State::AfterQuote,
            // A stray quote inside one line harms only that line's cell; over several lines it means that the
            // opening quote was the stray one.
            (State::AfterQuote, _) if breaks > 0 => return None,
            (State::Start, ' ' | '\t') => {
                cell.push(c);
                State::Start
            }
            (State::Start | State::Plain | State::AfterQuote, _) => {
                cell.push(c);
                State::Plain
            }
            (State::Quoted, _) => {
                cell.push(c);
                State::Quoted
            }
        };
    }
    if state == State::Quoted {
        return None;
    }
    cells.push(cell.trim().to_owned());
    Some(Scan {
        cells,
        bytes: text.len(),
        breaks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, delimiter: char) -> Vec<(u64, Vec<String>)> {
        Records::new(text, delimiter, 1)
            .map(|r| (r.line, r.cells))
            .collect()
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn cells_and_physical_lines() {
        for (text, want) in [
            ("a,b\nc,d", vec![row(1, &["a", "b"]), row(2, &["c", "d"])]),
            ("a\r\n\r\n\r\nb\r\n", vec![row(1, &["a"]), row(4, &["b"])]),
            (
                "a\rb\r\rc\r",
                vec![row(1, &["a"]), row(2, &["b"]), row(4, &["c"])],
            ),
            (
                "\"a\r\nb\",c\nd,e\n",
                vec![row(1, &["a\nb", "c"]), row(3, &["d", "e"])],
            ),
            (" \"x, y\" ,z\n", vec![row(1, &["x, y", "z"])]),
            ("\"say \"\"hi\"\"\",1\n", vec![row(1, &["say \"hi\"", "1"])]),
            ("5\" pipe,1\n", vec![row(1, &["5\" pipe", "1"])]),
            (
                "\"Joe \"Big\" Smith\",1\nb,2\n",
                vec![row(1, &["Joe Big\" Smith\"", "1"]), row(2, &["b", "2"])],
            ),
            ("a,,\n", vec![row(1, &["a", "", ""])]),
        ] {
            assert_eq!(lines(text, ','), want, "{text:?}");
        }
    }

    #[test]
    fn an_open_quote_costs_one_line() {
        for text in [
            "a,1\n\"open,2\nb,3\nc,4\n",
            "a,1\n\"open,2\n\"b\",3\n\"c\",4\n",
            "a,1\r\n\"open,2\r\nb,\"3\"\r\nc,4",
        ] {
            let records: Vec<Record> = Records::new(text, ',', 1).collect();
            let seen: Vec<(u64, bool)> =
                records.iter().map(|r| (r.line, r.quote_unclosed)).collect();
            assert_eq!(
                seen,
                [(1, false), (2, true), (3, false), (4, false)],
                "{text:?}"
            );
            assert_eq!(records[3].cells, ["c", "4"]);
        }
    }
}
