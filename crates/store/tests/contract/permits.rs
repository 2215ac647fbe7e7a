//! Invariants `no-permit-no-dial` and `record-first`.

use std::thread;

use ringfence_core::outcome::{AnsweredBy, Outcome};
use ringfence_store::call::{CallState, CallUpdate};
use ringfence_store::dial::{AttemptState, Settlement};
use ringfence_store::{PageRequest, Store, StoreError};

use super::*;

pub fn one_permit_one_redemption(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    for _ in 0..20 {
        let reserved = store.reserve(reservation(CALLEE), gate(), at(0)).unwrap();
        let ticket = reserved.permit.unwrap();
        assert!(!format!("{ticket:?}").contains(&ticket.token));
        let redeemed: Vec<_> = thread::scope(|scope| {
            let racers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| store.redeem(&ticket.token, at(1))))
                .collect();
            racers.into_iter().map(|r| r.join().unwrap()).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = redeemed.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 3));
        let permit = won.into_iter().next().unwrap().unwrap();
        assert_eq!(permit.attempt(), &ticket.attempt);
        assert_eq!(permit.to(), number(CALLEE));
        assert_eq!(permit.caller_id(), number("+12125550191"));
        let attempt = store.attempt(&ticket.attempt).unwrap();
        assert_eq!(attempt.state, AttemptState::Dialing);
    }
    let unknown = store.redeem("nothing", at(0));
    assert_eq!(unknown, Err(StoreError::NotFound("permit")));
}

pub fn expiry_voids_and_a_late_report_counts(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let mut own_dialer = reservation(CALLEE);
    own_dialer.line = None;
    let reserved = store.reserve(own_dialer, gate(), at(0)).unwrap();
    assert_eq!(reserved.call, None);
    let ticket = reserved.permit.unwrap();
    assert_eq!(facts(store, CALLEE, at(29)).attempts.len(), 1);
    assert!(facts(store, CALLEE, at(30)).attempts.is_empty());
    let late = store.redeem(&ticket.token, at(30));
    assert!(matches!(late, Err(StoreError::Conflict(_))));
    assert_eq!(store.expire_permits(at(29)).unwrap(), vec![]);
    assert_eq!(
        store.expire_permits(at(30)).unwrap(),
        vec![ticket.attempt.clone()]
    );
    assert!(facts(store, CALLEE, at(31)).attempts.is_empty());
    // The dialer did call in time, and says so when the call is over.
    let settlement = Settlement::unanswered(Outcome::Busy, Some(486), at(90));
    let settled = store
        .settle(&ticket.attempt, settlement.clone(), at(90))
        .unwrap();
    assert_eq!(settled.outcome, Some(Outcome::Busy));
    assert_eq!(facts(store, CALLEE, at(91)).attempts.len(), 1);
    let twice = store.settle(&ticket.attempt, settlement, at(91));
    assert!(matches!(twice, Err(StoreError::Conflict(_))));
}

pub fn denials_are_kept(store: &dyn Store) {
    store.revoke(revocation(0), at(0)).unwrap();
    let denied = store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
    let kept = store.decision(&denied.decision_id).unwrap();
    assert_eq!(kept.verdict, Verdict::Deny);
    assert_eq!(kept.decision_json, denied.decision_json);
    assert_eq!(kept.attempt, None);
    // Replayable: the stored facts read back to the very facts.
    let facts: Facts = serde_json::from_str(&kept.facts_json).unwrap();
    assert_eq!(serde_json::to_string(&facts).unwrap(), kept.facts_json);
    assert_eq!(
        serde_json::to_string(&gate()(&facts)).unwrap(),
        kept.decision_json
    );
    store
        .reserve(
            reservation("not a number"),
            Arc::new(|_: &Facts| decision(Verdict::Deny)),
            at(2),
        )
        .unwrap();
    let page = store
        .decisions_of(number(CALLEE), &PageRequest::first(10))
        .unwrap();
    assert_eq!(page.items.len(), 1);
    // A gate that panics keeps nothing and breaks nothing.
    let broken = store.reserve(
        reservation(CALLEE),
        Arc::new(|_: &Facts| panic!("broken gate")),
        at(3),
    );
    assert!(matches!(broken, Err(StoreError::Unavailable(_))));
    assert_eq!(
        store
            .decisions_of(number(CALLEE), &PageRequest::first(10))
            .unwrap()
            .items
            .len(),
        1
    );
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
}

pub fn orphans_count_as_made(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let campaign = campaign(store);
    let lead = lead(store, &campaign.id, CALLEE);
    store
        .set_campaign_state(
            &campaign.id,
            ringfence_store::campaign::CampaignState::Running,
            at(0),
        )
        .unwrap();
    assert_eq!(store.claim_due(&campaign.id, 10, at(0)).unwrap().len(), 1);
    let mut plan = reservation(CALLEE);
    plan.request.lead = Some(lead.clone());
    plan.request.campaign = Some(campaign.id);
    let dialed = store.reserve(plan.clone(), gate(), at(0)).unwrap();
    store
        .redeem(&dialed.permit.clone().unwrap().token, at(1))
        .unwrap();
    let reserved = store.reserve(plan, gate(), at(0)).unwrap();
    let recovery = store.recover(at(60)).unwrap();
    assert_eq!(recovery.orphans.len(), 1);
    assert_eq!(recovery.orphans[0].note.as_deref(), Some("orphaned"));
    assert_eq!(recovery.voided, vec![reserved.permit.unwrap().attempt]);
    assert_eq!(recovery.leads_in_call.len(), 1);
    assert_eq!(recovery.leads_in_call[0].attempts, 1);
    let call = store.call(&dialed.call.unwrap()).unwrap();
    assert_eq!(
        (call.state, call.outcome),
        (CallState::Ended, Some(Outcome::Failed))
    );
    assert_eq!(facts(store, CALLEE, at(61)).attempts.len(), 1);
    assert!(store.recover(at(62)).unwrap().orphans.is_empty());
}

pub fn caps_count_attempts(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let day = 24 * 3600;
    for days in [0, 10, 40] {
        let reserved = store
            .reserve(reservation(CALLEE), gate(), at(days * day))
            .unwrap();
        store
            .redeem(&reserved.permit.unwrap().token, at(days * day))
            .unwrap();
    }
    assert_eq!(facts(store, CALLEE, at(40 * day)).attempts.len(), 2);
    assert_eq!(facts(store, CALLEE, at(day)).attempts.len(), 1);
    assert!(facts(store, "+12125550124", at(day)).attempts.is_empty());
    let voided = store
        .reserve(reservation(CALLEE), gate(), at(40 * day))
        .unwrap();
    let attempt = voided.permit.unwrap().attempt;
    store.void(&attempt, "no capacity", at(40 * day)).unwrap();
    assert_eq!(facts(store, CALLEE, at(40 * day)).attempts.len(), 2);
}

pub fn call_follows_its_attempt(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let reserved = store.reserve(reservation(CALLEE), gate(), at(0)).unwrap();
    let (ticket, id) = (reserved.permit.unwrap(), reserved.call.unwrap());
    assert_eq!(store.call(&id).unwrap().state, CallState::Dialing);
    store.redeem(&ticket.token, at(1)).unwrap();
    let update = CallUpdate {
        state: Some(CallState::Disclosing),
        answered_by: Some(AnsweredBy::Human),
        answered_at: Some(at(5)),
        opt_out: true,
        disclosure: Some(json!({"state": "sending"})),
    };
    store.update_call(&id, update, Vec::new(), at(5)).unwrap();
    let settlement = Settlement {
        disclosure: Some(json!({"state": "complete"})),
        answered_at: None,
        ..Settlement::unanswered(Outcome::Answered, Some(200), at(9))
    };
    store.settle(&ticket.attempt, settlement, at(9)).unwrap();
    let call = store.call(&id).unwrap();
    assert_eq!(
        (call.state, call.outcome),
        (CallState::Ended, Some(Outcome::Answered))
    );
    assert_eq!(call.answered_by, Some(AnsweredBy::Human));
    assert_eq!(call.answered_at, Some(at(5)));
    assert!(call.opt_out, "an opt-out is never taken back");
    assert_eq!(call.disclosure, Some(json!({"state": "complete"})));
    let late = store.update_call(&id, CallUpdate::default(), Vec::new(), at(10));
    assert!(matches!(late, Err(StoreError::Conflict(_))));
    assert_eq!(
        store.calls(None, &PageRequest::first(10)).unwrap().items,
        vec![call.clone()]
    );
    assert_eq!(
        store
            .calls_of(number(CALLEE), &PageRequest::first(1))
            .unwrap()
            .items,
        vec![call]
    );
}
