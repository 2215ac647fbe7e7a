//! The one thread that writes. It takes what has gathered, runs it as one transaction, and answers only after the
//! commit: one disk flush for the whole group (group commit).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use jiff::Timestamp;
use rusqlite::{Connection, Savepoint, Transaction, TransactionBehavior};

use super::evidence::ChainTip;
use super::work::Work;
use crate::{Result, StoreError};

/// Commands that may wait; more wait at the door (invariant `bounded`).
const QUEUE_MAX: usize = 1024;

/// Commands in one transaction.
const GROUP_MAX: usize = 256;

/// Tells the caller how its command ended, after the commit or its failure.
type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// Runs within a savepoint, unless there is none and why; says whether the savepoint is to be kept. One that is rolled
/// back loses nothing of the others.
type Command = Box<dyn FnOnce(Result<&mut Work<'_>>) -> (bool, Answer) + Send>;

pub(super) struct Writer {
    queue: Option<SyncSender<(Timestamp, Command)>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(conn: Connection, secret: [u8; 32]) -> Result<Self> {
        let (queue, commands) = sync_channel(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || run(conn, secret, &commands))
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
        self.queue
            .as_ref()
            .ok_or_else(gone)?
            .send((now, command))
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

fn run(mut conn: Connection, secret: [u8; 32], commands: &Receiver<(Timestamp, Command)>) {
    while let Ok(first) = commands.recv() {
        let mut group = vec![first];
        while group.len() < GROUP_MAX {
            match commands.try_recv() {
                Ok(command) => group.push(command),
                Err(_) => break,
            }
        }
        commit(&mut conn, &secret, group);
    }
}

fn commit(conn: &mut Connection, secret: &[u8; 32], group: Vec<(Timestamp, Command)>) {
    let mut answers = Vec::with_capacity(group.len());
    let committed = run_group(conn, secret, group, &mut answers);
    for answer in answers {
        answer(committed.clone());
    }
}

fn run_group(
    conn: &mut Connection,
    secret: &[u8; 32],
    group: Vec<(Timestamp, Command)>,
    answers: &mut Vec<Answer>,
) -> Result<()> {
    let begun = conn
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(StoreError::from)
        // Another process may have written since: the chain's end is read anew in every transaction.
        .and_then(|tx| ChainTip::read(&tx).map(|tip| (tx, tip)));
    let (mut tx, mut tip) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            for (_, command) in group {
                answers.push(command(Err(error.clone())).1);
            }
            return Err(error);
        }
    };
    let before = tip.seq();
    for (now, command) in group {
        answers.push(run_command(&mut tx, &mut tip, now, command));
    }
    if tip.seq() != before {
        tip.sign(&tx, secret)?;
    }
    tx.commit().map_err(StoreError::from)
}

fn run_command(
    tx: &mut Transaction<'_>,
    tip: &mut ChainTip,
    now: Timestamp,
    command: Command,
) -> Answer {
    let savepoint: Savepoint<'_> = match tx.savepoint() {
        Ok(savepoint) => savepoint,
        Err(error) => return command(Err(error.into())).1,
    };
    let begun = tip.clone();
    let (keep, answer) = {
        let mut work = Work::new(&savepoint, tip, now);
        command(Ok(&mut work))
    };
    if keep {
        match savepoint.commit() {
            Ok(()) => answer,
            Err(error) => {
                *tip = begun;
                let error = StoreError::from(error);
                Box::new(move |_| answer(Err(error)))
            }
        }
    } else {
        *tip = begun;
        // Dropping a savepoint rolls it back.
        drop(savepoint);
        answer
    }
}
