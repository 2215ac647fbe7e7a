//! The pacer: one thread, twenty slots of 1 ms, each call in one slot. A task per call wakes up in bunches under load;
//! here no other work of the runtime can delay a frame.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use super::session::Session;

const SLOTS: usize = 20;
const SLOT: Duration = Duration::from_millis(1);
/// Sessions that wait to be taken up (invariant `bounded`).
const WAITING_MAX: usize = 256;
/// The nice value asked for, of -20 (first) to 19.
const PRIORITY: i32 = -15;
/// After a longer stall the missed slots are skipped instead of sent in a burst.
const CATCH_UP_MAX: Duration = Duration::from_millis(100);

/// Starts sessions on the pacer thread, which ends when this is dropped and its last session is over.
#[derive(Debug)]
pub(crate) struct Pacer {
    sessions: SyncSender<Session>,
}

impl Pacer {
    /// Starts the thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (sessions, incoming) = sync_channel(WAITING_MAX);
        std::thread::Builder::new()
            .name("pacer".into())
            .spawn(move || run(&incoming))?;
        Ok(Self { sessions })
    }

    /// Hands a session over; false when the pacer cannot take it.
    pub(crate) fn add(&self, session: Session) -> bool {
        match self.sessions.try_send(session) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

/// Asks for a place before other threads: a late frame is late for a person. Without the right to ask (a plain user),
/// it runs as everybody else, and the lateness is in the evidence.
fn come_first() {
    // On Linux a priority belongs to the thread that asks, not to its process.
    if let Err(error) = rustix::process::setpriority_process(None, PRIORITY) {
        tracing::debug!(%error, "the pacer runs at normal priority");
    }
}

fn run(incoming: &Receiver<Session>) {
    come_first();
    let mut slots: [Vec<Session>; SLOTS] = Default::default();
    // Parked while there is no call.
    while let Ok(first) = incoming.recv() {
        place(&mut slots, first);
        let mut due = Instant::now();
        let mut at = 0;
        while slots.iter().any(|slot| !slot.is_empty()) {
            while let Ok(session) = incoming.try_recv() {
                place(&mut slots, session);
            }
            if let Some(slot) = slots.get_mut(at) {
                slot.retain_mut(|session| session.tick(due));
            }
            at = (at + 1) % SLOTS;
            due += SLOT;
            let now = Instant::now();
            if let Some(wait) = due.checked_duration_since(now) {
                std::thread::sleep(wait);
            } else if now.duration_since(due) > CATCH_UP_MAX {
                due = now;
            }
        }
    }
}

/// Into the emptiest slot.
fn place(slots: &mut [Vec<Session>; SLOTS], session: Session) {
    if let Some(slot) = slots.iter_mut().min_by_key(|slot| slot.len()) {
        slot.push(session);
    }
}
