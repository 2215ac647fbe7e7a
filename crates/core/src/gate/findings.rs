//! What the checks have found so far.

use super::{CheckResult, CheckState, Decision, Effect, Exemption, Reason, ReasonCode, Verdict};
use crate::rules::RulePack;

/// Gathers reasons, exemptions and the list of checks.
pub(super) struct Findings<'a> {
    pack: &'a RulePack,
    pub reasons: Vec<Reason>,
    pub exemptions: Vec<Exemption>,
    pub checks: Vec<CheckResult>,
}

impl<'a> Findings<'a> {
    pub fn new(pack: &'a RulePack) -> Self {
        Self {
            pack,
            reasons: Vec::new(),
            exemptions: Vec::new(),
            checks: Vec::new(),
        }
    }

    /// A reason that time alone does not lift.
    pub fn deny(&mut self, code: ReasonCode, rule: &str, detail: impl Into<String>) {
        self.reason(code, Effect::Deny, rule, detail.into());
    }

    /// A reason that time alone lifts.
    pub fn defer(&mut self, code: ReasonCode, rule: &str, detail: impl Into<String>) {
        self.reason(code, Effect::Defer, rule, detail.into());
    }

    /// A reason that would have stood, and what lifts it.
    pub fn exempt(&mut self, code: ReasonCode, rule: &str, detail: impl Into<String>) {
        let citation = self.citation(rule);
        self.exemptions.push(Exemption {
            code,
            rule: rule.to_owned(),
            citation,
            detail: detail.into(),
        });
    }

    fn reason(&mut self, code: ReasonCode, effect: Effect, rule: &str, detail: String) {
        let citation = self.citation(rule);
        self.reasons.push(Reason {
            code,
            effect,
            rule: rule.to_owned(),
            citation,
            detail,
        });
    }

    fn citation(&self, rule: &str) -> String {
        self.pack
            .provenance
            .get(rule)
            .map(|p| p.citation.clone())
            .unwrap_or_default()
    }

    /// Notes how the check called `name` ended; `before` is how many reasons and exemptions stood before it.
    pub fn close(&mut self, name: &str, before: (usize, usize), applied: Option<String>) {
        let failed = self.reasons.get(before.0).map(|reason| reason.rule.clone());
        let lifted = self
            .exemptions
            .get(before.1)
            .map(|exemption| exemption.rule.clone());
        let (result, rule) = match (failed, lifted, applied) {
            (Some(rule), _, _) => (CheckState::Fail, Some(rule)),
            (None, Some(rule), _) => (CheckState::Exempt, Some(rule)),
            (None, None, Some(rule)) => (CheckState::Pass, Some(rule)),
            (None, None, None) => (CheckState::NotApplicable, None),
        };
        self.checks.push(CheckResult {
            check: name.to_owned(),
            result,
            rule,
        });
    }

    pub fn verdict(&self) -> Verdict {
        if self.reasons.is_empty() {
            Verdict::Allow
        } else if self
            .reasons
            .iter()
            .all(|reason| reason.effect == Effect::Defer)
        {
            Verdict::Defer
        } else {
            Verdict::Deny
        }
    }
}

impl Decision {
    /// The codes of every reason, in order.
    pub fn codes(&self) -> impl Iterator<Item = ReasonCode> + '_ {
        self.reasons.iter().map(|reason| reason.code)
    }
}
