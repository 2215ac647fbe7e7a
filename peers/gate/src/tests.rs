//! Both must say the same of every callee of the sample, whatever the clock shows and whatever is changed about them.

use jiff::{SignedDuration, Timestamp};
use ringfence_core::consent::ConsentLevel;
use ringfence_core::gate::{
    Attempt, CampaignFacts, EmergencyArea, Facts, Hold, SourceFailure, Stop, Verdict, decide,
    sample,
};
use ringfence_core::id::Id;
use ringfence_core::lead::StateCode;
use ringfence_core::rules::{AreaCode, RulePack};
use ringfence_core::suppression::{InternalEntry, ListAnswer, Reassigned, ReassignedAnswer};

use crate::{Cedar, law};

/// The verdicts of both: (allowed by both, disagreed).
fn compare(pack: &RulePack, callees: &[Facts], now: Timestamp) -> (usize, usize) {
    let sample = sample::callees(pack);
    let sellers = callees.iter().chain(&sample);
    let seller = sellers.into_iter().find_map(|facts| facts.seller.as_ref());
    let cedar = Cedar::new(pack, seller.unwrap(), now).unwrap();
    let requests = cedar.requests(callees, now).unwrap();
    cedar.compare(pack, callees, &requests, now)
}

fn later(hours: i64) -> Timestamp {
    sample::NOW + SignedDuration::from_hours(hours)
}

#[test]
fn the_sample_is_of_the_subset() {
    let pack = RulePack::embedded().unwrap();
    for facts in sample::callees(&pack) {
        let code = facts.request.to.get(2..5).unwrap().parse().unwrap();
        let AreaCode::Us { state, .. } = pack.places.area_code(code) else {
            panic!("{code}");
        };
        assert!(
            law::can_be_said(&pack, &pack.jurisdictions[&state]),
            "{state}"
        );
    }
}

#[test]
fn both_agree_at_every_hour_of_a_fortnight_and_beyond() {
    let pack = RulePack::embedded().unwrap();
    let callees: Vec<Facts> = sample::callees(&pack).into_iter().take(72).collect();
    let mut allowed = 0;
    for hour in (0..14 * 24).chain([31 * 24 - 25, 31 * 24 - 23, 45 * 24]) {
        let (both, disagreed) = compare(&pack, &callees, later(hour));
        assert_eq!(disagreed, 0, "{}", later(hour));
        allowed += both;
    }
    assert!(allowed > 1_000, "{allowed}");
}

#[test]
fn every_policy_forbids_what_its_check_denies() {
    let pack = RulePack::embedded().unwrap();
    let before = later(-1);
    let changes: Vec<(&str, Box<dyn Fn(&mut Facts)>)> = vec![
        (
            "stop",
            Box::new(move |f| {
                f.stops.push(Stop {
                    since: before,
                    scope: "everything".into(),
                    reason: None,
                })
            }),
        ),
        (
            "source",
            Box::new(|f| {
                f.failures.push(SourceFailure {
                    source: "lists".into(),
                    detail: "gone".into(),
                })
            }),
        ),
        ("number", Box::new(|f| f.request.to = "+18005550100".into())),
        ("seller", Box::new(|f| f.seller = None)),
        (
            "caller-id",
            Box::new(|f| f.request.caller_id = Some("+12125550199".into())),
        ),
        ("no consent", Box::new(|f| f.consents.clear())),
        (
            "spoken consent",
            Box::new(|f| f.consents[0].level = ConsentLevel::Oral),
        ),
        (
            "no artificial voice",
            Box::new(|f| f.consents[0].artificial_voice = false),
        ),
        (
            "another purpose",
            Box::new(|f| f.consents[0].purposes.clear()),
        ),
        (
            "another seller",
            Box::new(|f| f.consents[0].seller = "somebody-else".into()),
        ),
        (
            "not confirmed",
            Box::new(|f| f.consents[0].double_opt_in = true),
        ),
        (
            "ended",
            Box::new(move |f| f.consents[0].expires_at = Some(before)),
        ),
        (
            "given later",
            Box::new(|f| f.consents[0].granted_at = later(1)),
        ),
        (
            "dnc-internal",
            Box::new(move |f| f.suppressions.internal.push(entry(before))),
        ),
        (
            "held",
            Box::new(move |f| {
                f.holds.push(Hold {
                    id: Id::from("hold_1"),
                    at: before,
                })
            }),
        ),
        ("no registry", Box::new(|f| f.suppressions.national = None)),
        (
            "old registry",
            Box::new(|f| registry(f).obtained_at = later(-31 * 24 - 1)),
        ),
        ("no state list", Box::new(|f| f.suppressions.states.clear())),
        (
            "state hit",
            Box::new(|f| {
                f.suppressions
                    .states
                    .iter_mut()
                    .for_each(|list| list.listed = true)
            }),
        ),
        (
            "litigator",
            Box::new(|f| {
                let list = registry(f).clone();
                f.suppressions.litigator.push(ListAnswer {
                    listed: true,
                    ..list
                })
            }),
        ),
        (
            "reassigned",
            Box::new(move |f| f.suppressions.reassigned.push(reassigned(before))),
        ),
        (
            "emergency",
            Box::new(move |f| f.emergency_areas.push(area(before))),
        ),
        (
            "attempts",
            Box::new(|f| f.attempts = (1..9).map(attempt).collect()),
        ),
        (
            "campaign",
            Box::new(|f| {
                f.campaign = Some(CampaignFacts {
                    attempts_max: 3,
                    attempts: 3,
                })
            }),
        ),
    ];
    let callees: Vec<Facts> = sample::callees(&pack)
        .into_iter()
        .filter(|f| !f.consents.is_empty())
        .collect();
    let (allowed, disagreed) = compare(&pack, &callees, sample::NOW);
    assert_eq!(disagreed, 0);
    for (what, change) in changes {
        let mut changed = callees.clone();
        changed.iter_mut().for_each(&change);
        let (both, disagreed) = compare(&pack, &changed, sample::NOW);
        assert_eq!(disagreed, 0, "{what}");
        assert!(both < allowed, "{what}: {both} of {allowed}");
    }
}

#[test]
fn the_sellers_own_entity_counts() {
    let pack = RulePack::embedded().unwrap();
    let callees = sample::callees(&pack);
    let day = jiff::civil::date(2026, 11, 10);
    let changes: Vec<(&str, Box<dyn Fn(&mut Facts)>)> = vec![
        (
            "disclosure",
            Box::new(|f| f.seller.as_mut().unwrap().disclosure.words = Some("Hello".into())),
        ),
        (
            "no disclosure",
            Box::new(|f| f.seller.as_mut().unwrap().disclosure.words = None),
        ),
        (
            "no subscription",
            Box::new(|f| f.seller.as_mut().unwrap().profile.san = None),
        ),
        (
            "ended",
            Box::new(move |f| {
                f.seller.as_mut().unwrap().profile.caller_ids[0].authorised_to = Some(day)
            }),
        ),
        (
            "unregistered",
            Box::new(|f| f.seller.as_mut().unwrap().profile.registrations.clear()),
        ),
        (
            "run out",
            Box::new(move |f| {
                f.seller
                    .as_mut()
                    .unwrap()
                    .profile
                    .registrations
                    .iter_mut()
                    .for_each(|r| r.expires_on = Some(day))
            }),
        ),
    ];
    let (allowed, _) = compare(&pack, &callees, sample::NOW);
    for (what, change) in changes {
        let mut changed = callees.clone();
        changed.iter_mut().for_each(&change);
        let (both, disagreed) = compare(&pack, &changed, sample::NOW);
        assert_eq!(disagreed, 0, "{what}");
        assert!(both < allowed, "{what}: {both} of {allowed}");
    }
    let verdicts = callees
        .iter()
        .map(|facts| decide(&pack, facts, sample::NOW).verdict);
    assert_eq!(
        verdicts
            .filter(|verdict| *verdict == Verdict::Allow)
            .count(),
        allowed
    );
}

fn registry(facts: &mut Facts) -> &mut ListAnswer {
    facts.suppressions.national.as_mut().unwrap()
}

fn entry(at: Timestamp) -> InternalEntry {
    InternalEntry {
        id: Id::from("sup_1"),
        seller: None,
        revocation: true,
        at,
        reason: "said stop".into(),
    }
}

fn reassigned(asked_at: Timestamp) -> ReassignedAnswer {
    ReassignedAnswer {
        consent_date: jiff::civil::date(2026, 1, 1),
        answer: Reassigned::Yes,
        asked_at,
    }
}

fn area(from: Timestamp) -> EmergencyArea {
    let states = ["NY", "TX"]
        .into_iter()
        .map(|code| StateCode::parse(code).unwrap());
    EmergencyArea {
        id: "storm".into(),
        states: states.collect(),
        zips: vec![],
        from,
        to: None,
        source: "FEMA".into(),
    }
}

fn attempt(hours: i64) -> Attempt {
    Attempt {
        id: Id::from("att_1"),
        at: later(-hours),
        campaign: None,
        conversed: false,
    }
}
