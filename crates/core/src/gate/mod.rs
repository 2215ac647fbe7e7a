//! The gate: `decide(&RulePack, &Facts, now) -> Decision`. Total, pure, deterministic; it evaluates every check and
//! never stops at the first. A denial is a value, not an error; missing, stale or unreadable facts deny
//! (invariant `unknown-denies`).

mod case;
mod check;
mod clock;
mod decision;
mod facts;
mod few;
mod findings;
mod reason;
mod relaxed;
/// Made-up callees, for measuring.
pub mod sample;
mod standing;
mod text;
mod vintage;

use std::borrow::Cow;

use jiff::Timestamp;

pub use decision::{
    Candidates, CheckResult, CheckState, Decision, Effect, Exemption, PackId, Reason, Verdict,
    Words,
};
pub use facts::{
    Attempt, CallRequest, CampaignFacts, DisclosureFacts, EmergencyArea, Facts, Hold, Override,
    Policy, Relationship, RelationshipKind, SellerFacts, SourceFailure, Stop, Suppressions,
};
pub use reason::ReasonCode;
pub use vintage::CheckSet;

use crate::lead::StateCode;
use crate::rules::RulePack;
use case::Case;
use findings::Findings;

/// Decides whether the call that `facts` describe may be placed at `now`.
///
/// The same pack, facts and instant give the same decision, byte for byte (invariant `replayable`).
#[must_use]
pub fn decide(pack: &RulePack, facts: &Facts, now: Timestamp) -> Decision {
    decide_with(CheckSet::LATEST, pack, facts, now)
}

/// As [`decide`] of the build that made these checks: for replaying what it decided.
#[must_use]
pub fn decide_with(set: CheckSet, pack: &RulePack, facts: &Facts, now: Timestamp) -> Decision {
    let mut judgement = Judgement {
        case: Case::unplaced(pack, facts, now),
        findings: Findings::new(true),
    };
    judgement.case.place();
    let applied = check::all_of(set, &judgement.case, &mut judgement.findings);
    let next_allowed_at = judgement.next_allowed_at();
    let mut verdict = judgement.verdict();
    if verdict == Verdict::Defer && next_allowed_at.is_none() {
        // Nothing opens within the horizon: waiting would not help.
        verdict = Verdict::Deny;
    }
    let Judgement { case, mut findings } = judgement;
    let (version, sha256) = pack.names;
    Decision {
        verdict,
        next_allowed_at,
        decided_at: now,
        rule_pack: PackId {
            version: Cow::Borrowed(version),
            sha256: Cow::Borrowed(sha256),
            tzdb: Cow::Borrowed(pack.places.tzdb_version()),
        },
        candidates: case.candidates(),
        checks: findings.checks(set, &applied),
        reasons: findings.reasons_in_words(pack),
        exemptions: findings.exemptions_in_words(pack),
    }
}

/// What every rule says of one call, without the words: for counting, where [`decide`] is for keeping. Both run the
/// same checks.
pub struct Judgement<'a> {
    case: Case<'a>,
    findings: Findings,
}

/// Judges the call that `facts` describe at `now`: the verdict and the codes of [`decide`], without a record. The
/// judgement is large, so `then` reads it where it was made.
pub fn judge<'a, R>(
    pack: &'a RulePack,
    facts: &'a Facts,
    now: Timestamp,
    then: impl FnOnce(&Judgement<'a>) -> R,
) -> R {
    let mut judgement = Judgement {
        case: Case::unplaced(pack, facts, now),
        findings: Findings::new(false),
    };
    judgement.case.place();
    check::all(&judgement.case, &mut judgement.findings);
    then(&judgement)
}

impl Judgement<'_> {
    /// May the call be placed? A deferral that [`Judgement::next_allowed_at`] finds no end of is a denial.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings.verdict()
    }

    /// Every reason that denies or defers, as its code and the rule's id, in order.
    pub fn reasons(&self) -> impl Iterator<Item = (ReasonCode, &'static str)> {
        self.findings
            .reasons()
            .map(|found| (found.code, found.rule))
    }

    /// Every rule that was lifted, likewise.
    pub fn exemptions(&self) -> impl Iterator<Item = (ReasonCode, &'static str)> {
        self.findings
            .exemptions()
            .map(|found| (found.code, found.rule))
    }

    /// The states that the callee may be in, by code.
    pub fn states(&self) -> impl Iterator<Item = StateCode> {
        self.case.states().map(|state| state.law.code)
    }

    /// Where the callee may be.
    #[must_use]
    pub fn candidates(&self) -> Candidates {
        self.case.candidates()
    }

    /// On `defer` only: the first second at which the clock rules all allow, within 400 days.
    #[must_use]
    pub fn next_allowed_at(&self) -> Option<Timestamp> {
        match self.verdict() {
            Verdict::Defer => clock::next_allowed_at(&self.case),
            Verdict::Allow | Verdict::Deny => None,
        }
    }
}
