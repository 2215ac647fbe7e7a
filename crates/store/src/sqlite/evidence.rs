//! The event log's rows.

use jiff::Timestamp;
use ringfence_core::evidence::{
    ChainFault as Fault, ChainWalk, ClockKind, Event, EventDraft, FaultKind, GENESIS, HeadSigner,
    Link, SignedHead, Subject, hex, sha256_hex,
};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use serde_json::Value;

use super::column::{digits, from_json, instant, json_column, time, word_column};
use super::rows::{Entries, Sink, Table};
use super::{page, pattern, record};
use crate::evidence::{ChainFault, ChainReport, EventFilter};
use crate::{Result, StoreError, new_id};

/// The end of the chain within one transaction.
#[derive(Debug, Clone)]
pub(super) struct ChainTip {
    seq: u64,
    hash: String,
    at: Timestamp,
    pub(super) clock: ClockKind,
}

impl ChainTip {
    /// Before the first entry.
    pub(super) fn genesis() -> Self {
        Self {
            seq: 0,
            hash: GENESIS.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            clock: ClockKind::Real,
        }
    }

    pub(super) fn read(conn: &Connection) -> Result<Self> {
        let newest = conn
            .prepare_cached("SELECT seq, hash, at FROM events ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?))
            })
            .optional()?;
        let (seq, hash, at): (u64, String, i64) = newest.ok_or_else(|| {
            StoreError::Corrupt("the event log is empty; see `log verify`".into())
        })?;
        // INVARIANT (append-only): a log whose head does not fit takes no further entry. Signing on would cover up what
        // was removed from its tail.
        let head: Option<(u64, String)> = conn
            .prepare_cached("SELECT seq, hash FROM event_head WHERE one = 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if !head.is_some_and(|(place, signed)| place == seq && signed == hash) {
            return Err(StoreError::Corrupt(format!(
                "the event log ends at entry {seq}, which is not its signed head; see `log verify`"
            )));
        }
        Ok(Self {
            seq,
            hash,
            at: instant(at)?,
            clock: super::clock::kind(conn)?,
        })
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    pub(super) fn append(
        &mut self,
        sink: &mut Sink<'_>,
        draft: EventDraft,
        now: Timestamp,
    ) -> Result<Event> {
        let (subject, data) = draft.canonical();
        let link = self.append_text(sink, &draft.kind, (&subject, &data), now)?;
        Ok(draft.at(link, self.hash.clone()))
    }

    /// Appends an entry whose subject and data are canonical texts already; where it went. Its hash is the end's from now on.
    pub(super) fn append_text(
        &mut self,
        sink: &mut Sink<'_>,
        kind: &str,
        (subject, data): (&str, &str),
        now: Timestamp,
    ) -> Result<Link> {
        let link = Link {
            id: new_id("evt", now),
            seq: self.seq.saturating_add(1),
            at: now,
            clock: self.clock,
            prev: std::mem::take(&mut self.hash),
        };
        let hash = link.hash_of(kind, subject, data);
        sink.put(
            Table::Event,
            &[
                link.seq.into(),
                link.id.as_str().into(),
                link.at.as_microsecond().into(),
                kind.into(),
                link.clock.as_str().into(),
                subject.into(),
                data.into(),
                (&link.prev).into(),
                (&hash).into(),
            ],
        )?;
        self.seq = link.seq;
        self.hash = hash;
        self.at = link.at;
        Ok(link)
    }

    /// Whether these entries follow this end.
    pub(super) fn goes_on_with(&self, entries: &Entries<'_>) -> bool {
        let next = i64::try_from(self.seq)
            .ok()
            .and_then(|seq| seq.checked_add(1));
        next == Some(entries.first) && self.hash == entries.prev
    }

    /// The end after these entries, which were put elsewhere.
    pub(super) fn go_on(&mut self, entries: &Entries<'_>) -> Result<()> {
        self.seq = u64::try_from(entries.last)
            .map_err(|_| StoreError::Corrupt("an entry's place".into()))?;
        entries.hash.clone_into(&mut self.hash);
        self.at = instant(entries.at)?;
        Ok(())
    }

    /// Signs the end of the chain as the new head, once for the whole transaction.
    pub(super) fn sign(&self, conn: &Connection, signer: &HeadSigner) -> Result<()> {
        let head = signer.sign(self.seq, &self.hash, self.at);
        conn.prepare_cached(
            "INSERT INTO event_head (one, seq, hash, at, key, signature) VALUES (1, ?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
                 at = excluded.at, key = excluded.key, signature = excluded.signature",
        )?
        .execute(params![
            head.seq,
            head.hash,
            head.at.as_microsecond(),
            head.key,
            head.signature,
        ])?;
        Ok(())
    }
}

pub(super) fn head(conn: &Connection) -> Result<Option<SignedHead>> {
    let mut query = conn.prepare_cached("SELECT * FROM event_head WHERE one = 1")?;
    let mut rows = query.query([])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(SignedHead {
        seq: row.get("seq")?,
        hash: row.get("hash")?,
        at: time(row, "at")?,
        key: row.get("key")?,
        signature: row.get("signature")?,
    }))
}

/// The two kinds that every decision writes: the indexes by kind and by number leave them out.
const COMMON: [&str; 2] = ["gate.decided", "dial.reserved"];

/// What those indexes are asked with, to the letter.
const UNCOMMON: &str = "type NOT IN ('gate.decided', 'dial.reserved')";

/// The places of a number's entries: by the index, and through its decisions.
fn of_number() -> String {
    format!(
        " AND seq IN (
            SELECT seq FROM events WHERE json_extract(subject, '$.number') = ? AND {UNCOMMON}
            UNION ALL SELECT seq FROM decisions WHERE number = ? AND verdict = 'allow'
            UNION ALL SELECT seq FROM decisions WHERE number = ? AND verdict <> 'allow'
            UNION ALL SELECT a.reserved_seq FROM decisions d CROSS JOIN attempts a ON a.seq = d.seq
                WHERE d.number = ? AND d.verdict = 'allow')"
    )
}

pub(super) fn events(
    conn: &Connection,
    after: u64,
    limit: u32,
    filter: &EventFilter,
) -> Result<Vec<Event>> {
    let mut sql = String::from("SELECT * FROM events WHERE seq > ?");
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(after)];
    match &filter.kind {
        Some(kind) if kind.contains('.') => {
            sql.push_str(" AND type = ?");
            values.push(Box::new(kind.clone()));
            if !COMMON.contains(&kind.as_str()) {
                sql.push_str(" AND ");
                sql.push_str(UNCOMMON);
            }
        }
        Some(stage) => {
            // From `call.` up to before `call/`, the next character. The plus keeps the log's own order, in which a page
            // is found without sorting the whole stage.
            sql.push_str(" AND +type >= ? AND +type < ?");
            values.push(Box::new(format!("{stage}.")));
            values.push(Box::new(format!("{stage}/")));
        }
        None => {}
    }
    if let Some(number) = filter.number {
        sql.push_str(&of_number());
        values.push(Box::new(number.e164()));
        values
            .extend(std::iter::repeat_n(digits(number), 3).map(|d| Box::new(d) as Box<dyn ToSql>));
    }
    for (field, value) in [
        ("number", filter.number.map(|n| n.e164())),
        ("call", filter.call.as_ref().map(ToString::to_string)),
        (
            "campaign",
            filter.campaign.as_ref().map(ToString::to_string),
        ),
    ] {
        if let Some(value) = value {
            sql.push_str(&format!(" AND json_extract(subject, '$.{field}') = ?"));
            values.push(Box::new(value));
        }
    }
    if let Some(sellers) = &filter.sellers {
        sql.push_str(" AND json_extract(subject, '$.seller') IN (SELECT value FROM json_each(?))");
        values.push(Box::new(super::column::json(sellers)?));
    }
    sql.push_str(" ORDER BY seq LIMIT ?");
    values.push(Box::new(limit));
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query(rusqlite::params_from_iter(values.iter()))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(event(row)?);
    }
    Ok(events)
}

fn event(row: &Row<'_>) -> Result<Event> {
    Ok(Event {
        id: ringfence_core::id::Id::new(row.get::<_, String>("id")?),
        seq: row.get("seq")?,
        at: time(row, "at")?,
        kind: row.get("type")?,
        clock: word_column(row, "clock")?,
        subject: json_column(row, "subject")?,
        data: json_column(row, "data")?,
        prev: row.get("prev")?,
        hash: row.get("hash")?,
    })
}

/// Walks the whole log; `public` is the key that this database's heads must be signed with.
pub(super) fn verify(
    conn: &Connection,
    public: &[u8; 32],
    checkpoint: Option<&str>,
) -> Result<ChainReport> {
    let checkpoint = checkpoint.map(parse_checkpoint).transpose()?;
    let mut walk = ChainWalk::default();
    let fault = walk_all(conn, &mut walk, public, checkpoint.as_ref())?;
    Ok(ChainReport {
        entries: walk.entries(),
        head_hash: walk.hash().to_owned(),
        key: hex(public),
        fault: fault.map(|fault| ChainFault {
            seq: fault.seq,
            what: fault.what.to_string(),
        }),
    })
}

fn walk_all(
    conn: &Connection,
    walk: &mut ChainWalk,
    public: &[u8; 32],
    checkpoint: Option<&SignedHead>,
) -> Result<Option<Fault>> {
    let differs = |seq| Fault {
        seq,
        what: FaultKind::CheckpointDiffers,
    };
    if let Some(checkpoint) = checkpoint {
        // The key of a log never changes: a checkpoint by another key is of another log.
        if !checkpoint.is_signed_by(public) {
            return Ok(Some(differs(checkpoint.seq)));
        }
    }
    let mut query = conn.prepare("SELECT * FROM events ORDER BY seq")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let seq = walk.next_seq();
        let Ok(event) = event(row) else {
            let what = FaultKind::Unreadable;
            return Ok(Some(Fault { seq, what }));
        };
        if let Err(fault) = walk.step(&event) {
            return Ok(Some(fault));
        }
        if !attests(conn, &event)? {
            let what = FaultKind::RecordDiffers;
            return Ok(Some(Fault { seq, what }));
        }
        if checkpoint.is_some_and(|c| c.seq == seq && c.hash != event.hash) {
            return Ok(Some(differs(seq)));
        }
    }
    if let Err(fault) = walk.check_head(head(conn)?.as_ref(), public) {
        return Ok(Some(fault));
    }
    // A whole database put back to an older state is whole in itself; only the checkpoint tells.
    Ok(checkpoint
        .filter(|c| c.seq > walk.entries())
        .map(|_| Fault {
            seq: walk.next_seq(),
            what: FaultKind::Missing,
        }))
}

/// Whether the records whose hashes an entry holds are still those: decisions with their facts, consents with their text
/// and proof.
fn attests(conn: &Connection, event: &Event) -> Result<bool> {
    let (texts, fields) = match (event.kind.as_str(), &event.subject) {
        ("gate.decided", Subject { decision: Some(id), .. }) => (
            page::one(
                conn,
                "SELECT pattern, texts, facts_bytes FROM decisions WHERE id = ?1 AND seq = ?2",
                params![id.as_str(), event.seq],
                |row| {
                    let (facts, decision) = pattern::unpack(conn, row)?;
                    match record::seller_attested(conn, &facts)? {
                        true => Ok((facts, decision)),
                        false => Err(StoreError::Corrupt("the seller's part".into())),
                    }
                },
            ),
            ["facts_sha256", "decision_sha256"],
        ),
        ("consent.granted", Subject { consent: Some(id), .. }) => (
            page::one(
                conn,
                "SELECT t.text, c.proof FROM consents c JOIN consent_texts t ON t.sha256 = c.text_sha256
                 WHERE c.id = ?1",
                [id.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            ),
            ["text_sha256", "proof_sha256"],
        ),
        _ => return Ok(true),
    };
    let (first, second): (String, String) = match texts {
        Ok(Some(texts)) => texts,
        Ok(None) | Err(StoreError::Corrupt(_)) => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok([first, second].iter().zip(fields).all(|(text, field)| {
        event.data.get(field).and_then(Value::as_str) == Some(&sha256_hex(text.as_bytes()))
    }))
}

fn parse_checkpoint(text: &str) -> Result<SignedHead> {
    from_json(text).map_err(|_| StoreError::invalid("not a checkpoint"))
}

pub(super) fn checkpoint(conn: &Connection) -> Result<String> {
    let head = head(conn)?.ok_or(StoreError::NotFound("signed head"))?;
    serde_json::to_string_pretty(&head).map_err(|e| StoreError::Corrupt(e.to_string()))
}
