//! Keys.

use jiff::SignedDuration;
use ringfence_store::key::{ApiKeyDraft, Idempotency, IdempotentRequest, Role};
use ringfence_store::{Store, StoreError};

use super::*;

pub fn keys_and_idempotency(store: &dyn Store) {
    let draft = ApiKeyDraft {
        sha256: [1; 32],
        role: Role::Operator,
        sellers: BTreeSet::from(["acme".to_owned()]),
        name: None,
    };
    let key = store.create_key(draft, at(0)).unwrap();
    assert_eq!(store.authenticate(&[1; 32]).unwrap(), Some(key.clone()));
    assert_eq!(store.authenticate(&[2; 32]).unwrap(), None);
    let request = IdempotentRequest {
        key: "k-1".into(),
        caller: key.id.clone(),
        body_sha256: [3; 32],
    };
    let day = SignedDuration::from_hours(24);
    let begin = |request: &IdempotentRequest, seconds| {
        store.idempotency_begin(request, day, at(seconds)).unwrap()
    };
    assert_eq!(begin(&request, 0), Idempotency::Fresh);
    assert_eq!(begin(&request, 1), Idempotency::UnderWay);
    assert_eq!(
        begin(&request, 3600),
        Idempotency::UnderWay,
        "it may have dialed"
    );
    store.idempotency_abandon(&request).unwrap();
    assert_eq!(begin(&request, 2), Idempotency::Fresh);
    store
        .idempotency_finish(&request, 202, b"{}".to_vec(), at(3))
        .unwrap();
    let answered = Idempotency::Answered {
        status: 202,
        body: b"{}".to_vec(),
    };
    assert_eq!(begin(&request, 4), answered);
    let other_body = IdempotentRequest {
        body_sha256: [4; 32],
        ..request.clone()
    };
    assert_eq!(begin(&other_body, 5), Idempotency::OtherBody);
    let other_caller = IdempotentRequest {
        caller: Id::from("key_2"),
        ..request.clone()
    };
    assert_eq!(begin(&other_caller, 5), Idempotency::Fresh);
    assert_eq!(
        begin(&request, 2 * 24 * 3600),
        Idempotency::Fresh,
        "forgotten"
    );
    store.revoke_key(&key.id, at(6)).unwrap();
    assert_eq!(store.authenticate(&[1; 32]).unwrap(), None);
    assert_eq!(store.keys().unwrap().len(), 1);
    let none = store.revoke_key(&Id::from("key_none"), at(6));
    assert_eq!(none, Err(StoreError::NotFound("API key")));
}
