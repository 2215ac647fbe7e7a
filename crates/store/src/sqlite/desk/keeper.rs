//! The thread that puts a burst's rows into the database while the writer goes on deciding. It has the writer's connection,
//! within its transaction, from the burst's beginning to its end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::super::rows::{self, Frame, Rows};
use crate::{Result, StoreError};

/// Frames that may wait to be put in; then the writer waits (invariant `bounded`).
const FRAMES_MAX: usize = 64;

/// Commands that it is told of at once, unless the burst ends: to be told costs about as much as to put one in.
const COMMANDS_MIN: u32 = 16;

enum Job {
    Begin(Connection),
    Put(Frame),
    End,
}

/// What is done, and the connection with it.
type Done = (Connection, Result<()>);

pub(super) struct Keeper {
    frame: Frame,
    commands: u32,
    jobs: Option<SyncSender<Job>>,
    done: Receiver<Done>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start() -> Result<Self> {
        let (jobs, taken) = sync_channel(FRAMES_MAX);
        let (give, done) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("store-keeper".into())
            .spawn(move || keep(&taken, &give))
            .map_err(|e| StoreError::Unavailable(format!("no keeper thread: {e}")))?;
        Ok(Self {
            frame: Frame::default(),
            commands: 0,
            jobs: Some(jobs),
            done,
            thread: Some(thread),
        })
    }

    /// Hands it the connection, within a transaction.
    pub(super) fn begin(&self, conn: Connection) -> Result<()> {
        self.tell(Job::Begin(conn))
    }

    /// Adds a command's rows to those that are to be put in; what becomes of them is said at the end.
    pub(super) fn push(&mut self, rows: &Rows) -> Result<()> {
        self.commands = self.commands.saturating_add(1);
        self.frame.push(rows)
    }

    /// Has the rows put in, once they are worth it.
    pub(super) fn go_on(&mut self) -> Result<()> {
        match self.commands {
            0..COMMANDS_MIN => Ok(()),
            _ => self.put(),
        }
    }

    fn put(&mut self) -> Result<()> {
        self.commands = 0;
        let frame = std::mem::take(&mut self.frame);
        self.tell(Job::Put(frame))
    }

    /// Waits until every row is in, and takes the connection back, its transaction still open.
    pub(super) fn end(&mut self) -> Result<Done> {
        self.put()?;
        self.tell(Job::End)?;
        self.done.recv().map_err(|_| gone())
    }

    fn tell(&self, job: Job) -> Result<()> {
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job).map_err(|_| gone())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the keeper thread is gone".into())
}

fn keep(jobs: &Receiver<Job>, give: &SyncSender<Done>) {
    let mut held: Option<Done> = None;
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Begin(conn) => held = Some((conn, Ok(()))),
            Job::Put(frame) => {
                if let Some((conn, so_far)) = &mut held
                    && so_far.is_ok()
                {
                    let put = catch_unwind(AssertUnwindSafe(|| put(conn, frame.as_bytes())));
                    *so_far = put.unwrap_or_else(|_| {
                        Err(StoreError::Unavailable("the keeper panicked".into()))
                    });
                }
            }
            Job::End => {
                let Some(done) = held.take() else { return };
                if give.send(done).is_err() {
                    return;
                }
            }
        }
    }
}

fn put(conn: &Connection, frame: &[u8]) -> Result<()> {
    rows::commands(frame).try_for_each(|rows| rows::apply(conn, rows?))
}
