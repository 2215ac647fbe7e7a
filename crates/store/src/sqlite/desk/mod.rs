//! What the writer's thread works at: which commands share a transaction, and when it ends.
//!
//! A group of commands is one transaction, flushed when it ends. Decisions alone are a [burst].

mod burst;
mod copier;
mod keeper;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ringfence_core::evidence::HeadSigner;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags};

use self::burst::{BURST_IDLE, Burst};
use self::copier::Copier;
use self::keeper::Keeper;
use super::ahead::{Ahead, Place};
use super::connection::{self, Line};
use super::evidence::ChainTip;
use super::known::Known;
use super::migrate;
use super::rows::{Rows, Sink};
use super::work::Work;
use super::writer::{Answer, Asked, Lane, Message};
use crate::{Result, StoreError};

/// Commands in one group.
const GROUP_MAX: usize = 256;

/// Pages of log (of 4 KiB) after which it is copied into the database, even if there is no pause, and after which nothing else
/// is done until it is (invariant `bounded`).
const LOG_PAGES: u32 = 4 << 10;
const LOG_PAGES_MAX: u32 = 32 << 10;

/// A pause this long is used for it.
const PAUSE: Duration = Duration::from_millis(50);

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
