//! What the callee says and presses, and whether it means "stop calling me".

mod listen;
mod reply;

pub use listen::{Hearing, Listener, STABLE_MS};
pub use reply::is_reply_word;

/// The reading of an utterance: opt-out, not an opt-out, or ambiguous.
pub mod opt_out;
