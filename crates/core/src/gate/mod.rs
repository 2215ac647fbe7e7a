//! The gate: `decide(&RulePack, &Facts, now) -> Decision`. Total, pure, deterministic; it evaluates every check and
//! never stops at the first. A denial is a value, not an error; missing, stale or unreadable facts deny
//! (invariant `unknown-denies`).

mod case;
mod check;
mod clock;
mod decision;
mod facts;
mod findings;
mod reason;
mod standing;

use jiff::Timestamp;

pub use decision::{
    Candidates, CheckResult, CheckState, Decision, Effect, Exemption, PackId, Reason, Verdict,
};
pub use facts::{
    Attempt, CallRequest, CampaignFacts, DisclosureFacts, EmergencyArea, Facts, Hold, Override,
    Policy, Relationship, RelationshipKind, SellerFacts, SourceFailure, Stop, Suppressions,
};
pub use reason::ReasonCode;

use crate::rules::RulePack;
use case::Case;
use findings::Findings;

/// Decides whether the call that `facts` describe may be placed at `now`.
///
/// The same pack, facts and instant give the same decision, byte for byte (invariant `replayable`).
#[must_use]
pub fn decide(pack: &RulePack, facts: &Facts, now: Timestamp) -> Decision {
    let case = Case::new(pack, facts, now);
    let mut findings = Findings::new(pack);
    for (name, check) in check::ALL {
        let before = (findings.reasons.len(), findings.exemptions.len());
        let applied = check(&case, &mut findings);
        findings.close(name, before, applied);
    }
    let mut verdict = findings.verdict();
    let next_allowed_at = match verdict {
        Verdict::Defer => clock::next_allowed_at(&case),
        Verdict::Allow | Verdict::Deny => None,
    };
    if verdict == Verdict::Defer && next_allowed_at.is_none() {
        // Nothing opens within the horizon: waiting would not help.
        verdict = Verdict::Deny;
    }
    Decision {
        verdict,
        reasons: findings.reasons,
        next_allowed_at,
        decided_at: now,
        rule_pack: PackId {
            version: pack.version.clone(),
            sha256: pack.sha256.clone(),
            tzdb: pack.places.tzdb_version().to_owned(),
        },
        candidates: case.candidates(),
        checks: findings.checks,
        exemptions: findings.exemptions,
    }
}
