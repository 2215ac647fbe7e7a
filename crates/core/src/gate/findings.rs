//! What the checks have found so far.

use std::borrow::Cow;

use super::check::COUNT;
use super::{CheckResult, CheckState, Decision, Effect, Exemption, Reason, ReasonCode, Verdict};
use crate::rules::RulePack;

/// A reason or an exemption, before its citation is looked up.
#[derive(Debug)]
pub(super) struct Found {
    pub code: ReasonCode,
    pub effect: Effect,
    pub rule: &'static str,
    detail: Cow<'static, str>,
}

/// How one check ended, and the rule that was applied.
#[derive(Debug, Clone, Copy)]
struct Ended {
    result: CheckState,
    rule: Option<&'static str>,
}

/// Words about a finding: fixed ones, or made only if somebody will read them.
pub(super) trait Detail {
    fn words(self) -> Cow<'static, str>;
}

impl Detail for &'static str {
    fn words(self) -> Cow<'static, str> {
        Cow::Borrowed(self)
    }
}

impl<F: FnOnce() -> String> Detail for F {
    fn words(self) -> Cow<'static, str> {
        Cow::Owned(self())
    }
}

/// Gathers reasons, exemptions and how each check ended.
#[derive(Debug)]
pub(super) struct Findings {
    /// Whether details are put into words.
    explain: bool,
    pub reasons: Vec<Found>,
    pub exemptions: Vec<Found>,
    checks: [Ended; COUNT],
    closed: usize,
    before: (usize, usize),
}

impl Findings {
    pub fn new(explain: bool) -> Self {
        Self {
            explain,
            reasons: Vec::new(),
            exemptions: Vec::new(),
            checks: [Ended {
                result: CheckState::NotApplicable,
                rule: None,
            }; COUNT],
            closed: 0,
            before: (0, 0),
        }
    }

    /// A reason that time alone does not lift.
    pub fn deny(&mut self, code: ReasonCode, rule: &'static str, detail: impl Detail) {
        let found = self.found(code, Effect::Deny, rule, detail);
        self.reasons.push(found);
    }

    /// A reason that time alone lifts.
    pub fn defer(&mut self, code: ReasonCode, rule: &'static str, detail: impl Detail) {
        let found = self.found(code, Effect::Defer, rule, detail);
        self.reasons.push(found);
    }

    /// A reason that would have stood, and what lifts it.
    pub fn exempt(&mut self, code: ReasonCode, rule: &'static str, detail: impl Detail) {
        let found = self.found(code, Effect::Deny, rule, detail);
        self.exemptions.push(found);
    }

    #[inline]
    fn found(
        &self,
        code: ReasonCode,
        effect: Effect,
        rule: &'static str,
        detail: impl Detail,
    ) -> Found {
        let detail = if self.explain {
            detail.words()
        } else {
            Cow::Borrowed("")
        };
        Found {
            code,
            effect,
            rule,
            detail,
        }
    }

    /// Notes how the next check ended; `applied` is the rule that it applied.
    #[inline]
    pub fn close(&mut self, applied: Option<&'static str>) {
        let failed = self.reasons.get(self.before.0).map(|reason| reason.rule);
        let lifted = self.exemptions.get(self.before.1).map(|lifted| lifted.rule);
        let (result, rule) = match (failed, lifted, applied) {
            (Some(rule), _, _) => (CheckState::Fail, Some(rule)),
            (None, Some(rule), _) => (CheckState::Exempt, Some(rule)),
            (None, None, Some(rule)) => (CheckState::Pass, Some(rule)),
            (None, None, None) => (CheckState::NotApplicable, None),
        };
        if let Some(slot) = self.checks.get_mut(self.closed) {
            *slot = Ended { result, rule };
        }
        self.closed += 1;
        self.before = (self.reasons.len(), self.exemptions.len());
    }

    pub fn verdict(&self) -> Verdict {
        let effects = || self.reasons.iter().map(|reason| reason.effect);
        if self.reasons.is_empty() {
            Verdict::Allow
        } else if effects().all(|effect| effect == Effect::Defer) {
            Verdict::Defer
        } else {
            Verdict::Deny
        }
    }

    /// Every check made, in order.
    pub fn checks(&self, names: &[&'static str]) -> Vec<CheckResult> {
        names
            .iter()
            .zip(&self.checks)
            .map(|(name, ended)| CheckResult {
                check: Cow::Borrowed(name),
                result: ended.result,
                rule: ended.rule.map(Cow::Borrowed),
            })
            .collect()
    }
}

impl Found {
    pub fn reason(self, pack: &RulePack) -> Reason {
        Reason {
            code: self.code,
            effect: self.effect,
            rule: Cow::Borrowed(self.rule),
            citation: Cow::Borrowed(citation(pack, self.rule)),
            detail: self.detail,
        }
    }

    pub fn exemption(self, pack: &RulePack) -> Exemption {
        Exemption {
            code: self.code,
            rule: Cow::Borrowed(self.rule),
            citation: Cow::Borrowed(citation(pack, self.rule)),
            detail: self.detail,
        }
    }
}

fn citation(pack: &RulePack, rule: &str) -> &'static str {
    pack.provenance.get(rule).map_or("", |known| known.citation)
}

impl Decision {
    /// The codes of every reason, in order.
    pub fn codes(&self) -> impl Iterator<Item = ReasonCode> + '_ {
        self.reasons.iter().map(|reason| reason.code)
    }
}
