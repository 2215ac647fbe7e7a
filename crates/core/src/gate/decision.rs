//! What the gate answers. Fixed words and those of a rule pack are borrowed for good, so that a decision makes none
//! of them anew; a decision that was read back owns them.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ReasonCode;

/// Words of a decision.
pub type Words = Cow<'static, str>;

/// May the call be placed?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Now.
    Allow,
    /// Only the clock stands in the way.
    Defer,
    /// No.
    Deny,
}

impl Verdict {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Defer => "defer",
            Self::Deny => "deny",
        }
    }
}

/// What one reason does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Time alone lifts it.
    Defer,
    /// Time alone does not.
    Deny,
}

impl Effect {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Defer => "defer",
            Self::Deny => "deny",
        }
    }
}

/// One rule that stands in the way, with its citation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The stable code.
    pub code: ReasonCode,
    /// Whether time alone lifts it.
    pub effect: Effect,
    /// The rule's id in the pack.
    pub rule: Words,
    /// Where the law says so, or `policy`.
    pub citation: Words,
    /// What was found, for a person to read; never the whole number.
    pub detail: Words,
}

/// How one check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// Nothing stands in the way.
    Pass,
    /// At least one reason.
    Fail,
    /// A rule would have stood in the way, but an exemption lifts it.
    Exempt,
    /// The rule does not bind such a call.
    NotApplicable,
}

impl CheckState {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Exempt => "exempt",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// One check that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check's name, that of its file.
    pub check: Words,
    /// How it ended.
    pub result: CheckState,
    /// The rule that was applied, if one was.
    pub rule: Option<Words>,
}

/// A rule that was lifted, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// What would have been the reason.
    pub code: ReasonCode,
    /// The rule that lifts it.
    pub rule: Words,
    /// Where the law says so.
    pub citation: Words,
    /// What it rests on, such as the consent's id.
    pub detail: Words,
}

/// Which pack decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackId {
    /// The pack's version, a date.
    pub version: Words,
    /// SHA-256 over its sources, hexadecimal.
    pub sha256: Words,
    /// The bundled time-zone database's version.
    pub tzdb: Words,
}

/// Where the callee may be; every one must allow the call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidates {
    /// `US`, then `US-NY` and so on, sorted.
    pub jurisdictions: Vec<Words>,
    /// IANA names, sorted.
    pub time_zones: Vec<Words>,
}

/// The gate's answer, whole: what is stored, hashed and replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// May the call be placed?
    pub verdict: Verdict,
    /// Every reason that denies or defers, not the first.
    pub reasons: Vec<Reason>,
    /// On `defer` only: the first second at which the clock rules all allow.
    pub next_allowed_at: Option<Timestamp>,
    /// The instant that was decided for.
    pub decided_at: Timestamp,
    /// Which pack decided.
    pub rule_pack: PackId,
    /// Where the callee may be.
    pub candidates: Candidates,
    /// Every check made, in order.
    pub checks: Vec<CheckResult>,
    /// What was lifted.
    pub exemptions: Vec<Exemption>,
}
