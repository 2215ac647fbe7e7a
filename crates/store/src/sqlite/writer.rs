//! The one thread that writes. It takes what has gathered, runs it as one transaction, and answers only after the
//! commit: one disk flush for the whole group (group commit).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use ringfence_core::evidence::HeadSigner;
use rusqlite::Connection;

use super::evidence::ChainTip;
use super::known::Known;
use super::work::Work;
use crate::{Result, StoreError};

/// Commands that may wait; more wait at the door (invariant `bounded`).
const QUEUE_MAX: usize = 1024;

/// Commands in one transaction.
const GROUP_MAX: usize = 256;

/// Groups after which the log of the database is copied into it, even if there is no pause: some 40 MB of it at most
/// (invariant `bounded`), and seldom enough that fewer than one command in a hundred waits for it.
const GROUPS_BEFORE_CHECKPOINT: u32 = 512;

/// A pause this long is used for it.
const PAUSE: Duration = Duration::from_millis(50);

/// Tells the caller how its command ended, after the commit or its failure.
type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// Runs, unless there is no transaction and why; says whether its changes are to be kept. One that is rolled back loses
/// nothing of the others.
type Command = Box<dyn FnOnce(Result<&mut Work<'_>>) -> (bool, Answer) + Send>;

struct Asked {
    now: Timestamp,
    /// Whether what the writer knows stays as it is.
    keeps_known: bool,
    command: Command,
}

pub(super) struct Writer {
    queue: Option<SyncSender<Asked>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(conn: Connection, secret: &[u8; 32]) -> Result<Self> {
        // Between groups and not within a commit: nobody waits for it who was answered already.
        conn.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
        let (queue, commands) = sync_channel(QUEUE_MAX);
        let mut desk = Desk {
            conn,
            signer: HeadSigner::new(secret),
            known: Known::default(),
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || desk.run(&commands))
            .map_err(|e| StoreError::Unavailable(format!("no writer thread: {e}")))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Runs `work` on the writer thread; its result is durable when this returns (invariant `record-first`).
    pub(super) fn write<T, F>(&self, now: Timestamp, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
    {
        self.ask(now, false, work)
    }

    /// The same for work that changes nothing of what is [`Known`]: no seller, prompt, area, override or stop.
    pub(super) fn write_keeping<T, F>(&self, now: Timestamp, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
    {
        self.ask(now, true, work)
    }

    fn ask<T, F>(&self, now: Timestamp, keeps_known: bool, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answered) = sync_channel(1);
        let command: Command = Box::new(move |tx| {
            let result = tx.and_then(|tx| {
                catch_unwind(AssertUnwindSafe(|| work(tx)))
                    .unwrap_or_else(|_| Err(StoreError::Unavailable("the command panicked".into())))
            });
            let keep = result.is_ok();
            let answer: Answer = Box::new(move |committed| {
                // A caller that has gone away needs no answer.
                let _ = reply.send(result.and_then(|value| committed.map(|()| value)));
            });
            (keep, answer)
        });
        let gone = || StoreError::Unavailable("the store is closed".into());
        let asked = Asked {
            now,
            keeps_known,
            command,
        };
        self.queue
            .as_ref()
            .ok_or_else(gone)?
            .send(asked)
            .map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Desk {
    conn: Connection,
    signer: HeadSigner,
    known: Known,
}

impl Desk {
    fn run(&mut self, commands: &Receiver<Asked>) {
        let mut groups = 0;
        loop {
            let pause = if groups > 0 { PAUSE } else { Duration::MAX };
            let first = match commands.recv_timeout(pause) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    self.checkpoint();
                    groups = 0;
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut group = vec![first];
            while group.len() < GROUP_MAX {
                match commands.try_recv() {
                    Ok(command) => group.push(command),
                    Err(_) => break,
                }
            }
            let mut answers = Vec::with_capacity(group.len());
            let committed = self.commit(group, &mut answers);
            for answer in answers {
                answer(committed.clone());
            }
            groups += 1;
            if groups >= GROUPS_BEFORE_CHECKPOINT {
                self.checkpoint();
                groups = 0;
            }
        }
    }

    /// Copies the log into the database, as far as no reader stands in the way. What fails is tried again next time:
    /// the log holds it.
    fn checkpoint(&self) {
        let _ = self
            .conn
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }

    fn commit(&mut self, group: Vec<Asked>, answers: &mut Vec<Answer>) -> Result<()> {
        let committed = self.run_group(group, answers);
        if committed.is_err() {
            self.known.forget();
            if !self.conn.is_autocommit() {
                // If this fails too, the next group's BEGIN says so.
                let _ = self.conn.execute_batch("ROLLBACK");
            }
        }
        committed
    }

    fn run_group(&mut self, group: Vec<Asked>, answers: &mut Vec<Answer>) -> Result<()> {
        let begun = run(&self.conn, "BEGIN IMMEDIATE")
            // Another process may have written since: then nothing is known, and the chain's end is read anew.
            .and_then(|()| self.known.check(&self.conn))
            .and_then(|()| self.known.take_tip(&self.conn));
        let mut tip = match begun {
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
        let mut work = Work::new(&self.conn, tip, &mut self.known, asked.now);
        let (keep, answer) = (asked.command)(Ok(&mut work));
        if !asked.keeps_known {
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
}

fn run(conn: &Connection, sql: &str) -> Result<()> {
    conn.prepare_cached(sql)?.execute([])?;
    Ok(())
}
