//! Endpoints and deliveries.

use jiff::Timestamp;
use ringfence_core::id::Id;
use rusqlite::{Connection, Row, params};

use super::column::{json, json_column, micros, time, time_option};
use super::work::Work;
use super::{SqliteStore, page};
use crate::webhook::{Delivery, Endpoint, Missed, Outbox};
use crate::{Page, PageRequest, Result, StoreError};

fn put(work: &Work<'_>, endpoint: &Endpoint) -> Result<Endpoint> {
    work.conn.execute(
        "INSERT INTO webhook_endpoints (id, url, events, secret, configured, cursor, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, (SELECT coalesce(max(seq), 0) FROM events), ?6)
         ON CONFLICT (id) DO UPDATE SET url = excluded.url, events = excluded.events,
             secret = excluded.secret, configured = excluded.configured",
        params![
            endpoint.id.as_str(),
            endpoint.url,
            json(&endpoint.events)?,
            endpoint.secret,
            endpoint.configured,
            work.micros(),
        ],
    )?;
    page::one(
        work.conn,
        "SELECT * FROM webhook_endpoints WHERE id = ?1",
        [endpoint.id.as_str()],
        endpoint_record,
    )?
    .ok_or(StoreError::NotFound("webhook"))
}

fn endpoint_record(row: &Row<'_>) -> Result<Endpoint> {
    Ok(Endpoint {
        id: Id::new(row.get::<_, String>("id")?),
        url: row.get("url")?,
        events: json_column(row, "events")?,
        secret: row.get("secret")?,
        configured: row.get("configured")?,
        cursor: row.get("cursor")?,
        created_at: time(row, "created_at")?,
    })
}

fn delivery_record(row: &Row<'_>) -> Result<Delivery> {
    Ok(Delivery {
        id: Id::new(row.get::<_, String>("id")?),
        endpoint: Id::new(row.get::<_, String>("endpoint")?),
        seq: row.get("seq")?,
        attempts: row.get("attempts")?,
        due_at: time_option(row, "due_at")?,
        last_status: row.get("last_status")?,
        last_error: row.get("last_error")?,
        created_at: time(row, "created_at")?,
    })
}

fn remove(work: &Work<'_>, id: &Id) -> Result<()> {
    work.conn.execute(
        "DELETE FROM webhook_deliveries WHERE endpoint = ?1",
        [id.as_str()],
    )?;
    match work
        .conn
        .execute("DELETE FROM webhook_endpoints WHERE id = ?1", [id.as_str()])?
    {
        0 => Err(StoreError::NotFound("webhook")),
        _ => Ok(()),
    }
}

fn enqueue(work: &Work<'_>, deliveries: &[(Id, u64)], endpoints: &[Id], cursor: u64) -> Result<()> {
    for (endpoint, seq) in deliveries {
        // An endpoint that was removed meanwhile gets nothing.
        work.conn
            .prepare_cached(
                "INSERT INTO webhook_deliveries (id, endpoint, seq, attempts, due_at, created_at)
                 SELECT ?1, id, ?3, 0, ?4, ?4 FROM webhook_endpoints WHERE id = ?2
                 ON CONFLICT (endpoint, seq) DO NOTHING",
            )?
            .execute(params![
                work.id("dlv").as_str(),
                endpoint.as_str(),
                seq,
                work.micros(),
            ])?;
    }
    for endpoint in endpoints {
        work.conn
            .prepare_cached("UPDATE webhook_endpoints SET cursor = max(cursor, ?2) WHERE id = ?1")?
            .execute(params![endpoint.as_str(), cursor])?;
    }
    Ok(())
}

fn missed(work: &Work<'_>, id: &Id, missed: &Missed) -> Result<()> {
    work.conn
        .prepare_cached(
            "UPDATE webhook_deliveries SET attempts = attempts + 1, due_at = ?2, last_status = ?3,
                 last_error = ?4
             WHERE id = ?1",
        )?
        .execute(params![
            id.as_str(),
            micros(missed.next),
            missed.status,
            missed.error,
        ])?;
    Ok(())
}

fn retry_dead(work: &Work<'_>, id: Option<&Id>) -> Result<u64> {
    let again = work.conn.execute(
        "UPDATE webhook_deliveries SET attempts = 0, due_at = ?2
         WHERE due_at IS NULL AND (?1 IS NULL OR id = ?1)",
        params![id.map(Id::as_str), work.micros()],
    )?;
    if again == 0 && id.is_some() {
        return Err(StoreError::NotFound("dead letter"));
    }
    Ok(again as u64)
}

fn counts(conn: &Connection) -> Result<(u64, u64)> {
    Ok(conn
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE due_at IS NOT NULL), count(*) FILTER (WHERE due_at IS NULL)
             FROM webhook_deliveries",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

impl Outbox for SqliteStore {
    fn put_endpoint(&self, endpoint: Endpoint, now: Timestamp) -> Result<Endpoint> {
        self.writer.write(now, move |work| put(work, &endpoint))
    }

    fn remove_endpoint(&self, id: &Id, now: Timestamp) -> Result<()> {
        let id = id.to_owned();
        self.writer.write(now, move |work| remove(work, &id))
    }

    fn endpoints(&self) -> Result<Vec<Endpoint>> {
        self.readers.read(|conn| {
            page::all(
                conn,
                "SELECT * FROM webhook_endpoints ORDER BY id",
                [],
                endpoint_record,
            )
        })
    }

    fn event_kinds(&self, after: u64, limit: u32) -> Result<Vec<(u64, String)>> {
        self.readers.read(|conn| {
            page::all(
                conn,
                "SELECT seq, type FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                params![after, limit],
                |row| Ok((row.get("seq")?, row.get("type")?)),
            )
        })
    }

    fn enqueue(
        &self,
        deliveries: Vec<(Id, u64)>,
        endpoints: Vec<Id>,
        cursor: u64,
        now: Timestamp,
    ) -> Result<()> {
        self.writer.write(now, move |work| {
            enqueue(work, &deliveries, &endpoints, cursor)
        })
    }

    fn due_deliveries(&self, endpoint: &Id, limit: u32, now: Timestamp) -> Result<Vec<Delivery>> {
        self.readers.read(|conn| {
            page::all(
                conn,
                "SELECT * FROM webhook_deliveries WHERE endpoint = ?1 AND due_at <= ?2
                 ORDER BY due_at, id LIMIT ?3",
                params![endpoint.as_str(), now.as_microsecond(), limit],
                delivery_record,
            )
        })
    }

    fn delivered(&self, id: &Id, now: Timestamp) -> Result<()> {
        let id = id.to_owned();
        self.writer.write(now, move |work| {
            work.conn
                .prepare_cached("DELETE FROM webhook_deliveries WHERE id = ?1")?
                .execute([id.as_str()])?;
            Ok(())
        })
    }

    fn missed(&self, id: &Id, what: Missed, now: Timestamp) -> Result<()> {
        let id = id.to_owned();
        self.writer.write(now, move |work| missed(work, &id, &what))
    }

    fn dead_letters(&self, page: &PageRequest) -> Result<Page<Delivery>> {
        self.readers.read(|conn| {
            page::select(
                conn,
                "SELECT * FROM webhook_deliveries WHERE due_at IS NULL AND id < ?1
                 ORDER BY id DESC LIMIT ?2",
                params![page::below(page), page::fetch(page)],
                page,
                delivery_record,
                |delivery| delivery.id.to_string(),
            )
        })
    }

    fn delivery_counts(&self) -> Result<(u64, u64)> {
        self.readers.read(counts)
    }

    fn retry_dead(&self, id: Option<&Id>, now: Timestamp) -> Result<u64> {
        let id = id.cloned();
        self.writer
            .write(now, move |work| retry_dead(work, id.as_ref()))
    }
}
