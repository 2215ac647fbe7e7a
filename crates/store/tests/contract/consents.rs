//! The ledger.

use ringfence_core::consent::Element;
use ringfence_store::consent::Confirmation;
use ringfence_store::{Store, StoreError};
use serde_json::json;

use super::*;

pub fn grant_confirm_and_facts_by_time(store: &dyn Store) {
    let granted = store.record_consent(consent(0), at(10)).unwrap();
    assert!(facts(store, CALLEE, at(-1)).consents.is_empty());
    let before = facts(store, CALLEE, at(5)).consents;
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].confirmed_at, None);
    let confirmation = Confirmation {
        channel: "sms".into(),
        proof: json!({}),
        at: at(20),
    };
    store
        .confirm_consent(&granted.id, confirmation.clone(), at(30))
        .unwrap();
    assert_eq!(facts(store, CALLEE, at(19)).consents[0].confirmed_at, None);
    assert_eq!(
        facts(store, CALLEE, at(20)).consents[0].confirmed_at,
        Some(at(20))
    );
    let again = Confirmation {
        at: at(40),
        ..confirmation
    };
    let record = store.confirm_consent(&granted.id, again, at(50)).unwrap();
    assert_eq!(record.confirmation.unwrap().at, at(20));
    let future = store.record_consent(consent(10_000), at(0));
    assert!(matches!(future, Err(StoreError::Invalid { .. })));
    store.record_consent(consent(200), at(0)).unwrap();
    assert_eq!(store.consents_of(number(CALLEE)).unwrap().len(), 2);
    let unknown = store.consent(&Id::from("con_none"));
    assert_eq!(unknown, Err(StoreError::NotFound("consent")));
}

pub fn text_once_and_elements_by_seller_name(store: &dyn Store) {
    let first = store.record_consent(consent(0), at(0)).unwrap();
    let second = store.record_consent(consent(1), at(1)).unwrap();
    assert_eq!(first.text_sha256, second.text_sha256);
    assert_eq!(second.draft.text, TEXT);
    let unnamed = |store: &dyn Store| {
        let missing = facts(store, CALLEE, at(2)).consents[0].missing.clone();
        missing.contains(&Element::SellerNamed)
    };
    assert!(unnamed(store), "nobody knows yet what acme is called");
    store.put_seller("acme", seller(), at(3)).unwrap();
    assert!(
        !unnamed(store),
        "put after the consent, and counts all the same"
    );
    assert_eq!(facts(store, CALLEE, at(2)).consents.len(), 2);
}
