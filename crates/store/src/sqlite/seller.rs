//! Sellers and prompts.

use ringfence_core::evidence::Subject;
use ringfence_core::seller::Seller;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::json;

use super::column::{json, json_column, time, word};
use super::page;
use super::work::Work;
use crate::seller::{Prompt, PromptKind, SellerRecord};
use crate::{Page, PageRequest, Result, StoreError};

pub(super) fn put(work: &mut Work<'_>, id: &str, profile: Seller) -> Result<SellerRecord> {
    if id.is_empty() || id.len() > 200 {
        return Err(StoreError::invalid("a seller's id has 1 to 200 characters"));
    }
    work.conn
        .prepare_cached(
            "INSERT INTO sellers (id, profile, updated_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET profile = excluded.profile, updated_at = excluded.updated_at",
        )?
        .execute(params![id, json(&profile)?, work.micros()])?;
    work.event("seller.put", subject(id), json!({ "profile": profile }))?;
    Ok(SellerRecord {
        id: id.to_owned(),
        profile,
        updated_at: work.now,
    })
}

fn subject(id: &str) -> Subject {
    Subject {
        seller: Some(id.to_owned()),
        ..Subject::default()
    }
}

pub(super) fn find(conn: &Connection, id: &str) -> Result<Option<SellerRecord>> {
    let mut query = conn.prepare_cached("SELECT * FROM sellers WHERE id = ?1")?;
    let mut rows = query.query([id])?;
    rows.next()?.map(record).transpose()
}

fn record(row: &Row<'_>) -> Result<SellerRecord> {
    Ok(SellerRecord {
        id: row.get("id")?,
        profile: json_column(row, "profile")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) fn all(conn: &Connection, page: &PageRequest) -> Result<Page<SellerRecord>> {
    let after = page.cursor.clone().unwrap_or_default();
    page::select(
        conn,
        "SELECT * FROM sellers WHERE id > ?1 ORDER BY id LIMIT ?2",
        params![after, page::fetch(page)],
        page,
        record,
        |seller| seller.id.clone(),
    )
}

pub(super) fn put_prompt(
    work: &mut Work<'_>,
    seller: &str,
    kind: PromptKind,
    prompt: &Prompt,
) -> Result<()> {
    find(work.conn, seller)?.ok_or(StoreError::NotFound("seller"))?;
    work.conn.execute(
        "INSERT INTO prompts (seller, kind, wav, words, sha256, duration_ms, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (seller, kind) DO UPDATE SET wav = excluded.wav, words = excluded.words,
             sha256 = excluded.sha256, duration_ms = excluded.duration_ms, at = excluded.at",
        params![
            seller,
            word(&kind)?,
            prompt.wav,
            prompt.words,
            prompt.sha256,
            prompt.duration_ms,
            work.micros(),
        ],
    )?;
    work.event(
        "seller.prompt-put",
        subject(seller),
        json!({
            "kind": kind, "words": prompt.words, "sha256": prompt.sha256,
            "duration_ms": prompt.duration_ms,
        }),
    )
}

pub(super) fn prompt(conn: &Connection, seller: &str, kind: PromptKind) -> Result<Option<Prompt>> {
    Ok(conn
        .prepare_cached("SELECT * FROM prompts WHERE seller = ?1 AND kind = ?2")?
        .query_row([seller, &word(&kind)?], |row| {
            Ok(Prompt {
                wav: row.get("wav")?,
                words: row.get("words")?,
                sha256: row.get("sha256")?,
                duration_ms: row.get("duration_ms")?,
            })
        })
        .optional()?)
}

/// The words alone: the gate reads them for every call.
pub(super) fn prompt_words(
    conn: &Connection,
    seller: &str,
    kind: PromptKind,
) -> Result<Option<String>> {
    Ok(conn
        .prepare_cached("SELECT words FROM prompts WHERE seller = ?1 AND kind = ?2")?
        .query_row([seller, &word(&kind)?], |row| row.get(0))
        .optional()?)
}
