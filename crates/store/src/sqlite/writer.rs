//! The one thread that writes. It takes what has gathered, runs it as one transaction, and answers only when that is
//! durable: one disk flush for the whole group (group commit).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use jiff::Timestamp;
use ringfence_core::gate::CallRequest;
use ringfence_core::lead::PhoneNumber;
use rusqlite::Connection;

use super::desk::Desk;
use super::work::Work;
use crate::{Result, StoreError};

/// Commands that may wait; more wait at the door (invariant `bounded`).
const QUEUE_MAX: usize = 1024;

/// Tells the caller how its command ended, once that is durable.
pub(super) type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// Runs, unless there is no transaction and why; says whether its changes are to be kept. One that is rolled back loses
/// nothing of the others.
type Command = Box<dyn FnOnce(Result<&mut Work<'_>>) -> (bool, Answer) + Send>;

/// How a command is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// What the writer [knows](super::known::Known) may be changed by it.
    Whole,
    /// What the writer knows stays as it is.
    Keeping,
    /// It keeps that, adds rows with [`Work::put`] and [`Work::append`], and writes nothing else: it may be durable before
    /// it is in the database.
    Ahead(Touches),
}

/// What of earlier decisions one rests on, and changes for later ones if it gives a permit: the attempts to reach a number,
/// and those for a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Touches([Option<u64>; 2]);

impl Touches {
    pub(super) fn of(request: &CallRequest) -> Self {
        let number = PhoneNumber::parse(&request.to).ok();
        Self([
            number.map(|number| key(&number)),
            request.lead.as_ref().map(key),
        ])
    }

    /// Two that are the same touch the same, and seldom two that are not.
    pub(super) fn keys(self) -> impl Iterator<Item = u64> {
        self.0.into_iter().flatten()
    }
}

fn key(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

pub(super) struct Asked {
    pub(super) now: Timestamp,
    pub(super) lane: Lane,
    pub(super) command: Command,
}

pub(super) enum Message {
    Ask(Asked),
    /// Somebody wants to read what was acknowledged, and waits for an answer.
    Settle(SyncSender<()>),
    Quit,
}

pub(super) struct Writer {
    door: Door,
    thread: Option<JoinHandle<()>>,
}

/// Where commands go in.
#[derive(Clone)]
pub(super) struct Door {
    queue: SyncSender<Message>,
    open: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn start(conn: Connection, database: &Path, secret: &[u8; 32]) -> Result<Self> {
        let (queue, messages) = sync_channel(QUEUE_MAX);
        let open = Arc::new(AtomicBool::new(false));
        let desk = Desk::new(conn, database, secret, Arc::clone(&open))?;
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || desk.run(&messages))
            .map_err(|e| StoreError::Unavailable(format!("no writer thread: {e}")))?;
        Ok(Self {
            door: Door { queue, open },
            thread: Some(thread),
        })
    }

    /// For readers of this process.
    pub(super) fn door(&self) -> Door {
        self.door.clone()
    }

    /// Runs `work` on the writer thread; its result is durable when this returns (invariant `record-first`).
    pub(super) fn write<T, F>(&self, now: Timestamp, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
    {
        self.door.ask(now, Lane::Whole, work)
    }

    /// The same for work that changes nothing of what is [`Known`](super::known::Known): no seller, prompt, area, override
    /// or stop.
    pub(super) fn write_keeping<T, F>(&self, now: Timestamp, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
    {
        self.door.ask(now, Lane::Keeping, work)
    }

    /// The same for a decision.
    pub(super) fn write_ahead<T, F>(&self, now: Timestamp, touches: Touches, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
    {
        self.door.ask(now, Lane::Ahead(touches), work)
    }

    /// The same without waiting; `then` is called on a thread of the store, which it must not hold up.
    pub(super) fn write_ahead_then<T, F, E>(
        &self,
        now: Timestamp,
        touches: Touches,
        work: F,
        then: E,
    ) where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
        E: FnOnce(Result<T>) + Send + 'static,
    {
        self.door.ask_then(now, Lane::Ahead(touches), work, then);
    }
}

impl Door {
    /// Returns when everything that was acknowledged before can be read.
    pub(super) fn settle(&self) {
        if self.open.load(Ordering::SeqCst) {
            let (settled, answered) = sync_channel(1);
            // One that is closed has settled.
            let _ = self.queue.send(Message::Settle(settled));
            let _ = answered.recv();
        }
    }

    fn ask<T, F>(&self, now: Timestamp, lane: Lane, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answered) = sync_channel(1);
        let asked = asked(now, lane, work, move |result| {
            // A caller that has gone away needs no answer.
            let _ = reply.send(result);
        });
        self.queue.send(Message::Ask(asked)).map_err(|_| closed())?;
        answered.recv().map_err(|_| closed())?
    }

    /// Returns at once; `then` is called on a thread of the store, which it must not hold up.
    fn ask_then<T, F, E>(&self, now: Timestamp, lane: Lane, work: F, then: E)
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
        E: FnOnce(Result<T>) + Send + 'static,
    {
        let asked = asked(now, lane, work, then);
        let (asked, why) = match self.queue.try_send(Message::Ask(asked)) {
            Ok(()) => return,
            Err(TrySendError::Full(message)) => (message, busy()),
            Err(TrySendError::Disconnected(message)) => (message, closed()),
        };
        if let Message::Ask(asked) = asked {
            (asked.command)(Err(why)).1(Ok(()));
        }
    }
}

fn asked<T, F, E>(now: Timestamp, lane: Lane, work: F, then: E) -> Asked
where
    T: Send + 'static,
    F: FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
    E: FnOnce(Result<T>) + Send + 'static,
{
    let command: Command = Box::new(move |tx| {
        let result = tx.and_then(|tx| {
            catch_unwind(AssertUnwindSafe(|| work(tx)))
                .unwrap_or_else(|_| Err(StoreError::Unavailable("the command panicked".into())))
        });
        let keep = result.is_ok();
        let answer: Answer =
            Box::new(move |durable| then(result.and_then(|value| durable.map(|()| value))));
        (keep, answer)
    });
    Asked { now, lane, command }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".into())
}

fn busy() -> StoreError {
    StoreError::Unavailable(format!("{QUEUE_MAX} commands are waiting"))
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.door.queue.send(Message::Quit);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
