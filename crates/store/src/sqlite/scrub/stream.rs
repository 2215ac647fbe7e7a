//! Rows of one table in the order of their numbers, read beside a batch that has the same order: a number without a row
//! costs a comparison, and a gap in the batch is jumped over.

use rusqlite::{Connection, Row, ToSql};

use crate::Result;

/// Rows read at once at least, and at most (invariant `bounded`).
const ROWS_MIN: usize = 4;
const ROWS_MAX: usize = 4096;

/// Reads one row's facts.
type Read<T> = fn(&Row<'_>) -> Result<T>;

/// Rows of one table, by number.
pub(super) struct Stream<'c, T> {
    conn: &'c Connection,
    /// Selects `number` first, `WHERE number >= ?1 AND number <= ?2`, in the order of `number`, `LIMIT ?3`; further
    /// parameters from `?4` on.
    sql: String,
    further: Vec<Box<dyn ToSql>>,
    read: Read<T>,
    /// The greatest number of the batch: nothing beyond it is read.
    last: i64,
    held: std::collections::VecDeque<(i64, T)>,
    /// Every row below this number has been read.
    known_below: i64,
    rows: usize,
    /// Numbers asked for since rows were last read.
    asked: usize,
}

impl<'c, T> Stream<'c, T> {
    pub(super) fn new(
        conn: &'c Connection,
        sql: impl Into<String>,
        further: Vec<Box<dyn ToSql>>,
        last: i64,
        read: Read<T>,
    ) -> Self {
        Self {
            conn,
            sql: sql.into(),
            further,
            read,
            last,
            held: std::collections::VecDeque::new(),
            known_below: i64::MIN,
            rows: ROWS_MIN,
            asked: 0,
        }
    }

    /// The rows of `number`, in the order of the query. Numbers must be asked for in their order.
    pub(super) fn take(&mut self, number: i64) -> Result<Vec<T>> {
        while self.held.front().is_some_and(|(of, _)| *of < number) {
            self.held.pop_front();
        }
        if number >= self.known_below {
            self.fill(number)?;
        }
        self.asked += 1;
        let mut found = Vec::new();
        while self.held.front().is_some_and(|(of, _)| *of == number) {
            found.extend(self.held.pop_front().map(|(_, row)| row));
        }
        Ok(found)
    }

    fn fill(&mut self, from: i64) -> Result<()> {
        // A batch that is denser than the rows passes over all of them: read many at once. A sparse one jumps.
        self.rows = if self.asked >= self.rows / 4 {
            (self.rows * 2).min(ROWS_MAX)
        } else {
            (self.rows / 2).max(ROWS_MIN)
        };
        self.asked = 0;
        loop {
            self.held.clear();
            let full = self.query(from)?;
            if !full {
                self.known_below = i64::MAX;
                return Ok(());
            }
            // The last number's rows may go on behind the limit: they are read again when it is its turn.
            let Some((last, _)) = self.held.back() else {
                self.known_below = i64::MAX;
                return Ok(());
            };
            let last = *last;
            if last > from {
                while self.held.back().is_some_and(|(of, _)| *of == last) {
                    self.held.pop_back();
                }
                self.known_below = last;
                return Ok(());
            }
            self.rows = self.rows.saturating_mul(2);
        }
    }

    /// Whether the limit was reached.
    fn query(&mut self, from: i64) -> Result<bool> {
        let limit = i64::try_from(self.rows).unwrap_or(i64::MAX);
        let mut query = self.conn.prepare_cached(&self.sql)?;
        let mut values: Vec<&dyn ToSql> = vec![&from, &self.last, &limit];
        values.extend(self.further.iter().map(AsRef::as_ref));
        let mut rows = query.query(values.as_slice())?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            self.held.push_back((row.get(0)?, (self.read)(row)?));
        }
        Ok(count >= self.rows)
    }
}
