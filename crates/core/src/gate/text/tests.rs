//! The bytes are those of `serde_json`, whatever was written before.

use serde_json::json;

use crate::consent::{Consent, ConsentLevel, Element, Purpose};
use crate::evidence::canonical_json;
use crate::evidence::dice::Dice;
use crate::gate::*;
use crate::id::Id;
use crate::lead::{Place, StateCode};
use crate::rules::RulePack;
use crate::suppression::{InternalEntry, ListAnswer, Reassigned, ReassignedAnswer};

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
    assert_eq!(decision.to_json(), serde);
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

/// What no call has all of at once: every field of the facts, in any combination.
fn random_facts(dice: &mut Dice) -> Facts {
    Facts {
        request: CallRequest {
            to: dice.text(),
            seller: dice.text(),
            purpose: dice.one_of(&Purpose::ALL),
            caller_id: dice.maybe(Dice::text),
            place: Place {
                zip: dice.maybe(Dice::text),
                state: dice.maybe(state),
                time_zone: dice.maybe(Dice::text),
            },
            lead: dice.maybe(Dice::id),
            campaign: dice.maybe(Dice::id),
        },
        policy: Policy {
            closing_margin_seconds: u32::try_from(dice.below(1 << 31)).unwrap(),
            national_hit_always_denies: dice.flip(),
            reassigned_required: dice.flip(),
        },
        seller: None,
        consents: dice.some(consent),
        suppressions: suppressions(dice),
        attempts: dice.some(|dice| Attempt {
            id: dice.id(),
            at: dice.instant(),
            campaign: dice.maybe(Dice::id),
            conversed: dice.flip(),
        }),
        campaign: dice.maybe(|dice| CampaignFacts {
            attempts_max: u32::try_from(dice.below(9)).unwrap(),
            attempts: u32::MAX,
        }),
        emergency_areas: dice.some(emergency_area),
        overrides: dice.some(|dice| Override {
            id: dice.id(),
            rule: dice.text(),
            from: dice.instant(),
            to: dice.maybe(Dice::instant),
            document: dice.text(),
        }),
        relationships: dice.some(|dice| Relationship {
            kind: dice.one_of(&[RelationshipKind::Inquiry, RelationshipKind::Purchase]),
            at: dice.instant(),
        }),
        stops: dice.some(|dice| Stop {
            since: dice.instant(),
            scope: dice.text(),
            reason: dice.maybe(Dice::text),
        }),
        failures: dice.some(|dice| SourceFailure {
            source: dice.text(),
            detail: dice.text(),
        }),
        holds: dice.some(|dice| Hold {
            id: dice.id(),
            at: dice.instant(),
        }),
    }
}

fn state(dice: &mut Dice) -> StateCode {
    StateCode::parse(dice.one_of(&["NY", "TX", "CA"])).unwrap()
}

fn emergency_area(dice: &mut Dice) -> EmergencyArea {
    EmergencyArea {
        id: dice.text(),
        states: dice.some(state),
        zips: dice.some(Dice::text),
        from: dice.instant(),
        to: dice.maybe(Dice::instant),
        source: dice.text(),
    }
}

fn suppressions(dice: &mut Dice) -> Suppressions {
    Suppressions {
        internal: dice.some(|dice| InternalEntry {
            id: dice.id(),
            seller: dice.maybe(Dice::text),
            revocation: dice.flip(),
            at: dice.instant(),
            reason: dice.text(),
        }),
        national: dice.maybe(list),
        states: dice.some(list),
        litigator: dice.some(list),
        reassigned: dice.some(|dice| ReassignedAnswer {
            consent_date: jiff::civil::date(2026, 2, 3),
            answer: dice.one_of(&[Reassigned::Yes, Reassigned::No, Reassigned::NoData]),
            asked_at: dice.instant(),
        }),
    }
}

fn consent(dice: &mut Dice) -> Consent {
    Consent {
        id: dice.id(),
        seller: dice.text(),
        level: dice.one_of(&ConsentLevel::ALL),
        purposes: dice.some(|dice| dice.one_of(&Purpose::ALL)),
        granted_at: dice.instant(),
        artificial_voice: dice.flip(),
        double_opt_in: dice.flip(),
        confirmed_at: dice.maybe(Dice::instant),
        expires_at: dice.maybe(Dice::instant),
        text_sha256: dice.text(),
        missing: dice.some(|dice| dice.one_of(&Element::ALL)),
    }
}

fn list(dice: &mut Dice) -> ListAnswer {
    ListAnswer {
        version: dice.id(),
        name: dice.text(),
        obtained_at: dice.instant(),
        effective_at: dice.maybe(Dice::instant),
        expires_at: dice.maybe(Dice::instant),
        listed: dice.flip(),
    }
}

/// Words that are the same and the very same, that are the same elsewhere, and that are other ones.
fn words(dice: &mut Dice) -> Words {
    match dice.below(4) {
        0 => dice.text().into(),
        1 => String::from("stop").into(),
        2 => "stop".into(),
        _ => "us-fed-company-dnc".into(),
    }
}

fn random_decision(dice: &mut Dice) -> Decision {
    Decision {
        verdict: dice.one_of(&[Verdict::Allow, Verdict::Defer, Verdict::Deny]),
        reasons: dice.some(|dice| Reason {
            code: dice.one_of(ReasonCode::ALL),
            effect: dice.one_of(&[Effect::Defer, Effect::Deny]),
            rule: words(dice),
            citation: words(dice),
            detail: words(dice),
        }),
        next_allowed_at: dice.maybe(Dice::instant),
        decided_at: dice.instant(),
        rule_pack: PackId {
            version: words(dice),
            sha256: words(dice),
            tzdb: words(dice),
        },
        candidates: Candidates {
            jurisdictions: dice.some(words),
            time_zones: dice.some(words),
        },
        checks: (0..dice.below(70))
            .map(|_| CheckResult {
                check: words(dice),
                result: dice.one_of(&[
                    CheckState::Pass,
                    CheckState::Fail,
                    CheckState::Exempt,
                    CheckState::NotApplicable,
                ]),
                rule: dice.maybe(words),
            })
            .collect(),
        exemptions: dice.some(|dice| Exemption {
            code: dice.one_of(ReasonCode::ALL),
            rule: words(dice),
            citation: words(dice),
            detail: words(dice),
        }),
    }
}

#[test]
fn whatever_the_facts_and_the_decision() {
    let mut dice = Dice::new(11);
    for _ in 0..500 {
        let facts = random_facts(&mut dice);
        let serde = serde_json::to_string(&facts).unwrap();
        assert_eq!(facts.recorded_json(None).unwrap(), serde);
        same(&random_decision(&mut dice));
    }
}
