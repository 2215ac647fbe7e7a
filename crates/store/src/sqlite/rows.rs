//! New rows on their way into the database: written into it at once, or kept as bytes that are made durable first and
//! written into it after.

use ringfence_core::lead::PhoneNumber;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};

use super::column::digits;
use crate::{Result, StoreError};

/// The tables that a decision adds rows to. The numbers stand in files: none is given twice, whatever becomes of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Event = 1,
    Decision = 2,
    Attempt = 3,
    Call = 4,
    SellerFacts = 5,
    Pattern = 6,
}

impl Table {
    const ALL: [Self; 6] = [
        Self::Event,
        Self::Decision,
        Self::Attempt,
        Self::Call,
        Self::SellerFacts,
        Self::Pattern,
    ];

    fn insert(self) -> &'static str {
        match self {
            Self::Event => {
                "INSERT INTO events (seq, id, at, type, clock, subject, data, prev, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
            }
            Self::Decision => {
                "INSERT INTO decisions (seq, id, callee, number, seller, verdict, at, clock, pack_sha256, pattern, texts,
                     facts_bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
            }
            Self::Attempt => {
                "INSERT INTO attempts (seq, reserved_seq, id, decision, number, seller, caller_id, call, campaign, lead,
                     state, token_sha256, reserved_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'reserved', ?11, ?12, ?13)"
            }
            Self::Call => {
                "INSERT INTO calls (id, attempt, decision, number, seller, campaign, lead, trunk, agent, state,
                     opt_out, started_at, clock)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'dialing', 0, ?10, ?11)"
            }
            Self::SellerFacts => {
                "INSERT INTO seller_facts (sha256, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
            }
            Self::Pattern => {
                "INSERT INTO decision_patterns (id, seller, text) VALUES (?1, ?2, ?3)"
            }
        }
    }

    fn columns(self) -> usize {
        match self {
            Self::Event => 9,
            Self::Decision => 12,
            Self::Attempt => 13,
            Self::Call => 11,
            Self::SellerFacts => 2,
            Self::Pattern => 3,
        }
    }

    fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|table| *table as u8 == number)
    }
}

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Null,
    Whole(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Whole(whole) => ValueRef::Integer(*whole),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<i64> for Cell<'_> {
    fn from(whole: i64) -> Self {
        Self::Whole(whole)
    }
}

impl From<u64> for Cell<'_> {
    fn from(whole: u64) -> Self {
        // Places and lengths: none reaches half of it.
        Self::Whole(i64::try_from(whole).unwrap_or(i64::MAX))
    }
}

impl From<PhoneNumber> for Cell<'_> {
    fn from(number: PhoneNumber) -> Self {
        Self::Whole(digits(number))
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Cell<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Where new rows go.
pub(super) enum Sink<'c> {
    /// Into the database, within its transaction.
    Database(&'c Connection),
    /// Behind what was kept before.
    Ahead(&'c mut Rows),
}

impl Sink<'_> {
    pub(super) fn put(&mut self, table: Table, cells: &[Cell<'_>]) -> Result<()> {
        match self {
            Self::Database(conn) => insert(conn, table, cells),
            Self::Ahead(rows) => rows.push(table, cells),
        }
    }
}

fn insert(conn: &Connection, table: Table, cells: &[Cell<'_>]) -> Result<()> {
    conn.prepare_cached(table.insert())?
        .execute(rusqlite::params_from_iter(cells))?;
    Ok(())
}

/// Rows as bytes, in order: the table's number, then each value with its kind before it.
#[derive(Debug, Default)]
pub(super) struct Rows {
    bytes: Vec<u8>,
    reserve: bool,
}

const NULL: u8 = 0;
const WHOLE: u8 = 1;
const TEXT: u8 = 2;
const BYTES: u8 = 3;

impl Rows {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether an attempt is among them.
    pub(super) fn reserve(&self) -> bool {
        self.reserve
    }

    /// Empties it; the memory stays.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.reserve = false;
    }

    fn push(&mut self, table: Table, cells: &[Cell<'_>]) -> Result<()> {
        debug_assert_eq!(cells.len(), table.columns());
        self.reserve |= table == Table::Attempt;
        let bytes = &mut self.bytes;
        bytes.push(table as u8);
        for cell in cells {
            match cell {
                Cell::Null => bytes.push(NULL),
                Cell::Whole(whole) => {
                    bytes.push(WHOLE);
                    bytes.extend_from_slice(&whole.to_le_bytes());
                }
                Cell::Text(text) => push_long(bytes, TEXT, text.as_bytes())?,
                Cell::Bytes(long) => push_long(bytes, BYTES, long)?,
            }
        }
        Ok(())
    }
}

fn push_long(bytes: &mut Vec<u8>, kind: u8, long: &[u8]) -> Result<()> {
    let length = u32::try_from(long.len()).map_err(|_| StoreError::invalid("too long a value"))?;
    bytes.push(kind);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(long);
    Ok(())
}

/// The rows of several commands, each with their length before them.
#[derive(Debug, Default)]
pub(super) struct Frame(Vec<u8>);

impl Frame {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Empties it; the memory stays.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Puts a command's rows behind those before.
    pub(super) fn push(&mut self, rows: &Rows) -> Result<()> {
        let rows = rows.as_bytes();
        let length =
            u32::try_from(rows.len()).map_err(|_| StoreError::invalid("too long a record"))?;
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(rows);
        Ok(())
    }
}

/// The commands of a frame: each command's rows with their length before them.
pub(super) fn commands(mut frame: &[u8]) -> impl Iterator<Item = Result<&[u8]>> {
    std::iter::from_fn(move || {
        if frame.is_empty() {
            return None;
        }
        let split = frame.split_first_chunk().and_then(|(length, rest)| {
            rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
        });
        let Some((rows, rest)) = split else {
            frame = &[];
            return Some(Err(corrupt()));
        };
        frame = rest;
        Some(Ok(rows))
    })
}

/// Writes rows that were kept as bytes into the database.
pub(super) fn apply(conn: &Connection, rows: &[u8]) -> Result<()> {
    let mut cells = Vec::with_capacity(13);
    each(rows, &mut cells, |table, cells| insert(conn, table, cells))
}

/// The log's entries among rows: the place and the hash before of the first, the place, hash and time of the last.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entries<'a> {
    pub(super) first: i64,
    pub(super) prev: &'a str,
    pub(super) last: i64,
    pub(super) hash: &'a str,
    pub(super) at: i64,
}

/// What of the log stands in rows; none: nothing, which no decision leaves.
pub(super) fn entries(rows: &[u8]) -> Result<Option<Entries<'_>>> {
    let mut found: Option<Entries<'_>> = None;
    let mut cells = Vec::with_capacity(13);
    each(rows, &mut cells, |table, cells| {
        if table != Table::Event {
            return Ok(());
        }
        let [
            Cell::Whole(seq),
            _,
            Cell::Whole(at),
            _,
            _,
            _,
            _,
            Cell::Text(prev),
            Cell::Text(hash),
        ] = *cells
        else {
            return Err(corrupt());
        };
        found = Some(match found.take() {
            None => Entries {
                first: seq,
                prev,
                last: seq,
                hash,
                at,
            },
            Some(before) => Entries {
                last: seq,
                hash,
                at,
                ..before
            },
        });
        Ok(())
    })?;
    Ok(found)
}

fn each<'a>(
    mut rows: &'a [u8],
    cells: &mut Vec<Cell<'a>>,
    mut row: impl FnMut(Table, &[Cell<'a>]) -> Result<()>,
) -> Result<()> {
    while let Some((number, rest)) = rows.split_first() {
        let table = Table::of(*number).ok_or_else(corrupt)?;
        rows = rest;
        cells.clear();
        for _ in 0..table.columns() {
            let (cell, rest) = cell(rows).ok_or_else(corrupt)?;
            cells.push(cell);
            rows = rest;
        }
        row(table, cells)?;
    }
    Ok(())
}

fn cell(rows: &[u8]) -> Option<(Cell<'_>, &[u8])> {
    let (kind, rest) = rows.split_first()?;
    if *kind == NULL {
        return Some((Cell::Null, rest));
    }
    if *kind == WHOLE {
        let (whole, rest) = rest.split_first_chunk()?;
        return Some((Cell::Whole(i64::from_le_bytes(*whole)), rest));
    }
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (long, rest) = rest.split_at_checked(length)?;
    match *kind {
        TEXT => Some((Cell::Text(std::str::from_utf8(long).ok()?), rest)),
        BYTES => Some((Cell::Bytes(long), rest)),
        _ => None,
    }
}

fn corrupt() -> StoreError {
    StoreError::Corrupt("rows that are not in the database yet".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event<'a>(seq: i64, prev: &'a str, hash: &'a str) -> [Cell<'a>; 9] {
        let text = Cell::Text("señor");
        [
            Cell::Whole(seq),
            text,
            Cell::Whole(-7),
            text,
            text,
            text,
            text,
            prev.into(),
            hash.into(),
        ]
    }

    #[test]
    fn rows_are_read_as_they_were_put() {
        let mut rows = Rows::default();
        let mut sink = Sink::Ahead(&mut rows);
        let facts = [Cell::Text(""), Cell::Text("{}")];
        sink.put(Table::SellerFacts, &facts).unwrap();
        sink.put(Table::Event, &event(4, "c", "d")).unwrap();
        let mut attempt = [Cell::Null; 13];
        attempt[3] = Cell::Bytes(&[0, 255]);
        sink.put(Table::Attempt, &attempt).unwrap();
        sink.put(Table::Event, &event(5, "d", "e")).unwrap();
        let mut read = Vec::new();
        each(rows.as_bytes(), &mut Vec::new(), |table, cells| {
            read.push((table, cells.to_vec()));
            Ok(())
        })
        .unwrap();
        let put = [
            (Table::SellerFacts, facts.to_vec()),
            (Table::Event, event(4, "c", "d").to_vec()),
            (Table::Attempt, attempt.to_vec()),
            (Table::Event, event(5, "d", "e").to_vec()),
        ];
        assert_eq!(read, put);
        let log = Entries {
            first: 4,
            prev: "c",
            last: 5,
            hash: "e",
            at: -7,
        };
        assert_eq!(entries(rows.as_bytes()).unwrap(), Some(log));
    }

    #[test]
    fn bytes_that_are_no_rows_are_refused_at_every_length() {
        let mut rows = Rows::default();
        rows.push(Table::Event, &event(1, "a", "b")).unwrap();
        let whole = rows.as_bytes();
        for end in 1..whole.len() {
            assert!(entries(&whole[..end]).is_err(), "{end}");
        }
        assert!(entries(&[99]).is_err());
        assert_eq!(entries(&[]).unwrap(), None);
    }
}
