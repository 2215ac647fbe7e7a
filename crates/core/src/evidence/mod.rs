//! The event log: one hash chain, signed heads, verification.
