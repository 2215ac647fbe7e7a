//! Decisions as text, and what the log's entry says of one.

use std::borrow::Cow;
use std::cell::RefCell;

use super::super::{
    Candidates, CheckResult, CheckState, Decision, Exemption, PackId, Reason, ReasonCode,
};
use super::{Written, field, object};
use crate::consent::Purpose;
use crate::evidence::CanonicalObject;

object!(Reason {
    code,
    effect,
    rule,
    citation,
    detail
});
object!(PackId {
    version,
    sha256,
    tzdb
});
object!(Candidates {
    jurisdictions,
    time_zones
});
object!(CheckResult {
    check,
    result,
    rule
});
object!(Exemption {
    code,
    rule,
    citation,
    detail
});

/// How a check ended, in words that stand for good.
#[derive(Clone, Copy)]
struct Ended {
    check: &'static str,
    result: CheckState,
    rule: Option<&'static str>,
}

impl Ended {
    /// None for a check that was read back, whose words are its own.
    fn of(made: &CheckResult) -> Option<Self> {
        let CheckResult {
            check: Cow::Borrowed(check),
            result,
            rule,
        } = made
        else {
            return None;
        };
        let rule = match rule {
            None => None,
            Some(Cow::Borrowed(rule)) => Some(*rule),
            Some(Cow::Owned(_)) => return None,
        };
        Some(Self {
            check,
            result: *result,
            rule,
        })
    }

    /// Whether both are the very same words: where they stand is enough to know, and sooner known than what they say.
    fn is(self, other: Self) -> bool {
        let same_rule = match (self.rule, other.rule) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            (None, None) => true,
            _ => false,
        };
        same_rule && self.result == other.result && std::ptr::eq(self.check, other.check)
    }
}

/// How each check ended in the last decision, and its text: most end in the same way in the next.
struct LastChecks(Vec<(Ended, String)>);

/// More checks than any build makes.
const CHECKS_MAX: usize = 64;

impl LastChecks {
    fn write(&mut self, checks: &[CheckResult], out: &mut String) {
        out.push('[');
        for (place, made) in checks.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            match (Ended::of(made), self.0.get_mut(place)) {
                (Some(ended), Some((last, text))) => {
                    if !ended.is(*last) {
                        *last = ended;
                        text.clear();
                        made.write(text);
                    }
                    out.push_str(text);
                }
                (ended, _) => {
                    let begun = out.len();
                    made.write(out);
                    if let Some(ended) = ended.filter(|_| place < CHECKS_MAX) {
                        let text = out.get(begun..).unwrap_or_default();
                        self.0.push((ended, text.to_owned()));
                    }
                }
            }
        }
        out.push(']');
    }
}

thread_local! {
    static CHECKS: RefCell<LastChecks> = const { RefCell::new(LastChecks(Vec::new())) };
}

impl Decision {
    /// The decision as JSON: the bytes that `serde_json::to_string` gives, in less time.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self {
            verdict,
            reasons,
            next_allowed_at,
            decided_at,
            rule_pack,
            candidates,
            checks,
            exemptions,
        } = self;
        let mut text = String::with_capacity(4 << 10);
        let out = &mut text;
        field(out, "{\"verdict\":", verdict);
        field(out, ",\"reasons\":", reasons);
        field(out, ",\"next_allowed_at\":", next_allowed_at);
        field(out, ",\"decided_at\":", decided_at);
        field(out, ",\"rule_pack\":", rule_pack);
        field(out, ",\"candidates\":", candidates);
        out.push_str(",\"checks\":");
        CHECKS.with_borrow_mut(|last| last.write(checks, out));
        field(out, ",\"exemptions\":", exemptions);
        out.push('}');
        text
    }

    /// What the log's entry `gate.decided` says of this decision about a call with this purpose, canonical; the hashes are
    /// those of the recorded texts, hexadecimal, and tie them to the chain.
    #[must_use]
    pub fn entry_data(
        &self,
        purpose: Purpose,
        facts_sha256: &str,
        decision_sha256: &str,
    ) -> String {
        let PackId {
            version,
            sha256,
            tzdb,
        } = &self.rule_pack;
        // Room for a dozen reasons.
        CanonicalObject::with_capacity(768)
            .instant("decided_at", self.decided_at)
            .text("decision_sha256", decision_sha256)
            .text("facts_sha256", facts_sha256)
            .instant_or_null("next_allowed_at", self.next_allowed_at)
            .text("purpose", purpose.as_str())
            .texts("reasons", self.codes().map(ReasonCode::as_str))
            .object("rule_pack", |pack| {
                pack.text("sha256", sha256)
                    .text("tzdb", tzdb)
                    .text("version", version)
            })
            .text("verdict", self.verdict.as_str())
            .finish()
    }
}
