//! Facts, reservations, decisions, rule packs.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ringfence_core::evidence::{About, CanonicalObject, Subject, sha256_hex};
use ringfence_core::gate::{CallRequest, CampaignFacts, Decision, Facts, Suppressions, Verdict};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::seller::Seller;
use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::column::{digits, time, whole, word_column};
use super::known::Known;
use super::rows::Table;
use super::shelf::Shelf;
use super::work::Work;
use super::{
    call, campaign, consent, dial, hold, list, operator, page, pattern, record, suppression,
};
use crate::campaign::CampaignState;
use crate::dial::{AttemptRecord, AttemptState};
use crate::gate::{
    Decide, DecisionRecord, GateSettings, PermitTicket, Reservation, Reserved, RulePackRecord,
};
use crate::registry::book::{Asked, Book};
use crate::{Page, PageRequest, Result, StoreError};

/// The longest period that a frequency cap looks back.
const ATTEMPTS_SINCE: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Everything that a decision about this call rests on, as it is on file at `now`.
pub(super) fn facts(
    conn: &Connection,
    known: &mut Known,
    shelf: &Shelf,
    request: &CallRequest,
    settings: &GateSettings,
    now: Timestamp,
) -> Result<Facts> {
    let now = whole(now);
    let mut facts = Facts {
        request: request.clone(),
        policy: settings.policy.clone(),
        seller: None,
        consents: Vec::new(),
        suppressions: Suppressions::default(),
        attempts: Vec::new(),
        campaign: None,
        emergency_areas: known.areas_at(conn, now)?,
        overrides: known.overrides_at(conn, &request.seller, now)?,
        relationships: Vec::new(),
        stops: known.stops_at(conn, &request.seller, request.campaign.as_ref())?,
        failures: Vec::new(),
        holds: Vec::new(),
    };
    // What is no number has no history; the gate says so itself.
    let number = PhoneNumber::parse(&request.to).ok();
    facts.campaign = campaign_facts(conn, request, number, now)?;
    if let Some(number) = number {
        let book = shelf.book_of(conn, known.list_stamp(conn)?)?;
        number_facts(conn, known, &book, &mut facts, number, now)?;
    }
    facts.seller = known.lend_seller(conn, &request.seller, settings.spoken_by_tts)?;
    Ok(facts)
}

/// From when on attempts count.
pub(super) fn attempts_since(now: Timestamp) -> Timestamp {
    now.checked_sub(ATTEMPTS_SINCE).unwrap_or(Timestamp::MIN)
}

fn number_facts(
    conn: &Connection,
    known: &mut Known,
    book: &Book,
    facts: &mut Facts,
    number: PhoneNumber,
    now: Timestamp,
) -> Result<()> {
    let seller = facts.request.seller.clone();
    facts.consents = consent::facts(conn, known, number, now)?;
    let any = OnFile::about(conn, number)?;
    let asked = Asked {
        number,
        seller: &seller,
        now,
    };
    let failures = &mut facts.failures;
    facts.suppressions = Suppressions {
        internal: any.of(OnFile::SUPPRESSIONS, || {
            suppression::facts(conn, number, &seller, now)
        })?,
        national: book.national(&asked, failures),
        states: book.states(&asked, failures),
        litigator: book.litigator(&asked, failures),
        reassigned: any.of(OnFile::REASSIGNED, || {
            list::reassigned(conn, number, &seller, now)
        })?,
    };
    facts.holds = any.of(OnFile::HOLDS, || hold::facts(conn, number, &seller, now))?;
    let since = attempts_since(now);
    facts.attempts = any.of(OnFile::ALLOWED, || {
        dial::facts(conn, number, &seller, since, now)
    })?;
    facts.relationships = any
        .of(OnFile::RELATIONSHIPS, || {
            operator::relationships(conn, number)
        })?
        .into_iter()
        .filter(|(with, relationship)| *with == seller && relationship.at <= now)
        .map(|(_, relationship)| relationship)
        .collect();
    Ok(())
}

/// Whether there is anything at all about a number, by kind. About most there is nothing but a consent, and one question
/// is answered sooner than five.
struct OnFile(u8);

impl OnFile {
    const SUPPRESSIONS: u8 = 1;
    const REASSIGNED: u8 = 2;
    const HOLDS: u8 = 4;
    const RELATIONSHIPS: u8 = 8;
    const ALLOWED: u8 = 16;

    fn about(conn: &Connection, number: PhoneNumber) -> Result<Self> {
        let kinds = conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM suppressions WHERE number = ?1)
                     + 2 * EXISTS (SELECT 1 FROM reassigned WHERE number = ?1)
                     + 4 * EXISTS (SELECT 1 FROM holds WHERE number = ?1)
                     + 8 * EXISTS (SELECT 1 FROM relationships WHERE number = ?1)
                     + 16 * EXISTS (SELECT 1 FROM decisions WHERE number = ?1 AND verdict = 'allow')",
            )?
            .query_row([digits(number)], |row| row.get(0))?;
        Ok(Self(kinds))
    }

    fn of<T>(&self, kind: u8, read: impl FnOnce() -> Result<Vec<T>>) -> Result<Vec<T>> {
        match self.0 & kind {
            0 => Ok(Vec::new()),
            _ => read(),
        }
    }
}

pub(super) fn campaign_facts(
    conn: &Connection,
    request: &CallRequest,
    number: Option<PhoneNumber>,
    now: Timestamp,
) -> Result<Option<CampaignFacts>> {
    let Some(id) = &request.campaign else {
        return Ok(None);
    };
    let Some(campaign) = campaign::find_option(conn, id)? else {
        return Ok(None);
    };
    let attempts = match (&request.lead, number) {
        (Some(lead), _) => conn
            .prepare_cached(
                "SELECT count(*) FROM attempts WHERE lead = ?1 AND reserved_at <= ?2
                     AND state <> 'void' AND NOT (state = 'reserved' AND expires_at <= ?2)",
            )?
            .query_row(params![lead.as_str(), now.as_microsecond()], |row| {
                row.get(0)
            })?,
        (None, Some(number)) => conn
            .prepare_cached(
                "SELECT count(*) FROM decisions d CROSS JOIN attempts a ON a.seq = d.seq
                 WHERE d.number = ?1 AND d.verdict = 'allow' AND d.at <= ?3 AND a.campaign = ?2
                     AND a.state <> 'void' AND NOT (a.state = 'reserved' AND a.expires_at <= ?3)",
            )?
            .query_row(
                params![digits(number), id.as_str(), now.as_microsecond()],
                |row| row.get(0),
            )?,
        (None, None) => 0,
    };
    Ok(Some(CampaignFacts {
        attempts_max: campaign.plan.attempts_max,
        attempts,
    }))
}

// INVARIANT (record-first): facts, decision, event and attempt are one transaction; the permit leaves after its commit.
pub(super) fn reserve(
    work: &mut Work<'_>,
    shelf: &Shelf,
    reservation: &Reservation,
    decide: &Decide,
) -> Result<Reserved> {
    must_run(work.conn, reservation)?;
    let mut facts = facts(
        work.conn,
        work.known,
        shelf,
        &reservation.request,
        &reservation.settings,
        work.now,
    )?;
    let decision = decide(&facts);
    let decision_id = work.id("dec");
    let decision_json = decision.to_json();
    let seq = insert_decision(work, &decision_id, &facts, &decision, &decision_json)?;
    let mut reserved = Reserved {
        decision_id,
        decision,
        decision_json,
        permit: None,
        call: None,
    };
    if reserved.decision.verdict == Verdict::Allow {
        take_attempt(work, seq, reservation, &facts, &mut reserved)?;
    }
    work.known
        .give_back(&reservation.request.seller, facts.seller.take());
    Ok(reserved)
}

/// Our own line dials for a campaign only while it runs: one that was held or cancelled between the claim and now has
/// nothing to decide.
fn must_run(conn: &Connection, reservation: &Reservation) -> Result<()> {
    let (Some(_), Some(id)) = (&reservation.line, &reservation.request.campaign) else {
        return Ok(());
    };
    match campaign::find(conn, id)?.state {
        CampaignState::Running => Ok(()),
        _ => Err(StoreError::Conflict("the campaign is not running".into())),
    }
}

/// Records the decision; returns its place in the log.
fn insert_decision(
    work: &mut Work<'_>,
    id: &Id,
    facts: &Facts,
    decision: &Decision,
    decision_json: &str,
) -> Result<u64> {
    let facts_text = record::facts_text(work, facts)?;
    let request = &facts.request;
    let number = PhoneNumber::parse(&request.to).ok();
    let about = About {
        number,
        seller: Some(&request.seller),
        campaign: request.campaign.as_ref(),
        lead: request.lead.as_ref(),
        decision: Some(id),
        ..About::default()
    };
    // The hashes tie the texts to the chain.
    let data = decision.entry_data(
        request.purpose,
        &sha256_hex(facts_text.as_bytes()),
        &sha256_hex(decision_json.as_bytes()),
    );
    let seq = work.append_text("gate.decided", &about.canonical(), &data)?;
    // Sellers that nobody knows are as many as a caller makes up.
    let known = facts
        .seller
        .as_ref()
        .map_or("", |_| request.seller.as_str());
    let packed = pattern::pack(work, known, &facts_text, decision_json)?;
    let (at, clock) = (work.micros(), work.clock());
    work.put(
        Table::Decision,
        &[
            seq.into(),
            id.as_str().into(),
            (&request.to).into(),
            number.into(),
            (&request.seller).into(),
            decision.verdict.as_str().into(),
            at.into(),
            clock.as_str().into(),
            decision.rule_pack.sha256.as_ref().into(),
            packed.pattern.into(),
            packed.texts.as_slice().into(),
            (packed.facts_bytes as u64).into(),
        ],
    )?;
    Ok(seq)
}

fn take_attempt(
    work: &mut Work<'_>,
    seq: u64,
    reservation: &Reservation,
    facts: &Facts,
    reserved: &mut Reserved,
) -> Result<()> {
    let request = &facts.request;
    let to = PhoneNumber::parse(&request.to)
        .map_err(|_| StoreError::invalid("allowed, but not a number"))?;
    let ttl = SignedDuration::try_from(reservation.permit_ttl)
        .map_err(|_| StoreError::invalid("permit_ttl"))?;
    let expires_at = work
        .now
        .checked_add(ttl)
        .map_err(|_| StoreError::invalid("permit_ttl"))?;
    let attempt = AttemptRecord {
        id: work.id("att"),
        decision: reserved.decision_id.clone(),
        to,
        seller: request.seller.clone(),
        caller_id: caller_id(request, facts.seller.as_ref().map(|s| &s.profile), work.now)?,
        call: reservation.line.as_ref().map(|_| work.id("call")),
        campaign: request.campaign.clone(),
        lead: request.lead.clone(),
        state: AttemptState::Reserved,
        reserved_at: work.now,
        expires_at,
        redeemed_at: None,
        ended_at: None,
        outcome: None,
        note: None,
    };
    let token = dial::new_token(seq)?;
    let about = About {
        number: Some(to),
        seller: Some(&attempt.seller),
        campaign: attempt.campaign.as_ref(),
        lead: attempt.lead.as_ref(),
        decision: Some(&attempt.decision),
        attempt: Some(&attempt.id),
        call: attempt.call.as_ref(),
        ..About::default()
    };
    let data = CanonicalObject::with_capacity(128)
        .text("caller_id", &attempt.caller_id.e164())
        .instant("expires_at", expires_at)
        .text_or_null(
            "trunk",
            reservation.line.as_ref().map(|line| line.trunk.as_str()),
        )
        .finish();
    let reserved_seq = work.append_text("dial.reserved", &about.canonical(), &data)?;
    insert_attempt(work, seq, reserved_seq, &attempt, &token)?;
    if let (Some(id), Some(line)) = (&attempt.call, &reservation.line) {
        call::insert(work, id, &attempt, line)?;
    }
    reserved.call = attempt.call;
    reserved.permit = Some(PermitTicket {
        token,
        attempt: attempt.id,
        caller_id: attempt.caller_id,
        expires_at,
    });
    Ok(())
}

fn insert_attempt(
    work: &mut Work<'_>,
    seq: u64,
    reserved_seq: u64,
    attempt: &AttemptRecord,
    token: &str,
) -> Result<()> {
    work.put(
        Table::Attempt,
        &[
            seq.into(),
            reserved_seq.into(),
            attempt.id.as_str().into(),
            attempt.decision.as_str().into(),
            attempt.to.into(),
            (&attempt.seller).into(),
            (&attempt.caller_id.e164()).into(),
            attempt.call.as_ref().map(Id::as_str).into(),
            attempt.campaign.as_ref().map(Id::as_str).into(),
            attempt.lead.as_ref().map(Id::as_str).into(),
            dial::token_hash(token).as_slice().into(),
            attempt.reserved_at.as_microsecond().into(),
            attempt.expires_at.as_microsecond().into(),
        ],
    )
}

/// The number to present: the one that was asked for and allowed, or the first of the seller's that is in force.
fn caller_id(
    request: &CallRequest,
    seller: Option<&Seller>,
    now: Timestamp,
) -> Result<PhoneNumber> {
    let none = || StoreError::invalid("allowed, but without a number to present");
    if let Some(asked) = &request.caller_id {
        return PhoneNumber::parse(asked).map_err(|_| none());
    }
    let today = now.to_zoned(TimeZone::UTC).date();
    seller
        .into_iter()
        .flat_map(|seller| &seller.caller_ids)
        .find(|id| id.authorised_from <= today && id.authorised_to.is_none_or(|to| today <= to))
        .map(|id| id.number)
        .ok_or_else(none)
}

pub(super) fn find(conn: &Connection, id: &Id) -> Result<DecisionRecord> {
    page::one(
        conn,
        "SELECT d.*, a.id AS attempt FROM decisions d LEFT JOIN attempts a ON a.seq = d.seq
         WHERE d.id = ?1",
        [id.as_str()],
        |row| read(conn, row),
    )?
    .ok_or(StoreError::NotFound("decision"))
}

pub(super) fn of(
    conn: &Connection,
    number: PhoneNumber,
    page: &PageRequest,
) -> Result<Page<DecisionRecord>> {
    page::select(
        conn,
        "SELECT d.*, a.id AS attempt FROM (
             SELECT seq FROM decisions WHERE number = ?1 AND verdict = 'allow'
             UNION ALL SELECT seq FROM decisions WHERE number = ?1 AND verdict <> 'allow'
         ) of CROSS JOIN decisions d ON d.seq = of.seq LEFT JOIN attempts a ON a.seq = d.seq
         WHERE d.id < ?2 ORDER BY d.id DESC LIMIT ?3",
        params![digits(number), page::below(page), page::fetch(page)],
        page,
        |row| read(conn, row),
        |decision| decision.id.to_string(),
    )
}

fn read(conn: &Connection, row: &Row<'_>) -> Result<DecisionRecord> {
    let (facts_text, decision_json) = pattern::unpack(conn, row)?;
    Ok(DecisionRecord {
        id: Id::new(row.get::<_, String>("id")?),
        to: row.get("callee")?,
        seller: row.get("seller")?,
        verdict: word_column(row, "verdict")?,
        at: time(row, "at")?,
        clock: word_column(row, "clock")?,
        facts_json: record::whole(conn, &facts_text)?,
        decision_json,
        pack_sha256: row.get("pack_sha256")?,
        attempt: row.get::<_, Option<String>>("attempt")?.map(Id::new),
    })
}

pub(super) fn put_pack(work: &mut Work<'_>, pack: &RulePackRecord) -> Result<()> {
    let new = work.conn.execute(
        "INSERT INTO rule_packs (sha256, version, archive, put_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (sha256) DO NOTHING",
        params![pack.sha256, pack.version, pack.archive, work.micros()],
    )?;
    if new > 0 {
        work.event(
            "gate.rule-pack-kept",
            Subject::default(),
            json!({ "version": pack.version, "sha256": pack.sha256 }),
        )?;
    }
    Ok(())
}

pub(super) fn pack(conn: &Connection, sha256: &str) -> Result<RulePackRecord> {
    page::one(
        conn,
        "SELECT * FROM rule_packs WHERE sha256 = ?1",
        [sha256],
        |row| {
            Ok(RulePackRecord {
                sha256: row.get("sha256")?,
                version: row.get("version")?,
                archive: row.get("archive")?,
            })
        },
    )?
    .ok_or(StoreError::NotFound("rule pack"))
}

pub(super) fn packs(conn: &Connection) -> Result<Vec<(String, String)>> {
    page::all(
        conn,
        "SELECT sha256, version FROM rule_packs ORDER BY put_at DESC, sha256",
        [],
        |row| Ok((row.get("sha256")?, row.get("version")?)),
    )
}
