//! What the checks have found so far.

use std::borrow::Cow;

use super::check::{COUNT, NAMES, SINCE};
use super::few::Few;
use super::vintage::CheckSet;
use super::{
    CheckResult, CheckState, Decision, Effect, Exemption, Reason, ReasonCode, Verdict, Words,
};
use crate::rules::RulePack;

/// A reason or an exemption, before its citation and its words are looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub code: ReasonCode,
    pub effect: Effect,
    pub rule: &'static str,
}

/// As many as most calls have, in place.
type FewFound = Few<Option<Found>, 4>;

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
    reasons: FewFound,
    exemptions: FewFound,
    /// The words about each of them, in order, if they are asked for.
    details: Details,
    /// The check that is being made has found something.
    found: bool,
    /// Reasons and exemptions when the last check ended.
    before: (usize, usize),
    /// A bit for each check that failed, by its place.
    failed: u32,
    /// A bit for each that an exemption lifted.
    lifted: u32,
}

/// What was found, in words.
#[derive(Debug, Default)]
struct Details {
    reasons: Vec<Words>,
    exemptions: Vec<Words>,
}

const _: () = assert!(COUNT <= 32);

impl Findings {
    #[inline(always)]
    pub fn new(explain: bool) -> Self {
        Self {
            explain,
            reasons: Few::new(),
            exemptions: Few::new(),
            details: Details::default(),
            found: false,
            before: (0, 0),
            failed: 0,
            lifted: 0,
        }
    }

    /// A reason that time alone does not lift.
    pub fn deny(&mut self, code: ReasonCode, rule: &'static str, detail: impl Detail) {
        self.reason(code, Effect::Deny, rule, detail);
    }

    /// A reason that time alone lifts.
    pub fn defer(&mut self, code: ReasonCode, rule: &'static str, detail: impl Detail) {
        self.reason(code, Effect::Defer, rule, detail);
    }

    fn reason(
        &mut self,
        code: ReasonCode,
        effect: Effect,
        rule: &'static str,
        detail: impl Detail,
    ) {
        self.found = true;
        self.reasons.push(Some(Found { code, effect, rule }));
        if self.explain {
            self.details.reasons.push(detail.words());
        }
    }

    /// A reason that would have stood, and what lifts it.
    pub fn exempt(&mut self, code: ReasonCode, rule: &'static str, detail: impl Detail) {
        self.found = true;
        let effect = Effect::Deny;
        self.exemptions.push(Some(Found { code, effect, rule }));
        if self.explain {
            self.details.exemptions.push(detail.words());
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
        let rule = |found: Option<Found>| found.map(|found| found.rule);
        let failed = rule(self.reasons().nth(self.before.0));
        let lifted = rule(self.exemptions().nth(self.before.1));
        self.before = (self.reasons().count(), self.exemptions().count());
        self.found = false;
        if failed.is_some() {
            self.failed |= 1 << place;
        } else {
            self.lifted |= 1 << place;
        }
        failed.or(lifted).or(applied)
    }

    /// Every reason, in order.
    #[inline]
    pub fn reasons(&self) -> impl Iterator<Item = Found> {
        self.reasons.iter().flatten()
    }

    /// Every exemption, in order.
    #[inline]
    pub fn exemptions(&self) -> impl Iterator<Item = Found> {
        self.exemptions.iter().flatten()
    }

    #[inline]
    pub fn verdict(&self) -> Verdict {
        // In their order, the greatest effect is the verdict.
        let effects = self.reasons().map(|reason| match reason.effect {
            Effect::Defer => Verdict::Defer,
            Effect::Deny => Verdict::Deny,
        });
        effects.max().unwrap_or(Verdict::Allow)
    }

    /// Every check made, in order.
    pub fn checks(&self, set: CheckSet, applied: &Applied) -> Vec<CheckResult> {
        let state = |place: usize, rule: Option<&str>| match (self.failed >> place & 1, rule) {
            (1, _) => CheckState::Fail,
            _ if self.lifted >> place & 1 == 1 => CheckState::Exempt,
            (_, Some(_)) => CheckState::Pass,
            (_, None) => CheckState::NotApplicable,
        };
        let mut made = Vec::with_capacity(COUNT);
        for (place, ((name, since), rule)) in NAMES.iter().zip(SINCE).zip(applied).enumerate() {
            if set.has(*since) {
                made.push(CheckResult {
                    check: Cow::Borrowed(name),
                    result: state(place, *rule),
                    rule: rule.map(Cow::Borrowed),
                });
            }
        }
        made
    }
}

impl Findings {
    /// Every reason with its words, in order.
    pub fn reasons_in_words(&mut self, pack: &RulePack) -> Vec<Reason> {
        let details = std::mem::take(&mut self.details.reasons);
        let found = self.reasons().zip(details);
        found
            .map(|(found, detail)| Reason {
                code: found.code,
                effect: found.effect,
                rule: Cow::Borrowed(found.rule),
                citation: Cow::Borrowed(citation(pack, found.rule)),
                detail,
            })
            .collect()
    }

    /// Every exemption, likewise.
    pub fn exemptions_in_words(&mut self, pack: &RulePack) -> Vec<Exemption> {
        let details = std::mem::take(&mut self.details.exemptions);
        let found = self.exemptions().zip(details);
        found
            .map(|(found, detail)| Exemption {
                code: found.code,
                rule: Cow::Borrowed(found.rule),
                citation: Cow::Borrowed(citation(pack, found.rule)),
                detail,
            })
            .collect()
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
