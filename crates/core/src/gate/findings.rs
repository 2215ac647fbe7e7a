//! What the checks have found so far.

use std::borrow::Cow;

use super::check::{COUNT, NAMES};
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

/// The rule that each check applied, in order.
pub(super) type Applied = [Option<&'static str>; COUNT];

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
    /// The check that is being made has found something.
    found: bool,
    /// Reasons and exemptions when the last check ended.
    before: (usize, usize),
    /// A bit for each check that failed, by its place.
    failed: u32,
    /// A bit for each that an exemption lifted.
    lifted: u32,
}

const _: () = assert!(COUNT <= 32);

impl Findings {
    pub fn new(explain: bool) -> Self {
        Self {
            explain,
            reasons: Vec::new(),
            exemptions: Vec::new(),
            found: false,
            before: (0, 0),
            failed: 0,
            lifted: 0,
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
        &mut self,
        code: ReasonCode,
        effect: Effect,
        rule: &'static str,
        detail: impl Detail,
    ) -> Found {
        self.found = true;
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

    /// Notes how the check at this place ended, which applied this rule; the rule that a decision names for it.
    #[inline(always)]
    pub fn close(&mut self, place: u32, applied: Option<&'static str>) -> Option<&'static str> {
        if self.found {
            self.close_with_findings(place, applied)
        } else {
            applied
        }
    }

    #[cold]
    fn close_with_findings(
        &mut self,
        place: u32,
        applied: Option<&'static str>,
    ) -> Option<&'static str> {
        let failed = self.reasons.get(self.before.0).map(|reason| reason.rule);
        let lifted = self.exemptions.get(self.before.1).map(|lifted| lifted.rule);
        self.before = (self.reasons.len(), self.exemptions.len());
        self.found = false;
        if failed.is_some() {
            self.failed |= 1 << place;
        } else {
            self.lifted |= 1 << place;
        }
        failed.or(lifted).or(applied)
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
    pub fn checks(&self, applied: &Applied) -> Vec<CheckResult> {
        let state = |place: usize, rule: Option<&str>| match (self.failed >> place & 1, rule) {
            (1, _) => CheckState::Fail,
            _ if self.lifted >> place & 1 == 1 => CheckState::Exempt,
            (_, Some(_)) => CheckState::Pass,
            (_, None) => CheckState::NotApplicable,
        };
        NAMES
            .iter()
            .zip(applied)
            .enumerate()
            .map(|(place, (name, rule))| CheckResult {
                check: Cow::Borrowed(name),
                result: state(place, *rule),
                rule: rule.map(Cow::Borrowed),
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
