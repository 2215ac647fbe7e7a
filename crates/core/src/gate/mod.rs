//! The gate: `decide(&RulePack, &Facts, now) -> Decision`. Total, pure, deterministic; it evaluates every check and
//! never stops at the first. A denial is a value, not an error; missing, stale or unreadable facts deny
//! (invariant `unknown-denies`).

mod decision;
mod facts;
mod reason;

pub use decision::{
    Candidates, CheckResult, CheckState, Decision, Effect, Exemption, PackId, Reason, Verdict,
};
pub use facts::{
    Attempt, CallRequest, CampaignFacts, DisclosureFacts, EmergencyArea, Facts, Override, Policy,
    Relationship, RelationshipKind, SellerFacts, SourceFailure, Stop, Suppressions,
};
pub use reason::ReasonCode;
