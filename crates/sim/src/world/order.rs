//! Facts in which everything is in order.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use ringfence_core::consent::{Consent, ConsentLevel, Purpose};
use ringfence_core::gate::{
    CallRequest, DisclosureFacts, Facts, Override, Policy, SellerFacts, Suppressions,
};
use ringfence_core::id::Id;
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_core::rules::{ArtificialVoiceAction, RulePack};
use ringfence_core::seller::{CallerId, Registration, San, Seller};
use ringfence_core::suppression::{InternalEntry, ListAnswer, Reassigned, ReassignedAnswer};

use super::SELLER;

const PURPOSES: [Purpose; 6] = [
    Purpose::Telemarketing,
    Purpose::Informational,
    Purpose::Healthcare,
    Purpose::DebtCollection,
    Purpose::Charity,
    Purpose::Political,
];

/// A sales call to `to` at `now` that nothing but the clock, or law that no consent answers, can stand in the way of.
#[must_use]
pub fn in_order(pack: &RulePack, to: &str, now: Timestamp) -> Facts {
    let list = |name: &str| ListAnswer {
        version: Id::from("lst_1"),
        name: name.to_owned(),
        obtained_at: days_before(now, 5),
        effective_at: None,
        expires_at: None,
        listed: false,
    };
    let states = pack.jurisdictions.values();
    let barred = states.clone().filter(|state| {
        state.artificial_voice.action == ArtificialVoiceAction::ProhibitWithoutOverride
    });
    Facts {
        request: CallRequest {
            to: to.to_owned(),
            seller: SELLER.to_owned(),
            purpose: Purpose::Telemarketing,
            caller_id: None,
            place: Place::default(),
            lead: None,
            campaign: None,
        },
        policy: Policy::default(),
        seller: Some(seller(pack)),
        consents: vec![consent(now)],
        suppressions: Suppressions {
            internal: vec![],
            national: Some(list("national")),
            states: states
                .filter(|state| state.list.own_list)
                .map(|state| list(state.code.as_str()))
                .collect(),
            litigator: vec![],
            reassigned: vec![ReassignedAnswer {
                consent_date: date(2020, 1, 1),
                answer: Reassigned::No,
                asked_at: days_before(now, 5),
            }],
        },
        attempts: vec![],
        campaign: None,
        emergency_areas: vec![],
        overrides: barred
            .map(|state| Override {
                id: Id::from("ovr_1"),
                rule: state.artificial_voice.provenance.id.to_owned(),
                from: Timestamp::UNIX_EPOCH,
                to: None,
                document: "counsel memo 2026-03".to_owned(),
            })
            .collect(),
        relationships: vec![],
        stops: vec![],
        failures: vec![],
        holds: vec![],
    }
}

/// The callee's own opt-out an hour ago.
#[must_use]
pub fn opt_out(now: Timestamp) -> InternalEntry {
    InternalEntry {
        id: Id::from("sup_1"),
        seller: Some(SELLER.to_owned()),
        revocation: true,
        at: now - SignedDuration::from_hours(1),
        reason: "said so".to_owned(),
    }
}

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now - SignedDuration::from_hours(24 * days)
}

fn consent(now: Timestamp) -> Consent {
    Consent {
        id: Id::from("con_1"),
        seller: SELLER.to_owned(),
        level: ConsentLevel::ExpressWritten,
        purposes: PURPOSES.to_vec(),
        granted_at: days_before(now, 30),
        artificial_voice: true,
        double_opt_in: false,
        confirmed_at: None,
        expires_at: None,
        text_sha256: String::new(),
        missing: vec![],
    }
}

fn seller(pack: &RulePack) -> SellerFacts {
    let caller_id = PhoneNumber::from_nanp(2_125_550_100)
        .ok()
        .map(|number| CallerId {
            number,
            authorised_from: date(2000, 1, 1),
            authorised_to: None,
            proof: None,
        });
    SellerFacts {
        profile: Seller {
            name: "Acme Solar LLC".to_owned(),
            callback_number: None,
            toll_free_opt_out: None,
            caller_ids: caller_id.into_iter().collect(),
            registrations: pack
                .jurisdictions
                .keys()
                .map(|code| Registration {
                    state: *code,
                    number: Some("TC-1".to_owned()),
                    expires_on: None,
                    exempt_because: None,
                })
                .collect(),
            san: Some(San {
                number: "10000000-00001".to_owned(),
                expires_on: date(2099, 12, 31),
            }),
        },
        disclosure: DisclosureFacts {
            words: Some("This is Acme Solar, an artificial voice".to_owned()),
            spoken_by_tts: false,
        },
    }
}
