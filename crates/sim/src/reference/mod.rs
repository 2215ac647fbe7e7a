//! The reference gate: the same question as `decide`, answered a second time, slowly and plainly, from the citations,
//! the pack's data and the contract. It shares no line with the gate; where the two differ, one of them is wrong.
//!
//! It gives the verdict, the reason codes and the next allowed instant. Where the contract leaves a code open (an
//! unknown seller has no caller ID either), the code is permitted and not required.

mod calendar;
mod clock;
mod consent;
mod holidays;
mod lists;
mod number;
mod place;
mod seller;

use std::collections::BTreeSet;

use jiff::Timestamp;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{Decision, Facts, ReasonCode, Verdict};
use ringfence_core::rules::RulePack;

pub use holidays::{falls_on, is_known};
use place::Whereabouts;

/// Reason codes, as a set.
pub type Codes = BTreeSet<ReasonCode>;

/// What the reference says of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// May the call be placed?
    pub verdict: Verdict,
    /// Codes that must be among the reasons.
    pub required: Codes,
    /// Codes that may be among them; the required ones are not repeated here.
    pub permitted: Codes,
    /// At least one of these sets must be among the reasons: the consents that come closest.
    pub one_of: Vec<Codes>,
    /// On `defer` only.
    pub next_allowed_at: Option<Timestamp>,
}

/// Everything that the parts of the reference look at.
pub(crate) struct Question<'a> {
    pub pack: &'a RulePack,
    pub facts: &'a Facts,
    pub now: Timestamp,
    pub places: Whereabouts,
}

impl Question<'_> {
    pub fn is(&self, purpose: Purpose) -> bool {
        self.facts.request.purpose == purpose
    }
}

/// The codes that time alone lifts (API 2, `defer`).
pub(crate) const CLOCK: [ReasonCode; 4] = [
    ReasonCode::CallingHours,
    ReasonCode::Holiday,
    ReasonCode::Sunday,
    ReasonCode::FrequencyCap,
];

/// Decides anew whether the call that `facts` describe may be placed at `now`.
#[must_use]
pub fn judge(pack: &RulePack, facts: &Facts, now: Timestamp) -> Answer {
    let question = Question {
        pack,
        facts,
        now,
        places: place::whereabouts(pack, &facts.request),
    };
    let mut answer = Answer {
        verdict: Verdict::Allow,
        required: Codes::new(),
        permitted: Codes::new(),
        one_of: Vec::new(),
        next_allowed_at: None,
    };
    number::judge(&question, &mut answer);
    seller::judge(&question, &mut answer);
    consent::judge(&question, &mut answer);
    lists::judge(&question, &mut answer);
    place::judge(&question, &mut answer);
    clock::judge(&question, &mut answer);
    // A button that is pressed answers every question with no, whatever its `at`.
    if !facts.stops.is_empty() {
        answer.required.insert(ReasonCode::Stopped);
    }
    if consent::held(&question) {
        answer.required.insert(ReasonCode::Held);
    }
    if !facts.failures.is_empty() {
        answer.required.insert(ReasonCode::SourceStale);
    }
    let used_up =
        |limits: &ringfence_core::gate::CampaignFacts| limits.attempts >= limits.attempts_max;
    if facts.campaign.as_ref().is_some_and(used_up) {
        answer.required.insert(ReasonCode::CampaignAttempts);
    }
    let denies =
        !answer.one_of.is_empty() || answer.required.iter().any(|code| !CLOCK.contains(code));
    if denies {
        answer.verdict = Verdict::Deny;
    } else if !answer.required.is_empty() {
        answer.next_allowed_at = clock::next_allowed_at(&question);
        // Nothing opens within 400 days: waiting would not help.
        answer.verdict = match answer.next_allowed_at {
            Some(_) => Verdict::Defer,
            None => Verdict::Deny,
        };
    }
    answer
}

impl Answer {
    /// How the gate's decision differs from this answer; none where they agree.
    #[must_use]
    pub fn difference(&self, decision: &Decision) -> Option<String> {
        let found: Codes = decision.reasons.iter().map(|reason| reason.code).collect();
        if decision.verdict != self.verdict {
            return Some(format!(
                "verdict: the gate says {:?} for {found:?}, the reference {:?} for {:?} and one of {:?}",
                decision.verdict, self.verdict, self.required, self.one_of
            ));
        }
        if decision.next_allowed_at != self.next_allowed_at {
            return Some(format!(
                "next_allowed_at: the gate says {:?}, the reference {:?}",
                decision.next_allowed_at, self.next_allowed_at
            ));
        }
        if let Some(missing) = self.required.difference(&found).next() {
            return Some(format!("the gate lacks {missing}; it has {found:?}"));
        }
        if !self.one_of.is_empty() && !self.one_of.iter().any(|codes| codes.is_subset(&found)) {
            return Some(format!(
                "the gate has none of {:?} whole; it has {found:?}",
                self.one_of
            ));
        }
        let known = |code: &&ReasonCode| {
            self.required.contains(*code)
                || self.permitted.contains(*code)
                || self.one_of.iter().any(|codes| codes.contains(*code))
        };
        let strange = found.iter().find(|code| !known(code))?;
        Some(format!(
            "the gate adds {strange}; the reference has {:?} and one of {:?}",
            self.required, self.one_of
        ))
    }
}
