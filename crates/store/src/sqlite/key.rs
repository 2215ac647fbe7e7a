//! API keys and idempotency keys.

use jiff::{SignedDuration, Timestamp};
use ringfence_core::evidence::Subject;
use ringfence_core::id::Id;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::json;

use super::SqliteStore;
use super::column::{json, json_column, time, time_option, word, word_column};
use super::page;
use super::work::Work;
use crate::key::{ApiKey, ApiKeyDraft, Idempotency, IdempotentRequest, Keys};
use crate::{Result, StoreError};

pub(super) fn create(work: &mut Work<'_>, draft: ApiKeyDraft) -> Result<ApiKey> {
    let id = work.id("key");
    work.conn.execute(
        "INSERT INTO api_keys (id, sha256, role, sellers, name, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id.as_str(),
            draft.sha256,
            word(&draft.role)?,
            json(&draft.sellers)?,
            draft.name,
            work.micros(),
        ],
    )?;
    work.event(
        "key.created",
        Subject::default(),
        json!({ "id": id, "role": draft.role, "sellers": draft.sellers, "name": draft.name }),
    )?;
    Ok(ApiKey {
        id,
        role: draft.role,
        sellers: draft.sellers,
        name: draft.name,
        created_at: work.now,
        revoked_at: None,
    })
}

pub(super) fn authenticate(conn: &Connection, sha256: &[u8; 32]) -> Result<Option<ApiKey>> {
    page::one(
        conn,
        "SELECT * FROM api_keys WHERE sha256 = ?1 AND revoked_at IS NULL",
        [sha256],
        record,
    )
}

pub(super) fn revoke(work: &mut Work<'_>, id: &Id) -> Result<()> {
    let key = page::one(
        work.conn,
        "SELECT * FROM api_keys WHERE id = ?1",
        [id.as_str()],
        record,
    )?
    .ok_or(StoreError::NotFound("API key"))?;
    if key.revoked_at.is_some() {
        return Ok(());
    }
    work.conn.execute(
        "UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1",
        params![id.as_str(), work.micros()],
    )?;
    work.event("key.revoked", Subject::default(), json!({ "id": id }))
}

pub(super) fn all(conn: &Connection) -> Result<Vec<ApiKey>> {
    page::all(conn, "SELECT * FROM api_keys ORDER BY id DESC", [], record)
}

fn record(row: &Row<'_>) -> Result<ApiKey> {
    Ok(ApiKey {
        id: Id::new(row.get::<_, String>("id")?),
        role: word_column(row, "role")?,
        sellers: json_column(row, "sellers")?,
        name: row.get("name")?,
        created_at: time(row, "created_at")?,
        revoked_at: time_option(row, "revoked_at")?,
    })
}

pub(super) fn begin(
    work: &Work<'_>,
    request: &IdempotentRequest,
    age_max: SignedDuration,
) -> Result<Idempotency> {
    let oldest = work.now.checked_sub(age_max).unwrap_or(work.now);
    work.conn
        .prepare_cached("DELETE FROM idempotency WHERE begun_at < ?1")?
        .execute([oldest.as_microsecond()])?;
    let known = work
        .conn
        .prepare_cached(
            "SELECT body_sha256, status, body FROM idempotency WHERE caller = ?1 AND key = ?2",
        )?
        .query_row([request.caller.as_str(), &request.key], |row| {
            Ok((
                row.get::<_, [u8; 32]>(0)?,
                row.get::<_, Option<u16>>(1)?,
                row.get::<_, Option<Vec<u8>>>(2)?,
            ))
        })
        .optional()?;
    match known {
        Some((sha256, _, _)) if sha256 != request.body_sha256 => Ok(Idempotency::OtherBody),
        Some((_, Some(status), body)) => Ok(Idempotency::Answered {
            status,
            body: body.unwrap_or_default(),
        }),
        Some(_) => Ok(Idempotency::UnderWay),
        None => {
            work.conn
                .prepare_cached(
                    "INSERT INTO idempotency (caller, key, body_sha256, begun_at) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![
                    request.caller.as_str(),
                    request.key,
                    request.body_sha256,
                    work.micros(),
                ])?;
            Ok(Idempotency::Fresh)
        }
    }
}

pub(super) fn finish(
    work: &Work<'_>,
    request: &IdempotentRequest,
    status: u16,
    body: &[u8],
) -> Result<()> {
    let kept = work
        .conn
        .prepare_cached(
            "UPDATE idempotency SET status = ?3, body = ?4 WHERE caller = ?1 AND key = ?2",
        )?
        .execute(params![request.caller.as_str(), request.key, status, body])?;
    if kept == 0 {
        return Err(StoreError::NotFound("idempotent request"));
    }
    Ok(())
}

pub(super) fn abandon(work: &Work<'_>, request: &IdempotentRequest) -> Result<()> {
    work.conn
        .prepare_cached(
            "DELETE FROM idempotency WHERE caller = ?1 AND key = ?2 AND status IS NULL",
        )?
        .execute([request.caller.as_str(), &request.key])?;
    Ok(())
}

impl Keys for SqliteStore {
    fn create_key(&self, key: ApiKeyDraft, now: Timestamp) -> Result<ApiKey> {
        self.writer.write(now, move |work| create(work, key))
    }

    fn authenticate(&self, sha256: &[u8; 32]) -> Result<Option<ApiKey>> {
        self.keyring.authenticate(sha256)
    }

    fn revoke_key(&self, id: &Id, now: Timestamp) -> Result<()> {
        let id = id.to_owned();
        self.writer.write(now, move |work| revoke(work, &id))
    }

    fn keys(&self) -> Result<Vec<ApiKey>> {
        self.readers.read(all)
    }

    fn idempotency_begin(
        &self,
        request: &IdempotentRequest,
        age_max: SignedDuration,
        now: Timestamp,
    ) -> Result<Idempotency> {
        let request = request.to_owned();
        self.writer
            .write(now, move |work| begin(work, &request, age_max))
    }

    fn idempotency_finish(
        &self,
        request: &IdempotentRequest,
        status: u16,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<()> {
        let request = request.to_owned();
        self.writer
            .write(now, move |work| finish(work, &request, status, &body))
    }

    fn idempotency_abandon(&self, request: &IdempotentRequest) -> Result<()> {
        let request = request.to_owned();
        self.writer
            .write(Timestamp::UNIX_EPOCH, move |work| abandon(work, &request))
    }
}
