//! The lists' answers for a batch: which versions bind is asked once per area code, and each block of an exchange is read
//! once.

use jiff::Timestamp;
use ringfence_core::gate::Suppressions;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::suppression::ListAnswer;
use rusqlite::Connection;

use super::super::{block, list};
use crate::Result;

/// One list version that binds, as the batch passes over it.
struct Held {
    answer: ListAnswer,
    version: i64,
    exchange: Option<u32>,
    block: Option<Vec<u8>>,
}

impl Held {
    fn new(conn: &Connection, answer: ListAnswer) -> Result<Self> {
        let version = conn
            .prepare_cached("SELECT version FROM list_versions WHERE id = ?1")?
            .query_row([answer.version.as_str()], |row| row.get(0))?;
        Ok(Self {
            answer,
            version,
            exchange: None,
            block: None,
        })
    }

    fn holds(&mut self, conn: &Connection, exchange: u32, last: u16) -> Result<bool> {
        if self.exchange != Some(exchange) {
            self.block = list::find_block(conn, self.version, exchange)?;
            self.exchange = Some(exchange);
        }
        Ok(self
            .block
            .as_ref()
            .is_some_and(|bytes| block::holds(bytes, last)))
    }
}

pub(super) struct Lists<'c> {
    conn: &'c Connection,
    seller: String,
    now: Timestamp,
    area: Option<u16>,
    national: Option<Held>,
    /// Those of the states, then those of litigators.
    others: Option<(Vec<Held>, usize)>,
    hits: u64,
}

impl<'c> Lists<'c> {
    pub(super) fn new(conn: &'c Connection, seller: &str, now: Timestamp) -> Self {
        Self {
            conn,
            seller: seller.to_owned(),
            now,
            area: None,
            national: None,
            others: None,
            hits: 0,
        }
    }

    /// Puts the lists' answers about a number; which lists hold it, one bit each, unless there are too many lists for
    /// that.
    pub(super) fn answer(
        &mut self,
        number: PhoneNumber,
        into: &mut Suppressions,
    ) -> Result<Option<u64>> {
        let (Some(area), Some(ten)) = (number.area_code(), number.nanp()) else {
            into.national = None;
            into.states.clear();
            into.litigator.clear();
            self.area = None;
            return Ok(None);
        };
        let (exchange, last) = block::split(ten)?;
        let fresh = self.area != Some(area);
        if fresh {
            self.enter(area, number)?;
        }
        let hits = self.hits(exchange, last)?;
        if fresh || hits != self.hits {
            self.hits = hits;
            self.put(into);
        }
        let few = self.others.as_ref().is_none_or(|(all, _)| all.len() < 63);
        Ok(few.then_some(hits))
    }

    fn enter(&mut self, area: u16, number: PhoneNumber) -> Result<()> {
        let (conn, seller) = (self.conn, self.seller.as_str());
        self.national = list::national(conn, number, seller, self.now)?
            .map(|answer| Held::new(conn, answer))
            .transpose()?;
        if self.others.is_none() {
            let mut answers = list::states(conn, number, seller, self.now)?;
            let states = answers.len();
            answers.extend(list::newest(conn, "litigator", number, seller, self.now)?);
            let held: Result<Vec<Held>> = answers
                .into_iter()
                .map(|answer| Held::new(conn, answer))
                .collect();
            self.others = Some((held?, states));
        }
        self.area = Some(area);
        Ok(())
    }

    fn hits(&mut self, exchange: u32, last: u16) -> Result<u64> {
        let others = self.others.iter_mut().flat_map(|(all, _)| all);
        let mut hits = 0;
        for (bit, list) in self.national.iter_mut().chain(others).enumerate() {
            let listed = list.holds(self.conn, exchange, last)?;
            list.answer.listed = listed;
            hits |= u64::from(listed) << bit.min(63);
        }
        // Without a national list the others' bits stand one place lower.
        Ok(if self.national.is_some() {
            hits
        } else {
            hits << 1
        })
    }

    fn put(&self, into: &mut Suppressions) {
        into.national = self.national.as_ref().map(|list| list.answer.clone());
        let (all, states) = match &self.others {
            Some((all, states)) => (all.as_slice(), *states),
            None => (&[][..], 0),
        };
        let answers = |lists: &[Held]| -> Vec<ListAnswer> {
            lists.iter().map(|list| list.answer.clone()).collect()
        };
        into.states = answers(all.get(..states).unwrap_or_default());
        into.litigator = answers(all.get(states..).unwrap_or_default());
        into.litigator.retain(|answer| answer.listed);
    }
}
