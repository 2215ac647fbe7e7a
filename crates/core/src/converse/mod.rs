//! What the callee says and presses, and whether it means "stop calling me".

/// The reading of an utterance: opt-out, not an opt-out, or ambiguous.
pub mod opt_out;
