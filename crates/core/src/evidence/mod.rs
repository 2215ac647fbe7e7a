//! The event log: every stage writes its event, each event carries the hash of the one before, and the newest hash
//! is signed. Pure: the store keeps the rows and the key, this module says what they must be.

mod canonical;
mod chain;
mod event;
mod head;
mod instant;
mod object;

pub use canonical::canonical_json;
pub(crate) use canonical::write_text;
pub use chain::{ChainFault, ChainWalk, FaultKind, GENESIS, Link, hex, sha256_hex};
pub use event::{About, ClockKind, Event, EventDraft, Subject};
pub use head::{HeadSigner, SignedHead, public_key, unhex};
pub(crate) use instant::write_instant;
pub use object::CanonicalObject;
pub(crate) use object::write_number;

#[cfg(test)]
pub(crate) mod dice;
#[cfg(test)]
mod tests;
