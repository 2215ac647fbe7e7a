//! A thousand made-up callees, for measuring: the same in `ringfence bench gate`, in the bound on instructions that
//! the tests hold, and beside the peers.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use super::{
    Attempt, CallRequest, DisclosureFacts, Facts, Policy, SellerFacts, Suppressions, decide,
};
use crate::consent::{Consent, ConsentLevel, Purpose};
use crate::evidence::{About, ClockKind, Link, sha256_hex};
use crate::id::Id;
use crate::lead::{PhoneNumber, Place};
use crate::rules::RulePack;
use crate::seller::{CallerId, Registration, San, Seller};
use crate::suppression::ListAnswer;

/// When they are called: 2026-11-11T17:30:00Z, a Wednesday and a holiday in some states.
pub const NOW: Timestamp = Timestamp::constant(1_794_418_200, 0);

/// States of one zone and of two, with and without a list, a cap or holidays of their own.
const AREA_CODES: &[u64] = &[
    212, 303, 305, 312, 404, 405, 415, 502, 512, 602, 614, 701, 702, 801, 808, 850, 901, 907,
];

/// The SHA-256 that records name the callees' seller by: worked out when a seller changes, and known after that.
#[must_use]
pub fn seller_sha256(callees: &[Facts]) -> Option<String> {
    let seller = callees.iter().find_map(|facts| facts.seller.as_ref())?;
    let text = serde_json::to_string(seller).ok()?;
    Some(sha256_hex(text.as_bytes()))
}

/// Decides, and records as the store does: facts and decision as text, both hashed, and the event chained to the one with
/// the hash `before`. Returns the event's own.
#[must_use]
pub fn record(pack: &RulePack, facts: &Facts, seller_sha256: Option<&str>, before: &str) -> String {
    let decision = decide(pack, facts, NOW);
    let facts_text = facts.recorded_json(seller_sha256).unwrap_or_default();
    let decision_text = decision.to_json();
    let (of_facts, of_decision) = (
        sha256_hex(facts_text.as_bytes()),
        sha256_hex(decision_text.as_bytes()),
    );
    let data = decision.entry_data(facts.request.purpose, &of_facts, &of_decision);
    let subject = About {
        number: PhoneNumber::parse(&facts.request.to).ok(),
        seller: Some(&facts.request.seller),
        decision: Some(&Id::from("dec_1")),
        ..About::default()
    };
    let link = Link {
        id: Id::from("evt_1"),
        seq: 1,
        at: NOW,
        clock: ClockKind::Real,
        prev: before.to_owned(),
    };
    link.hash_of("gate.decided", &subject.canonical(), &data)
}

/// A thousand callees: most in order, some on a list, some without consent.
#[must_use]
pub fn callees(pack: &RulePack) -> Vec<Facts> {
    let seller = seller(pack);
    let areas = AREA_CODES.iter().cycle();
    (0..1000_u64)
        .zip(areas)
        .map(|(n, area)| facts(n, area * 10_000_000 + 5_550_100 + n % 100, &seller, pack))
        .collect()
}

fn seller(pack: &RulePack) -> SellerFacts {
    let registered = |state: &_| Registration {
        state: *state,
        number: Some("TC-1".to_owned()),
        expires_on: Some(date(2029, 12, 31)),
        exempt_because: None,
    };
    let presented = PhoneNumber::from_nanp(2_125_550_100).ok();
    SellerFacts {
        profile: Seller {
            name: "Example Solar LLC".to_owned(),
            callback_number: None,
            toll_free_opt_out: None,
            caller_ids: presented
                .map(|number| CallerId {
                    number,
                    authorised_from: date(2025, 1, 1),
                    authorised_to: None,
                    proof: None,
                })
                .into_iter()
                .collect(),
            registrations: pack.jurisdictions.keys().map(registered).collect(),
            san: Some(San {
                number: "10000000-00001".to_owned(),
                expires_on: date(2029, 12, 31),
            }),
        },
        disclosure: DisclosureFacts {
            words: Some("This is Example Solar, an artificial intelligence assistant".to_owned()),
            spoken_by_tts: false,
        },
    }
}

fn ago(hours: i64) -> Timestamp {
    NOW.checked_sub(SignedDuration::from_hours(hours))
        .unwrap_or(NOW)
}

fn facts(n: u64, ten_digits: u64, seller: &SellerFacts, pack: &RulePack) -> Facts {
    let list = |name: &str, listed| ListAnswer {
        version: Id::from("lst_1"),
        name: name.to_owned(),
        obtained_at: ago(24),
        effective_at: None,
        expires_at: None,
        listed,
    };
    let own_lists = pack
        .jurisdictions
        .values()
        .filter(|state| state.list.own_list);
    Facts {
        request: CallRequest {
            to: format!("+1{ten_digits}"),
            seller: "example-solar".to_owned(),
            purpose: Purpose::Telemarketing,
            caller_id: Some("+12125550100".to_owned()),
            place: Place::default(),
            lead: None,
            campaign: None,
        },
        policy: Policy::default(),
        seller: Some(seller.clone()),
        consents: if n.is_multiple_of(10) {
            vec![]
        } else {
            vec![consent(n)]
        },
        suppressions: Suppressions {
            national: Some(list("national", n.is_multiple_of(7))),
            states: own_lists
                .map(|state| list(state.code.as_str(), n.is_multiple_of(50)))
                .collect(),
            ..Suppressions::default()
        },
        attempts: (0..n % 3)
            .map(|k| Attempt {
                id: Id::from("att_1"),
                at: ago(30 - i64::try_from(k).unwrap_or(0)),
                campaign: None,
                conversed: false,
            })
            .collect(),
        campaign: None,
        emergency_areas: vec![],
        overrides: vec![],
        relationships: vec![],
        stops: vec![],
        failures: vec![],
        holds: vec![],
    }
}

fn consent(n: u64) -> Consent {
    Consent {
        id: Id::new(format!("con_{n}")),
        seller: "example-solar".to_owned(),
        level: ConsentLevel::ExpressWritten,
        purposes: vec![Purpose::Telemarketing],
        granted_at: ago(240),
        artificial_voice: true,
        double_opt_in: false,
        confirmed_at: None,
        expires_at: None,
        text_sha256: String::new(),
        missing: vec![],
    }
}
