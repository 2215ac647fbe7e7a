//! Facts of many calls in one snapshot: what concerns the seller is read once, what concerns a number is read in the
//! order of the numbers beside the batch.

mod lists;
mod stream;

use std::fmt::Write;

use jiff::Timestamp;
use ringfence_core::consent::Consent;
use ringfence_core::gate::{Attempt, CallRequest, Facts, Hold, Relationship};
use ringfence_core::id::Id;
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_core::suppression::{InternalEntry, ReassignedAnswer};
use rusqlite::{Connection, Row, ToSql, params};

use super::column::{digits, json_column, number, time, whole, word_column};
use super::known::Known;
use super::shelf::Shelf;
use super::{SqliteStore, consent, dial, gate, hold, list, page};
use crate::gate::GateSettings;
use crate::registry::book::Book;
use crate::scrub::{Alike, Callee, Scrub, Scrubs, Seen};
use crate::{Result, StoreError};
use lists::Lists;
use stream::Stream;

impl Scrubs for SqliteStore {
    fn scrub(
        &self,
        batch: &Scrub<'_>,
        settings: &GateSettings,
        now: Timestamp,
        each: &mut dyn FnMut(Seen<'_>),
    ) -> Result<()> {
        self.readers
            .read(|conn| scrub(conn, &self.shelf, batch, settings, now, each))
    }

    fn waiting_leads(&self, campaign: &Id, most: u32) -> Result<Vec<(Id, PhoneNumber, Place)>> {
        self.readers.read(|conn| waiting(conn, campaign, most))
    }
}

/// Gives every callee's facts to `each`, in order.
fn scrub(
    conn: &Connection,
    shelf: &Shelf,
    scrub: &Scrub<'_>,
    settings: &GateSettings,
    now: Timestamp,
    each: &mut dyn FnMut(Seen<'_>),
) -> Result<()> {
    let now = whole(now);
    let Some(last) = scrub.callees.last() else {
        return Ok(());
    };
    // What is no number has no history: this leaves what all of them share.
    let nobody = CallRequest {
        to: String::new(),
        place: Place::default(),
        lead: None,
        ..scrub.common.clone()
    };
    let book = shelf.book(conn)?;
    let mut known = Known::default();
    let mut facts = gate::facts(conn, &mut known, shelf, &nobody, settings, now)?;
    let mut batch = Batch::new(conn, known, &book, &facts, scrub, now, digits(last.number));
    let mut before = 0;
    for (index, callee) in scrub.callees.iter().enumerate() {
        let digits = digits_of(callee.number);
        if digits < before {
            return Err(StoreError::invalid("the numbers are not in their order"));
        }
        before = digits;
        let alike = batch.enter(index, callee, digits, &mut facts)?;
        each(Seen {
            index,
            facts: &facts,
            alike,
        });
    }
    Ok(())
}

/// As [`digits`], without making a text of a +1 number.
fn digits_of(number: PhoneNumber) -> i64 {
    match number.nanp().and_then(|ten| i64::try_from(ten).ok()) {
        Some(ten) => 10_000_000_000_i64.saturating_add(ten),
        None => digits(number),
    }
}

struct Batch<'a> {
    conn: &'a Connection,
    scrub: &'a Scrub<'a>,
    now: Timestamp,
    lists: Lists<'a>,
    consents: Stream<'a, Consent>,
    known: Known,
    internal: Stream<'a, InternalEntry>,
    reassigned: Stream<'a, ReassignedAnswer>,
    attempts: Stream<'a, Attempt>,
    relationships: Stream<'a, Relationship>,
    holds: Stream<'a, Hold>,
    place: Option<u32>,
    /// The number before, and whether it has rows of its own: the same number may come again.
    before: Option<(i64, bool)>,
}

impl<'a> Batch<'a> {
    fn new(
        conn: &'a Connection,
        known: Known,
        book: &'a Book,
        shared: &Facts,
        scrub: &'a Scrub<'a>,
        now: Timestamp,
        last: i64,
    ) -> Self {
        let seller = &scrub.common.seller;
        let since = gate::attempts_since(now);
        let value = |value: i64| -> Box<dyn ToSql> { Box::new(value) };
        let until = || value(now.as_microsecond());
        let of_seller = || -> Box<dyn ToSql> { Box::new(seller.clone()) };
        Self {
            conn,
            scrub,
            now,
            lists: Lists::new(book, shared, now),
            consents: Stream::new(conn, CONSENTS, vec![until()], last, consent::granted),
            known,
            internal: Stream::new(conn, INTERNAL, vec![until(), of_seller()], last, internal),
            reassigned: Stream::new(
                conn,
                format!(
                    "SELECT v.number, v.* FROM reassigned v WHERE v.number >= ?1 AND v.number <= ?2
                         AND v.asked_at <= ?4 AND {}
                     ORDER BY v.number, v.asked_at, v.version LIMIT ?3",
                    list::BINDS_SELLER.replace("?2", "?5")
                ),
                vec![until(), of_seller()],
                last,
                list::reassigned_answer,
            ),
            attempts: Stream::new(
                conn,
                ATTEMPTS,
                vec![until(), of_seller(), value(since.as_microsecond())],
                last,
                dial::counted,
            ),
            relationships: Stream::new(
                conn,
                RELATIONSHIPS,
                vec![until(), of_seller()],
                last,
                relationship,
            ),
            holds: Stream::new(conn, HOLDS, vec![until(), of_seller()], last, hold::fact),
            place: None,
            before: None,
        }
    }

    /// Turns the facts to one callee.
    fn enter(
        &mut self,
        index: usize,
        callee: &Callee,
        digits: i64,
        facts: &mut Facts,
    ) -> Result<Option<Alike>> {
        facts.request.to.clear();
        // Writing to a String cannot fail.
        let _ = write!(facts.request.to, "+{digits}");
        if self.place != Some(callee.place) {
            self.place = Some(callee.place);
            let place = usize::try_from(callee.place).ok();
            let place = place.and_then(|at| self.scrub.places.get(at));
            facts.request.place = place.cloned().unwrap_or_default();
        }
        let hits = self.lists.answer(callee.number, facts);
        let mut own = match self.before {
            Some((number, own)) if number == digits => own,
            _ => self.rows(digits, facts)?,
        };
        self.before = Some((digits, own));
        if let Some(lead) = self.scrub.leads.get(index) {
            facts.request.lead = Some(lead.clone());
            own |= self.campaign(lead, callee.number, facts)?;
        } else if facts.campaign.is_some() {
            let nobody = facts.request.clone();
            facts.campaign =
                gate::campaign_facts(self.conn, &nobody, Some(callee.number), self.now)?;
            own |= facts.campaign.as_ref().is_some_and(|c| c.attempts > 0);
        }
        let area = callee.number.area_code();
        Ok(hits
            .zip(area)
            .filter(|_| !own)
            .map(|(hits, area)| Alike::new(area, callee.place, hits)))
    }

    /// Whether the number has any row of its own.
    fn rows(&mut self, number: i64, facts: &mut Facts) -> Result<bool> {
        facts.consents = self.consents.take(number)?;
        for consent in &mut facts.consents {
            let (text, seller) = (&consent.text_sha256, &consent.seller);
            consent.missing = self.known.lacking(self.conn, text, seller)?;
        }
        facts.suppressions.internal = self.internal.take(number)?;
        facts.suppressions.reassigned = self.reassigned.take(number)?;
        facts.attempts = self.attempts.take(number)?;
        facts.relationships = self.relationships.take(number)?;
        facts.holds = self.holds.take(number)?;
        Ok(!facts.consents.is_empty()
            || !facts.suppressions.internal.is_empty()
            || !facts.suppressions.reassigned.is_empty()
            || !facts.attempts.is_empty()
            || !facts.relationships.is_empty()
            || !facts.holds.is_empty())
    }

    fn campaign(&self, lead: &Id, number: PhoneNumber, facts: &mut Facts) -> Result<bool> {
        if facts.campaign.is_none() {
            return Ok(false);
        }
        let request = CallRequest {
            lead: Some(lead.clone()),
            ..facts.request.clone()
        };
        facts.campaign = gate::campaign_facts(self.conn, &request, Some(number), self.now)?;
        Ok(facts.campaign.as_ref().is_some_and(|c| c.attempts > 0))
    }
}

const CONSENTS: &str =
    "SELECT c.number, c.id, c.seller, c.level, c.purposes, c.granted_at, c.artificial_voice,
        c.double_opt_in, c.expires_at, c.text_sha256, k.at AS confirmed_at
    FROM consents c LEFT JOIN confirmations k ON k.consent = c.id AND k.at <= ?4
    WHERE c.number >= ?1 AND c.number <= ?2 AND c.granted_at <= ?4
    ORDER BY c.number, c.granted_at, c.id LIMIT ?3";

const INTERNAL: &str = "SELECT number, id, seller, revocation, at, reason FROM suppressions
    WHERE number >= ?1 AND number <= ?2 AND at <= ?4 AND (seller IS NULL OR seller = ?5)
    ORDER BY number, at, id LIMIT ?3";

const ATTEMPTS: &str = "SELECT d.number, a.id, a.reserved_at, a.campaign, a.outcome
    FROM decisions d CROSS JOIN attempts a ON a.seq = d.seq
    WHERE d.number >= ?1 AND d.number <= ?2 AND d.verdict = 'allow' AND d.at > ?6 AND d.at <= ?4 AND a.seller = ?5
        AND a.state <> 'void' AND NOT (a.state = 'reserved' AND a.expires_at <= ?4)
    ORDER BY d.number, d.at, d.seq LIMIT ?3";

const RELATIONSHIPS: &str = "SELECT number, kind, at FROM relationships
    WHERE number >= ?1 AND number <= ?2 AND at <= ?4 AND seller = ?5
    ORDER BY number, at, id LIMIT ?3";

const HOLDS: &str = "SELECT number, id, at FROM holds
    WHERE number >= ?1 AND number <= ?2 AND at <= ?4 AND (decided_at IS NULL OR decided_at > ?4)
        AND (seller IS NULL OR seller = ?5)
    ORDER BY number, at, id LIMIT ?3";

fn internal(row: &Row<'_>) -> Result<InternalEntry> {
    Ok(InternalEntry {
        id: Id::new(row.get::<_, String>("id")?),
        seller: row.get("seller")?,
        revocation: row.get::<_, Option<String>>("revocation")?.is_some(),
        at: time(row, "at")?,
        reason: row.get("reason")?,
    })
}

fn relationship(row: &Row<'_>) -> Result<Relationship> {
    Ok(Relationship {
        kind: word_column(row, "kind")?,
        at: time(row, "at")?,
    })
}

/// The leads of a campaign that wait for a call, in the order of their numbers.
fn waiting(conn: &Connection, campaign: &Id, most: u32) -> Result<Vec<(Id, PhoneNumber, Place)>> {
    page::all(
        conn,
        "SELECT id, number, place FROM leads WHERE campaign = ?1
             AND state IN ('queued', 'deferred', 'reserved')
         ORDER BY number LIMIT ?2",
        params![campaign.as_str(), most],
        |row| {
            Ok((
                Id::new(row.get::<_, String>("id")?),
                number(row, "number")?,
                json_column(row, "place")?,
            ))
        },
    )
}
