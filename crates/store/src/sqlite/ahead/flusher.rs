//! The thread that makes frames durable and answers, while the writer works on the next ones.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::file::AheadFile;
use crate::{Result, StoreError};

/// Tells a caller how its command ended.
pub(in super::super) type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// Commands that wait for a flush; the writer waits with more (invariant `bounded`).
const WAITING_MAX: usize = 1024;

pub(super) struct Flusher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    desk: Mutex<Desk>,
    /// Something waits, or it is over.
    wake: Condvar,
    /// A flush has ended.
    ended: Condvar,
}

#[derive(Default)]
struct Desk {
    /// Each command's rows, with their length before them.
    contents: Vec<u8>,
    answers: Vec<Answer>,
    flushing: bool,
    anew: bool,
    full: bool,
    over: bool,
    /// Whether nothing in the file is needed once it is over.
    clear: bool,
    /// What a flush failed with: after that nobody knows what the disk holds, and nothing is flushed any more.
    failed: Option<StoreError>,
}

impl Flusher {
    pub(super) fn start(file: AheadFile) -> Result<Self> {
        let shared = Arc::new(Shared {
            desk: Mutex::default(),
            wake: Condvar::new(),
            ended: Condvar::new(),
        });
        let with = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("store-flusher".into())
            .spawn(move || with.run(file))
            .map_err(|e| StoreError::Unavailable(format!("no flusher thread: {e}")))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Hands a command's rows over; `answer` is called when they are durable, or cannot be.
    pub(super) fn push(&self, rows: &[u8], answer: Answer) {
        let mut desk = self.shared.lock();
        while desk.answers.len() >= WAITING_MAX {
            desk = wait(&self.shared.ended, desk);
        }
        let length = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        desk.contents.extend_from_slice(&length.to_le_bytes());
        desk.contents.extend_from_slice(rows);
        desk.answers.push(answer);
        let idle = !desk.flushing;
        drop(desk);
        if idle {
            self.shared.wake.notify_one();
        }
    }

    /// Waits until everything that was handed over is durable.
    ///
    /// # Errors
    /// What a flush failed with, now or before.
    pub(super) fn drain(&self) -> Result<()> {
        let mut desk = self.shared.lock();
        while desk.flushing || !desk.answers.is_empty() {
            desk = wait(&self.shared.ended, desk);
        }
        desk.failed.clone().map_or(Ok(()), Err)
    }

    /// Whether the file should begin anew.
    pub(super) fn is_full(&self) -> bool {
        self.shared.lock().full
    }

    /// Has the file emptied when this is dropped: everything in it is durable in the database.
    pub(super) fn clear_at_end(&self) {
        self.shared.lock().clear = true;
    }

    /// Has the file begin anew with the next flush.
    pub(super) fn begin_anew(&self) {
        let mut desk = self.shared.lock();
        desk.anew = true;
        desk.full = false;
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut file: AheadFile) {
        let mut contents = Vec::new();
        let mut answers = Vec::new();
        loop {
            let mut desk = self.lock();
            while desk.answers.is_empty() && !desk.over {
                desk = wait(&self.wake, desk);
            }
            if desk.answers.is_empty() {
                if desk.clear && desk.failed.is_none() {
                    file.clear();
                }
                return;
            }
            contents.clear();
            std::mem::swap(&mut contents, &mut desk.contents);
            std::mem::swap(&mut answers, &mut desk.answers);
            desk.flushing = true;
            if std::mem::take(&mut desk.anew) {
                file.begin_anew();
            }
            let failed = desk.failed.clone();
            drop(desk);
            // INVARIANT (record-first): nobody is answered before the flush.
            let flushed = failed.map_or_else(|| file.append(&contents), Err);
            for answer in answers.drain(..) {
                answer(flushed.clone());
            }
            let mut desk = self.lock();
            desk.flushing = false;
            desk.full |= file.is_full();
            if let Err(error) = flushed {
                desk.failed = Some(error);
            }
            drop(desk);
            self.ended.notify_all();
        }
    }
}

fn wait<'d>(condition: &Condvar, desk: MutexGuard<'d, Desk>) -> MutexGuard<'d, Desk> {
    condition.wait(desk).unwrap_or_else(PoisonError::into_inner)
}
