//! A scrub gives the facts that each call alone would give.

use std::collections::{BTreeSet, HashMap};

use ringfence_core::gate::{CallRequest, Facts, RelationshipKind};
use ringfence_core::id::Id;
use ringfence_core::lead::{PhoneNumber, Place, StateCode};
use ringfence_core::suppression::Reassigned;
use ringfence_store::gate::GateSettings;
use ringfence_store::list::{ListKind, ListRows, ReassignedRow};
use ringfence_store::operator::RelationshipDraft;
use ringfence_store::scrub::{Callee, Scrub};
use ringfence_store::suppression::SuppressionDraft;
use ringfence_store::{Store, StoreError};

use super::{
    at, campaign, consent, gate, lead_draft, list, number, request, reservation, revocation, seller,
};

/// A small generator, so that a failure can be seen again: its seed stands in the test.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn numbers() -> Vec<PhoneNumber> {
    let mut all: Vec<PhoneNumber> = [212, 305, 512]
        .into_iter()
        .flat_map(|area: u64| (0..60).map(move |n| area * 10_000_000 + 5_550_100 + n * (n % 3 + 1)))
        .map(|ten| PhoneNumber::from_nanp(ten).unwrap())
        .collect();
    all.push(number("+442079460123"));
    // The same number may stand in a batch twice.
    all.push(all[7]);
    all.sort_unstable();
    all
}

fn furnish_lists(store: &dyn Store, dice: &mut Dice) {
    let all = numbers();
    for (kind, name) in [
        (ListKind::FtcFull, None),
        (ListKind::State, Some("TX")),
        (ListKind::State, Some("FL")),
        (ListKind::Litigator, None),
    ] {
        let held: Vec<u64> = all
            .iter()
            .filter_map(|n| n.nanp())
            .filter(|_| dice.below(4) == 0)
            .collect();
        let mut import = list(kind, 1, &held);
        import.name = name.map(str::to_owned);
        store.import_list(import, at(2)).unwrap();
    }
    let mut answers = list(ListKind::Reassigned, 1, &[]);
    answers.rows = ListRows::Reassigned(
        all.iter()
            .filter(|_| dice.below(5) == 0)
            .map(|number| ReassignedRow {
                number: *number,
                consent_date: jiff::civil::date(2026, 11, 1),
                answer: Reassigned::NoData,
                asked_at: None,
            })
            .collect(),
    );
    answers.sellers = BTreeSet::from(["acme".to_owned()]);
    store.import_list(answers, at(2)).unwrap();
}

fn furnish(store: &dyn Store, dice: &mut Dice) {
    for id in ["acme", "other"] {
        store.put_seller(id, seller(), at(0)).unwrap();
    }
    furnish_lists(store, dice);
    for number in numbers() {
        for _ in 0..dice.below(3) {
            let mut draft = consent(i64::try_from(dice.below(60)).unwrap());
            draft.number = number;
            draft.double_opt_in = dice.below(2) == 0;
            if dice.below(3) == 0 {
                draft.seller = "other".into();
            }
            store.record_consent(draft, at(60)).unwrap();
        }
        if dice.below(6) == 0 {
            let mut draft = revocation(i64::try_from(dice.below(60)).unwrap());
            draft.number = number;
            store.revoke(draft, at(60)).unwrap();
        }
        if dice.below(8) == 0 {
            let draft = SuppressionDraft {
                number,
                seller: (dice.below(2) == 0).then(|| "other".to_owned()),
                reason: "asked".into(),
                source: "mail".into(),
                at: at(30),
                by: None,
            };
            store.suppress(draft, at(60)).unwrap();
        }
        if dice.below(5) == 0 {
            let draft = RelationshipDraft {
                number,
                seller: "acme".into(),
                kind: RelationshipKind::Purchase,
                at: at(i64::try_from(dice.below(60)).unwrap()),
            };
            store.record_relationship(draft, at(60)).unwrap();
        }
        if dice.below(7) == 0 {
            let mut draft = super::holds::draft(i64::try_from(dice.below(60)).unwrap(), None);
            draft.number = number;
            store.hold(draft, at(61)).unwrap();
        }
        if dice.below(4) == 0 {
            store
                .reserve(reservation(&number.e164()), gate(), at(61))
                .unwrap();
        }
    }
}

fn alone(
    store: &dyn Store,
    common: &CallRequest,
    callee: &Callee,
    place: &Place,
    now: i64,
) -> Facts {
    let request = CallRequest {
        to: callee.number.e164(),
        place: place.clone(),
        ..common.clone()
    };
    store
        .facts(&request, &GateSettings::default(), at(now))
        .unwrap()
}

pub fn facts_are_those_of_each_call_alone(store: &dyn Store) {
    let mut dice = Dice(20_261_121);
    furnish(store, &mut dice);
    let places = [
        Place::default(),
        Place {
            zip: Some("73301".into()),
            state: Some(StateCode::parse("TX").unwrap()),
            time_zone: None,
        },
    ];
    let callees: Vec<Callee> = numbers()
        .into_iter()
        .map(|number| Callee {
            number,
            place: u32::from(dice.below(3) == 0),
            row: 0,
        })
        .collect();
    for now in [0, 31, 62, 200] {
        for name in ["acme", "other", "nobody"] {
            let common = CallRequest {
                seller: name.into(),
                ..request("")
            };
            let scrub = Scrub {
                common: &common,
                places: &places,
                callees: &callees,
                leads: &[],
            };
            let (mut seen, mut alike) = (0, HashMap::new());
            store
                .scrub(&scrub, &GateSettings::default(), at(now), &mut |one| {
                    assert_eq!(one.index, seen);
                    seen += 1;
                    let callee = &callees[one.index];
                    let want = alone(store, &common, callee, &places[callee.place as usize], now);
                    assert_eq!(*one.facts, want, "{name} at {now}, {}", one.index);
                    if let Some(key) = one.alike {
                        let mut like = one.facts.clone();
                        like.request.to.clear();
                        assert_eq!(*alike.entry(key).or_insert_with(|| like.clone()), like);
                    }
                })
                .unwrap();
            assert_eq!(seen, callees.len());
            assert!(
                now < 62 || alike.len() > 3,
                "nobody is like anybody: {}",
                alike.len()
            );
        }
    }
}

pub fn a_campaigns_leads_wait_in_order_with_their_attempts(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let campaign = campaign(store);
    let drafts = ["+15125550101", "+12125550123", "+13055550111"].map(lead_draft);
    store
        .import_leads(Some(&campaign.id), drafts.to_vec(), at(1))
        .unwrap();
    let waiting = store.waiting_leads(&campaign.id, 10).unwrap();
    let (leads, callees): (Vec<Id>, Vec<Callee>) = waiting
        .iter()
        .map(|(lead, number, _)| {
            (
                lead.clone(),
                Callee {
                    number: *number,
                    place: 0,
                    row: 0,
                },
            )
        })
        .unzip();
    assert_eq!(callees.len(), 3);
    assert!(callees.is_sorted_by_key(|callee| callee.number));
    let common = CallRequest {
        campaign: Some(campaign.id.clone()),
        ..request("")
    };
    let mut tried = reservation("+12125550123");
    tried.line = None;
    tried.request.campaign = Some(campaign.id.clone());
    tried.request.lead = Some(leads[0].clone());
    store.reserve(tried, gate(), at(2)).unwrap();
    let scrub = Scrub {
        common: &common,
        places: &[Place::default()],
        callees: &callees,
        leads: &leads,
    };
    let mut attempts = Vec::new();
    store
        .scrub(&scrub, &GateSettings::default(), at(3), &mut |one| {
            let alone = CallRequest {
                to: callees[one.index].number.e164(),
                lead: Some(leads[one.index].clone()),
                ..common.clone()
            };
            assert_eq!(
                *one.facts,
                store
                    .facts(&alone, &GateSettings::default(), at(3))
                    .unwrap()
            );
            attempts.push(one.facts.campaign.as_ref().unwrap().attempts);
        })
        .unwrap();
    assert_eq!(attempts, [1, 0, 0]);
    let backwards: Vec<Callee> = callees.iter().rev().copied().collect();
    let scrub = Scrub {
        callees: &backwards,
        leads: &[],
        ..scrub
    };
    let refused = store.scrub(&scrub, &GateSettings::default(), at(3), &mut |_| {});
    assert!(
        matches!(refused, Err(StoreError::Invalid { .. })),
        "{refused:?}"
    );
}
