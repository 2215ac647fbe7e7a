//! The event log: every stage writes its event, each event carries the hash of the one before, and the newest hash
//! is signed. Pure: the store keeps the rows and the key, this module says what they must be.

mod event;
mod head;

pub use event::{ClockKind, Event, EventDraft, Subject};
pub use head::SignedHead;
