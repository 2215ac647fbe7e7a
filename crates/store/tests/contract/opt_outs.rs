//! Invariant `opt-out-wins`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ringfence_store::campaign::LeadState;
use ringfence_store::evidence::EventFilter;
use ringfence_store::operator::StopScope;
use ringfence_store::suppression::SuppressionDraft;
use ringfence_store::{Store, StoreError};

use super::*;

pub fn a_revocation_stops_everything(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let campaign = campaign(store);
    let lead = lead(store, &campaign.id, CALLEE);
    let reserved = store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
    let dialed = store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
    let token = dialed.permit.clone().unwrap().token;
    store.redeem(&token, at(2)).unwrap();
    let receipt = store.revoke(revocation(3), at(3)).unwrap();
    assert!(receipt.revocation.is_some());
    assert_eq!(receipt.leads_cancelled, vec![lead.clone()]);
    let permit = reserved.permit.unwrap();
    assert_eq!(receipt.attempts_voided, vec![permit.attempt]);
    assert_eq!(receipt.in_flight.len(), 1);
    assert_eq!(receipt.in_flight[0].call, dialed.call);
    assert!(matches!(
        store.redeem(&permit.token, at(4)),
        Err(StoreError::Conflict(_))
    ));
    assert_eq!(store.lead(&lead).unwrap().state, LeadState::Cancelled);
    let denied = store.reserve(reservation(CALLEE), gate(), at(4)).unwrap();
    assert_eq!(denied.decision.verdict, Verdict::Deny);
    assert!(denied.permit.is_none() && denied.call.is_none());
    assert!(facts(store, CALLEE, at(2)).suppressions.internal.is_empty());
    let entries = facts(store, CALLEE, at(3)).suppressions.internal;
    assert!(entries.len() == 1 && entries[0].revocation);
}

pub fn scope_decides_whom(store: &dyn Store) {
    let bound = |store: &dyn Store, seller: &str| {
        let mut request = request(CALLEE);
        request.seller = seller.into();
        let facts = store
            .facts(&request, &GateSettings::default(), at(9))
            .unwrap();
        facts.suppressions.internal.len()
    };
    store.revoke(revocation(0), at(0)).unwrap();
    assert_eq!((bound(store, "acme"), bound(store, "other")), (1, 0));
    let mut tenant = revocation(1);
    tenant.scope = OptOutScope::Tenant;
    store.revoke(tenant, at(1)).unwrap();
    assert_eq!((bound(store, "acme"), bound(store, "other")), (2, 1));
    let everyone = SuppressionDraft {
        number: number(CALLEE),
        seller: None,
        reason: "asked in a letter".into(),
        source: "post room".into(),
        at: at(2),
        by: Some("key_1".into()),
    };
    store.suppress(everyone, at(2)).unwrap();
    assert_eq!((bound(store, "acme"), bound(store, "other")), (3, 2));
    let filter = EventFilter {
        kind: Some("suppression.added".into()),
        ..EventFilter::default()
    };
    let added = store.events(0, 10, &filter).unwrap();
    assert_eq!(added[0].data["by"], "key_1", "who brought it");
    assert_eq!(store.suppressions_of(number(CALLEE)).unwrap().len(), 3);
    let future = store.revoke(revocation(10_000), at(0));
    assert!(matches!(future, Err(StoreError::Invalid { .. })));
}

/// Four threads reserve as fast as they can while one opts out: whatever was begun after its receipt is denied, and no
/// permit from before can be redeemed.
pub fn no_reserve_allows_after_an_opt_out(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let opted_out = AtomicBool::new(false);
    let allowed = AtomicUsize::new(0);
    let race = || {
        let mut denied_late = 0;
        while denied_late < 3 {
            let late = opted_out.load(Ordering::SeqCst);
            let reserved = store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
            assert!(
                !(late && reserved.permit.is_some()),
                "allowed after an opt-out"
            );
            denied_late += usize::from(late);
            let Some(permit) = reserved.permit else {
                continue;
            };
            allowed.fetch_add(1, Ordering::SeqCst);
            let late = opted_out.load(Ordering::SeqCst);
            let redeemed = store.redeem(&permit.token, at(2));
            assert!(!(late && redeemed.is_ok()), "redeemed after an opt-out");
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(race);
        }
        while allowed.load(Ordering::SeqCst) < 8 {
            thread::yield_now();
        }
        store.revoke(revocation(0), at(1)).unwrap();
        opted_out.store(true, Ordering::SeqCst);
    });
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
}

pub fn stop_and_resume(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let reserved = store.reserve(reservation(CALLEE), gate(), at(0)).unwrap();
    let other = StopScope::Seller("other".into());
    store.stop(other, None, at(1)).unwrap();
    assert!(facts(store, CALLEE, at(2)).stops.is_empty());
    store
        .stop(StopScope::All, Some("drill".into()), at(1))
        .unwrap();
    let permit = reserved.permit.unwrap();
    assert!(matches!(
        store.redeem(&permit.token, at(2)),
        Err(StoreError::Conflict(_))
    ));
    let denied = store.reserve(reservation(CALLEE), gate(), at(2)).unwrap();
    assert_eq!(denied.decision.verdict, Verdict::Deny);
    assert!(store.resume(&StopScope::All, at(3)).unwrap());
    assert!(!store.resume(&StopScope::All, at(3)).unwrap());
    let allowed = store.reserve(reservation(CALLEE), gate(), at(4)).unwrap();
    assert_eq!(allowed.decision.verdict, Verdict::Allow);
    assert_eq!(store.stops().unwrap().len(), 1);
}
