//! The pure heart of Ringfence. Nothing here reads a clock, the environment, a disk or a network
//! (invariant `pure-core`); `now` is always the last argument.
//!
//! The modules stand in the order of a call's life:
//!
//! lead -> consent -> gate -> dial -> disclose -> converse -> outcome -> evidence

/// Who is to be called: the number, the places they may be in, and the files leads arrive in.
pub mod lead;

/// On whose behalf: the named business, its caller IDs, registrations and subscriptions.
pub mod seller;

/// What the callee agreed to, in which words, and when it ended.
pub mod consent;

/// Who must not be called: national, state, internal lists, litigators, reassigned numbers.
pub mod suppression;

/// The law as dated data: packs, rules, places.
pub mod rules;

/// May this call be placed now? `decide(&RulePack, &Facts, now) -> Decision`.
pub mod gate;

/// Many leads, one plan: pacing, retries, the next instant to try.
pub mod campaign;

/// One origination: attempt, permit, caller ID.
pub mod dial;

/// One live call as a state machine over both legs.
pub mod call;

/// What must be said first, and the evidence that it was.
pub mod disclose;

/// What the callee says and presses, and whether it means "stop calling me".
pub mod converse;

/// How a call ended, in our words, and what follows from it.
pub mod outcome;

/// The event log: one hash chain, signed heads, verification.
pub mod evidence;

/// Prefixed, time-ordered ids.
pub mod id;

mod calendar;
