//! The consent ledger's rows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ringfence_core::consent::{Consent, Elements, find_elements};
use ringfence_core::evidence::{Subject, sha256_hex};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::column::{
    digits, json, json_column, json_option, micros, number, time, time_option, whole, word,
    word_column,
};
use super::known::Known;
use super::work::Work;
use super::{page, seller};
use crate::consent::{Confirmation, ConsentDraft, ConsentRecord};
use crate::{Result, StoreError};

const SELECT: &str =
    "SELECT c.*, t.text, k.channel AS confirmed_channel, k.proof AS confirmed_proof,
        k.at AS confirmed_at
    FROM consents c
    JOIN consent_texts t ON t.sha256 = c.text_sha256
    LEFT JOIN confirmations k ON k.consent = c.id";

pub(super) fn record(work: &mut Work<'_>, draft: ConsentDraft) -> Result<ConsentRecord> {
    work.not_future(draft.granted_at, "granted_at")?;
    let id = work.id("con");
    let text_sha256 = sha256_hex(draft.text.as_bytes());
    work.conn
        .prepare_cached(
            "INSERT INTO consent_texts (sha256, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?
        .execute([&text_sha256, &draft.text])?;
    work.conn
        .prepare_cached(
            "INSERT INTO consents (id, number, seller, level, purposes, channel, granted_at, text_sha256,
                 proof, artificial_voice, double_opt_in, expires_at, recorded_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            id.as_str(),
            digits(draft.number),
            draft.seller,
            word(&draft.level)?,
            json(&draft.purposes)?,
            draft.channel,
            draft.granted_at.as_microsecond(),
            text_sha256,
            json(&draft.proof)?,
            draft.artificial_voice,
            draft.double_opt_in,
            micros(draft.expires_at),
            work.micros(),
        ])?;
    let record = find(work.conn, &id)?;
    // The text itself stays in its own table, the proof in the ledger: the log holds their hashes, so that retention can
    // let personal data go without breaking the chain.
    work.event(
        "consent.granted",
        subject(&record),
        json!({
            "level": record.draft.level, "purposes": record.draft.purposes,
            "channel": record.draft.channel, "granted_at": record.draft.granted_at,
            "text_sha256": record.text_sha256,
            "proof_sha256": sha256_hex(json(&record.draft.proof)?.as_bytes()),
            "artificial_voice": record.draft.artificial_voice,
            "double_opt_in": record.draft.double_opt_in, "expires_at": record.draft.expires_at,
            "elements": record.elements,
        }),
    )?;
    Ok(record)
}

fn subject(record: &ConsentRecord) -> Subject {
    Subject {
        number: Some(record.draft.number),
        seller: Some(record.draft.seller.clone()),
        consent: Some(record.id.clone()),
        ..Subject::default()
    }
}

pub(super) fn confirm(
    work: &mut Work<'_>,
    id: &Id,
    confirmation: &Confirmation,
) -> Result<ConsentRecord> {
    work.not_future(confirmation.at, "at")?;
    let record = find(work.conn, id)?;
    if record.confirmation.is_some() {
        return Ok(record);
    }
    work.conn.execute(
        "INSERT INTO confirmations (consent, channel, proof, at, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            id.as_str(),
            confirmation.channel,
            json(&confirmation.proof)?,
            confirmation.at.as_microsecond(),
            work.micros(),
        ],
    )?;
    work.event(
        "consent.confirmed",
        subject(&record),
        json!({
            "channel": confirmation.channel, "at": whole(confirmation.at),
            "proof_sha256": sha256_hex(json(&confirmation.proof)?.as_bytes()),
        }),
    )?;
    find(work.conn, id)
}

pub(super) fn find(conn: &Connection, id: &Id) -> Result<ConsentRecord> {
    let sql = format!("{SELECT} WHERE c.id = ?1");
    let names = Names::default();
    page::one(conn, &sql, [id.as_str()], |row| read(conn, &names, row))?
        .ok_or(StoreError::NotFound("consent"))
}

pub(super) fn of(conn: &Connection, number: PhoneNumber) -> Result<Vec<ConsentRecord>> {
    let sql = format!("{SELECT} WHERE c.number = ?1 ORDER BY c.granted_at, c.id");
    let names = Names::default();
    page::all(conn, &sql, [digits(number)], |row| read(conn, &names, row))
}

/// The consents of a number as the gate sees them at `now`; their texts and proofs stay where they are.
pub(super) fn facts(
    conn: &Connection,
    known: &mut Known,
    number: PhoneNumber,
    now: Timestamp,
) -> Result<Vec<Consent>> {
    let mut consents = page::all(
        conn,
        "SELECT c.id, c.seller, c.level, c.purposes, c.granted_at, c.artificial_voice, c.double_opt_in, c.expires_at,
             c.text_sha256, k.at AS confirmed_at
         FROM consents c LEFT JOIN confirmations k ON k.consent = c.id
         WHERE c.number = ?1 AND c.granted_at <= ?2 ORDER BY c.granted_at, c.id",
        [digits(number), now.as_microsecond()],
        granted,
    )?;
    for consent in &mut consents {
        consent.confirmed_at = consent.confirmed_at.filter(|at| *at <= now);
        consent.missing = known.lacking(conn, &consent.text_sha256, &consent.seller)?;
    }
    Ok(consents)
}

/// A consent as the gate knows it, but for what its text lacks.
pub(super) fn granted(row: &Row<'_>) -> Result<Consent> {
    Ok(Consent {
        id: Id::new(row.get::<_, String>("id")?),
        seller: row.get("seller")?,
        level: word_column(row, "level")?,
        purposes: json_column(row, "purposes")?,
        granted_at: time(row, "granted_at")?,
        artificial_voice: row.get("artificial_voice")?,
        double_opt_in: row.get("double_opt_in")?,
        confirmed_at: time_option(row, "confirmed_at")?,
        expires_at: time_option(row, "expires_at")?,
        text_sha256: row.get("text_sha256")?,
        missing: Vec::new(),
    })
}

/// Sellers' names as they are now, each read once.
#[derive(Default)]
struct Names(std::cell::RefCell<BTreeMap<String, Option<String>>>);

impl Names {
    /// The elements are looked for anew at every reading: the seller may be put after the consent.
    fn elements(&self, conn: &Connection, text: &str, id: &str) -> Result<Elements> {
        let mut names = self.0.borrow_mut();
        if !names.contains_key(id) {
            let name = seller::find(conn, id)?.map(|seller| seller.profile.name);
            names.insert(id.to_owned(), name);
        }
        Ok(find_elements(
            text,
            names.get(id).and_then(|name| name.as_deref()),
        ))
    }
}

fn read(conn: &Connection, names: &Names, row: &Row<'_>) -> Result<ConsentRecord> {
    let confirmation = match time_option(row, "confirmed_at")? {
        None => None,
        Some(at) => Some(Confirmation {
            channel: row.get("confirmed_channel")?,
            proof: json_option(row, "confirmed_proof")?.unwrap_or_default(),
            at,
        }),
    };
    let draft = ConsentDraft {
        number: number(row, "number")?,
        seller: row.get("seller")?,
        level: word_column(row, "level")?,
        purposes: json_column(row, "purposes")?,
        channel: row.get("channel")?,
        granted_at: time(row, "granted_at")?,
        text: row.get("text")?,
        proof: json_column(row, "proof")?,
        artificial_voice: row.get("artificial_voice")?,
        double_opt_in: row.get("double_opt_in")?,
        expires_at: time_option(row, "expires_at")?,
    };
    Ok(ConsentRecord {
        id: Id::new(row.get::<_, String>("id")?),
        elements: names.elements(conn, &draft.text, &draft.seller)?,
        text_sha256: row.get("text_sha256")?,
        recorded_at: time(row, "recorded_at")?,
        confirmation,
        draft,
    })
}
