//! Attempts and permits.

use jiff::Timestamp;
use ringfence_core::dial::Permit;
use ringfence_core::evidence::{Subject, hex};
use ringfence_core::gate::Attempt;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use rusqlite::{Connection, Row, params};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::column::{digits, number, time, time_option, word_column, word_option};
use super::work::Work;
use super::{lead, page};
use crate::dial::{AttemptRecord, AttemptState};
use crate::suppression::InFlight;
use crate::{Result, StoreError};

/// Which attempts; what is none does not narrow.
pub(super) struct Scope<'a> {
    pub(super) number: Option<PhoneNumber>,
    pub(super) seller: Option<&'a str>,
    pub(super) campaign: Option<&'a Id>,
}

/// Open attempts are few (one per live call or permit), and an index holds only those.
const IN_SCOPE: &str = "(?1 IS NULL OR number = ?1) AND (?2 IS NULL OR seller = ?2)
    AND (?3 IS NULL OR campaign = ?3)";

impl Scope<'_> {
    fn params(&self) -> impl rusqlite::Params {
        (
            self.number.map(digits),
            self.seller.map(str::to_owned),
            self.campaign.map(ToString::to_string),
        )
    }
}

/// Digits of a token that name its attempt's place; the others are random.
const PLACE_DIGITS: usize = 16;

/// The token of the attempt at this place: where to find it, and 192 bits from the operating system.
pub(super) fn new_token(seq: u64) -> Result<String> {
    let mut secret = [0; 24];
    getrandom::fill(&mut secret)
        .map_err(|e| StoreError::Unavailable(format!("no randomness: {e}")))?;
    Ok(format!("{seq:016x}{}", hex(&secret)))
}

pub(super) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The attempt that a token was made for.
fn of_token(conn: &Connection, token: &str) -> Result<AttemptRecord> {
    let seq = token
        .get(..PLACE_DIGITS)
        .and_then(|place| i64::from_str_radix(place, 16).ok())
        .ok_or(StoreError::NotFound("permit"))?;
    page::one(
        conn,
        "SELECT * FROM attempts WHERE seq = ?1 AND token_sha256 = ?2",
        params![seq, token_hash(token)],
        record,
    )?
    .ok_or(StoreError::NotFound("permit"))
}

pub(super) fn record(row: &Row<'_>) -> Result<AttemptRecord> {
    let id = |column| Ok::<_, StoreError>(row.get::<_, Option<String>>(column)?.map(Id::new));
    let caller_id: String = row.get("caller_id")?;
    Ok(AttemptRecord {
        id: Id::new(row.get::<_, String>("id")?),
        decision: Id::new(row.get::<_, String>("decision")?),
        to: number(row, "number")?,
        seller: row.get("seller")?,
        caller_id: PhoneNumber::parse(&caller_id)
            .map_err(|_| StoreError::Corrupt("an attempt's caller ID".into()))?,
        call: id("call")?,
        campaign: id("campaign")?,
        lead: id("lead")?,
        state: word_column(row, "state")?,
        reserved_at: time(row, "reserved_at")?,
        expires_at: time(row, "expires_at")?,
        redeemed_at: time_option(row, "redeemed_at")?,
        ended_at: time_option(row, "ended_at")?,
        outcome: word_option(row, "outcome")?,
        note: row.get("note")?,
    })
}

pub(super) fn subject(attempt: &AttemptRecord) -> Subject {
    Subject {
        number: Some(attempt.to),
        seller: Some(attempt.seller.clone()),
        campaign: attempt.campaign.clone(),
        lead: attempt.lead.clone(),
        decision: Some(attempt.decision.clone()),
        attempt: Some(attempt.id.clone()),
        call: attempt.call.clone(),
        ..Subject::default()
    }
}

pub(super) fn find(conn: &Connection, id: &Id) -> Result<AttemptRecord> {
    page::one(
        conn,
        "SELECT * FROM attempts WHERE id = ?1",
        [id.as_str()],
        record,
    )?
    .ok_or(StoreError::NotFound("attempt"))
}

/// A redeemed permit's parts; the permit itself is minted after the commit.
pub(super) fn redeem(work: &mut Work<'_>, token: &str) -> Result<AttemptRecord> {
    let attempt = of_token(work.conn, token)?;
    if attempt.state != AttemptState::Reserved {
        return Err(StoreError::Conflict(match attempt.state {
            AttemptState::Void => "the permit is void".into(),
            _ => "the permit was used already".to_owned(),
        }));
    }
    if attempt.expires_at <= work.now {
        return Err(StoreError::Conflict("the permit has expired".into()));
    }
    work.conn
        .prepare_cached("UPDATE attempts SET state = 'dialing', redeemed_at = ?2 WHERE id = ?1")?
        .execute(params![attempt.id.as_str(), work.micros()])?;
    if let Some(id) = &attempt.lead {
        lead::enter_call(work, id)?;
    }
    work.event("dial.redeemed", subject(&attempt), json!({}))?;
    Ok(attempt)
}

/// The right to dial, once its redemption is durable.
pub(super) fn mint(attempt: AttemptRecord) -> Permit {
    // INVARIANT (no-permit-no-dial): the only place that mints, and it stands behind the commit.
    Permit::mint(
        attempt.id,
        attempt.decision,
        attempt.to,
        attempt.caller_id,
        attempt.expires_at,
    )
}

pub(super) fn void(work: &mut Work<'_>, id: &Id, why: &str) -> Result<()> {
    let attempt = find(work.conn, id)?;
    match attempt.state {
        AttemptState::Void => Ok(()),
        AttemptState::Reserved => void_one(work, &attempt, why),
        AttemptState::Dialing | AttemptState::Settled => Err(StoreError::Conflict(
            "the attempt was dialed: it is settled, not voided".into(),
        )),
    }
}

fn void_one(work: &mut Work<'_>, attempt: &AttemptRecord, why: &str) -> Result<()> {
    work.conn
        .prepare_cached(
            "UPDATE attempts SET state = 'void', ended_at = ?2, note = ?3 WHERE id = ?1",
        )?
        .execute(params![attempt.id.as_str(), work.micros(), why])?;
    work.conn
        .prepare_cached(
            "UPDATE calls SET state = 'ended', outcome = 'cancelled', ended_at = ?2, note = ?3
             WHERE attempt = ?1",
        )?
        .execute(params![attempt.id.as_str(), work.micros(), why])?;
    work.event("dial.voided", subject(attempt), json!({ "why": why }))
}

pub(super) fn void_reserved(work: &mut Work<'_>, scope: &Scope<'_>, why: &str) -> Result<Vec<Id>> {
    let sql = format!("SELECT * FROM attempts WHERE state = 'reserved' AND {IN_SCOPE}");
    let attempts = page::all(work.conn, &sql, scope.params(), record)?;
    void_all(work, attempts, why)
}

pub(super) fn expire(work: &mut Work<'_>) -> Result<Vec<Id>> {
    let attempts = page::all(
        work.conn,
        "SELECT * FROM attempts WHERE state = 'reserved' AND expires_at <= ?1",
        [work.micros()],
        record,
    )?;
    void_all(work, attempts, EXPIRED)
}

/// Voids what our own line had reserved and not redeemed: its permits died with the process that held them.
pub(super) fn void_unredeemed(work: &mut Work<'_>) -> Result<Vec<Id>> {
    let attempts = page::all(
        work.conn,
        "SELECT * FROM attempts WHERE state = 'reserved'
             AND EXISTS (SELECT 1 FROM calls WHERE calls.attempt = attempts.id)",
        [],
        record,
    )?;
    void_all(work, attempts, "orphaned before it was dialed")
}

/// Why an attempt is void whose permit ran out; such a one may still be settled by a dialer that called in time.
pub(super) const EXPIRED: &str = "expired";

fn void_all(work: &mut Work<'_>, attempts: Vec<AttemptRecord>, why: &str) -> Result<Vec<Id>> {
    let mut voided = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        void_one(work, &attempt, why)?;
        voided.push(attempt.id);
    }
    Ok(voided)
}

pub(super) fn in_flight(conn: &Connection, scope: &Scope<'_>) -> Result<Vec<InFlight>> {
    let sql = format!("SELECT id, call FROM attempts WHERE state = 'dialing' AND {IN_SCOPE}");
    page::all(conn, &sql, scope.params(), |row| {
        Ok(InFlight {
            attempt: Id::new(row.get::<_, String>("id")?),
            call: row.get::<_, Option<String>>("call")?.map(Id::new),
        })
    })
}

/// Attempts that count towards caps at `now`: reserved since `since`, not void, nor expired unused.
pub(super) fn facts(
    conn: &Connection,
    number: PhoneNumber,
    seller: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<Attempt>> {
    page::all(
        conn,
        "SELECT a.id, a.reserved_at, a.campaign, a.outcome FROM decisions d CROSS JOIN attempts a ON a.seq = d.seq
         WHERE d.number = ?1 AND d.verdict = 'allow' AND d.at > ?3 AND d.at <= ?4 AND a.seller = ?2
             AND a.state <> 'void' AND NOT (a.state = 'reserved' AND a.expires_at <= ?4)
         ORDER BY d.at, d.seq",
        params![
            digits(number),
            seller,
            since.as_microsecond(),
            now.as_microsecond()
        ],
        counted,
    )
}

/// An attempt that counts towards caps.
pub(super) fn counted(row: &Row<'_>) -> Result<Attempt> {
    Ok(Attempt {
        id: Id::new(row.get::<_, String>("id")?),
        at: time(row, "reserved_at")?,
        campaign: row.get::<_, Option<String>>("campaign")?.map(Id::new),
        conversed: row.get::<_, Option<String>>("outcome")?.as_deref() == Some("answered"),
    })
}
