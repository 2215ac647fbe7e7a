//! Events on their way to other systems.

use ringfence_store::webhook::{Endpoint, Missed};
use ringfence_store::{PageRequest, Store, StoreError};

use super::*;

fn endpoint(id: &str, events: &[&str]) -> Endpoint {
    Endpoint {
        id: Id::from(id),
        url: "http://127.0.0.1:9/".into(),
        events: events.iter().map(|e| (*e).to_owned()).collect(),
        secret: Some("whsec_x".into()),
        configured: false,
        cursor: 0,
        created_at: at(0),
    }
}

pub fn an_event_is_written_down_once_and_tried_until_it_is_dead(store: &dyn Store) {
    store.revoke(revocation(0), at(0)).unwrap();
    let put = store
        .put_endpoint(endpoint("whk_1", &["converse.*"]), at(0))
        .unwrap();
    assert!(put.cursor > 1, "from the log's present end");
    assert!(!serde_json::to_string(&put).unwrap().contains("whsec"));
    assert!(!format!("{put:?}").contains("whsec"));
    store.revoke(revocation(1), at(1)).unwrap();
    let news = store.event_kinds(put.cursor, 100).unwrap();
    let (seq, kind) = news.last().unwrap().clone();
    assert_eq!(kind, "converse.opt-out");
    assert!(put.wants(&kind) && !put.wants("consent.revoked") && !put.wants("converseX.y"));
    for _ in 0..2 {
        let rows = vec![(Id::from("whk_1"), seq), (Id::from("whk_nobody"), seq)];
        store
            .enqueue(rows, vec![Id::from("whk_1")], seq, at(2))
            .unwrap();
    }
    assert_eq!(store.endpoints().unwrap()[0].cursor, seq);
    let endpoint_id = Id::from("whk_1");
    let due = |limit, now| store.due_deliveries(&endpoint_id, limit, now);
    let first = due(10, at(2)).unwrap();
    assert_eq!((first.len(), first[0].attempts, first[0].seq), (1, 0, seq));

    let again = |next| Missed {
        status: Some(500),
        error: "500".into(),
        next,
    };
    let id = &first[0].id;
    store.missed(id, again(Some(at(10))), at(2)).unwrap();
    assert!(due(10, at(9)).unwrap().is_empty());
    assert_eq!(due(10, at(10)).unwrap()[0].attempts, 1);
    store.missed(id, again(None), at(10)).unwrap();
    assert_eq!(store.delivery_counts().unwrap(), (0, 1));
    let dead = store.dead_letters(&PageRequest::first(10)).unwrap();
    assert_eq!(dead.items[0].last_status, Some(500));
    assert_eq!(store.retry_dead(Some(id), at(11)).unwrap(), 1);
    assert!(matches!(
        store.retry_dead(Some(id), at(11)),
        Err(StoreError::NotFound(_))
    ));
    assert_eq!(store.retry_dead(None, at(11)).unwrap(), 0);
    store.delivered(id, at(12)).unwrap();
    assert_eq!(store.delivery_counts().unwrap(), (0, 0));

    // Put again it keeps its place.
    let kept = store
        .put_endpoint(endpoint("whk_1", &["*"]), at(13))
        .unwrap();
    assert_eq!((kept.cursor, kept.wants("gate.decided")), (seq, true));
    store.remove_endpoint(&Id::from("whk_1"), at(14)).unwrap();
    assert!(store.endpoints().unwrap().is_empty());
}
