//! One command inside the writer's transaction.

use jiff::{SignedDuration, Timestamp};
use ringfence_core::evidence::{ClockKind, Event, EventDraft, Subject};
use ringfence_core::id::Id;
use rusqlite::Connection;
use serde_json::Value;

use super::column::whole;
use super::evidence::ChainTip;
use super::known::Known;
use super::rows::{Cell, Sink, Table};
use crate::{Result, StoreError, new_id};

/// How far ahead of us a sender's clock may be.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

/// What a command may use: the transaction, where its rows go, the end of the chain, and its `now` in whole microseconds.
pub(super) struct Work<'c> {
    pub(super) conn: &'c Connection,
    sink: Sink<'c>,
    tip: &'c mut ChainTip,
    pub(super) known: &'c mut Known,
    pub(super) now: Timestamp,
}

impl<'c> Work<'c> {
    pub(super) fn new(
        conn: &'c Connection,
        sink: Sink<'c>,
        tip: &'c mut ChainTip,
        known: &'c mut Known,
        now: Timestamp,
    ) -> Self {
        Self {
            conn,
            sink,
            tip,
            known,
            now: whole(now),
        }
    }

    pub(super) fn clock(&self) -> ClockKind {
        self.tip.clock
    }

    pub(super) fn set_clock(&mut self, clock: ClockKind) {
        self.tip.clock = clock;
    }

    pub(super) fn id(&self, prefix: &str) -> Id {
        new_id(prefix, self.now)
    }

    /// `now` as it is stored.
    pub(super) fn micros(&self) -> i64 {
        self.now.as_microsecond()
    }

    /// Appends an event of this command.
    pub(super) fn event(&mut self, kind: &str, subject: Subject, data: Value) -> Result<()> {
        self.append(EventDraft::new(kind, subject, data)).map(drop)
    }

    /// Appends an event that the caller drew up.
    pub(super) fn append(&mut self, draft: EventDraft) -> Result<Event> {
        self.tip.append(&mut self.sink, draft, self.now)
    }

    /// Appends an entry whose subject and data are canonical texts already; its place in the log.
    pub(super) fn append_text(&mut self, kind: &str, subject: &str, data: &str) -> Result<u64> {
        let texts = (subject, data);
        let link = self
            .tip
            .append_text(&mut self.sink, kind, texts, self.now)?;
        Ok(link.seq)
    }

    /// Adds a row. A command that only does this and [`append`](Self::append)s may be durable ahead of the database; it does
    /// not find its own rows there.
    pub(super) fn put(&mut self, table: Table, cells: &[Cell<'_>]) -> Result<()> {
        self.sink.put(table, cells)
    }

    /// Refuses what is dated in the future; a little is a clock that runs fast.
    pub(super) fn not_future(&self, at: Timestamp, field: &str) -> Result<()> {
        let latest = self.now.checked_add(SKEW_MAX).unwrap_or(self.now);
        if at > latest {
            return Err(StoreError::invalid(format!("{field} lies in the future")));
        }
        Ok(())
    }
}
