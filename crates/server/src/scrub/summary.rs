//! A scrub in figures: by verdict, reason, state, and the hour at which a call may begin.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use ringfence_core::gate::{ReasonCode, Verdict};
use serde::Serialize;

use super::Scrubbed;

/// The most different instants that `later` tells one by one; the rest are counted together.
const LATER_MAX: usize = 500;

/// A scrub in figures. A number counts once under each of its reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many numbers.
    pub numbers: u64,
    /// By verdict, those that there are.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// By reason.
    pub reasons: BTreeMap<ReasonCode, u64>,
    /// By state; `unknown` where none can be named.
    pub states: BTreeMap<String, Split>,
    /// By the callee's own day and hour at which a call may begin.
    pub hours: Vec<Hour>,
    /// Those that are deferred, by their first allowed instant.
    pub later: Vec<Later>,
    /// Deferred beyond what `later` tells.
    pub later_still: u64,
}

/// Numbers by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Split {
    /// May be called at once.
    pub allow: u64,
    /// May be called later.
    pub defer: u64,
    /// Must not be called.
    pub deny: u64,
}

/// Numbers that may be called from one hour on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hour {
    /// The callee's date.
    pub date: Date,
    /// The callee's hour, 0 to 23.
    pub hour: i8,
    /// How many.
    pub numbers: u64,
}

/// Numbers that may be called from one instant on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Later {
    /// From when.
    pub next_allowed_at: Timestamp,
    /// How many.
    pub numbers: u64,
}

impl Split {
    fn add(&mut self, verdict: Verdict, count: u64) {
        *match verdict {
            Verdict::Allow => &mut self.allow,
            Verdict::Defer => &mut self.defer,
            Verdict::Deny => &mut self.deny,
        } += count;
    }
}

impl Summary {
    /// How many numbers got this verdict.
    pub fn count(&self, verdict: Verdict) -> u64 {
        self.verdicts.get(&verdict).copied().unwrap_or_default()
    }
}

impl From<&Scrubbed> for Summary {
    fn from(scrubbed: &Scrubbed) -> Self {
        let mut summary = Self::default();
        let (mut hours, mut later) = (BTreeMap::new(), BTreeMap::new());
        for (answer, count) in scrubbed.answers.iter().zip(&scrubbed.counts) {
            let count = *count;
            summary.numbers += count;
            *summary.verdicts.entry(answer.verdict).or_default() += count;
            for code in answer.codes() {
                *summary.reasons.entry(code).or_default() += count;
            }
            let state = answer
                .state
                .map_or_else(|| "unknown".to_owned(), |s| s.to_string());
            summary
                .states
                .entry(state)
                .or_default()
                .add(answer.verdict, count);
            if let Some(hour) = answer.hour {
                *hours.entry(hour).or_insert(0) += count;
            }
            if let Some(at) = answer.next_allowed_at {
                *later.entry(at).or_insert(0) += count;
            }
        }
        summary.hours = hours
            .into_iter()
            .map(|((date, hour), numbers)| Hour {
                date,
                hour,
                numbers,
            })
            .collect();
        let mut later = later.into_iter().map(|(next_allowed_at, numbers)| Later {
            next_allowed_at,
            numbers,
        });
        summary.later = later.by_ref().take(LATER_MAX).collect();
        summary.later_still = later.map(|one| one.numbers).sum();
        summary
    }
}
