//! The log as callers see it.

use ringfence_core::evidence::{ClockKind, EventDraft, Subject};
use ringfence_store::evidence::EventFilter;
use ringfence_store::{Store, StoreError};

use super::*;

pub fn log_verifies_and_pages(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    let early = store.export_checkpoint().unwrap();
    let about = Subject {
        number: Some(number(CALLEE)),
        ..Subject::default()
    };
    let drafts = (0..5)
        .map(|n| EventDraft::new("call.ringing", about.clone(), json!({"n": n, "f": 0.1})))
        .collect();
    let made = store.append(drafts, at(1)).unwrap();
    store.revoke(revocation(2), at(2)).unwrap();
    let report = store.verify_chain(None).unwrap();
    assert_eq!(report.fault, None);
    let head = store.head().unwrap().unwrap();
    assert_eq!(
        (head.seq, &head.hash, &head.key),
        (report.entries, &report.head_hash, &report.key)
    );
    assert_eq!(store.verify_chain(Some(&early)).unwrap().fault, None);
    let garbage = store.verify_chain(Some("{}"));
    assert!(matches!(garbage, Err(StoreError::Invalid { .. })));
    let all = store.events(0, 100, &EventFilter::default()).unwrap();
    assert_eq!(all.len() as u64, report.entries);
    assert_eq!(all[0].kind, "evidence.opened");
    let calls = EventFilter {
        kind: Some("call".into()),
        ..EventFilter::default()
    };
    assert_eq!(store.events(0, 100, &calls).unwrap(), made);
    assert_eq!(store.events(made[2].seq, 1, &calls).unwrap(), made[3..4]);
    let of_number = EventFilter {
        number: Some(number(CALLEE)),
        ..EventFilter::default()
    };
    assert_eq!(store.events(0, 100, &of_number).unwrap().len(), 7);
    let of_sellers = EventFilter {
        sellers: Some(vec!["acme".into()]),
        ..EventFilter::default()
    };
    assert_eq!(store.events(0, 100, &of_sellers).unwrap().len(), 3);
}

pub fn the_test_clock_marks_every_record(store: &dyn Store) {
    store.put_seller("acme", seller(), at(0)).unwrap();
    assert_eq!(store.test_clock().unwrap(), None);
    let start = at(-1_000_000);
    let clock = store.start_test_clock(start).unwrap();
    // What was put under the real clock before does not move it.
    assert_eq!(clock.resume_at(), start);
    let now = at(-999_000);
    let reserved = store.reserve(reservation(CALLEE), gate(), now).unwrap();
    assert_eq!(
        store.decision(&reserved.decision_id).unwrap().clock,
        ClockKind::Test
    );
    assert_eq!(
        store.call(&reserved.call.unwrap()).unwrap().clock,
        ClockKind::Test
    );
    assert!(!store.has_real_records().unwrap());
    assert_eq!(store.test_clock().unwrap().unwrap().resume_at(), now);
    assert_eq!(
        store.start_test_clock(start).unwrap().resume_at(),
        now,
        "never back"
    );
    assert_eq!(store.start_test_clock(at(0)).unwrap().resume_at(), at(0));
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
}
