//! Facts and decisions as the text that is kept and hashed. Much of the facts is the lists in force, word for word the same
//! for call after call: their text is remembered, and comparing them is a fraction of writing them.

use std::cell::RefCell;

use serde::Serialize;

use super::{CheckResult, CheckState, Decision, Facts, PackId, ReasonCode, Suppressions};
use crate::consent::Purpose;
use crate::evidence::{CanonicalObject, write_text};
use crate::suppression::ListAnswer;

/// What was written last, and its text.
struct Last<T> {
    value: Option<T>,
    text: Vec<u8>,
}

impl<T: Clone + PartialEq + Serialize> Last<T> {
    const fn new() -> Self {
        Self {
            value: None,
            text: Vec::new(),
        }
    }

    fn write(&mut self, value: &T, out: &mut Vec<u8>) -> serde_json::Result<()> {
        if self.value.as_ref() != Some(value) {
            self.value = None;
            self.text.clear();
            serde_json::to_writer(&mut self.text, value)?;
            self.value = Some(value.clone());
        }
        out.extend_from_slice(&self.text);
        Ok(())
    }
}

thread_local! {
    static STATES: RefCell<Last<Vec<ListAnswer>>> = const { RefCell::new(Last::new()) };
}

impl Facts {
    /// The facts as they are recorded and hashed: JSON as `serde_json` writes it, but for the seller's part, most of it and
    /// seldom changed, in whose place stands the SHA-256 of its own JSON; `null` where no seller is known.
    ///
    /// # Errors
    /// Those of `serde_json`.
    pub fn recorded_json(&self, seller_sha256: Option<&str>) -> serde_json::Result<String> {
        let mut out = Vec::with_capacity(4 << 10);
        self.write(seller_sha256, &mut out)?;
        String::from_utf8(out).map_err(serde::ser::Error::custom)
    }

    fn write(&self, seller_sha256: Option<&str>, out: &mut Vec<u8>) -> serde_json::Result<()> {
        // Taken apart by name, so that a field that is added is not forgotten here.
        let Self {
            request,
            policy,
            seller: _,
            consents,
            suppressions,
            attempts,
            campaign,
            emergency_areas,
            overrides,
            relationships,
            stops,
            failures,
            holds,
        } = self;
        let Suppressions {
            internal,
            national,
            states,
            litigator,
            reassigned,
        } = suppressions;
        field(out, "{\"request\":", request)?;
        field(out, ",\"policy\":", policy)?;
        field(out, ",\"seller\":", &seller_sha256)?;
        field(out, ",\"consents\":", consents)?;
        field(out, ",\"suppressions\":{\"internal\":", internal)?;
        field(out, ",\"national\":", national)?;
        out.extend_from_slice(b",\"states\":");
        STATES.with_borrow_mut(|last| last.write(states, out))?;
        field(out, ",\"litigator\":", litigator)?;
        field(out, ",\"reassigned\":", reassigned)?;
        field(out, "},\"attempts\":", attempts)?;
        field(out, ",\"campaign\":", campaign)?;
        field(out, ",\"emergency_areas\":", emergency_areas)?;
        field(out, ",\"overrides\":", overrides)?;
        field(out, ",\"relationships\":", relationships)?;
        field(out, ",\"stops\":", stops)?;
        field(out, ",\"failures\":", failures)?;
        if !holds.is_empty() {
            field(out, ",\"holds\":", holds)?;
        }
        out.push(b'}');
        Ok(())
    }
}

impl Decision {
    /// The decision as JSON: the bytes that `serde_json::to_string` gives, in less time.
    ///
    /// # Errors
    /// Those of `serde_json`.
    pub fn to_json(&self) -> serde_json::Result<String> {
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
        let mut out = Vec::with_capacity(2 << 10);
        field(&mut out, "{\"verdict\":", verdict)?;
        field(&mut out, ",\"reasons\":", reasons)?;
        field(&mut out, ",\"next_allowed_at\":", next_allowed_at)?;
        field(&mut out, ",\"decided_at\":", decided_at)?;
        field(&mut out, ",\"rule_pack\":", rule_pack)?;
        field(&mut out, ",\"candidates\":", candidates)?;
        let mut out = String::from_utf8(out).map_err(serde::ser::Error::custom)?;
        for (place, made) in checks.iter().enumerate() {
            let CheckResult {
                check,
                result,
                rule,
            } = made;
            out.push_str(if place == 0 {
                ",\"checks\":[{\"check\":"
            } else {
                ",{\"check\":"
            });
            write_text(check, &mut out);
            out.push_str(match result {
                CheckState::Pass => ",\"result\":\"pass\",\"rule\":",
                CheckState::Fail => ",\"result\":\"fail\",\"rule\":",
                CheckState::Exempt => ",\"result\":\"exempt\",\"rule\":",
                CheckState::NotApplicable => ",\"result\":\"not-applicable\",\"rule\":",
            });
            match rule {
                Some(rule) => write_text(rule, &mut out),
                None => out.push_str("null"),
            }
            out.push('}');
        }
        out.push_str(if checks.is_empty() {
            ",\"checks\":[]"
        } else {
            "]"
        });
        let mut out = out.into_bytes();
        field(&mut out, ",\"exemptions\":", exemptions)?;
        out.push(b'}');
        String::from_utf8(out).map_err(serde::ser::Error::custom)
    }
}

impl Decision {
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

fn field(out: &mut Vec<u8>, key: &str, value: &impl Serialize) -> serde_json::Result<()> {
    out.extend_from_slice(key.as_bytes());
    serde_json::to_writer(out, value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Decision, Hold, decide, sample};
    use crate::consent::Purpose;
    use crate::evidence::canonical_json;
    use crate::id::Id;
    use crate::rules::RulePack;

    #[test]
    fn the_bytes_are_those_of_serde() {
        let pack = RulePack::embedded().unwrap();
        let mut callees = sample::callees(&pack);
        callees.truncate(60);
        for (n, facts) in callees.iter_mut().enumerate() {
            match n % 10 {
                3 => facts.seller = None,
                4 => facts.suppressions.states.clear(),
                5 => facts.holds.push(Hold {
                    id: Id::from("hold_1"),
                    at: sample::NOW,
                }),
                6 => facts.request.to = "\u{1}\"\\é".into(),
                7 => facts.seller.as_mut().unwrap().profile.name = "A \"quoted\" name".into(),
                _ => {}
            }
        }
        // Forwards and back, so that each follows one that differs and one that does not.
        for facts in callees.iter().chain(callees.iter().rev()) {
            let seller = serde_json::to_string(&facts.seller).unwrap();
            let hash = facts.seller.as_ref().map(|_| "5e11e4");
            let named = serde_json::to_string(&hash).unwrap();
            let whole = serde_json::to_string(facts).unwrap();
            let key = "},\"seller\":";
            let named = whole.replace(&format!("{key}{seller}"), &format!("{key}{named}"));
            assert_eq!(facts.recorded_json(hash).unwrap(), named);
            for hours in [0, 12] {
                let now = sample::NOW + jiff::SignedDuration::from_hours(hours);
                let mut decision = decide(&pack, facts, now);
                same(&decision);
                // As it may be when it was read back.
                decision.checks.truncate(2);
                for made in &mut decision.checks {
                    made.rule = Some("\"\n".into());
                }
                same(&decision);
                decision.checks.clear();
                same(&decision);
            }
        }
    }

    fn same(decision: &Decision) {
        let serde = serde_json::to_string(decision).unwrap();
        assert_eq!(decision.to_json().unwrap(), serde);
        for purpose in Purpose::ALL {
            let data = json!({
                "verdict": decision.verdict,
                "reasons": decision.codes().collect::<Vec<_>>(),
                "purpose": purpose,
                "next_allowed_at": decision.next_allowed_at,
                "decided_at": decision.decided_at,
                "rule_pack": decision.rule_pack,
                "facts_sha256": "f\"",
                "decision_sha256": "d",
            });
            let direct = decision.entry_data(purpose, "f\"", "d");
            assert_eq!(direct, canonical_json(&data));
        }
    }
}
