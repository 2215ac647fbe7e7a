//! What the writer's thread works at: which commands share a transaction, and when it ends.
//!
//! A group of commands is one transaction, flushed when it ends. Decisions alone are a burst: a transaction that stays
//! open for a moment and is not flushed, for their rows are durable in the file [ahead](super::ahead) before they are
//! answered.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ringfence_core::evidence::HeadSigner;
use rusqlite::Connection;

use super::ahead::{Ahead, Place};
use super::connection::Line;
use super::evidence::ChainTip;
use super::known::Known;
use super::migrate;
use super::rows::{self, Rows, Sink};
use super::work::Work;
use super::writer::{Answer, Asked, Lane, Message};
use crate::{Result, StoreError};

/// Commands in one group.
const GROUP_MAX: usize = 256;

/// A burst ends when no decision has come for this long, and at the latest after so much time: until then other processes
/// wait to write, and do not see its decisions.
const BURST_IDLE: Duration = Duration::from_millis(5);
const BURST_MAX: Duration = Duration::from_millis(100);

/// Groups after which the log of the database is copied into it, even if there is no pause: some 40 MB of it at most
/// (invariant `bounded`), and seldom enough that fewer than one command in a hundred waits for it.
const GROUPS_BEFORE_CHECKPOINT: u32 = 512;

/// Decisions in a burst that weigh as much as a group.
const DECISIONS_A_GROUP: u32 = 16;

/// A pause this long is used for it.
const PAUSE: Duration = Duration::from_millis(50);

/// While another process holds the file ahead, how long until it is tried again.
const HOLD_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Desk {
    conn: Connection,
    signer: HeadSigner,
    known: Known,
    place: Place,
    ahead: Option<Ahead>,
    hold_from: Instant,
    burst: Option<Burst>,
    /// Whether a burst is open, for those who want to read.
    open: Arc<AtomicBool>,
    /// Whether a commit flushes.
    flushes: bool,
    line: Line,
    rows: Rows,
    groups: u32,
    over: bool,
}

struct Burst {
    tip: ChainTip,
    since: Instant,
    decisions: u32,
}

impl Desk {
    pub(super) fn new(
        conn: Connection,
        database: &Path,
        key: &[u8; 32],
        open: Arc<AtomicBool>,
    ) -> Result<Self> {
        // Between groups and not within a commit: nobody waits for it who was answered already.
        conn.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
        Ok(Self {
            conn,
            signer: HeadSigner::new(key),
            known: Known::default(),
            place: Place::new(database, key, migrate::MIGRATIONS.len()),
            ahead: None,
            hold_from: Instant::now(),
            burst: None,
            open,
            flushes: true,
            line: Line::open(database)?,
            rows: Rows::default(),
            groups: 0,
            over: false,
        })
    }

    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        while !self.over {
            match messages.recv_timeout(self.patience()) {
                Ok(message) => self.take(message, messages),
                Err(RecvTimeoutError::Timeout) if self.burst.is_some() => self.settle_or_fall(),
                Err(RecvTimeoutError::Timeout) => self.checkpoint(),
                Err(RecvTimeoutError::Disconnected) => self.over = true,
            }
            if self.groups >= GROUPS_BEFORE_CHECKPOINT && self.burst.is_none() {
                self.checkpoint();
            }
        }
        self.settle_or_fall();
        if let Some(ahead) = self.ahead.take() {
            ahead.close();
        }
    }

    /// How long to wait for the next message.
    fn patience(&self) -> Duration {
        match self.burst {
            Some(_) => BURST_IDLE,
            None if self.groups > 0 => PAUSE,
            None => Duration::MAX,
        }
    }

    fn take(&mut self, message: Message, messages: &Receiver<Message>) {
        match message {
            Message::Ask(asked) if asked.lane == Lane::Ahead && self.may_run_ahead() => {
                self.decide_all(asked, messages);
            }
            Message::Ask(asked) => self.gather(asked, messages),
            Message::Settle(settled) => {
                self.settle_or_fall();
                // A reader that has gone away needs no answer.
                let _ = settled.send(());
            }
            Message::Quit => self.over = true,
        }
    }

    // ---- bursts

    /// Whether a burst is open, or could be opened now.
    fn may_run_ahead(&mut self) -> bool {
        if self.burst.is_some() {
            return true;
        }
        let begun = self.hold().and_then(|held| match held {
            true => self
                .set_flushing(false)
                .and_then(|()| self.begin())
                .map(Some),
            false => Ok(None),
        });
        match begun {
            Ok(Some(tip)) => {
                self.open.store(true, Ordering::SeqCst);
                self.burst = Some(Burst {
                    tip,
                    since: Instant::now(),
                    decisions: 0,
                });
                true
            }
            // The group that the command becomes instead says what is wrong.
            Ok(None) | Err(_) => {
                self.roll_back();
                false
            }
        }
    }

    /// Whether this process holds the file ahead; whatever a dead one left in it is in the database then, durably.
    fn hold(&mut self) -> Result<bool> {
        if self.ahead.is_some() {
            return Ok(true);
        }
        if Instant::now() < self.hold_from {
            return Ok(false);
        }
        self.hold_from = Instant::now() + HOLD_AGAIN;
        let Some(ahead) = self.place.hold()? else {
            return Ok(false);
        };
        self.set_flushing(true)?;
        let tip = self.begin()?;
        run(&self.conn, "COMMIT")?;
        self.known.keep_tip(tip);
        ahead.flush_log()?;
        self.ahead = Some(ahead);
        Ok(true)
    }

    /// This decision and those that wait, in the burst, with one flush.
    fn decide_all(&mut self, first: Asked, messages: &Receiver<Message>) {
        let mut answers = Vec::new();
        let mut decided = self.decide(first, &mut answers);
        let mut other = None;
        while decided.is_ok() && answers.len() < GROUP_MAX {
            match messages.try_recv() {
                Ok(Message::Ask(asked)) if asked.lane == Lane::Ahead => {
                    decided = self.decide(asked, &mut answers);
                }
                Ok(message) => {
                    other = Some(message);
                    break;
                }
                Err(_) => break,
            }
        }
        let flushed = decided.and_then(|()| match &mut self.ahead {
            Some(ahead) => ahead.flush(),
            None => Err(StoreError::Unavailable("nothing is held ahead".into())),
        });
        // INVARIANT (record-first): nobody is answered before the flush.
        for answer in answers {
            answer(flushed.clone());
        }
        // The last one's rows, while its caller goes on.
        if flushed.and_then(|()| self.apply()).is_err() {
            self.fall();
        }
        if self
            .burst
            .as_ref()
            .is_some_and(|burst| burst.since.elapsed() >= BURST_MAX)
        {
            self.settle_or_fall();
        }
        if let Some(message) = other {
            self.take(message, messages);
        }
    }

    /// One decision; its rows are put into the database before the next one reads.
    fn decide(&mut self, asked: Asked, answers: &mut Vec<Answer>) -> Result<()> {
        let applied = self.apply();
        let (Some(burst), Some(ahead), Ok(())) = (&mut self.burst, &mut self.ahead, &applied)
        else {
            let error = applied
                .err()
                .unwrap_or_else(|| StoreError::Unavailable("no burst".into()));
            answers.push((asked.command)(Err(error.clone())).1);
            return Err(error);
        };
        let begun = burst.tip.clone();
        let sink = Sink::Ahead(&mut self.rows);
        let mut work = Work::new(&self.conn, sink, &mut burst.tip, &mut self.known, asked.now);
        let (keep, answer) = (asked.command)(Ok(&mut work));
        answers.push(answer);
        if !keep {
            self.rows.clear();
            burst.tip = begun;
            // It may have remembered what is dropped now.
            self.known.forget();
            return Ok(());
        }
        burst.decisions = burst.decisions.saturating_add(1);
        ahead.push(&self.rows)
    }

    /// Puts the rows that are left into the database.
    fn apply(&mut self) -> Result<()> {
        let applied = rows::apply(&self.conn, self.rows.as_bytes());
        self.rows.clear();
        applied
    }

    fn settle_or_fall(&mut self) {
        if self.settle().is_err() {
            self.fall();
        }
    }

    /// Ends the burst, if there is one: after this everybody sees its decisions.
    fn settle(&mut self) -> Result<()> {
        let (Some(burst), Some(ahead)) = (&self.burst, &mut self.ahead) else {
            return Ok(());
        };
        if burst.decisions > 0 {
            burst.tip.sign(&self.conn, &self.signer)?;
        }
        run(&self.conn, "COMMIT")?;
        self.groups = self
            .groups
            .saturating_add(burst.decisions / DECISIONS_A_GROUP)
            .saturating_add(1);
        if let Some(burst) = self.burst.take() {
            self.known.keep_tip(burst.tip);
        }
        self.open.store(false, Ordering::SeqCst);
        ahead.bound()
    }

    /// The burst cannot end well: the database goes back to before it, and is put right from the file ahead, now if that
    /// can be done, else before the next command. Until then every command fails.
    fn fall(&mut self) {
        self.burst = None;
        self.ahead = None;
        self.rows.clear();
        self.roll_back();
        self.hold_from = Instant::now() + HOLD_AGAIN;
        let caught_up = self
            .set_flushing(true)
            .and_then(|()| self.begin())
            .and_then(|_| run(&self.conn, "COMMIT"));
        if caught_up.is_err() {
            self.roll_back();
        }
        self.known.forget();
        self.open.store(false, Ordering::SeqCst);
    }

    // ---- groups

    /// A group of this command and those that wait.
    fn gather(&mut self, first: Asked, messages: &Receiver<Message>) {
        self.settle_or_fall();
        let mut group = vec![first];
        let mut settled = Vec::new();
        while group.len() < GROUP_MAX {
            match messages.try_recv() {
                Ok(Message::Ask(asked)) => group.push(asked),
                Ok(Message::Settle(reader)) => settled.push(reader),
                Ok(Message::Quit) => self.over = true,
                Err(_) => break,
            }
        }
        let mut answers = Vec::with_capacity(group.len());
        let committed = self.commit(group, &mut answers);
        for answer in answers {
            answer(committed.clone());
        }
        for reader in settled {
            let _ = reader.send(());
        }
        self.groups = self.groups.saturating_add(1);
    }

    fn commit(&mut self, group: Vec<Asked>, answers: &mut Vec<Answer>) -> Result<()> {
        let committed = self.run_group(group, answers);
        if committed.is_err() {
            self.roll_back();
        }
        committed
    }

    fn run_group(&mut self, group: Vec<Asked>, answers: &mut Vec<Answer>) -> Result<()> {
        let mut tip = match self.set_flushing(true).and_then(|()| self.begin()) {
            Ok(tip) => tip,
            Err(error) => {
                for asked in group {
                    answers.push((asked.command)(Err(error.clone())).1);
                }
                return Err(error);
            }
        };
        let before = tip.seq();
        // One command alone needs no savepoint: its transaction is rolled back with it.
        let alone = group.len() == 1;
        let mut kept = true;
        for asked in group {
            let (keep, answer) = self.run_command(&mut tip, asked, alone);
            kept = keep;
            answers.push(answer);
        }
        if alone && !kept {
            return run(&self.conn, "ROLLBACK");
        }
        if tip.seq() != before {
            tip.sign(&self.conn, &self.signer)?;
        }
        run(&self.conn, "COMMIT")?;
        self.known.keep_tip(tip);
        Ok(())
    }

    fn run_command(&mut self, tip: &mut ChainTip, asked: Asked, alone: bool) -> (bool, Answer) {
        if !alone && let Err(error) = run(&self.conn, "SAVEPOINT command") {
            return (false, (asked.command)(Err(error)).1);
        }
        let begun = tip.clone();
        let sink = Sink::Database(&self.conn);
        let mut work = Work::new(&self.conn, sink, tip, &mut self.known, asked.now);
        let (keep, answer) = (asked.command)(Ok(&mut work));
        if asked.lane == Lane::Whole {
            self.known.forget_records();
        }
        if !keep {
            *tip = begun.clone();
            // It may have read back what is rolled back now.
            self.known.forget();
        }
        if alone {
            return (keep, answer);
        }
        let ended = if keep {
            run(&self.conn, "RELEASE command")
        } else {
            run(&self.conn, "ROLLBACK TO command").and_then(|()| run(&self.conn, "RELEASE command"))
        };
        match ended {
            Ok(()) => (keep, answer),
            Err(error) => {
                *tip = begun;
                (false, Box::new(move |_| answer(Err(error))))
            }
        }
    }

    // ---- transactions

    /// Begins a transaction, with everything in the database that any process has acknowledged.
    fn begin(&mut self) -> Result<ChainTip> {
        self.line.begin(|| run(&self.conn, "BEGIN IMMEDIATE"))?;
        // Another process may have written since: then nothing is known, and the chain's end is read anew.
        self.known.check(&self.conn)?;
        if self.ahead.is_none() && self.place.catch_up(&self.conn, &self.signer)? > 0 {
            self.known.forget();
        }
        self.known.take_tip(&self.conn)
    }

    /// Whether commits flush from now on; outside a transaction only.
    fn set_flushing(&mut self, flushes: bool) -> Result<()> {
        if self.flushes != flushes {
            let sql = match flushes {
                true => "PRAGMA synchronous = FULL",
                false => "PRAGMA synchronous = NORMAL",
            };
            run(&self.conn, sql)?;
            self.flushes = flushes;
        }
        Ok(())
    }

    fn roll_back(&mut self) {
        self.known.forget();
        if !self.conn.is_autocommit() {
            // If this fails too, the next group's BEGIN says so.
            let _ = self.conn.execute_batch("ROLLBACK");
        }
    }

    /// Copies the log into the database, as far as no reader stands in the way. What fails is tried again next time:
    /// the log holds it.
    fn checkpoint(&mut self) {
        let _ = self
            .conn
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        self.groups = 0;
    }
}

fn run(conn: &Connection, sql: &str) -> Result<()> {
    conn.prepare_cached(sql)?.execute([])?;
    Ok(())
}
