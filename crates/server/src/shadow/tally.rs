//! What shadow mode found, in figures.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ringfence_core::gate::{ReasonCode, Verdict};
use ringfence_core::rules::RulePack;
use serde::Serialize;

use super::Made;
use crate::scrub::Verdicts;

/// 47 U.S.C. 227(b)(3)(B): $500 for each violation; up to three times that where it was wilful or knowing.
const USD_EACH: (u64, u64) = (500, 1500);

/// Reasons that speak of this installation and not of the call: a dialer that does not run on it has none of it.
const SET_UP: [ReasonCode; 7] = [
    ReasonCode::DisclosureMissing,
    ReasonCode::SellerUnknown,
    ReasonCode::SourceStale,
    ReasonCode::DncStale,
    ReasonCode::DncNotSubscribed,
    ReasonCode::Stopped,
    ReasonCode::CampaignAttempts,
];

/// What one pack would have said of all calls.
#[derive(Debug, Clone, Serialize)]
pub struct Tally {
    /// The pack's version.
    pub version: String,
    /// The pack's hash.
    pub sha256: String,
    /// Calls by verdict.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// Calls that would not have been placed at their time.
    pub stopped: u64,
    /// Those of them that were stopped by more than what this installation lacks (lists, recordings, sellers).
    pub beyond_set_up: u64,
    /// By rule, the most frequent first.
    pub rules: Vec<ByRule>,
    /// By state; `unknown` where none can be named.
    pub states: BTreeMap<String, ByState>,
    /// What might be claimed for the calls beyond set-up.
    pub exposure: Exposure,
}

/// Calls that one rule stops.
#[derive(Debug, Clone, Serialize)]
pub struct ByRule {
    /// The rule's id.
    pub rule: String,
    /// The reason's code.
    pub code: ReasonCode,
    /// Where the law says so, or `policy`.
    pub citation: String,
    /// Calls that it stops.
    pub calls: u64,
    /// Calls that nothing else stops.
    pub alone: u64,
}

/// Calls of one state.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct ByState {
    /// All of them.
    pub calls: u64,
    /// Those that would have been stopped.
    pub stopped: u64,
}

/// A range, and what it is not.
#[derive(Debug, Clone, Serialize)]
pub struct Exposure {
    /// Calls counted.
    pub calls: u64,
    /// At $500 each.
    pub low_usd: u64,
    /// At $1,500 each.
    pub high_usd: u64,
    /// Where the figures stand.
    pub citation: &'static str,
    /// What it is not.
    pub note: &'static str,
}

impl Exposure {
    fn of(calls: u64) -> Self {
        Self {
            calls,
            low_usd: calls.saturating_mul(USD_EACH.0),
            high_usd: calls.saturating_mul(USD_EACH.1),
            citation: "47 U.S.C. 227(b)(3)",
            note: "a statutory range for calls that break the law, if all of these did and all were claimed; neither a \
                   forecast nor legal advice, and no finding that any of them did",
        }
    }
}

impl Tally {
    /// Counts what `pack` said.
    pub fn of<'v>(pack: &RulePack, answers: impl Iterator<Item = &'v Verdicts>) -> Self {
        let mut verdicts = BTreeMap::new();
        let mut states: BTreeMap<String, ByState> = BTreeMap::new();
        let mut rules: BTreeMap<(&str, ReasonCode), (u64, u64)> = BTreeMap::new();
        let (mut stopped, mut beyond) = (0, 0);
        for answer in answers {
            *verdicts.entry(answer.verdict).or_insert(0) += 1;
            let state = answer
                .state
                .map_or_else(|| "unknown".to_owned(), |s| s.to_string());
            let state = states.entry(state).or_default();
            state.calls += 1;
            if answer.verdict == Verdict::Allow {
                continue;
            }
            state.stopped += 1;
            stopped += 1;
            beyond += u64::from(
                answer
                    .reasons
                    .iter()
                    .any(|(code, _)| !SET_UP.contains(code)),
            );
            let mut own: Vec<(&str, ReasonCode)> = answer
                .reasons
                .iter()
                .map(|(code, rule)| (*rule, *code))
                .collect();
            own.sort_unstable();
            own.dedup();
            for rule in &own {
                let entry = rules.entry(*rule).or_default();
                entry.0 += 1;
                entry.1 += u64::from(own.len() == 1);
            }
        }
        let mut rules: Vec<ByRule> = rules
            .into_iter()
            .map(|((rule, code), (calls, alone))| ByRule {
                rule: rule.to_owned(),
                code,
                citation: pack
                    .provenance
                    .get(rule)
                    .map(|p| p.citation.to_string())
                    .unwrap_or_default(),
                calls,
                alone,
            })
            .collect();
        rules.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.rule.cmp(&b.rule)));
        Self {
            version: pack.version.clone(),
            sha256: pack.sha256.clone(),
            verdicts,
            stopped,
            beyond_set_up: beyond,
            rules,
            states,
            exposure: Exposure::of(beyond),
        }
    }
}

/// A call that two packs judge differently.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The line of the file.
    pub line: u64,
    /// When it was made.
    pub at: Timestamp,
    /// What the first pack says.
    pub before: Verdict,
    /// The rules by which the first stops it.
    pub before_rules: Vec<&'static str>,
    /// What the second says.
    pub after: Verdict,
    /// The rules by which the second stops it.
    pub after_rules: Vec<&'static str>,
}

impl Difference {
    /// How the two differ about a call, if they do.
    pub fn between(call: &Made, before: &Verdicts, after: &Verdicts) -> Option<Self> {
        let rules = |answer: &Verdicts| -> Vec<&'static str> {
            answer.reasons.iter().map(|(_, rule)| *rule).collect()
        };
        let found = Self {
            line: call.line,
            at: call.at,
            before: before.verdict,
            before_rules: rules(before),
            after: after.verdict,
            after_rules: rules(after),
        };
        (before.verdict != after.verdict || found.before_rules != found.after_rules)
            .then_some(found)
    }
}
