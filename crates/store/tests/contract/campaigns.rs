//! Leads in and out of the dialer's hands.

use std::thread;

use ringfence_core::gate::ReasonCode;
use ringfence_core::outcome::Outcome;
use ringfence_store::campaign::{CampaignState, LeadProgress, LeadState};
use ringfence_store::operator::StopScope;
use ringfence_store::{PageRequest, Store, StoreError};

use super::*;

pub fn leads_are_claimed_once(store: &dyn Store) {
    let campaign = campaign(store);
    let drafts: Vec<_> = (0..100)
        .map(|n| lead_draft(&format!("+12125550{n:03}")))
        .chain([lead_draft("+12125550000")])
        .collect();
    let imported = store
        .import_leads(Some(&campaign.id), drafts, at(0))
        .unwrap();
    assert!(matches!(imported.results[100], LeadImported::Duplicate(_)));
    assert!(
        store.claim_due(&campaign.id, 10, at(1)).unwrap().is_empty(),
        "not running"
    );
    store
        .set_campaign_state(&campaign.id, CampaignState::Running, at(1))
        .unwrap();
    assert!(
        store
            .claim_due(&campaign.id, 10, at(-1))
            .unwrap()
            .is_empty(),
        "not due"
    );
    let claimed: Vec<Id> = thread::scope(|scope| {
        let claimers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut mine = Vec::new();
                    loop {
                        let some = store.claim_due(&campaign.id, 7, at(1)).unwrap();
                        if some.is_empty() {
                            return mine;
                        }
                        mine.extend(some.into_iter().map(|lead| lead.id));
                    }
                })
            })
            .collect();
        claimers
            .into_iter()
            .flat_map(|c| c.join().unwrap())
            .collect()
    });
    assert_eq!(claimed.len(), 100);
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 100);
    assert_eq!(store.recover(at(2)).unwrap().leads_released, 100);
    assert_eq!(
        store.claim_due(&campaign.id, 1000, at(2)).unwrap().len(),
        100
    );
    let page = store
        .leads(&campaign.id, None, &PageRequest::first(60))
        .unwrap();
    let rest = PageRequest {
        cursor: page.next_cursor,
        limit: 60,
    };
    let rest = store
        .leads(&campaign.id, Some(LeadState::Reserved), &rest)
        .unwrap();
    assert_eq!(
        (page.items.len(), rest.items.len(), rest.next_cursor),
        (60, 40, None)
    );
}

/// Leads that only waited for STOP are due again when it is released, within its scope.
pub fn released_leads_are_due_at_once(store: &dyn Store) {
    let campaign = campaign(store);
    let drafts = vec![lead_draft("+12125550123"), lead_draft("+12125550124")];
    store
        .import_leads(Some(&campaign.id), drafts, at(0))
        .unwrap();
    store
        .set_campaign_state(&campaign.id, CampaignState::Running, at(0))
        .unwrap();
    let scope = StopScope::Campaign(campaign.id.clone());
    store.stop(scope.clone(), None, at(1)).unwrap();
    let claimed = store.claim_due(&campaign.id, 10, at(1)).unwrap();
    for (lead, reason) in claimed
        .iter()
        .zip([ReasonCode::Stopped, ReasonCode::CallingHours])
    {
        let waits = LeadProgress {
            reasons: vec![reason],
            ..LeadProgress::default()
        };
        store.requeue(&lead.id, at(300), waits, at(2)).unwrap();
    }
    let elsewhere = StopScope::Seller("another".into());
    store.stop(elsewhere.clone(), None, at(3)).unwrap();
    store.resume(&elsewhere, at(3)).unwrap();
    assert!(store.claim_due(&campaign.id, 10, at(4)).unwrap().is_empty());
    store.resume(&scope, at(5)).unwrap();
    let due = store.claim_due(&campaign.id, 10, at(5)).unwrap();
    assert_eq!(due.len(), 1, "calling hours still bind the other");
}

pub fn a_lead_ends_and_stays_cancelled(store: &dyn Store) {
    let campaign = campaign(store);
    let lead = lead(store, &campaign.id, CALLEE);
    store
        .set_campaign_state(&campaign.id, CampaignState::Running, at(0))
        .unwrap();
    let unclaimed = store.requeue(&lead, at(9), LeadProgress::default(), at(0));
    assert!(matches!(unclaimed, Err(StoreError::Conflict(_))));
    store.claim_due(&campaign.id, 1, at(0)).unwrap();
    let deferred = LeadProgress {
        reasons: vec![ReasonCode::CallingHours],
        ..LeadProgress::default()
    };
    store.requeue(&lead, at(100), deferred, at(1)).unwrap();
    let counts = store.campaign_counts(&campaign.id).unwrap();
    assert_eq!(counts.states.get(&LeadState::Deferred), Some(&1));
    assert_eq!(counts.reasons.get(&ReasonCode::CallingHours), Some(&1));
    assert_eq!(counts.next_due_at, Some(at(100)));
    assert!(store.claim_due(&campaign.id, 1, at(99)).unwrap().is_empty());
    assert_eq!(store.claim_due(&campaign.id, 1, at(100)).unwrap().len(), 1);
    store.revoke(revocation(100), at(100)).unwrap();
    let progress = LeadProgress {
        outcome: Some(Outcome::Answered),
        ..LeadProgress::default()
    };
    let again = store.requeue(&lead, at(200), progress.clone(), at(101));
    assert!(matches!(again, Err(StoreError::Conflict(_))));
    store
        .finish(&lead, LeadState::Done, progress, at(101))
        .unwrap();
    let ended = store.lead(&lead).unwrap();
    assert_eq!(
        (ended.state, ended.last_outcome),
        (LeadState::Cancelled, Some(Outcome::Answered))
    );
    let wrong = store.finish(&lead, LeadState::Queued, LeadProgress::default(), at(101));
    assert!(matches!(wrong, Err(StoreError::Invalid { .. })));
}

pub fn cancelling_a_campaign_voids_its_permits(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let campaign = campaign(store);
    let lead = lead(store, &campaign.id, CALLEE);
    store
        .set_campaign_state(&campaign.id, CampaignState::Running, at(0))
        .unwrap();
    store.claim_due(&campaign.id, 1, at(0)).unwrap();
    let mut plan = reservation(CALLEE);
    plan.request.lead = Some(lead.clone());
    plan.request.campaign = Some(campaign.id.clone());
    let first = store.reserve(plan.clone(), gate(), at(0)).unwrap();
    let seen = store
        .facts(&plan.request, &plan.settings, at(1))
        .unwrap()
        .campaign
        .unwrap();
    assert_eq!((seen.attempts_max, seen.attempts), (3, 1));
    store
        .set_campaign_state(&campaign.id, CampaignState::Cancelled, at(1))
        .unwrap();
    let redeemed = store.redeem(&first.permit.unwrap().token, at(2));
    assert!(matches!(redeemed, Err(StoreError::Conflict(_))));
    assert_eq!(store.lead(&lead).unwrap().state, LeadState::Cancelled);
    let late = store.reserve(plan, gate(), at(2));
    assert!(matches!(late, Err(StoreError::Conflict(_))));
    let resumed = store.set_campaign_state(&campaign.id, CampaignState::Running, at(2));
    assert!(matches!(resumed, Err(StoreError::Conflict(_))));
}
