//! Rules that something lifts: counsel's recorded advice, where the pack says that advice may lift the rule; and, for
//! the caps of exempt calls, the callee's own consent. What is lifted is an exemption that the decision names.

use super::case::Case;
use super::facts::Override;
use crate::rules::{Cap, Provenance, Relaxation};

/// Counsel's advice that names this rule, on file and in force now.
#[inline]
pub(super) fn advice<'a>(case: &Case<'a>, rule: &str) -> Option<&'a Override> {
    let on_file = case.facts.overrides.iter();
    let mut in_force =
        on_file.filter(|o| o.from <= case.now && o.to.is_none_or(|to| case.now < to));
    in_force.find(|o| o.rule == rule)
}

/// How a decision names it.
pub(super) fn named(advice: &Override) -> String {
    format!("counsel override {}: {}", advice.id, advice.document)
}

/// Why this rule of the clock does not stand in the way, if advice lifts it. A rule that the pack does not lay open to
/// advice is lifted by none, whatever an override names.
#[inline]
pub(super) fn lifted(
    case: &Case<'_>,
    rule: &Provenance,
    relaxation: Option<Relaxation>,
) -> Option<String> {
    if case.facts.overrides.is_empty() {
        return None;
    }
    by_advice(case, rule, relaxation?)
}

#[cold]
fn by_advice(case: &Case<'_>, rule: &Provenance, relaxation: Relaxation) -> Option<String> {
    let advice = advice(case, rule.id)?;
    let named = named(advice);
    if !relaxation.needs_consent {
        return Some(format!("{named} ({})", relaxation.ground));
    }
    let consent = case.standing.record()?;
    Some(format!(
        "{named}; consent {} ({})",
        consent.id, relaxation.ground
    ))
}

/// As [`lifted`], for a cap; the caps of exempt calls are lifted by a standing consent alone.
pub(super) fn relaxed_cap(case: &Case<'_>, cap: &Cap) -> Option<String> {
    if cap.lifted_by_consent
        && let Some(consent) = case.standing.record()
    {
        return Some(format!("consent {} allows more calls", consent.id));
    }
    lifted(case, &cap.provenance, cap.relaxation)
}
