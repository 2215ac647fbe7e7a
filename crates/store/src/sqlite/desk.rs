//! What the writer's thread works at: which commands share a transaction, and when it ends.
//!
//! A group of commands is one transaction, flushed when it ends. Decisions alone are a burst: a transaction that stays
//! open for a moment and is not flushed, for their rows are durable in the file [ahead](super::ahead) before they are
//! answered. They are decided on a snapshot of its beginning, while the [keeper](super::keeper) puts their rows into it;
//! nobody else writes meanwhile, and what one decision of a burst could change for another ends the burst first.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ringfence_core::evidence::HeadSigner;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags};

use super::ahead::{Ahead, Place};
use super::connection::{self, Line};
use super::copier::{self, Copier};
use super::evidence::ChainTip;
use super::keeper::Keeper;
use super::known::Known;
use super::migrate;
use super::rows::{Rows, Sink};
use super::work::Work;
use super::writer::{Answer, Asked, Lane, Message, Touches};
use crate::{Result, StoreError};

/// Commands in one group.
const GROUP_MAX: usize = 256;

/// A burst ends when no decision has come for this long, and at the latest after so much time: until then other processes
/// wait to write, and do not see its decisions.
const BURST_IDLE: Duration = Duration::from_millis(5);
const BURST_MAX: Duration = Duration::from_millis(100);

/// Pages of log (of 4 KiB) after which it is copied into the database, even if there is no pause, and after which nothing else
/// is done until it is (invariant `bounded`).
const LOG_PAGES: u32 = 4 << 10;
const LOG_PAGES_MAX: u32 = 32 << 10;

/// A pause this long is used for it.
const PAUSE: Duration = Duration::from_millis(50);

/// While another process holds the file ahead, how long until it is tried again.
const HOLD_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Desk {
    /// None while the keeper has it.
    conn: Option<Connection>,
    /// What a burst's decisions read.
    snapshot: Connection,
    keeper: Keeper,
    copier: Copier,
    /// How far the log is on its way into the database.
    copying: Copying,
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
    /// How long the log is, in pages.
    logged: Arc<AtomicU32>,
    over: bool,
}

/// The log is begun anew once all of it is in the database. The copier copies most of it while more is written, then that,
/// and the little that is left then is copied with nobody writing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copying {
    No,
    Most,
    Rest,
}

struct Burst {
    tip: ChainTip,
    since: Instant,
    decisions: u32,
    /// What the permits of this burst change for others: its snapshot does not show it.
    touched: HashSet<u64>,
    /// A command was dropped after it may have taken something that the snapshot would give again.
    spent: bool,
}

impl Burst {
    /// Whether the snapshot shows everything that a decision with these touches rests on.
    fn shows(&self, touches: Touches) -> bool {
        !self.spent && touches.keys().all(|key| !self.touched.contains(&key))
    }
}

impl Desk {
    pub(super) fn new(
        mut conn: Connection,
        database: &Path,
        key: &[u8; 32],
        open: Arc<AtomicBool>,
    ) -> Result<Self> {
        let logged = Arc::new(AtomicU32::new(0));
        let told = Arc::clone(&logged);
        // In place of copying it within a commit.
        conn.wal_hook(Some(move |_: &mut Wal, pages| {
            told.store(u32::try_from(pages).unwrap_or(0), Ordering::SeqCst);
            Ok(())
        }))?;
        let snapshot = connection::open(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        snapshot.pragma_update(None, "cache_size", -connection::CACHE_KIB)?;
        Ok(Self {
            conn: Some(conn),
            snapshot,
            keeper: Keeper::start()?,
            copier: Copier::start(database)?,
            copying: Copying::No,
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
            logged,
            over: false,
        })
    }

    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        while !self.over {
            match messages.recv_timeout(self.patience()) {
                Ok(message) => self.take(message, messages),
                Err(RecvTimeoutError::Timeout) if self.burst.is_some() => self.settle_or_fall(),
                Err(RecvTimeoutError::Timeout) => self.copy_log(true),
                Err(RecvTimeoutError::Disconnected) => self.over = true,
            }
            if self.logged() >= LOG_PAGES {
                self.copy_log(false);
            }
        }
        self.settle_or_fall();
        if let Some(ahead) = self.ahead.take()
            && self.copier.flush().is_ok()
        {
            ahead.close();
        }
    }

    /// How long to wait for the next message.
    fn patience(&self) -> Duration {
        match self.burst {
            Some(_) => BURST_IDLE,
            None if self.logged() > 0 => PAUSE,
            None => Duration::MAX,
        }
    }

    fn take(&mut self, message: Message, messages: &Receiver<Message>) {
        match message {
            Message::Ask(asked) => match asked.lane {
                Lane::Ahead(touches) if self.may_run_ahead(touches) => {
                    self.decide_all(asked, messages);
                }
                _ => self.gather(asked, messages),
            },
            Message::Settle(settled) => {
                self.settle_or_fall();
                // A reader that has gone away needs no answer.
                let _ = settled.send(());
            }
            Message::Quit => self.over = true,
        }
    }

    // ---- bursts

    /// Whether a burst is open that a decision with these touches may join, or could be opened now.
    fn may_run_ahead(&mut self, touches: Touches) -> bool {
        match &self.burst {
            Some(burst) if burst.shows(touches) => return true,
            Some(_) => self.settle_or_fall(),
            None => {}
        }
        let opened = self.open_burst();
        // The group that the command becomes instead says what is wrong.
        if !matches!(opened, Ok(true)) {
            self.roll_back();
        }
        matches!(opened, Ok(true))
    }

    /// Opens a burst, if this process may.
    fn open_burst(&mut self) -> Result<bool> {
        if !self.hold()? {
            return Ok(false);
        }
        self.set_flushing(false)?;
        let tip = self.begin()?;
        // Behind BEGIN, so that it shows what everybody acknowledged, and nobody adds to that.
        run(&self.snapshot, "BEGIN")?;
        self.snapshot
            .prepare_cached("PRAGMA user_version")?
            .query_row([], |_| Ok(()))?;
        self.open.store(true, Ordering::SeqCst);
        self.burst = Some(Burst {
            tip,
            since: Instant::now(),
            decisions: 0,
            touched: HashSet::new(),
            spent: false,
        });
        match self.conn.take() {
            Some(conn) => self.keeper.begin(conn)?,
            None => return Err(lent()),
        }
        Ok(true)
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
        run(self.conn()?, "COMMIT")?;
        self.known.keep_tip(tip);
        self.copier.flush()?;
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
                Ok(Message::Ask(asked)) if self.may_join(asked.lane) => {
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
        if flushed.and_then(|()| self.keeper.go_on()).is_err() {
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

    fn may_join(&self, lane: Lane) -> bool {
        match (lane, &self.burst) {
            (Lane::Ahead(touches), Some(burst)) => burst.shows(touches),
            _ => false,
        }
    }

    /// One decision.
    fn decide(&mut self, asked: Asked, answers: &mut Vec<Answer>) -> Result<()> {
        let (Some(burst), Some(ahead)) = (&mut self.burst, &mut self.ahead) else {
            let error = StoreError::Unavailable("no burst".into());
            answers.push((asked.command)(Err(error.clone())).1);
            return Err(error);
        };
        let begun = burst.tip.clone();
        self.rows.clear();
        let sink = Sink::Ahead(&mut self.rows);
        let mut work = Work::new(
            &self.snapshot,
            sink,
            &mut burst.tip,
            &mut self.known,
            asked.now,
        );
        let (keep, answer) = (asked.command)(Ok(&mut work));
        answers.push(answer);
        if !keep {
            burst.tip = begun;
            burst.spent = true;
            // It may have remembered what is dropped now.
            self.known.forget();
            return Ok(());
        }
        if let Lane::Ahead(touches) = asked.lane
            && self.rows.reserve()
        {
            burst.touched.extend(touches.keys());
        }
        burst.decisions = burst.decisions.saturating_add(1);
        self.keeper.push(&self.rows)?;
        ahead.push(&self.rows)
    }

    fn settle_or_fall(&mut self) {
        if self.settle().is_err() {
            self.fall();
        }
    }

    /// Ends the burst, if there is one: after this everybody sees its decisions.
    fn settle(&mut self) -> Result<()> {
        if self.burst.is_none() {
            return Ok(());
        }
        self.take_back()?;
        let (Some(burst), Some(ahead), Some(conn)) = (&self.burst, &mut self.ahead, &self.conn)
        else {
            return Err(lent());
        };
        if burst.decisions > 0 {
            burst.tip.sign(conn, &self.signer)?;
        }
        run(conn, "COMMIT")?;
        if let Some(burst) = self.burst.take() {
            self.known.keep_tip(burst.tip);
        }
        self.open.store(false, Ordering::SeqCst);
        if ahead.is_full() {
            self.copier.flush()?;
            ahead.begin_anew();
        } else {
            self.copier.flush_soon();
        }
        Ok(())
    }

    /// Waits for the keeper, and ends the snapshot.
    fn take_back(&mut self) -> Result<()> {
        let shown = match self.snapshot.is_autocommit() {
            true => Ok(()),
            false => run(&self.snapshot, "COMMIT"),
        };
        if self.conn.is_some() {
            return shown;
        }
        let (conn, kept) = self.keeper.end()?;
        self.conn = Some(conn);
        kept.and(shown)
    }

    /// The burst cannot end well: the database goes back to before it, and is put right from the file ahead, now if that
    /// can be done, else before the next command. Until then every command fails.
    fn fall(&mut self) {
        self.burst = None;
        self.ahead = None;
        // What it says is what brought us here, or is rolled back with the rest.
        let _ = self.take_back();
        self.roll_back();
        self.hold_from = Instant::now() + HOLD_AGAIN;
        let caught_up = self
            .set_flushing(true)
            .and_then(|()| self.begin())
            .and_then(|_| run(self.conn()?, "COMMIT"));
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
            return run(self.conn()?, "ROLLBACK");
        }
        if tip.seq() != before {
            tip.sign(self.conn()?, &self.signer)?;
        }
        run(self.conn()?, "COMMIT")?;
        self.known.keep_tip(tip);
        Ok(())
    }

    fn run_command(&mut self, tip: &mut ChainTip, asked: Asked, alone: bool) -> (bool, Answer) {
        let Some(conn) = &self.conn else {
            return (false, (asked.command)(Err(lent())).1);
        };
        if !alone && let Err(error) = run(conn, "SAVEPOINT command") {
            return (false, (asked.command)(Err(error)).1);
        }
        let begun = tip.clone();
        let sink = Sink::Database(conn);
        let mut work = Work::new(conn, sink, tip, &mut self.known, asked.now);
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
            run(conn, "RELEASE command")
        } else {
            run(conn, "ROLLBACK TO command").and_then(|()| run(conn, "RELEASE command"))
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

    fn conn(&self) -> Result<&Connection> {
        self.conn.as_ref().ok_or_else(lent)
    }

    /// Begins a transaction, with everything in the database that any process has acknowledged.
    fn begin(&mut self) -> Result<ChainTip> {
        let conn = self.conn.as_ref().ok_or_else(lent)?;
        self.line.begin(|| run(conn, "BEGIN IMMEDIATE"))?;
        // Another process may have written since: then nothing is known, and the chain's end is read anew.
        self.known.check(conn)?;
        if self.ahead.is_none() && self.place.catch_up(conn, &self.signer)? > 0 {
            self.known.forget();
        }
        self.known.take_tip(conn)
    }

    /// Whether commits flush from now on; outside a transaction only.
    fn set_flushing(&mut self, flushes: bool) -> Result<()> {
        if self.flushes != flushes {
            let sql = match flushes {
                true => "PRAGMA synchronous = FULL",
                false => "PRAGMA synchronous = NORMAL",
            };
            run(self.conn()?, sql)?;
            self.flushes = flushes;
        }
        Ok(())
    }

    fn roll_back(&mut self) {
        self.known.forget();
        if !self.snapshot.is_autocommit() {
            let _ = self.snapshot.execute_batch("ROLLBACK");
        }
        if let Some(conn) = &self.conn
            && !conn.is_autocommit()
        {
            // If this fails too, the next group's BEGIN says so.
            let _ = conn.execute_batch("ROLLBACK");
        }
    }

    /// The next step of copying the log into the database; in a pause there is nothing that comes behind.
    fn copy_log(&mut self, pause: bool) {
        let copied = self.copier.has_copied();
        match self.copying {
            Copying::No if self.copier.copy_soon() => self.copying = Copying::Most,
            Copying::Most if copied && !pause && self.copier.copy_soon() => {
                self.copying = Copying::Rest;
            }
            Copying::Most if copied && pause => self.copy_rest(),
            Copying::Rest if copied => self.copy_rest(),
            _ if self.logged() >= LOG_PAGES_MAX => self.copy_rest(),
            _ => {}
        }
    }

    /// Copies what is left, between transactions: whoever writes next begins the log anew.
    fn copy_rest(&mut self) {
        self.settle_or_fall();
        if let Some(conn) = &self.conn {
            copier::copy(conn);
        }
        self.copying = Copying::No;
        self.logged.store(0, Ordering::SeqCst);
    }

    fn logged(&self) -> u32 {
        self.logged.load(Ordering::SeqCst)
    }
}

fn lent() -> StoreError {
    StoreError::Unavailable("the writer's connection is lent".into())
}

fn run(conn: &Connection, sql: &str) -> Result<()> {
    conn.prepare_cached(sql)?.execute([])?;
    Ok(())
}
